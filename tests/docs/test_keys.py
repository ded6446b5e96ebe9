"""The chapter on keys: changed and stolen while the node runs."""

from tests.support.guide import Operator


def test_the_chapter_is_followed(operator: Operator) -> None:
    for step in ("init", "serve"):
        operator.follow_page("running.md", step=step)
    operator.follow_page("keys.md")
    assert operator.ready("110000")
    code, told = operator.command("keys", "list", "--config", "110000/gateway.toml")
    states = [line.split()[1:3] for line in told.splitlines() if " ANCHOR " in line]
    assert code == 0
    assert [state for _, state in states].count("in-force") == 1
    assert len(states) == 3
