"""Who is who: the authorities of a province as its operator knows them, with their dates.

Departments are renamed, merged and split; records and documents keep the names and codes of their
day. The table says which code had which names when, who took over from whom, of what kind an
authority is where rules of publicity ask for it, and in which region an office works whose code
was given elsewhere. The file is JSON:

{"_type": "credit-ledger/authorities@1",
 "authorities": [{"code": "11120000MB1234567X",
                  "names": [{"name": "天津市市场监督管理局", "from": "2018-11-08"},
                            {"name": "天津市市场监管委", "until": "2018-11-07"}],
                  "kind": "market-supervision",   absent: its name tells; "other": none of them
                  "region": "120000",             absent: the code tells
                  "from": "2014-07-01",           first day; absent: always
                  "until": "2026-06-30",          last day; absent: it stands
                  "successors": ["…"]}]}          who took over on the day after `until`

Every code stands once, successors are entries too and outlast whom they follow, so nobody follows
himself. A name belongs to one authority at a time. Kinds and regions are held for their form only.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from ledger.core.errors import Malformed
from ledger.records import uscc
from ledger.records.fold import fold
from ledger.records.members import NAME, Members
from ledger.records.operator_file import read_operator_file

__all__ = [
    "NOBODY",
    "Authorities",
    "Authority",
    "Name",
    "Standing",
    "parse_authorities",
    "read_authorities",
]

_OTHER = "other"
"""The kind of an authority for which no rules of its own exist, whatever its name holds."""

_SETTING = "CREDIT_LEDGER_AUTHORITIES_FILE"
_TYPE = "credit-ledger/authorities@1"
_MAX_FILE = 1 << 24  # an entry takes some 300 bytes
_MAX_ENTRIES = 1 << 15  # a province has a few thousand offices down to the counties
_MAX_NAMES = 32
_MAX_SUCCESSORS = 32
_MAX_NAME = 200  # characters, as of an authority's name in the standard
_MAX_LENGTH = 20
_REGION = re.compile("[0-9]{6}")
_ONE_DAY = timedelta(days=1)


class Name(NamedTuple):
    """A name, folded, and the first and last day on which the authority had it."""

    folded: str
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """An entry. kind, region: None where nothing is stated. first, last: its days."""

    code: str
    names: tuple[Name, ...]
    kind: str | None
    region: str | None
    first: date
    last: date
    successors: tuple[str, ...]


class Standing(NamedTuple):
    """What the holder of a code stands for: decisions that name this code, or where it is None
    this folded name, of these days."""

    code: str | None
    name: str | None
    first: date
    last: date


class Authorities:
    """The table."""

    def __init__(self, entries: Iterable[Authority] = ()) -> None:
        """entries: none twice, as `parse_authorities` has seen to."""
        self._by_code = {entry.code: entry for entry in entries}
        self._before: dict[str, list[Authority]] = defaultdict(list)
        for entry in self._by_code.values():
            for successor in entry.successors:
                self._before[successor].append(entry)

    def __len__(self) -> int:
        return len(self._by_code)

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def __iter__(self) -> Iterator[Authority]:
        return iter(self._by_code.values())

    @cached_property
    def kinds(self) -> Mapping[str, str | None]:
        """Kinds by code where they are stated, as `Setting.authorities`."""
        return {
            entry.code: None if entry.kind == _OTHER else entry.kind
            for entry in self
            if entry.kind is not None
        }

    def region(self, code: str) -> str | None:
        """The region in which an authority works, six digits; None where it is not stated."""
        found = self._by_code.get(code)
        return found.region if found else None

    def stood(self, code: str, day: date) -> bool:
        """Whether an authority was there on that day, as far as is known."""
        found = self._by_code.get(code)
        return found is None or found.first <= day <= found.last

    def predecessors(self, code: str, today: date) -> list[Authority]:
        """Those from whom it has taken over by that day, directly or by way of others."""
        found: dict[str, Authority] = {}
        waiting = [code]
        while waiting:
            for entry in self._before.get(waiting.pop(), ()):
                if entry.last < today and entry.code not in found:
                    found[entry.code] = entry
                    waiting.append(entry.code)
        return list(found.values())

    def standings(self, codes: Iterable[str], today: date) -> Iterator[Standing]:
        """What who holds these codes stands for on that day.

        Their own codes whatever the day of the decision, since a code is its holder's for good;
        those of their predecessors for what these decided while they were there; names for the
        days on which they were had.
        """
        for code in codes:
            yield Standing(code, None, date.min, date.max)
            yield from self._names(self._by_code.get(code))
            for entry in self.predecessors(code, today):
                yield Standing(entry.code, None, date.min, entry.last)
                yield from self._names(entry)

    def _names(self, entry: Authority | None) -> Iterator[Standing]:
        for name in entry.names if entry else ():
            yield Standing(None, name.folded, name.first, name.last)


NOBODY = Authorities()
"""The table of an operator who keeps none."""


def read_authorities(path: Path | None) -> Authorities:
    """The table in an operator's file, empty where there is none. Raises ConfigError, which names
    the entry, what is wrong with it and what to do."""
    if path is None:
        return NOBODY
    return read_operator_file(path, _SETTING, parse_authorities, max_bytes=_MAX_FILE)


def parse_authorities(tree: Any) -> Authorities:
    """The table. tree: the JSON of the file. Raises Malformed."""
    whole = Members("authorities", tree)
    if whole.text("_type") != _TYPE:
        raise whole.fault(f"_type is not {_TYPE}")
    items = whole.items("authorities", most=_MAX_ENTRIES, least=0)
    whole.done()
    entries = [_entry(n, item) for n, item in enumerate(items, 1)]
    by_code: dict[str, Authority] = {}
    for n, entry in enumerate(entries, 1):
        if by_code.setdefault(entry.code, entry) is not entry:
            raise _fault(n, entry.code, "stands twice: put its names and dates into one entry")
    for n, entry in enumerate(entries, 1):
        _demand_successors(n, entry, by_code)
    _demand_one_holder(entries)
    return Authorities(entries)


def _fault(number: int, code: str, problem: str) -> Malformed:
    return Malformed(f"authorities, entry {number} ({code})", problem)


def _entry(number: int, item: object) -> Authority:
    members = Members(f"authorities, entry {number}", item)
    code = uscc.normalise(members.text("code", max_=_MAX_LENGTH))
    if not uscc.has_shape(code) or code == uscc.FILLER:
        raise members.fault("code is no USCC: copy its 18 characters from the certificate")
    members.what += f" ({code})"
    first, last = _days(members)
    names = members.maybe("names", lambda name: members.items(name, most=_MAX_NAMES)) or []
    entry = Authority(
        code=code,
        names=tuple(_name(members, n, name, first, last) for n, name in enumerate(names, 1)),
        kind=members.maybe("kind", lambda name: members.text(name, like=NAME)),
        region=members.maybe("region", lambda name: members.text(name, like=_REGION)),
        first=first,
        last=last,
        successors=members.maybe(
            "successors", lambda name: members.texts(name, most=_MAX_SUCCESSORS, max_=_MAX_LENGTH)
        )
        or (),
    )
    members.done()
    return entry


def _days(members: Members) -> tuple[date, date]:
    first = members.maybe("from", members.day) or date.min
    last = members.maybe("until", members.day) or date.max
    if first > last:
        raise members.fault("until is before from: correct one of the two")
    return first, last


def _name(entry: Members, number: int, item: object, first: date, last: date) -> Name:
    members = Members(f"{entry.what}, name {number}", item)
    folded = fold(members.text("name", max_=_MAX_NAME))
    if not folded:
        raise members.fault("name is blank: write it or take the item out")
    since, until = _days(members)
    members.done()
    name = Name(folded, max(since, first), min(until, last))
    if name.first > name.last:
        raise members.fault("had only while the authority was not there: correct the days")
    return name


def _demand_successors(number: int, entry: Authority, by_code: Mapping[str, Authority]) -> None:
    """Require that whoever took over is known and outlasts whom he follows."""
    if entry.successors and entry.last == date.max:
        raise _fault(number, entry.code, "has successors but no until: say its last day")
    for code in entry.successors:
        successor = by_code.get(code)
        if successor is None:
            raise _fault(number, entry.code, f"successor {code} has no entry: add one")
        if successor.last <= entry.last:
            raise _fault(
                number, entry.code, f"successor {code} ended no later: name who took over from it"
            )


def _demand_one_holder(entries: Sequence[Authority]) -> None:
    """Require that nobody has the name of another on the same day: by names records are filed."""
    had: dict[str, list[tuple[Name, int, str]]] = defaultdict(list)
    for n, entry in enumerate(entries, 1):
        for name in entry.names:
            had[name.folded].append((name, n, entry.code))
    for holders in had.values():
        holders.sort()
        for (before, _, earlier), (name, n, code) in pairwise(holders):
            if name.first <= before.last:
                ends = name.first - _ONE_DAY if name.first > date.min else name.first
                raise _fault(
                    n,
                    code,
                    f"has a name that {earlier} has on the same day: end it there by {ends}",
                )
