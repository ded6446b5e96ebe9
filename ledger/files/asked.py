"""An answer as whoever asked looks at it: a file, and what was asked (docs/protocol.md 27)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ledger.core import canonical
from ledger.core.answer import Answer, Given, given_from_json
from ledger.core.bundle import MAX_FILE
from ledger.core.errors import EvidenceError, Malformed, VersionUnknown
from ledger.core.opening import MAX_DEPTH as OPENING_DEPTH
from ledger.core.versions import loose
from ledger.files.answers import Judged, judge_answer
from ledger.files.papers import judge_paper
from ledger.files.problems import Problem, of_error, verdict_of
from ledger.verify import Verifier

__all__ = ["MAX_GIVEN", "AnswerVerdict", "Asked", "verify_answer"]

MAX_GIVEN: Final = MAX_FILE
"""Bytes of an answer with its receipts: what a bundle may hold can be looked at alone too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What whoever asked knows, each None where it is not compared. asker: its code. types:
    families. authorisation: the opening under which it asked."""

    asker: str | None = None
    nonce: str | None = None
    subject: str | None = None
    purpose: str | None = None
    types: tuple[str, ...] | None = None
    authorisation: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerVerdict:
    """What is said of an answer. judged None: it cannot be read."""

    problems: tuple[Problem, ...]
    judged: Judged | None = None

    @property
    def verdict(self) -> str:
        """`valid`; `false` where something speaks against it, `undetermined` where it could not be
        looked at."""
        return verdict_of(self.problems)


def verify_answer(verifier: Verifier, data: bytes, asked: Asked) -> AnswerVerdict:
    """The verdict on what a member handed over. Raises nothing that lies in it."""
    try:
        given = _parse(data)
    except (Malformed, VersionUnknown) as error:
        return AnswerVerdict(problems=(of_error(error),))
    except EvidenceError as error:
        differs = Problem(code="parts-differ", evidence={"problem": str(error)})
        return AnswerVerdict(problems=(differs,))
    judged = judge_answer(verifier, given)
    found = [*judged.problems, *_compared(given.answer, asked)]
    if asked.authorisation is not None:
        found += judge_paper(verifier, asked.authorisation, given.answer)
    return AnswerVerdict(problems=tuple(found), judged=judged)


def _parse(data: bytes) -> Given:
    try:
        depth = OPENING_DEPTH + 1
        value = canonical.parse(data, allow_null=True, max_bytes=MAX_GIVEN, max_depth=depth)
        return given_from_json(value, more=0)
    except Malformed:
        loose(data)  # a later version may have a `_type`
        raise


def _compared(answer: Answer, asked: Asked) -> Iterator[Problem]:
    """Whether it answers what was asked, and was made for whoever asked."""
    where = {"member": answer.iss}
    if asked.asker not in (None, answer.to):
        yield Problem(code="other-asker", evidence=where)
    if asked.nonce not in (None, answer.nonce):
        yield Problem(code="answer-replayed", evidence=where)
    question = answer.question
    for wanted, said in (
        (asked.subject, question.code),
        (asked.purpose, question.purpose),
        (asked.types, question.types),
    ):
        if wanted not in (None, said):
            yield Problem(code="other-question", evidence=where)
            return
