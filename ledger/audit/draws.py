"""Leaves drawn from the logs of members: read from their tiles, proven by the anchored root."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from itertools import islice

from ledger.audit.proven import Proven
from ledger.audit.tiles import Fetch, Missing
from ledger.chain.draws import Before, block_of, sizes_before
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.core.canonical import unhex0x
from ledger.core.draw import Draw, Drawn, DrawnLog, places
from ledger.core.entry import RECORD, Entry, parse_entry
from ledger.core.errors import EvidenceError, LedgerError, VersionUnknown
from ledger.core.ids import Digest, LogId, RecordId, record_id
from ledger.core.merkle import leaf_hash
from ledger.core.tiles import WIDTH, parse_bundle, tile_width

__all__ = ["MAX_PLACES", "FetchFor", "Unread", "draw", "drawn_among", "drawn_of"]

MAX_PLACES = 8192
"""Places that are looked at in one log: where records are one in a hundred, more than enough."""

FetchFor = Callable[[str, LogId], Fetch | None]
"""How to read a log of a member; None: no way."""


class Unread(LedgerError):
    """A log could not be read, or is not what was anchored. false: the latter."""

    def __init__(self, member: str, log: LogId, why: str, *, false: bool) -> None:
        super().__init__(f"{member} {log.hex()[:12]}: {why}")
        self.member = member
        self.log = log
        self.why = why
        self.false = false


def draw(
    reader: QuorumReader,
    view: View,
    *,
    auditor: str,
    day: date,
    members: Sequence[str],
    count: int,
    fetch_for: FetchFor,
) -> tuple[Draw, list[Unread]]:
    """Draw so many records of every log of these members by the first block of a day; and which
    logs could not be read. Raises CouldNotCheck."""
    block = block_of(reader, view, day)
    logs, unread = [], []
    for member in members:
        for before in sizes_before(reader, view, member, block):
            try:
                leaves = drawn_of(
                    _fetched(fetch_for, member, before), before, unhex0x(block.hash, 32), count
                )
            except Unread as error:
                unread.append(Unread(member, before.log, error.why, false=error.false))
                continue
            logs.append(
                DrawnLog(member=member, log=before.log, size=before.drawn, leaves=tuple(leaves))
            )
    made = Draw(
        auditor=auditor,
        network=reader.network.reference,
        day=day,
        number=block.number,
        hash=Digest(unhex0x(block.hash, 32)),
        time=block.time,
        count=count,
        logs=tuple(sorted(logs, key=lambda one: one.log)),
    )
    return made, unread


def _fetched(fetch_for: FetchFor, member: str, before: Before) -> Fetch:
    fetch = fetch_for(member, before.log)
    if fetch is None:
        raise Unread(member, before.log, "endpoint", false=False)
    return fetch


def drawn_of(fetch: Fetch, before: Before, block: bytes, count: int) -> list[Drawn]:
    """The records drawn of a log. block: hash of the block. Raises Unread."""
    proven = Proven(fetch, before.size, before.root)

    def entry_at(place: int) -> bytes:
        n, at = divmod(place, WIDTH)
        return parse_bundle(proven.entries(n), tile_width(before.size, 0, n))[at]

    try:
        return drawn_among(entry_at, before, block, count)
    except Missing as error:
        raise Unread("", before.log, error.path, false=False) from error
    except EvidenceError as error:
        raise Unread("", before.log, str(error), false=True) from error


def drawn_among(
    entry_at: Callable[[int], bytes], before: Before, block: bytes, count: int
) -> list[Drawn]:
    """The first so many records at the places of a log. entry_at: its entries by index; what it
    raises is raised."""
    found: list[Drawn] = []
    for place in islice(places(block, before.log, before.drawn), MAX_PLACES):
        if len(found) == count:
            break
        data = entry_at(place)
        entry = _entry(data)
        if entry is not None and entry.kind == RECORD:
            name = record_id(before.log, entry.commitment)
            found.append(Drawn(index=place, leaf=leaf_hash(data), record=RecordId(name)))
    return found


def _entry(data: bytes) -> Entry | None:
    """None: it is none of ours, which replay finds."""
    try:
        return parse_entry(data)
    except (EvidenceError, VersionUnknown):
        return None
