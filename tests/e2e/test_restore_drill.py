"""The drill: back up, lose the database, restore an older one, have a successor voted, log again
what is stranded. With shipped commands alone, while the gateway runs; run on SQLite and, with
`--database postgresql`, there."""

import json
import os
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.devnet import plain
from tests.acceptance.outside import Done, run
from tests.e2e.member import Member, until, verdict
from tests.support import nightly
from tests.support.postgres import database_url

OTHERS = ("110000", "130000", "140000")
DATABASE = "CREDIT_LEDGER_DATABASE_URL"


def gateway(member: Member, *words: object, code: int = 0) -> Done:
    chosen = {DATABASE: os.environ[DATABASE]} if DATABASE in os.environ else {}
    done = run("gateway", *words, "--config", member.config, env=chosen)
    assert done.code == code, (words, done.out, done.err)
    return done


def doctor(member: Member, code: int) -> dict[str, Any]:
    """Findings that are not well, by code."""
    found = json.loads(gateway(member, "doctor", "--json", code=code).out)["findings"]
    return {one["code"]: one for one in found if one["level"] != "ok"}


def decide(member: Member, *words: object) -> None:
    """Proposed by the first province, voted on by all, carried out."""

    def config(code: str) -> Path:
        return member.folder / "members" / code / "gateway.toml"

    made = run("govern", "propose", *words, "--config", config(OTHERS[0]), "--json")
    assert made.code == 0, made.err
    told = made.json()
    for motion in filter(None, (told["first"], told["proposal"])):
        for code in OTHERS:
            assert run("govern", "vote", motion, "yes", "--config", config(code)).code == 0
        assert run("govern", "execute", motion, "--config", config(OTHERS[0])).code == 0


def ready(member: Member) -> httpx.Response:
    return plain.get(f"{member.url}/readyz", timeout=60)


@nightly.mark  # by day `tests/docs/test_restoring.py` follows the chapter
def test_backup_loss_restore_successor_relog(
    member: Member, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    until(member.ready, "readiness")
    log = plain.get(f"{member.url}/v1/node", timeout=60).json()["logs"][0]["log"]
    kept = member.submit(member.record(1))["leaf"]
    kept_receipt = member.receipt(kept, tmp_path / "kept.json")
    stranded = member.submit(member.record(2))["leaf"]
    stranded_receipt = member.receipt(stranded, tmp_path / "stranded.json")
    assert doctor(member, 0).keys() <= {"calendar"}
    gateway(member, "backup", "-o", tmp_path / "backup")
    member.receipt(member.submit(member.record(3))["leaf"], tmp_path / "lost.json")

    member.process.stop()
    folder = tmp_path / "restored"
    folder.mkdir()
    monkeypatch.setenv(DATABASE, database_url(folder))
    told = gateway(member, "restore", tmp_path / "backup", "--json").json()
    assert told["erased"] == 0
    gateway(member, "restore", tmp_path / "backup", code=1)
    assert "entries 2 to 2 are missing" in doctor(member, 1)["log"]["text"]["en"]

    member.process.start({})
    until(lambda: ready(member).status_code == 503, "an answer")
    problem = ready(member).json()
    assert problem["reason"] == "log-fault"
    assert re.search("trustedSize 2, then run `gateway relog`", problem["detail"])
    # The consortium may well trust less of it.
    decide(member, "open-successor", f"logId={log}", "trustedSize=1", "suite=1")
    until(member.ready, "readiness in the successor")
    assert "stranded" in doctor(member, 1)

    told = gateway(member, "relog", "--json").json()
    assert told == {"relogged": 1, "statements": 0, "left": {}}
    assert gateway(member, "relog", "--json").json() == {"relogged": 0, "statements": 0, "left": {}}
    assert doctor(member, 0).keys() <= {"calendar"}
    answers = [member.submit(member.record(number)) for number in (1, 2, 3)]
    assert [answer["verdict"] for answer in answers] == ["duplicate", "duplicate", "accepted"]
    assert answers[0]["leaf"] == kept
    assert answers[1]["leaf"] != stranded
    out = tmp_path / "verdict.json"
    for number, answer in enumerate(answers):
        receipt = member.receipt(answer["leaf"], tmp_path / f"again-{number}.json")
        assert verdict(receipt, member.file, out)[0] == 0
    assert verdict(kept_receipt, member.file, out)[0] == 0
    status, found = verdict(stranded_receipt, member.file, out)
    assert status != 0
    assert "log-closed" in {check["code"] for check in found["checks"]}
