"""A department's own register held against the records of its authority: what was kept back, what
the register does not know, what came late, what differs.

The register is read in memory and not stored. The answer names its rows by number, and records of
ours by their id: no value of either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Literal, get_args

import sqlalchemy as sa

from gateway.accesses.services import Access, AccessLog
from gateway.base.clock import CHINA
from gateway.base.context import Context
from gateway.base.db import begin_read, begin_write
from gateway.base.policy import Caller, Decision, Purpose, Record, decide
from gateway.intake.calendar_file import CalendarFile
from gateway.intake.draft import BOUND, NEAR
from gateway.intake.lookup import Known
from gateway.records.models import records
from gateway.worklists.find import Finder, Held, Wanted, matches
from gateway.worklists.reading import Entry
from ledger.core.canonical import parse_day
from ledger.records import schema as schemas

TYPE = "credit-ledger/reconciliation@1"
MAX_REGISTER = 20_000
"""Rows of one register; a year of a department has some thousands."""
MAX_HELD = 50_000
"""Records that are looked through for those the register does not know, of all its authorities."""

State = Literal["kept-back", "late", "different", "unlisted", "unreadable"]
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
    """What was found. first, last: days of decision that were looked at. rows, held: by unit, rows
    of the register and those of them that we hold. incomplete: units with more records than are
    looked through, of which nothing unlisted is told."""

    member: str
    first: date | None = None
    last: date | None = None
    items: list[Item] = field(default_factory=list)
    rows: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    incomplete: set[str] = field(default_factory=set)

    def as_dict(self) -> dict[str, Any]:
        """The answer."""
        states = Counter((item.unit, item.state) for item in self.items)
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
                    "late": states[unit, "late"],
                    "different": states[unit, "different"],
                    "unlisted": states[unit, "unlisted"],
                    "unreadable": states[unit, "unreadable"],
                    "complete": unit not in self.incomplete,
                }
                for unit in units
            ],
            "items": [item.as_dict() for item in self.items],
        }


@dataclass(frozen=True, slots=True)
class _Listed:
    """What a register lists of an authority. records: by row number. families: of types that it
    is a register of, as its header, its types or the records found tell."""

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

    def answer(
        self, caller: Caller, entries: Sequence[Entry], authority: str | None
    ) -> Reconciliation:
        """The differences. authority: of rows that name none; by default the caller's, where it
        has one. Raises NotAllowed where one of the authorities is not the caller's to compare."""
        found = Reconciliation(member=self._ctx.settings.node.code)
        default = authority or _only(caller.authorities)
        wanted = list(self._wanted(entries, default, found))
        units = sorted({one.authority for one in wanted})
        self._demand(caller, units)
        days = [parse_day(one.entry.texts["day"]) for one in wanted if "day" in one.entry.texts]
        found.first, found.last = min(days, default=None), max(days, default=None)
        with begin_read(self._ctx.engine) as connection:
            known = self._finder.known(connection, wanted)
            meant = [matches(one, known) for one in wanted]
            some = {record.id: record for records in meant for record in records}
            held = self._finder.open(connection, some.values())
            families: dict[str, set[str]] = {unit: set() for unit in units}
            for one, records in zip(wanted, meant, strict=True):
                theirs = [held[record.id] for record in records]
                self._compare(found, one, theirs)
                families[one.authority] |= _families(one.entry, theirs)
            room = MAX_HELD
            for unit in units:
                listed = _Listed(set(some), families[unit])
                room -= self._unlisted(connection, found, unit, listed, room)
        self._log(caller, units, len(held))
        return found

    def _wanted(
        self, entries: Iterable[Entry], default: str | None, found: Reconciliation
    ) -> Iterator[Wanted]:
        for entry in entries:
            unit = entry.texts.get("authority", default)
            if unit is None or "number" not in entry.texts or entry.wrong:
                found.rows[unit or ""] += 1
                found.items.append(Item(state="unreadable", unit=unit or "", entry=entry))
            else:
                yield self._finder.wanted(entry, unit)

    def _demand(self, caller: Caller, units: Sequence[str]) -> None:
        for unit in units:
            record = Record(department=caller.department, authority=self._finder.mark(unit))
            decision = decide(caller, Purpose.RECONCILE, record)
            if not decision.allowed:
                self._accesses.refuse(caller, Purpose.RECONCILE, decision)

    def _compare(self, found: Reconciliation, one: Wanted, held: Sequence[Held]) -> None:
        """A row, and the records that it means."""
        unit = one.authority
        found.rows[unit] += 1
        if not held:
            found.items.append(Item(state="kept-back", unit=unit, entry=one.entry))
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

    def _late(self, record: Held) -> bool:
        """Whether it was taken in after the seventh working day, where that binds."""
        content = record.content
        if content is None or _family(content.schema) not in BOUND:
            return False
        go_live = self._ctx.settings.node.go_live or date.min
        decided = parse_day(content.decided)
        if decided < go_live:
            return False
        return self._calendar.current().timely(decided, _stored(record)) == "no"

    def _unlisted(
        self,
        connection: sa.Connection,
        found: Reconciliation,
        unit: str,
        listed: _Listed,
        room: int,
    ) -> int:
        """Find records of an authority, of the types and decided within the days of the register,
        that it lacks; how many were looked through. room: how many may be."""
        if found.first is None or found.last is None or not listed.families:
            found.incomplete.add(unit)
            return 0
        known = _of_authority(connection, self._finder.mark(unit), found.first, room + 1)
        if len(known) > room:
            found.incomplete.add(unit)
            return 0
        others = [one for one in known if one.id not in listed.records]
        for record in self._finder.open(connection, others).values():
            content = record.content
            if content is None or _family(content.schema) not in listed.families:
                continue
            if found.first <= parse_day(content.decided) <= found.last:
                found.items.append(Item(state="unlisted", unit=unit, held=record))
        return len(known)

    def _log(self, caller: Caller, units: Sequence[str], count: int) -> None:
        """One line for each register: it was compared as a whole."""
        if not units:
            return
        line = Access(
            token=caller.id,
            purpose=Purpose.RECONCILE,
            decision=Decision(None),
            count=max(1, count),
        )
        with begin_write(self._ctx.engine) as connection:
            self._accesses.put(connection, [line], self._ctx.clock.seconds())


def _families(entry: Entry, held: Sequence[Held]) -> set[str]:
    return set(entry.families) | {
        _family(one.content.schema) for one in held if one.content is not None
    }


def _of_authority(connection: sa.Connection, mark: bytes, since: date, most: int) -> list[Known]:
    """What is in force of an authority and may have been decided since that day. Keys of documents
    begin with the first bytes of its mark."""
    start = int(datetime.combine(since, datetime.min.time(), CHINA).timestamp())
    query = (
        sa.select(*(records.c[name] for name in Known._fields))
        .where(
            records.c.document_key >= mark[:NEAR],
            records.c.document_key <= mark[:NEAR] + b"\xff" * 12,
            records.c.authority == mark,
            records.c.superseded_by == b"",
            records.c.stored_at >= start,
        )
        .limit(most)
    )
    return [Known(*row) for row in connection.execute(query)]


def _differing(entry: Entry, record: Held) -> tuple[str, ...]:
    """Roles in which the register says otherwise; by the others it was found. One that is erased
    cannot be compared."""
    day = entry.texts.get("day")
    return ("day",) if day and record.content and record.content.decided != day else ()


def _stored(record: Held) -> date:
    return datetime.fromtimestamp(record.stored_at, UTC).astimezone(CHINA).date()


def _family(name_and_version: str) -> str:
    name, _, version = name_and_version.partition("@")
    return schemas.load(name, int(version)).family


def _only(codes: frozenset[str]) -> str | None:
    return next(iter(codes)) if len(codes) == 1 else None
