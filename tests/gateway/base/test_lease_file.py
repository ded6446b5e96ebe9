"""The lease beside a SQLite database: who holds it, what a dead and a stopped holder leave, what is
done to its files meanwhile."""

import errno
import fcntl
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.base import holder_lock
from gateway.base import lease as module
from gateway.base.db import open_engine
from gateway.base.lease import Lease, LeaseRow
from gateway.base.lease_file import Seen
from gateway.base.revision import migrate
from ledger.core.errors import ConfigError
from tests.support.waiting import until

SECONDS = 600.0
"""Longer than any machine takes from one line of a test to the next."""

Make = Callable[[], Lease]


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked for whenever somebody wants it, and never runs out by itself."""
    monkeypatch.setattr(module, "SECONDS", SECONDS)
    monkeypatch.setattr(module, "RENEW", 0.0)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "gateway.db"


@pytest.fixture
def engine(database: Path) -> Iterator[sa.Engine]:
    engine = open_engine(f"sqlite:///{database}")
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def make(engine: sa.Engine) -> Iterator[Make]:
    """Makes the lease of one more process."""
    with ExitStack() as stack:

        def make() -> Lease:
            lease = Lease(engine)
            stack.callback(lease.close)
            return lease

        yield make


@contextmanager
def later(seconds: float) -> Iterator[None]:
    """By the monotonic clock."""
    real = time.monotonic
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: real() + seconds)
        yield


def file(database: Path) -> Path:
    return database.with_name("gateway.db-lease")


def lock(database: Path) -> Path:
    return database.with_name("gateway.db-lease-lock")


def test_the_database_is_only_read(engine: sa.Engine, make: Make) -> None:
    said: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    one, other = make(), make()
    assert [one.take() for _ in range(5)] == [True] * 5
    assert not other.take()
    one.release()
    assert other.take()
    assert {statement.split(" ")[0] for statement in said} == {"BEGIN", "SELECT"}
    assert "BEGIN IMMEDIATE" not in said


def test_of_a_dead_holder_it_is_taken_at_once(make: Make) -> None:
    """The row says nothing of its death."""
    one, other = make(), make()
    assert one.take()
    assert not other.take()
    one.close()
    assert other.take()


def test_of_one_that_stands_still_only_time_frees_it(make: Make) -> None:
    one, other, third = make(), make(), make()
    assert one.take()
    assert not other.take()
    with later(SECONDS - 60):
        assert not other.take()
    with later(SECONDS + 60):
        assert not one.held
        assert not third.take(), "which sees it for the first time"
        assert other.take()
        assert not one.take(), "who goes on after all is told"
        assert other.take()
        other.close()
        assert third.take(), "which needs no time: the lock was handed on"


def test_renewed_it_does_not_run_out(make: Make) -> None:
    one, other = make(), make()
    assert one.take()
    assert not other.take()
    with later(SECONDS - 60):
        assert one.take()
    with later(SECONDS + 60):
        assert not other.take()


def test_no_clock_of_the_day_is_asked(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """So none that is set frees it, or keeps it from being free."""

    def broken() -> float:
        raise AssertionError("a clock of the day")

    monkeypatch.setattr(time, "time", broken)
    one, other = make(), make()
    assert one.take()
    assert not other.take()
    one.close()
    assert other.take()


def test_released_for_others(make: Make) -> None:
    one, other = make(), make()
    assert one.take()
    other.release()
    assert not other.take(), "only what one holds can be released"
    one.release()
    assert other.take()
    assert not one.take()


def test_whether_somebody_holds_it(make: Make) -> None:
    one, looker = make(), make()
    assert not looker.is_taken()
    assert one.take()
    assert looker.is_taken()
    one.close()
    assert not looker.is_taken()


# ---- what is done to the files


def test_made_for_the_owner_alone(database: Path, make: Make) -> None:
    assert make().take()
    for one in (file(database), lock(database)):
        assert stat.S_IMODE(one.stat().st_mode) == 0o600


def test_the_file_is_removed(database: Path, make: Make) -> None:
    """Whoever comes first to the new one does not know of the holder, but has not its lock."""
    one, other = make(), make()
    assert one.take()
    file(database).unlink()
    assert not other.take()
    assert one.take()
    assert not other.take()
    one.close()
    assert other.take()


def test_the_lock_is_removed(database: Path, make: Make) -> None:
    """One on a new file is another lock, which says nothing of the holder."""
    one, other = make(), make()
    assert one.take()
    lock(database).unlink()
    assert not other.take()
    assert one.take()
    assert not other.take()
    one.close()
    assert other.take()


def test_both_are_removed(database: Path, make: Make) -> None:
    """The holder finds it out when it renews it."""
    one, other = make(), make()
    assert one.take()
    file(database).unlink()
    lock(database).unlink()
    assert other.take()
    assert not one.take()
    assert other.take()


def test_another_database_is_put_in_its_place(database: Path, make: Make, tmp_path: Path) -> None:
    """Who serves the one of before has no part in the lease of this one."""
    one = make()
    assert one.take()
    for path in tmp_path.glob("gateway.db*"):
        path.unlink()
    engine = open_engine(f"sqlite:///{database}")
    migrate(engine)
    new = Lease(engine)
    for _ in range(2):
        assert not one.take()
        assert new.take()
    new.close()
    assert not one.take()
    engine.dispose()


@pytest.mark.parametrize("content", [b"garbage" * 999, b"SQLite format 3\0" + bytes(999)])
def test_a_file_that_cannot_be_read_is_made_anew(
    database: Path, make: Make, content: bytes
) -> None:
    one, other = make(), make()
    assert one.take()
    file(database).write_bytes(content)
    assert not other.take()
    assert one.take()
    assert not other.take()


def test_a_table_of_another_shape_is_made_anew(database: Path, make: Make) -> None:
    there = open_engine(f"sqlite:///{file(database)}")
    with there.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE lease (x)")
    there.dispose()
    assert make().take()


def test_a_database_by_another_name(database: Path, make: Make, tmp_path: Path) -> None:
    """A link to it: SQLite keeps what it writes beside the file itself, and so do we."""
    assert make().take()
    (tmp_path / "other").mkdir()
    link = tmp_path / "other" / "link.db"
    link.symlink_to(database)
    engine = open_engine(f"sqlite:///{link}")
    other = Lease(engine)
    assert not other.take()
    other.close()
    engine.dispose()


def test_a_folder_that_cannot_be_written(
    database: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told with the path, at the start; the same later frees nothing and takes nothing."""
    real = os.open

    def read_only(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        if flags & os.O_CREAT:
            raise OSError(errno.EROFS, "Read-only file system")
        return real(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", read_only)
    for ask in (make().demand_usable, make().take):
        with pytest.raises(ConfigError, match="Read-only") as caught:
            ask()
        assert str(database) in caught.value.setting
    monkeypatch.undo()
    make().demand_usable()


# ---- where the lock says nothing


def no_flock(*_: Any) -> None:
    raise OSError(errno.ENOLCK, "No locks available")


def test_without_flock_only_time_frees_it(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first of all waits too: the file is new, and who holds it might not know of it yet."""
    monkeypatch.setattr(fcntl, "flock", no_flock)
    one, other = make(), make()
    assert not one.take()
    assert not other.take()
    with later(SECONDS + 1):
        assert one.take()
        assert not other.take()
        one.close()
        assert not other.take()
    with later(2 * SECONDS + 2):
        assert other.take()


def test_of_another_machine_only_time_frees_it(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """On file systems of a network a lock may be free though its holder lives."""
    one, other = make(), make()
    with monkeypatch.context() as patch:
        patch.setattr(holder_lock, "system", lambda: "another")
        assert one.take()
    one.close()
    assert not other.take()
    with later(SECONDS + 1):
        assert other.take()


def test_a_command_waits_for_what_only_time_frees(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after the machine was started again; but not beside a gateway that runs."""
    with monkeypatch.context() as patch:
        patch.setattr(holder_lock, "system", lambda: "before")
        one = make()
        assert one.take()
        one.close()
    monkeypatch.setattr(module, "SECONDS", 0.2)
    command = make()
    assert not command.take()
    assert command.take_alone()
    monkeypatch.setattr(module, "SECONDS", SECONDS)
    assert not make().take_alone()


def test_a_command_waits_where_nobody_can_tell(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `flock`, after a gateway was killed, or where there are no files yet: each command
    begins to look anew, so one that did not wait would never have it."""
    monkeypatch.setattr(fcntl, "flock", no_flock)
    monkeypatch.setattr(module, "SECONDS", 0.2)
    first = make()
    assert first.take_alone()
    first.close()
    assert make().take_alone()


def test_renewed_while_a_command_works(database: Path, make: Make) -> None:
    """However long that takes."""

    def beat() -> object:
        with closing(sqlite3.connect(file(database))) as connection:
            return connection.execute("SELECT beat FROM lease").fetchone()

    command = make()
    assert command.take_alone()
    before = beat()
    with module.renewed(command):
        until(lambda: beat() != before, "a renewal")
    last = beat()
    assert command.held
    assert beat() == last
    command.release()
    assert make().take()


def test_another_process_is_at_the_file(database: Path, make: Make) -> None:
    """As one that was stopped while it wrote: nobody takes it, nothing fails."""
    holder, other = make(), make()
    assert holder.take()
    with closing(sqlite3.connect(file(database), isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        other.demand_usable()
        assert other.look() == Seen("?", True)
        assert not other.take()
    seen = other.look().holder
    assert seen is not None and f"/{os.getpid()}/" in seen


def test_a_gateway_from_before_the_file_has_the_right_of_way(engine: sa.Engine, make: Make) -> None:
    """It knows of the row alone."""
    older, one, other = LeaseRow(engine, "older"), make(), make()
    assert one.take()
    assert older.ask()
    assert not one.take()
    assert not other.take()
    older.release()
    assert other.take()
    assert not one.take()


# ---- processes


class Holder:
    """A process of `lease_holder`."""

    def __init__(self, engine: sa.Engine, seconds: float) -> None:
        command = [sys.executable, "-m", "tests.gateway.base.lease_holder", str(engine.url)]
        self.process = subprocess.Popen([*command, str(seconds)], stdout=subprocess.PIPE, text=True)

    def says(self) -> str:
        """The next word, waited for."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def send(self, what: signal.Signals) -> None:
        self.process.send_signal(what)

    def close(self) -> None:
        self.process.kill()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process.wait()


@pytest.fixture
def start(engine: sa.Engine) -> Iterator[Callable[[float], Holder]]:
    with ExitStack() as stack:

        def start(seconds: float) -> Holder:
            holder = Holder(engine, seconds)
            stack.callback(holder.close)
            return holder

        yield start


def test_killed(start: Callable[[float], Holder]) -> None:
    """Time alone would not free it before the test ends."""
    one = start(SECONDS)
    assert one.says() == "holds"
    other = start(SECONDS)
    assert other.says() == "waits"
    one.send(signal.SIGKILL)
    assert other.says() == "holds"


def test_stopped_and_going_on(start: Callable[[float], Holder]) -> None:
    one = start(1.0)
    assert one.says() == "holds"
    other = start(1.0)
    assert other.says() == "waits"
    one.send(signal.SIGSTOP)
    assert other.says() == "holds"
    one.send(signal.SIGCONT)
    assert one.says() == "waits"
    other.send(signal.SIGKILL)
    assert one.says() == "holds"
