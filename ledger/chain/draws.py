"""The block by which leaves are drawn on a day, and what was anchored before it (design-2 15)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from ledger.chain.contracts.bindings import LOG_ANCHOR, Consortium
from ledger.chain.contracts.structs import CLOSED
from ledger.chain.covered import anchor_at
from ledger.chain.nodes.blocks import Block
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import Digest, LogId
from ledger.core.verdict.facts import end_of

__all__ = ["Before", "block_of", "sizes_before"]


class Before(NamedTuple):
    """A log as it was anchored before the block. size: of that anchor; root: its root; drawn: how
    much of it is drawn from, less where the log was closed at a lower size."""

    log: LogId
    size: int
    root: Digest
    drawn: int


def block_of(reader: QuorumReader, view: View, day: date) -> Block:
    """The first block of a day in Asia/Shanghai, or after it where it had none. Raises
    CouldNotCheck, also where it is not final yet."""
    final = reader.final_block(view)
    since = end_of(day - timedelta(days=1))
    if final is None or final.time < since:
        raise CouldNotCheck("not-final", f"no block of {day.isoformat()} is final yet")
    low, high = reader.network.deploy_block, final.number
    while low < high:
        middle = (low + high) // 2
        if view.block_at(middle).time < since:
            low = middle + 1
        else:
            high = middle
    return view.block_at(low)


def sizes_before(reader: QuorumReader, view: View, member: str, block: Block) -> list[Before]:
    """Every log of a member that was anchored before a block, ascending. Raises CouldNotCheck."""
    network = reader.network
    consortium = Consortium(network.consortium, view.call, view.calls)
    contracts = consortium.contract_history(LOG_ANCHOR)
    found = []
    for log in sorted(consortium.logs(member), key=lambda one: one.log_id):
        last = anchor_at(
            view, contracts, log.log_id, block.number - 1, deployed=network.deploy_block
        )
        if last is not None:
            trusted = log.trusted_size if log.status == CLOSED else last.size
            found.append(Before(log.log_id, last.size, last.root, min(last.size, trusted)))
    return found
