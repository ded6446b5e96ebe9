"""Leaves of the logs of others, told from record ids where this node can tell: by what members
answered it, and by its copies of their logs.

Both are 64 digits. A receipt is named by its leaf, so that is what people have at hand; but whoever
follows a leaf as if it were a record hears nothing of it for good.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

import sqlalchemy as sa

from gateway.base.db import begin_read, insert_unless_there, rows_at
from gateway.base.errors import NotReady
from gateway.mirrors.finding import SOME, record_at
from gateway.mirrors.models import mirror_tiles, told_leaves
from gateway.mirrors.store import Mirror, all_mirrors
from ledger.core.canonical import DIGEST_SIZE
from ledger.core.errors import InputError
from ledger.core.ids import Digest, RecordId

LONGEST: Final = 5.0
"""Seconds that the copies are looked through; ten million entries take about two. What was not come
to by then is taken for a record id, as where there are no copies."""
AT_ONCE: Final = 2
"""Looks at once: each has some megabytes of tiles in memory."""
CODE: Final = "leaf-not-id"


def note_leaves(connection: sa.Connection, told: Iterable[tuple[bytes, bytes]]) -> None:
    """Keep which leaf is which record, of receipts of others that were verified, within the
    caller's write transaction."""
    rows = [{"leaf": leaf, "record": record} for leaf, record in sorted(set(told))]
    if rows:
        connection.execute(insert_unless_there(connection, told_leaves), rows)


class Leaves:
    """Knows them; safe in threads."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._places = threading.BoundedSemaphore(AT_ONCE)

    def demand_ids(self, names: Mapping[bytes, str | None]) -> None:
        """Refuse what is known to be a leaf. names: with the field in which each was given. Raises
        InputError (`leaf-not-id`), which tells the record id; NotReady (`busy`)."""
        known = self.known(names)
        for name, field in names.items():
            if (record := known.get(name)) is not None:
                raise InputError(field, CODE, _text(name, record))

    def known(self, names: Collection[bytes]) -> Mapping[bytes, RecordId]:
        """Those of these that are leaves of logs of others, as far as that is known here, each with
        its record id. Raises NotReady (`busy`)."""
        with begin_read(self._engine) as connection:
            rows = rows_at(connection, (told_leaves.c.leaf,), [(one,) for one in names])
            found = {bytes(row.leaf): RecordId(Digest(row.record)) for row in rows}
            mirrors = all_mirrors(connection)
        left = frozenset(names) - found.keys()
        if left and mirrors:
            found.update(self._mirrored(mirrors, left))
        return found

    def _mirrored(
        self, mirrors: Collection[Mirror], names: frozenset[bytes]
    ) -> Iterator[tuple[bytes, RecordId]]:
        if not self._places.acquire(timeout=LONGEST):
            raise NotReady("busy", retry_after=10)
        try:
            end = time.monotonic() + LONGEST
            for mirror in mirrors:
                for first in reversed(range(0, mirror.whole + 1, SOME)):
                    if time.monotonic() > end:
                        return
                    yield from self._some(mirror, first, names)
        finally:
            self._places.release()

    def _some(
        self, mirror: Mirror, first: int, names: frozenset[bytes]
    ) -> Iterator[tuple[bytes, RecordId]]:
        """Those in `SOME` tiles from one on."""
        query = sa.select(mirror_tiles.c.n, mirror_tiles.c.data).where(
            mirror_tiles.c.mirror == mirror.id,
            mirror_tiles.c.level == 0,
            mirror_tiles.c.n >= first,
            mirror_tiles.c.n < first + SOME,
        )
        with begin_read(self._engine) as connection:
            for row in connection.execute(query).all():
                for at in range(0, len(row.data), DIGEST_SIZE):
                    leaf = row.data[at : at + DIGEST_SIZE]
                    if leaf not in names:
                        continue
                    record = record_at(connection, mirror, row.n, at // DIGEST_SIZE)
                    if record is not None:
                        yield leaf, record


def _text(leaf: bytes, record: bytes) -> Mapping[str, str]:
    given, wanted = leaf.hex(), record.hex()
    return {
        "zh": f"{given} 是回执的叶值，不是记录编号；该记录的编号（recordId）"
        f"为 {wanted}，请改用此编号",
        "en": f"{given} is the leaf of a receipt and no record id; the id of this record"
        f" (recordId) is {wanted}: give that",
    }
