"""What is kept stays, and is had again: after a kill, a lost piece, a lost chain."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.base.db import begin_write
from gateway.mirrors import services
from gateway.mirrors.errors import FULL, NO_ENDPOINT
from gateway.mirrors.models import mirror_bundles, mirror_tiles
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
from tests.support.member import SEED
from tests.support.mirrored import Peers, client_of, nobody, open_peer
from tests.support.node import make_keys
from tests.support.votes import add_key
from tests.support.work import follow_mirrors


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


@pytest.mark.parametrize("table", [mirror_bundles, mirror_tiles])
def test_a_lost_piece_has_all_read_anew(peers: Peers, node: Node, table: sa.Table) -> None:
    log = anchored(peers, OWNER, 600)
    peers.follow(node)
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.delete(table).where(table.c.n == 1))
    paths = {mirror_bundles: entries_path(1), mirror_tiles: "tile/0/001"}
    url = f"/mirrors/{log.log_id.hex()}/{paths[table]}"
    assert client_of(node).get(url).status_code == 404
    peers.follow(node)
    assert client_of(node).get(url).content == log.fetch(paths[table], 1 << 20)
    assert held(node, log.log_id).noted == 600


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


def test_no_more_is_kept_than_the_settings_allow(
    peers: Peers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
        monkeypatch.setattr("gateway.mirrors.store.total_bytes", lambda connection: 1 << 40)
        peers.follow(node)
        found = held(node, log.log_id)
        assert (found.size, found.error, found.stored) == (300, FULL, stored)
    finally:
        node.close()


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
    finally:
        strict.close()


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
