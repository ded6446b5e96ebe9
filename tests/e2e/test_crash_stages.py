"""The gateway is killed at every stage and started again: what it promised is in the log exactly
once and gets a receipt that verifies."""

from pathlib import Path

import httpx
import pytest

from gateway.base.crash import POINTS
from tests.e2e.member import Member, until, verdict
from tests.support import nightly

RECORDS: list[tuple[int, str]] = []
"""(number of the record, its leaf) of everything promised so far in this module."""


ON_THE_WAY = nightly.some(
    sorted(point for point in POINTS if point.startswith(("intake.", "log.", "anchor."))), 3
)
"""What a record passes; for statements, cases, acts and acknowledgements see test_crash_cases."""


@pytest.mark.parametrize("point", ON_THE_WAY)
def test_killed_and_started_again(member: Member, point: str, tmp_path: Path) -> None:
    record = member.record(len(RECORDS))
    member.restart({"CREDIT_LEDGER_CRASH_AT": point})
    try:
        promised = member.submit(record)["leaf"]
    except httpx.TransportError:
        promised = None  # killed before it could answer
    assert (promised is None) == point.startswith("intake."), "the point was on the way"
    until(lambda: member.process.find() is None, "the kill")
    member.restart({})
    again = member.submit(record)
    assert again["verdict"] == ("accepted" if point == "intake.stored:before" else "duplicate")
    assert promised in (None, again["leaf"])
    RECORDS.append((len(RECORDS), again["leaf"]))
    receipt = member.receipt(again["leaf"], tmp_path / "receipt.json")
    status, found = verdict(receipt, member.file, tmp_path / "verdict.json")
    assert (status, found["verdict"]) == (0, "valid")


def test_everything_is_in_the_log_exactly_once(member: Member) -> None:
    logged = member.logged()
    assert len(RECORDS) == len(ON_THE_WAY)
    assert logged == {leaf: 1 for _number, leaf in RECORDS}
    for number, leaf in RECORDS:
        answer = member.submit(member.record(number))
        assert (answer["verdict"], answer["leaf"]) == ("duplicate", leaf)
