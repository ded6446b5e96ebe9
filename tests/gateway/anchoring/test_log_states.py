"""A log by itself: one that is closed or broken hinders neither its successor nor intake."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.anchoring.errors import LogFault
from gateway.anchoring.progress import unanchored
from gateway.base.errors import NotReady
from gateway.base.health import Condition
from gateway.node import Node
from ledger.chain.governing.actions import open_successor
from ledger.core.merkle import leaf_hash
from tests.gateway.anchoring.whole import promise, rows, settle
from tests.gateway.intake.material import row
from tests.support.anvil import Anvil, start_anvil
from tests.support.member import Member, decide, found_member
from tests.support.postgres import copy_database


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Anvil, Member]]:
    with start_anvil() as anvil:
        yield anvil, found_member(anvil)


@pytest.fixture
def anvil(shared: tuple[Anvil, Member]) -> Iterator[Anvil]:
    anvil = shared[0]
    before = anvil.snapshot()
    yield anvil
    anvil.revert(before)


@pytest.fixture
def member(shared: tuple[Anvil, Member]) -> Member:
    return shared[1]


@pytest.fixture
def node(anvil: Anvil, member: Member, tmp_path: Path) -> Iterator[Node]:
    node = member.node(tmp_path / "node")
    yield node
    node.close()


def condition(node: Node, log_id: bytes) -> str | None:
    found = node.ctx.health.of(log_id)
    return None if found is None else found.condition.value


def test_a_restored_database_goes_on_in_a_successor(
    node: Node, member: Member, anvil: Anvil, tmp_path: Path
) -> None:
    kept = promise(node, member, 5, "a")
    settle(node, anvil)
    node.close()
    folder = tmp_path / "old"
    folder.mkdir()
    copy_database(node.ctx.engine, folder)
    node = member.node(tmp_path / "node")
    lost = promise(node, member, 5, "b")
    settle(node, anvil)
    node.close()
    old = member.node(folder)
    with pytest.raises(LogFault, match="log-behind-chain"):
        old.anchoring.step()
    with pytest.raises(NotReady, match="log-fault") as caught:
        old.intake.ready()
    assert "entries 5 to 9 are missing" in caught.value.message["en"]
    assert "trustedSize 5" in caught.value.message["en"]

    decide(anvil, member, open_successor(member.log_id, 5))
    old.chain.expire()
    settle(old, anvil)
    assert condition(old, member.log_id) == Condition.CLOSED
    _, successor = old.intake.ready()
    assert successor != member.log_id
    answer = old.intake.submit_set(department=None, rows=[row(n) for n in range(3)])
    assert [one.verdict for one in answer.rows] == ["accepted"] * 3
    while old.logs.step():
        pass
    settle(old, anvil)
    assert isinstance(old.receipts.receipt(leaf_hash(kept[0])), bytes)
    assert old.receipts.receipt(leaf_hash(lost[0])) is None
    assert isinstance(old.receipts.receipt(bytes.fromhex(answer.rows[0].leaf or "")), bytes)
    with old.ctx.engine.connect() as connection:
        assert unanchored(connection) == 0
    old.close()


def test_a_behind_log_publishes_no_second_tree(
    node: Node, member: Member, anvil: Anvil, tmp_path: Path
) -> None:
    promise(node, member, 2, "a")
    settle(node, anvil)
    behind = member.node(tmp_path / "behind")
    with pytest.raises(LogFault):
        behind.anchoring.step()
    promise(behind, member, 3, "b")
    with behind.ctx.engine.connect() as connection:
        sizes = connection.exec_driver_sql("SELECT size, published FROM logs").all()
    assert [(one.size, one.published or 0) for one in sizes] == [(0, 0)]
    behind.close()


def test_what_a_vote_cut_off_is_not_anchored_any_more(
    node: Node, member: Member, anvil: Anvil
) -> None:
    kept = promise(node, member, 3, "a")
    settle(node, anvil)
    cut = promise(node, member, 2, "b")
    settle(node, anvil)
    assert isinstance(node.receipts.receipt(leaf_hash(cut[0])), bytes)
    decide(anvil, member, open_successor(member.log_id, 3))
    node.chain.expire()
    settle(node, anvil)
    assert condition(node, member.log_id) == Condition.CLOSED
    assert isinstance(node.receipts.receipt(leaf_hash(kept[0])), bytes)
    assert not isinstance(node.receipts.receipt(leaf_hash(cut[0])), bytes)


def test_what_was_signed_for_a_closed_log_is_given_up(
    node: Node, member: Member, anvil: Anvil
) -> None:
    promise(node, member, 3, "a")
    settle(node, anvil)
    promise(node, member, 2, "b")
    anvil.call("evm_setAutomine", False)
    node.anchoring.step()
    anvil.call("anvil_dropAllTransactions")
    anvil.call("evm_setAutomine", True)
    decide(anvil, member, open_successor(member.log_id, 3))
    node.chain.expire()
    settle(node, anvil)
    assert [(one.size, one.state, one.error) for one in rows(node)] == [
        (3, "final", None),
        (5, "failed", "log-closed"),
    ]
