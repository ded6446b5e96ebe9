"""Figures of the cases for whoever looks after the gateway: what waits, lasts too long, failed."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from gateway.cases import store
from gateway.cases.views import Views
from gateway.cases.waiting import Waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFigures:
    """proposals: that wait for their release. overdue: cases whose stage has lasted too long.
    refused: cases with an act that was refused, and whose record has had none recorded since."""

    proposals: int
    overdue: int
    refused: int


class CaseCounts:
    """Counts them."""

    def __init__(self, views: Views, waiting: Waiting) -> None:
        self._views = views
        self._waiting = waiting

    def read(self, connection: sa.Connection) -> CaseFigures:
        """As the database has them now."""
        proposals = sum(self._waiting.waits(connection, row) for row in store.proposed(connection))
        overdue = sum(
            row.number for row in store.running(connection) if self._views.stage(row).overdue
        )
        return CaseFigures(
            proposals=proposals,
            overdue=overdue,
            refused=store.count_refused(connection),
        )

    def gauges(self, connection: sa.Connection) -> list[tuple[str, str, int]]:
        """The same for a scraper: name, what it is, value."""
        found = self.read(connection)
        return [
            ("proposals_waiting", "Decisions that wait for a release", found.proposals),
            ("cases_overdue", "Cases whose stage has lasted too long", found.overdue),
            ("cases_refused", "Cases of which the chain refused an act", found.refused),
        ]
