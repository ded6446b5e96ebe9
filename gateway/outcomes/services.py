"""Outcomes of this member: reported as statements of the daily batch, each handed to whoever made
the product and to the province of its region.

A row that says what was said before makes no statement; one that says otherwise gets the next
number, and the highest counts. Rows are kept some at a time, each lot in one transaction with its
statements and messages: a file that was cut off is sent again, and what was kept is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from gateway.accesses.services import Access, AccessLog
from gateway.base.context import Context
from gateway.base.crash import crash_point
from gateway.base.db import begin_read, begin_write
from gateway.base.errors import NotReady
from gateway.base.policy import Caller, Decision, Purpose
from gateway.chain.view import ChainView
from gateway.outcomes import store
from gateway.outcomes.errors import OutcomesRefused
from gateway.outcomes.interfaces import (
    MAX_BACK,
    MAX_OF_MONTH,
    Done,
    Fault,
    Makers,
    MakerUnknown,
    Regions,
    Report,
    Said,
    months_from,
)
from gateway.outcomes.reading import Table, read_table
from gateway.outcomes.texts import fault
from gateway.peers.directory import Directory
from gateway.peers.errors import Refused
from gateway.peers.interfaces import Message
from gateway.peers.outbox import MessageOutbox
from gateway.statements.errors import Overtaken
from gateway.statements.interfaces import Said as Statement
from gateway.statements.services import ATTEMPTS, Statements
from ledger.core.canonical import hex32, instant
from ledger.core.ids import ProductId
from ledger.core.keys import Role
from ledger.core.opening import Opening, parse_opening
from ledger.core.reports import outcome_from_members
from ledger.core.sums import PLATFORM, TYPE, Cell, sums

LOT: Final = 200
"""Rows of one transaction."""


class Outcomes:
    """Reports and sums. Safe in threads."""

    def __init__(
        self,
        ctx: Context,
        *,
        chain: ChainView,
        statements: Statements,
        outbox: MessageOutbox,
        makers: Makers,
        regions: Regions,
        accesses: AccessLog,
    ) -> None:
        self._ctx = ctx
        self._chain = chain
        self._statements = statements
        self._outbox = outbox
        self._makers = makers
        self._regions = regions
        self._accesses = accesses

    def report(self, caller: Caller, data: bytes) -> Report:
        """Take a file of outcomes; what became of each row. Raises OutcomesRefused (the file as a
        whole), NotReady."""
        if not Role(self._chain.facts.roles) & Role.INSTITUTION:
            raise OutcomesRefused("not-an-institution")
        table = read_table(data, month=self._ctx.clock.today().isoformat()[:7])
        good, faults, makers = self._judged(table)
        done = [Done(row=row, state="wrong", faults=found) for row, found in faults.items()]
        for at in range(0, len(good), LOT):
            done += self._kept(caller, good[at : at + LOT], makers)
        return Report(rows=tuple(sorted(done, key=lambda one: one.row)), blank=table.blank)

    def own(self, period: str, after: int) -> Mapping[str, Any]:
        """What this member reported of a month."""
        with begin_read(self._ctx.engine) as connection:
            rows = store.reported(connection, self._own, period, after)
        end = after + len(rows) if len(rows) == store.PAGE else None
        return {"items": [_row(row) for row in rows], "next": end}

    def sums(self, first: str, last: str, by: Sequence[str]) -> Mapping[str, Any]:
        """Sums of some months over all that was reported here, cells under five households left
        out."""
        with begin_read(self._ctx.engine) as connection:
            found = sums(store.counting(connection, first, last), by)
        return {
            "_type": TYPE,
            "member": self._own,
            "at": instant(self._ctx.clock.seconds()),
            "from": first,
            "until": last,
            "by": list(by),
            "items": found,
        }

    # ---- rows

    def _judged(
        self, table: Table
    ) -> tuple[Sequence[Said], Mapping[int, Sequence[Fault]], Mapping[Cell, Sequence[str]]]:
        """The rows that are taken, what is wrong with the others, and whom the outcome of each cell
        is handed to."""
        provinces = self._regions.provinces()
        makers = _Remembered(self._makers)
        faults = dict(table.faults)
        receivers: dict[Cell, Sequence[str]] = {}
        good: list[Said] = []
        for said in table.rows:
            cell = said.cell
            if cell in receivers:
                faults[said.row] = [fault("twice")]
            elif cell.region not in provinces:
                faults[said.row] = [fault("region-unknown", "region")]
            else:
                try:
                    receivers[cell] = self._receivers(makers, said, provinces[cell.region])
                except MakerUnknown as error:
                    column = "version" if error.code == "version-unknown" else "product"
                    faults[said.row] = [fault(error.code, column)]
                    continue
                good.append(said)
        return good, faults, receivers

    def _receivers(self, makers: Makers, said: Said, province: str) -> Sequence[str]:
        cell, found = said.cell, {province}
        if cell.product != PLATFORM:
            found.add(makers.maker(ProductId(cell.product), cell.version, said.member))
        return sorted(found - {self._own})

    def _kept(
        self, caller: Caller, lot: Sequence[Said], receivers: Mapping[Cell, Sequence[str]]
    ) -> list[Done]:
        """Keep some rows in one transaction; what became of them."""
        for _ in range(ATTEMPTS):
            with begin_read(self._ctx.engine) as connection:
                before = store.latest(connection, self._own, [one.cell for one in lot])
                told = store.told(connection, self._own, {one.cell.period for one in lot})
            fresh, full = _with_room([one for one in lot if not _is_known(one, before)], told)
            stated = [_statement(one, before) for one in fresh]
            made = self._statements.make(stated) if stated else None
            try:
                with begin_write(self._ctx.engine, store.LOCK) as connection:
                    now = store.latest(connection, self._own, [one.cell for one in lot])
                    if _numbers(now) != _numbers(before):
                        continue  # another file was faster
                    issued = self._statements.keep(connection, stated, made) if made else ()
                    for one, opening in zip(fresh, issued, strict=True):
                        self._put(connection, opening, receivers[one.cell])
                    line = Access(
                        token=caller.id,
                        purpose=Purpose.OUTCOMES,
                        decision=Decision(None),
                        count=len(lot),
                    )
                    self._accesses.put(connection, [line], self._ctx.clock.seconds())
                    crash_point("outcome.stated", "before")
            except Overtaken:
                continue
            crash_point("outcome.stated", "after")
            self._ctx.signals.wake_all()
            made_of = dict(zip((one.row for one in fresh), issued, strict=True))
            wrong = [_full(one) for one in full]
            return wrong + _done([one for one in lot if one not in full], before, made_of)
        raise NotReady("busy", retry_after=1)

    def _put(self, connection: sa.Connection, opening: Opening, receivers: Sequence[str]) -> None:
        statement = opening.statement
        store.put(
            connection,
            commitment=statement.commitment,
            member=self._own,
            at=statement.at,
            outcome=outcome_from_members(statement.members),
        )
        for member in receivers:
            self._outbox.put(
                connection,
                member=member,
                commitment=statement.commitment,
                opening=opening.encode(),
            )

    @property
    def _own(self) -> str:
        return self._ctx.settings.node.code


class _Remembered:
    """Makers that are asked once for each version: a file names few products in many rows."""

    def __init__(self, makers: Makers) -> None:
        self._makers = makers
        self._known: dict[tuple[ProductId, int, str | None], str | MakerUnknown] = {}

    def maker(self, product_id: ProductId, version: int, member: str | None) -> str:
        """See Makers."""
        key = (product_id, version, member)
        if key not in self._known:
            try:
                self._known[key] = self._makers.maker(product_id, version, member)
            except MakerUnknown as error:
                self._known[key] = error
        found = self._known[key]
        if isinstance(found, MakerUnknown):
            raise found
        return found


class OutcomeInbox:
    """`gateway.peers.interfaces.Inbox` for the sort `outcome`: what institutions report to us."""

    def __init__(self, ctx: Context, directory: Directory) -> None:
        self._ctx = ctx
        self._directory = directory

    def take(self, message: Message) -> None:
        """Keep it; what is here already does no harm. Raises Refused where the sender is no
        institution, or has reported as much about that month as is kept."""
        member = self._directory.member(message.member)
        if member is None or not Role(member.roles) & Role.INSTITUTION:
            raise Refused("not-granted")
        statement = parse_opening(message.opening).statement
        outcome = outcome_from_members(statement.members)
        with begin_write(self._ctx.engine) as connection:
            if not store.is_kept(connection, statement.commitment):
                self._demand_room(connection, message.member, outcome.period)
            store.put(
                connection,
                commitment=statement.commitment,
                member=message.member,
                at=statement.at,
                outcome=outcome,
            )

    def _demand_room(self, connection: sa.Connection, member: str, period: str) -> None:
        """Raise Refused where nothing more is kept about that month, or it is none of ours: clocks
        differ, so the next one is."""
        back = months_from(period, self._ctx.clock.today().isoformat()[:7])
        told = store.told(connection, member, [period])[period]
        if not 0 <= back <= MAX_BACK + 1 or told >= MAX_OF_MONTH:
            extra = {"field": "period", "period": period, "most": MAX_OF_MONTH}
            raise Refused("outcomes-full", extra=extra)


def _is_known(said: Said, before: Mapping[Cell, store.Row]) -> bool:
    row = before.get(said.cell)
    return row is not None and (row.households, row.granted, row.lent) == said.figures


def _with_room(
    fresh: Sequence[Said], told: Mapping[str, int]
) -> tuple[Sequence[Said], Sequence[Said]]:
    """The rows for which their months have room, and the others. told: by month, how much was
    reported before."""
    left = {period: MAX_OF_MONTH - count for period, count in told.items()}
    good: list[Said] = []
    full: list[Said] = []
    for one in fresh:
        left[one.cell.period] -= 1
        (good if left[one.cell.period] >= 0 else full).append(one)
    return good, full


def _full(said: Said) -> Done:
    return Done(row=said.row, state="wrong", faults=[fault("month-full", "period")])


def _statement(said: Said, before: Mapping[Cell, store.Row]) -> Statement:
    row = before.get(said.cell)
    return Statement(sort="outcome", members=said.outcome(_next(row)).members())


def _next(row: store.Row | None) -> int:
    return 1 if row is None else int(row.seq) + 1


def _numbers(rows: Mapping[Cell, store.Row]) -> Mapping[Cell, int]:
    return {cell: row.seq for cell, row in rows.items()}


def _done(
    lot: Sequence[Said], before: Mapping[Cell, store.Row], issued: Mapping[int, Opening]
) -> list[Done]:
    return [_one(said, before.get(said.cell), issued.get(said.row)) for said in lot]


def _one(said: Said, row: store.Row | None, opening: Opening | None) -> Done:
    if opening is None:
        assert row is not None  # noqa: S101 - what is not new is known
        return Done(row=said.row, state="known", seq=row.seq, commitment=row.commitment)
    return Done(
        row=said.row,
        state="new" if row is None else "corrected",
        seq=_next(row),
        commitment=opening.statement.commitment,
    )


def _row(row: store.Row) -> Mapping[str, Any]:
    return {
        "period": row.period,
        "region": row.region,
        "product": hex32(row.product) if row.product else None,
        "version": row.version,
        "households": row.households,
        "granted": row.granted,
        "lent": row.lent,
        "seq": row.seq,
        "at": instant(row.at),
        "commitment": hex32(row.commitment),
    }
