"""Reaching the verdict on a receipt.

Pure: receipt + record facts + chain facts + what was asked + now → a verdict with all its checks.
`valid` needs every check to have passed but those that had nothing to look at; it is never what is
left over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from ledger.core.errors import Malformed, VersionUnknown
from ledger.core.ids import Digest
from ledger.core.receipt import Receipt, internal_checks
from ledger.core.verdict import admission, judging
from ledger.core.verdict.checks import CHECKS, Check, failed, info_of, not_run, of_a_line, passed
from ledger.core.verdict.facts import ChainFacts, Note, Question, RecordFacts, Trust, Unread
from ledger.core.verdict.judging import Examination
from ledger.core.verdict.verdict import Standing, Verdict
from ledger.core.verdict.verdicts import EXIT_DO_NOT_USE, EXIT_NOT_AUTHENTIC, EXITS, PRECEDENCE

__all__ = ["Examined", "Problem", "broken", "examine", "judge", "malformed", "newer", "weigh"]

_AGAINST = (EXIT_NOT_AUTHENTIC, EXIT_DO_NOT_USE)

# Checks of `internal_checks` by group: our check, and the code where one of them fails.
_GROUPS = {
    "entry": "entry-mismatch",
    "inclusion": "inclusion-mismatch",
    "checkpoint": "checkpoint-mismatch",
    "presentation": "presentation-mismatch",
    "agreement": "values-disagree",
    "binding": "binding-mismatch",
}


_LAST_AGAINST = max(at for at, name in enumerate(PRECEDENCE) if EXITS[name] in _AGAINST)


class Problem(NamedTuple):
    """Why a comparison inside a receipt failed: a code of `codes`, and in words for experts."""

    code: str
    text: str


def malformed(digest: Digest, error: Malformed, question: Question, trust: Trust) -> Verdict:
    """The verdict on bytes that are no receipt."""
    found = _standing([failed("format", error.code or "malformed", problem=str(error))])
    return Verdict(digest=digest, standing=found, now=found, question=question, trust=trust)


def newer(digest: Digest, error: VersionUnknown, question: Question, trust: Trust) -> Verdict:
    """The verdict on a receipt of which something is newer than this program."""
    found = _standing([failed("format", error.code, problem=error.message)])
    return Verdict(digest=digest, standing=found, now=found, question=question, trust=trust)


def broken(digest: Digest, problem: str, question: Question, trust: Trust) -> Verdict:
    """The verdict where the verifier itself failed: nothing is known."""
    found = _standing([failed("chain", "verifier-error", problem=problem)])
    return Verdict(digest=digest, standing=found, now=found, question=question, trust=trust)


@dataclass(frozen=True, slots=True)
class Examined:
    """How a well-formed receipt stands by itself: checks 1 to 7 and the part of 12 that needs no
    chain. digest: SHA-256 of the file. The clock of `case` is not set yet."""

    digest: Digest
    case: Examination
    checks: tuple[Check, ...]

    @property
    def refuted(self) -> bool:
        """Whether the receipt fails by itself, so that the chain need not be asked."""
        return any(check.verdict and not of_a_line(check) for check in self.checks)


def examine(
    *,
    digest: Digest,
    receipt: Receipt,
    record: RecordFacts | None,
    question: Question,
    trust: Trust,
) -> Examined:
    """The part of a verdict that needs no chain.

    digest: SHA-256 of the file. record: what the schema whose hash the payload names says of it,
    None if it is not known.
    """
    problems: dict[str, Problem] = {}
    for internal in internal_checks(receipt, None if record is None else record.slots):
        if (error := internal.error) is not None:
            code = error.code or _GROUPS[internal.group]
            problems.setdefault(internal.group, Problem(code, str(error)))
    fields = None
    if record is not None and receipt.presentation is not None and "presentation" not in problems:
        fields = receipt.presentation.fields(record.slots)
    case = Examination(
        receipt=receipt, fields=fields, record=record, trust=trust, question=question, now=0
    )
    return Examined(digest, case, _alone(case, problems))


def judge(
    examined: Examined, *, facts: ChainFacts | Unread, now: int, notes: tuple[Note, ...] = ()
) -> Verdict:
    """The verdict on a well-formed receipt: every check of `checks.CHECKS` that can be made.

    By itself (`examine`; where one fails the chain is not asked):
     1 format                  well-formed, version 1, no newer line in its checkpoint
     2 network                 the network that is pinned
     3 entry                   entry and receipt name one log
     4 inclusion               the path leads from the entry to the root
     5 checkpoint              of this log and size
     6 presentation            fields shown are committed to, each in its own slot
     7 agreement               values that are said twice agree
    12 binding                 of these fields (then with a key, below)
    By the chain:
     8 chain                   read from a quorum, head neither old nor new
     9 issuer                  the log is a member's, whom the payload names
    10 checkpoint-signature    of a NOTE key of the owner
    11 presentation-signature  of a PRESENT key of the owner, valid at `iat`
    12 binding                 the same, and to the audience and nonce that were given
    15 anchored                the chain has this root at this size
    16 anchor                  block and transaction of the first covering anchor
    17 log                     not closed below that
    18 anchor-key              of the owner, valid at that block
    22 final                   so is that block
    23 issuer-role             the owner was a PROVINCE then
    24 catalogue               type and rules were in the catalogue then
    26 witnesses               every cosignature is of a registered WITNESS key
    Whether it may be used:
    13 subject                 shown, and the one asked for
    14 asked                   type and issuer asked for
    19 status                  no act against it
    20 in-force                the day lies in the period of use
    21 as-of                   anchored by the day asked about
    25 record                  valid for its type, within its rules, decided before its anchor

    The caller MUST still: compare `authorisation` of a binding, judge whether the network file is
    the right one, and ask again later, since status changes.

    facts: what the chain says of *this* receipt, read for its log, index, size and keys; they are
    believed. now: Unix seconds of the local clock, which only bounds the age of the head. notes: on
    single nodes, carried along.
    """
    case = replace(examined.case, now=now)
    at_head = _standing(_checks(case, examined, facts))
    standing = at_head
    if (end := case.question.end_of_as_of) is not None:
        standing = _standing(_checks(replace(case, end=end), examined, facts))
    return Verdict(
        digest=examined.digest,
        standing=standing,
        now=at_head,
        question=case.question,
        trust=case.trust,
        receipt=case.receipt,
        record=None if standing.authentic is False else case.fields,
        record_facts=case.record,
        facts=None if isinstance(facts, Unread) else facts,
        notes=notes,
    )


def _alone(case: Examination, problems: Mapping[str, Problem]) -> tuple[Check, ...]:
    """Run checks 1 to 7 and the part of 12 that needs no chain. problems: by group."""
    found = [judging.format_(case), judging.network(case)]
    for group in _GROUPS:
        if group in problems:
            code, problem = problems[group]
            found.append(failed(group, code, problem=problem))
        elif group == "agreement":
            found.append(judging.agreement(case))
        elif group == "presentation" and case.receipt.presentation is None:
            found.append(not_run(group))
        elif group != "binding":
            found.append(passed(group))
    return tuple(found)


def _checks(case: Examination, examined: Examined, facts: ChainFacts | Unread) -> Sequence[Check]:
    """Every check that can be run; whatever is missing was not."""
    if examined.refuted:
        return examined.checks
    chain = judging.chain(case, facts)
    found = [*examined.checks, chain, judging.subject(case), judging.bound(case)]
    found.append(admission.record(case, None))
    # A head that is too old knows nothing of what is new: no conclusion from it.
    if isinstance(facts, Unread) or chain.verdict is not None:
        return [*found, judging.asked(case, None)]
    found += [judging.issuer(case, facts), judging.status(case, facts)]
    found += [judging.in_force(case, facts)]
    if facts.log is None:
        return [*found, judging.asked(case, None)]
    owner = facts.log.member
    anchored = judging.anchored(case, facts)
    found += [
        judging.asked(case, owner),
        judging.checkpoint_signature(case, facts, owner),
        judging.presentation_signature(case, facts, owner),
        judging.binding(case, facts, owner),
        admission.witnesses(case, facts, owner),
        anchored,
    ]
    if anchored.verdict is not None:
        return found
    found.append(judging.anchor(case, facts.anchor))
    if facts.anchor is None:
        return found
    return [
        *found,
        judging.log(case, facts.log, facts.anchor),
        judging.anchor_key(case, facts, facts.anchor, owner),
        judging.as_of(case, facts.anchor),
        judging.final(facts, facts.anchor),
        admission.issuer_role(case, facts, facts.anchor, owner),
        admission.catalogue(case, facts, facts.anchor),
        admission.record(case, facts.anchor),
    ]


def _standing(found: Sequence[Check]) -> Standing:
    by_id = {check.id: check for check in found}
    checks = tuple([by_id.get(info.id) or not_run(info.id) for info in CHECKS])
    return Standing(verdict=weigh(checks), checks=checks)


def weigh(checks: Sequence[Check]) -> str:
    """The verdict that all checks together lead to."""
    found = [(_weight(check), check.verdict) for check in checks if check.verdict is not None]
    if found:
        return min(found)[1]
    # Never valid by default: a check that was not run and has no verdict leaves it open.
    left = [check for check in checks if check.result != "pass"]
    passed_all = all(info_of(check).optional and check.result == "not-run" for check in left)
    return "valid" if passed_all else "undetermined"


def _weight(check: Check) -> tuple[int, int]:
    """Lower is worse. Anybody can append a line to a checkpoint or cut one off: what only that
    leaves open comes after all that speaks against the record."""
    return (_LAST_AGAINST, 1) if of_a_line(check) else (PRECEDENCE.index(str(check.verdict)), 0)
