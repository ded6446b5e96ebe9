"""A network that moved to another chain: every log begins open there, and one that was closed
before takes nothing and is anchored no further."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.base.health import Condition
from gateway.node import Node
from gateway.receipts.interfaces import Pending, Stranded
from ledger.chain.founding.founders import FounderLog
from ledger.chain.governing.actions import open_successor
from ledger.chain.network import Rebuilt
from ledger.core.ids import LogId
from ledger.core.merkle import leaf_hash
from tests.gateway.anchoring.whole import events, promise, settle
from tests.support.anvil import start_anvil
from tests.support.member import decide, found_member

ELSEWHERE = 4242


@pytest.mark.parametrize("said", ["formerly", "rebuilt", None])
def test_a_log_that_was_closed_stays_so(tmp_path: Path, said: str | None) -> None:
    """Where the network file does not speak of it a closing may have been taken back by the chain,
    and all of the log counts again."""
    with start_anvil() as anvil:
        old = found_member(anvil)
        node = old.node(tmp_path / "node")
        kept = promise(node, old, 3, "kept")
        settle(node, anvil)
        cut = promise(node, old, 2, "cut")
        settle(node, anvil)
        decide(anvil, old, open_successor(old.log_id, 3))
        node.chain.expire()
        settle(node, anvil)
        _, open_log = node.intake.ready()
        successor = replace(old, log_id=LogId(open_log))
        later = promise(node, successor, 4, "later")
        settle(node, anvil)
        node.close()
        ids = (old.log_id, successor.log_id)
    with start_anvil(chain_id=ELSEWHERE) as anvil:
        logs = tuple(FounderLog(seq=seq, log_id=one) for seq, one in enumerate(ids))
        founded = found_member(anvil, logs=logs)
        file = founded.network
        if said == "formerly":
            file = replace(file, formerly=(old.network.reference,))
        elif said == "rebuilt":
            file = replace(file, rebuilt=Rebuilt(since=0, until=2**32))
        new = replace(founded, network=file)
        node = new.node(tmp_path / "node")
        assert isinstance(node.receipts.receipt(leaf_hash(kept[0])), Pending)
        settle(node, anvil)
        sizes = [
            [event["size"] for event in events(anvil, replace(new, log_id=one))] for one in ids
        ]
        assert sizes == ([[3], [4]] if said else [[5], [4]])
        assert node.intake.ready()[1] == successor.log_id
        for entry in (*kept, *later):
            assert isinstance(node.receipts.receipt(leaf_hash(entry)), bytes)
        assert condition(node, old.log_id) is Condition.OPEN
        if said is None:
            assert isinstance(node.receipts.receipt(leaf_hash(cut[0])), bytes)
        else:
            with pytest.raises(Stranded):
                node.receipts.receipt(leaf_hash(cut[0]))
            decide(anvil, new, open_successor(old.log_id, 3))
            node.chain.expire()
            settle(node, anvil)
            assert condition(node, old.log_id) is Condition.CLOSED
        node.close()


def condition(node: Node, log: LogId) -> Condition:
    found = node.ctx.health.of(log)
    assert found is not None
    return found.condition
