"""The parts of a record schema; `schema` says what they mean together, `schema_reading` how each is
read from a schema file.

Values of vocabularies match folded here as everywhere: width, brackets and white space do not
count. A value of one's own (`其他-…`) that says what a value of the vocabulary says counts as that
value: nobody gets round a rule by another spelling of what it is about.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, get_args

from ledger.records.fold import fold

__all__ = [
    "OTHER",
    "VISIBILITIES",
    "Authority",
    "ByValue",
    "Field",
    "Granularity",
    "Kind",
    "RequiredIf",
    "Rule",
    "Subject",
    "Until",
    "Visibility",
    "VisibilityIf",
    "Vocabulary",
    "VocabularyIf",
]

Kind = Literal["text", "list", "choice", "date", "year", "money", "uscc"]
Rule = Literal["publicity", "validity", "open"]
Visibility = Literal["public", "authorisation", "government"]
Granularity = Literal["month", "year"]
Vocabulary = Literal["lists", "measures"]

VISIBILITIES: Final[tuple[Visibility, ...]] = get_args(Visibility)
"""The widest first."""

OTHER: Final = "其他-"
"""Begins a value of one's own where the vocabulary allows it."""
_ELSE: Final = "其他"

_Values = Mapping[str, str | list[str]]

_MAX_FOLDED = 64  # characters of a value that is remembered: a stranger's must not fill the memory
# What people put between several values in one cell, where the column is no list.
_BETWEEN = re.compile(r"[;；,，、+＋\r\n]|并处|并科|以及|[并和及与]")
# Before a word of an own value: it says that the word does not apply.
_NOT = "(?<![未无不非没])(?<!没有)(?<!未曾)(?<!并未)"


@dataclass(frozen=True, slots=True)
class RequiredIf:
    """The field is required where `field` has one of `any_` among its values."""

    field: str
    any_: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VocabularyIf:
    """The field has one of `vocabulary` where `field` has one of `values`."""

    field: str
    values: tuple[str, ...]
    vocabulary: tuple[str, ...]

    def forbids(self, value: str, values: _Values) -> bool:
        """Whether what the record says else does not allow this value."""
        applies = _any(values.get(self.field), self.values) is True
        return applies and _fold(value) not in _folded(self.vocabulary)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One column of the standard's table.

    max: characters, of a list those of its values joined by one separator; None for dates, years,
    money and USCCs. vocabulary: the only values, matched folded; empty: anything. other: `其他-…`
    is one more. vocabulary_if: fewer values where another field says so. catalogue: its values are
    items of the catalogue. lenient: required only of what was decided since a node went live.
    not_before: a date field that this date may not precede. unusual: (below, above) in 万元,
    amounts outside earn a note. aliases: other headers of the column in use.
    """

    code: str
    zh: str
    en: str
    kind: Kind
    required: bool = False
    required_if: RequiredIf | None = None
    lenient: bool = False
    max: int | None = None
    vocabulary: tuple[str, ...] = ()
    vocabulary_if: VocabularyIf | None = None
    catalogue: Vocabulary | None = None
    other: bool = False
    not_before: str | None = None
    unusual: tuple[str, str] | None = None
    disclosable: bool = True
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Until:
    """How the end of use follows from a record; `open_days` are the dates that mean no end."""

    rule: Rule
    field: str | None = None
    open_days: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ByValue:
    """What holds of the records whose `field` has one of `values` among its own, or an own value
    that says one of them."""

    field: str
    values: tuple[str, ...]

    def holds(self, values: _Values) -> bool | None:
        """Whether it holds of this record; None: the field is not among them."""
        return _any(values.get(self.field), self.values)


@dataclass(frozen=True, slots=True)
class VisibilityIf:
    """Who may see a record by its values: any of those of `fields` is one of `values`, or, where
    `only`, each of them is and there is one. Where a value is free, holding one of `values` is as
    good. What an own value says is not known, so it counts as one of them: the stricter."""

    fields: tuple[str, ...]
    values: tuple[str, ...]
    only: bool
    visibility: Visibility

    def holds(self, values: _Values) -> bool:
        """Whether it says who may see this record."""
        words = _folded(self.values)
        found = [_fold(each) for code in self.fields for each in _each(values.get(code))]
        matching = [_is_own(each) or any(word in each for word in words) for each in found]
        return bool(found) and (all(matching) if self.only else any(matching))


@dataclass(frozen=True, slots=True)
class Authority:
    """Fields that name the determining authority; the 2015 template has no code."""

    name: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """Fields that identify the subject. kind: its type (entity, person, individual business).
    person: an identity number whose presence without a USCC means a natural person."""

    name: str
    code: str
    registration: str
    kind: str | None = None
    person: str | None = None


def _any(value: str | list[str] | None, wanted: tuple[str, ...]) -> bool | None:
    """Whether a value, or one of several, is one of those wanted; None: there is none."""
    if value is None:
        return None
    values = (value,) if isinstance(value, str) else value
    return any(_means(each, wanted) for each in values)


def _means(value: str, wanted: tuple[str, ...]) -> bool:
    """Whether a value is one of those wanted, or one's own that says one of them: `其他-民间违约`
    is 违约, `其他-未违约` is not."""
    form = _fold(value)
    if form in _folded(wanted):
        return True
    return form.startswith(OTHER) and bool(_words(wanted).search(form, len(OTHER)))


def _is_own(form: str) -> bool:
    return form == _ELSE or form.startswith(OTHER)


def _each(value: str | list[str] | None) -> Sequence[str]:
    """The values of a field; those that stand in one cell one by one, one's own whole."""
    texts = (value or "",) if isinstance(value, str | None) else value
    parts = [[text] if _is_own(_fold(text)) else _BETWEEN.split(text) for text in texts]
    return [each for part in parts for each in part if _fold(each)]


@lru_cache(maxsize=1 << 10)
def _words(values: tuple[str, ...]) -> re.Pattern[str]:
    """Any of the values as a word of a text; a letter is none within others."""
    letters = "(?<![0-9A-Za-z]){}(?![0-9A-Za-z])"
    forms = [(form, re.escape(form)) for form in sorted(_folded(values))]
    return re.compile(
        "|".join(_NOT + (letters.format(word) if form.isascii() else word) for form, word in forms)
    )


@lru_cache(maxsize=1 << 10)
def _folded(values: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(fold, values))


_remembered = lru_cache(maxsize=1 << 12)(fold)


def _fold(text: str) -> str:
    return _remembered(text) if len(text) <= _MAX_FOLDED else fold(text)
