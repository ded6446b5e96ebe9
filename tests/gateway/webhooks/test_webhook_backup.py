"""What is followed, and where events are sent, after a restore and under another content key."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from gateway.base import revision
from gateway.base.crypto import ContentKey
from gateway.base.db import begin_read, begin_write, close_engine, open_engine
from gateway.node import Node
from gateway.operations import rewrap
from gateway.operations.backup import backup, restore
from gateway.operations.rewrap import Rewrap
from gateway.sealing.models import content_keys
from gateway.sealing.services import Kind
from gateway.statuses import changes
from gateway.statuses.changes import Place
from gateway.watching import feed
from gateway.watching.models import watched_subjects
from gateway.webhooks.models import webhook_endpoints
from tests.gateway.intake.material import count
from tests.gateway.webhooks.desk import (
    NEVER,
    OTHER_SUBJECT,
    SUBJECT,
    change,
    holder,
    members,
    point,
    subject,
    turn,
)
from tests.support.node import MEMBER, make_test_node
from tests.support.postgres import database_url
from tests.support.receiver import Receiver


def of_kinds(node: Node) -> set[int]:
    with node.ctx.engine.connect() as connection:
        return set(connection.scalars(sa.select(content_keys.c.kind)))


def test_restored(node: Node, receiver: Receiver, tmp_path: Path) -> None:
    """What was there goes on, from where it was then; what its holder took away since is gone."""
    members(node).list(SUBJECT, 1)
    caller = holder(node)
    kept = point(node, caller, receiver, 7, subject=subject())
    gone = point(node, caller, receiver, subject=subject(OTHER_SUBJECT))
    node.webhooks.asking.step(NEVER)
    turn(node, kept)
    old, new = tmp_path / "old", tmp_path / "new"
    backup(node.ctx.engine, old, member=MEMBER, clock=node.ctx.clock)
    node.webhooks.webhooks.remove(caller, gone)
    backup(node.ctx.engine, new, member=MEMBER, clock=node.ctx.clock)
    folder = tmp_path / "again"
    folder.mkdir()
    engine = open_engine(database_url(folder))
    restore(engine, old, member=MEMBER, keys_from=new)
    close_engine(engine)
    receiver.forget()
    with closing(make_test_node(folder, seed="webhooks")) as again:
        assert (count(again, webhook_endpoints), count(again, watched_subjects)) == (1, 1)
        assert of_kinds(again) == {Kind.WEBHOOK, Kind.WATCHED}
        (shown,) = again.webhooks.webhooks.listed(caller)
        assert (shown["id"], shown["url"]) == (kept, receiver.url)
        change(again, 7)
        turn(again, kept)
    assert [one.value["type"] for one in receiver.taken] == ["record.changed"]
    assert receiver.taken[0].signed_by is not None


def test_under_a_newer_content_key(
    node: Node, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewrap, "GRACE", 0)
    members(node).list(SUBJECT, 1)
    caller = holder(node)
    endpoint = point(node, caller, receiver, subject=subject())
    second = ContentKey(version=2, secret=b"2" * 32)
    node.vault.use([node.vault.newest, second])
    Rewrap(node.ctx.engine, node.vault).run()
    node.vault.use([second])
    node.webhooks.asking.step(NEVER)
    turn(node, endpoint)
    assert [one.signed_by is not None for one in receiver.taken] == [True]
    (shown,) = node.webhooks.subjects.listed(caller)
    assert shown["code"] == SUBJECT


def test_numbers_go_on_from_an_older_database(tmp_path: Path) -> None:
    """Who watches goes on where it was: the place of the last change is the same."""
    engine = open_engine(database_url(tmp_path))
    row = "(5, 1800000000, :r, 1, 0, 2, 1800000000, 1800000000, :c)"
    with begin_write(engine) as connection:
        command.upgrade(revision._config(connection), "0013")
        connection.execute(
            sa.text(f"INSERT INTO status_changes VALUES {row}"), {"r": bytes(32), "c": False}
        )
        command.upgrade(revision._config(connection), "0014")
    told = (5, 1_800_000_000, bytes(32), 1, 0, 2, 1_800_000_000, 1_800_000_000, 0)
    with begin_read(engine) as connection:
        assert feed.newest(connection) == Place(number=5, mark=changes.mark_of(*told))
        (change_,) = changes.after(connection, Place(number=0), limit=9)
        assert (change_.action, change_.basis, change_.block) == (None, None, None)
    with begin_write(engine) as connection:
        assert changes.take(connection, 2) == 6
        assert changes.last(connection) == 7
        command.downgrade(revision._config(connection), "0013")
        command.upgrade(revision._config(connection), "0014")
        assert changes.last(connection) == 5
    close_engine(engine)
