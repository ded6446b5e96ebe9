"""Driving a gateway to its end, and one look at everything: the public log, the chain, the rows
and the receipts must all agree."""

import hashlib
from typing import Any

import sqlalchemy as sa

from gateway.anchoring.models import anchors
from gateway.node import Node
from ledger.core import receipt as receipts
from ledger.core.ids import keccak256
from tests.gateway.log.test_integrate import client_of
from tests.support.anvil import Anvil
from tests.support.log import make_entries, mth, promise_entries, read_log
from tests.support.member import Member

ANCHORED = keccak256(b"Anchored(bytes32,uint64,uint64,bytes32,bytes32)")


PATIENCE = 40
"""Steps after which something that should have happened has not."""


def promise(node: Node, member: Member, count: int, seed: str) -> list[bytes]:
    """New entries in the published log."""
    batch = make_entries(count, seed, member.log_id)
    promise_entries(node, batch, member.log_id)
    while node.logs.step():
        pass
    return batch


def settle(node: Node, anvil: Anvil) -> None:
    """Step and mine until nothing is left to do."""
    for _ in range(PATIENCE):
        if not node.anchoring.step().waiting:
            return
        anvil.mine()
    raise AssertionError("still waiting")


def events(anvil: Anvil, member: Member) -> list[dict[str, Any]]:
    """Every anchor of the log on the chain, in order; decoded by hand."""
    wanted = {
        "address": member.log_anchor,
        "topics": ["0x" + ANCHORED.hex(), "0x" + member.log_id.hex()],
        "fromBlock": "0x0",
    }
    found = []
    for entry in anvil.call("eth_getLogs", wanted):
        data = bytes.fromhex(entry["data"][2:])
        found.append(
            {
                "size": int(entry["topics"][2], 16),
                "prev_size": int.from_bytes(data[:32], "big"),
                "root": data[32:64],
                "tx": entry["transactionHash"],
                "block": int(entry["blockNumber"], 16),
                "blockHash": entry["blockHash"],
            }
        )
    return found


def rows(node: Node, *states: str) -> list[sa.Row[Any]]:
    query = sa.select(anchors).order_by(anchors.c.id)
    with node.ctx.engine.connect() as connection:
        found = connection.execute(query).all()
    return [row for row in found if not states or row.state in states]


def check_whole(node: Node, member: Member, anvil: Anvil, promised: list[bytes]) -> None:
    """Every promised entry is in the log exactly once and has a receipt of a final anchor; every
    root on the chain is that of the log at that size; the rows say what the chain says."""
    client = client_of(node)

    def fetch(path: str) -> bytes:
        response = client.get(f"/logs/{member.log_id.hex()}/{path}")
        assert response.status_code == 200, path
        return response.content

    log = read_log(
        fetch,
        origin=f"credit-ledger/{member.log_id.hex()}",
        note_key=node.signing.keys.note.public_key,
    )
    assert sorted(log.entries) == sorted(promised)
    leaves = [hashlib.sha256(b"\0" + entry).digest() for entry in log.entries]
    on_chain = events(anvil, member)
    assert [event["prev_size"] for event in on_chain] == [
        0,
        *(event["size"] for event in on_chain[:-1]),
    ]
    assert on_chain[-1]["size"] == log.size
    for event in on_chain:
        assert event["root"] == mth(leaves[: event["size"]])
    final = rows(node, "mined", "final")
    assert {row.state for row in final} == {"final"}
    assert [(row.prev_size, row.size, row.root) for row in final] == [
        (event["prev_size"], event["size"], event["root"]) for event in on_chain
    ]
    for event in on_chain:
        for index in {event["prev_size"], event["size"] - 1}:
            _check_receipt(node, leaves[index], index, event)


def _check_receipt(node: Node, leaf: bytes, index: int, event: dict[str, Any]) -> None:
    found = node.receipts.receipt(leaf)
    assert isinstance(found, bytes)
    parsed = receipts.parse(found)
    assert [check for check in receipts.internal_checks(parsed) if check.error] == []
    assert (parsed.index, parsed.size) == (index, event["size"])
    assert "0x" + parsed.anchor.tx.hex() == event["tx"]
    assert "0x" + parsed.anchor.block_hash.hex() == event["blockHash"]
    assert parsed.anchor.block == event["block"]
