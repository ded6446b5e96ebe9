"""Anchors while the chain, its clock, the network or our purse is out of order. Each test has a
chain of its own."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.anchoring.errors import AnchorRefused
from gateway.base.errors import NotReady
from gateway.node import Node
from gateway.receipts.interfaces import Pending
from ledger.chain.errors import NoQuorum, OtherChain, PayerEmpty
from ledger.core.errors import CouldNotCheck
from ledger.core.merkle import leaf_hash
from tests.gateway.anchoring.whole import check_whole, events, promise, rows, settle
from tests.gateway.intake.material import row
from tests.support.anvil import Anvil, start_anvil
from tests.support.callers import CENTRE
from tests.support.log import make_entries, promise_entries
from tests.support.member import Member, found_member
from tests.support.proxy import (
    at_times,
    drop_request,
    drop_response,
    lie,
    one_of,
    raw,
    start_proxy,
)


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
    monkeypatch.setattr("gateway.chain.outbox.PUSH_SECONDS", 0)
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
        answer = other.intake.submit_set(caller=CENTRE, rows=[row(1)])
        assert answer.promise is not None
        assert other.logs.step() == 1
    finally:
        anvil.process.send_signal(18)
    settle(other, anvil)
    leaf = bytes.fromhex(str(answer.rows[0].leaf))
    assert isinstance(other.receipts.receipt(leaf), bytes)
    other.close()


def test_one_call_of_twenty_is_refused(member: Member, anvil: Anvil, tmp_path: Path) -> None:
    """429 and 503 at random before the only node: the chain view and the transactions ask again,
    and every step does what it should."""
    busy = one_of(raw(b"", status=429), raw(b"", status=429, retry_after="1"), raw(b"", status=503))
    with start_proxy(anvil.url) as proxy:
        node = found_member(anvil, url=proxy.url).node(tmp_path / "node")
        proxy.on(None, at_times(busy, 0.05))
        promised = promise(node, member, 3, "a")
        settle(node, anvil)
        promised += promise(node, member, 300, "b")
        settle(node, anvil)
        proxy.clear()
        check_whole(node, member, anvil, promised)
        assert len(events(anvil, member)) == 2
        node.close()


def test_a_lying_node_is_left_out_and_logged(member: Member, anvil: Anvil, tmp_path: Path) -> None:
    with capture_logs() as told, start_proxy(anvil.url) as proxy, start_proxy(anvil.url) as other:
        urls = (anvil.url, other.url, proxy.url)
        network = replace(member.network, rpc=urls, quorum=2)
        node = replace(member, network=network).node(tmp_path / "node")
        proxy.on("eth_call", lie(lambda params, result: "0x" + "00" * (len(result) // 2 - 1)))
        promised = promise(node, member, 3, "a")
        settle(node, anvil)
        check_whole(node, member, anvil, promised)
        node.close()
    [line] = [line for line in told if line["event"] == "chain.node"]
    assert (line["node"], line["code"]) == (proxy.url, "node-disagrees")


def test_no_node_is_an_answer_of_its_own(node: Node, member: Member, anvil: Anvil) -> None:
    promise(node, member, 1, "")
    anvil.kill()
    with pytest.raises(NoQuorum) as caught:
        node.anchoring.step()
    assert isinstance(caught.value, CouldNotCheck)
    assert rows(node) == []
    assert node.ctx.health.fault is None


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
        old_receipt = node.receipts.receipt(leaf)
    with start_anvil(port=port) as anvil:
        anvil.mine(3)  # so that the deployment is in another block
        new = found_member(anvil)
        assert (new.log_anchor, new.log_id) == (old.log_anchor, old.log_id)
        assert new.network.deploy_block_hash != old.network.deploy_block_hash
        for _ in range(2):
            with pytest.raises(OtherChain):
                node.anchoring.step()
        assert [row.state for row in rows(node)] == ["final", "final"]
        assert events(anvil, new) == []
        node.close()

        node = new.node(tmp_path / "node")
        assert isinstance(node.receipts.receipt(leaf), Pending)
        settle(node, anvil)
        check_whole(node, new, anvil, promised)
        assert node.receipts.receipt(leaf) != old_receipt
        node.close()


def test_a_signature_past_its_deadline_is_made_anew(
    member: Member, anvil: Anvil, tmp_path: Path
) -> None:
    node = member.node(tmp_path / "node", log={"anchor_deadline": 30})
    promised = promise(node, member, 2, "")
    anvil.call("evm_setAutomine", False)
    node.anchoring.step()
    anvil.call("anvil_dropAllTransactions")
    anvil.mine(1, seconds=1)
    node.anchoring.step()
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


def test_a_deadline_that_passed_before_it_was_ever_sent(anvil: Anvil, tmp_path: Path) -> None:
    """The chain makes blocks only for transactions: its head stays where it was, and only the
    estimate says that the time is over."""
    with start_proxy(anvil.url) as proxy:
        member = found_member(anvil, url=proxy.url)
        node = member.node(tmp_path / "node", log={"anchor_deadline": 30})
        promised = promise(node, member, 2, "")
        proxy.on("eth_estimateGas", drop_request())
        with pytest.raises(CouldNotCheck):
            node.anchoring.step()
        assert [row.state for row in rows(node)] == ["signed"]
        proxy.clear()
        anvil.call("evm_increaseTime", 3600)  # far beyond what our own clock would allow for
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
            node.anchoring.step()
    assert [row.state for row in rows(node)] == ["signed"]
    assert events(anvil, member) == []
    anvil.call("evm_increaseTime", 45)
    anvil.mine()
    settle(node, anvil)
    check_whole(node, member, anvil, promised)
    node.close()


def test_a_payer_without_money(node: Node, member: Member, anvil: Anvil) -> None:
    promised = promise(node, member, 2, "")
    anvil.call("anvil_setBalance", node.signing.keys.payer.address, "0x0")
    for _ in range(2):
        with pytest.raises(PayerEmpty, match=node.signing.keys.payer.address):
            node.anchoring.step()
        assert node.ctx.health.anchor_error == "payer-empty"
        assert node.ctx.health.payer_balance == 0
    anvil.fund(node.signing.keys.payer.address)
    settle(node, anvil)
    assert node.ctx.health.anchor_error is None
    assert (node.ctx.health.payer_balance or 0) > 0
    check_whole(node, member, anvil, promised)


def test_the_chain_is_a_minute_ahead(node: Node, member: Member, anvil: Anvil) -> None:
    """It goes on; whoever runs the gateway is told."""
    anvil.call("evm_increaseTime", 65)
    anvil.mine()
    with capture_logs() as lines:
        promised = promise(node, member, 2, "")
        settle(node, anvil)
    assert [line["code"] for line in lines if line["event"] == "chain.node"] == ["head-in-future"]
    assert node.ctx.health.chain_error is None
    check_whole(node, member, anvil, promised)


def test_a_transaction_that_was_mined_in_vain(
    member: Member, anvil: Anvil, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mined after its deadline: reverted, noticed, signed anew."""
    monkeypatch.setattr("gateway.chain.outbox.PUSH_SECONDS", 0)
    node = member.node(tmp_path / "node", log={"anchor_deadline": 30})
    promised = promise(node, member, 2, "")
    anvil.call("evm_setAutomine", False)
    node.anchoring.step()
    monkeypatch.setattr(node.anchoring, "_stale", lambda *_: None)
    anvil.call("evm_increaseTime", 45)
    anvil.mine()
    node.anchoring.step()
    assert [(row.state, row.error) for row in rows(node)] == [("failed", "reverted")]
    monkeypatch.undo()
    anvil.call("evm_setAutomine", True)
    settle(node, anvil)
    check_whole(node, member, anvil, promised)
    node.close()


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
    assert node.ctx.health.chain_error is None
    node.close()


def _wait_until_final(node: Node, size: int) -> None:
    done = threading.Event()
    for _ in range(6000):
        if any(row.size == size for row in rows(node, "final")):
            return
        done.wait(0.1)
    raise AssertionError(f"size {size} is not final: {[tuple(r)[:5] for r in rows(node)]}")


def test_a_restored_database_is_found_out_before_it_promises(
    node: Node, member: Member, anvil: Anvil, tmp_path: Path
) -> None:
    promise(node, member, 2, "a")
    settle(node, anvil)
    empty = member.node(tmp_path / "restored")
    empty.start()
    try:
        assert empty.ctx.health.fault == "log-behind-chain"
        with pytest.raises(NotReady):
            empty.intake.submit_set(caller=CENTRE, rows=[row(1)])
    finally:
        empty.stop()
        empty.close()
