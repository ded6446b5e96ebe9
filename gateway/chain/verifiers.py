"""The verifier of this gateway: one for all questions, which lives as long as the gateway."""

from __future__ import annotations

import threading

from gateway.base.context import Context
from gateway.base.errors import NotReady
from ledger.chain.nodes.quorum import QuorumReader
from ledger.core.errors import ConfigError
from ledger.records.store import Library
from ledger.verify import DEADLINE_SECONDS, Verifier


class Verifiers:
    """Has one at hand, by the network file and the schema and rules files as they are now: another
    is made where these have changed, on the same connections. Safe in threads."""

    def __init__(self, ctx: Context, *, deadline: float = DEADLINE_SECONDS) -> None:
        """deadline: seconds for what is asked of the chain about one receipt."""
        self._ctx = ctx
        self._deadline = deadline
        self._lock = threading.Lock()
        self._reader: QuorumReader | None = None
        self._made: tuple[Library, Verifier] | None = None

    def current(self) -> Verifier:
        """The one; made when it is first asked for. Raises NotReady where there are too few nodes
        for any verdict."""
        library = self._ctx.schemas.latest()
        with self._lock:
            if self._made is None or self._made[0] is not library:
                try:
                    self._made = library, self._make(library)
                except ConfigError as error:
                    raise NotReady("too-few-nodes", retry_after=60) from error
            return self._made[1]

    def close(self) -> None:
        """Drop the connections."""
        with self._lock:
            if self._reader is not None:
                self._reader.close()

    def _make(self, library: Library) -> Verifier:
        ctx = self._ctx
        development = ctx.settings.env == "development"
        if self._reader is None:
            self._reader = QuorumReader(
                ctx.network, now=ctx.clock.of_chain, development=development
            )
        return Verifier(
            ctx.network,
            schemas=library,
            now=ctx.clock.of_chain,
            reader=self._reader,
            development=development,
            deadline=self._deadline,
        )
