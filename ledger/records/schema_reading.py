"""Reading the parts of a record schema from a schema file. Whatever is wrong raises Malformed."""

from __future__ import annotations

import re
from typing import get_args

from ledger.core.canonical import parse_day
from ledger.records.members import Members
from ledger.records.schema_parts import (
    VISIBILITIES,
    Authority,
    ByValue,
    Field,
    Kind,
    RequiredIf,
    Rule,
    Subject,
    Until,
    VisibilityIf,
    Vocabulary,
    VocabularyIf,
)

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


def code(tree: Members, name: str) -> str:
    """The code of a field."""
    return tree.text(name, like=_FIELD_CODE)


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
        kind=tree.one_of("kind", _KINDS),
        required=flag("required", False),
        required_if=tree.maybe("requiredIf", lambda name: _required_if(tree.object(name))),
        lenient=flag("lenient", False),
        max=tree.maybe("max", lambda name: tree.number(name, 1, _MAX_LENGTH)),
        vocabulary=texts("vocabulary"),
        vocabulary_if=tree.maybe("vocabularyIf", lambda name: _vocabulary_if(tree.object(name))),
        catalogue=tree.maybe("catalogue", lambda name: tree.one_of(name, _VOCABULARIES)),
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
        tree.one_of("visibility", VISIBILITIES),
    )
    tree.done()
    return found


def _unusual(tree: Members) -> tuple[str, str]:
    found = (tree.text("below", like=_AMOUNT), tree.text("above", like=_AMOUNT))
    tree.done()
    return found


def until(tree: Members) -> Until:
    """How the end of use follows."""
    rule = tree.one_of("rule", _RULES)
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
