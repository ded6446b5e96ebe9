"""Records by what people know of them: document number and authority."""

from __future__ import annotations

from typing import Any, Final

from gateway.accesses.services import Access, AccessLog
from gateway.base.context import Context
from gateway.base.db import begin_read, begin_write
from gateway.base.policy import Caller, Decision, Purpose, Record, decide
from gateway.intake.lookup import Known, standings
from gateway.records.period import days_of
from gateway.worklists.find import Finder
from gateway.worklists.reading import Entry

MOST: Final = 100
"""Records of one decision that are told: it may be about several subjects."""


class Finding:
    """Finds records of this member by the key that intake gave them."""

    def __init__(self, ctx: Context, finder: Finder, accesses: AccessLog) -> None:
        self._ctx = ctx
        self._finder = finder
        self._accesses = accesses

    def find(self, caller: Caller, document: str, authority: str) -> dict[str, Any]:
        """The records in force with this number of this authority (USCC), of whatever type, that
        the caller may ask about; `more`: whether there are others beyond the first hundred."""
        wanted = self._finder.wanted(
            Entry(row=0, sheet=None, texts={"number": document}), authority
        )
        with begin_read(self._ctx.engine) as connection:
            known = self._finder.known(connection, [wanted])
            seen = [
                one
                for some in known.values()
                for one in some
                if wanted.means(one) and _may_ask(caller, one)
            ]
            places = standings(connection, [one.id for one in seen[:MOST]])
        items = [
            {"record": place.record_id.hex(), "leaf": place.leaf.hex()}
            for place in places.values()
            if place.record_id is not None
        ]
        lines = [
            Access(
                token=caller.id,
                purpose=Purpose.SEE_CASE,
                decision=Decision(None),
                record=place.leaf,
            )
            for place in places.values()
        ]
        if lines:
            with begin_write(self._ctx.engine) as connection:
                self._accesses.put(connection, lines, self._ctx.clock.seconds())
        return {"items": items, "more": len(seen) > MOST}


def _may_ask(caller: Caller, known: Known) -> bool:
    """Whoever may file about a record or see cases of it may learn its id."""
    record = Record(
        department=known.department,
        authority=known.authority,
        visibility=known.visibility,
        decided=days_of(known.period),
    )
    purposes = (Purpose.FILE_CASE, Purpose.SEE_CASE)
    return any(decide(caller, purpose, record).allowed for purpose in purposes)
