"""Findings of an audit, and what it could not look at: bounded lists in one order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.audit.codes import CODES
from ledger.audit.incomplete_codes import INCOMPLETE

__all__ = ["MOST", "Finding", "Findings", "Unchecked"]

# Of one code and one log so many findings are listed; `counts` tells how many there were. A log of
# nothing but bad entries must not make a report that nobody can open.
MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found. member: code, "" where it is nobody's. where: what it is about.

    evidence: texts and numbers of the chain and the tiles, nothing of this machine.
    """

    code: str
    member: str
    where: str
    evidence: dict[str, str | int]

    def as_dict(self) -> dict[str, Any]:
        """As the report shows it."""
        about = CODES[self.code]
        return {
            "code": self.code,
            "severity": about.severity,
            "member": self.member,
            "where": self.where,
            "evidence": self.evidence,
            "message": about.message,
            "remedy": about.remedy,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchecked:
    """Something that could not be looked at. Members as in `Finding`."""

    code: str
    where: str
    evidence: dict[str, str | int]

    def as_dict(self) -> dict[str, Any]:
        """As the report shows it."""
        return {
            "code": self.code,
            "where": self.where,
            "evidence": self.evidence,
            "message": INCOMPLETE[self.code],
        }


class Findings:
    """Findings as they come, and what could not be checked; `listed` puts them in one order."""

    def __init__(self) -> None:
        self._found: list[tuple[str, Finding]] = []  # each with its log
        self._unchecked: list[Unchecked] = []
        self._counts: Counter[tuple[str, str]] = Counter()
        self._gaps: Counter[str] = Counter()

    def add(
        self, code: str, *, log: bytes = b"", member: str, where: str, **evidence: str | int
    ) -> None:
        """One more. Beyond `MOST` of a code and a log it is only counted."""
        self._counts[code, log.hex()] += 1
        if self._counts[code, log.hex()] <= MOST:
            found = Finding(code=code, member=member, where=where, evidence=evidence)
            self._found.append((log.hex(), found))

    def unchecked(self, code: str, where: str, **evidence: str | int) -> None:
        """Something that could not be looked at. Beyond `MOST` of a code it is left out."""
        self._gaps[code] += 1
        if self._gaps[code] <= MOST:
            self._unchecked.append(Unchecked(code=code, where=where, evidence=evidence))

    def absorb(self, other: Findings) -> None:
        """All that another one has, behind what is here: the same as if it had come here."""
        left = {name: MOST - count for name, count in self._counts.items()}
        for log, found in other._found:
            left[found.code, log] = left.get((found.code, log), MOST) - 1
            if left[found.code, log] >= 0:
                self._found.append((log, found))
        self._counts += other._counts
        room = {code: MOST - count for code, count in self._gaps.items()}
        for gap in other._unchecked:
            room[gap.code] = room.get(gap.code, MOST) - 1
            if room[gap.code] >= 0:
                self._unchecked.append(gap)
        self._gaps += other._gaps

    def as_dict(self) -> dict[str, Any]:
        """In plain values, for a reading that is to go on later."""
        return {
            "found": [
                [log, one.code, one.member, one.where, one.evidence] for log, one in self._found
            ],
            "counts": [[*name, count] for name, count in self._counts.items()],
            "unchecked": [[one.code, one.where, one.evidence] for one in self._unchecked],
            "gaps": dict(self._gaps),
        }

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Findings:
        """The inverse."""
        made = cls()
        made._found = [
            (log, Finding(code=code, member=member, where=where, evidence=evidence))
            for log, code, member, where, evidence in told["found"]
        ]
        made._counts = Counter({(code, log): count for code, log, count in told["counts"]})
        made._unchecked = [
            Unchecked(code=code, where=where, evidence=evidence)
            for code, where, evidence in told["unchecked"]
        ]
        made._gaps = Counter(told["gaps"])
        return made

    def counts(self) -> dict[str, int]:
        """By code, those that are not listed as well."""
        totals: Counter[str] = Counter()
        for (code, _), count in self._counts.items():
            totals[code] += count
        return dict(totals)

    def listed(self) -> list[Finding]:
        """By member, place and code."""
        return sorted(
            (found for _, found in self._found),
            key=lambda f: (f.member, f.where, f.code, sorted(f.evidence.items()).__repr__()),
        )

    def incomplete(self) -> list[Unchecked]:
        """By code and place."""
        return sorted(
            self._unchecked,
            key=lambda u: (u.code, u.where, sorted(u.evidence.items()).__repr__()),
        )
