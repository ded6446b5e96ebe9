"""Rewraps that overlap, with keys that the others do not have: no content key that opens something
is ever called empty. On SQLite and PostgreSQL."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.app import create_app
from gateway.base.crypto import ContentKey, ContentKeyRetired
from gateway.base.db import begin_read, begin_write
from gateway.node import Node
from gateway.operations import rewrap
from gateway.operations.doctor_keys import examine_keys
from gateway.operations.findings import Level
from gateway.operations.rewrap import Overtaken, Rewrap
from gateway.sealing.models import content_keys, wrapping_keys
from gateway.sealing.services import Kind, hold, in_use, missing
from gateway.sealing.tasks import ContentKeyWatch
from tests.gateway.operations.test_rewrap import (
    SECOND,
    THIRD,
    _database,
    first_key,
    node,
    rewrapped,
    shown,
    submit,
    wrapped_under,
)
from tests.support.asgi import Client

__all__ = ["_database", "node"]  # fixtures

FOURTH = ContentKey(version=4, secret=b"4" * 32)


def states(node: Node) -> dict[int, tuple[bool, bool]]:
    """(retired, emptied) by version."""
    with begin_read(node.ctx.engine) as connection:
        rows = connection.execute(sa.select(wrapping_keys)).all()
    return {row.version: (row.retired_at is not None, row.emptied_at is not None) for row in rows}


def bad(node: Node, *held: ContentKey) -> dict[str, str]:
    found = examine_keys(node.ctx.engine, held)
    return {one.code: one.text["en"] for one in found if one.level is not Level.OK}


def in_the_grace(monkeypatch: pytest.MonkeyPatch, do: Callable[[], None]) -> None:
    def sleeps(_seconds: float) -> None:
        monkeypatch.setattr(time, "sleep", lambda _seconds: None)
        do()

    monkeypatch.setattr(time, "sleep", sleeps)


def test_a_newer_key_comes_meanwhile(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway took it up and stored under it: it is not retired by who never had it."""
    first = first_key()
    leaves = submit(node, 1)

    def comes() -> None:
        node.vault.use([first, SECOND, THIRD])
        node.workers.wrap_with(THIRD)
        leaves.extend(submit(node, 2))

    in_the_grace(monkeypatch, comes)
    with pytest.raises(Overtaken, match=THIRD.id.hex()):
        rewrapped(node, first, SECOND)
    assert states(node)[3] == (False, False)
    leaves.extend(submit(node, 3))
    told = rewrapped(node, first, SECOND, THIRD)
    assert set(told.empty) == {first.id.hex(), SECOND.id.hex()}
    node.vault.use([THIRD])
    assert len(shown(node, leaves)) == 3


def test_two_at_once(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one with the newer key is about to change what the other looks at."""
    first = first_key()
    leaves = submit(node, *range(1, 6))
    about, go = threading.Event(), threading.Event()
    real = Rewrap._change

    def change(self: Rewrap, changes: Sequence[dict[str, Any]]) -> None:
        if self._vault.newest == THIRD and not about.is_set():
            about.set()
            assert go.wait(120)
        real(self, changes)

    monkeypatch.setattr(Rewrap, "_change", change)
    told: list[rewrap.Rewrapped] = []
    newer = threading.Thread(target=lambda: told.append(rewrapped(node, first, SECOND, THIRD)))

    def starts() -> None:
        newer.start()
        assert about.wait(120)

    in_the_grace(monkeypatch, starts)
    with pytest.raises(Overtaken):
        rewrapped(node, first, SECOND)
    go.set()
    newer.join(120)
    assert set(told[0].empty) == {first.id.hex(), SECOND.id.hex()}
    assert wrapped_under(node) == {THIRD.id: 5}
    assert list(bad(node, first, SECOND, THIRD)) == ["content-keys-empty"]
    node.vault.use([THIRD])
    assert len(shown(node, leaves)) == 5


@pytest.mark.parametrize("has_first", [True, False])
def test_a_late_change_is_given_up(
    node: Node, monkeypatch: pytest.MonkeyPatch, has_first: bool
) -> None:
    """Nothing comes under a key that was called empty while a piece was being wrapped."""
    first = first_key()
    submit(node, 1)
    newer = (first, SECOND, THIRD) if has_first else (SECOND, THIRD)
    real = Rewrap._change
    told: list[rewrap.Rewrapped] = []

    def change(self: Rewrap, changes: Sequence[dict[str, Any]]) -> None:
        if self._vault.newest == SECOND:
            told.append(rewrapped(node, *newer))
        real(self, changes)

    monkeypatch.setattr(Rewrap, "_change", change)
    with pytest.raises(Overtaken, match=THIRD.id.hex()):
        rewrapped(node, first, SECOND)
    assert SECOND.id.hex() in told[0].empty
    assert SECOND.id not in wrapped_under(node)
    assert told[0].missing == ({} if has_first else {first.id.hex(): 1})


def test_two_keys_of_one_version(node: Node) -> None:
    """The second is refused, until its file has a higher number."""
    first = first_key()
    leaves = submit(node, 1)
    rewrapped(node, first, SECOND)
    other = ContentKey(version=2, secret=b"b" * 32)
    with pytest.raises(Overtaken, match=SECOND.id.hex()):
        rewrapped(node, first, other)
    assert states(node)[2] == (False, False)
    renamed = ContentKey(version=3, secret=other.secret)
    told = rewrapped(node, first, SECOND, renamed)
    assert set(told.empty) == {first.id.hex(), SECOND.id.hex()}
    node.vault.use([renamed])
    node.workers.wrap_with(renamed)
    assert len(shown(node, leaves + submit(node, 2))) == 2


def test_a_retired_key_at_hand_is_not_missing(node: Node) -> None:
    """Where the only key that is at hand is retired, its remedy is told, in all places."""
    first = first_key()
    submit(node, 1)
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.update(wrapping_keys).values(retired_at=1))
    for work in (lambda: submit(node, 2), lambda: rewrapped(node, first)):
        with pytest.raises(ContentKeyRetired, match=first.id.hex()):
            work()
    assert list(bad(node, first)) == ["content-keys-newest"]
    ContentKeyWatch(node.ctx, node.vault, None, lambda _key: None)(threading.Event())
    ready = Client(create_app(node)).get("/readyz")
    assert (ready.status_code, ready.json()["reason"]) == (503, "content-key-retired")
    rewrapped(node, first, SECOND)
    node.vault.use([first, SECOND])
    node.workers.wrap_with(SECOND)
    submit(node, 3)
    ContentKeyWatch(node.ctx, node.vault, None, lambda _key: None)(threading.Event())
    assert Client(create_app(node)).get("/readyz").status_code == 200


def test_what_a_row_names_is_not_empty(node: Node) -> None:
    """Whatever was noted: neither as empty, nor where it is missing."""
    first = first_key()
    submit(node, 1)
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.update(wrapping_keys).values(retired_at=1, emptied_at=1))
        assert in_use(connection) == {first.id}
        assert missing(connection, frozenset({SECOND.id})) == (first.id,)
    assert list(bad(node, first, SECOND)) == ["content-keys-old"]
    assert list(bad(node, SECOND)) == ["content-keys"]


def test_pages_by_id(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewrap, "SPAN", 2)
    monkeypatch.setattr(rewrap, "PIECE", 1)
    submit(node, *range(1, 6))
    assert rewrapped(node, first_key(), SECOND).done == 5
    assert rewrapped(node, first_key(), SECOND, FOURTH).done == 5


def test_a_deadlock_is_tried_again(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """With who holds a later key of the same piece and goes on to an earlier one."""
    submit(node, 1, 2)
    real = Rewrap._change_once
    tries: list[int] = []

    def meets(self: Rewrap, changes: Sequence[dict[str, Any]]) -> None:
        tries.append(len(changes))
        if len(tries) == 1:
            failed = RuntimeError("deadlock")
            failed.sqlstate = rewrap.DEADLOCK  # type: ignore[attr-defined]
            raise sa.exc.OperationalError("", None, failed)
        real(self, changes)

    monkeypatch.setattr(Rewrap, "_change_once", meets)
    assert rewrapped(node, first_key(), SECOND).done == 2
    assert tries == [2, 2]


def test_holding_asks_for_every_key(node: Node) -> None:
    submit(node, 1, 2)
    with begin_read(node.ctx.engine) as connection:
        ids = list(connection.scalars(sa.select(content_keys.c.id)))
    with begin_write(node.ctx.engine) as connection:
        assert hold(connection, Kind.RECORD, ids[::-1])
        assert not hold(connection, Kind.RECORD, [*ids, max(ids) + 1])
