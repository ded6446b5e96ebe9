"""Whether an authorisation covers an answer that was given under it (docs/protocol.md 27).

1. it is the one that the answer names: an opening of an authorisation with that commitment;
2. its custodian is not its own grantee, and was a province or bureau when it was made;
3. it is genuine: anchored, or promised and not yet due when the answer was given;
4. it was made before the answer, for its asker, subject, purpose, families and province, and for
   that day;
5. it was not taken back before the answer was given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from ledger.core.answer import Answer
from ledger.core.authorisation import Fault, fault_of, from_members
from ledger.core.errors import CouldNotCheck, EvidenceError
from ledger.core.keys import Role
from ledger.core.opening import Opening, parse_opening
from ledger.core.verdict.facts import Question, date_of
from ledger.core.verdict.statement import StatementVerdict
from ledger.core.verdict.verdicts import EXIT_UNKNOWN, EXIT_VALID
from ledger.files.problems import Problem
from ledger.verify import Verifier

__all__ = ["judge_paper"]

_UNKNOWN: Final = "authorisation-unknown"
_UNCHECKED: Final = "authorisation-unchecked"
_CODES: Final[Mapping[Fault, str]] = {
    "other-grantee": _UNKNOWN,
    "other-subject": "authorisation-other-subject",
    "other-purpose": "authorisation-other-purpose",
    "out-of-scope": "authorisation-out-of-scope",
    "expired": "authorisation-expired",
}
_CUSTODIAN: Final = Role.PROVINCE | Role.BUREAU
_PROMISED: Final = frozenset({"promised-only", "promise-overdue"})


def judge_paper(verifier: Verifier, data: bytes, answer: Answer) -> Iterator[Problem]:
    """What speaks against an answer by the authorisation that its asker holds, or could not be
    looked at; the first alone. data: the opening. Raises nothing that lies in it."""
    code = _code(verifier, data, answer)
    if code is not None:
        yield Problem(code=code, evidence={"member": answer.iss})


def _code(verifier: Verifier, data: bytes, answer: Answer) -> str | None:
    if answer.authorisation is None:
        return "authorisation-missing"
    try:
        opening = parse_opening(data)
        return _by_itself(opening, answer) or _by_chain(verifier, data, opening, answer)
    except CouldNotCheck:  # newer than we are, or the chain is silent
        return _UNCHECKED
    except EvidenceError:
        return _UNKNOWN


def _by_itself(opening: Opening, answer: Answer) -> str | None:
    statement = opening.statement
    if statement.sort != "authorisation" or statement.commitment != answer.authorisation:
        return _UNKNOWN
    return _UNKNOWN if statement.iss == from_members(statement.members).grantee else None


def _by_chain(verifier: Verifier, data: bytes, opening: Opening, answer: Answer) -> str | None:
    """The same by the chain. Raises CouldNotCheck."""
    custodian, says = opening.statement.iss, from_members(opening.statement.members)
    verdict = verifier.verify(data, Question(issuer=custodian))
    if not isinstance(verdict, StatementVerdict):
        return _UNCHECKED
    genuine = _is_genuine(verdict, opening, answer.at)
    if not genuine:
        return _UNCHECKED if genuine is None else _UNKNOWN
    made = verdict.counts_from(opening.statement)
    if made > answer.at:
        # One that was logged again may have been there long before: this does not say.
        return _UNKNOWN if opening.entry.replaces is None else _UNCHECKED
    if not verifier.member(custodian).owner.roles_at(made) & _CUSTODIAN:
        return _UNKNOWN
    fault = fault_of(
        says,
        grantee=answer.to,
        subject=answer.question.code,
        purpose=answer.question.purpose,
        region=verifier.member(answer.iss).owner.region,
        types=answer.question.types,
        on=date.fromisoformat(date_of(answer.at)),
    )
    if fault is not None:
        return _CODES[fault]
    revoked = verifier.revoked_at(custodian, opening.statement.commitment)
    return "authorisation-revoked" if revoked is not None and revoked <= answer.at else None


def _is_genuine(verdict: StatementVerdict, opening: Opening, at: int) -> bool | None:
    """Whether it is anchored, or its promise counted at that Unix second; None: that is open."""
    wrong = {check.code for check in verdict.standing.checks if check.verdict}
    held = opening.promised
    if held is not None and wrong <= _PROMISED:
        return at <= held.promise.due
    return None if verdict.exit == EXIT_UNKNOWN else verdict.exit == EXIT_VALID
