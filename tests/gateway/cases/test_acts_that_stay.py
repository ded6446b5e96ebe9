"""What was recorded stays: filed again where a chain was lost or set back, once and in order."""

from pathlib import Path

import pytest

from gateway.chain import keeping, outbox
from gateway.node import Node
from ledger.core.ids import RecordId
from ledger.core.status import Act, Action, Flag, Outcome, RecordedAct
from tests.gateway.cases.rows import act, gateway, go, put, row_of, told, word_of
from tests.support.anvil import start_anvil
from tests.support.chain import TestNetwork, deploy_network
from tests.support.waiting import until

KINDS = (Action.DISPUTE, Action.WITHDRAW, Action.RESCIND, Action.END)


def history(node: Node, record: RecordId) -> tuple[RecordedAct, ...]:
    return node.case_parts.views.registry.now().acts.history(record)


def said(found: tuple[RecordedAct, ...]) -> list[tuple[str, int]]:
    return [(Action(one.act.action).name, one.act.refiled_from) for one in found]


def record_all(node: Node, network: TestNetwork, number: int) -> tuple[Act, list[int]]:
    """Four acts on a record, finally recorded; the first of them, and their numbers."""
    wanted = [act(network, kind, number) for kind in KINDS]
    numbers = put(node, *wanted)
    go(node, network, 16)
    assert {told(node, each)[0] for each in numbers} == {"recorded"}
    return wanted[0], numbers


def test_a_chain_that_was_lost(tmp_path: Path) -> None:
    """Filed again in the order in which it was recorded, though a mark had gone past a decision,
    each with the time at which it was first; twice lost, still that time."""
    with start_anvil() as anvil:
        port, network = anvil.port, deploy_network(anvil)
        with gateway(network, tmp_path / "node", decide=None) as node:
            end, mark = put(node, act(network, Action.END, 1), act(network, Action.DISPUTE, 1))
            go(node, network)
            assert (told(node, end)[0], told(node, mark)[0]) == ("waiting", "recorded")
        with gateway(network, tmp_path / "node") as node:
            go(node, network)
            record, numbers = record_all(node, network, 2)
            (lost,) = put(node, act(network, Action.END, 3))
            node.case_parts.sending.step()
            assert told(node, lost)[0] == "signed", "on its way when the chain is lost"
            first = {each: row_of(node, each).recorded_at for each in (mark, end, *numbers)}
            marked = act(network, Action.END, 1).record
            assert [one[0] for one in said(history(node, marked))] == ["DISPUTE", "END"]
    for blocks in (3, 9):
        with start_anvil(port=port) as anvil:
            anvil.mine(blocks)
            network = deploy_network(anvil, keys=network.keys, deployer=network.deployer)
            with gateway(network, tmp_path / "node") as node:
                assert {told(node, each)[0] for each in first} == {"waiting"}
                go(node, network, 24)
                assert said(history(node, marked)) == [
                    ("DISPUTE", first[mark]),
                    ("END", first[end]),
                ]
                assert said(history(node, record.record)) == [
                    (kind.name, first[number]) for kind, number in zip(KINDS, numbers, strict=True)
                ]
                assert (word_of(network, 2).flags, word_of(network, 2).outcome) == (
                    Flag.DISPUTED,
                    Outcome.ENDED,
                )
                assert {told(node, each)[0] for each in (*first, lost)} == {"recorded"}
                assert node.case_parts.sending.keeping.look() == 0, "nothing is filed twice"
                first.setdefault(lost, row_of(node, lost).recorded_at)


def test_a_registry_that_knows_them_no_more(network: TestNetwork, tmp_path: Path) -> None:
    """The same network file, set back behind what was final, and gone on from there."""
    with gateway(network, tmp_path / "node") as node:
        (kept,) = put(node, act(network, Action.WITHDRAW, 4))
        go(node, network, 4)
        before = network.anvil.snapshot()
        record, numbers = record_all(node, network, 5)
        times = [row_of(node, number).recorded_at for number in numbers]
        network.anvil.revert(before)
        network.anvil.mine(64)
        assert node.case_parts.sending.keeping.look() == 4
        assert told(node, kept)[0] == "recorded"
        go(node, network, 16)
        assert said(history(node, record.record)) == [
            (kind.name, time) for kind, time in zip(KINDS, times, strict=True)
        ]
        assert {told(node, number)[0] for number in numbers} == {"recorded"}
        assert node.case_parts.sending.keeping.look() == 0


def test_nodes_that_lag_have_lost_nothing(
    network: TestNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with gateway(network, tmp_path / "node") as node:
        before = network.anvil.snapshot()
        _, numbers = record_all(node, network, 6)
        network.anvil.revert(before)
        look = node.case_parts.sending.keeping.look
        assert look() == look() == 0
        assert {told(node, number)[0] for number in numbers} == {"recorded"}
        monkeypatch.setattr(keeping, "LATE_SECONDS", 0.0)
        assert look() == 4, "after a while they have"


def test_the_same_act_in_another_block(network: TestNetwork, tmp_path: Path) -> None:
    """Set back, and the transaction came in again by itself: nothing is sent."""
    with gateway(network, tmp_path / "node") as node:
        before = network.anvil.snapshot()
        (number,) = put(node, act(network, Action.WITHDRAW, 7))
        go(node, network, 4)
        row = row_of(node, number)
        hash_ = network.anvil.call(
            "eth_getBlockByNumber", hex(row.block), False
        )["transactions"][0]  # fmt: skip
        raw = network.anvil.call("eth_getRawTransactionByHash", hash_)
        network.anvil.revert(before)
        network.anvil.mine(12)
        network.anvil.call("eth_sendRawTransaction", raw)
        network.anvil.mine(2)
        assert node.case_parts.sending.keeping.look() == 0
        moved = row_of(node, number)
        assert (moved.state, moved.refiled_from) == ("recorded", 0)
        assert moved.block > row.block
        assert word_of(network, 7).version == 1


def test_fallen_out_before_it_was_final(
    network: TestNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mined, and gone with its block: it is sent again, as the same act."""
    monkeypatch.setattr(outbox, "PUSH_SECONDS", 0.0)
    with gateway(network, tmp_path / "node") as node:
        before = network.anvil.snapshot()
        (number,) = put(node, act(network, Action.WITHDRAW, 8))
        for _ in range(2):
            node.case_parts.sending.step()
        until(lambda: word_of(network, 8).version == 1, "the act is not in a block")
        node.case_parts.sending.step()
        assert told(node, number)[0] == "sent", "mined is not final"
        network.anvil.revert(before)
        network.anvil.call("anvil_dropAllTransactions")
        assert word_of(network, 8).version == 0
        go(node, network)
        assert told(node, number) == ("recorded", None)
        assert (word_of(network, 8).version, row_of(node, number).refiled_from) == (1, 0)


def test_looked_at_now_and_then(
    network: TestNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with gateway(network, tmp_path / "node") as node:
        keep = node.case_parts.sending.keeping
        monkeypatch.setattr(keep, "look", lambda: 3)
        assert [keep.step(), keep.step()] == [3, 0]
        monkeypatch.setattr(keeping, "CHECK_SECONDS", 0.0)
        assert keep.step() == 3
