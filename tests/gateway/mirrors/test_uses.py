"""What mirrors are for: a replay whose owner is gone, a receipt with a witness."""

import base64
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from gateway.node import Node
from ledger.audit.replay import Report, replay
from ledger.chain.nodes.quorum import QuorumReader
from ledger.core import note, receipt
from ledger.core.keys import Purpose
from ledger.core.merkle import leaf_hash
from ledger.core.tiles import entries_path
from ledger.verify import ask
from tests.gateway.mirrors.test_lies import OTHER, OWNER, THIRD
from tests.support.ledger import MemberLog, make_record
from tests.support.mirrored import Peers, client_of, nobody
from tests.support.votes import suspend
from tests.verify.conftest import Ledger
from tests.verify.test_records import VALID, told
from tests.verify.test_records import verify as verified_on


@pytest.fixture
def node(peers: Peers, tmp_path: Path) -> Iterator[Node]:
    node = peers.node(OTHER, tmp_path / OTHER)
    peers.doors[OTHER].open_to(node)
    yield node
    node.close()


def records(peers: Peers, count: int) -> MemberLog:
    log = MemberLog(peers.network, OWNER)
    for _ in range(count):
        log.put(make_record(log, decided=date(2025, 10, 12)))
    log.anchor()
    peers.anvil.mine(2, seconds=10)
    peers.doors[OWNER].open_to_log(log)
    return log


def replayed(peers: Peers, block: int | None = None) -> tuple[Report, list[tuple[str, str]]]:
    heard: list[tuple[str, str]] = []
    reader = QuorumReader(peers.network.file, now=peers.anvil.head_time)
    try:
        report = replay(
            peers.network.file,
            reader=reader,
            to_block=block,
            told=lambda log, by: heard.append((log, by)),
        )
    finally:
        reader.close()
    return report, heard


def test_the_owner_is_gone_and_a_replay_is_complete(peers: Peers, node: Node) -> None:
    log = records(peers, 300)
    peers.follow(node)
    with_owner, heard = replayed(peers)
    assert with_owner.exit == 0 and heard == []
    peers.doors[OWNER].answer = nobody
    without, heard = replayed(peers)
    assert without.encode() == with_owner.encode()
    assert heard == [(log.log_id.hex(), OTHER)]
    peers.doors[OTHER].answer = nobody
    assert replayed(peers)[0].exit == 4


def test_a_mirror_that_is_ahead_serves_a_replay_of_a_block_before(peers: Peers, node: Node) -> None:
    log = records(peers, 300)
    block = int(peers.anvil.call("eth_blockNumber"), 16)
    before, _ = replayed(peers, block - 1)
    for _ in range(5):
        log.put(make_record(log, decided=date(2025, 10, 12)))
    log.anchor()
    peers.anvil.mine(2, seconds=10)
    peers.follow(node)
    peers.doors[OWNER].answer = nobody
    report, heard = replayed(peers, block - 1)
    assert report.encode() == before.encode() and report.exit == 0
    assert heard == [(log.log_id.hex(), OTHER)]


def test_a_piece_that_the_owner_withholds_is_read_from_a_mirror(peers: Peers, node: Node) -> None:
    log = records(peers, 300)
    peers.follow(node)
    with_owner, _ = replayed(peers)
    log.served = {entries_path(0): None, entries_path(1, 44): None, "tile/0/000": None}
    without, heard = replayed(peers)
    assert without.encode() == with_owner.encode()
    assert heard == [(log.log_id.hex(), OTHER)]


def test_a_mirror_that_lies_is_no_finding_against_the_owner(peers: Peers, node: Node) -> None:
    log = records(peers, 300)
    peers.follow(node)
    with_owner, _ = replayed(peers)
    other = MemberLog(peers.network, OWNER, entries=list(log.entries))
    other.entries[7] = other.entries[8]
    liar = peers.doors[THIRD]

    def lie(path: str) -> tuple[int, bytes]:
        return 200, other.fetch(path.partition(f"/{log.log_id.hex()}/")[2], 1 << 30)

    liar.answer, peers.doors[OWNER].answer = lie, nobody
    assert replayed(peers)[0].encode() == with_owner.encode()
    peers.doors[OTHER].answer = lie
    report, heard = replayed(peers)
    assert report.exit == 4 and heard == []
    assert {one["code"] for one in report.document["findings"]} == {"tiles-missing"}


@pytest.mark.parametrize(
    ("name", "size"),
    [(f"credit-ledger/witness/{THIRD}", 76), (f"credit-ledger/witness/{THIRD}", 77), ("x", 9)],
)
def test_a_line_that_a_mirror_added_spoils_no_replay(
    peers: Peers, node: Node, name: str, size: int
) -> None:
    """What it says of itself proves nothing there: the owner's signature does."""
    log = records(peers, 300)
    peers.follow(node)
    with_owner, _ = replayed(peers)
    line = base64.b64encode(bytes(size)).decode()

    def lie(path: str) -> tuple[int, bytes]:
        data = log.fetch(path.partition(f"/{log.log_id.hex()}/")[2], 1 << 30)
        if path.endswith("/checkpoint"):
            data += f"— {name} {line}\n".encode()
        return 200, data

    peers.doors[THIRD].answer = peers.doors[OTHER].answer = lie
    peers.doors[OWNER].answer = nobody
    assert replayed(peers)[0].encode() == with_owner.encode()


def test_a_receipt_carries_the_line_of_a_mirror(peers: Peers, node: Node, tmp_path: Path) -> None:
    owner = peers.node(OWNER, tmp_path / OWNER)
    peers.doors[OWNER].open_to(owner)
    try:
        batch = peers.grow(owner, 3, "a")
        leaf = leaf_hash(batch[1])
        bare = owner.receipts.receipt(leaf)
        owner.mirrors.look()
        assert owner.witnesses.step(owner.mirrors.peers) == 0  # nobody has it yet
        owner.witnesses._pauses.clear()
        peers.follow(node)
        assert owner.witnesses.step(owner.mirrors.peers) == 0  # later than any block
        pass_time(peers, owner)
        assert owner.witnesses.step(owner.mirrors.peers) == 1
        assert owner.witnesses.step(owner.mirrors.peers) == 0
        made = owner.receipts.receipt(leaf)
        assert isinstance(made, bytes) and isinstance(bare, bytes) and made != bare
        (line,) = receipt.parse(made).checkpoint.witnesses
        assert line.member == OTHER
        log = MemberLog(peers.network, OWNER)
        ledger = Ledger(peers.network, log, log)
        assert told(verified_on(ledger, bare, ask(witnesses=1)))[0] == "undetermined"
        found = verified_on(ledger, made, ask(witnesses=1))
        assert found.as_dict()["witnesses"] == [OTHER]
        assert "witnesses-too-few" not in told(found)[2]
    finally:
        owner.close()


def pass_time(peers: Peers, owner: Node) -> None:
    """The chain's clock passes ours, and the owner sees it."""
    behind = max(0, owner.ctx.clock.seconds() - peers.anvil.head_time())
    peers.anvil.mine(2, seconds=behind + 10)
    owner.chain.expire()
    peers.look(owner)
    owner.mirrors.look()
    owner.witnesses._pauses.clear()


def test_a_record_verifies_with_a_mirror_as_its_witness(peers: Peers, node: Node) -> None:
    log = records(peers, 3)
    peers.follow(node)
    text = client_of(node).get(f"/mirrors/{log.log_id.hex()}/checkpoint").text
    pass_time(peers, node)
    data = log.receipt(1, checkpoint=text)
    ledger = Ledger(peers.network, log, log)
    found = verified_on(ledger, data, ask(witnesses=1))
    assert told(found) == VALID and found.as_dict()["witnesses"] == [OTHER]
    assert told(verified_on(ledger, data, ask(witnesses=2)))[2] == ["witnesses-too-few"]


def test_lines_of_a_member_that_is_suspended_are_dropped(
    peers: Peers, node: Node, tmp_path: Path
) -> None:
    """They would spoil receipts that are good without them."""
    owner = peers.node(OWNER, tmp_path / OWNER)
    peers.doors[OWNER].open_to(owner)
    try:
        leaf = leaf_hash(peers.grow(owner, 3, "a")[1])
        bare = owner.receipts.receipt(leaf)
        peers.follow(node)
        pass_time(peers, owner)
        assert owner.witnesses.step(owner.mirrors.peers) == 1
        assert owner.receipts.receipt(leaf) != bare
        suspend(peers.network, OTHER)
        pass_time(peers, owner)
        assert owner.witnesses.step(owner.mirrors.peers) == 0
        assert owner.receipts.receipt(leaf) == bare
    finally:
        owner.close()


LINES = {
    "of another member": (THIRD, Purpose.WITNESS, THIRD),
    "by the key of another": (OTHER, Purpose.WITNESS, THIRD),
    "by a key of another purpose": (OTHER, Purpose.NOTE, OTHER),
    "in the owner's name": (OWNER, Purpose.WITNESS, OWNER),
    "of nobody": ("nobody", Purpose.WITNESS, OTHER),
}


@pytest.mark.parametrize("name", LINES)
def test_a_line_that_does_not_verify_is_not_taken_up(
    peers: Peers, tmp_path: Path, name: str
) -> None:
    member, purpose, holder = LINES[name]
    owner = peers.node(OWNER, tmp_path / OWNER)
    try:
        peers.grow(owner, 3, "a")
        pass_time(peers, owner)
        with owner.ctx.engine.connect() as connection:
            head = note.parse_checkpoint(
                str(connection.exec_driver_sql("SELECT note FROM anchors").scalar_one())
            )
        key = peers.network.keys[holder, purpose]
        line = note.cosign(
            head,
            member=member,
            time=owner.ctx.clock.seconds(),
            public_key=key.public_key,
            sign=key.sign,
        )
        peers.doors[OTHER].answer = lambda path: (200, (head.text + line.line).encode())
        assert owner.witnesses.step(owner.mirrors.peers) == 0
        ahead = note.cosign(
            head,
            member=OTHER,
            time=peers.anvil.head_time() + 3600,
            public_key=peers.network.keys[OTHER, Purpose.WITNESS].public_key,
            sign=peers.network.keys[OTHER, Purpose.WITNESS].sign,
        )
        owner.witnesses._pauses.clear()
        peers.doors[OTHER].answer = lambda path: (200, (head.text + ahead.line).encode())
        assert owner.witnesses.step(owner.mirrors.peers) == 0
    finally:
        owner.close()
