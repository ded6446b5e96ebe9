"""What records say of having been shared in time, held against their anchors.

An entry says `timely` and the month or year of the decision, not its day; its promise, whose day
counts, is due within 72 hours. So a `yes` is untrue where the anchor comes more than 72 hours after
the deadline of the last day of that month, and a `no` where it comes before the deadline of the
first one ends: by any day of the decision. What may be true by some day is not found, nor what is
said of a year whose working days nobody knows yet.
"""

from __future__ import annotations

import calendar as months
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple

from ledger.audit.entries import About
from ledger.audit.state import Anchor, Log, Place
from ledger.audit.times import BlockTimes
from ledger.chain.network import Rebuilt
from ledger.core.canonical import instant
from ledger.core.promise import MAX_PROMISE
from ledger.core.verdict.facts import end_of
from ledger.records.calendar import Calendar

__all__ = ["NO_EARLY", "YES_LATE", "LogTimely"]

YES_LATE, NO_EARLY = "timely-yes-late", "timely-no-early"
_CODES: Final[Mapping[bytes, str]] = {b"yes": YES_LATE, b"no": NO_EARLY}
_CLOCKS: Final = 300
"""Seconds by which the clocks of a node and of the chain may differ."""
_YEAR: Final = 4  # digits
_NEVER: Final[Place] = (1 << 63, 0)
_ALWAYS: Final[Place] = (-1, 0)


@dataclass(slots=True)
class _Untrue:
    """Records that say the same, which their anchors belie. first: index of the first of them, or
    of one shortly before it in the same bundle; place: of its anchor."""

    first: int
    place: Place
    count: int = 0


class _Bounds(NamedTuple):
    """Places of anchors: a `no` is untrue before `begins`, a `yes` from `ends` on."""

    begins: Place
    ends: Place


@dataclass(slots=True, kw_only=True)
class LogTimely:
    """Judges one log. rebuilt: when a lost chain was filled anew: what was anchored then was shared
    long before. Of very many anchors the times of few are asked for."""

    log: Log
    times: BlockTimes
    calendar: Calendar
    rebuilt: Rebuilt | None = None
    _untrue: dict[About, _Untrue] = field(default_factory=dict)
    _bounds: dict[bytes, _Bounds] = field(default_factory=dict)
    _anew: tuple[Place, Place] | None = None

    def take(self, said: Mapping[About, int], first: int, anchor: Anchor) -> None:
        """Count what cannot be true of entries of one anchor, from index `first` on."""
        if self._is_anew(anchor.place):
            return
        for about, count in said.items():
            if self._is_untrue(about, anchor.place):
                untrue = self._untrue.setdefault(about, _Untrue(first, anchor.place))
                untrue.count += count

    def counts(self) -> Counter[str]:
        """How many records say an answer that cannot be true."""
        found: Counter[str] = Counter()
        for (_, _, answer), untrue in self._untrue.items():
            found[answer.decode()] += untrue.count
        return found

    def findings(self) -> Iterator[tuple[str, int, dict[str, Any]]]:
        """Code, index of an entry and evidence, of all that say the same one."""
        for (period, schema, answer), untrue in sorted(self._untrue.items(), key=_about):
            evidence = {
                **{"period": period.decode(), "schema": schema.decode(), "records": untrue.count},
                "anchored": instant(self.times.at(untrue.place[0])),
            }
            yield _CODES[answer], untrue.first, evidence

    def _is_untrue(self, about: About, place: Place) -> bool:
        period, _, answer = about
        if answer not in _CODES:
            return False
        if period not in self._bounds:
            self._bounds[period] = self._of(period.decode())
        begins, ends = self._bounds[period]
        return place >= ends if answer == b"yes" else place < begins

    def _of(self, period: str) -> _Bounds:
        year, month = int(period[:_YEAR]), period[_YEAR + 1 :]
        if not date.min.year <= year < date.max.year:
            return _Bounds(_ALWAYS, _NEVER)
        low, high = (int(month), int(month)) if month else (1, 12)
        first = self.calendar.deadline(date(year, low, 1))
        last = self.calendar.deadline(date(year, high, months.monthrange(year, high)[1]))
        return _Bounds(
            _ALWAYS if first is None else self._from_on(end_of(first) - _CLOCKS),
            _NEVER if last is None else self._from_on(end_of(last) + MAX_PROMISE + _CLOCKS),
        )

    def _is_anew(self, place: Place) -> bool:
        if self.rebuilt is None:
            return False
        if self._anew is None:
            until = self._from_on(self.rebuilt.until + 1)
            self._anew = (self._from_on(self.rebuilt.since), until)
        since, until = self._anew
        return since <= place < until

    def _from_on(self, time: int) -> Place:
        """The place of the first anchor in a block of this time or later."""
        anchors = self.log.anchors
        count = self.times.from_on(anchors, time)
        return anchors[count].place if count < len(anchors) else _NEVER


def _about(one: tuple[About, _Untrue]) -> About:
    return one[0]
