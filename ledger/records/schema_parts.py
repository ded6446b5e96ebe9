"""The parts of a record schema, and how each is read from a schema file; `schema` says what they
mean together.

Values of vocabularies match folded here as everywhere: width, brackets and white space do not
count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, TypeVar, get_args

from ledger.core.canonical import parse_day
from ledger.records.fold import fold
from ledger.records.members import Members

__all__ = [
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

Values = Mapping[str, str | list[str]]
_T = TypeVar("_T")

_KINDS: tuple[Kind, ...] = get_args(Kind)
_RULES: tuple[Rule, ...] = get_args(Rule)
_VOCABULARIES: tuple[Vocabulary, ...] = get_args(Vocabulary)
_WITH_LENGTH = ("text", "list", "choice")
_FIELD_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_AMOUNT = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?")
_MAX_VALUES = 1 << 10  # of a vocabulary
_MAX_LENGTH = 1 << 14  # characters of a field; the longest of the domain has 5,000
_MAX_OPEN_DAYS = 8
_MAX_CASES = 64  # of a visibility by value
_MAX_FOLDED = 64  # characters of a value that is remembered: a stranger's must not fill the memory
# What people put between several values in one cell, where the column is no list.
_BETWEEN = re.compile(r"[;；,，、\r\n]")


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

    def forbids(self, value: str, values: Values) -> bool:
        """Whether what the record says else does not allow this value."""
        return _any(values.get(self.field), self.values) is True and not _any(
            value, self.vocabulary
        )


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
    """What holds of the records whose `field` has one of `values` among its own."""

    field: str
    values: tuple[str, ...]

    def holds(self, values: Values) -> bool | None:
        """Whether it holds of this record; None: the field is not among them."""
        return _any(values.get(self.field), self.values)


@dataclass(frozen=True, slots=True)
class VisibilityIf:
    """Who may see a record by its values: any of those of `fields` is one of `values`, or, where
    `only`, each of them is and there is one."""

    fields: tuple[str, ...]
    values: tuple[str, ...]
    only: bool
    visibility: Visibility

    def holds(self, values: Values) -> bool:
        """Whether it says who may see this record."""
        allowed = _folded(self.values)
        found = [_fold(each) for code in self.fields for each in _each(values.get(code))]
        matching = [each in allowed for each in found]
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


# ---- reading them


def code(tree: Members, name: str) -> str:
    """The code of a field."""
    return tree.text(name, like=_FIELD_CODE)


def one_of(tree: Members, name: str, values: Sequence[_T]) -> _T:
    """One of the texts."""
    text = tree.text(name)
    for value in values:
        if value == text:
            return value
    raise tree.fault(f"{name} is none of {', '.join(map(str, values))}")


def field(tree: Members) -> Field:
    """A field."""

    def flag(name: str, default: bool) -> bool:
        return tree.flag(name) if tree.has(name) else default

    def texts(name: str) -> tuple[str, ...]:
        return tree.texts(name, most=_MAX_VALUES) if tree.has(name) else ()

    found = Field(
        code=code(tree, "code"),
        zh=tree.text("zh"),
        en=tree.text("en"),
        kind=one_of(tree, "kind", _KINDS),
        required=flag("required", False),
        required_if=tree.maybe("requiredIf", lambda name: _required_if(tree.object(name))),
        lenient=flag("lenient", False),
        max=tree.maybe("max", lambda name: tree.number(name, 1, _MAX_LENGTH)),
        vocabulary=texts("vocabulary"),
        vocabulary_if=tree.maybe("vocabularyIf", lambda name: _vocabulary_if(tree.object(name))),
        catalogue=tree.maybe("catalogue", lambda name: one_of(tree, name, _VOCABULARIES)),
        other=flag("other", False),
        not_before=tree.maybe("notBefore", lambda name: code(tree, name)),
        unusual=tree.maybe("unusual", lambda name: _unusual(tree.object(name))),
        disclosable=flag("disclosable", True),
        aliases=texts("aliases"),
    )
    tree.done()
    _check_field(tree, found)
    return found


def _check_field(tree: Members, found: Field) -> None:
    def demand(holds: bool, what: str) -> None:
        if not holds:
            raise tree.fault(f"{found.code}: {what}")

    listed = bool(found.vocabulary)
    texts, length = found.kind in ("text", "list"), found.max is not None
    demand(length == (found.kind in _WITH_LENGTH), "exactly texts, lists and choices have a max")
    demand(listed or found.kind != "choice", "choices have a vocabulary, and lists may")
    demand(not listed or found.kind in ("choice", "list"), "choices have a vocabulary")
    demand(not found.catalogue or (texts and not listed), "items of the catalogue are texts")
    demand(not found.vocabulary_if or found.kind in ("text", "choice"), "only a text has another")
    demand(not found.unusual or found.kind == "money", "only an amount can be unusual")
    demand(not found.lenient or found.required, "lenient, but not required")


def _required_if(tree: Members) -> RequiredIf:
    found = RequiredIf(code(tree, "field"), tree.texts("any", most=_MAX_VALUES))
    tree.done()
    return found


def _vocabulary_if(tree: Members) -> VocabularyIf:
    found = VocabularyIf(
        code(tree, "field"),
        tree.texts("values", most=_MAX_VALUES),
        tree.texts("vocabulary", most=_MAX_VALUES),
    )
    tree.done()
    return found


def by_value(tree: Members) -> ByValue:
    """What holds by value."""
    found = ByValue(code(tree, "field"), tree.texts("values", most=_MAX_VALUES))
    tree.done()
    return found


def codes(tree: Members, name: str) -> tuple[str, ...]:
    """Codes of fields, none twice."""
    found = tree.texts(name, most=_MAX_CASES)
    if not all(map(_FIELD_CODE.fullmatch, found)):
        raise tree.fault(f"{name} holds what is no code of a field")
    return found


def visibilities(tree: Members, name: str) -> tuple[VisibilityIf, ...]:
    """The cases of a visibility by value."""
    items = tree.items(name, most=_MAX_CASES)
    return tuple(_visibility_if(Members(f"{tree.what}, {name}", item)) for item in items)


def _visibility_if(tree: Members) -> VisibilityIf:
    only = tree.has("onlyValues")
    found = VisibilityIf(
        codes(tree, "fields"),
        tree.texts("onlyValues" if only else "values", most=_MAX_VALUES),
        only,
        one_of(tree, "visibility", VISIBILITIES),
    )
    tree.done()
    return found


def _unusual(tree: Members) -> tuple[str, str]:
    found = (tree.text("below", like=_AMOUNT), tree.text("above", like=_AMOUNT))
    tree.done()
    return found


def until(tree: Members) -> Until:
    """How the end of use follows."""
    rule = one_of(tree, "rule", _RULES)
    needs_field = rule == "validity"
    named = code(tree, "field") if needs_field or tree.has("field") else None
    open_days = tree.texts("open", most=_MAX_OPEN_DAYS) if needs_field else ()
    tree.done()
    for day in open_days:
        parse_day(day)
    if rule == "open" and named is not None:
        raise tree.fault("what is open has no field")
    return Until(rule, named, open_days)


def authority(tree: Members) -> Authority:
    """Who decided."""
    found = Authority(code(tree, "name"), tree.maybe("code", lambda name: code(tree, name)))
    tree.done()
    return found


def subject(tree: Members) -> Subject:
    """Whom it is about."""
    found = Subject(
        name=code(tree, "name"),
        code=code(tree, "code"),
        registration=code(tree, "registration"),
        kind=tree.maybe("kind", lambda name: code(tree, name)),
        person=tree.maybe("person", lambda name: code(tree, name)),
    )
    tree.done()
    return found


# ---- values


def _any(value: str | list[str] | None, wanted: tuple[str, ...]) -> bool | None:
    """Whether a value, or one of several, is one of those wanted; None: there is none."""
    if value is None:
        return None
    allowed = _folded(wanted)
    return any(_fold(each) in allowed for each in ((value,) if isinstance(value, str) else value))


def _each(value: str | list[str] | None) -> Sequence[str]:
    """The values of a field; those that stand in one cell one by one."""
    texts = (value or "",) if isinstance(value, str | None) else value
    return [each for text in texts for each in _BETWEEN.split(text) if each.strip()]


@lru_cache(maxsize=1 << 10)
def _folded(values: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(fold, values))


_remembered = lru_cache(maxsize=1 << 12)(fold)


def _fold(text: str) -> str:
    return _remembered(text) if len(text) <= _MAX_FOLDED else fold(text)
