"""Acts that were recorded stay so: what the chain has lost is sent again.

A chain may be lost and rebuilt, or set back behind what it called final; then the registry knows
our acts no more. Each is filed again in the order of old, and names when it was first recorded.
"""

from __future__ import annotations

import time

import structlog

from gateway.base.context import Context
from gateway.base.db import begin_read, begin_write
from gateway.cases import store
from gateway.cases.acts import find_act
from gateway.cases.registry import Registry, RegistryNow
from ledger.core.ids import RecordId

CHECK_SECONDS = 60.0
"""Between two looks at what was recorded."""
LATE_SECONDS = 30.0
"""For so long a head below our newest act may be that of nodes which lag; then the chain was set
back."""

_log = structlog.get_logger(__name__)


class Keeping:
    """Looks whether the chain still has what it recorded. Belongs to the thread that sends."""

    def __init__(self, ctx: Context, registry: Registry) -> None:
        self._ctx = ctx
        self._registry = registry
        self._checked: float | None = None
        self._late_since: float | None = None

    def step(self) -> int:
        """Look where that is due; how many acts are to be sent again. Raises CouldNotCheck."""
        at = time.monotonic()
        if self._checked is not None and at - self._checked < CHECK_SECONDS:
            return 0
        lost = self.look()
        self._checked = at
        return lost

    def look(self) -> int:
        """The same at once."""
        with begin_read(self._ctx.engine) as connection:
            newest = store.newest_recorded(connection)
        if newest is None:
            return 0
        now = self._registry.now()
        if now.number < newest.block:
            self._late_since = self._late_since or time.monotonic()
            if time.monotonic() - self._late_since < LATE_SECONDS:
                return 0
        self._late_since = None
        if now.hash_at(newest.block) == newest.block_hash:
            return 0
        return self._compare(now)

    def _compare(self, now: RegistryNow) -> int:
        """Every act against the history of its record: another block may hold it now."""
        with begin_read(self._ctx.engine) as connection:
            rows = store.recorded_acts(connection)
        now.acts.states({RecordId(row.record) for row in rows})
        lost, moved = [], {}
        for row in rows:
            found = find_act(now.acts, row, self._ctx.settings.node.code)
            if found is None:
                lost.append(row.id)
            elif found.block <= now.final:
                moved[row.id] = {
                    "block": found.block,
                    "block_hash": now.hash_at(found.block),
                    "recorded_at": found.recorded_at,
                    "version": found.act.expected_version + 1,
                }
        with begin_write(self._ctx.engine, store.LOCK) as connection:
            for number, values in moved.items():
                store.change_act(connection, number, **values)
            count = store.refile(connection, lost) if lost else 0
        if count:
            _log.warning("acts.lost", acts=count)
        return count
