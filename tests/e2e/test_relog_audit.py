"""A vote cuts a healthy log: what it strands is logged again, and an auditor agrees."""

import json
from pathlib import Path
from typing import Any

from gateway.devnet import plain
from tests.acceptance.outside import run
from tests.e2e.member import Member, until
from tests.e2e.test_restore_drill import decide, gateway


def report(member: Member) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        run("audit", "replay", "--network", member.file, "--json").out
    )
    return found


def test_an_auditor_agrees_with_a_relog(member: Member, tmp_path: Path) -> None:
    until(member.ready, "readiness")
    log = plain.get(f"{member.url}/v1/node", timeout=60).json()["logs"][0]["log"]
    for number in (1, 2, 3):
        leaf = member.submit(member.record(number))["leaf"]
        member.receipt(leaf, tmp_path / f"{number}.json")
    decide(member, "open-successor", f"logId={log}", "trustedSize=1", "suite=1")
    assert gateway(member, "relog", "--json").json() == {"relogged": 2, "statements": 0, "left": {}}
    again = member.submit(member.record(2))
    assert again["verdict"] == "duplicate"
    member.receipt(again["leaf"], tmp_path / "again.json")
    codes = {finding["code"] for finding in report(member)["findings"]}
    assert codes == {"anchor-beyond-trusted"}, "a warning, that such records be logged again"
