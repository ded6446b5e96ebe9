"""What is drawn of our own logs, so that an auditor is disclosed nothing that it has chosen
(design-2 15): the same as everybody draws from chain and tiles, worked out from our own copy."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import date, timedelta
from typing import Final

from gateway.base.context import Context
from gateway.base.db import begin_read
from gateway.base.errors import NotReady
from gateway.log.store import TileStore, find
from ledger.audit.draws import drawn_among
from ledger.chain.draws import Before, block_of, sizes_before
from ledger.chain.nodes.quorum import QuorumReader
from ledger.core.canonical import unhex0x
from ledger.core.draw import MAX_COUNT, Drawn
from ledger.core.errors import CouldNotCheck

DAYS: Final = 31
"""For so long what a day draws is disclosed: else whoever asks for every day there was is disclosed
everything."""
MAX_KEPT: Final = DAYS + 1
"""Days whose draws are remembered; each takes 10 KiB a log."""


class LoggedDraws:
    """`gateway.peers.interfaces.DrawSource`. Safe to share between threads."""

    def __init__(self, ctx: Context, reader: QuorumReader) -> None:
        """reader: one that refuses heads that are too old."""
        self._ctx = ctx
        self._reader = reader
        self._lock = threading.Lock()
        self._kept: OrderedDict[date, tuple[list[Drawn], ...]] = OrderedDict()

    def is_drawn(self, record_id: bytes, day: date, count: int) -> bool:
        """See DrawSource."""
        today = self._ctx.clock.today()
        if not today - timedelta(days=DAYS) <= day <= today:
            return False
        return any(one.record == record_id for leaves in self._drawn(day) for one in leaves[:count])

    def _drawn(self, day: date) -> tuple[list[Drawn], ...]:
        """As many as anybody may ask for, of each log; fewer are the first of them."""
        with self._lock:
            if day not in self._kept:
                try:
                    self._kept[day] = self._draw(day)
                except CouldNotCheck as error:
                    raise NotReady("statuses-unknown") from error
                while len(self._kept) > MAX_KEPT:
                    self._kept.popitem(last=False)
            return self._kept[day]

    def _draw(self, day: date) -> tuple[list[Drawn], ...]:
        view = self._reader.head()
        block = block_of(self._reader, view, day)
        own = self._ctx.settings.node.code
        return tuple(
            self._of_log(before, unhex0x(block.hash, 32))
            for before in sizes_before(self._reader, view, own, block)
        )

    def _of_log(self, before: Before, block: bytes) -> list[Drawn]:
        with begin_read(self._ctx.engine) as connection:
            state = find(connection, before.log)
            if state is None:  # of a log that was lost nothing is here
                return []
            source = TileStore(connection, state.id)

            def entry_at(place: int) -> bytes:
                return source.entries(place, place + 1)[0]

            return drawn_among(entry_at, before, block, MAX_COUNT)
