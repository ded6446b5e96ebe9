"""Figures of the cases for whoever looks after the gateway: what waits, lasts too long, failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from gateway.about.figures import Month, Repaired
from gateway.cases import store
from gateway.cases.models import acts, cases
from gateway.cases.views import Views
from gateway.cases.waiting import Waiting
from ledger.core.case_chain import Kind
from ledger.core.status import Action

_DAY: Final = 86_400.0


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


class RepairCounts:
    """Counts the repairs of this member by month, for `gateway.about.figures`."""

    def __init__(self, code: str) -> None:
        self._code = code

    def __call__(
        self, connection: sa.Connection, months: Sequence[Month]
    ) -> Mapping[str, Repaired]:
        """Of cases that were filed: what the owner corrects by itself took nobody's time. A repair
        counts where it was first recorded, on whatever chain."""
        at = sa.case((acts.c.refiled_from > 0, acts.c.refiled_from), else_=acts.c.recorded_at)
        month = sa.case(
            *((sa.and_(at >= one.begin, at < one.end), one.period.name) for one in months)
        ).label("month")
        query = (
            sa.select(month, sa.func.count(), sa.func.sum((at - cases.c.opened) / _DAY))
            .select_from(acts.join(cases, cases.c.id == acts.c.case))
            .where(
                acts.c.state == "recorded",
                acts.c.action == int(Action.REPAIR),
                cases.c.kind == Kind.REPAIR,
                cases.c.owner == self._code,
                at >= months[0].begin,
                at < months[-1].end,
            )
            .group_by("month")
        )
        return {
            name: Repaired(int(count), float(days))
            for name, count, days in connection.execute(query)
        }
