"""Checking an answer about a subject: who gave it, what it covers, and whether it left something
out (design-2 15).

`check_given` of `ledger.core.answer` says what is checked without the chain. Beyond that:

1. the answer is signed by a PRESENT key of its member, a province, valid then;
2. the opening proves that the member states this query in its log, or has promised to, and did so
   no later than it answered;
3. `block` is final and at most an hour older than `at`, and `covers` has every log of the member
   with the size that was anchored at that block; a log without an anchor may be left out;
4. each receipt is genuine, of the record listed, from the part of a log that is covered, of a
   family asked for, and where it shows about whom, about the subject, and of a type that the asker
   may be given.

Everything is judged as it was at that block, so that whoever looks years later sees the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from ledger.chain.visibility import VISIBILITY_OF, most_seen
from ledger.core.answer import Answer, Cover, Given, check_given
from ledger.core.canonical import hex32
from ledger.core.errors import CouldNotCheck, EvidenceError
from ledger.core.keys import Role
from ledger.core.signed import MAX_BEHIND, Item
from ledger.core.verdict.facts import Block, Question
from ledger.core.verdict.judging import CLOCK_SKEW
from ledger.core.verdict.statement import StatementVerdict
from ledger.core.verdict.verdict import Verdict
from ledger.core.verdict.verdicts import EXIT_NOT_AUTHENTIC
from ledger.files.contradictions import (
    UNREAD,
    class_of,
    contradict,
    question_at,
    schema_of,
    signed_by,
)
from ledger.files.problems import MAX_TOLD, Problem
from ledger.records.schema import Schema
from ledger.records.visibility import least_possible
from ledger.verify import Verifier

__all__ = ["Covered", "Judged", "demand_block", "judge_answer"]

_PROMISED = frozenset({"promised-only", "promise-overdue", "promise-log-closed"})
"""Why an opening is not valid of which a promise proves all the same who gave it."""
PAGE = 256
"""Receipts of which the chain is asked together."""


class Covered(Protocol):
    """What speaks of the logs of a member as they were anchored at a block."""

    @property
    def iss(self) -> str:
        """Code of the member."""
        ...

    @property
    def at(self) -> int:
        """Unix seconds at which it speaks."""
        ...

    @property
    def block(self) -> int:
        """Number of the block."""
        ...

    @property
    def covers(self) -> Sequence[Cover]:
        """Logs and their sizes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What is to be said of one answer. block: the one that it names; None: it could not be read.
    verdicts: on the receipts of its items, in their order, as of that block, and schemas: of their
    records. refuted: families of which a receipt behind those of the items proves that a record was
    left out."""

    given: Given
    problems: tuple[Problem, ...]
    block: Block | None = None
    verdicts: tuple[Verdict, ...] = ()
    schemas: tuple[Schema | None, ...] = ()
    refuted: frozenset[str] = frozenset()

    @property
    def wrong(self) -> bool:
        """Whether something speaks against it."""
        return any(one.wrong for one in self.problems)


def judge_answer(verifier: Verifier, given: Given) -> Judged:
    """Judge one answer with its receipts. Raises nothing that lies in it."""
    where = {"member": given.answer.iss}
    try:
        check_given(given)
    except EvidenceError as error:
        differs = Problem(code="parts-differ", evidence=where | {"problem": str(error)})
        return Judged(given=given, problems=(differs,))
    problems = [*signed_by(verifier, given.answer, given.jws), *_of_query(verifier, given)]
    try:
        block = demand_block(verifier, given.answer, problems)
        most = _most_seen(verifier, given.answer)
    except CouldNotCheck as error:
        unread = Problem(code="chain-unread", evidence=where | {"problem": error.code})
        return Judged(given=given, problems=(*problems, unread))
    verdicts = tuple(_verdicts(verifier, given.answer, given.own, block))
    schemas = tuple(schema_of(verifier, verdict) for verdict in verdicts)
    for item, verdict, schema in zip(given.answer.items, verdicts, schemas, strict=True):
        code = _against(given.answer, item, verdict, schema) or _too_much(verdict, schema, most)
        if code is not None and len(problems) < MAX_TOLD:
            evidence = where | {"leaf": hex32(item.leaf), "verdict": verdict.verdict}
            problems.append(Problem(code=code, evidence=evidence))
    return Judged(
        given=given,
        problems=tuple(problems),
        block=block,
        verdicts=verdicts,
        schemas=schemas,
        refuted=frozenset(_refuted(verifier, given)),
    )


def _refuted(verifier: Verifier, given: Given) -> Iterator[str]:
    for text in given.more:
        found = contradict(verifier, given.answer, given.jws, text.encode())
        if found.proven and found.family is not None:
            yield found.family


def _of_query(verifier: Verifier, given: Given) -> Iterator[Problem]:
    """Whether the member states the query in its log, or has promised to."""
    where = {"member": given.answer.iss}
    verdict = verifier.verify(given.opening.encode(), Question(issuer=given.answer.iss))
    if verdict.exit == EXIT_NOT_AUTHENTIC:
        yield Problem(code="query-false", evidence=where | {"verdict": verdict.verdict})
    elif verdict.exit and not _PROMISED.issuperset(_wrong(verdict)):
        yield Problem(code="query-unchecked", evidence=where | {"verdict": verdict.verdict})
    elif _is_late(given, verdict):
        yield Problem(code="query-late", evidence=where)


def _wrong(verdict: Verdict) -> Iterator[str | None]:
    return (check.code for check in verdict.standing.checks if check.verdict)


def _is_late(given: Given, verdict: Verdict) -> bool:
    """Whether a query counts from later than its answer. One that was logged again because its log
    was closed counts from a time that says nothing."""
    if not isinstance(verdict, StatementVerdict) or given.opening.entry.replaces is not None:
        return False
    return verdict.counts_from(given.opening.statement) > given.answer.at + CLOCK_SKEW


def demand_block(verifier: Verifier, answer: Covered, problems: list[Problem]) -> Block:
    """The block of an answer or report, with what is wrong with it and what it covers. Raises
    CouldNotCheck."""
    where = {"member": answer.iss, "block": str(answer.block)}
    there = verifier.at_block(answer.iss, answer.block)
    if not there.final:
        problems.append(Problem(code="block-not-final", evidence=where))
    if not answer.at - MAX_BEHIND <= there.block.time <= answer.at:
        problems.append(Problem(code="time-wrong", evidence=where))
    told = {one.log: one.size for one in answer.covers}
    if any(told.get(log, 0) != size for log, size in there.sizes.items()) or told.keys() - (
        there.sizes.keys()
    ):
        problems.append(Problem(code="covers-wrong", evidence=where))
    return there.block


def _most_seen(verifier: Verifier, answer: Answer) -> int:
    """The strictest visibility of records that the asker may be given. Raises CouldNotCheck."""
    roles = verifier.member(answer.to).owner.roles_at(answer.at)
    authorised = answer.authorisation is not None
    return most_seen(Role(roles), answer.question.purpose, authorised=authorised)


def _too_much(verdict: Verdict, schema: Schema | None, most: int) -> str | None:
    """Whether content is shown that the asker may not be given, whatever is not shown."""
    if schema is None or verdict.fields is None:
        return None
    least = least_possible(schema, dict(verdict.fields), class_of(verdict))
    return None if VISIBILITY_OF[least] <= most else "not-for-the-asker"


def _verdicts(
    verifier: Verifier, answer: Answer, texts: Sequence[str], block: Block
) -> Iterator[Verdict]:
    question = question_at(block, answer.question.code, answer.iss)
    for start in range(0, len(texts), PAGE):
        page = [text.encode() for text in texts[start : start + PAGE]]
        verifier.prepare(page)
        for data in page:
            found = verifier.verify(data, question)
            # Of a receipt that shows no content nobody can say whom it is about.
            bare = found.receipt is not None and found.receipt.presentation is None
            yield verifier.verify(data, replace(question, subject=None)) if bare else found


def _against(answer: Answer, item: Item, verdict: Verdict, schema: Schema | None) -> str | None:
    """What a verdict says against an item; None: nothing."""
    receipt = verdict.receipt
    if receipt is not None and receipt.leaf != item.leaf:
        return "other-record"
    if verdict.exit == EXIT_NOT_AUTHENTIC:
        return "receipt-false"
    if verdict.verdict == "other-subject":
        return "other-subject"
    if receipt is None or verdict.verdict in UNREAD:
        return "receipt-unchecked"
    if schema is not None and schema.family not in answer.question.types:
        return "other-record"
    return None if receipt.index < answer.size_of(receipt.log) else "not-covered"
