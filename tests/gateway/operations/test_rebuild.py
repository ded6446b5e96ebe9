"""A member whose database is gone, or older than its log, has it back from the others' mirrors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from gateway.anchoring.errors import LogFault
from gateway.base.db import begin_read
from gateway.base.errors import NotReady
from gateway.cli import gateway
from gateway.log.located import locate
from gateway.log.models import entries, pending, promises
from gateway.log.services import Logs
from gateway.log.store import TileStore, find
from gateway.node import Node
from gateway.operations import rebuild as subject
from gateway.operations.rebuild import Rebuild, Rebuilt
from ledger.core import receipt
from ledger.core.merkle import leaf_hash
from ledger.core.promise import Promise
from tests.gateway.mirrors.conftest import network, peers  # noqa: F401 - fixtures
from tests.gateway.mirrors.test_lies import OTHER, OWNER, THIRD
from tests.support.ledger import MemberLog
from tests.support.log import make_entries, promise_entries
from tests.support.mirrored import Peers, client_of, nobody


@pytest.fixture
def mirror(peers: Peers, tmp_path: Path) -> Iterator[Node]:  # noqa: F811
    node = peers.node(OTHER, tmp_path / OTHER)
    peers.doors[OTHER].open_to(node)
    yield node
    node.close()


def rebuild(node: Node) -> Rebuilt:
    """Of its one log."""
    with suppress(LogFault):
        node.anchoring.look()
    node.logs.open([bytes.fromhex(log.log_id) for log in node.chain.facts.logs])
    work = Rebuild(
        ctx=node.ctx,
        reader=node.reader,
        signing=node.signing,
        logs=node.logs,
        http=node.mirrors.http,
    )
    (told,) = work.run(node.chain.facts)
    return told


def grown(peers: Peers, owner: Node, mirror: Node) -> list[bytes]:  # noqa: F811
    """Batches of unequal size, kept by the mirror."""
    batch = [
        entry
        for n, count in enumerate((300, 1, 1, 700))
        for entry in peers.grow(owner, count, f"batch {n}")
    ]
    peers.doors[OWNER].open_to(owner)
    peers.follow(mirror)
    peers.doors[OWNER].answer = nobody
    return batch


def receipts_of(node: Node, some: list[bytes]) -> list[bytes]:
    found = [node.receipts.receipt(leaf_hash(entry)) for entry in some]
    assert all(isinstance(one, bytes) for one in found), found
    return [one for one in found if isinstance(one, bytes)]


def test_a_database_that_is_gone(peers: Peers, mirror: Node, tmp_path: Path) -> None:  # noqa: F811
    first = peers.node(OWNER, tmp_path / "first")
    batch = grown(peers, first, mirror)
    some = [batch[n] for n in (0, 299, 300, 301, 302, 1001)]
    before = receipts_of(first, some)
    first.close()
    second = peers.node(OWNER, tmp_path / "second")
    try:
        with pytest.raises(LogFault):
            second.anchoring.look()
        told = rebuild(second)
        assert (told.before, told.size, told.wanted, told.code) == (0, 1002, 1002, None)
        assert (told.promised, told.sources) == (1002, (OTHER,))
        _catch_up(peers, second)
        assert receipts_of(second, some) == before
        log_id = peers.log_id(OWNER)
        for path in ("tile/0/000", "tile/entries/001", "tile/1/000.p/3"):
            url = f"/logs/{log_id.hex()}/{path}"
            assert client_of(second).get(url).status_code == 200
        # It grows on, anchored behind what it had.
        more = peers.grow(second, 5, "more")
        (made,) = receipts_of(second, more[:1])
        assert receipt.parse(made).size == 1007
        again = rebuild(second)
        assert (again.before, again.size, again.promised, again.code) == (1007, 1007, 0, None)
        _promised_anew(second, batch[5])
    finally:
        second.close()


def _catch_up(peers: Peers, node: Node) -> None:  # noqa: F811
    """Read the chain, as a gateway does that was started."""
    node.anchoring.look()
    while node.anchoring.step().waiting:
        peers.anvil.mine()


def _promised_anew(node: Node, entry: bytes) -> None:
    """By a key of ours that counts, so that whoever asks for the promise gets a good one."""
    with begin_read(node.ctx.engine) as connection:
        at = locate(connection, leaf_hash(entry))
        assert at is not None
        row = connection.execute(sa.select(promises).where(promises.c.id == at.promise)).one()
    facts = node.chain.facts
    made = Promise(
        log=bytes.fromhex(facts.logs[0].log_id),  # type: ignore[arg-type]
        leaves_root=row.leaves_root,
        count=row._mapping["count"],
        issued_at=row.issued_at,
        due=row.due,
        signature=row.signature,
    )
    signer = made.signer(chain_id=facts.chain_id, log_anchor=facts.log_anchor, member=facts.member)
    assert signer.public_key == node.signing.keys.anchor.public_key


def test_a_backup_that_is_older(peers: Peers, mirror: Node, tmp_path: Path) -> None:  # noqa: F811
    """What waited in it and was logged since is not logged twice; nothing of before changes."""
    first = peers.node(OWNER, tmp_path / "first")
    log_id = peers.log_id(OWNER)
    old = peers.grow(first, 300, "old")
    waits = make_entries(3, "waits", log_id)
    second = peers.node(OWNER, tmp_path / "second")
    try:
        # The second database is as the first one was before its last batch.
        _copy(peers, second, old, waits, log_id)
        promise_entries(first, waits, log_id)
        peers.grow(first, 40, "new")
        peers.doors[OWNER].open_to(first)
        peers.follow(mirror)
        peers.doors[OWNER].answer = nobody
        told = rebuild(second)
        assert (told.before, told.size, told.code) == (300, 343, None)
        assert told.promised == 40
        with begin_read(second.ctx.engine) as connection:
            assert connection.scalar(sa.select(sa.func.count()).select_from(pending)) == 0
            assert connection.scalar(sa.select(sa.func.count()).select_from(entries)) == 343
            mine, theirs = find(connection, log_id), first
            assert mine is not None
            held = TileStore(connection, mine.id).entries(0, 343)
        with begin_read(theirs.ctx.engine) as connection:
            log = find(connection, log_id)
            assert log is not None
            assert TileStore(connection, log.id).entries(0, 343) == held
        _catch_up(peers, second)
        assert receipts_of(second, [old[0], *waits]) == receipts_of(first, [old[0], *waits])
    finally:
        first.close()
        second.close()


def _copy(
    peers: Peers,  # noqa: F811
    node: Node,
    old: list[bytes],
    waits: list[bytes],
    log_id: bytes,
) -> None:
    """Give a new database the tree of before, and what waited."""
    promise_entries(node, old, log_id)
    while node.logs.step():
        pass
    promise_entries(node, waits, log_id)
    with suppress(LogFault):
        peers.look(node)


def test_nobody_has_a_copy(peers: Peers, mirror: Node, tmp_path: Path) -> None:  # noqa: F811
    """What there is stays, and a mirror that comes later is read then; one that lies is not."""
    first = peers.node(OWNER, tmp_path / "first")
    batch = grown(peers, first, mirror)
    first.close()
    second = peers.node(OWNER, tmp_path / "second")
    try:
        peers.doors[OTHER].answer = nobody
        lie = MemberLog(peers.network, OWNER)
        lie.put_raw(*make_entries(1002, "a lie", peers.log_id(OWNER)))

        def liar(path: str) -> tuple[int, bytes]:
            return 200, lie.fetch(path.partition(f"/{lie.log_id.hex()}/")[2], 1 << 30)

        peers.doors[THIRD].answer = liar
        told = rebuild(second)
        assert (told.size, told.code, told.sources) == (0, "no-mirror", ())
        peers.doors[OTHER].open_to(mirror)
        assert rebuild(second).code is None
        _catch_up(peers, second)
        assert len(receipts_of(second, batch[:1])) == 1
    finally:
        second.close()


def test_another_tree(peers: Peers, mirror: Node, tmp_path: Path) -> None:  # noqa: F811
    first = peers.node(OWNER, tmp_path / "first")
    grown(peers, first, mirror)
    first.close()
    second = peers.node(OWNER, tmp_path / "second")
    try:
        log_id = peers.log_id(OWNER)
        promise_entries(second, make_entries(5, "another", log_id), log_id)
        while second.logs.step():
            pass
        told = rebuild(second)
        assert (told.size, told.code) == (5, "other-tree")
    finally:
        second.close()


def test_cut_off_and_begun_again(
    peers: Peers,  # noqa: F811
    mirror: Node,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Between what was put back and its checkpoint: the next run goes on there."""
    first = peers.node(OWNER, tmp_path / "first")
    batch = grown(peers, first, mirror)
    first.close()
    second = peers.node(OWNER, tmp_path / "second")
    try:
        monkeypatch.setattr(subject, "ENTRIES", 300)
        publish, left = Logs.publish, iter((False,))

        def failing(self: Logs, log: int) -> int | None:
            if next(left, True):
                return publish(self, log)
            raise NotReady("note-key-not-valid")

        monkeypatch.setattr(Logs, "publish", failing)
        with pytest.raises(NotReady):
            rebuild(second)
        monkeypatch.setattr(Logs, "publish", publish)
        told = rebuild(second)
        assert 300 <= told.before < told.size == 1002 and told.code is None
        with begin_read(second.ctx.engine) as connection:
            assert connection.scalar(sa.select(sa.func.count()).select_from(entries)) == 1002
        _catch_up(peers, second)
        assert len(receipts_of(second, [batch[0], batch[400], batch[1001]])) == 3
    finally:
        second.close()


def test_the_command(
    peers: Peers,  # noqa: F811
    mirror: Node,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = peers.node(OWNER, tmp_path / "first")
    grown(peers, first, mirror)
    first.close()
    config = tmp_path / "gateway.toml"
    config.write_text("")
    monkeypatch.setattr("gateway.operations.rebuild_cli.load", lambda path: None)
    monkeypatch.setattr(
        "gateway.node.open_node", lambda settings: peers.node(OWNER, tmp_path / "second")
    )

    def run(*words: str, lang: str = "en") -> Result:
        command = ["rebuild", "--config", str(config), *words]
        return CliRunner(env={"CREDIT_LEDGER_LANG": lang}).invoke(gateway, command)

    peers.doors[OTHER].answer = nobody
    failed = run()
    assert failed.exit_code == 1 and "no-mirror" in failed.output
    peers.doors[OTHER].open_to(mirror)
    done = run(lang="zh")
    assert done.exit_code == 0 and "现有 1002 条" in done.output
    again = run("--json")
    assert again.exit_code == 0
    (told,) = json.loads(again.stdout)["logs"]
    assert (told["before"], told["size"], told["code"]) == (1002, 1002, None)
    running = peers.node(OWNER, tmp_path / "second")
    try:
        assert running.lease.take()
        refused = run()
        assert refused.exit_code == 1 and "stop it first" in refused.output
    finally:
        running.lease.release()
        running.close()
