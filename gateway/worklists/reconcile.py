"""A department's own register held against the records of its authority: what was kept back, what
the register does not know, what came late, what differs.

The register is read in memory and not stored. The answer names its rows by number, and records of
ours by their id: no value of either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, get_args

import sqlalchemy as sa

from gateway.accesses.services import Access, AccessLog
from gateway.base.clock import CHINA
from gateway.base.context import Context
from gateway.base.db import begin_read, begin_write
from gateway.base.policy import (
    ALWAYS,
    CONTENT_CLOSED,
    Caller,
    Days,
    Decision,
    Purpose,
    Record,
    Status,
    decide,
)
from gateway.files.errors import FileFault
from gateway.intake.calendar_file import CalendarFile
from gateway.intake.judging import BOUND, NEAR
from gateway.intake.lookup import COLUMNS, Known
from gateway.intake.lookup import known as known_rows
from gateway.records.models import records
from gateway.worklists.find import Finder, Held, Wanted, demand_few, matches, schema_of
from gateway.worklists.reading import Entries, Entry, Passed
from ledger.core.canonical import parse_day

TYPE = "credit-ledger/reconciliation@1"
MAX_REGISTER = 20_000
"""Rows of one register; a year of a department has some thousands."""
MAX_HELD = 50_000
"""Records that are looked through for those the register does not know, of all its authorities."""

_LONGEST = timedelta(days=40)
"""No seven working days take longer, whatever days off a year has."""

MAX_UNITS = 1000
"""Authorities of one register; each costs a query."""

State = Literal["kept-back", "not-due", "late", "different", "unlisted", "unreadable", "not-yours"]
STATES: tuple[State, ...] = get_args(State)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One difference. entry: None for a record that the register does not know. fields: what the
    register has otherwise."""

    state: State
    unit: str
    entry: Entry | None = None
    held: Held | None = None
    fields: tuple[str, ...] = ()

    @property
    def counted(self) -> tuple[str, State, object]:
        """What is counted once: a row, or a record that the register does not know."""
        if self.entry is not None:
            return self.unit, self.state, (self.entry.sheet, self.entry.row)
        return self.unit, self.state, self.held.known.id if self.held else None

    def as_dict(self) -> dict[str, Any]:
        """As the answer has it."""
        record_id = self.held.standing.record_id if self.held else None
        return {
            "state": self.state,
            "unit": self.unit or None,
            "row": self.entry.row if self.entry else None,
            "sheet": self.entry.sheet if self.entry else None,
            "leaf": self.held.standing.leaf.hex() if self.held else None,
            "recordId": record_id.hex() if record_id else None,
            "fields": list(self.fields),
        }


@dataclass(slots=True, kw_only=True)
class Reconciliation:
    """What was found. first, last: days of decision that were looked at. rows, held, repeated: by
    unit, rows of the register, those of them that we hold, and those that say what one before them
    says, which are compared once. unnumbered: by unit, records without a document number, which no
    register can list. incomplete: units of which nothing unlisted is told, for they have more
    records than are looked through, or a sheet was passed over. opened, withheld: records of ours,
    the latter closed to the caller. passed:
    what of the table was passed over."""

    member: str
    first: date | None = None
    last: date | None = None
    items: list[Item] = field(default_factory=list)
    rows: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    repeated: Counter[str] = field(default_factory=Counter)
    unnumbered: Counter[str] = field(default_factory=Counter)
    incomplete: set[str] = field(default_factory=set)
    opened: int = 0
    withheld: int = 0
    passed: Sequence[Passed] = ()

    def as_dict(self) -> dict[str, Any]:
        """The answer."""
        # By rows, whatever number of records each means.
        states = Counter((unit, state) for unit, state, _ in {item.counted for item in self.items})
        units = sorted({*self.rows, *(item.unit for item in self.items)})
        return {
            "_type": TYPE,
            "member": self.member,
            "from": self.first.isoformat() if self.first else None,
            "until": self.last.isoformat() if self.last else None,
            "units": [
                {
                    "unit": unit or None,
                    "rows": self.rows[unit],
                    "held": self.held[unit],
                    "keptBack": states[unit, "kept-back"],
                    "notDue": states[unit, "not-due"],
                    "late": states[unit, "late"],
                    "different": states[unit, "different"],
                    "unlisted": states[unit, "unlisted"],
                    "unreadable": states[unit, "unreadable"],
                    "notYours": states[unit, "not-yours"],
                    "repeated": self.repeated[unit],
                    "unnumbered": self.unnumbered[unit],
                    "complete": unit not in self.incomplete,
                }
                for unit in units
            ],
            "items": [item.as_dict() for item in self.items],
            "skipped": [one.as_dict() for one in self.passed],
        }


@dataclass(frozen=True, slots=True)
class _Listed:
    """What a register lists of an authority. unit: its code. records: by row number. families: of
    types that it is a register of, as its header, its types or the records found tell."""

    unit: str
    records: set[int]
    families: set[str]


class Registers:
    """Holds registers against the records."""

    def __init__(
        self, ctx: Context, finder: Finder, accesses: AccessLog, calendar: CalendarFile
    ) -> None:
        self._ctx = ctx
        self._finder = finder
        self._accesses = accesses
        self._calendar = calendar

    def answer(self, caller: Caller, table: Entries, authority: str | None) -> Reconciliation:
        """The differences. authority: of rows that name none; by default the caller's, where it
        has one. Raises NotAllowed where one of the authorities is not the caller's to compare, and
        FileFault where there is too much to look up."""
        found = Reconciliation(member=self._ctx.settings.node.code, passed=table.passed)
        default = authority or _only(caller.authorities)
        asked = list(_asked(table.rows, default, found))
        units = sorted({unit for _, unit in asked})
        if len(units) > MAX_UNITS:
            raise FileFault("too-many-units")
        self._demand(caller, units)  # before any work that grows with the rows
        demand_few((entry, 1) for entry, _ in asked)
        wanted = _once((self._finder.wanted(entry, unit) for entry, unit in asked), found)
        days = [parse_day(one.entry.texts["day"]) for one in wanted if "day" in one.entry.texts]
        found.first, found.last = min(days, default=None), max(days, default=None)
        with begin_read(self._ctx.engine) as connection:
            known = self._finder.known(connection, wanted)
            all_meant = [matches(one, known) for one in wanted]
            meant = [[one for one in some if _may(caller, one)] for some in all_meant]
            some = {record.id: record for records in meant for record in records}
            held = self._open(connection, caller, found, list(some.values()))
            families: dict[str, set[str]] = {unit: set() for unit in units}
            for one, records, hidden in zip(wanted, meant, all_meant, strict=True):
                theirs = [held[record.id] for record in records]
                if not theirs and (hidden or not self._theirs(caller, one)):
                    found.rows[one.authority] += 1
                    item = Item(state="not-yours", unit=one.authority, entry=one.entry)
                    found.items.append(item)
                    continue
                self._compare(found, one, theirs)
                families[one.authority] |= _families(one.entry, theirs)
            if not table.whole:
                found.incomplete.update(units)
            room = MAX_HELD
            for unit in units:
                listed = _Listed(unit, set(some), families[unit])
                room -= self._unlisted(connection, caller, found, listed, room)
        self._log(caller, units, found)
        return found

    def _open(
        self,
        connection: sa.Connection,
        caller: Caller,
        found: Reconciliation,
        some: Sequence[Known],
    ) -> Mapping[int, Held]:
        """Records with their content, but for those that are closed to the caller: that we hold
        them is all that is compared."""
        withheld = {one.id for one in some if not _opened(caller, one)}
        found.withheld += len(withheld)
        found.opened += len(some) - len(withheld)
        return self._finder.open(connection, some, withheld)

    def _demand(self, caller: Caller, units: Sequence[str]) -> None:
        """That each is the caller's to compare, of some day at the least."""
        for unit in units:
            decision = _decision(caller, self._finder.mark(unit), ALWAYS)
            if not decision.allowed:
                self._accesses.refuse(caller, Purpose.RECONCILE, decision)

    def _theirs(self, caller: Caller, one: Wanted) -> bool:
        """Whether what a row lists would be the caller's to see, if we had it: of a predecessor
        only what it decided in its days. A row without a day may be of any."""
        mark, text = self._finder.mark(one.authority), one.entry.texts.get("day")
        days = [parse_day(text)] if text else [date.min, date.max]
        return all(_decision(caller, mark, Days(day, day)).allowed for day in days)

    def _compare(self, found: Reconciliation, one: Wanted, held: Sequence[Held]) -> None:
        """A row, and the records that it means."""
        unit = one.authority
        found.rows[unit] += 1
        if not held:
            state: State = "not-due" if self._may_come(one.entry) else "kept-back"
            found.items.append(Item(state=state, unit=unit, entry=one.entry))
            return
        found.held[unit] += 1
        for record in held:
            if differing := _differing(one.entry, record):
                found.items.append(
                    Item(
                        state="different",
                        unit=unit,
                        entry=one.entry,
                        held=record,
                        fields=differing,
                    )
                )
            if self._late(record):
                found.items.append(Item(state="late", unit=unit, entry=one.entry, held=record))

    def _may_come(self, entry: Entry) -> bool:
        """Whether a decision that we do not hold may still come in time: its seven working days are
        not over, or may not be as far as the calendar knows. Of a row that may be of types without
        that limit as well, it may be of one that has it."""
        day = entry.texts.get("day")
        if day is None or (entry.families and not entry.families & {*BOUND}):
            return False
        decided, today = parse_day(day), self._ctx.clock.today()
        deadline = self._calendar.current().deadline(decided)
        return today <= (decided + _LONGEST if deadline is None else deadline)

    def _late(self, record: Held) -> bool:
        """Whether it was taken in after the seventh working day, where that binds."""
        content = record.content
        schema = schema_of(content) if content else None
        if content is None or schema is None or schema.family not in BOUND:
            return False
        go_live = self._ctx.settings.node.go_live or date.min
        decided = parse_day(content.decided)
        if decided < go_live:
            return False
        return self._calendar.current().timely(decided, _stored(record)) == "no"

    def _unlisted(
        self,
        connection: sa.Connection,
        caller: Caller,
        found: Reconciliation,
        listed: _Listed,
        room: int,
    ) -> int:
        """Find records of an authority, of the types and decided within the days of the register,
        that it lacks; how many were looked through. room: how many may be."""
        first, last, unit = found.first, found.last, listed.unit
        if first is None or last is None or not listed.families or unit in found.incomplete:
            found.incomplete.add(unit)
            return 0
        known = _of_authority(connection, self._finder.mark(unit), first, room + 1)
        if len(known) > room:
            found.incomplete.add(unit)
            return 0
        others = [one for one in known if one.id not in listed.records and _may(caller, one)]
        for record in self._open(connection, caller, found, others).values():
            schema = schema_of(record.content) if record.content else None
            if record.content is None or schema is None or schema.family not in listed.families:
                continue
            if not first <= parse_day(record.content.decided) <= last:
                continue
            if schema.document in record.content.fields:
                found.items.append(Item(state="unlisted", unit=unit, held=record))
            else:
                found.unnumbered[unit] += 1
        return len(known)

    def _log(self, caller: Caller, units: Sequence[str], found: Reconciliation) -> None:
        """One line for each register: it was compared as a whole. One more where some of it was
        withheld."""
        if not units:
            return
        counts = {Decision(None): max(1, found.opened)}
        if found.withheld:
            counts[Decision(CONTENT_CLOSED)] = found.withheld
        lines = [
            Access(token=caller.id, purpose=Purpose.RECONCILE, decision=decision, count=count)
            for decision, count in counts.items()
        ]
        with begin_write(self._ctx.engine) as connection:
            self._accesses.put(connection, lines, self._ctx.clock.seconds())


def _asked(
    entries: Iterable[Entry], default: str | None, found: Reconciliation
) -> Iterator[tuple[Entry, str]]:
    """The rows that can be looked up, each with its authority."""
    for entry in entries:
        unit = entry.texts.get("authority", default)
        if unit is None or "number" not in entry.texts or entry.wrong:
            found.rows[unit or ""] += 1
            found.items.append(Item(state="unreadable", unit=unit or "", entry=entry))
        else:
            yield entry, unit


def _once(wanted: Iterable[Wanted], found: Reconciliation) -> list[Wanted]:
    """Rows without those that say what one before them says."""
    first: dict[object, Wanted] = {}
    for one in wanted:
        asked = (one.authority, one.documents, one.records, one.entry.texts.get("day"))
        if first.setdefault(asked, one) is not one:
            found.rows[one.authority] += 1
            found.repeated[one.authority] += 1
    return list(first.values())


def _may(caller: Caller, known: Known) -> bool:
    """Whether the caller may know that we hold it."""
    return _decision(caller, known.authority, known.decided).allowed


def _opened(caller: Caller, known: Known) -> bool:
    return _decision(caller, known.authority, known.decided, known.status).allowed


def _decision(
    caller: Caller, mark: bytes, decided: Days, status: Status = Status.IN_FORCE
) -> Decision:
    record = Record(department=caller.department, authority=mark, decided=decided)
    return decide(caller, Purpose.RECONCILE, record, status)


def _families(entry: Entry, held: Sequence[Held]) -> set[str]:
    found = (schema_of(one.content) for one in held if one.content is not None)
    return set(entry.families) | {schema.family for schema in found if schema is not None}


def _of_authority(connection: sa.Connection, mark: bytes, since: date, most: int) -> list[Known]:
    """What is in force of an authority and may have been decided since that day. Keys of documents
    begin with the first bytes of its mark."""
    start = int(datetime.combine(since, datetime.min.time(), CHINA).timestamp())
    query = (
        sa.select(*COLUMNS)
        .where(
            records.c.document_key >= mark[:NEAR],
            records.c.document_key <= mark[:NEAR] + b"\xff" * 12,
            records.c.authority == mark,
            records.c.superseded_by == b"",
            records.c.stored_at >= start,
        )
        .limit(most)
    )
    return known_rows(connection, connection.execute(query).all())


def _differing(entry: Entry, record: Held) -> tuple[str, ...]:
    """Roles in which the register says otherwise; by the others it was found. One that is erased
    cannot be compared."""
    day = entry.texts.get("day")
    return ("day",) if day and record.content and record.content.decided != day else ()


def _stored(record: Held) -> date:
    return datetime.fromtimestamp(record.stored_at, UTC).astimezone(CHINA).date()


def _only(codes: frozenset[str]) -> str | None:
    return next(iter(codes)) if len(codes) == 1 else None
