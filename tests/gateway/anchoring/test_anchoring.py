"""Anchors on a real chain, step by step."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.anchoring import services
from gateway.anchoring.errors import AnchorRefused, AnchorsUnclear, LogFault
from gateway.anchoring.models import anchors
from gateway.base.db import begin_write
from gateway.base.errors import NotReady
from gateway.base.health import Condition
from gateway.chain.interfaces import OwnLog
from gateway.log.models import entries
from gateway.node import Node
from gateway.receipts.interfaces import Pending, Stranded
from ledger.chain.governing.actions import open_successor, register_contract
from ledger.chain.network import Hash32
from ledger.chain.nodes.quorum import View
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import LogId
from ledger.core.merkle import leaf_hash
from tests.gateway.anchoring.whole import check_whole, events, promise, rows, settle
from tests.gateway.intake.material import row
from tests.gateway.log.test_integrate import client_of
from tests.support.anvil import Anvil, start_anvil
from tests.support.callers import CENTRE
from tests.support.member import Member, create_log_anchor, decide, found_member
from tests.support.node import FORKED, make_anchorer, make_keys
from tests.support.postgres import copy_database
from tests.support.waiting import until


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Anvil, Member]]:
    """One chain for all: each test goes back to where it was just deployed."""
    with start_anvil() as anvil:
        yield anvil, found_member(anvil)


@pytest.fixture
def anvil(shared: tuple[Anvil, Member]) -> Iterator[Anvil]:
    anvil = shared[0]
    before = anvil.snapshot()
    yield anvil
    anvil.call("anvil_dropAllTransactions")
    anvil.call("evm_setAutomine", True)
    anvil.revert(before)


@pytest.fixture
def member(shared: tuple[Anvil, Member]) -> Member:
    return shared[1]


@pytest.fixture
def node(anvil: Anvil, member: Member, tmp_path: Path) -> Iterator[Node]:
    node = member.node(tmp_path / "node")
    yield node
    node.close()


def test_anchor_after_anchor(node: Node, member: Member, anvil: Anvil) -> None:
    promised: list[bytes] = []
    assert node.anchoring.step() == services.Progress()
    for count in (1, 300, 2):
        promised += promise(node, member, count, str(count))
        settle(node, anvil)
        check_whole(node, member, anvil, promised)
    assert [row.size for row in rows(node)] == [1, 301, 303]
    assert node.anchoring.step() == services.Progress()
    assert node.ctx.health.fault is None


def test_each_state_is_reached_in_turn(node: Node, member: Member, anvil: Anvil) -> None:
    (entry,) = promise(node, member, 1, "")
    leaf = leaf_hash(entry)
    anvil.call("evm_setAutomine", False)
    assert node.anchoring.step(may_sign=False) == services.Progress(waiting=True)
    assert rows(node) == []
    begun = services.Progress(changed=True, waiting=True, signed=True, sent=True)
    assert node.anchoring.step() == begun
    assert [row.state for row in rows(node)] == ["sent"]
    assert node.anchoring.step() == services.Progress(waiting=True, sent=True)
    anvil.mine()
    assert node.anchoring.step() == services.Progress(changed=True, waiting=True)
    assert [row.state for row in rows(node)] == ["mined"]
    assert isinstance(node.receipts.receipt(leaf), Pending)
    anvil.mine()
    assert node.anchoring.step() == services.Progress(changed=True)
    assert [row.state for row in rows(node)] == ["final"]
    assert isinstance(node.receipts.receipt(leaf), bytes)


def test_the_integrator_is_told_when_one_may_be_begun(
    member: Member, anvil: Anvil, tmp_path: Path
) -> None:
    """Not while one is on its way, nor while the chain cannot be read."""

    def away() -> View:
        raise CouldNotCheck("no-node", "away")

    node = member.node(tmp_path / "node", log={"anchor_interval": 0, "chain_poll": 0.001})
    stop, anchorer = threading.Event(), make_anchorer(node)
    promise(node, member, 1, "")
    anvil.call("evm_setAutomine", False)
    anchorer(stop)
    assert [row.state for row in rows(node)] == ["sent"]
    assert not node.ctx.pace.wait(0)
    anvil.mine()
    while [row.state for row in rows(node)] == ["sent"]:  # anvil may answer before it has mined
        anchorer(stop)
    assert node.ctx.pace.wait(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(node.reader, "head", away)
        with pytest.raises(CouldNotCheck):
            anchorer(stop)
    assert not node.ctx.pace.wait(0)
    anchorer(stop)
    assert node.ctx.pace.wait(0)
    node.close()


def test_growth_is_bounded(
    node: Node, member: Member, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "MAX_GROWTH", 10)
    promised = promise(node, member, 25, "")
    settle(node, anvil)
    assert [row.size for row in rows(node)] == [10, 20, 25]
    check_whole(node, member, anvil, promised)


# ---- chains that forget


def until_mined(node: Node) -> None:
    """Anvil makes the block after it has answered: on a busy machine some looks come too early."""

    def is_mined() -> bool:
        node.anchoring.step()
        return [row.state for row in rows(node)] == ["mined"]

    until(is_mined, "the anchor is not in a block")


def test_a_reorganisation_takes_an_anchor_away(node: Node, member: Member, anvil: Anvil) -> None:
    promised = promise(node, member, 3, "a")
    before = anvil.snapshot()
    until_mined(node)
    anvil.revert(before)
    anvil.mine(3)
    settle(node, anvil)
    assert [row.state for row in rows(node)] == ["lost", "final"]
    check_whole(node, member, anvil, promised)


def test_final_anchors_can_be_lost_too(node: Node, member: Member, anvil: Anvil) -> None:
    """A validator restored from a backup: more is gone than the finality rule thinks possible."""
    promised = promise(node, member, 3, "a")
    settle(node, anvil)
    kept = rows(node)[0]
    before = anvil.snapshot()
    for seed in "bcde":
        promised += promise(node, member, 3, seed)
        settle(node, anvil)
    leaf = leaf_hash(promised[-1])
    assert isinstance(node.receipts.receipt(leaf), bytes)
    anvil.revert(before)
    node.anchoring.step(may_sign=False)
    assert [row.state for row in rows(node)] == ["final", *["lost"] * 4]
    assert isinstance(node.receipts.receipt(leaf), Pending)
    settle(node, anvil)
    assert [row.state for row in rows(node)] == ["final", *["lost"] * 4, "final"]
    assert rows(node)[0] == kept
    check_whole(node, member, anvil, promised)


def test_an_anchor_that_moved_to_another_block(node: Node, member: Member, anvil: Anvil) -> None:
    """The same transaction mined again after a reorganisation: the same anchor, elsewhere."""
    promised = promise(node, member, 3, "a")
    before = anvil.snapshot()
    node.anchoring.step()
    node.anchoring.step()
    raw = _stored_transaction(node)
    first = rows(node)[0]
    anvil.revert(before)
    anvil.mine(2)
    sent = anvil.call("eth_sendRawTransaction", raw)
    while anvil.call("eth_getTransactionReceipt", sent) is None:
        time.sleep(0.01)  # anvil mines a moment later; the gateway is not to look in between
    anvil.mine()
    settle(node, anvil)
    (moved,) = rows(node)
    assert (moved.id, moved.tx_hash) == (first.id, first.tx_hash)
    assert (moved.block, moved.block_hash) != (first.block, first.block_hash)
    check_whole(node, member, anvil, promised)


def _stored_transaction(node: Node) -> str:
    stored = node.outbox._store.get("anchor/1")
    assert stored is not None
    return "0x" + stored.raws[-1].hex()


# ---- several gateways


def copy_of(node: Node, member: Member, folder: Path) -> Node:
    """A second gateway whose database is a copy of the first one's."""
    folder.mkdir()
    copy_database(node.ctx.engine, folder)
    return member.node(folder)


def test_another_gateway_anchored_the_same_first(
    node: Node, member: Member, anvil: Anvil, tmp_path: Path
) -> None:
    promised = promise(node, member, 5, "a")
    other = copy_of(node, member, tmp_path / "other")
    anvil.call("evm_setAutomine", False)
    node.anchoring.step()
    other.anchoring.step()
    assert [row.state for row in rows(node)] == ["sent"]
    anvil.mine(2)
    settle(node, anvil)
    settle(other, anvil)
    assert len(events(anvil, member)) == 1
    for one in (node, other):
        check_whole(one, member, anvil, promised)
        one.close()


def test_another_gateway_anchored_more(
    node: Node, member: Member, anvil: Anvil, tmp_path: Path
) -> None:
    """Ours was signed for a previous size that has gone by: it fails, the next one follows."""
    promised = promise(node, member, 5, "a")
    anvil.call("evm_setAutomine", False)
    node.anchoring.step()
    anvil.call("anvil_dropAllTransactions")
    promised += promise(node, member, 5, "b")
    other = copy_of(node, member, tmp_path / "other")
    with other.ctx.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM anchors"))
        connection.execute(sa.text("DELETE FROM transactions"))
    other.anchoring.step()
    anvil.mine(2)
    settle(node, anvil)
    assert [(row.state, row.error) for row in rows(node)] == [
        ("failed", "superseded"),
        ("final", None),
    ]
    check_whole(node, member, anvil, promised)
    other.close()


def test_two_anchorers_on_one_database(member: Member, anvil: Anvil, tmp_path: Path) -> None:
    one = member.node(tmp_path / "node", log={"batch_size": 3})
    two = member.node(tmp_path / "node", log={"batch_size": 4})
    promised: list[list[bytes]] = [[], []]
    failures: list[BaseException] = []

    def work(node: Node, mine: list[bytes], seed: str) -> None:
        try:
            for at in range(8):
                mine += promise(node, member, 5, f"{seed}{at}")
                with suppress(AnchorsUnclear):  # whose view is older repeats the step
                    node.anchoring.step()
                anvil.mine()
        except BaseException as error:
            failures.append(error)

    threads = [
        threading.Thread(target=work, args=arguments)
        for arguments in ((one, promised[0], "x"), (two, promised[1], "y"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    settle(one, anvil)
    check_whole(one, member, anvil, promised[0] + promised[1])
    one.close()
    two.close()


def test_a_database_restored_from_a_backup_stops(
    node: Node, member: Member, anvil: Anvil, tmp_path: Path
) -> None:
    promise(node, member, 5, "a")
    settle(node, anvil)
    old = copy_of(node, member, tmp_path / "old")
    promise(node, member, 5, "b")
    settle(node, anvil)
    before = events(anvil, member)
    with pytest.raises(LogFault) as caught:
        old.anchoring.step()
    assert (caught.value.code, caught.value.chain_size, caught.value.our_size) == (
        "log-behind-chain",
        10,
        5,
    )
    assert old.ctx.health.fault == "log-behind-chain"
    with pytest.raises(NotReady):
        old.intake.submit_set(caller=CENTRE, rows=[row(1)])
    anvil.mine()
    assert events(anvil, member) == before
    old.close()


def test_a_database_that_went_its_own_way_stops(
    node: Node, member: Member, anvil: Anvil, tmp_path: Path
) -> None:
    promise(node, member, 5, "a")
    settle(node, anvil)
    fork = copy_of(node, member, tmp_path / "fork")
    promise(node, member, 5, "b")
    settle(node, anvil)
    promise(fork, member, 7, "c")
    before = events(anvil, member)
    for _ in range(2):
        with pytest.raises(LogFault, match="log-forked"):
            fork.anchoring.step()
    assert fork.ctx.health.fault == "log-forked"
    anvil.mine()
    assert events(anvil, member) == before
    fork.close()


# ---- keys


def test_a_key_that_was_changed(node: Node, member: Member, anvil: Anvil) -> None:
    """What the old key signed and nobody took is signed anew; here the new key is unknown."""
    promise(node, member, 2, "")
    anvil.call("evm_setAutomine", False)
    node.anchoring.step()
    anvil.call("anvil_dropAllTransactions")
    node.signing.use(replace(node.signing.keys, anchor=make_keys("other").anchor))
    with pytest.raises(AnchorRefused, match="Consortium_KeyNotValid"):
        node.anchoring.step()
    assert [(row.state, row.error) for row in rows(node)] == [
        ("failed", "signed-otherwise"),
        ("signed", None),
    ]


# ---- facts


def test_facts_outlive_the_process(node: Node, member: Member, tmp_path: Path) -> None:
    facts = node.anchoring.refresh(node.reader.head())
    assert facts.open_log == member.log_id
    assert facts.log_anchor == member.log_anchor
    assert facts.region == facts.member == "110000"
    at = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp())
    found = facts.record_type("penalty", at)
    assert found is not None
    assert found.version == 1
    assert facts.record_type("penalty", 0) is None
    assert facts.record_type("unheard-of", at) is None
    again = member.node(tmp_path / "node")
    assert again.chain.known == facts
    again.close()


def test_facts_of_another_chain_are_dropped(
    node: Node, member: Member, tmp_path: Path, anvil: Anvil
) -> None:
    settle(node, anvil)
    elsewhere = replace(member.network, deploy_block_hash=Hash32("0x" + "ee" * 32))
    other = replace(member, network=elsewhere)
    again = other.node(tmp_path / "node")
    assert again.chain.known is None
    with pytest.raises(NotReady):
        again.intake.submit_set(caller=CENTRE, rows=[row(1)])
    again.close()


# ---- decisions of the consortium


def test_another_contract_takes_over(node: Node, member: Member, anvil: Anvil) -> None:
    """Refused by the old one, the facts are read again and the next anchor goes to the new one,
    which goes on from where the old one stopped."""
    first = promise(node, member, 3, "a")
    settle(node, anvil)
    account = create_log_anchor(anvil, member)
    decide(anvil, member, register_contract("LogAnchor", account))
    second = promise(node, member, 4, "b")
    with pytest.raises(AnchorRefused, match="RoleContract_NotCurrent"):
        node.anchoring.step()
    settle(node, anvil)
    assert node.chain.facts.log_anchors == (member.log_anchor, account)
    assert [event["size"] for event in events(anvil, member)] == [3]
    moved = replace(member, log_anchor=account)
    assert [(e["prev_size"], e["size"]) for e in events(anvil, moved)] == [(3, 7)]
    assert [row.size for row in rows(node, "final")] == [3, 7]
    for entry in (*first, *second):
        assert isinstance(node.receipts.receipt(leaf_hash(entry)), bytes)
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.delete(anchors))
    node.chain.expire()
    with pytest.raises(AnchorsUnclear):
        node.anchoring.step()
    settle(node, anvil)
    assert [row.size for row in rows(node, "final")] == [3, 7]


def test_a_closed_log_and_its_successor(node: Node, member: Member, anvil: Anvil) -> None:
    """The old log keeps its anchors and takes no more; the new one starts empty."""
    kept = promise(node, member, 3, "a")
    settle(node, anvil)
    decide(anvil, member, open_successor(member.log_id, 3))
    stranded = promise(node, member, 2, "b")
    node.chain.expire()
    settle(node, anvil)
    successor = node.chain.facts.open_log
    assert successor not in (None, member.log_id)
    new = replace(member, log_id=LogId(successor or b""))
    node.logs.step()
    checkpoint = client_of(node).get(f"/logs/{new.log_id.hex()}/checkpoint")
    assert checkpoint.text.splitlines()[1] == "0"
    promised = promise(node, new, 5, "c")
    settle(node, anvil)
    check_events = [(e["prev_size"], e["size"]) for e in events(anvil, new)]
    assert check_events == [(0, 5)]
    assert isinstance(node.receipts.receipt(leaf_hash(kept[0])), bytes)
    assert isinstance(node.receipts.receipt(leaf_hash(promised[0])), bytes)
    with pytest.raises(Stranded):
        node.receipts.receipt(leaf_hash(stranded[0]))


def test_a_suspended_member_does_not_even_sign(node: Node, member: Member, anvil: Anvil) -> None:
    settle(node, anvil)
    promised = promise(node, member, 2, "")
    node.chain.put(replace(node.chain.facts, active=False))
    assert node.anchoring.step() == services.Progress()
    assert rows(node) == []
    node.chain.expire()
    settle(node, anvil)
    check_whole(node, member, anvil, promised)


def test_rows_that_are_missing_are_read_again(node: Node, member: Member, anvil: Anvil) -> None:
    """Somebody has cleared the table: the chain still knows."""
    promised = promise(node, member, 3, "a")
    settle(node, anvil)
    promised += promise(node, member, 3, "b")
    settle(node, anvil)
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.delete(anchors).where(anchors.c.size == 6))
    with pytest.raises(AnchorsUnclear):
        node.anchoring.step()
    settle(node, anvil)
    check_whole(node, member, anvil, promised)


# ---- several logs


def test_a_log_that_fails_does_not_stop_another(
    node: Node, member: Member, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = node.anchoring._step_log
    promised = promise(node, member, 2, "")
    facts = node.anchoring.refresh(node.reader.head())
    other = OwnLog(log_id="00" * 32, seq=1, open=True, trusted_size=0)
    twice: Any = (other, *facts.logs)

    def first_fails(now: Any, fact: OwnLog) -> services.Progress:
        if fact is other:
            node.ctx.health.note(bytes(32), FORKED)
            raise LogFault("log-forked", chain_size=1, our_size=0)
        return real(now, fact)

    monkeypatch.setattr(node.anchoring, "_step_log", first_fails)
    object.__setattr__(facts, "logs", twice)
    for _ in range(3):
        with pytest.raises(LogFault):
            node.anchoring.step()
        anvil.mine()
    assert [row.state for row in rows(node)] == ["final"]
    assert node.ctx.health.fault == "log-forked"
    monkeypatch.undo()
    object.__setattr__(facts, "logs", facts.logs[1:])
    settle(node, anvil)
    health = node.ctx.health.of(member.log_id)
    assert health is not None
    assert health.condition is Condition.OPEN
    check_whole(node, member, anvil, promised)


def test_rows_of_entries_have_no_gaps(node: Node, member: Member) -> None:
    promise(node, member, 3, "a")
    promise(node, member, 4, "b")
    with node.ctx.engine.connect() as connection:
        ids = connection.scalars(sa.select(entries.c.id).order_by(entries.c.id)).all()
    assert list(ids) == list(range(1, 8))
