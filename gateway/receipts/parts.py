"""What receipts are made of, read from the database: for many entries in as many statements as for
one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gateway.anchoring.progress import first_final_anchors
from gateway.log.located import Located
from gateway.log.many import ManyEntries, Placed, paths_of
from gateway.log.models import logs
from gateway.mirrors.store import lines_of, with_lines
from gateway.receipts.interfaces import Pending, Stranded
from gateway.receipts.stranded import is_beyond, logged_again
from gateway.records.store import record_rows
from ledger.core.errors import EvidenceError, Malformed
from ledger.core.ids import Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Of one receipt. row: its record as `record_row` gives it; None: it was not asked for."""

    found: Located
    index: int
    entry: bytes
    path: Sequence[Digest]
    anchor: sa.Row[Any]
    checkpoint: str
    row: sa.Row[Any] | None


def parts_of(
    connection: sa.Connection, found: Sequence[Located], held: ManyEntries, *, show: bool
) -> list[Parts | Pending | Stranded]:
    """Of each of these entries, or why there are none. show: whether their records are wanted too.
    Raises NotARecord where one of those that have a receipt is none then; Malformed where a tile or
    bundle is damaged."""
    closed = _closed_sizes(connection, found)
    places = {(at.log, at.index) for at in found if at.index is not None}
    anchors = first_final_anchors(connection, places)
    ready = {
        at.id: Placed(at.log, at.index, anchors[at.log, at.index].size)
        for at in found
        if at.index is not None and (at.log, at.index) in anchors
        if not is_beyond(at, closed.get(at.log))
    }
    rows = record_rows(connection, list(ready)) if show else {}
    paths = dict(zip(ready, paths_of(connection, list(ready.values())), strict=True))
    lines = lines_of(connection, {(place.log, place.size) for place in ready.values()})
    made: list[Parts | Pending | Stranded] = []
    for at in found:
        place = ready.get(at.id)
        if is_beyond(at, closed.get(at.log)):
            made.append(Stranded(logged_again(connection, at)))
        elif place is None:
            made.append(Pending())
        else:
            anchor = anchors[at.log, place.leaf]
            made.append(
                Parts(
                    found=at,
                    index=place.leaf,
                    entry=_entry(held, at),
                    path=paths[at.id],
                    anchor=anchor,
                    checkpoint=with_lines(anchor.note, lines.get((at.log, place.size), ())),
                    row=rows[at.id] if show else None,
                )
            )
    return made


def parts_of_each(
    connection: sa.Connection, found: Sequence[Located], held: ManyEntries
) -> list[tuple[Located, Parts | Pending | Stranded | EvidenceError]]:
    """The same without their records, each beside its entry; what is damaged holds up no other."""
    try:
        return list(zip(found, parts_of(connection, found, held, show=False), strict=True))
    except EvidenceError as error:
        if len(found) == 1:
            return [(found[0], error)]
    return [one for at in found for one in parts_of_each(connection, [at], held)]


def _closed_sizes(connection: sa.Connection, found: Sequence[Located]) -> Mapping[int, int | None]:
    """By log, the size that its closing names; None: it is open."""
    query = sa.select(logs.c.id, logs.c.closed).where(logs.c.id.in_({at.log for at in found}))
    return {row.id: row.closed for row in connection.execute(query)}


def _entry(held: ManyEntries, at: Located) -> bytes:
    data = held.get(at)
    if data is None:
        raise Malformed("entry bundle", f"entry {at.index} is not in it")
    return data
