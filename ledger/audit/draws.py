"""Leaves drawn from the logs of members: read from their tiles, proven by the anchored root."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
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

__all__ = ["MAX_PLACES", "FetchFor", "Unread", "draw", "drawn_of"]

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


@dataclass(frozen=True, slots=True)
class _Held:
    """An entry at a place of a log."""

    index: int
    data: bytes

    @property
    def entry(self) -> Entry | None:
        """None: it is none of ours, which replay finds."""
        try:
            return parse_entry(self.data)
        except (EvidenceError, VersionUnknown):
            return None


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
    try:
        found = (one for one in _entries(proven, before, block) if _is_record(one))
        return [_drawn(before.log, one) for one in islice(found, count)]
    except Missing as error:
        raise Unread("", before.log, error.path, false=False) from error
    except EvidenceError as error:
        raise Unread("", before.log, str(error), false=True) from error


def _entries(proven: Proven, before: Before, block: bytes) -> Iterator[_Held]:
    """Entries at the places, each bundle read once for those that follow one another."""
    for place in islice(places(block, before.log, before.drawn), MAX_PLACES):
        n, at = divmod(place, WIDTH)
        data = parse_bundle(proven.entries(n), tile_width(before.size, 0, n))
        yield _Held(place, data[at])


def _is_record(held: _Held) -> bool:
    entry = held.entry
    return entry is not None and entry.kind == RECORD


def _drawn(log: LogId, held: _Held) -> Drawn:
    entry = held.entry
    assert entry is not None  # noqa: S101 - see `_is_record`
    return Drawn(
        index=held.index,
        leaf=leaf_hash(held.data),
        record=RecordId(record_id(log, entry.commitment)),
    )
