"""Acts that were recorded stay so: what the chain has lost is sent again.

A chain may be lost and rebuilt, or set back behind what it called final; then the registry knows
our acts no more. Each is filed again in the order of old, and names when it was first recorded.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
import structlog

from gateway.base.context import Context
from gateway.base.db import begin_read, begin_write
from gateway.cases import store
from gateway.cases.acts import find_act
from gateway.cases.registry import Registry, RegistryNow
from gateway.chain import keeping
from ledger.core.ids import RecordId

_log = structlog.get_logger(__name__)


class Keeping(keeping.Keeping[RegistryNow]):
    """Looks whether the registry still has our acts."""

    def __init__(self, ctx: Context, registry: Registry) -> None:
        super().__init__(ctx)
        self._registry = registry

    def newest(self, connection: sa.Connection) -> sa.Row[Any] | None:
        """The act that was recorded last."""
        return store.newest_recorded(connection)

    def now(self) -> RegistryNow:
        """The registry at its head."""
        return self._registry.now()

    def compare(self, now: RegistryNow) -> int:
        """Every act against the history of its record: another block may hold it now."""
        with begin_read(self.ctx.engine) as connection:
            rows = store.recorded_acts(connection)
        now.acts.states({RecordId(row.record) for row in rows})
        lost, moved = [], {}
        for row in rows:
            found = find_act(now.acts, row, self.ctx.settings.node.code)
            if found is None:
                lost.append(row.id)
            elif found.block <= now.final:
                moved[row.id] = {
                    "block": found.block,
                    "block_hash": now.hash_at(found.block),
                    "recorded_at": found.recorded_at,
                    "version": found.act.expected_version + 1,
                }
        with begin_write(self.ctx.engine, store.LOCK) as connection:
            for number, values in moved.items():
                store.change_act(connection, number, **values)
            count = store.refile(connection, lost) if lost else 0
        if count:
            _log.warning("acts.lost", acts=count)
        return count
