"""What is kept stays, and is had again: after a kill, a lost piece, a lost chain."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
import sqlalchemy as sa

from gateway.base.db import begin_write
from gateway.mirrors import bounds as limits
from gateway.mirrors import services
from gateway.mirrors.bounds import Bounds
from gateway.mirrors.errors import ADDRESS_PRIVATE, FULL, FULL_LOG, FULL_MEMBER, NO_ENDPOINT
from gateway.mirrors.models import mirror_bundles, mirror_tiles, mirrors
from gateway.mirrors.services import Mirrors
from gateway.mirrors.store import all_mirrors, lose_mirrors
from gateway.node import Node
from gateway.operations.doctor_chain import found_mirrors
from gateway.operations.findings import Level
from ledger.chain.errors import RpcFailure
from ledger.chain.keys.keyfile import new_secret
from ledger.chain.keys.signers import LocalSigner
from ledger.core import note
from ledger.core.keys import Alg, Purpose
from ledger.core.tiles import encode_bundle, entries_path
from tests.gateway.mirrors.test_lies import OTHER, OWNER, THIRD, anchored, held
from tests.support import child
from tests.support.ledger import MemberLog
from tests.support.log import make_entries
from tests.support.member import SEED
from tests.support.mirrored import Peers, client_of, nobody, open_peer
from tests.support.node import make_keys
from tests.support.votes import add_key, close_log
from tests.support.work import follow_mirrors


class _Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def node(peers: Peers, tmp_path: Path) -> Iterator[Node]:
    node = peers.node(OTHER, tmp_path / OTHER)
    yield node
    node.close()


@pytest.mark.parametrize(("when", "kept"), [("before", 0), ("after", 1)])
def test_killed_in_the_middle(peers: Peers, tmp_path: Path, when: str, kept: int) -> None:
    log = anchored(peers, OWNER, 1000)
    (tmp_path / "network.json").write_bytes(peers.network.file.encode())

    def work(crash_at: str | None = None) -> int:
        return child.fork(follow_mirrors, str(tmp_path), OTHER, crash_at=crash_at)

    node = open_peer(
        tmp_path, peers.network.file, make_keys(SEED), node={"code": OTHER, "name": OTHER}
    )
    try:
        assert work(f"mirror.kept:{when}") == child.KILLED
        found = held(node, log.log_id)
        assert (found.whole, found.size) == (kept, 0)
        peers.doors[OWNER].asked.clear()
        assert work() == 0
        found = held(node, log.log_id)
        assert (found.whole, found.size, found.noted) == (3, 1000, 1000)
        asked = [path for path in peers.doors[OWNER].asked if path.endswith(entries_path(0))]
        assert len(asked) == 1 - kept
        for n, part in enumerate([256, 256, 256, 232]):
            path = f"/mirrors/{log.log_id.hex()}/{entries_path(n, part)}"
            answer = client_of(node).get(path)
            assert answer.content == encode_bundle(log.entries[256 * n : 256 * n + part])
    finally:
        node.close()


DAMAGES = {
    "a bundle that is gone": (mirror_bundles, None, entries_path(1)),
    "a tile that is gone": (mirror_tiles, None, "tile/0/001"),
    "a bundle that was changed": (mirror_bundles, b"\x00changed", entries_path(1)),
    "a tile that was cut": (mirror_tiles, bytes(31), "tile/0/001"),
}


@pytest.mark.parametrize(("table", "left", "piece"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_piece_is_fetched_anew_and_nothing_else(
    peers: Peers, node: Node, table: sa.Table, left: bytes | None, piece: str
) -> None:
    """Whoever asks for it may be anybody: no copy is dropped for that."""
    log = anchored(peers, OWNER, 600)
    peers.follow(node)
    change = sa.delete(table) if left is None else sa.update(table).values(data=left)
    with begin_write(node.ctx.engine) as connection:
        connection.execute(change.where(table.c.n == 1))
    base, client = f"/mirrors/{log.log_id.hex()}", client_of(node)
    assert client.get(f"{base}/{piece}").status_code == 404
    peers.doors[OWNER].asked.clear()
    peers.doors[OWNER].answer = nobody
    node.mirrors.step()  # the owner does not answer: what there is stays
    assert client.get(f"{base}/{entries_path(0)}").status_code == 200
    assert client.get(f"{base}/checkpoint").status_code == 200
    peers.doors[OWNER].open_to_log(log)
    node.mirrors._backoff.clear()
    peers.doors[OWNER].asked.clear()
    peers.follow(node)
    assert client.get(f"{base}/{piece}").content == log.fetch(piece, 1 << 20)
    assert not [path for path in peers.doors[OWNER].asked if path.endswith(entries_path(0))]
    assert (held(node, log.log_id).noted, held(node, log.log_id).error) == (600, None)


def test_a_damaged_piece_comes_from_another_mirror(
    peers: Peers, node: Node, tmp_path: Path
) -> None:
    """Where its owner is gone."""
    log = anchored(peers, OWNER, 600)
    other = peers.node(THIRD, tmp_path / THIRD)
    try:
        for one in (node, other):
            peers.follow(one)
        peers.doors[OWNER].answer = nobody
        peers.doors[THIRD].open_to(other)
        with begin_write(node.ctx.engine) as connection:
            connection.execute(sa.delete(mirror_bundles).where(mirror_bundles.c.n == 1))
        url = f"/mirrors/{log.log_id.hex()}/{entries_path(1)}"
        assert client_of(node).get(url).status_code == 404
        peers.follow(node)
        assert client_of(node).get(url).content == log.fetch(entries_path(1), 1 << 20)
    finally:
        other.close()


def test_the_edge_that_was_changed(peers: Peers, node: Node, tmp_path: Path) -> None:
    """Found by its root when the next checkpoint is kept, and put right."""
    log = anchored(peers, OWNER, 300)
    peers.follow(node)
    with begin_write(node.ctx.engine) as connection:
        at_edge = (mirror_tiles.c.level == 0) & (mirror_tiles.c.n == 1)
        connection.execute(sa.update(mirror_tiles).where(at_edge).values(data=bytes(44 * 32)))
        connection.execute(sa.update(mirrors).values(note=None, noted=0))
    for _ in range(3):
        node.mirrors._backoff.clear()
        peers.follow(node)
    found = held(node, log.log_id)
    assert (found.size, found.noted, found.error) == (300, 300, None)
    path = "tile/0/001.p/44"
    answer = client_of(node).get(f"/mirrors/{log.log_id.hex()}/{path}")
    assert answer.content == log.fetch(path, 1 << 20)


@pytest.mark.parametrize("closed", [256, 300, 512])
def test_back_to_the_size_at_which_a_log_was_closed(peers: Peers, node: Node, closed: int) -> None:
    """Whoever stole its key anchored more: that is dropped, and what it was before is served."""
    log = MemberLog(peers.network, OWNER)
    log.put_raw(*make_entries(closed, OWNER, log.log_id))
    log.anchor()
    root = log.root()
    log.put_raw(*make_entries(700, "a thief", log.log_id))
    log.anchor()
    peers.anvil.mine()
    peers.doors[OWNER].open_to_log(log)
    peers.follow(node)
    assert held(node, log.log_id).size == closed + 700
    close_log(peers.network, log.log_id, closed)
    peers.anvil.mine()
    honest = MemberLog(peers.network, OWNER)
    honest.put_raw(*log.entries[:closed])
    peers.doors[OWNER].open_to_log(honest)
    peers.follow(node)
    found = held(node, log.log_id)
    assert (found.size, found.root, found.anchored) == (closed, root, closed)
    assert (found.noted, found.error) == (closed, None)
    base, client = f"/mirrors/{log.log_id.hex()}", client_of(node)
    last = closed // 256
    if closed % 256:
        path = entries_path(last, closed % 256)
        assert client.get(f"{base}/{path}").content == encode_bundle(
            log.entries[256 * last : closed]
        )
    assert client.get(f"{base}/{entries_path(last + 1)}").status_code == 404
    assert client.get(f"{base}/checkpoint").text.startswith(honest.checkpoint())
    with node.ctx.engine.connect() as connection:
        sizes = [sa.func.sum(sa.func.length(t.c.data)) for t in (mirror_bundles, mirror_tiles)]
        assert found.stored == sum(connection.scalar(sa.select(size)) or 0 for size in sizes)


def test_a_lost_piece_is_not_cosigned_by_the_next_process(
    peers: Peers, node: Node, tmp_path: Path
) -> None:
    """Though nobody has asked for it."""
    log = anchored(peers, OWNER, 600)
    peers.follow(node)
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.delete(mirror_bundles).where(mirror_bundles.c.n == 1))
    log.put_raw(b"more")
    log.anchor()
    peers.anvil.mine()
    again = peers.node(OTHER, tmp_path / OTHER)
    try:
        peers.look(again)
        again.mirrors.look()
        again.mirrors.step()
        assert held(again, log.log_id).noted == 600
        again.mirrors._backoff.clear()
        peers.follow(again)
        found = held(again, log.log_id)
        assert (found.size, found.noted, found.error) == (601, 601, None)
    finally:
        again.close()


def test_a_lost_chain_takes_its_copies_along(peers: Peers, node: Node) -> None:
    anchored(peers, OWNER, 300)
    peers.follow(node)
    with begin_write(node.ctx.engine) as connection:
        lose_mirrors(connection)
    with node.ctx.engine.connect() as connection:
        assert all_mirrors(connection) == []
        assert connection.scalar(sa.select(sa.func.count()).select_from(mirror_tiles)) == 0
    peers.follow(node)
    assert held(node, peers.log_id(OWNER)).size == 300


@pytest.mark.parametrize(
    ("allowed", "code"),
    [
        (Bounds(total=1, member=1 << 40, log=1 << 40), FULL),
        (Bounds(total=1 << 40, member=1, log=1 << 40), FULL_MEMBER),
        (Bounds(total=1 << 40, member=1 << 40, log=1), FULL_LOG),
    ],
)
def test_no_more_is_kept_than_the_bounds_allow(
    peers: Peers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allowed: Bounds, code: str
) -> None:
    monkeypatch.setattr(services, "FIRST_PAUSE", 0.0)
    node = peers.node(OTHER, tmp_path / "full")
    try:
        log = anchored(peers, OWNER, 300)
        peers.follow(node)
        log.put_raw(b"more")
        log.anchor()
        peers.anvil.mine()
        stored = held(node, log.log_id).stored
        monkeypatch.setattr(services, "bounds", lambda *_: allowed)
        peers.follow(node)
        found = held(node, log.log_id)
        assert (found.size, found.error, found.stored) == (300, code, stored)
        text = client_of(node).get("/metrics").text
        label = f'{{log="{log.log_id.hex()}"}}'
        assert f"credit_ledger_mirror_full{label} 1.0" in text
        assert f"credit_ledger_mirror_bytes{label} {float(stored)}" in text
        told = [one for one in found_mirrors(node.ctx.engine) if code in one.text["en"]]
        assert [one.level for one in told] == [Level.WARNING]
    finally:
        node.close()


def test_one_that_lies_leaves_room_for_the_others(peers: Peers, tmp_path: Path) -> None:
    """Its log is as large as it may be; another one is followed all the same."""
    node = peers.node(OTHER, tmp_path / "share", mirrors={"max_bytes": 1 << 20, "log_share": 0.02})
    try:
        flood = anchored(peers, OWNER, 600)
        peers.follow(node)
        flood.put_raw(*make_entries(600, "flood", flood.log_id))
        flood.anchor()
        log = anchored(peers, THIRD, 300)
        peers.follow(node)
        assert held(node, flood.log_id).error == FULL_LOG
        assert (held(node, log.log_id).size, held(node, log.log_id).error) == (300, None)
    finally:
        node.close()


def test_bounds_go_by_what_the_disk_has_room_for(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, usage = node.ctx.settings.mirrors, (1000, 0, 300)
    monkeypatch.setattr("shutil.disk_usage", lambda _: _Usage(*usage))
    found = limits.bounds(settings, node.ctx.engine, 800)
    if node.ctx.engine.dialect.name == "sqlite":
        # A tenth is left free, so that 200 more may be kept.
        assert found == Bounds(total=1000, member=500, log=400)
    else:
        assert found.total == settings.max_bytes


def test_a_mirror_is_not_kept_where_it_is_switched_off(peers: Peers, tmp_path: Path) -> None:
    anchored(peers, OWNER, 3)
    node = peers.node(OTHER, tmp_path / "off", mirrors={"enabled": False})
    try:
        peers.look(node)
        assert not node.mirrors.enabled and not node.mirrors.step()
        with node.ctx.engine.connect() as connection:
            assert all_mirrors(connection) == []
    finally:
        node.close()


def test_without_a_witness_key_nothing_is_cosigned_until_there_is_one(
    peers: Peers, tmp_path: Path
) -> None:
    log = anchored(peers, OWNER, 3)
    url = f"/mirrors/{log.log_id.hex()}/checkpoint"
    node = peers.node(OTHER, tmp_path / "key", witness=False)
    try:
        peers.follow(node)
        assert client_of(node).get(url).text == log.checkpoint()
        node.signing.use(peers.keyring(OTHER))
        peers.follow(node)
        assert client_of(node).get(url).text.startswith(log.checkpoint() + "— ")
    finally:
        node.close()


def test_after_a_rotation_the_new_key_cosigns(peers: Peers, node: Node) -> None:
    log = anchored(peers, OWNER, 3)
    peers.follow(node)
    url = f"/mirrors/{log.log_id.hex()}/checkpoint"
    before = client_of(node).get(url).text
    peers.follow(node)
    assert client_of(node).get(url).text == before  # signed once
    new = LocalSigner(Alg.ED25519, new_secret())
    add_key(peers.network, OTHER, Purpose.WITNESS, new)
    node.chain.expire()
    peers.look(node)
    node.signing.use(node.signing.keys.with_key(Purpose.WITNESS, new))
    peers.follow(node)
    head = note.parse_checkpoint(client_of(node).get(url).text)
    (line,) = head.witnesses
    note.verify_cosignature(head, line, new.public_key)


def test_a_key_that_is_not_registered_cosigns_nothing(peers: Peers, node: Node) -> None:
    log = anchored(peers, OWNER, 3)
    node.signing.use(
        peers.keyring(OTHER).with_key(
            Purpose.WITNESS,
            peers.network.keys[THIRD, Purpose.WITNESS],
        )
    )
    peers.follow(node)
    answer = client_of(node).get(f"/mirrors/{log.log_id.hex()}/checkpoint")
    assert answer.text == log.checkpoint()


def test_a_gateway_says_what_it_keeps(peers: Peers, node: Node) -> None:
    log = anchored(peers, OWNER, 3)
    peers.follow(node)
    shown = {one["log"]: one for one in client_of(node).get("/v1/node").json()["mirrors"]}
    assert len(shown) == 3
    found = shown[log.log_id.hex()]
    assert (found["member"], found["size"], found["anchoredSize"]) == (OWNER, 3, 3)
    assert found["url"].endswith(f"/mirrors/{log.log_id.hex()}") and found["error"] is None
    text = client_of(node).get("/metrics").text
    assert f'credit_ledger_mirrored_size{{log="{log.log_id.hex()}"}} 3.0' in text
    assert f'credit_ledger_mirror_anchored_size{{log="{log.log_id.hex()}"}} 3.0' in text
    assert f'credit_ledger_mirror_error{{log="{log.log_id.hex()}"}} 0.0' in text


def test_a_member_without_an_endpoint_is_told(
    peers: Peers, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = anchored(peers, OWNER, 3)
    monkeypatch.setattr("gateway.mirrors.reading.is_plain_url", lambda text: False)
    peers.follow(node)
    assert held(node, log.log_id).error == NO_ENDPOINT


def test_no_private_address_is_called_in_production(peers: Peers, node: Node) -> None:
    """And whoever looks after the node learns why nothing is kept: no member is to blame."""
    assert node.mirrors.http.request("GET", peers.doors[OWNER].url)[0] == 503
    settings = node.ctx.settings.model_copy(update={"env": "production"})
    strict = Mirrors(
        replace(node.ctx, settings=settings),
        chain=node.chain,
        reader=node.reader,
        signing=node.signing,
    )
    try:
        with pytest.raises(RpcFailure):
            strict.http.request("GET", peers.doors[OWNER].url)
        log = anchored(peers, OWNER, 3)
        peers.look(node)
        strict.look()
        strict.step()
    finally:
        strict.close()
    assert (held(node, log.log_id).size, held(node, log.log_id).error) == (0, ADDRESS_PRIVATE)
    [remedy] = [one.remedy for one in found_mirrors(node.ctx.engine) if one.remedy]
    assert all("address-private" in said and "private_networks" in said for said in remedy.values())
    peers.follow(node)
    assert (held(node, log.log_id).size, held(node, log.log_id).error) == (3, None)


def test_a_doctor_says_what_is_kept(peers: Peers, node: Node) -> None:
    anchored(peers, OWNER, 3)
    log = anchored(peers, THIRD, 3)
    peers.doors[THIRD].answer = nobody
    peers.follow(node)
    found = {one.text["en"]: one for one in found_mirrors(node.ctx.engine)}
    assert len(found) == 3
    good, bad = (next(o for t, o in found.items() if f"member {m} " in t) for m in (OWNER, THIRD))
    assert (good.level, good.remedy) == (Level.OK, None)
    assert bad.level is Level.WARNING and bad.remedy is not None
    assert "unreachable" in bad.text["zh"] and log.log_id.hex()[:16] in bad.text["zh"]
