"""Statements in quarantine, in backups, and under another content key."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.base.crypto import ContentKey, ContentLost, Vault
from gateway.base.db import begin_read, begin_write, open_engine
from gateway.log.quarantine import list_quarantined
from gateway.node import Node
from gateway.operations import rewrap
from gateway.operations.backup import Restored, backup, restore
from gateway.operations.backup_keys import Given
from gateway.operations.give_up import GiveUp
from gateway.operations.rewrap import Rewrap
from gateway.receipts.requeue import retry
from gateway.records.errors import ContentErased
from gateway.sealing.models import content_keys
from gateway.sealing.services import Kind, drop
from gateway.statements.models import statements
from tests.gateway.intake.material import row
from tests.gateway.log.test_quarantine import damage
from tests.gateway.statements.desk import (
    DAY,
    NIGHT,
    NOON,
    SEED,
    commitments,
    grow,
    log_entries,
    said,
    set_clock,
)
from tests.support.anchors import put_anchor
from tests.support.callers import CENTRE
from tests.support.node import LOG_ID, MEMBER, make_test_node
from tests.support.postgres import USED, database_url, start_postgres


@pytest.fixture(scope="module", params=["sqlite", "postgresql"], autouse=True)
def _database(request: pytest.FixtureRequest) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rewrap, "GRACE", 0)
        if request.param == "sqlite":
            patch.delenv(USED, raising=False)
            yield
            return
        with start_postgres() as server:
            patch.setenv(USED, server.url)
            yield


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    (tmp_path / "one").mkdir()
    node = make_test_node(tmp_path / "one", seed=SEED, now=NOON)
    node.daily_batch.step()
    yield node
    node.close()


def erase(node: Node, commitment: bytes) -> None:
    with begin_write(node.ctx.engine) as connection:
        query = sa.select(statements.c.id).where(statements.c.commitment == commitment)
        drop(connection, Kind.STATEMENT, [connection.execute(query).scalar_one()])


def test_an_entry_in_quarantine_is_made_again(node: Node) -> None:
    """Also of one that was erased: its row tells the entry."""
    issued = node.statements.issue([said(n) for n in range(3)])
    erase(node, issued[1].statement.commitment)
    set_clock(node, NIGHT)
    node.daily_batch.step()
    damage(node, 0)  # of whatever chance put last
    node.logs.step()
    grow(node)
    with node.ctx.engine.connect() as connection:
        (found,) = list_quarantined(connection)
    assert len(found.missing) == 1
    (done,) = retry(node.ctx.engine, node.vault, MEMBER, node.ctx.clock)
    assert (done.entries, done.lost, done.sealed) == (1, (), ())
    assert grow(node) == 16
    entries = log_entries(node)
    assert {one.statement.commitment for one in issued} <= commitments(entries)
    put_anchor(node, 0, 16)
    for leaf in found.missing:
        assert isinstance(node.receipts.receipt(leaf), bytes)


def take(node: Node, folder: Path) -> Path:
    backup(node.ctx.engine, folder, member=MEMBER, clock=node.ctx.clock)
    return folder


def restored(folder: Path, source: Path, keys: Path | None = None) -> Restored:
    folder.mkdir()
    engine = open_engine(database_url(folder))
    try:
        return restore(engine, source, member=MEMBER, keys_from=keys)
    finally:
        engine.dispose()


def test_a_backup_brings_back_what_waits_and_what_is_done(node: Node, tmp_path: Path) -> None:
    node.intake.submit_set(caller=CENTRE, rows=[row(1)])
    (first,) = node.statements.issue([said(1, request=b"a")])
    set_clock(node, NIGHT)
    node.daily_batch.step()
    grow(node)
    (second,) = node.statements.issue([said(2)])
    source = take(node, tmp_path / "backup")
    for key in _keys(node):
        assert key not in (source / "gateway.db").read_bytes()
    assert restored(tmp_path / "two", source).keys == Given()
    again = make_test_node(tmp_path / "two", seed=SEED, now=NIGHT)
    again.logs.prove(LOG_ID)
    for one in (first, second):
        assert again.statements.opening(one.statement.commitment) == one
    assert again.statements.issue([said(1, request=b"a")]) == [first]
    assert again.daily_batch.step() is None, "the day has its batch"
    set_clock(again, NIGHT + DAY)
    assert again.daily_batch.step() is not None
    assert grow(again) == 33
    assert second.statement.commitment in commitments(log_entries(again))
    again.close()


def _keys(node: Node) -> list[bytes]:
    query = sa.select(content_keys.c.wrapped_key).where(content_keys.c.kind == int(Kind.STATEMENT))
    with begin_read(node.ctx.engine) as connection:
        return list(connection.scalars(query))


def test_what_was_erased_stays_erased(node: Node, tmp_path: Path) -> None:
    """The rows come from an older backup, the keys from the newest, which knows of more."""
    gone, kept = node.statements.issue([said(n) for n in range(2)])
    old = take(node, tmp_path / "old")
    erase(node, gone.statement.commitment)
    node.statements.issue([said(3)])
    new = take(node, tmp_path / "new")
    assert restored(tmp_path / "two", old, new).keys == Given(erased=1, beyond=1)
    again = make_test_node(tmp_path / "two", seed=SEED, now=NOON)
    with pytest.raises(ContentErased):
        again.statements.open(gone.statement.commitment)
    assert again.statements.open(kept.statement.commitment) == kept.statement
    again.close()


def test_one_that_the_keys_never_had_is_lost_and_not_erased(node: Node, tmp_path: Path) -> None:
    first = take(node, tmp_path / "first")
    (one,) = node.statements.issue([said()])
    second = take(node, tmp_path / "second")
    node.close()
    restored(tmp_path / "two", first)
    other = make_test_node(tmp_path / "two", seed=SEED, now=NOON)
    newest = take(other, tmp_path / "newest")
    other.close()
    (second / "keys.db").unlink()
    assert restored(tmp_path / "three", second, newest).keys == Given(lost=1)
    again = make_test_node(tmp_path / "three", seed=SEED, now=NOON)
    with pytest.raises(ContentLost, match="in no backup"):
        again.statements.open(one.statement.commitment)
    again.close()


def test_under_another_content_key(node: Node) -> None:
    (one,) = node.statements.issue([said()])
    before = _keys(node)
    second = ContentKey(version=2, secret=b"2" * 32)
    both = Vault([node.vault.newest, second])
    first = node.vault.newest
    done = Rewrap(node.ctx.engine, both).run()
    assert (done.done, done.lost, dict(done.missing)) == (1, 0, {})
    assert set(before).isdisjoint(_keys(node))
    node.vault.use([second])
    assert node.statements.open(one.statement.commitment) == one.statement
    node.vault.use([first, second])
    (other,) = node.statements.issue([said(2)])
    assert node.statements.open(other.statement.commitment) == other.statement


def test_a_content_key_that_is_given_up(node: Node) -> None:
    (one,) = node.statements.issue([said()])
    lost, second = node.vault.newest, ContentKey(version=2, secret=b"2" * 32)
    Rewrap(node.ctx.engine, Vault([second])).run()
    work = GiveUp(node.ctx.engine, Vault([second]), lost.id)
    assert work.run() == {Kind.STATEMENT: 1}
    with pytest.raises(ContentErased):
        node.statements.open(one.statement.commitment)
