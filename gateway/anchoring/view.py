"""The last snapshot of the chain, in memory and in `chain_cache`."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.anchoring.interfaces import ChainFacts
from gateway.anchoring.models import chain_cache
from gateway.db import begin_write
from ledger.core.errors import LedgerError

_KEY = "facts"


class ChainUnknown(LedgerError):
    """The chain was never read since this database was made; nothing can be promised yet."""


class ChainView:
    """Readable from every thread. `gateway.anchoring.services.refresh` keeps it up to date."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._facts: ChainFacts | None = None

    def load(self) -> None:
        """Take up what an earlier run stored."""
        query = sa.select(chain_cache.c.value).where(chain_cache.c.key == _KEY)
        with self._engine.connect() as connection:
            value = connection.execute(query).scalar_one_or_none()
        self._facts = ChainFacts.decode(value) if value else None

    @property
    def known(self) -> ChainFacts | None:
        """The snapshot; None where the chain was never read."""
        return self._facts

    @property
    def facts(self) -> ChainFacts:
        """The snapshot; raises ChainUnknown where the chain was never read."""
        if self._facts is None:
            raise ChainUnknown("the chain has not been read yet")
        return self._facts

    def put(self, facts: ChainFacts) -> None:
        """Store a newer snapshot and let all threads see it."""
        if self._facts == facts:
            return
        with begin_write(self._engine) as connection:
            connection.execute(sa.delete(chain_cache).where(chain_cache.c.key == _KEY))
            connection.execute(sa.insert(chain_cache).values(key=_KEY, value=facts.encode()))
        self._facts = facts
