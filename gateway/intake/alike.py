"""The good rows of a set, made into records together: what is the same in many is made once.

What is out of the ordinary is not among them; `judging` takes those rows one after the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import orjson

from gateway.intake.interfaces import RowInput
from gateway.intake.judging import Gate, Good, Judge, When, Whose
from gateway.records.content import content_head
from ledger.core.commitment import Filling, Value, filling_of
from ledger.core.entry import around_commitment
from ledger.core.ids import sha256
from ledger.records.alike import Alike, Days, Frame, Plain
from ledger.records.fold import fold
from ledger.records.judging import Checked
from ledger.records.keys import About, Keys, about, numbered
from ledger.records.schema import Schema
from ledger.records.shared import NotShared

FEW = 8
"""Rows of one type that are judged faster one after the other."""
BLOCK = 512
"""Rows that are made together: what is made of them stays in the caches of a processor."""


class _OfFrame(NamedTuple):
    """What records of one frame share."""

    whose: Whose
    filling: Filling


class _OfDays(NamedTuple):
    """What records of the same days share. behind: of their payloads. before, after: the commitment
    in their entries. head: of their contents."""

    when: When
    behind: bytes
    before: bytes
    after: bytes
    head: bytes


def good_alike(
    judge: Judge, rows: Sequence[RowInput], secrets: Sequence[bytes], few: int = FEW
) -> dict[int, Good]:
    """The rows that could be judged together and are good, by their places. few: of one type are
    left out."""
    if len(rows) < few:
        return {}
    groups = defaultdict[tuple[str, str | None, str | None], list[int]](list)
    for at, row in enumerate(rows):
        if row.fault is None and not row.cell_errors and not row.corrects:
            groups[row.type, row.schema, row.class_].append(at)
    tables: dict[Schema, _Table] = {}
    found: dict[int, Good] = {}
    for (name, version, class_), places in groups.items():
        gate = judge.gate(name, version) if len(places) >= few and judge.accepted else None
        if gate is None:
            continue
        table = tables.get(gate.schema)
        if table is None:
            table = tables[gate.schema] = _Table(judge, gate)
        for start in range(0, len(places), BLOCK):
            block = places[start : start + BLOCK]
            goods = table.goods(block, rows, secrets, class_)
            found.update((good.at, good) for good in goods)
            if 2 * len(goods) < len(block):  # what was tried in vain is paid for twice
                break
    return found


class _Table:
    """Rows of one type."""

    def __init__(self, judge: Judge, gate: Gate) -> None:
        self._judge, self._gate, self._schema = judge, gate, gate.schema
        self._alike = Alike(gate.schema, judge.setting)
        self._frames: dict[Frame, _OfFrame | None] = {}
        self._days: dict[Days, _OfDays | None] = {}
        self._subjects: dict[tuple[object, ...], About] = {}
        subject = gate.schema.subject
        told = (gate.schema.document, subject.name, subject.registration)
        self._has_lists = any(gate.schema.by_code[code].kind == "list" for code in told)

    def goods(
        self,
        places: Sequence[int],
        rows: Sequence[RowInput],
        secrets: Sequence[bytes],
        class_: str | None,
    ) -> list[Good]:
        """The good ones of the rows at these places."""
        read = self._alike.read([rows[at].fields for at in places], class_)
        goods = []
        for at, plain in zip(places, read, strict=True):
            if plain is None:
                continue
            frame, days = self._of_frame(plain.frame), self._of_days(plain.days)
            if frame is not None and days is not None:
                good = self._good(at, rows[at], plain, secrets[at], frame=frame, days=days)
                goods.append(good)
        return goods

    def _good(
        self,
        at: int,
        row: RowInput,
        plain: Plain,
        secret: bytes,
        *,
        frame: _OfFrame,
        days: _OfDays,
    ) -> Good:
        fields, by = plain.fields, frame.whose.by
        payload, _ = frame.filling.commit(plain.tails, secret, days.behind)
        commitment = sha256(payload)
        subject = self._subject(fields)
        number = fold(str(fields[self._schema.document]))
        document, record = numbered(self._schema, number, by, subject)
        return self._judge.good(
            at,
            row,
            fields,
            notes=(*plain.frame.notes, *plain.days.checked.notes),
            whose=frame.whose,
            when=days.when,
            found=Keys(record, document, by, subject.keys),
            commitment=commitment,
            entry=days.before + commitment.hex().encode() + days.after,
            plain=secret + days.head + orjson.dumps(fields) + b"]",
        )

    def _of_frame(self, frame: Frame) -> _OfFrame | None:
        """None: its rows are to be judged one after the other."""
        try:
            return self._frames[frame]
        except KeyError:
            found = self._frames[frame] = self._framed(frame)
            return found

    def _framed(self, frame: Frame) -> _OfFrame | None:
        if self._schema.document not in frame.codes or self._has_lists:
            return None
        try:
            whose = self._judge.whose(self._gate, frame.fields, frame.class_)
        except NotShared:
            return None
        return _OfFrame(whose, filling_of(len(self._schema.slots), frame.places))

    def _of_days(self, days: Days) -> _OfDays | None:
        """None: as for the frame."""
        try:
            return self._days[days]
        except KeyError:
            found = self._days[days] = self._dated(days.checked)
            return found

    def _dated(self, checked: Checked) -> _OfDays | None:
        try:
            when = self._judge.when(self._gate, checked)
        except NotShared:
            return None
        header = when.header
        before, after = around_commitment(header.log, when.period, self._schema.id, when.timely)
        return _OfDays(when, header.spoken, before, after, content_head(header))

    def _subject(self, fields: Mapping[str, Value]) -> About:
        subject = self._schema.subject
        key = (fields.get(subject.code), fields.get(subject.name), fields.get(subject.registration))
        found = self._subjects.get(key)
        if found is None:
            found = self._subjects[key] = about(self._schema, fields)
        return found
