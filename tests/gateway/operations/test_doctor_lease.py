"""What the doctor says of the lease: who holds it, that nobody could, that a take-over is slow."""

import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.base.db import open_engine
from gateway.base.lease import Lease
from gateway.base.revision import migrate
from gateway.operations.doctor_lease import examine_lease
from gateway.operations.findings import Level
from tests.support.postgres import database_url

FILES = ["gateway.db-lease", "gateway.db-lease-lock"]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = open_engine(database_url(tmp_path))
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = open_engine(f"sqlite:///{tmp_path / 'gateway.db'}")
    migrate(engine)
    yield engine
    engine.dispose()


def told(engine: sa.Engine) -> dict[str, tuple[Level, str]]:
    return {one.code: (one.level, one.text["en"]) for one in examine_lease(engine)}


def test_who_holds_it(engine: sa.Engine) -> None:
    """And nobody does where no gateway runs."""
    assert told(engine) == {"lease": (Level.OK, "The lease can be kept; its holder: -")}
    lease = Lease(engine)
    assert lease.take()
    level, text = told(engine)["lease"]
    assert level is Level.OK
    assert f"/{os.getpid()}/" in text
    assert lease.take(), "nothing was taken from its holder"
    lease.release()
    assert told(engine)["lease"][1].endswith(": -")
    lease.close()


def test_no_file_is_made(sqlite: sa.Engine, tmp_path: Path) -> None:
    told(sqlite)
    assert list(tmp_path.glob("gateway.db-lease*")) == []


@pytest.mark.parametrize("name", FILES)
def test_it_cannot_be_kept(
    sqlite: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    lease, real = Lease(sqlite), os.access
    assert lease.take()
    lease.close()
    locked_out = tmp_path / name
    monkeypatch.setattr(
        os, "access", lambda path, mode: Path(path) != locked_out and real(path, mode)
    )
    level, text = told(sqlite)["lease"]
    assert level is Level.PROBLEM
    assert str(locked_out) in text


def test_a_killed_one_is_replaced_later_only(
    sqlite: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = Lease(sqlite)
    assert lease.take()
    assert told(sqlite).keys() == {"lease"}

    def no_flock(*_: Any) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_flock)
    assert told(sqlite)["lease-without-lock"][0] is Level.WARNING
    lease.close()
