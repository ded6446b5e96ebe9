"""Two gateways on a real chain: one follows the log of the other."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.mirrors.store import Mirror, find_mirror
from gateway.node import Node
from ledger.core import note
from ledger.core.keys import Purpose
from ledger.core.tiles import entries_path, tile_path, tile_width
from tests.support.log import make_entries, promise_entries
from tests.support.mirrored import Peers, client_of

OWNER, OTHER = "110000", "120000"


@pytest.fixture
def owner(peers: Peers, tmp_path: Path) -> Iterator[Node]:
    node = peers.node(OWNER, tmp_path / OWNER)
    peers.doors[OWNER].open_to(node)
    yield node
    node.close()


@pytest.fixture
def other(peers: Peers, tmp_path: Path) -> Iterator[Node]:
    node = peers.node(OTHER, tmp_path / OTHER)
    yield node
    node.close()


def held(node: Node, log_id: bytes) -> Mirror:
    with node.ctx.engine.connect() as connection:
        found = find_mirror(connection, log_id)
    assert found is not None
    return found


def paths(size: int) -> Iterator[str]:
    """Every tile and bundle of a log of that size, at its width."""
    for level in range(4):
        n = 0
        while width := tile_width(size, level, n):
            yield tile_path(level, n, width)
            if level == 0:
                yield entries_path(n, width)
            n += 1


def test_a_mirror_equals_the_owners_log(peers: Peers, owner: Node, other: Node) -> None:
    log_id, size = peers.log_id(OWNER), 0
    theirs, ours = client_of(owner), client_of(other)
    for count in (1, 254, 2, 300, 443):
        peers.grow(owner, count, str(count))
        peers.follow(other)
        size += count
        kept = held(other, log_id)
        assert (kept.size, kept.anchored, kept.error) == (size, size, None)
        for path in paths(size):
            own = theirs.get(f"/logs/{log_id.hex()}/{path}")
            copy = ours.get(f"/mirrors/{log_id.hex()}/{path}")
            assert own.status_code == copy.status_code == 200, path
            assert own.content == copy.content
            assert own.headers["cache-control"] == copy.headers["cache-control"]
    assert size == 1000
    for path in (tile_path(0, 3, 233), entries_path(3, 233), tile_path(0, 4, 1), "tile/x"):
        assert ours.get(f"/mirrors/{log_id.hex()}/{path}").status_code == 404
    assert (
        ours.get(f"/mirrors/{log_id.hex()}/{entries_path(1, 17)}").content
        == theirs.get(f"/logs/{log_id.hex()}/{entries_path(1, 17)}").content
    )


def test_the_checkpoint_is_the_owners_with_our_cosignature(
    peers: Peers, owner: Node, other: Node
) -> None:
    log_id = peers.log_id(OWNER)
    peers.grow(owner, 3, "a")
    peers.follow(other)
    answer = client_of(other).get(f"/mirrors/{log_id.hex()}/checkpoint")
    own = client_of(owner).get(f"/logs/{log_id.hex()}/checkpoint")
    assert answer.headers["cache-control"] == own.headers["cache-control"] == "no-cache"
    head = note.parse_checkpoint(answer.text)
    assert answer.text.startswith(own.text) and head.size == 3
    (line,) = head.witnesses
    assert line.member == OTHER
    key = peers.network.keys[OTHER, Purpose.WITNESS]
    note.verify_cosignature(head, line, key.public_key)


def test_the_log_is_ahead_of_its_anchor(peers: Peers, owner: Node, other: Node) -> None:
    """What is published and not anchored is neither kept nor cosigned."""
    log_id = peers.log_id(OWNER)
    peers.grow(owner, 3, "a")
    promise_entries(owner, make_entries(4, "b", log_id), log_id)
    while owner.logs.step():
        pass
    peers.follow(other)
    assert held(other, log_id).size == held(other, log_id).noted == 3
    text = client_of(other).get(f"/mirrors/{log_id.hex()}/checkpoint").text
    assert note.parse_checkpoint(text).size == 3


def test_the_checkpoint_of_each_anchored_size_is_served(peers: Peers, owner: Node) -> None:
    log_id, client = peers.log_id(OWNER), client_of(owner)
    for count, size in ((3, 3), (4, 7)):
        peers.grow(owner, count, str(count))
        latest = client.get(f"/logs/{log_id.hex()}/checkpoint")
        exact = client.get(f"/logs/{log_id.hex()}/checkpoint/{size}")
        assert exact.text == latest.text
        assert "immutable" in exact.headers["cache-control"]
    assert client.get(f"/logs/{log_id.hex()}/checkpoint/3").status_code == 200
    for bad in ("0", "5", "8", "03", "-3", "x", "9" * 17, "3/", "\u0663"):
        assert client.get(f"/logs/{log_id.hex()}/checkpoint/{bad}").status_code == 404, bad
    for other in ("00" * 32, "x", peers.log_id(OTHER).hex()):
        assert client.get(f"/logs/{other}/checkpoint/3").status_code == 404
        assert client.get(f"/mirrors/{other}/checkpoint").status_code == 404
