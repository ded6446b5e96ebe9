"""The rows that the national platform returned, as a worklist: which of our records each means, and
a workbook with their fields as they stand, to correct and send again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal, get_args

from gateway.accesses.services import Access, AccessLog
from gateway.base.context import Context
from gateway.base.db import begin_read, begin_write
from gateway.base.policy import Caller, Purpose, Record, decide
from gateway.files.header import CLASS
from gateway.files.returned import Returned
from gateway.files.workbook import build
from gateway.intake.lookup import Known
from gateway.worklists.find import Finder, Held, Wanted, demand_few, matches, schema_of
from gateway.worklists.reading import Entries, Entry, Passed
from ledger.records.schema import Schema

TYPE = "credit-ledger/returns@1"
MAX_RETURNED = 2_000
"""Rows of one list: each is answered with a whole record. A department has some dozens a week."""

State = Literal["found", "unknown", "erased", "unreadable"]
STATES: tuple[State, ...] = get_args(State)

_CLASSES = {"minor": "轻微", "general": "一般", "severe": "严重"}
_CODE = "returned"
_WHY: Mapping[State, tuple[str, str]] = {
    "unknown": (
        "本令牌名下没有此文书号和机关代码的记录，请核对后补报",
        "No record of yours has this number and authority; compare it and file it",
    ),
    "erased": (
        "记录内容已依法删除或暂时无法打开",
        "The content of this record was erased, or cannot be opened now",
    ),
    "unreadable": (
        "此行没有文书号或机关代码，或其格式不正确",
        "This row has no document number or authority, or they are not of their form",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A row of the list, and a record that it means."""

    entry: Entry
    state: State
    held: Held | None = None

    def as_dict(self) -> dict[str, Any]:
        """Numbers and codes; what the record holds is in the workbook alone."""
        held = self.held
        record_id = held.standing.record_id if held else None
        return {
            "row": self.entry.row,
            "sheet": self.entry.sheet,
            "state": self.state,
            "leaf": held.standing.leaf.hex() if held else None,
            "recordId": record_id.hex() if record_id else None,
            "field": _field(self),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Worklist:
    """A list as answered. name: of the file. passed: what of it was passed over."""

    name: str
    items: Sequence[Item]
    passed: Sequence[Passed] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Rows by state."""
        found = Counter(
            {(item.entry.sheet, item.entry.row): item.state for item in self.items}.values()
        )
        return {state: found[state] for state in STATES}

    def as_dict(self) -> dict[str, Any]:
        """The answer."""
        return {
            "_type": TYPE,
            "file": self.name,
            "rows": sum(self.counts.values()),
            "counts": self.counts,
            "items": [item.as_dict() for item in self.items],
            "skipped": [one.as_dict() for one in self.passed],
        }

    def workbook(self) -> bytes:
        """What to correct, a row for each record, and the rows for which there is none."""
        by_record: dict[int, list[Item]] = {}
        for item in self.items:
            if item.state == "found" and item.held is not None:
                by_record.setdefault(item.held.known.id, []).append(item)
        unknown = [
            (str(item.entry.row), item.entry.texts.get("number", ""), *_WHY[item.state])
            for item in self.items
            if item.state != "found"
        ]
        rows = (_to_correct(items) for items in by_record.values())
        return build(rows, name=self.name, counts=self.counts, unknown=unknown)


class Returns:
    """Answers such lists."""

    def __init__(self, ctx: Context, finder: Finder, accesses: AccessLog) -> None:
        self._ctx = ctx
        self._finder = finder
        self._accesses = accesses

    def answer(self, caller: Caller, name: str, table: Entries) -> Worklist:
        """The list, row by row in order. What the caller may not see is as if it were not there;
        every record that is opened is logged before this returns. Raises FileFault."""
        entries = table.rows
        demand_few((entry, len(_authorities(caller, entry))) for entry in entries)
        asked = [list(self._wanted(caller, entry)) for entry in entries]
        with begin_read(self._ctx.engine) as connection:
            known = self._finder.known(connection, list(chain.from_iterable(asked)))
            meant = [
                [record for one in some for record in matches(one, known) if _may(caller, record)]
                for some in asked
            ]
            held = self._finder.open(connection, chain.from_iterable(meant))
        self._log(caller, held)
        items = [
            item
            for entry, some, records in zip(entries, asked, meant, strict=True)
            for item in _items(entry, bool(some), [held[record.id] for record in records])
        ]
        return Worklist(name=name, items=items, passed=table.passed)

    def _wanted(self, caller: Caller, entry: Entry) -> Iterator[Wanted]:
        for authority in _authorities(caller, entry):
            yield self._finder.wanted(entry, authority)

    def _log(self, caller: Caller, held: Mapping[int, Held]) -> None:
        decision = decide(caller, Purpose.RETURNED)
        lines = [
            Access(
                token=caller.id,
                purpose=Purpose.RETURNED,
                decision=decision,
                record=one.standing.leaf,
            )
            for one in held.values()
        ]
        if lines:
            with begin_write(self._ctx.engine) as connection:
                self._accesses.put(connection, lines, self._ctx.clock.seconds())


def _authorities(caller: Caller, entry: Entry) -> Sequence[str]:
    """Whose record a row may mean: of any of the caller's where it names none; nobody's where it
    cannot be looked up."""
    if "number" not in entry.texts or "authority" in entry.wrong:
        return ()
    named = entry.texts.get("authority")
    return [named] if named else sorted(caller.authorities)


def _may(caller: Caller, known: Known) -> bool:
    record = Record(
        department=known.department,
        authority=known.authority,
        visibility=known.visibility,
        decided=known.decided,
    )
    return decide(caller, Purpose.RETURNED, record, known.status).allowed


def _items(entry: Entry, readable: bool, records: Sequence[Held]) -> Iterator[Item]:
    if not readable:
        yield Item(entry=entry, state="unreadable")
    elif not records:
        yield Item(entry=entry, state="unknown")
    for held in records:
        yield Item(entry=entry, state="erased" if held.content is None else "found", held=held)


def _to_correct(items: Sequence[Item]) -> tuple[Returned, Mapping[str, Any]]:
    """The row of a record in the workbook: its fields as they stand, all that was found wrong, and
    the record that the new row is to correct."""
    held = items[0].held
    if held is None or held.content is None:  # `Worklist.workbook` has seen to it
        raise ValueError("a row to correct without its record")
    schema, content = _schema(held), held.content
    record_id = held.standing.record_id
    fields = [field for field in schema.fields if field.disclosable]
    values = [content.fields.get(field.code, "") for field in fields]
    row = Returned(
        sheet=schema.title["zh"],
        names=[*(field.zh for field in fields), CLASS],
        codes=[*(field.code for field in fields), ""],
        cells=[
            *(value if isinstance(value, str) else ";".join(value) for value in values),
            _CLASSES.get(content.class_ or "", ""),
        ],
        corrects=record_id.hex() if record_id else "",
    )
    answer = {
        "row": items[0].entry.row,
        "verdict": "returned",
        "errors": [_error(item) for item in items],
        "recordId": row.corrects,
    }
    return row, answer


def _error(item: Item) -> dict[str, Any]:
    """In the words of the list, which are Chinese."""
    texts = item.entry.texts
    said = "：".join(filter(None, (texts.get("field"), texts.get("code"), texts.get("reason"))))
    return {
        "field": _field(item),
        "code": _CODE,
        "message": {
            "zh": said or "国家平台退回",
            "en": said or "Returned by the national platform",
        },
    }


def _field(item: Item) -> str | None:
    """The field that the list names, by its code; None where it names none of the record's."""
    if item.held is None or item.held.content is None or "field" not in item.entry.texts:
        return None
    field = _schema(item.held).column(item.entry.texts["field"])
    return field.code if field else None


def _schema(held: Held) -> Schema:
    found = None if held.content is None else schema_of(held.content)
    if found is None:  # `Finder.open` has seen to it
        raise ValueError("a record without its content")
    return found
