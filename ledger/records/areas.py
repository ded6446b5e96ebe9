"""Areas of which a penalty is public for longer before its publicity may end early: work safety,
fire, food, drugs, special equipment (Order 58). Which they are, and by what a record is told to
belong to one, are rows of a rules file, `areas`:

area         its name
title        {zh, en}
basis        codes of the fields that state the legal basis
texts        codes of further fields that are searched for words
laws         texts: a record whose basis holds one of them belongs to the area
words        texts: a record that holds one of them in a basis or text may belong to it
authorities  texts: so may one of an authority whose name holds one of them
fine         {field, from}: what is below this amount, or states none, only may belong to it
source       the law

No field of the standard tables says the area. The law that a decision names does; a word does not,
for what is sold in a canteen or who made it may be told by the way. So a record belongs, may
belong, or does not: the name of its subject, which says nothing of what was done, counts for none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from ledger.records.fold import fold
from ledger.records.members import NAME, Members
from ledger.records.schema import Schema

__all__ = ["Area", "Belongs", "belongs", "read_area"]

Belongs = Literal["yes", "maybe", "no"]

_FIELD: Final = re.compile(r"[A-Z][A-Z0-9_]{0,31}")
_AMOUNT: Final = re.compile(r"(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?")
_MAX_FIELDS: Final = 16
_MAX_TEXTS: Final = 64
_MAX_LENGTH: Final = 100  # characters of a text: a law has a title of some dozen


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """An area. laws, words, authorities: folded. fine_field, fine_from: None where the amount of a
    fine does not matter."""

    id: str
    title: Mapping[str, str]
    basis: tuple[str, ...]
    texts: tuple[str, ...]
    laws: tuple[str, ...]
    words: tuple[str, ...]
    authorities: tuple[str, ...]
    fine_field: str | None
    fine_from: Decimal | None
    source: str


def read_area(row: Members) -> Area:
    """Take a row of the table; Malformed where it is none."""
    name = row.text("area", like=NAME)
    fine = row.object("fine") if row.has("fine") else None
    field = _code(fine, fine.text("field")) if fine else None
    least = Decimal(fine.text("from", like=_AMOUNT)) if fine else None
    if fine is not None:
        fine.done()
    return Area(
        id=name,
        title=row.pair("title"),
        basis=_codes(row, "basis"),
        texts=_codes(row, "texts"),
        laws=_folded(row, "laws"),
        words=_folded(row, "words"),
        authorities=_folded(row, "authorities"),
        fine_field=field,
        fine_from=least,
        source=row.text("source"),
    )


def belongs(area: Area, schema: Schema, fields: Mapping[str, object]) -> Belongs:
    """Whether a record is about the area. fields: those that are known; one that the type has and
    that is not among them may hold anything."""
    name = _text(fields, schema.subject.name)

    def told(codes: Sequence[str]) -> str:
        found = "\n".join(_text(fields, code) for code in codes if code in schema.by_code)
        return found.replace(name, "") if name else found

    basis, texts = told(area.basis), told(area.texts)
    if _holds(basis, area.laws):
        return "yes" if _is_fined(area, fields) else "maybe"
    searched = [*area.basis, *area.texts, schema.authority.name]
    hidden = any(code in schema.by_code and code not in fields for code in searched)
    hinted = _holds(f"{basis}\n{texts}", area.words)
    by_authority = _holds(_text(fields, schema.authority.name), area.authorities)
    return "maybe" if hidden or hinted or by_authority else "no"


def _is_fined(area: Area, fields: Mapping[str, object]) -> bool:
    """Whether the fine is as high as the area asks for."""
    if area.fine_field is None or area.fine_from is None:
        return True
    fine = fields.get(area.fine_field)
    known = isinstance(fine, str) and _AMOUNT.fullmatch(fine)
    return bool(known) and Decimal(str(fine)) >= area.fine_from


def _text(fields: Mapping[str, object], code: str) -> str:
    value = fields.get(code, "")
    return fold(value if isinstance(value, str) else "\n".join(map(str, value)))  # type: ignore[call-overload]


def _holds(text: str, parts: Sequence[str]) -> bool:
    return any(part in text for part in parts)


def _code(members: Members, code: str) -> str:
    if not _FIELD.fullmatch(code):
        raise members.fault(f"{code[:32]} is no code of a field")
    return code


def _codes(row: Members, name: str) -> tuple[str, ...]:
    return tuple(_code(row, code) for code in row.texts(name, most=_MAX_FIELDS, max_=32))


def _folded(row: Members, name: str) -> tuple[str, ...]:
    texts = tuple(map(fold, row.texts(name, most=_MAX_TEXTS, max_=_MAX_LENGTH)))
    if not all(texts):
        raise row.fault(f"{name} has a text of nothing")
    return texts
