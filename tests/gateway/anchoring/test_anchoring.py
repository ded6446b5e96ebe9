"""Anchors on a real chain, step by step."""

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.anchoring import services
from gateway.anchoring.errors import AnchorRefused, AnchorsUnclear, LogFault
from gateway.anchoring.models import anchors
from gateway.anchoring.services import refresh, step
from gateway.db import begin_write
from gateway.exchange.interfaces import Pending
from gateway.exchange.services import receipt
from gateway.intake.errors import NotReady
from gateway.intake.services import submit_set
from gateway.log import services as log
from gateway.log.models import entries
from gateway.node import Node
from ledger.chain.contract_abi import Param, encode
from ledger.chain.errors import NoQuorum, OtherChain
from ledger.chain.govern import Action, register_contract
from ledger.chain.network import Hash32
from ledger.chain.structs import OPEN_SUCCESSOR
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import LogId
from ledger.core.merkle import leaf_hash
from tests.gateway.anchoring.whole import check_whole, events, rows
from tests.gateway.intake.material import row
from tests.gateway.log.test_integrate import client_of
from tests.support.anvil import Anvil, start_anvil
from tests.support.log import make_entries, promise_entries
from tests.support.member import Member, create_log_anchor, decide, found_member
from tests.support.node import make_keys
from tests.support.proxy import drop_request, drop_response, start_proxy

PATIENCE = 40
"""Steps after which something that should have happened has not."""


@pytest.fixture
def anvil() -> Iterator[Anvil]:
    with start_anvil() as anvil:
        yield anvil


@pytest.fixture
def member(anvil: Anvil) -> Member:
    return found_member(anvil)


@pytest.fixture
def node(member: Member, tmp_path: Path) -> Iterator[Node]:
    node = member.node(tmp_path / "node")
    yield node
    node.close()


def promise(node: Node, member: Member, count: int, seed: str) -> list[bytes]:
    """New entries in the published log."""
    batch = make_entries(count, seed, member.log_id)
    promise_entries(node, batch, member.log_id)
    while log.step(node):
        pass
    return batch


def settle(node: Node, anvil: Anvil) -> None:
    """Step and mine until nothing is left to do."""
    for _ in range(PATIENCE):
        if not step(node).waiting:
            return
        anvil.mine()
    raise AssertionError("still waiting")


def test_anchor_after_anchor(node: Node, member: Member, anvil: Anvil) -> None:
    promised: list[bytes] = []
    assert step(node) == services.Progress()
    for count in (1, 300, 2):
        promised += promise(node, member, count, str(count))
        settle(node, anvil)
        check_whole(node, member, anvil, promised)
    assert [row.size for row in rows(node)] == [1, 301, 303]
    assert step(node) == services.Progress()
    assert node.fault is None


def test_each_state_is_reached_in_turn(node: Node, member: Member, anvil: Anvil) -> None:
    (entry,) = promise(node, member, 1, "")
    leaf = leaf_hash(entry)
    anvil.call("evm_setAutomine", False)
    assert step(node, may_sign=False) == services.Progress(waiting=True)
    assert rows(node) == []
    assert step(node) == services.Progress(changed=True, waiting=True, signed=True)
    assert [row.state for row in rows(node)] == ["sent"]
    assert step(node) == services.Progress(waiting=True)
    anvil.mine()
    assert step(node) == services.Progress(changed=True, waiting=True)
    assert [row.state for row in rows(node)] == ["mined"]
    assert isinstance(receipt(node, leaf), Pending)
    anvil.mine()
    assert step(node) == services.Progress(changed=True)
    assert [row.state for row in rows(node)] == ["final"]
    assert isinstance(receipt(node, leaf), bytes)


def test_growth_is_bounded(
    node: Node, member: Member, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "MAX_GROWTH", 10)
    promised = promise(node, member, 25, "")
    settle(node, anvil)
    assert [row.size for row in rows(node)] == [10, 20, 25]
    check_whole(node, member, anvil, promised)


def test_no_answer_though_it_was_done(member: Member, anvil: Anvil, tmp_path: Path) -> None:
    with start_proxy(anvil.url) as proxy:
        node = found_member(anvil, url=proxy.url).node(tmp_path / "node")
        promised = promise(node, member, 3, "")
        proxy.on("eth_sendRawTransaction", drop_response(), times=1)
        settle(node, anvil)
        check_whole(node, member, anvil, promised)
        assert len(events(anvil, member)) == 1
        node.close()


def test_no_answer_and_nothing_done(
    member: Member, anvil: Anvil, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.anchoring.outbox.PUSH_SECONDS", 0)
    with start_proxy(anvil.url) as proxy:
        node = found_member(anvil, url=proxy.url).node(tmp_path / "node")
        promised = promise(node, member, 3, "")
        proxy.on("eth_sendRawTransaction", drop_request(), times=1)
        settle(node, anvil)
        check_whole(node, member, anvil, promised)
        node.close()


def test_a_chain_that_is_down_stops_nothing_else(
    node: Node, member: Member, anvil: Anvil, tmp_path: Path
) -> None:
    settle(node, anvil)
    node.close()
    other = member.node(tmp_path / "node")
    anvil.process.send_signal(19)  # SIGSTOP: it takes connections and never answers
    try:
        assert other.chain.facts.member == "110000"
        answer = submit_set(other, department=None, rows=[row(1)])
        assert answer.promise is not None
        assert log.step(other) == 1
    finally:
        anvil.process.send_signal(18)
    settle(other, anvil)
    leaf = bytes.fromhex(str(answer.rows[0].leaf))
    assert isinstance(receipt(other, leaf), bytes)
    other.close()


def test_no_node_is_an_answer_of_its_own(node: Node, member: Member, anvil: Anvil) -> None:
    promise(node, member, 1, "")
    anvil.kill()
    with pytest.raises(NoQuorum) as caught:
        step(node)
    assert isinstance(caught.value, CouldNotCheck)
    assert rows(node) == []
    assert node.fault is None


# ---- chains that forget


def test_a_reorganisation_takes_an_anchor_away(node: Node, member: Member, anvil: Anvil) -> None:
    promised = promise(node, member, 3, "a")
    before = anvil.snapshot()
    step(node)
    step(node)
    assert [row.state for row in rows(node)] == ["mined"]
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
    assert isinstance(receipt(node, leaf), bytes)
    anvil.revert(before)
    step(node, may_sign=False)
    assert [row.state for row in rows(node)] == ["final", *["lost"] * 4]
    assert isinstance(receipt(node, leaf), Pending)
    settle(node, anvil)
    assert [row.state for row in rows(node)] == ["final", *["lost"] * 4, "final"]
    assert rows(node)[0] == kept
    check_whole(node, member, anvil, promised)


def test_an_anchor_that_moved_to_another_block(node: Node, member: Member, anvil: Anvil) -> None:
    """The same transaction mined again after a reorganisation: the same anchor, elsewhere."""
    promised = promise(node, member, 3, "a")
    before = anvil.snapshot()
    step(node)
    step(node)
    raw = _stored_transaction(node)
    first = rows(node)[0]
    anvil.revert(before)
    anvil.mine(2)
    anvil.call("eth_sendRawTransaction", raw)
    settle(node, anvil)
    (moved,) = rows(node)
    assert (moved.id, moved.tx_hash) == (first.id, first.tx_hash)
    assert (moved.block, moved.block_hash) != (first.block, first.block_hash)
    check_whole(node, member, anvil, promised)


def _stored_transaction(node: Node) -> str:
    stored = node.outbox._store.get("anchor/1")
    assert stored is not None
    return "0x" + stored.raws[-1].hex()


def test_a_chain_lost_and_rebuilt(tmp_path: Path) -> None:
    """New chain, same addresses: nothing happens under the old network file, everything is filed
    again under the new one."""
    with start_anvil() as old_anvil:
        port = old_anvil.port
        old = found_member(old_anvil)
        node = old.node(tmp_path / "node")
        promised = promise(node, old, 3, "a")
        settle(node, old_anvil)
        promised += promise(node, old, 300, "b")
        settle(node, old_anvil)
        leaf = leaf_hash(promised[0])
        old_receipt = receipt(node, leaf)
    with start_anvil(port=port) as anvil:
        anvil.mine(3)  # so that the deployment is in another block
        new = found_member(anvil)
        assert (new.log_anchor, new.log_id) == (old.log_anchor, old.log_id)
        assert new.network.deploy_block_hash != old.network.deploy_block_hash
        for _ in range(2):
            with pytest.raises(OtherChain):
                step(node)
        assert [row.state for row in rows(node)] == ["final", "final"]
        assert events(anvil, new) == []
        node.close()

        node = new.node(tmp_path / "node")
        assert isinstance(receipt(node, leaf), Pending)
        settle(node, anvil)
        check_whole(node, new, anvil, promised)
        assert receipt(node, leaf) != old_receipt
        node.close()


# ---- several gateways


def copy_of(node: Node, member: Member, folder: Path) -> Node:
    """A second gateway whose database is a copy of the first one's."""
    folder.mkdir()
    with node.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(str(node.engine.url.database), folder / "gateway.db")
    return member.node(folder)


def test_another_gateway_anchored_the_same_first(
    node: Node, member: Member, anvil: Anvil, tmp_path: Path
) -> None:
    promised = promise(node, member, 5, "a")
    other = copy_of(node, member, tmp_path / "other")
    anvil.call("evm_setAutomine", False)
    step(node)
    step(other)
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
    step(node)
    anvil.call("anvil_dropAllTransactions")
    promised += promise(node, member, 5, "b")
    other = copy_of(node, member, tmp_path / "other")
    with other.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM anchors"))
        connection.execute(sa.text("DELETE FROM transactions"))
    step(other)
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
                step(node)
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
        step(old)
    assert (caught.value.code, caught.value.chain_size, caught.value.our_size) == (
        "log-behind-chain",
        10,
        5,
    )
    assert old.fault == "log-behind-chain"
    with pytest.raises(NotReady):
        submit_set(old, department=None, rows=[row(1)])
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
            step(fork)
    assert fork.fault == "log-forked"
    anvil.mine()
    assert events(anvil, member) == before
    fork.close()


# ---- chain time, keys, money


def test_a_signature_past_its_deadline_is_made_anew(
    member: Member, anvil: Anvil, tmp_path: Path
) -> None:
    node = member.node(tmp_path / "node", log={"anchor_deadline": 30})
    promised = promise(node, member, 2, "")
    anvil.call("evm_setAutomine", False)
    step(node)
    anvil.call("anvil_dropAllTransactions")
    anvil.mine(1, seconds=1)
    step(node)
    assert [row.state for row in rows(node)] == ["sent"]
    anvil.call("evm_increaseTime", 45)
    anvil.mine()
    anvil.call("evm_setAutomine", True)
    settle(node, anvil)
    assert [(row.state, row.error) for row in rows(node)] == [
        ("failed", "expired"),
        ("final", None),
    ]
    check_whole(node, member, anvil, promised)
    node.close()


def test_a_key_that_is_not_valid_yet(anvil: Anvil, tmp_path: Path) -> None:
    """The contract refuses; nothing is sent; once the window has begun it goes through."""
    member = found_member(anvil, anchor_from=anvil.head_time() + 30)
    node = member.node(tmp_path / "node")
    promised = promise(node, member, 2, "")
    for _ in range(2):
        with pytest.raises(AnchorRefused, match="Consortium_KeyNotValid"):
            step(node)
    assert [row.state for row in rows(node)] == ["signed"]
    assert events(anvil, member) == []
    anvil.call("evm_increaseTime", 45)
    anvil.mine()
    settle(node, anvil)
    check_whole(node, member, anvil, promised)
    node.close()


def test_a_payer_without_money(node: Node, member: Member, anvil: Anvil) -> None:
    promised = promise(node, member, 2, "")
    anvil.call("anvil_setBalance", node.keys.payer.address, "0x0")
    for _ in range(2):
        with pytest.raises(Exception, match=r"[Ii]nsufficient|funds|refused"):
            step(node)
    anvil.fund(node.keys.payer.address)
    settle(node, anvil)
    check_whole(node, member, anvil, promised)


def test_a_key_that_was_changed(node: Node, member: Member, anvil: Anvil) -> None:
    """What the old key signed and nobody took is signed anew; here the new key is unknown."""
    promise(node, member, 2, "")
    anvil.call("evm_setAutomine", False)
    step(node)
    anvil.call("anvil_dropAllTransactions")
    node.keys = replace(node.keys, anchor=make_keys("other").anchor)
    with pytest.raises(AnchorRefused, match="Consortium_KeyNotValid"):
        step(node)
    assert [(row.state, row.error) for row in rows(node)] == [
        ("failed", "signed-otherwise"),
        ("signed", None),
    ]


def test_a_transaction_that_was_mined_in_vain(
    member: Member, anvil: Anvil, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mined after its deadline: reverted, noticed, signed anew."""
    monkeypatch.setattr("gateway.anchoring.outbox.PUSH_SECONDS", 0)
    node = member.node(tmp_path / "node", log={"anchor_deadline": 30})
    promised = promise(node, member, 2, "")
    anvil.call("evm_setAutomine", False)
    step(node)
    monkeypatch.setattr(services, "_stale", lambda *_: None)
    anvil.call("evm_increaseTime", 45)
    anvil.mine()
    step(node)
    assert [(row.state, row.error) for row in rows(node)] == [("failed", "reverted")]
    monkeypatch.undo()
    anvil.call("evm_setAutomine", True)
    settle(node, anvil)
    check_whole(node, member, anvil, promised)
    node.close()


# ---- facts


def test_facts_outlive_the_process(node: Node, member: Member, tmp_path: Path) -> None:
    facts = refresh(node, node.reader.head())
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
        submit_set(again, department=None, rows=[row(1)])
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
        step(node)
    settle(node, anvil)
    assert node.chain.facts.log_anchors == (member.log_anchor, account)
    assert [event["size"] for event in events(anvil, member)] == [3]
    moved = replace(member, log_anchor=account)
    assert [(e["prev_size"], e["size"]) for e in events(anvil, moved)] == [(3, 7)]
    assert [row.size for row in rows(node, "final")] == [3, 7]
    for entry in (*first, *second):
        assert isinstance(receipt(node, leaf_hash(entry)), bytes)
    with begin_write(node.engine) as connection:
        connection.execute(sa.delete(anchors))
    node.chain.expire()
    with pytest.raises(AnchorsUnclear):
        step(node)
    settle(node, anvil)
    assert [row.size for row in rows(node, "final")] == [3, 7]


def test_a_closed_log_and_its_successor(node: Node, member: Member, anvil: Anvil) -> None:
    """The old log keeps its anchors and takes no more; the new one starts empty."""
    kept = promise(node, member, 3, "a")
    settle(node, anvil)
    words = [Param(kind, "", False, ()) for kind in ("bytes32", "uint64", "uint16")]
    decide(anvil, member, Action(OPEN_SUCCESSOR, encode(words, (member.log_id, 3, 1))))
    stranded = promise(node, member, 2, "b")
    node.chain.expire()
    settle(node, anvil)
    successor = node.chain.facts.open_log
    assert successor not in (None, member.log_id)
    new = replace(member, log_id=LogId(successor or b""))
    log.step(node)
    checkpoint = client_of(node).get(f"/logs/{new.log_id.hex()}/checkpoint")
    assert checkpoint.text.splitlines()[1] == "0"
    promised = promise(node, new, 5, "c")
    settle(node, anvil)
    check_events = [(e["prev_size"], e["size"]) for e in events(anvil, new)]
    assert check_events == [(0, 5)]
    assert isinstance(receipt(node, leaf_hash(kept[0])), bytes)
    assert isinstance(receipt(node, leaf_hash(promised[0])), bytes)
    assert isinstance(receipt(node, leaf_hash(stranded[0])), Pending)


def test_a_suspended_member_does_not_even_sign(node: Node, member: Member, anvil: Anvil) -> None:
    settle(node, anvil)
    promised = promise(node, member, 2, "")
    node.chain.put(replace(node.chain.facts, active=False))
    assert step(node) == services.Progress()
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
    with begin_write(node.engine) as connection:
        connection.execute(sa.delete(anchors).where(anchors.c.size == 6))
    with pytest.raises(AnchorsUnclear):
        step(node)
    settle(node, anvil)
    check_whole(node, member, anvil, promised)


# ---- threads


def test_the_threads_do_it_all(member: Member, tmp_path: Path, anvil: Anvil) -> None:
    anvil.call("evm_setIntervalMining", 1)
    node = member.node(tmp_path / "node", log={"anchor_interval": 0.2, "chain_poll": 0.1})
    node.start()
    try:
        promised = []
        for seed in "abc":
            batch = make_entries(20, seed, member.log_id)
            promise_entries(node, batch, member.log_id)
            promised += batch
            _wait_until_final(node, len(promised))
    finally:
        node.stop()
    anvil.call("evm_setIntervalMining", 0)
    check_whole(node, member, anvil, promised)
    assert node.chain_error is None
    node.close()


def _wait_until_final(node: Node, size: int) -> None:
    done = threading.Event()
    for _ in range(200):
        if any(row.size == size for row in rows(node, "final")):
            return
        done.wait(0.1)
    raise AssertionError(f"size {size} is not final: {[tuple(r)[:5] for r in rows(node)]}")


def test_a_log_that_fails_does_not_stop_another(
    node: Node, member: Member, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = services._step_log
    promised = promise(node, member, 2, "")
    facts = refresh(node, node.reader.head())
    twice: Any = facts.logs * 2
    calls: list[int] = []

    def first_fails(*arguments: Any) -> services.Progress:
        calls.append(1)
        if len(calls) % 2:
            raise LogFault("log-forked", chain_size=1, our_size=0)
        return real(*arguments)

    monkeypatch.setattr(services, "_step_log", first_fails)
    object.__setattr__(facts, "logs", twice)
    for _ in range(3):
        with pytest.raises(LogFault):
            step(node)
        anvil.mine()
    assert [row.state for row in rows(node)] == ["final"]
    assert node.fault == "log-forked"
    monkeypatch.undo()
    object.__setattr__(facts, "logs", facts.logs[:1])
    settle(node, anvil)
    assert node.fault is None
    check_whole(node, member, anvil, promised)


def test_rows_of_entries_have_no_gaps(node: Node, member: Member) -> None:
    promise(node, member, 3, "a")
    promise(node, member, 4, "b")
    with node.engine.connect() as connection:
        ids = connection.scalars(sa.select(entries.c.id).order_by(entries.c.id)).all()
    assert list(ids) == list(range(1, 8))
