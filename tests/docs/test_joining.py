"""The chapter on joining: a bank and a fifth province are admitted and run their nodes, the bank
leaves."""

from tests.support.guide import Operator


def test_the_chapter_is_followed(operator: Operator) -> None:
    operator.follow_page("running.md", step="init")
    operator.follow_page("joining.md")
    assert operator.ready("150000")
    assert operator.node("150000")["logs"]
    code, told = operator.command("govern", "chair", "--network", "network.json")
    assert (code, "150000" in told) == (0, True)
