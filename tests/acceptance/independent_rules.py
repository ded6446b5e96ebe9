"""Until when a record may be used, and what counts in the catalogue, written a second time from
protocol 6 and 14 alone. Nothing here imports the product.
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

Rules = Mapping[str, Any]
Period = tuple[int, int | None]
"""Minimum and maximum in months; None: open."""


def later(day: date, months: int) -> date:
    """The same day of the month, or its last; nothing lies after 9999-12-31."""
    year, month = day.year + (day.month - 1 + months) // 12, (day.month - 1 + months) % 12 + 1
    if year > 9999:
        return date(9999, 12, 31)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def periods(
    rules: Rules, family: str, kind: str | None, class_: str | None, decided: str
) -> list[Period]:
    """Which govern a decision."""
    fit = [
        row
        for row in rules["rows"]
        if family in row.get("families", [family])
        and row.get("authority", kind) == kind
        and row.get("from", "") <= decided
    ]
    if not fit:
        return [(0, None)]

    def rank(row: Mapping[str, Any]) -> tuple[bool, bool, str]:
        return "families" in row, "authority" in row, row.get("from", "")

    best = max(map(rank, fit))
    rows = [row for row in fit if rank(row) == best]
    known = [row for row in rows if row.get("class") in (class_, None)] if class_ else []
    whole = [row for row in rows if "class" not in row]
    return [
        (row.get("minimumMonths", 0), row.get("maximumMonths")) for row in known or whole or rows
    ]


def kinds(rules: Rules) -> list[str | None]:
    """Every kind of authority, "none" included."""
    return [None, *(each["kind"] for each in rules.get("authorities", []))]


def issuers_until(
    found: Sequence[Period], *, adverse: bool, decided: date, stated: date | None
) -> date | None:
    """Steps 3 to 5 of "The day" for rule publicity. found: the periods that govern."""
    if not adverse:
        return None
    maxima = {maximum for _, maximum in found}
    if stated is None and len(maxima) > 1:
        return None
    closed = [maximum for maximum in maxima if maximum is not None]
    longest = None if len(closed) < len(maxima) else later(decided, max(closed))
    ends = [end for end in (stated, longest) if end is not None]
    return min(ends) if ends else None


def window(
    found: Sequence[Period], *, adverse: bool | None, decided: date, until: date | None
) -> tuple[date | None, date | None]:
    """Last day of use and first day of expiry for rule publicity. found: of every kind."""
    if until is not None:
        return until, None if until == date.max else until + timedelta(days=1)
    if adverse is False:
        return None, None
    closed = [maximum for _, maximum in found if maximum is not None]
    last = later(decided, min(closed)) if closed else None
    if adverse is None or len(closed) < len(found):
        return last, None
    end = later(decided, max(closed))
    return last, None if end == date.max else end + timedelta(days=1)


class Version(NamedTuple):
    """A version of one item in one contract. until 0: for ever."""

    region: str
    number: int
    begins: int
    put_at: int
    until: int


def counts(versions: Iterable[Version], region: str, time: int, lost: int) -> set[Version]:
    """Versions that count in a region at a time; lost: when the contract loses its role."""
    known = list(versions)

    def start(version: Version) -> int:
        return max(version.begins, version.put_at)

    def holds(version: Version) -> bool:
        higher = [
            start(other)
            for other in known
            if other.region == version.region and other.number > version.number
        ]
        ends = [*higher, lost, *([version.until] if version.until else [])]
        return start(version) <= time < min(ends)

    national = {version for version in known if version.region == "" and holds(version)}
    return national or {v for v in known if v.region == region and holds(v)}
