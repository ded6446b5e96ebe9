"""Reaching the verdict on a statement: that it is this member's, and anchored.

Pure, as `judge`: checks 1 to 5, 7 to 10, 14 to 18 and 22 as of a record's receipt, and two of its
own, 27 (the entry commits to the statement) and 28 (the promise, where there is no receipt).
Nothing is said of use: a statement is no record.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ledger.core.canonical import hex32, instant
from ledger.core.errors import Malformed, VersionUnknown
from ledger.core.ids import Digest, record_id
from ledger.core.opening import Opening, Promised, internal_checks, statement_checks
from ledger.core.promise import MAX_PROMISE, Promise
from ledger.core.receipt import Receipt
from ledger.core.statement import Statement
from ledger.core.texts import Text
from ledger.core.verdict import judging
from ledger.core.verdict.checks import STATEMENT_CHECKS, Check, failed, not_run, of_a_line, passed
from ledger.core.verdict.facts import (
    ChainFacts,
    LogFact,
    PromiseFacts,
    Question,
    Trust,
    Unread,
)
from ledger.core.verdict.judge import Examined, examine, weigh
from ledger.core.verdict.judging import Examination
from ledger.core.verdict.promise_key import check_signed, promise_key
from ledger.core.verdict.verdict import Standing, Verdict

__all__ = [
    "NO_RECORD",
    "ExaminedPromise",
    "ExaminedStatement",
    "StatementStanding",
    "StatementVerdict",
    "examine_promised",
    "examine_statement",
    "judge_promised",
    "judge_statement",
    "unreadable",
]

NO_RECORD: Text = {
    "zh": "这是声明，不是信用记录：只说明它是谁作出的、是否已经存证，不说明能否使用。",
    "en": "This is a statement and no credit record: it is told whose it is and whether it is "
    "anchored, and nothing of use.",
}
"""Why nothing is said of use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementStanding(Standing):
    """How a statement stands: `valid` means that it is that member's, and anchored."""

    @property
    def usable(self) -> bool | None:
        """None: that is no question."""
        return None

    @property
    def usable_reason(self) -> Text | None:
        """Why."""
        return dict(NO_RECORD)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementVerdict(Verdict):
    """All that is said of one statement. promised: its opening has a promise and no receipt.
    promise_facts: what the chain says of that."""

    statement: Statement | None = None
    promised: Opening | None = None
    promise_facts: PromiseFacts | None = None

    def _log(self) -> LogFact | None:
        facts = self.facts or self.promise_facts
        return None if facts is None else facts.log

    def as_dict(self) -> dict[str, Any]:
        """The document of `verify --json`: as of a record, and what is said of the statement."""
        value = Verdict.as_dict(self)
        head = None if self.promise_facts is None else self.promise_facts.head
        if head is not None:
            number, hash_, time = head.number, head.hash, instant(head.time)
            value["head"] = {"number": number, "hash": hash_, "time": time}
        if self.promised is not None:
            entry = self.promised.entry
            value["leaf"] = hex32(self.promised.leaf)
            value["recordId"] = hex32(record_id(entry.log, entry.commitment))
        shown = None if self.standing.authentic is False else self.statement
        held = None if self.promised is None else self.promised.promised
        return value | {
            "statement": None if shown is None else shown.to_json(),
            "due": None if held is None else instant(held.promise.due),
            "countsFrom": None if shown is None else instant(self.counts_from(shown)),
        }

    @property
    def is_promised(self) -> bool:
        """Whether its promise counts: nothing is wrong with it but that there is no receipt yet."""
        wrong = [check.code for check in self.standing.checks if check.verdict]
        return wrong == ["promised-only"]

    def counts_from(self, said: Statement) -> int:
        """When it was made, as far as that can be: not after its promise or anchor, nor longer
        before than a promise allows; else the time of that."""
        anchor = None if self.facts is None else self.facts.anchor
        held = None if self.promised is None else self.promised.promised
        if anchor is not None:
            known = anchor.block.time
        elif held is not None:
            known = held.promise.issued_at
        else:
            return said.at
        return said.at if known - MAX_PROMISE <= said.at <= known else known


@dataclass(frozen=True, slots=True)
class ExaminedStatement:
    """How a statement with a receipt stands by itself. alone: how the receipt does. checks: what
    needs no chain."""

    statement: Statement
    alone: Examined
    checks: tuple[Check, ...]

    @property
    def refuted(self) -> bool:
        """Whether it fails by itself, so that the chain need not be asked."""
        return _refuted(self.checks)


@dataclass(frozen=True, slots=True)
class ExaminedPromise:
    """How an opening stands by itself that has a promise alone. digest: SHA-256 of the file."""

    digest: Digest
    question: Question
    trust: Trust
    opening: Opening
    held: Promised
    checks: tuple[Check, ...]

    @property
    def refuted(self) -> bool:
        """Whether it fails by itself, so that the chain need not be asked."""
        return _refuted(self.checks)


@dataclass(frozen=True, slots=True)
class _Now:
    """As `judging.Timed`."""

    trust: Trust
    now: int
    end: int | None = None


def unreadable(
    digest: Digest, error: Malformed | VersionUnknown, question: Question, trust: Trust
) -> StatementVerdict:
    """The verdict on bytes that are no opening or statement of this version."""
    if isinstance(error, VersionUnknown):
        check = failed("format", "version-unknown", problem=error.message)
    else:
        check = failed("format", "statement-malformed", problem=str(error))
    found = _standing([check])
    return StatementVerdict(
        digest=digest, standing=found, now=found, question=question, trust=trust
    )


def examine_statement(
    *, digest: Digest, statement: Statement, receipt: Receipt, question: Question, trust: Trust
) -> ExaminedStatement:
    """The part of a verdict on a statement with a receipt that needs no chain. digest: SHA-256 of
    the file that holds the receipt."""
    alone = examine(digest=digest, receipt=receipt, record=None, question=question, trust=trust)
    return ExaminedStatement(statement, alone, (*alone.checks, _committed(statement, receipt)))


def judge_statement(
    examined: ExaminedStatement, *, facts: ChainFacts | Unread, now: int
) -> StatementVerdict:
    """The verdict on a statement with a receipt. facts: what the chain says of this receipt. now:
    Unix seconds of the local clock. The caller MUST still weigh what the statement says."""
    case = replace(examined.alone.case, now=now)
    found = list(examined.checks)
    if not examined.refuted:
        found += _of_chain(case, examined.statement, facts)
    standing = _standing(found)
    return StatementVerdict(
        digest=examined.alone.digest,
        standing=standing,
        now=standing,
        question=case.question,
        trust=case.trust,
        receipt=case.receipt,
        facts=None if isinstance(facts, Unread) else facts,
        statement=examined.statement,
    )


def examine_promised(
    *, digest: Digest, opening: Opening, held: Promised, question: Question, trust: Trust
) -> ExaminedPromise:
    """The part of a verdict on an opening with a promise alone that needs no chain. held: its
    promise. digest: SHA-256 of the file."""
    checks = [passed("format")]
    problem = next((one for one in internal_checks(opening) if one.error is not None), None)
    if problem is None:
        checks.append(passed("statement"))
    elif problem.id.startswith("promise"):
        checks.append(failed("promise", "promise-mismatch", problem=str(problem.error)))
    else:
        checks.append(failed("statement", "statement-mismatch", problem=str(problem.error)))
    return ExaminedPromise(digest, question, trust, opening, held, tuple(checks))


def judge_promised(
    examined: ExaminedPromise, *, facts: PromiseFacts | Unread, now: int
) -> StatementVerdict:
    """The verdict on an opening that has a promise alone: never `valid`. Until `due` the promise
    counts, which its code tells; then it does not."""
    found = list(examined.checks)
    if not examined.refuted:
        chain = judging.chain(_Now(examined.trust, now), facts)
        found.append(chain)
        if isinstance(facts, Unread) or chain.verdict is not None:
            found.append(_asked(examined.question, None))
        else:
            found += _of_promise(examined, facts, now)
    standing = _standing(found)
    return StatementVerdict(
        digest=examined.digest,
        standing=standing,
        now=standing,
        question=examined.question,
        trust=examined.trust,
        statement=examined.opening.statement,
        promised=examined.opening,
        promise_facts=None if isinstance(facts, Unread) else facts,
    )


# ---- private


def _refuted(checks: Sequence[Check]) -> bool:
    return any(check.verdict and not of_a_line(check) for check in checks)


def _committed(statement: Statement, receipt: Receipt) -> Check:
    """27: it is what the entry commits to, and is of that log."""
    for one in statement_checks(statement, receipt.entry):
        if one.error is not None:
            return failed("statement", "statement-mismatch", problem=str(one.error))
    return passed("statement")


def _of_chain(case: Examination, statement: Statement, facts: ChainFacts | Unread) -> list[Check]:
    chain = judging.chain(case, facts)
    if isinstance(facts, Unread) or chain.verdict is not None:
        return [chain, _asked(case.question, None)]
    issuer = judging.issuer(case, facts)
    if facts.log is None:
        return [chain, issuer, _asked(case.question, None)]
    owner = facts.log.member
    anchored = judging.anchored(case, facts)
    found = [chain, _issuer(statement, owner), _asked(case.question, owner), anchored]
    found.append(judging.checkpoint_signature(case, facts, owner))
    if anchored.verdict is not None:
        return found
    found.append(judging.anchor(case, facts.anchor))
    if facts.anchor is None:
        return found
    return [
        *found,
        judging.log(case, facts.log, facts.anchor),
        judging.anchor_key(case, facts, facts.anchor, owner),
        judging.final(facts, facts.anchor),
    ]


def _issuer(statement: Statement, owner: str) -> Check:
    """9: the log is that of the member that the statement names."""
    if owner != statement.iss:
        return failed("issuer", "issuer-differs", claimed=statement.iss, owner=owner)
    return passed("issuer", issuer=owner)


def _asked(question: Question, owner: str | None) -> Check:
    """14: what was asked can be asked of a statement, and its member is the one asked for."""
    asked = {
        "--subject": question.subject,
        "--type": question.type,
        "--as-of": question.as_of,
        "--audience": question.audience,
        "--witnesses": question.witnesses or None,
    }
    wrong = [name for name, value in asked.items() if value is not None]
    if wrong:
        return failed("asked", "only-of-records", asked=", ".join(wrong))
    if question.issuer is None or owner is None:
        return not_run("asked")
    if owner != question.issuer:
        pair = {"actual": owner, "expected": question.issuer}
        return failed("asked", "statement-issuer-not-asked", **pair)
    return passed("asked")


def _of_promise(examined: ExaminedPromise, facts: PromiseFacts, now: int) -> list[Check]:
    made = examined.held.promise
    newer = failed("promise", "promise-newer-than-head", head=instant(facts.head.time))
    is_newer = made.issued_at > facts.head.time
    if facts.log is None:
        unknown = newer if is_newer else failed("issuer", "log-unknown")
        return [unknown, _asked(examined.question, None)]
    owner, latest = facts.log.member, max(now, facts.head.time)
    signer = promise_key(made, facts, reference=examined.trust.reference, owner=owner)
    promise = newer if signer is None and is_newer else check_signed(made, signer, latest)
    if promise.verdict is None:
        promise = _counts(examined.held.promise, facts.log, latest)
    issuer = _issuer(examined.opening.statement, owner)
    return [issuer, _asked(examined.question, owner), promise]


def _counts(promise: Promise, log: LogFact, latest: int) -> Check:
    """28: how far it counts, which is never far enough to be `valid`."""
    issuer, due = log.member, instant(promise.due)
    if log.trusted_size is not None:
        return failed("promise", "promise-log-closed", issuer=issuer)
    if latest > promise.due:
        return failed("promise", "promise-overdue", issuer=issuer, due=due)
    return failed("promise", "promised-only", issuer=issuer, due=due)


def _standing(found: Sequence[Check]) -> StatementStanding:
    by_id = {check.id: check for check in found}
    checks = tuple(by_id.get(info.id) or not_run(info.id) for info in STATEMENT_CHECKS)
    return StatementStanding(verdict=weigh(checks), checks=checks)
