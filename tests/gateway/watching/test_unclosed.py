"""What was begun before a record is closed and is ready after it is not given out."""

import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from gateway.base.db import begin_read, begin_write
from gateway.base.errors import NotReady
from gateway.files.models import file_reports
from gateway.log.located import Entries, locate
from gateway.node import Node
from gateway.statuses.store import LOCK, put_states
from gateway.statuses.unclosed import TRIES, begun, closed_since, unclosed, while_unclosed
from ledger.core.ids import RecordId
from ledger.core.status import Flag, Outcome
from tests.gateway.cases.desk import take_in
from tests.gateway.erasures.test_files_beside import answered
from tests.gateway.watching.test_changes import put, state
from tests.support.anvil import Anvil


def record_of(node: Node, leaf: bytes) -> RecordId:
    with begin_read(node.ctx.engine) as connection:
        at = locate(connection, leaf)
        assert at is not None
        found = Entries(connection).record_id(at)
    assert found is not None
    return found


def close(node: Node, record: RecordId, version: int = 1) -> None:
    with begin_write(node.ctx.engine, LOCK) as connection:
        put_states(connection, {record: state(version, Outcome.REPAIRED)})


def test_made_anew_and_given_up(node: Node, anvil: Anvil) -> None:
    leaves = take_in(node, anvil, *range(1, TRIES + 2))
    records = iter([record_of(node, leaf) for leaf in leaves])
    made: list[int] = []

    def once() -> int:
        made.append(len(made))
        if len(made) == 1:
            close(node, next(records))
        return made[-1]

    assert unclosed(node.ctx.engine, once) == 1, "the second, which looked after the closing"

    def ever() -> None:
        close(node, next(records))

    with pytest.raises(NotReady) as caught:
        unclosed(node.ctx.engine, ever)
    assert caught.value.code == "closing"


def test_what_concerns_no_record_of_ours_does_not_count(node: Node, anvil: Anvil) -> None:
    (leaf,) = take_in(node, anvil, 1)
    place = begun(node.ctx.engine)
    put(node, a=state(1, Outcome.REPAIRED))  # another member's
    with begin_write(node.ctx.engine, LOCK) as connection:
        put_states(connection, {record_of(node, leaf): state(1, flags=Flag.DISPUTED)})
    with begin_read(node.ctx.engine) as connection:
        assert not closed_since(connection, place)


def test_a_download_is_broken_off(node: Node, anvil: Anvil) -> None:
    (leaf,) = take_in(node, anvil, 1)

    def pieces() -> Iterator[bytes]:
        yield b"one"
        close(node, record_of(node, leaf))
        yield b"two"

    found = while_unclosed(node.ctx.engine, begun(node.ctx.engine), pieces())
    assert next(found) == b"one"
    with pytest.raises(NotReady):
        next(found)


def test_a_workbook_is_not_kept(node: Node, anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record is closed while the workbook is built: it is not stored, its job is done again."""
    (leaf,) = take_in(node, anvil, 1)
    file = answered(node, leaf, "conflict")
    node.file_store.report_job(file)
    job = node.jobs.claim("report")
    assert job is not None

    def built() -> Iterator[bytes]:
        yield b"PK of before"
        yield b"more"

    def run(*_: object, **__: object) -> Iterator[bytes]:
        close(node, record_of(node, leaf))
        return built()

    monkeypatch.setattr(node.files, "_children", SimpleNamespace(run=run, close=lambda: None))
    with pytest.raises(NotReady, match="closing"):
        node.files.make_report(job, threading.Event())
    with node.ctx.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(file_reports)) == 0
