"""The chapter on losing everything: a province without keys, machine and backup; a chain anew."""

import json

from tests.support import nightly
from tests.support.guide import Block, Operator, blocks, write_records

PAGE = "losing-everything.md"


def parts() -> tuple[list[Block], list[Block]]:
    """What is done of the one disaster, and of the other."""
    found = blocks(PAGE)
    chain = next(n for n, one in enumerate(found) if one.words.get("lost") == "chain")
    return found[:chain], found[chain:]


def verdicts(operator: Operator, folder: str) -> set[tuple[int, str]]:
    """Of all receipts in a folder."""
    found = set()
    for receipt in (operator.folder / folder).glob("*.json"):
        code, told = operator.command("verify", receipt, "--network", "network.json", "--json")
        found.add((code, json.loads(told)["verdict"]))
    return found


@nightly.mark  # by day `test_restoring.py` has a province with a backup
def test_a_province_comes_back(operator: Operator) -> None:
    for step in ("init", "serve"):
        operator.follow_page("running.md", step=step)
    operator.follow_page("restoring.md", step="mirror")
    write_records(operator.folder / "tianjin.ndjson", "120000", 0)
    first, *rest = parts()[0]
    operator.follow(first)
    log = operator.node("120000")["logs"][0]
    for block in rest:
        operator.follow(block)
    now = operator.node("120000")["logs"][0]
    assert (now["log"], now["size"] > log["size"]) == (log["log"], True)
    assert verdicts(operator, "before") == {(0, "valid")}
    assert verdicts(operator, "after") == {(0, "valid")}
    operator.command("audit", "replay", "--network", "network.json", "--out", "report.json")
    report = json.loads((operator.folder / "report.json").read_text("utf-8"))
    assert {one["code"] for one in report["findings"]} == {"key-recovered"}
    assert report["incomplete"] == []


@nightly.mark  # by day `tests/e2e/test_chain_loss.py` has what a gateway does about it
def test_the_chain_comes_back(operator: Operator) -> None:
    for step in ("init", "serve"):
        operator.follow_page("running.md", step=step)
    write_records(operator.folder / "records.ndjson", "110000", 0)
    operator.submit("records.ndjson", "110000", "before")
    assert verdicts(operator, "before") == {(0, "valid")}
    for block in parts()[1]:
        operator.follow(block)
    assert {code for code, _ in verdicts(operator, "before")} == {4}
    operator.submit("records.ndjson", "110000", "after")
    assert verdicts(operator, "after") == {(0, "valid")}
