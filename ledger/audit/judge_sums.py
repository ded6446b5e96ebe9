"""Published sums held against the outcomes that institutions stated: whether they add up, and
whether a small cell can be worked out of them (design-2 17).

Statements are anchored by night, and whoever makes sums has them at once: sums that are held
against the outcomes before every institution had a batch anchored since differ rightly, and it is
said that nobody can tell yet.
Nobody signs sums, so what is wrong with them is told of no member. What was stated within a day
before they were made may not have reached whoever made them: where it would change a figure, both
are right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ledger.audit.findings import Findings
from ledger.audit.opening_files import Paper, read_file
from ledger.audit.outcomes import Outcomes
from ledger.audit.standing import SLACK
from ledger.audit.sums_file import FIGURES, MAX_FILE, SumsFile, parse_sums
from ledger.core.errors import EvidenceError, VersionUnknown
from ledger.core.ids import sha256
from ledger.core.sums import LEAST_HOUSEHOLDS, TYPE, sums
from ledger.core.verdict.facts import DAY

__all__ = ["SumsAsked", "SumsJudge"]

_ON_THEIR_WAY = DAY
"""Seconds in which an outcome reaches those that it is reported to."""

_NAMED = 5
"""Institutions that a finding names."""

_Items = Mapping[tuple[Any, ...], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class SumsAsked:
    """Sums to be made: of the months first … last, by these dimensions."""

    first: str
    last: str
    by: Sequence[str]


@dataclass(slots=True, kw_only=True)
class SumsJudge:
    """Reads files before the logs, judges them afterwards. now: Unix seconds of the last block.
    waiting: institutions of which what they stated by a time may not be anchored yet."""

    outcomes: Outcomes
    findings: Findings
    now: int
    waiting: Callable[[int], Sequence[str]]
    _files: list[tuple[str, SumsFile]] = field(init=False, default_factory=list)

    def take(self, paper: Paper) -> None:
        """Read one. Raises NotOpenings where it cannot be read."""
        data = read_file(paper.path, MAX_FILE)
        where = f"sums/{sha256(data).hex()}"
        try:
            self._files.append((where, parse_sums(data)))
        except VersionUnknown as error:
            self.findings.unchecked("paper-version-unknown", where, why=error.message)
        except EvidenceError as error:
            self._add("sums-false", where, why=str(error))

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._files)

    def made(self, asked: SumsAsked) -> dict[str, Any]:
        """Sums of all outcomes, as `outcome sums` of a node shows them."""
        rows = self.outcomes.rows(asked.first, asked.last, until=self.now)
        return {
            "_type": TYPE,
            "from": asked.first,
            "until": asked.last,
            "by": list(asked.by),
            "items": sums(rows, asked.by),
        }

    def run(self, *, complete: bool) -> None:
        """Judge all files. complete: every statement of every institution is open; else only what
        the files show of themselves is judged."""
        for where, file in self._files:
            self._small(where, file)
            if complete:
                self._compare(where, file)
        self._subtract()

    # ---- by itself

    def _small(self, where: str, file: SumsFile) -> None:
        for key, item in file.items.items():
            if _is_small(item):
                self._reveals(where, file, "small", cell=_name(file.by, key))

    def _subtract(self) -> None:
        """Sums of the same, made at the same time, have the same total: a cell that is hidden in
        one and added up in another would be their difference."""
        known: dict[tuple[str, str, str], list[SumsFile]] = {}
        for where, file in self._files:
            same = known.setdefault((file.member, file.first, file.last), [])
            others = (one for one in same if _together(one, file))
            less = next((abs(one.households - file.households) for one in others), 0)
            if less:
                self._reveals(where, file, "subtraction", households=less)
            else:
                same.append(file)

    # ---- by what was stated

    def _compare(self, where: str, file: SumsFile) -> None:
        until = self.now if file.at is None else min(file.at, self.now)
        late, early = (self._expected(file, at) for at in (until + SLACK, until - _ON_THEIR_WAY))
        # What stands in every cell, small ones too: nobody may show that.
        all_ = self._expected(file, until + SLACK, least=0)
        waiting = () if file.at is None else self.waiting(file.at)
        untold: list[str] = []
        for key in sorted(file.items.keys() | late.keys() | early.keys(), key=str):
            said = file.items.get(key)
            if late.get(key) != early.get(key) or said == late.get(key):
                continue
            if said is not None and _is_small(said):
                continue  # told already
            if said is not None and _same_figures(said, all_.get(key)):
                self._reveals(where, file, "added-up", cell=_name(file.by, key))
            elif waiting:
                untold.append(_name(file.by, key))
            else:
                self._differs(where, file, key, said, late.get(key))
        if untold:
            named = ", ".join(waiting[:_NAMED])
            self._add(
                "sums-not-anchored",
                where,
                of=file.member,
                cell=untold[0],
                cells=len(untold),
                members=named,
                waiting=len(waiting),
            )

    def _expected(self, file: SumsFile, until: int, **least: int) -> _Items:
        rows = self.outcomes.rows(file.first, file.last, until=until, of=file.member)
        return {
            tuple(item[name] for name in file.by): {name: item[name] for name in FIGURES}
            for item in sums(rows, file.by, **least)
        }

    def _differs(
        self,
        where: str,
        file: SumsFile,
        key: tuple[Any, ...],
        said: Mapping[str, Any] | None,
        summed: Mapping[str, Any] | None,
    ) -> None:
        what = next(
            name for name in FIGURES if said is None or summed is None or said[name] != summed[name]
        )
        self._add(
            "sums-differ",
            where,
            of=file.member,
            cell=_name(file.by, key),
            what=what,
            said="-" if said is None else str(said[what]),
            summed="-" if summed is None else str(summed[what]),
        )

    # ---- findings

    def _reveals(self, where: str, file: SumsFile, why: str, **evidence: str | int) -> None:
        self._add("sums-reveal-hidden", where, of=file.member, why=why, **evidence)

    def _add(self, code: str, where: str, **evidence: str | int) -> None:
        self.findings.add(code, log=b"", member="", where=where, **evidence)


def _name(by: Sequence[str], key: Sequence[Any]) -> str:
    """A cell for people: never what is in it."""
    told = [
        f"{name} {'-' if value is None else value}" for name, value in zip(by, key, strict=True)
    ]
    return ", ".join(told) or "all"


def _is_small(item: Mapping[str, Any]) -> bool:
    """Whether it shows what is to be hidden."""
    return item["households"] is not None and item["households"] < LEAST_HOUSEHOLDS


def _together(one: SumsFile, other: SumsFile) -> bool:
    """Whether two were made of the same; where neither says when, nobody can tell."""
    if one.at is None or other.at is None:
        return False
    return abs(one.at - other.at) <= SLACK


def _same_figures(said: Mapping[str, Any], other: Mapping[str, Any] | None) -> bool:
    return other is not None and all(
        said[name] == other[name] for name in ("households", "granted", "lent")
    )
