"""What happened on the chain: the anchors of a log, and all that a block holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from gateway.explorer.members import Row, consortium_of
from ledger.chain.contracts import bindings
from ledger.chain.contracts.contract_abi import Name
from ledger.chain.contracts.events import (
    Acknowledged,
    Acted,
    Anchored,
    ChainEvent,
    Executed,
    ItemPut,
    LogClosed,
    LogOpened,
    Proposed,
    Revoked,
    Voted,
    decode_events,
    topic,
)
from ledger.chain.contracts.structs import YES
from ledger.chain.network import Hash32, NetworkFile
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.core.canonical import hex0x
from ledger.core.ids import Address

ANCHORS: Final = 25
"""On a page; a few more where one block holds more."""
BLOCKS: Final = 5_000
"""That are looked through at once for the anchors of a log."""
LOOKS: Final = 4
"""So often at most for a page."""
EVENTS: Final = 200
"""Of a block that are shown."""
_NAMES: Final[tuple[Name, ...]] = (
    "LogAnchor",
    "Catalogue",
    "CaseRegistry",
    "Revocations",
    "Products",
)


def read_anchors(view: View, network: NetworkFile, log_id: bytes, before: int | None) -> Row:
    """Anchors of a log in blocks below `before` (None: to the head), the newest first. first: the
    first block that was looked at. next: where to go on, None: that was all. Raises
    CouldNotCheck."""
    history = consortium_of(view, network).contract_history(bindings.LOG_ANCHOR)
    contracts = [one.account for one in history]
    last = view.block.number if before is None else min(before - 1, view.block.number)
    found: list[Anchored] = []
    first = last + 1
    for _ in range(LOOKS):
        if first <= network.deploy_block or len(found) >= ANCHORS:
            break
        end, first = first - 1, max(network.deploy_block, first - BLOCKS)
        found += sorted(_anchored(view, contracts, log_id, first, end), key=_place, reverse=True)
    if len(found) > ANCHORS:  # whole blocks, so that none is lost between two pages
        edge = found[ANCHORS - 1].entry.block
        found = [one for one in found if one.entry.block >= edge]
        first = edge
    return {
        "anchors": [_anchor(view, one) for one in found],
        "first": first,
        "last": last,
        "next": first if first > network.deploy_block else None,
    }


def read_block(view: View, reader: QuorumReader, network: NetworkFile, number: int) -> Row | None:
    """A block with what our contracts did in it; None where there is none of that number yet, or
    it is older than the network. Raises CouldNotCheck."""
    if not network.deploy_block <= number <= view.block.number:
        return None
    block, final = view.block_at(number), reader.final_block(view)
    events = list(_events(view, network, number))
    return {
        "number": block.number,
        "hash": block.hash,
        "parent": block.parent,
        "time": block.time,
        "final": final is not None and number <= final.number,
        "head": view.block.number,
        "first": network.deploy_block,
        "events": [_event(one) for one in events[:EVENTS]],
        "more": max(0, len(events) - EVENTS),
    }


def _anchored(
    view: View, contracts: Sequence[Address], log_id: bytes, first: int, last: int
) -> Iterator[Anchored]:
    for account in contracts:
        entries = view.logs(account, (topic(Anchored), log_id), first=first, last=last)
        for event in decode_events("LogAnchor", entries):
            if isinstance(event, Anchored):
                yield event


def _place(event: ChainEvent) -> tuple[int, int]:
    return event.entry.place


def _anchor(view: View, event: Anchored) -> Row:
    return {
        "size": event.size,
        "prevSize": event.prev_size,
        "root": event.root.hex(),
        "block": event.entry.block,
        "tx": event.entry.tx,
        "time": view.block_at(event.entry.block).time,
        "keyId": event.key_id.hex(),
        "state": "mined",
    }


def _events(view: View, network: NetworkFile, number: int) -> Iterator[ChainEvent]:
    """In the order in which they happened."""
    consortium = consortium_of(view, network)
    places: list[tuple[Name, Address]] = [("Consortium", network.consortium)]
    for name in _NAMES:
        places += [(name, one.account) for one in consortium.contract_history(name)]
    found: list[ChainEvent] = []
    for name, account in places:
        found += decode_events(name, view.logs(account, first=number, last=number))
    yield from sorted(found, key=_place)


def _event(event: ChainEvent) -> Row:
    """kind: its name. The others: what it is about, where it has such a thing."""
    about: dict[str, Any] = {"member": getattr(event, "member", None) or None}
    match event:
        case Anchored() | LogOpened() | LogClosed():
            about["log"] = event.log_id.hex()
            about["size"] = getattr(event, "size", None)
        case Acted():
            about |= {"record": event.record_id.hex(), "action": event.act.action}
        case Proposed() | Executed():
            about["vote"] = event.proposal_id.hex()
        case Voted():
            about |= {"vote": event.proposal_id.hex(), "yes": event.choice == YES}
        case ItemPut():
            about |= {"item": event.item_id, "version": event.version, "region": event.region}
        case Acknowledged():
            about["count"] = event.count
        case Revoked():
            about["member"] = event.custodian
        case _:
            about["key"] = _hex(getattr(event, "key_id", None))
    return {"kind": type(event).__name__, "tx": event.entry.tx, **_filled(about)}


def _hex(value: bytes | None) -> str | None:
    return None if value is None else value.hex()


def _filled(about: Mapping[str, Any]) -> dict[str, Any]:
    names = ("member", "log", "size", "record", "action", "vote", "yes", "item", "version")
    return {name: about.get(name) for name in (*names, "region", "count", "key")}


def transaction_block(view: View, tx: bytes) -> int | None:
    """The block in which a transaction stands; None where there is none of that hash. Raises
    CouldNotCheck."""
    found = view.receipt(Hash32(hex0x(tx)))
    return None if found is None else found.block
