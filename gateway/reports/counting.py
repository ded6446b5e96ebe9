"""Codes that are tried: five wrong ones an hour for each number, counted in the database, so that
all gateways of a member count together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import sqlalchemy as sa

from gateway.base.context import Context
from gateway.base.db import begin_write
from gateway.reports import store
from gateway.reports.errors import TooManyTries

MAX_TRIES: Final = 5
_T = TypeVar("_T")


class Tries:
    """Counts them; safe in threads."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    def look(
        self, number: str, match: Callable[[sa.Connection, store.Row], _T | None]
    ) -> _T | None:
        """What `match` finds for the report of this number; None, counted, where it is nothing.
        None too where there is no such report. Raises TooManyTries, and then nothing is looked at:
        that there is a report it tells, as numbers do anyway, being counted up."""
        now = self._ctx.clock.seconds()
        with begin_write(self._ctx.engine, store.LOCK) as connection:
            row = store.row_of(connection, number)
            if row is None:
                return None
            tried = store.tries(connection, row.n, now)
            if len(tried) >= MAX_TRIES:
                raise TooManyTries(max(1, tried[-MAX_TRIES] + store.HOUR - now))
            found = match(connection, row)
            if found is None:
                store.note_try(connection, row.n, now)
            return found
