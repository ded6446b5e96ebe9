"""Whether an answer is that of the member asked, to our own request (docs/protocol.md 24)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ledger.core.errors import EvidenceError, SignatureInvalid
from ledger.core.ids import KeyId
from ledger.exchange import signatures
from ledger.exchange.signatures import Answer, Fields, Request, SignatureForm, Verifying

__all__ = ["LIFE", "SKEW", "AnswerFalse", "check_answer"]

LIFE = 60
"""Seconds for which a request may be taken."""
SKEW = 60
"""Seconds by which an honest peer's clock may differ from ours."""


class AnswerFalse(EvidenceError):
    """An answer counts for nothing. code: `answer-unsigned` `answer-form` `answer-key`
    `answer-digest` `answer-replayed` `answer-signature`."""

    code: str

    def __init__(self, code: str, problem: str = "") -> None:
        super().__init__(f"{code}: {problem}" if problem else code)
        self.code = code
        self.problem = problem


def check_answer(
    request: Request,
    nonce: str,
    answer: tuple[int, Sequence[tuple[str, str]], bytes],
    *,
    now: int,
    key_of: Callable[[KeyId], Verifying | None],
) -> None:
    """Raise AnswerFalse unless an answer was signed over this request, now, by a key of the member
    asked. answer: status, header lines, body. key_of: its REQUEST key of this id that is valid now;
    None: it has none."""
    status, lines, body = answer
    fields = Fields(lines)
    try:
        claim = signatures.read_answer(fields)
        digest = fields.one("content-digest")
    except SignatureForm as error:
        code = "answer-unsigned" if error.code == "signature-missing" else "answer-form"
        raise AnswerFalse(code, str(error)) from error
    if claim.nonce not in (None, nonce) or claim.created < now - LIFE - SKEW:
        raise AnswerFalse("answer-replayed")
    if claim.created > now + SKEW:
        raise AnswerFalse("answer-form", "made in the future")
    key = key_of(claim.key_id)
    if key is None:
        raise AnswerFalse("answer-key")
    try:
        signatures.verify(Answer(status_code=status, headers=fields, request=request), claim, key)
    except SignatureInvalid as error:
        raise AnswerFalse("answer-signature") from error
    if digest != signatures.digest_of(body):
        raise AnswerFalse("answer-digest")
