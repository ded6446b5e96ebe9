"""Many records of one type, judged together: each value of a field once, and what a record says as
a whole once for all that say the same. That is parted in two, since a file has few sorts of records
and few days, and most of what can be made of both: its days with what the end of use follows from,
and the rest.

The result is that of `validate.check`, or none: what has an error, or a note about one of its
values, and whatever else is out of the ordinary is left to be judged by itself. A rule that would
judge records by a value that they do not share is refused it (`NotShared`), and they are left as
well: a rule that is new makes records slow here, never wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, repeat
from typing import Any, Final, NamedTuple

from ledger.core.commitment import Value, tail
from ledger.core.errors import Malformed
from ledger.records.judging import Checked, Fields, Run, classed, ended, take
from ledger.records.persons import holds_person_id
from ledger.records.remarks import FieldError
from ledger.records.schema import Schema
from ledger.records.setting import Setting
from ledger.records.shared import NotShared, Shared, plan_of
from ledger.records.steps import Step, presence, steps
from ledger.records.uscc import FILLER
from ledger.records.values import Fault

_Key = str | tuple[str, ...] | None
_Read = tuple[Value | None, bytes, _Key]
"""A value, what its disclosure ends in, and what rules of other fields may see of it."""

_ABSENT: Final[_Read] = (None, b"", None)
_ODD: Final[_Read] = (None, b"odd", None)
"""Of what is to be judged with its record."""
MOST_HELD: Final = 8 << 20
"""Bytes of disclosures of which the ends are remembered, and no more than the records that are read
at once add to it: twice what a full set of usual records has."""
_UNREADABLE: Final = object()
"""Neither text nor a list of texts."""
_TEXTS: Final = frozenset({str, type(None)})
_SHORTEST: Final = 15
"""Characters of a text that may hold an identity number (`persons`)."""
_SORT: Final = 2
"""Characters of a subject's code that tell one sort of subjects from others (GB 32100)."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """What records have in common beside their days. class_: of all of them. notes: before those of
    the days. codes: of the filled fields, in order; places: theirs among the slots."""

    class_: str | None
    notes: tuple[FieldError, ...]
    fields: Shared
    codes: tuple[str, ...]
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """What records have in common by their days. checked: the judgement on these alone."""

    checked: Checked


class Plain(NamedTuple):
    """A good record. frame, days: one object for all records that share it. fields: canonical, as
    `check` gives them. tails: what their disclosures end in, in order."""

    frame: Frame
    days: Days
    fields: Fields
    tails: tuple[bytes, ...]


class _Column(NamedTuple):
    """A field of all records. tails: "" of what is absent."""

    code: str
    values: Sequence[Value | None]
    tails: Sequence[bytes]
    keys: Sequence[_Key]

    def odd(self) -> Iterator[int]:
        """The records that are to be judged by themselves."""
        return (at for at, text in enumerate(self.tails) if text is _ODD[1])


class Alike:
    """Reads records of one type in one setting. Remembers what they hold, so it is made anew for
    every set."""

    def __init__(self, schema: Schema, setting: Setting) -> None:
        self._schema, self._setting = schema, setting
        self._plan = plan_of(schema)
        self._places = {code: place for place, code in enumerate(schema.slots)}
        self._lone = self._alone()
        self._seen: dict[str, dict[object, _Read]] = {}
        self._held = 0
        self._frames: dict[object, dict[object, Frame | None]] = {}
        self._days: dict[object, dict[object, Days | None]] = {}

    def read(self, raws: Sequence[Mapping[str, object]], class_: str | None) -> list[Plain | None]:
        """The good ones of records, in order; None: to be judged by itself. Arguments as those of
        `check`."""
        names = set[str]().union(*raws)
        unknown = names - self._schema.by_code.keys()
        if not unknown:
            return self._read(raws, names, class_)
        known = [raw for raw in raws if not unknown & raw.keys()]
        found = iter(self._read(known, names, class_) if known else ())
        return [None if unknown & raw.keys() else next(found) for raw in raws]

    def _read(
        self, raws: Sequence[Mapping[str, object]], names: Collection[str], class_: str | None
    ) -> list[Plain | None]:
        """Of records without unknown fields. names: of all fields that any of them has."""
        odd: set[int] = set()
        columns, dropped = [], {}
        for code, _, step in steps(self._schema):
            if code not in names:
                continue
            cells = [raw.get(code) for raw in raws]
            if not step.disclosable:
                dropped[code] = [presence(cell) is not None for cell in cells]
                continue
            column = self._column(step, cells)
            odd.update(column.odd())
            if any(column.tails):
                columns.append(column)
        if self._held > MOST_HELD:
            self._seen, self._held = {}, 0
        if not columns or self._schema.natural_person:
            return [None] * len(raws)
        return self._rows(columns, dropped, odd, class_)

    def _column(self, step: Step, raws: Sequence[object]) -> _Column:
        seen = self._seen.setdefault(step.code, {None: _ABSENT, _UNREADABLE: _ODD})
        if not _TEXTS.issuperset(map(type, raws)):
            raws = list(map(_hashable, raws))
        for raw in {*raws}.difference(seen):
            seen[raw] = self._value(step, raw)
        return _Column(step.code, *zip(*[seen[raw] for raw in raws], strict=True))

    def _value(self, step: Step, raw: object) -> _Read:
        """One value, judged by itself. raw: text, or a tuple of texts."""
        value = step.read(list(raw) if type(raw) is tuple else raw)
        if value is None:
            return _ABSENT
        if isinstance(value, Fault) or not self._is_good(step, value):
            return _ODD
        try:
            made = tail(step.code, value)
        except Malformed:
            return _ODD
        self._held += len(made)
        if isinstance(value, list):
            return value, made, tuple(value)
        return value, made, _sort(value) if step.code == self._plan.sorted else value

    def _is_good(self, step: Step, value: Value) -> bool:
        """Whether nothing is said of a value as long as nothing else is known of its record."""
        text = value if isinstance(value, str) else "\n".join(value)
        if len(text) >= _SHORTEST and holds_person_id(text):
            return False
        if not step.alone or (step.plain and text is value):
            return True
        run = self._lone
        try:
            take(run, step, value, person=False)
        except NotShared:
            return False
        if run.errors or run.notes:
            self._lone = self._alone()
            return False
        return True

    def _alone(self) -> Run:
        """A record in which there is nothing that a rule may look at."""
        return self._run({}, unknown=frozenset(self._schema.by_code))

    def _run(
        self,
        known: Mapping[str, Value],
        own: frozenset[str] = frozenset(),
        unknown: frozenset[str] = frozenset(),
    ) -> Run:
        return Run(
            schema=self._schema,
            raw=Shared(known, own, unknown),
            setting=self._setting,
            fields=Shared({}, own, unknown),
            errors=[],
            notes=[],
        )

    def _rows(
        self,
        columns: Sequence[_Column],
        dropped: Mapping[str, Sequence[bool]],
        odd: set[int],
        class_: str | None,
    ) -> list[Plain | None]:
        plan, codes = self._plan, tuple([column.code for column in columns])
        gaps = [c for c in columns if c.code not in plan.frame and not all(c.tails)]
        of_frame: list[Iterable[object]]
        of_frame = [column.keys for column in columns if column.code in plan.frame]
        of_frame += [map(bool, column.tails) for column in gaps]
        of_days = [column.keys for column in columns if column.code in plan.days]
        frames = self._frames.setdefault((class_, codes, *[c.code for c in gaps], *dropped), {})
        days = self._days.setdefault((class_, codes), {})
        found: list[Plain | None] = [None] * len(columns[0].tails)
        for at, (of, without, on, values, tails) in enumerate(
            zip(
                _each(of_frame),
                _each(dropped.values()),
                _each(of_days),
                _each([column.values for column in columns]),
                _each([column.tails for column in columns]),
                strict=False,
            )
        ):
            if at in odd:
                continue
            try:
                frame = frames[of, without]
            except KeyError:
                there = frozenset(compress(dropped, without))
                frame = self._frame(_filled(codes, values), there, class_)
                frames[of, without] = frame
            try:
                day = days[on]
            except KeyError:
                day = days[on] = self._of_days(_filled(codes, values), class_)
            if frame is not None and day is not None:
                whole = len(frame.codes) == len(codes)
                given = values if whole else filter(None, values)
                fields = dict(zip(frame.codes, given, strict=True))
                found[at] = Plain(
                    frame, day, fields, tails if whole else tuple(filter(None, tails))
                )
        return found

    def _frame(
        self, filled: Mapping[str, Value], dropped: frozenset[str], class_: str | None
    ) -> Frame | None:
        """That of the record with these values; None: it is to be judged by itself. dropped: what
        it has and does not keep."""
        plan, known = self._plan, self._seen_of(filled)
        own = frozenset(filled.keys() - known.keys())
        run = self._run(known, own=own)
        run.raw = Shared(known, own | dropped)
        if self._schema.subject.person in filled.keys() | dropped:
            return None
        try:
            for code, _, step in steps(self._schema):
                if code in dropped:
                    take(run, step, "", person=False)
                elif code not in filled:
                    if not (step.optional or step.is_decided):
                        take(run, step, None, person=False)
                elif code not in plan.dated and not step.alone:
                    take(run, step, known[code], person=False)
                elif code in known:
                    run.fields[code] = known[code]
        except NotShared:
            return None
        places = tuple([self._places[code] for code in filled])
        frame = Frame(class_, tuple(run.notes), Shared(known, own), tuple(filled), places)
        return None if run.errors else frame

    def _seen_of(self, filled: Mapping[str, Value]) -> dict[str, Value]:
        """What rules may see of these values in a frame."""
        known = {code: value for code, value in filled.items() if code in self._plan.frame}
        code = self._plan.sorted
        return (
            known | {code: _sort(str(known[code]))} if code is not None and code in known else known
        )

    def _of_days(self, filled: Mapping[str, Value], class_: str | None) -> Days | None:
        """Those of the record with these values; None: as for its frame."""
        plan = self._plan
        run = self._run(filled, unknown=plan.others)
        try:
            for code, step in plan.days.items():
                value = filled.get(code)
                if code in plan.dated and (value is not None or step.is_decided):
                    take(run, step, value, person=False)
                elif value is not None:
                    run.fields[code] = value
            if run.notes:  # they would stand among those of the frame
                return None
            checked = ended(run, classed(run, class_))
        except NotShared:
            return None
        return None if checked.errors else Days(checked)


def _filled(codes: Sequence[str], values: Sequence[Value | None]) -> dict[str, Value]:
    given = zip(codes, values, strict=True)
    return {code: value for code, value in given if value is not None}


def _each(columns: Collection[Iterable[Any]]) -> Iterator[tuple[Any, ...]]:
    """What each record has in these columns."""
    return zip(*columns, strict=True) if columns else repeat(())


def _hashable(raw: object) -> object:
    if type(raw) is list:
        return tuple(raw) if all(type(each) is str for each in raw) else _UNREADABLE
    return raw if type(raw) in _TEXTS else _UNREADABLE


def _sort(code: str) -> str:
    """What rules look at in the code of a subject: every one has another."""
    return code if code == FILLER else code[:_SORT]
