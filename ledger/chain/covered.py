"""How much of each log of a member was anchored at a block, for answers that say so (design-2 15).

Sizes are read from the events, for state of old blocks is thrown away by most nodes: from the block
backwards, in windows that grow, until an anchor of the log is found. Where a contract is not the
code that ships a log may shrink, so all events are read: the largest size counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.chain.contracts.bindings import LogAnchor
from ledger.chain.contracts.contract_abi import load
from ledger.chain.contracts.events import Anchored, decode_event, topic
from ledger.chain.contracts.structs import ContractRegistration
from ledger.chain.nodes.quorum import View
from ledger.core.ids import Address, LogId
from ledger.core.verdict.facts import Block

FIRST_WINDOW: Final = 2_000
"""Blocks that are looked at first; a log is anchored every few minutes."""
GROWTH: Final = 8
"""Times that the next window is larger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtBlock:
    """What stood at a block. final: whether that block is. sizes: of every log that the member has
    by now; 0: nothing was anchored."""

    block: Block
    final: bool
    sizes: Mapping[LogId, int]


def size_at(
    view: View,
    contracts: Sequence[ContractRegistration],
    log: LogId,
    block: int,
    *,
    deployed: int,
) -> int:
    """The size of a log at a block; 0 before its first anchor. See `anchor_at`."""
    found = anchor_at(view, contracts, log, block, deployed=deployed)
    return 0 if found is None else found.size


def anchor_at(
    view: View,
    contracts: Sequence[ContractRegistration],
    log: LogId,
    block: int,
    *,
    deployed: int,
) -> Anchored | None:
    """The anchor of the largest size of a log up to a block, which is the last; None: it had none.
    contracts: all that ever had the role, the oldest first. deployed: block before which there is
    nothing. Raises CouldNotCheck."""
    known = all(is_ours(view, one.account) for one in contracts)
    latest = (LogAnchor(one.account, view.call).latest(log) for one in contracts)
    if known and not any(one.size for one in latest):
        return None
    for first, last in _windows(block, deployed) if known else [(deployed, block)]:
        found = [event for one in contracts for event in _anchored(view, one, log, first, last)]
        if found:
            return max(found, key=lambda event: event.size)
    return None


def is_ours(view: View, address: Address) -> bool:
    """Whether the code there is the LogAnchor that we ship."""
    return load("LogAnchor").is_deployed_as(view.code(address))


def _windows(block: int, deployed: int) -> Iterator[tuple[int, int]]:
    last, width = block, FIRST_WINDOW
    while last >= deployed:
        first = max(deployed, last - width + 1)
        yield first, last
        last, width = first - 1, width * GROWTH


def _anchored(
    view: View, contract: ContractRegistration, log: LogId, first: int, last: int
) -> Iterator[Anchored]:
    for entry in view.logs(contract.account, [topic(Anchored), log], first=first, last=last):
        event = decode_event("LogAnchor", entry)
        if isinstance(event, Anchored):
            yield event
