"""The chapter on votes."""

from tests.support.guide import Operator


def test_the_chapter_is_followed(operator: Operator) -> None:
    operator.follow_page("running.md", step="init")
    operator.follow_page("voting.md")
    code, told = operator.command("govern", "list", "--all", "--network", "network.json", "--json")
    assert code == 0
    assert told.count("set-threshold") >= 2
