"""What the acts on a record mean to whoever asks whether it may be used (design-2 11).

Adverse facts count from the head, favourable ones once final: flags are those of every state from
the final block to the head together, and an outcome stays until the act that took it back is
final. An act whose key is known to have been stolen by then is in doubt: it changes nothing but
that the record is disputed, until something that can be trusted is done about the same thing, or
it is undone. Anybody may have it undone, so that takes back nothing that an honest key did.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import NamedTuple

from ledger.core.ids import RecordId
from ledger.core.status import (
    NO_RECORD,
    SHOWN,
    Action,
    Flag,
    Outcome,
    RecordedAct,
    Word,
    effect,
)
from ledger.core.verdict.facts import FLAGS, Later, Status, StatusFacts
from ledger.core.verdict.verdicts import PRECEDENCE

__all__ = ["Belief", "Doubt", "believed", "status_facts", "status_of", "worse_status"]

Doubt = Callable[[RecordedAct], bool]
"""Whether the key of an act is held to have been stolen when it signed."""

_TOUCHES = {
    Action.DISPUTE: Flag.DISPUTED,
    Action.SETTLE: Flag.DISPUTED,
    Action.SHIELD: Flag.SHIELDED,
    Action.LIFT: Flag.SHIELDED,
    Action.ERASE: Flag.ERASED,
}


_FACTS = {
    Action.DISPUTE: "disputed",
    Action.SETTLE: "settled",
    Action.SHIELD: "shielded",
    Action.LIFT: "lifted",
    Action.REPAIR: "repaired",
    Action.RESCIND: "rescinded",
    Action.CORRECT: "corrected",
    Action.WITHDRAW: "withdrawn",
    Action.ERASE: "erased",
    Action.END: "ended",
    Action.ANNUL: "annulled",
    Action.ANNUL_STOLEN: "undone",
}
_NO_FLAGS = Flag(0)


@dataclass(frozen=True, slots=True)
class _Believed:
    """A state as far as it is believed: what honest keys and votes made of the record. doubts: what
    an act in doubt was about, None for the outcome."""

    flags: Flag = _NO_FLAGS
    outcome: Outcome = Outcome.NONE
    other: RecordId = NO_RECORD
    doubts: frozenset[Flag | None] = field(default_factory=frozenset)

    @property
    def shown(self) -> Flag:
        """Flags to be told."""
        return self.flags & SHOWN | (Flag.DISPUTED if self.doubts else _NO_FLAGS)

    def after(self, acted: RecordedAct, *, doubtful: bool) -> "_Believed":
        """What is believed behind an act."""
        action = Action(acted.act.action)
        about = _TOUCHES.get(action)
        if doubtful:
            return replace(self, doubts=self.doubts | {about})
        if action is Action.ANNUL_STOLEN:
            return replace(self, flags=self.flags | Flag.DISPUTED, doubts=frozenset())
        flags, outcome = effect(Word(flags=self.flags, outcome=self.outcome), acted)
        other = self.other if outcome is not Outcome.NONE else NO_RECORD
        if action is Action.CORRECT:
            other = acted.act.other
        doubts = frozenset() if action is Action.ANNUL else self.doubts - {about}
        return _Believed(flags, outcome, other, doubts)


def status_of(acts: Sequence[RecordedAct], *, final: int, doubtful: Doubt) -> Status:
    """What the acts on one record, in their order, amount to at the head. final: number of the
    newest final block. The record that corrects it is the one that the last act names."""
    state = _Believed()
    shown = [state]
    for acted in acts:
        state = state.after(acted, doubtful=doubtful(acted))
        shown = [state] if acted.block <= final else [*shown, state]
    flags = _NO_FLAGS
    for each in shown:
        flags |= each.shown
    worst = min(shown, key=lambda each: _rank(each.outcome.name))
    return Status(
        flags=tuple(name for name in FLAGS if Flag[name] in flags),
        outcome=worst.outcome.name,
        version=len(acts),
        corrected_by=worst.other if worst.outcome is Outcome.CORRECTED else None,
    )


class Belief(NamedTuple):
    """What honest keys and votes made of a record. in_doubt: whether an act of a stolen key stands
    that nothing has answered yet."""

    flags: Flag
    outcome: Outcome
    in_doubt: bool


def believed(acts: Iterable[RecordedAct], doubtful: Doubt) -> Belief:
    """What the acts on one record, in their order, amount to as far as they are believed."""
    state = _Believed()
    for acted in acts:
        state = state.after(acted, doubtful=doubtful(acted))
    return Belief(state.flags, state.outcome, bool(state.doubts))


def worse_status(one: Status, other: Status) -> Status:
    """The worse of both: the flags of either, and the worse outcome. version: of `one`."""
    worst = min(one, other, key=lambda each: _rank(each.outcome))
    return Status(
        flags=tuple(name for name in FLAGS if name in one.flags + other.flags),
        outcome=worst.outcome,
        version=one.version,
        corrected_by=worst.corrected_by,
    )


def status_facts(
    histories: Iterable[Sequence[RecordedAct]],
    *,
    final: int,
    end: int | None,
    doubts: Callable[[int | None], Sequence[Doubt]],
) -> StatusFacts:
    """The status of a record now and as recorded before `end` (None: now too), and what came later
    but took effect before.

    histories: the acts on the record, then those on the one that it replaces. doubts: what may be
    known of stolen keys from what was recorded before an instant, None: from everything; the worse
    of all counts.
    """
    every, known, later = [], [], []
    histories = [*histories]
    if not any(histories):  # most records
        return StatusFacts()
    for acts in histories:
        before = acts if end is None else [one for one in acts if one.recorded_at < end]
        every.append(acts)
        known.append(before)
        later += _later(acts[len(before) :], end)
    return StatusFacts(
        now=_worst(every, final, doubts(None)),
        as_of=_worst(known, final, doubts(end)),
        later=tuple(later),
    )


def _worst(
    histories: Sequence[Sequence[RecordedAct]], final: int, doubts: Sequence[Doubt]
) -> Status:
    found = [
        status_of(acts, final=final, doubtful=doubtful) for acts in histories for doubtful in doubts
    ]
    return reduce(worse_status, found) if found else Status()


def _later(acts: Sequence[RecordedAct], end: int | None) -> list[Later]:
    return [
        Later(
            fact=_FACTS[Action(one.act.action)],
            recorded=one.recorded_at,
            effective=one.act.effective_at,
        )
        for one in acts
        if end is not None and one.act.effective_at < end
    ]


def _rank(outcome: str) -> int:
    name = outcome.lower()
    return PRECEDENCE.index(name) if name in PRECEDENCE else len(PRECEDENCE)
