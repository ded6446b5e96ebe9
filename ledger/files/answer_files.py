"""A single answer as a file: `{answer, opening, receipts}`, as a member hands it over and as it
stands in a bundle, or the signed answer alone.

It is judged as one of a bundle is. What follows from it is said of that one member: `stated` where
it states nothing that is adverse, disputed or undetermined; whether others know more, no answer
tells. The signed answer alone counts for nothing (design-2 15): its query and its receipts are not
there to be looked at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import orjson

from ledger.core.answer import MAX_JWS, TYP, Answer, given_from_json, parse_answer
from ledger.core.canonical import b64u_decode, hex32, instant
from ledger.core.errors import EvidenceError, Malformed, VersionUnknown
from ledger.core.verdict.verdicts import (
    EXIT_DO_NOT_USE,
    EXIT_NOT_AUTHENTIC,
    EXIT_UNKNOWN,
    EXIT_VALID,
)
from ledger.files.answers import judge_answer
from ledger.files.bundles import Assessment, assess, blocks_of, rows_of
from ledger.files.contradictions import signed_by
from ledger.files.problems import Problem, of_error
from ledger.verify import Verifier

__all__ = ["MAX_FILE", "AnswerVerdict", "is_answer", "verify_answer"]

MAX_FILE: Final = 80 << 20
"""Bytes: what one member hands another is at most 64 MiB, and may be spelled more widely."""
_EXITS: Final = {"stated": EXIT_VALID, "adverse": EXIT_DO_NOT_USE, "false": EXIT_NOT_AUTHENTIC}
_HANDED = re.compile(rb'\s*\{\s*"answer"\s*:\s*"eyJ')
_SIGNED = re.compile(rb"\s*(eyJ[A-Za-z0-9_-]{1,1024})\.")
_START_BYTES = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerVerdict:
    """What is said of an answer. answer None: it cannot be read. assessment None: what it rests on
    is not there."""

    answer: Answer | None
    problems: tuple[Problem, ...]
    assessment: Assessment | None = None

    @property
    def verdict(self) -> str:
        """`stated`, `adverse` or `open`; `false` where something speaks against it, `undetermined`
        where it could not be looked at."""
        if any(one.wrong for one in self.problems):
            return "false"
        if self.problems or self.assessment is None:
            return "undetermined"
        overall = self.assessment.overall
        return "stated" if overall == "clear" else overall

    @property
    def exit(self) -> int:
        """The exit code of `credit-ledger verify`."""
        return _EXITS.get(self.verdict, EXIT_UNKNOWN)

    def as_dict(self) -> dict[str, Any]:
        """The document of `verify --json`. Of what is false no record is shown."""
        shown = self.assessment if self.verdict != "false" else None
        now = None if shown is None else shown.now
        return {
            "_type": "credit-ledger/answer-verdict@1",
            "verdict": self.verdict,
            **_said(self.answer),
            "now": {"overall": "stated" if now == "clear" else now},
            "blocks": {} if shown is None else blocks_of(shown),
            "completeness": [] if shown is None else [one.to_json() for one in shown.completeness],
            "records": [] if shown is None else rows_of(shown),
            "problems": [one.as_dict() for one in self.problems],
        }


def is_answer(data: bytes) -> bool:
    """Whether a file says of itself that it is an answer. Its beginning is enough."""
    start = data[:_START_BYTES]
    return _HANDED.match(start) is not None or _is_signed(start)


def verify_answer(verifier: Verifier, data: bytes) -> AnswerVerdict:
    """The verdict on the bytes of a file. Raises nothing that lies in them."""
    try:
        if _is_signed(data[:_START_BYTES]):
            return _alone(verifier, data)
        given = given_from_json(_object(data))
    except (Malformed, VersionUnknown) as error:
        return AnswerVerdict(answer=None, problems=(of_error(error),))
    except EvidenceError as error:
        differs = Problem(code="parts-differ", evidence={"problem": str(error)})
        return AnswerVerdict(answer=None, problems=(differs,))
    judged = judge_answer(verifier, given)
    found = assess((judged,), (), given.answer.question.types)
    return AnswerVerdict(answer=given.answer, problems=judged.problems, assessment=found)


def _alone(verifier: Verifier, data: bytes) -> AnswerVerdict:
    """Who signed it is all that can be said."""
    text = data.strip()[: MAX_JWS + 1].decode("ascii", "replace")
    answer, jws = parse_answer(text)
    lacks = Problem(code="query-missing", evidence={"member": answer.iss})
    return AnswerVerdict(answer=answer, problems=(*signed_by(verifier, answer, jws), lacks))


def _is_signed(start: bytes) -> bool:
    found = _SIGNED.match(start)
    if found is None:
        return False
    try:
        header = orjson.loads(b64u_decode(found[1].decode()))
    except (Malformed, ValueError):
        return False
    return isinstance(header, dict) and header.get("typ") == TYP


def _object(data: bytes) -> Any:
    if len(data) > MAX_FILE:
        raise Malformed("answer", f"longer than {MAX_FILE} bytes")
    try:
        return orjson.loads(data)
    except ValueError as error:
        raise Malformed("answer", "not JSON") from error


def _said(answer: Answer | None) -> dict[str, Any]:
    """What an answer says of itself."""
    names = ("issuer", "to", "subject", "purpose", "families", "authorisation", "at")
    if answer is None:
        return dict.fromkeys(names)
    paper, question = answer.authorisation, answer.question
    values = (
        *(answer.iss, answer.to, question.code, question.purpose, list(question.types)),
        *(None if paper is None else hex32(paper), instant(answer.at)),
    )
    return dict(zip(names, values, strict=True))
