"""The last snapshot of the chain, in memory and in `chain_cache`."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import sqlalchemy as sa

from gateway.base.db import begin_write
from gateway.base.errors import NotReady
from gateway.chain.interfaces import MemberFacts
from gateway.chain.models import chain_cache, transactions
from ledger.chain.network import NetworkFile

LOCK = "facts"
_KEY = "facts"

Lost = Callable[[sa.Connection], None]
"""Forgets what was anchored on a chain that is no more."""


class ChainView:
    """Readable from every thread. `Anchoring.refresh` keeps it up to date."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._facts: MemberFacts | None = None
        self._read_at = -math.inf

    def load(self, network: NetworkFile, lost: Lost) -> None:
        """Take up what an earlier run stored.

        Where that was another chain (it was lost and rebuilt, and the operator has the new
        network file), all that is stored of it goes, and `lost` forgets the rest within the same
        transaction.
        """
        query = sa.select(chain_cache.c.value).where(chain_cache.c.key == _KEY)
        with self._engine.connect() as connection:
            value = connection.execute(query).scalar_one_or_none()
        facts = _decoded(value) if value else None
        if facts is not None and not _of(facts, network):
            with begin_write(self._engine, LOCK) as connection:
                lost(connection)
                connection.execute(sa.delete(transactions))
                connection.execute(sa.delete(chain_cache))
            facts = None
        self._facts = facts

    @property
    def known(self) -> MemberFacts | None:
        """The snapshot; None where the chain was never read."""
        return self._facts

    @property
    def facts(self) -> MemberFacts:
        """The snapshot; raises NotReady where the chain was never read."""
        if self._facts is None:
            raise NotReady("chain-unknown")
        return self._facts

    @property
    def age(self) -> float:
        """Seconds since this process read the chain; infinite where it has not."""
        return time.monotonic() - self._read_at

    def expire(self) -> None:
        """Have the facts read again at the next opportunity."""
        self._read_at = -math.inf

    def put(self, facts: MemberFacts) -> None:
        """Store a newer snapshot and let all threads see it."""
        with begin_write(self._engine, LOCK) as connection:
            connection.execute(sa.delete(chain_cache).where(chain_cache.c.key == _KEY))
            connection.execute(sa.insert(chain_cache).values(key=_KEY, value=facts.encode()))
        self._facts = facts
        self._read_at = time.monotonic()


def _decoded(value: bytes) -> MemberFacts | None:
    """None where another version of the program wrote it; it is read from the chain again."""
    try:
        return MemberFacts.decode(value)
    except (KeyError, TypeError, ValueError):
        return None


def _of(facts: MemberFacts, network: NetworkFile) -> bool:
    """Whether the facts were read from the chain that the file pins."""
    return (facts.chain_id, facts.consortium, facts.deploy_block_hash) == (
        network.chain_id,
        network.consortium,
        network.deploy_block_hash,
    )
