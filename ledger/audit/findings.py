"""Findings of an audit, and what it could not look at: bounded lists in one order."""

from collections import Counter
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
        self._found: list[Finding] = []
        self._unchecked: list[Unchecked] = []
        self._counts: Counter[tuple[str, str]] = Counter()
        self._gaps: Counter[str] = Counter()

    def add(
        self, code: str, *, log: bytes = b"", member: str, where: str, **evidence: str | int
    ) -> None:
        """One more. Beyond `MOST` of a code and a log it is only counted."""
        self._counts[code, log.hex()] += 1
        if self._counts[code, log.hex()] <= MOST:
            self._found.append(Finding(code=code, member=member, where=where, evidence=evidence))

    def unchecked(self, code: str, where: str, **evidence: str | int) -> None:
        """Something that could not be looked at. Beyond `MOST` of a code it is left out."""
        self._gaps[code] += 1
        if self._gaps[code] <= MOST:
            self._unchecked.append(Unchecked(code=code, where=where, evidence=evidence))

    def counts(self) -> dict[str, int]:
        """By code, those that are not listed as well."""
        totals: Counter[str] = Counter()
        for (code, _), count in self._counts.items():
            totals[code] += count
        return dict(totals)

    def listed(self) -> list[Finding]:
        """By member, place and code."""
        return sorted(
            self._found,
            key=lambda f: (f.member, f.where, f.code, sorted(f.evidence.items()).__repr__()),
        )

    def incomplete(self) -> list[Unchecked]:
        """By code and place."""
        return sorted(
            self._unchecked,
            key=lambda u: (u.code, u.where, sorted(u.evidence.items()).__repr__()),
        )
