"""Sums of outcomes as a custodian publishes them: what `outcome sums --json` writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from ledger.core.canonical import MAX_INTEGER, parse_instant
from ledger.core.errors import Malformed
from ledger.core.ids import CODE
from ledger.core.read import matching, optional, within
from ledger.core.reports import MONTH
from ledger.core.sums import DIMENSIONS, TYPE
from ledger.core.versions import refuse_other

__all__ = ["FIGURES", "MAX_FILE", "SumsFile", "parse_sums"]

MAX_FILE = 16 << 20
"""Bytes: some 60,000 cells."""
FIGURES = ("households", "granted", "lent", "hidden")
_TEXT = 64  # characters of a dimension, a product's id is the longest


@dataclass(frozen=True, slots=True, kw_only=True)
class SumsFile:
    """One file. member: whose it is said to be, "": it does not say; nobody signed it. at: Unix
    seconds at which it was made, None: it does not say. items: by their dimensions."""

    member: str
    at: int | None
    first: str
    last: str
    by: tuple[str, ...]
    items: Mapping[tuple[Any, ...], Mapping[str, Any]]

    @property
    def households(self) -> int:
        """Of all items."""
        return sum(item["households"] or 0 for item in self.items.values())


def parse_sums(data: bytes) -> SumsFile:
    """The sums in a file. Raises Malformed; VersionUnknown where they are of another version."""
    try:
        value = orjson.loads(data)
    except ValueError as error:
        raise Malformed("sums", "not JSON") from error
    if not isinstance(value, dict) or not {"from", "until", "by", "items"} <= value.keys():
        raise Malformed("sums", "members missing")
    refuse_other(value.get("_type"))
    if value.get("_type") != TYPE:
        raise Malformed("sums", "of another type")
    by = _by(value["by"])
    return SumsFile(
        member=matching(value, "member", CODE) if "member" in value else "",
        at=parse_instant(value["at"]) if isinstance(value.get("at"), str) else None,
        first=matching(value, "from", MONTH),
        last=matching(value, "until", MONTH),
        by=by,
        items=_items(value["items"], by),
    )


def _by(value: Any) -> tuple[str, ...]:
    known = isinstance(value, list) and all(one in DIMENSIONS for one in value)
    if not known or len(set(value)) != len(value):
        raise Malformed("by", "is not a list of dimensions, each once")
    return tuple(value)


def _items(value: Any, by: Sequence[str]) -> Mapping[tuple[Any, ...], Mapping[str, Any]]:
    if not isinstance(value, list):
        raise Malformed("items", "are no list")
    found = {}
    for item in value:
        if not isinstance(item, dict) or not {*by, *FIGURES} <= item.keys():
            raise Malformed("items", "an item with members missing")
        found[tuple(_dimension(item[name]) for name in by)] = _figures(item)
    if len(found) != len(value):
        raise Malformed("items", "the same twice")
    return found


def _dimension(value: Any) -> Any:
    fits = value is None or type(value) is int or (isinstance(value, str) and len(value) <= _TEXT)
    if not fits:
        raise Malformed("items", "a dimension that is none")
    return value


def _figures(item: Mapping[str, Any]) -> Mapping[str, Any]:
    within(item, "hidden", 0, MAX_INTEGER)
    optional(item, "households", lambda of, name: within(of, name, 0, MAX_INTEGER))
    for name in ("granted", "lent"):
        if item[name] is not None and not (
            isinstance(item[name], str) and len(item[name]) <= _TEXT
        ):
            raise Malformed(name, "is no amount")
    return {name: item[name] for name in FIGURES}
