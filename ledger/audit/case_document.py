"""The status of all records, as the report shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from ledger.audit.cases import Cases, action_name
from ledger.audit.done import Done
from ledger.audit.judge_cases import is_disputed
from ledger.audit.rows import Rows
from ledger.audit.state import State
from ledger.chain.contracts.structs import ACTIVE
from ledger.core.canonical import MAX_INTEGER, hex32
from ledger.core.ids import RecordId
from ledger.core.keys import Role
from ledger.core.status import NO_RECORD, SHOWN, Flag, Outcome
from ledger.core.status import State as Status


def status_of_records(state: State, cases: Cases) -> dict[str, Any]:
    """Every record that was ever acted on, who acted how often and how late, and who has carried
    it out."""
    records = Rows()
    for record, acts in cases.acts.ascending():
        records.append(_record(state, record, cases.states[record], acts))
    return {
        "count": min(cases.count, MAX_INTEGER),
        "head": hex32(cases.head),
        "records": records,
        "acts": _by_member(cases.acts.in_order()),
        "acknowledged": _acknowledged(state, cases),
    }


def case_counts(cases: Cases) -> dict[str, Any]:
    """How many acts there are, and how many records have each outcome and flag."""
    outcomes = Counter({outcome.name: 0 for outcome in Outcome})
    flags = Counter({str(flag.name): 0 for flag in SHOWN})
    for status in cases.states.values():
        outcomes[status.word.outcome.name] += 1
        flags.update(_flags(status.word.flags & SHOWN))
    return {"acts": len(cases.acts), "outcomes": dict(outcomes), "flags": dict(flags)}


def _flags(flags: Flag) -> list[str]:
    """Their names, those of the lowest bits first."""
    return [str(flag.name) for flag in Flag if flag in flags]


def _record(state: State, record: RecordId, status: Status, acts: Iterable[Done]) -> dict[str, Any]:
    return {
        "recordId": hex32(record),
        "flags": _flags(status.word.flags),
        "outcome": status.word.outcome.name,
        "version": status.word.version,
        "history": hex32(status.history),
        "other": "" if status.other == NO_RECORD else hex32(status.other),
        "acts": [_act(state, done) for done in acts],
    }


def _act(state: State, done: Done) -> dict[str, Any]:
    act = done.acted.act
    return {
        "action": action_name(act.action),
        "basis": act.basis,
        "member": done.member,
        "signedBy": hex32(done.acted.signed_by),
        "recordedAt": done.acted.recorded_at,
        "effectiveAt": min(act.effective_at, MAX_INTEGER),
        "doc": hex32(act.doc),
        "refiledFrom": min(act.refiled_from, MAX_INTEGER),
        "disputed": is_disputed(state, done),
    }


def _by_member(acts: Iterable[Done]) -> list[dict[str, Any]]:
    """How many acts of each sort a member ("": by vote, or nobody) did, and how many seconds behind
    the day of effect they were recorded."""
    delays: dict[tuple[str, str], list[int]] = {}
    for done in acts:
        late = max(0, done.acted.recorded_at - done.acted.act.effective_at)
        told = delays.setdefault((done.member, action_name(done.acted.act.action)), [0, 0, 0])
        told[:] = [told[0] + 1, max(told[1], late), told[2] + late]
    return [
        {
            "member": member,
            "action": action,
            "count": count,
            "delay": {"longest": longest, "mean": total // count},
        }
        for (member, action), (count, longest, total) in sorted(delays.items())
    ]


def _acknowledged(state: State, cases: Cases) -> list[dict[str, Any]]:
    """Of every ACTIVE PROVINCE, and whoever else acknowledged anything. since: when the first act
    was recorded that it has not; 0: none."""
    provinces = {
        member.code
        for member in state.members.values()
        if member.status == ACTIVE and member.roles & Role.PROVINCE
    }
    shown = []
    for code in sorted(provinces | cases.acknowledged.keys()):
        count = cases.acknowledged.get(code, 0)
        first = cases.acts.first_from(count + 1)
        shown.append(
            {
                "member": code,
                "count": min(count, MAX_INTEGER),
                "behind": min(cases.behind(code), MAX_INTEGER),
                "since": 0 if first is None else first.acted.recorded_at,
            }
        )
    return shown
