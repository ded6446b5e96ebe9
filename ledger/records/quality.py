"""How well a member's units file, as the national platform ranks it: counts of one month or week.

A unit is the authority (its USCC) that files; rows that name none have no `unit`. A row is
received once, whatever is sent again: what the ledger holds already is a duplicate, and a row that
was refused is counted once in its month however often the same row comes back unchanged. One that
was put right and sent again is another row, as the platform counts it. What was received is either
conforming (accepted) or refused, by the code that its answer names first.

The document is the payload of a signed statement (`ledger.core.jws`), canonical JSON:

{"_type":"credit-ledger/quality@1","at":INSTANT,"from":DAY,"member":CODE,"network":REFERENCE,
 "period":"2026-11"|"2026-W48","provisional":BOOL,"rows":[
   {"conforming":N,"corrected":N,"duplicates":N,"received":N,"rejected":{CODE:N},
    "timely":{"no":N,"unknown":N,"yes":N},"type":NAME,"unit":USCC?,"wrongCodes":N}],
 "until":DAY}

Days are those of Asia/Shanghai; `until` is the last one. `timely` counts conforming rows of types
that must be online within seven working days. `corrected` counts those that correct an earlier
record. `wrongCodes`: refused rows whose subject's USCC is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from ledger.core import canonical
from ledger.core.canonical import instant, parse_day, parse_instant
from ledger.core.errors import Malformed
from ledger.core.ids import CODE
from ledger.records.members import NAME, Members

__all__ = [
    "CORRECTED",
    "MAX_CODES",
    "MAX_DOCUMENT",
    "MAX_ROWS",
    "TIMELY",
    "TYP",
    "Counts",
    "Period",
    "Quality",
    "parse",
    "rate",
    "total",
]

TYP: Final = "credit-ledger-quality+jws"
TIMELY: Final = ("yes", "no", "unknown")
CORRECTED: Final = "corrected"
MAX_DOCUMENT: Final = 32 << 20
"""Bytes: 20,000 units with several types each."""
MAX_ROWS: Final = 1 << 17
MAX_CODES: Final = 256
"""Codes of one row: three times those there are."""

_TYPE = "credit-ledger/quality@1"
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_WEEK = re.compile(r"([0-9]{4})-W([0-5][0-9])")
_UNIT = re.compile(r"[0-9A-Z]{18}")
_CODE = re.compile(r"[a-z][a-z0-9-]{0,63}")
_REFERENCE = re.compile(r"eip155:[1-9][0-9]{0,15}:0x[0-9a-f]{40}")
_MAX_COUNT = 10**12
_FIRST_YEAR = 2000
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """A month (`2026-11`) or an ISO week (`2026-W48`). first, last: its days in Asia/Shanghai."""

    name: str
    first: date
    last: date

    @classmethod
    def parse(cls, name: str) -> Period:
        """The period of this name; Malformed where there is none."""
        try:
            if month := _MONTH.fullmatch(name):
                first = date(int(month[1]), int(month[2]), 1)
                last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - _ONE_DAY
            elif week := _WEEK.fullmatch(name):
                first = date.fromisocalendar(int(week[1]), int(week[2]), 1)
                last = first + timedelta(days=6)
            else:
                raise Malformed("period", "not YYYY-MM or YYYY-Www")
        except (ValueError, OverflowError) as error:
            raise Malformed("period", "no such month or week") from error
        if first.year < _FIRST_YEAR:
            raise Malformed("period", f"before {_FIRST_YEAR}")
        return cls(name, first, last)

    @classmethod
    def month_of(cls, day: date) -> Period:
        """The month that this day lies in."""
        return cls.parse(f"{day.year:04}-{day.month:02}")

    @classmethod
    def week_of(cls, day: date) -> Period:
        """The ISO week that this day lies in."""
        year, week, _ = day.isocalendar()
        return cls.parse(f"{year:04}-W{week:02}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Rows of one unit and type. unit: "" for rows that name none. rejected: by code. timely: by
    answer, of the conforming rows that a time limit binds."""

    unit: str
    type: str
    conforming: int = 0
    corrected: int = 0
    duplicates: int = 0
    wrong_codes: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    timely: Mapping[str, int] = field(default_factory=dict)

    @property
    def refused(self) -> int:
        """Rows that were refused."""
        return sum(self.rejected.values())

    @property
    def received(self) -> int:
        """Rows that came, each once."""
        return self.conforming + self.refused

    def as_dict(self) -> dict[str, Any]:
        """As the document has it."""
        told = {
            "conforming": self.conforming,
            "corrected": self.corrected,
            "duplicates": self.duplicates,
            "received": self.received,
            "rejected": dict(self.rejected),
            "timely": {answer: self.timely.get(answer, 0) for answer in TIMELY},
            "type": self.type,
            "wrongCodes": self.wrong_codes,
        }
        return told | ({"unit": self.unit} if self.unit else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """The document. at: Unix seconds at which it was counted. network: reference of the network.
    rows: by unit and type, ascending."""

    member: str
    network: str
    period: Period
    at: int
    provisional: bool
    rows: tuple[Counts, ...]

    def encode(self) -> bytes:
        """Its canonical JSON."""
        return canonical.encode(
            {
                "_type": _TYPE,
                "at": instant(self.at),
                "from": self.period.first.isoformat(),
                "member": self.member,
                "network": self.network,
                "period": self.period.name,
                "provisional": self.provisional,
                "rows": [row.as_dict() for row in self.rows],
                "until": self.period.last.isoformat(),
            }
        )


def parse(data: bytes) -> Quality:
    """The document in these bytes; Malformed where it is none, or its sums do not agree."""
    tree = Members("quality", canonical.parse(data, max_bytes=MAX_DOCUMENT, max_depth=5))
    if tree.text("_type") != _TYPE:
        raise tree.fault(f"not {_TYPE}")
    period = Period.parse(tree.text("period"))
    days = (parse_day(tree.text("from")), parse_day(tree.text("until")))
    if days != (period.first, period.last):
        raise tree.fault("from and until are not the days of the period")
    found = Quality(
        member=tree.text("member", like=CODE),
        network=tree.text("network", like=_REFERENCE),
        period=period,
        at=parse_instant(tree.text("at")),
        provisional=tree.flag("provisional"),
        rows=tuple(
            _counts(Members("quality, row", item))
            for item in tree.items("rows", most=MAX_ROWS, least=0)
        ),
    )
    tree.done()
    keys = [(row.unit, row.type) for row in found.rows]
    if keys != sorted(set(keys)):
        raise tree.fault("rows twice, or not in order")
    return found


def total(rows: Iterable[Counts], *, unit: str = "", type_: str = "") -> Counts:
    """All rows together."""
    rejected: dict[str, int] = {}
    timely: dict[str, int] = {}
    conforming = corrected = duplicates = wrong = 0
    for row in rows:
        conforming += row.conforming
        corrected += row.corrected
        duplicates += row.duplicates
        wrong += row.wrong_codes
        for code, count in row.rejected.items():
            rejected[code] = rejected.get(code, 0) + count
        for answer, count in row.timely.items():
            timely[answer] = timely.get(answer, 0) + count
    return Counts(
        unit=unit,
        type=type_,
        conforming=conforming,
        corrected=corrected,
        duplicates=duplicates,
        wrong_codes=wrong,
        rejected=dict(sorted(rejected.items())),
        timely=timely,
    )


def rate(part: int, whole: int) -> str | None:
    """A share in per cent with two decimals, half of the last one up as spreadsheets round it; None
    of nothing."""
    if not whole:
        return None
    hundredths = (2 * part * 10_000 + whole) // (2 * whole)
    return f"{hundredths // 100}.{hundredths % 100:02}"


def _counts(tree: Members) -> Counts:
    def count(name: str) -> int:
        return tree.number(name, 0, _MAX_COUNT)

    row = Counts(
        unit=tree.maybe("unit", lambda name: tree.text(name, like=_UNIT)) or "",
        type=tree.text("type", like=NAME),
        conforming=count("conforming"),
        corrected=count("corrected"),
        duplicates=count("duplicates"),
        wrong_codes=count("wrongCodes"),
        rejected=_by_code(tree.object("rejected")),
        timely=_timely(tree.object("timely")),
    )
    received = count("received")
    tree.done()
    if (
        received != row.received
        or sum(row.timely.values()) > row.conforming
        or row.corrected > row.conforming
        or row.wrong_codes > row.refused
    ):
        raise tree.fault("its sums do not agree")
    return row


def _by_code(tree: Members) -> dict[str, int]:
    names = tree.names(most=MAX_CODES)
    if not all(map(_CODE.fullmatch, names)):
        raise tree.fault("rejected names what is no code")
    found = {name: tree.number(name, 1, _MAX_COUNT) for name in names}
    tree.done()
    return found


def _timely(tree: Members) -> dict[str, int]:
    found = {name: tree.number(name, 0, _MAX_COUNT) for name in TIMELY}
    tree.done()
    return found
