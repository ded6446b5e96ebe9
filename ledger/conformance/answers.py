"""What a verifier answers to a case, and what else may become of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ledger.conformance.suite import Case

__all__ = ["Answer", "NoAnswer", "Verifier"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A verdict; None: there is none, the kind is not known. now: the one at the head, where a day
    was asked about. why: code and check, as far as they are told; for people."""

    verdict: str | None
    now: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Nothing that can be compared. code: `ended` `hung` `garbage` `other-case` `gone` `broken`.
    detail: what was seen, for people."""

    code: str
    detail: str = ""


class Verifier(Protocol):
    """Whatever is put to the test."""

    def answer(self, case: Case) -> Answer | NoAnswer:
        """What it says of a case. Never raises for what a verifier does."""

    def close(self) -> None:
        """Let it go."""
