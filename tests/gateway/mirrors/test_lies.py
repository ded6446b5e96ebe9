"""What an owner may do to whoever follows its log: lie, stall, be gone. Nothing false is kept."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.base.db import begin_write
from gateway.mirrors import reading, services
from gateway.mirrors.errors import NOT_SERVED, NOTE_MISSING, OTHER_TREE, UNREACHABLE
from gateway.mirrors.models import mirrors
from gateway.mirrors.store import Mirror, MirrorTiles, find_mirror
from gateway.node import Node
from ledger.core import note
from ledger.core.keys import Purpose
from ledger.core.tiles import encode_bundle, entries_path, root_at, tile_path
from tests.support.ledger import MemberLog
from tests.support.log import make_entries
from tests.support.mirrored import Peers, client_of, nobody

OWNER, OTHER, THIRD = "110000", "120000", "130000"
SIZE = 600


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed is tried again with the next step."""
    monkeypatch.setattr(services, "FIRST_PAUSE", 0.0)


@pytest.fixture
def node(peers: Peers, tmp_path: Path) -> Iterator[Node]:
    node = peers.node(OTHER, tmp_path / OTHER)
    yield node
    node.close()


def anchored(peers: Peers, code: str, count: int) -> MemberLog:
    """A log without a gateway, finally anchored, behind its member's door."""
    log = MemberLog(peers.network, code)
    log.put_raw(*make_entries(count, code, log.log_id))
    log.anchor()
    peers.anvil.mine()
    peers.doors[code].open_to_log(log)
    return log


def held(node: Node, log_id: bytes) -> Mirror:
    with node.ctx.engine.connect() as connection:
        found = find_mirror(connection, log_id)
    assert found is not None
    return found


def changed(entries: list[bytes]) -> bytes:
    return encode_bundle([entries[0].replace(b"statement", b"statemenu"), *entries[1:]])


def an_entry(log: MemberLog) -> None:
    log.served[entries_path(1)] = changed(log.entries[256:512])


def the_last_entry(log: MemberLog) -> None:
    log.served[entries_path(2, 88)] = changed(log.entries[512:])


def an_entry_more(log: MemberLog) -> None:
    log.served[entries_path(0)] = encode_bundle(log.entries[:257])


def no_entries(log: MemberLog) -> None:
    log.served[entries_path(0)] = b""


def a_tile(log: MemberLog) -> None:
    log.served[tile_path(0, 1)] = bytes(8192)


def a_tile_too_short(log: MemberLog) -> None:
    log.served[tile_path(0, 1)] = bytes(31)


def the_edge(log: MemberLog) -> None:
    log.served[tile_path(0, 2, 88)] = bytes(88 * 32)


def the_upper_edge(log: MemberLog) -> None:
    log.served[tile_path(1, 0, 2)] = bytes(64)


def a_tile_and_its_entries(log: MemberLog) -> None:
    """Consistent with each other, and not with the root."""
    others = MemberLog(log.network, log.member, entries=make_entries(256, "x", log.log_id))
    log.served[entries_path(1)] = others.fetch(entries_path(0), 1 << 20)
    log.served[tile_path(0, 1)] = others.fetch(tile_path(0, 0), 1 << 20)


def another_tree(log: MemberLog) -> None:
    log.entries[:] = make_entries(SIZE, "another", log.log_id)


LIES: list[Callable[[MemberLog], None]] = [
    *(an_entry, the_last_entry, an_entry_more, no_entries, a_tile, a_tile_too_short),
    *(the_edge, the_upper_edge, a_tile_and_its_entries, another_tree),
]


def check_sound(node: Node, mirror: Mirror, truth: list[bytes]) -> None:
    """Whatever is kept is what was anchored."""
    with node.ctx.engine.connect() as connection:
        kept = MirrorTiles(connection, mirror.id)
        for n in range(mirror.whole):
            assert kept.bundle(n) == encode_bundle(truth[256 * n : 256 * n + 256])
        if mirror.size:
            assert root_at(kept, mirror.size) == mirror.root


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_neither_kept_nor_cosigned(
    peers: Peers, node: Node, lie: Callable[[MemberLog], None]
) -> None:
    log = anchored(peers, OWNER, SIZE)
    truth = list(log.entries)
    lie(log)
    peers.follow(node)
    found = held(node, log.log_id)
    assert (found.size, found.anchored, found.error) == (0, SIZE, OTHER_TREE)
    check_sound(node, found, truth)
    assert client_of(node).get(f"/mirrors/{log.log_id.hex()}/checkpoint").status_code == 404
    log.entries[:], log.served = truth, {}
    peers.follow(node)
    found = held(node, log.log_id)
    assert (found.size, found.noted, found.error) == (SIZE, SIZE, None)
    check_sound(node, found, truth)


def test_a_shorter_log(peers: Peers, node: Node) -> None:
    log = anchored(peers, OWNER, SIZE)
    truth = list(log.entries)
    del log.entries[500:]
    peers.follow(node)
    found = held(node, log.log_id)
    assert (found.size, found.error) == (0, NOT_SERVED)
    check_sound(node, found, truth)


def test_a_fork_behind_what_is_held_changes_nothing(peers: Peers, node: Node) -> None:
    """The old tree stays, served and cosigned, whatever the owner serves later."""
    log = anchored(peers, OWNER, 300)
    peers.follow(node)
    before = client_of(node).get(f"/mirrors/{log.log_id.hex()}/checkpoint").text
    truth = list(log.entries)
    log.put_raw(*make_entries(300, "more", log.log_id))
    log.anchor()
    peers.anvil.mine()
    log.entries[3] = log.entries[4]
    peers.follow(node)
    found = held(node, log.log_id)
    assert (found.size, found.anchored, found.error) == (300, 600, OTHER_TREE)
    assert client_of(node).get(f"/mirrors/{log.log_id.hex()}/checkpoint").text == before
    answer = client_of(node).get(f"/mirrors/{log.log_id.hex()}/{entries_path(0)}")
    assert answer.content == encode_bundle(truth[:256])
    assert client_of(node).get(f"/mirrors/{log.log_id.hex()}/{entries_path(1)}").status_code == 404


def by_another_key(log: MemberLog) -> str:
    return log.checkpoint(signer=log.network.keys[THIRD, Purpose.NOTE])


def of_another_root(log: MemberLog) -> str:
    body = note.checkpoint_body(note.origin_of(log.log_id), SIZE, bytes(32))
    key = log.key(Purpose.NOTE)
    return note.encode_checkpoint(body, key.public_key, key.sign(body))


@pytest.mark.parametrize(
    ("served", "code"),
    [
        (by_another_key, NOTE_MISSING),
        (of_another_root, OTHER_TREE),
        (lambda log: log.checkpoint(599), NOTE_MISSING),
        (lambda log: "nonsense", NOTE_MISSING),
    ],
)
def test_only_the_owners_checkpoint_of_this_tree_is_cosigned(
    peers: Peers, node: Node, served: Callable[[MemberLog], str], code: str
) -> None:
    log = anchored(peers, OWNER, SIZE)
    log.served["checkpoint"] = served(log).encode()
    peers.follow(node)
    found = held(node, log.log_id)
    assert (found.size, found.note, found.error) == (SIZE, None, code)
    assert client_of(node).get(f"/mirrors/{log.log_id.hex()}/checkpoint").status_code == 404
    log.served.clear()
    peers.follow(node)
    assert held(node, log.log_id).noted == SIZE


def test_one_that_stalls_and_one_that_is_gone_hold_up_nobody(
    peers: Peers, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PIECE_SECONDS", 5.0)
    logs = {code: anchored(peers, code, 300) for code in (OWNER, THIRD, "140000")}
    release = threading.Event()

    def stall(_path: str) -> tuple[int, bytes]:
        release.wait(600)
        return 503, b""

    peers.doors[OWNER].answer, peers.doors["140000"].answer = stall, nobody
    try:
        peers.follow(node)
    finally:
        release.set()
    assert held(node, logs[THIRD].log_id).size == 300
    for code in (OWNER, "140000"):
        found = held(node, logs[code].log_id)
        assert (found.size, found.error) == (0, UNREACHABLE)


def test_logs_take_turns(peers: Peers, node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """However far one is behind, it gets a bounded turn."""
    monkeypatch.setattr(services, "CHUNK", 1)
    logs = [anchored(peers, OWNER, 1200), anchored(peers, THIRD, 300)]
    peers.look(node)
    node.mirrors.look()
    assert node.mirrors.step()
    assert [held(node, log.log_id).whole for log in logs] == [1, 1]
    assert held(node, logs[1].log_id).size == 300
    peers.follow(node)
    assert held(node, logs[0].log_id).size == 1200


def test_a_failure_is_followed_by_a_pause(
    peers: Peers, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "FIRST_PAUSE", 3600.0)
    log = anchored(peers, OWNER, 3)
    door = peers.doors[OWNER]
    door.answer = nobody
    peers.follow(node)
    asked = len(door.asked)
    assert asked
    peers.follow(node)
    assert len(door.asked) == asked
    assert held(node, log.log_id).error == UNREACHABLE


def test_a_redirect_is_not_followed(peers: Peers, node: Node) -> None:
    log = anchored(peers, OWNER, 3)
    peers.doors[OWNER].answer = lambda path: (302, b"")
    peers.follow(node)
    assert held(node, log.log_id).error == UNREACHABLE


def test_an_anchor_that_does_not_go_on_from_what_is_held(peers: Peers, node: Node) -> None:
    """The contract takes none; if it ever did, the old tree would be served as it was."""
    log = anchored(peers, OWNER, 300)
    peers.follow(node)
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.update(mirrors).values(root=bytes(32)))
    log.put_raw(*make_entries(300, "more", log.log_id))
    log.anchor()
    peers.anvil.mine()
    peers.follow(node)
    found = held(node, log.log_id)
    assert (found.size, found.whole, found.anchored, found.error) == (300, 1, 600, OTHER_TREE)
