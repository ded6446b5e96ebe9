"""Acts on records and acknowledgements judged: by the keys that signed them, and by what members
still have to carry out."""

from __future__ import annotations

from ledger.audit.cases import DAY, Acknowledging, Cases, action_name
from ledger.audit.done import Done
from ledger.audit.findings import Findings
from ledger.audit.state import Key, Member, State
from ledger.audit.times import BlockTimes
from ledger.chain.contracts.structs import ACTIVE
from ledger.chain.nodes.blocks import Block
from ledger.core.keys import Purpose, Role
from ledger.core.status import Action, Flag

MAX_BEHIND = DAY
"""Seconds in which a province acknowledges an act (design-2 12)."""

_ABOUT = {
    Action.DISPUTE: Flag.DISPUTED,
    Action.SETTLE: Flag.DISPUTED,
    Action.SHIELD: Flag.SHIELDED,
    Action.LIFT: Flag.SHIELDED,
    Action.ERASE: Flag.ERASED,
}
_RESTRICTS = (Action.DISPUTE, Action.SHIELD, Action.ERASE)
_ANSWERS_ALL = (Action.ANNUL, Action.ANNUL_STOLEN)


def judge_acts(state: State, cases: Cases, findings: Findings) -> None:
    """Findings about the keys of acts. What a thief did is one until somebody who can be trusted
    has done something about the same thing, or it was undone."""
    for acts in cases.acts.values():
        doubts: dict[Flag | None, list[Done]] = {}
        for done in acts:
            action = Action(done.acted.act.action)
            about = _ABOUT.get(action)
            if is_disputed(state, done):
                doubts.setdefault(about, []).append(done)
            elif action in _ANSWERS_ALL:
                doubts.clear()
            else:
                doubts.pop(about, None)
            if done.member and not _is_valid(_key_of(state, done), _purpose(action), done):
                _add(findings, "act-key-not-valid", done)
        for done in (one for left in doubts.values() for one in left):
            restricts = done.acted.act.action in _RESTRICTS
            _add(findings, "act-key-disputed" if restricts else "easing-act-disputed", done)


def is_disputed(state: State, done: Done) -> bool:
    """Whether the key of an act is held to have been stolen when it signed."""
    key = _key_of(state, done)
    return key is not None and 0 < key.compromised_since <= done.acted.recorded_at


def _key_of(state: State, done: Done) -> Key | None:
    return state.keys.get((done.member, done.acted.signed_by))


def _purpose(action: int) -> Purpose:
    return Purpose.CASE if action == Action.DISPUTE else Purpose.DECIDE


def _is_valid(key: Key | None, purpose: Purpose, at: Done | Acknowledging) -> bool:
    time = at.acted.recorded_at if isinstance(at, Done) else at.time
    return key is not None and key.purpose == purpose and key.not_before <= time <= key.not_after


def _add(findings: Findings, code: str, done: Done) -> None:
    act = done.acted.act
    findings.add(
        code,
        log=act.log,
        member=done.member,
        where=done.where,
        tx=done.tx,
        action=action_name(act.action),
        keyId=done.acted.signed_by.hex(),
    )


# ---- acknowledgements


def judge_acknowledgements(
    state: State, cases: Cases, times: BlockTimes, last: Block, findings: Findings
) -> None:
    """Findings about each, and about provinces that have none for what is a day old."""
    for made in cases.acknowledgements:
        key = state.keys.get((made.member, made.key_id))
        if not _is_valid(key, Purpose.CASE, made):
            _tell(findings, "ack-key-not-valid", made)
        elif key is not None and 0 < key.compromised_since <= made.time:
            _tell(findings, "ack-key-disputed", made)
        act = cases.acts.first_from(made.count)
        if act is not None and act.count == made.count and act.head != made.head:
            _tell(findings, "ack-head-differs", made, head=act.head.hex(), told=made.head.hex())
    for member in state.members.values():
        _judge_behind(cases, member, times, last, findings)


def _judge_behind(
    cases: Cases, member: Member, times: BlockTimes, last: Block, findings: Findings
) -> None:
    first = cases.acts.first_from(cases.acknowledged.get(member.code, 0) + 1)
    if first is None or member.status != ACTIVE or not member.roles & Role.PROVINCE:
        return
    since = max(first.acted.recorded_at, province_since(member, times))
    if last.time - since > MAX_BEHIND:
        findings.add(
            "ack-late",
            member=member.code,
            where=f"member/{member.code}/acknowledged",
            behind=cases.behind(member.code),
            since=since,
        )


def province_since(member: Member, times: BlockTimes) -> int:
    """Since when a member has been an ACTIVE PROVINCE."""
    place = member.away[-1][1] if member.away else None
    begun = 0 if place is None else times.at(place[0])
    for start, roles in reversed(member.was):
        if not roles & Role.PROVINCE:
            break
        place = start
    return max(begun, 0 if place is None else times.at(place[0]))


def _tell(findings: Findings, code: str, made: Acknowledging, **evidence: str) -> None:
    findings.add(
        code,
        log=b"",
        member=made.member,
        where=made.where,
        tx=made.tx,
        keyId=made.key_id.hex(),
        **evidence,
    )
