"""The chapters on backups and on restoring: the machine of a province is lost and comes back, by
the guide alone."""

import json

from tests.support.guide import Operator, blocks, write_records

__all__ = ["write_records"]


def test_the_chapters_are_followed(operator: Operator) -> None:
    folder = operator.folder
    for step in ("init", "serve"):
        operator.follow_page("running.md", step=step)
    write_records(folder / "november.ndjson", "110000", 0)
    operator.submit("november.ndjson", "110000", "november")
    operator.follow_page("backup.md")
    write_records(folder / "december.ndjson", "110000", 100)
    before = operator.node("110000")["logs"][0]
    operator.follow_page("restoring.md")
    after = operator.node("110000")["logs"][0]
    assert after["log"] == before["log"], "the same log goes on"
    for kind, count in (("november", 5), ("december", 5), ("again", 5)):
        receipts = sorted((folder / kind).glob("*.json"))
        assert len(receipts) == count
        for receipt in receipts:
            code, told = operator.command("verify", receipt, "--network", "network.json", "--json")
            assert (code, json.loads(told)["verdict"]) == (0, "valid"), (kind, told)
    assert {one.name for one in (folder / "december").iterdir()} != {
        one.name for one in (folder / "again").iterdir()
    }, "what came after the backup is promised anew"
    code, told = operator.command("audit", "replay", "--network", "network.json")
    assert code == 0, told
    assert any("lost" in one.words for one in blocks("restoring.md"))
