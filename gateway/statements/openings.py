"""The openings of the statements at some leaves of our logs, for auditors (design-2 10, 13)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.base.context import Context
from gateway.base.crypto import ContentLost
from gateway.base.db import begin_read
from gateway.log.store import TileStore, find
from gateway.records.errors import ContentErased
from gateway.statements.errors import StatementUnknown
from gateway.statements.services import Statements
from ledger.core.entry import STATEMENT, parse_entry
from ledger.core.tiles import WIDTH


class LoggedOpenings:
    """Openings by place in the log. What was erased or lost is left out: to an auditor a statement
    that cannot be opened is a finding."""

    def __init__(self, ctx: Context, statements: Statements) -> None:
        self._ctx = ctx
        self._statements = statements

    def openings(self, log: bytes, start: int, end: int) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """Those of the leaves start … end - 1 with their index, in order; leaves that are no
        statements, or that the log does not have, are left out."""
        while start < end:
            stop = min(end, (start // WIDTH + 1) * WIDTH)
            for index, commitment in self._named(log, start, stop):
                try:
                    opening = self._statements.opening(commitment)
                except (StatementUnknown, ContentErased, ContentLost):
                    continue
                yield index, opening.to_json()
            start = stop

    def _named(self, log: bytes, start: int, end: int) -> list[tuple[int, bytes]]:
        """Indexes and commitments of the statements in a range of one bundle."""
        with begin_read(self._ctx.engine) as connection:
            state = find(connection, log)
            size = 0 if state is None or state.published is None else state.published
            if state is None or start >= size:
                return []
            held = TileStore(connection, state.id).entries(start, min(end, size))
        entries = [(start + at, parse_entry(data)) for at, data in enumerate(held)]
        return [(at, entry.commitment) for at, entry in entries if entry.kind == STATEMENT]
