"""A run: every case put to a verifier, and what it said held against what it must say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ledger.conformance.answers import Answer, NoAnswer, Verifier
from ledger.conformance.suite import Case

__all__ = ["Finding", "Report", "agrees", "run"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A case on which a verifier does not agree."""

    case: Case
    said: Answer | NoAnswer

    def as_dict(self) -> dict[str, object]:
        """As `conformance run --json` shows it."""
        case, said = self.case, self.said
        found: dict[str, object] = {"answered": None, "problem": None}
        if isinstance(said, Answer):
            found |= {"answered": _pair(said.verdict, said.now), "detail": said.why}
        else:
            found |= {"problem": said.code, "detail": said.detail}
        return {
            "case": case.name,
            "kind": case.kind,
            "expected": _pair(case.verdict, case.now),
            **found,
            "reason": dict(case.reason),
        }


@dataclass(frozen=True, slots=True)
class Report:
    """All of a run."""

    cases: int
    findings: tuple[Finding, ...]

    @property
    def agreed(self) -> int:
        """Cases on which it agrees."""
        return self.cases - len(self.findings)

    def as_dict(self) -> dict[str, object]:
        """The document of `conformance run --json`."""
        return {
            "cases": self.cases,
            "agreed": self.agreed,
            "differ": [finding.as_dict() for finding in self.findings],
        }


def run(
    cases: Sequence[Case],
    verifier: Verifier,
    seen: Callable[[int, int], None] = lambda done, of: None,
) -> Report:
    """Put each case to a verifier, in their order. seen: told how far it came."""
    findings = []
    for done, case in enumerate(cases, 1):
        said = verifier.answer(case)
        if not agrees(case, said):
            findings.append(Finding(case, said))
        seen(done, len(cases))
    return Report(len(cases), tuple(findings))


def agrees(case: Case, said: Answer | NoAnswer) -> bool:
    """Whether this is what must be said."""
    if isinstance(said, NoAnswer) or said.verdict != case.verdict:
        return False
    return case.now is None or said.now == case.now


def _pair(verdict: str | None, now: str | None) -> dict[str, str | None]:
    return {"verdict": verdict} if now is None else {"verdict": verdict, "now": now}
