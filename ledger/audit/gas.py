"""What the transactions of each member cost, in gas: the network has no fee, but room in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from ledger.audit.cases import Cases
from ledger.audit.state import State
from ledger.audit.written import Written
from ledger.chain.network import Hash32
from ledger.chain.nodes.quorum import View

__all__ = ["SORTS", "gas_of"]

SORTS: Final = ("anchors", "acts", "acknowledgements", "products", "votes")
"""What a transaction brought. One that brought several counts for the first of them."""
_AHEAD: Final = 4  # receipts on their way at once
_PORTION: Final = 256  # receipts held at once


@dataclass(slots=True)
class _Spent:
    """Of one member. unread: transactions of which no node gives the receipt."""

    transactions: int = 0
    unread: int = 0
    gas: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SORTS, 0))


def gas_of(view: View, state: State, cases: Cases, written: Written) -> list[dict[str, Any]]:
    """By member ("": by vote), as the report shows it. Raises CouldNotCheck."""
    whose: dict[str, tuple[str, str]] = {}
    for tx, member, sort in _transactions(state, cases, written):
        whose.setdefault(tx, (member, sort))
    spent: dict[str, _Spent] = {}
    pool = ThreadPoolExecutor(_AHEAD, thread_name_prefix="receipts")
    try:
        waiting = iter(whose)
        while portion := list(islice(waiting, _PORTION)):
            receipts = pool.map(lambda tx: view.receipt(Hash32(tx)), portion)
            for tx, receipt in zip(portion, receipts, strict=True):
                member, sort = whose[tx]
                one = spent.setdefault(member, _Spent())
                one.transactions += 1
                if receipt is None:
                    one.unread += 1
                else:
                    one.gas[sort] += receipt.gas_used
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return [
        {"member": member, "transactions": one.transactions, "unread": one.unread, **one.gas}
        for member, one in sorted(spent.items())
    ]


def _transactions(state: State, cases: Cases, written: Written) -> Iterator[tuple[str, str, str]]:
    """Transaction, member and sort, in an order that is always the same."""
    for log in sorted(state.logs.values(), key=lambda log: log.log_id):
        for anchor in log.anchors:
            yield anchor.tx, log.member, "anchors"
    for done in cases.acts.in_order():
        yield done.tx, done.member, "acts"
    for made in cases.acknowledgements:
        yield made.tx, made.member, "acknowledgements"
    for writing in written.writings:
        yield writing.signed.tx, writing.member, "products"
    for proposal in state.proposals.values():
        yield proposal.tx, proposal.proposer, "votes"
        for ballot in proposal.ballots:
            yield ballot.tx, ballot.member, "votes"
