"""What `CaseRegistry` must have looked at before it took an act (design-2 11): the table, once
more and in other words. The contract refuses all else, so who breaks it runs other code."""

from __future__ import annotations

from ledger.audit.act_table import States
from ledger.audit.cases import DAY
from ledger.audit.done import Done
from ledger.audit.state import Member, Place, Proposal, State, approved, within
from ledger.chain.contracts.structs import ACT
from ledger.chain.governing import actions
from ledger.core.ids import Address, Digest
from ledger.core.keys import Role
from ledger.core.status import (
    NO_LOG,
    NOTHING,
    ZERO,
    Act,
    Action,
    Basis,
    Flag,
    Outcome,
    RecordedAct,
    refusal,
    undone,
)
from ledger.core.status import State as Status
from ledger.core.verdict.facts import SHANGHAI_OFFSET

_OF_VOTES = (Basis.NATIONAL_RESULT, Basis.COURT, Basis.SUPERVISION_ORDER)


def is_active(member: Member, place: Place) -> bool:
    """Whether a member could write at a place."""
    return bool(member.roles_at(place)) and not any(within(span, place) for span in member.away)


def act_problem(
    state: State, states: States, acted: RecordedAct, member: str, place: Place
) -> str | None:
    """Say in a word why an act by a member ("": by vote) could not be taken; None: it could.

    states: of all records before it.
    """
    act, log = acted.act, state.logs.get(acted.act.log)
    if log is None:
        return "log"
    owner = state.members[log.member]
    able = is_active(owner, place) and bool(owner.roles_at(place) & Role.PROVINCE)
    if why := _author_problem(acted, member, owner, able=able):
        return why
    if not _basis_fits(act, by_vote=not member, able=able):
        return "basis"
    if why := _form_problem(acted):
        return why
    why = refusal(states.get(act.record, NOTHING), act, by_vote=not member)
    return why or (None if _other_fits(state, states, act, log.member) else "other")


def _author_problem(acted: RecordedAct, member: str, owner: Member, *, able: bool) -> str | None:
    """able: whether the owner could act itself."""
    if member and owner.code != member:
        return "owner"
    if member and not able:
        return "not-active"
    if acted.act.action == Action.ANNUL_STOLEN or not (member or acted.by_vote):
        return "author"
    return None


def _form_problem(acted: RecordedAct) -> str | None:
    act = acted.act
    if act.doc == ZERO:
        return "doc"
    if act.effective_at > acted.recorded_at or (act.effective_at + SHANGHAI_OFFSET) % DAY:
        return "effective-at"
    return None


def _basis_fits(act: Act, *, by_vote: bool, able: bool) -> bool:
    """able: whether the owner could act itself."""
    if not Basis.NONE < act.basis <= max(Basis):
        return False
    if by_vote:
        unanswered = act.action == Action.DISPUTE and act.basis == Basis.OBJECTION_UPHELD
        return not able or unanswered or act.basis in _OF_VOTES
    return act.action not in (Action.SHIELD, Action.LIFT) or act.basis == Basis.COURT


def _other_fits(state: State, states: States, act: Act, owner: str) -> bool:
    """Whether CORRECT names another record of the owner that still counts, and nothing else names
    any. A record that is corrected can not be named, so corrections never run in a circle."""
    if act.action != Action.CORRECT:
        return (act.other_log, act.other_commitment) == (NO_LOG, ZERO)
    log, there = state.logs.get(act.other_log), states.get(act.other, NOTHING).word
    return (
        act.other_commitment != ZERO
        and act.other != act.record
        and log is not None
        and log.member == owner
        and there.outcome not in (Outcome.CORRECTED, Outcome.WITHDRAWN)
        and not there.flags & Flag.ERASED
    )


def undo_problem(
    state: State, before: Status, last: Done | None, acted: RecordedAct, place: Place
) -> str | None:
    """Say in a word why `annulStolen` could not undo `last`, the act that led to `before`; None: it
    could."""
    if last is None or acted != undone(before, last.acted, acted.recorded_at, acted.block):
        return "history"
    key = state.keys.get((last.member, last.acted.signed_by))
    since = 0 if key is None else key.stolen_since(place)
    return None if 0 < since <= last.acted.recorded_at else "key"


def vote_problem(
    proposal: Proposal | None,
    registry: Address,
    acts: list[Act],
    place: Place,
    threshold: int,
) -> str | None:
    """Say in a word why no passed proposal stands behind acts; None: one does."""
    if proposal is None:
        return "proposal"
    if proposal.kind != ACT:
        return "kind"
    if Digest(proposal.data_hash) != actions.act(registry, acts).data_hash:
        return "data"
    if proposal.executed is not None:
        return "used"
    return None if 0 < threshold <= approved(proposal, place) else "votes"
