"""The thread: whose turn it is, and when it ends."""

import threading
from pathlib import Path

from gateway.mirrors import tasks
from gateway.mirrors.tasks import MirrorFollower
from gateway.node import Node
from tests.gateway.mirrors.test_lies import OTHER, OWNER, anchored, held
from tests.support.mirrored import Peers


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
