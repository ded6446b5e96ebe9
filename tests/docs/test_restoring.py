"""The chapters on backups and on restoring: the machine of a province is lost and comes back, by
the guide alone."""

import json
from datetime import date, timedelta
from pathlib import Path

from scripts.demo_parts.today import penalty
from tests.support.guide import Operator, blocks

FIRMS = 5


def write_records(path: Path, code: str, first: int, count: int = 5) -> None:
    """As a department hands them in."""
    rows = []
    for number in range(first, first + count):
        row = penalty(code, number % FIRMS, date.today() - timedelta(days=1))
        row["fields"]["CF_WSH"] = f"样运罚〔2026〕{number}号"
        rows.append(json.dumps(row, ensure_ascii=False) + "\n")
    path.write_text("".join(rows), "utf-8")


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
