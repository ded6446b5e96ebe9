"""Records in words: their families and types, how one stands, the fields of reports; and under
which authorisation a bundle was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from ledger.cli.language import language, pick
from ledger.core.bundle import Bundle
from ledger.files.words import STANDINGS


def standing_words(verdict: str) -> str:
    """How a record stands; a verdict that says the evidence is bad as it is."""
    return pick(STANDINGS[verdict]) if verdict in STANDINGS else verdict


def type_words(type_: str) -> str:
    """A type (`penalty@1`) by its title; one that this program does not know as it is."""
    family = type_.partition("@")[0]
    return pick(_titles()[family]) if family in _titles() else type_


def family_words(families: Iterable[str]) -> str:
    """Families one behind the other: in Chinese by their titles; in English as options take them,
    which are words already."""
    if language() == "en":
        return ", ".join(families)
    titles = _titles()
    return "、".join(titles[one]["zh"] if one in titles else one for one in families)


def field_words(field: str) -> str:
    """A field of a report: in Chinese by its title and its id, which options take."""
    title = _fields().get(field)
    return field if language() == "en" or title is None else f"{title} {field}"


def authorisation_of(bundle: Bundle) -> str | None:
    """The one under which was asked; None where there was none, or nobody answered."""
    found = {one.answer.authorisation for one in bundle.answers} - {None}
    return next((one.hex() for one in found if one is not None), None)


@cache
def _titles() -> Mapping[str, Mapping[str, str]]:
    """Titles of the newest version of each type."""
    from ledger.records.schema import all_schemas  # noqa: PLC0415 - where words are wanted only

    return {one.family: one.title for one in sorted(all_schemas(), key=lambda one: one.version)}


@cache
def _fields() -> Mapping[str, str]:
    from ledger.records.report_fields import packaged  # noqa: PLC0415 - as above

    return {field.id: field.title["zh"] for found in packaged() for field in found.fields}
