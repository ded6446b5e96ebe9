"""A year added to the calendar while the gateway runs."""

import json
import os
import threading
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog

from gateway.base import reread
from gateway.base.clock import Clock
from gateway.intake.calendar_file import CalendarFile, CalendarWatch, days_left
from gateway.intake.worker import Rows
from gateway.node import Node
from ledger.core.errors import ConfigError
from ledger.records.calendar import Calendar
from tests.gateway.intake.material import row
from tests.support.callers import CENTRE
from tests.support.node import make_test_node

EMPTY = {"_type": "credit-ledger/calendar@1", "years": []}
OFF = ["2027-01-01", "2027-05-01", "2027-10-01", "2027-10-02", "2027-10-03"]
WITH_2027 = EMPTY | {"years": [{"year": 2027, "source": "test", "daysOff": OFF, "workdays": []}]}
LATE = date(2026, 12, 28)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reread, "LOOK_SECONDS", 0.0)


def write(path: Path, document: Any) -> Path:
    """As an editor does: beside, then in its place."""
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(document))
    os.replace(beside, path)
    return path


def test_a_year_is_added_without_a_restart(tmp_path: Path) -> None:
    path = write(tmp_path / "calendar.json", EMPTY)
    file = CalendarFile(path)
    assert file.current().deadline(LATE) is None
    write(path, WITH_2027)
    assert file.current().deadline(LATE) == date(2027, 1, 7)
    assert file.current() is file.current()


def test_a_wrong_file_leaves_the_years_that_were_read(tmp_path: Path) -> None:
    path = write(tmp_path / "calendar.json", WITH_2027)
    file = CalendarFile(path)
    path.write_text("{")
    assert file.current().deadline(LATE) == date(2027, 1, 7)
    assert file.problem is not None
    path.unlink()
    assert file.current().deadline(LATE) == date(2027, 1, 7)
    write(path, EMPTY)
    assert file.current().deadline(LATE) is None
    assert file.problem is None


def test_a_gateway_does_not_start_with_a_wrong_one(tmp_path: Path) -> None:
    (tmp_path / "calendar.json").write_text("{")
    with pytest.raises(ConfigError):
        CalendarFile(tmp_path / "calendar.json")


def test_the_processes_read_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them for itself: a set that is drafted elsewhere has the same deadline."""
    path = write(tmp_path / "calendar.json", EMPTY)
    now = datetime(2026, 12, 30, tzinfo=UTC)
    node = make_test_node(tmp_path, calendar_file=path, now=now, intake={"processes": 1})

    def timely(first: int) -> set[str]:
        rows = [row(n, CF_JDRQ="2026-12-28") for n in range(first, first + 100)]
        answer = node.intake.finish(node.intake.begin(Rows(rows)), callers=[CENTRE] * 100)
        assert {one.verdict for one in answer.rows} == {"accepted"}, answer.rows[0]
        return timely_of(node)

    assert timely(0) == {"unknown"}
    write(path, WITH_2027)
    threading.Event().wait(1.1)  # the other process looks once a second
    assert timely(100) == {"unknown", "yes"}
    node.close()


def timely_of(node: Node) -> set[str]:
    """What the entries that wait say."""
    with node.ctx.engine.connect() as connection:
        lines = connection.exec_driver_sql("SELECT entries FROM pending").scalars()
        return {json.loads(line)["timely"] for part in lines for line in bytes(part).split(b"\n")}


def test_it_warns_sixty_days_ahead() -> None:
    file = CalendarFile(None)
    with structlog.testing.capture_logs() as told:
        early = CalendarWatch(file, Clock(fixed=datetime(2026, 10, 1, tzinfo=UTC)))
        early(threading.Event())
        assert told == []
        late = CalendarWatch(file, Clock(fixed=datetime(2026, 11, 29, tzinfo=UTC)))
        for _ in range(3):
            late(threading.Event())
    (warning,) = told
    assert (warning["event"], warning["log_level"]) == ("calendar.ends", "warning")
    assert warning["days"] == days_left(Calendar(), Clock(fixed=datetime(2026, 11, 29, tzinfo=UTC)))


def test_what_was_read_is_told_once(tmp_path: Path) -> None:
    path = write(tmp_path / "calendar.json", EMPTY)
    watch = CalendarWatch(CalendarFile(path), Clock(fixed=datetime(2026, 10, 1, tzinfo=UTC)))
    watch(threading.Event())
    with structlog.testing.capture_logs() as told:
        path.write_text("{")
        for _ in range(3):
            watch(threading.Event())
        write(path, WITH_2027)
        for _ in range(3):
            watch(threading.Event())
    assert [one["event"] for one in told] == ["calendar.refused", "calendar.read-again"]


def test_the_horizon_is_the_first_decision_without_a_deadline() -> None:
    calendar = Calendar()
    horizon = calendar.horizon(date(2026, 11, 29))
    assert calendar.deadline(horizon) is None
    assert calendar.deadline(date.fromordinal(horizon.toordinal() - 1)) is not None
    assert date(2026, 12, 15) < horizon < date(2026, 12, 25)
    assert calendar.horizon(date(2027, 3, 1)) == date(2027, 3, 1)
