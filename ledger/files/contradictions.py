"""A receipt against an answer: whether it proves that the answer left the record out.

It does where the answer is signed by its member, and the receipt is genuine, of a record about the
subject, of a family asked for, in the part of a log that the answer covers, in force at its block,
not listed, and of those that the asker could be given: public ones; on authorisation with one, or
to a province for a purpose of government; to that alone those for authorities. Who may see a record
may depend on fields that the receipt does not show: then it proves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.chain.visibility import VISIBILITY_OF, most_seen
from ledger.core.answer import Answer
from ledger.core.errors import CouldNotCheck
from ledger.core.jws import Jws
from ledger.core.keys import Role
from ledger.core.receipt import Receipt
from ledger.core.verdict.facts import Block, Question, date_of
from ledger.core.verdict.verdict import Verdict
from ledger.core.verdict.verdicts import EXIT_NOT_AUTHENTIC, EXIT_UNKNOWN, EXIT_VALID
from ledger.files.problems import Problem
from ledger.files.signer import Said, check_said
from ledger.records.schema import Schema
from ledger.records.visibility import strictest_possible
from ledger.verify import Verifier

__all__ = [
    "REASONS",
    "UNREAD",
    "Contradiction",
    "class_of",
    "contradict",
    "question_at",
    "schema_of",
    "signed_by",
]

UNREAD = frozenset({"undetermined", "not-final", "anchor-moved"})
"""Verdicts that leave open whether there is a record at all."""

REASONS: Mapping[str, tuple[str, str]] = {
    "left-out": (
        "回执证明答复遗漏了这条记录：它已在所涵盖的日志范围内、当时有效、属于所查类别，却没有列出",
        "the receipt proves that the answer left this record out: it was covered, in force and of a"
        " family asked for, and is not listed",
    ),
    "listed": ("答复已列出这条记录", "the answer lists this record"),
    "answer-false": (
        "答复本身不真实，见 problems",
        "the answer itself is not genuine; see `problems`",
    ),
    "receipt-false": ("回执不真实", "the receipt is not genuine"),
    "other-member": (
        "这条记录属于另一成员的日志",
        "the record is in a log of another member",
    ),
    "other-subject": (
        "回执没有表明记录涉及所查的主体",
        "the receipt does not show that the record is about the subject asked about",
    ),
    "other-family": (
        "这条记录不属于所查的类别",
        "the record is of no family that was asked for",
    ),
    "not-covered": (
        "这条记录不在答复所涵盖的日志范围之内",
        "the record is not in the part of a log that the answer covers",
    ),
    "not-in-force": (
        "这条记录在答复所依据的区块上并不有效",
        "the record was not in force at the block that the answer goes by",
    ),
    "not-for-the-asker": (
        "按回执所示，不能证明这条记录应当提供给该查询方",
        "what the receipt shows does not prove that the asker was to be given this record",
    ),
    "unread": ("暂时无法核对，请稍后再试", "it could not be checked; try later"),
}
"""By code, in Chinese and English. Append-only."""
_IN_FORCE = frozenset({"valid", "disputed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """What a receipt says about an answer. reason: of `REASONS`. family: of the record, where it is
    known. problems: what is wrong with the answer, or could not be looked at."""

    reason: str
    family: str | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def proven(self) -> bool:
        """Whether it proves the answer false."""
        return self.reason == "left-out"

    @property
    def exit(self) -> int:
        """The exit code of `credit-ledger answer contradict`."""
        if self.reason == "unread":
            return EXIT_UNKNOWN
        return EXIT_VALID if self.proven else EXIT_NOT_AUTHENTIC


def contradict(verifier: Verifier, answer: Answer, jws: Jws, receipt: bytes) -> Contradiction:
    """Whether a receipt proves an answer false. Raises nothing that lies in either."""
    problems = tuple(signed_by(verifier, answer, jws))
    if problems:
        wrong = any(one.wrong for one in problems)
        return Contradiction(reason="answer-false" if wrong else "unread", problems=problems)
    try:
        block = verifier.at_block(answer.iss, answer.block).block
        return _judge(verifier, answer, block, receipt)
    except CouldNotCheck as error:
        unread = Problem(code="chain-unread", evidence={"problem": error.code})
        return Contradiction(reason="unread", problems=(unread,))


def signed_by(verifier: Verifier, answer: Answer, jws: Jws) -> list[Problem]:
    """What is wrong with the signature of an answer, or could not be looked at."""
    network = verifier.trust.reference  # the answer names none: its keys are those of one network
    said = Said(iss=answer.iss, network=network, at=answer.at, jws=jws, province=True)
    return list(check_said(verifier, said))


def question_at(block: Block, subject: str | None, issuer: str) -> Question:
    """What is asked of a receipt: as everything stood at a block."""
    return Question(
        subject=subject,
        issuer=issuer,
        as_of=date_of(block.time),
        end_of_as_of=block.time + 1,
    )


def schema_of(verifier: Verifier, verdict: Verdict) -> Schema | None:
    """The schema of the record of a receipt; None: it is of none that we hold."""
    return None if verdict.receipt is None else verifier.schema(verdict.receipt)


def _judge(verifier: Verifier, answer: Answer, block: Block, data: bytes) -> Contradiction:
    verdict = verifier.verify(data, question_at(block, None, answer.iss))
    schema = schema_of(verifier, verdict)
    family = None if schema is None else schema.family
    reason = _reason(answer, verdict, schema)
    if reason is None and schema is not None:
        seen = _may_see(verifier, answer, verdict, schema)
        reason = "left-out" if seen else "not-for-the-asker"
    return Contradiction(reason=reason or "other-family", family=family)


def _reason(answer: Answer, verdict: Verdict, schema: Schema | None) -> str | None:
    """Why a receipt proves nothing, as far as it tells itself; None: it may."""
    receipt = verdict.receipt
    if receipt is None or verdict.exit == EXIT_NOT_AUTHENTIC:
        return "receipt-false"
    if verdict.verdict == "other-subject":
        return "other-member"
    if verdict.verdict in UNREAD:
        return "unread"
    return _unlisted(answer, receipt, schema) or _in_force(answer, verdict, schema)


def _unlisted(answer: Answer, receipt: Receipt, schema: Schema | None) -> str | None:
    """Why the answer need not have listed it, by where it stands."""
    if any(item.leaf == receipt.leaf for item in answer.items):
        return "listed"
    if schema is None or schema.family not in answer.question.types:
        return "other-family"
    return None if receipt.index < answer.size_of(receipt.log) else "not-covered"


def _in_force(answer: Answer, verdict: Verdict, schema: Schema | None) -> str | None:
    """Why the answer need not have listed it, by what it says."""
    fields = verdict.fields
    if schema is None or fields is None:
        return "other-subject"
    if verdict.verdict not in _IN_FORCE:
        return "not-in-force"
    return None if fields.get(schema.subject.code) == answer.question.code else "other-subject"


def _may_see(verifier: Verifier, answer: Answer, verdict: Verdict, schema: Schema) -> bool:
    """Whether the asker was to be given the record, whatever the receipt does not show. Raises
    CouldNotCheck."""
    fields = dict(verdict.fields or {})
    strictest = max(
        VISIBILITY_OF[strictest_possible(schema, fields, class_of(verdict))],
        verifier.visibility_of(schema.name, answer.iss),
    )
    roles = verifier.member(answer.to).owner.roles_at(answer.at)
    return strictest <= most_seen(
        Role(roles), answer.question.purpose, authorised=answer.authorisation is not None
    )


def class_of(verdict: Verdict) -> str | None:
    """The class that the payload of a receipt tells; None: it tells none, or shows nothing."""
    receipt = verdict.receipt
    if receipt is None or receipt.presentation is None:
        return None
    return receipt.presentation.payload.header.class_
