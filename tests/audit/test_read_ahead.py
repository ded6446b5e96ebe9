"""Logs read side by side: the same report, whatever is wrong with them and whoever is away."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.audit.kept import CannotResume, Kept, open_log
from ledger.audit.replay import Report, replay
from ledger.chain.nodes.quorum import QuorumReader
from ledger.core.errors import CouldNotCheck
from tests.audit.conftest import Ledger
from tests.audit.desk import Desk, objected, repaired
from tests.support.ledger import serve


def over_http(ledger: Ledger, url: str, **more: Any) -> Report:
    reader = QuorumReader(ledger.network.file, now=ledger.network.anvil.head_time)
    mirrors = {"110000": url, "120000": url}
    try:
        return replay(ledger.network.file, reader=reader, mirrors=mirrors, **more)
    finally:
        reader.close()


WRONG: dict[str, Callable[[Ledger], None]] = {
    "bad entries, and one twice": lambda ledger: put(
        ledger, b"bad", ledger.beijing.entries[3], b"worse"
    ),
    "an entry that was changed": lambda ledger: ledger.beijing.served.update(
        {"tile/entries/001.p/44": ledger.beijing.fetch("tile/entries/000", 1 << 20)[:9]}
    ),
    "a log that ends too early": lambda ledger: ledger.beijing.served.update(
        {"tile/entries/001.p/44": None, "tile/entries/001": None}
    ),
    "a hash tile": lambda ledger: ledger.beijing.served.update({"tile/0/000": bytes(8192)}),
}


def put(ledger: Ledger, *entries: bytes) -> None:
    ledger.tianjin.put_raw(*entries)
    ledger.tianjin.anchor()
    ledger.network.anvil.mine()


@pytest.mark.parametrize("name", WRONG)
def test_side_by_side_the_report_is_the_same(ledger: Ledger, name: str) -> None:
    WRONG[name](ledger)
    plain = ledger.replay().encode()
    seen: list[tuple[str, int, int]] = []
    with serve(ledger.beijing, ledger.tianjin) as url:
        report = over_http(ledger, url, processes=2, progress=lambda *told: seen.append(told))
    assert report.encode() == plain
    assert {size for _, _, size in seen} == {300, len(ledger.tianjin.entries)}


def test_it_goes_on_where_another_number_of_processes_was(ledger: Ledger, tmp_path: Path) -> None:
    ledger.beijing.served = {"tile/entries/001.p/44": None, "tile/entries/001": None}
    with serve(ledger.beijing, ledger.tianjin) as url:
        for processes in (2, 1, 2):
            kept = Kept(tmp_path / "kept", {})
            report = over_http(ledger, url, processes=processes, kept=kept)
            kept.close()
            assert report.encode() == ledger.replay().encode()
            ledger.beijing.served = {}


def test_with_openings_as_well(ledger: Ledger, tmp_path: Path) -> None:
    """Where the records of cases stand is noted by whoever reads."""
    desk = Desk(ledger, tmp_path)
    repaired(desk)
    objected(desk, 1)
    desk.batch("120000")
    plain = desk.report(desk.answers()).encode()
    from ledger.audit.opening_files import OpeningFiles  # noqa: PLC0415
    from tests.audit.desk import WEEKDAYS  # noqa: PLC0415

    with serve(ledger.beijing, ledger.tianjin) as url:
        files = OpeningFiles([tmp_path / "answers"])
        report = over_http(ledger, url, processes=2, openings=files, calendar=WEEKDAYS)
    assert report.encode() == plain
    assert len(report.document["cases"]) == 2


def test_a_journal_that_somebody_writes_is_not_taken(ledger: Ledger, tmp_path: Path) -> None:
    """A process of a replay that was killed may go on for a while."""
    kept = Kept(tmp_path, {})
    with serve(ledger.beijing, ledger.tianjin) as url:
        assert over_http(ledger, url, kept=kept).exit == 0
        with open_log(*kept.journal(ledger.beijing.log_id, url)):
            for processes in (1, 2):
                with pytest.raises(CannotResume) as caught:
                    over_http(ledger, url, kept=kept, processes=processes)
                assert caught.value.code == "in-use"
        assert over_http(ledger, url, kept=kept).exit == 0
    kept.close()


def test_a_process_that_ends_ends_the_replay(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.audit.read_ahead._run", _die)
    with serve(ledger.beijing, ledger.tianjin) as url, pytest.raises(CouldNotCheck) as caught:
        over_http(ledger, url, processes=2)
    assert caught.value.code == "reader-died"


def _die(task: object) -> None:
    import os  # noqa: PLC0415

    os._exit(9)
