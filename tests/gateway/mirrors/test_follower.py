"""The thread: whose turn it is, and when it ends."""

import threading
from pathlib import Path

import sqlalchemy as sa

from gateway.base.db import begin_write
from gateway.mirrors import tasks
from gateway.mirrors.models import mirror_bundles
from gateway.mirrors.tasks import MirrorFollower
from gateway.node import Node
from ledger.core.tiles import entries_path
from tests.gateway.mirrors.test_lies import OTHER, OWNER, anchored, held
from tests.support.mirrored import Peers, client_of


def follower(node: Node) -> MirrorFollower:
    return MirrorFollower(node.mirrors, node.witnesses, node.lease)


def test_only_who_holds_the_lease_follows(peers: Peers, tmp_path: Path) -> None:
    log = anchored(peers, OWNER, 3)
    node = peers.node(OTHER, tmp_path / OTHER)
    stop = threading.Event()
    try:
        peers.look(node)
        assert follower(node)(stop) == tasks.EVERY
        assert node.mirrors.peers is None
        assert node.lease.take()
        while follower(node)(stop) == 0.0:
            pass
        assert held(node, log.log_id).noted == 3
    finally:
        node.lease.release()
        node.close()


def test_what_it_found_damaged_it_mends_without_the_lease(peers: Peers, tmp_path: Path) -> None:
    """Nobody else knows of it; and it follows nothing besides."""
    log = anchored(peers, OWNER, 300)
    node = peers.node(OTHER, tmp_path / OTHER)
    stop = threading.Event()
    try:
        peers.follow(node)
        with begin_write(node.ctx.engine) as connection:
            connection.execute(sa.delete(mirror_bundles).where(mirror_bundles.c.n == 0))
        url = f"/mirrors/{log.log_id.hex()}/{entries_path(0)}"
        assert client_of(node).get(url).status_code == 404
        log.put_raw(b"more")
        log.anchor()
        peers.anvil.mine()
        assert not node.lease.held
        assert follower(node)(stop) == tasks.EVERY
        assert client_of(node).get(url).content == log.fetch(entries_path(0), 1 << 20)
        assert held(node, log.log_id).size == 300
    finally:
        node.close()


def test_no_turn_is_begun_after_the_end(peers: Peers, tmp_path: Path) -> None:
    log = anchored(peers, OWNER, 3)
    node = peers.node(OTHER, tmp_path / OTHER)
    stop = threading.Event()
    stop.set()
    try:
        peers.look(node)
        node.mirrors.look()
        assert not node.mirrors.step(stop)
        assert held(node, log.log_id).size == 0
        assert node.witnesses.step(node.mirrors.peers, stop) == 0
    finally:
        node.close()
