"""What was done to records, and how far members say that they have carried it out."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from ledger.audit.state import Place
from ledger.chain.contracts.structs import Code
from ledger.core.ids import Address, Digest, KeyId, RecordId
from ledger.core.status import ZERO, Action, RecordedAct, State

DAY = 86_400
"""Seconds."""
_ACTIONS = frozenset(int(action) for action in Action)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An act as it was recorded, as much of its event as replay needs. count, head: of all acts,
    this one included; version: of the record behind it."""

    place: Place
    count: int
    head: Digest
    version: int
    member: Code
    acted: RecordedAct
    tx: str
    contract: Address

    @property
    def where(self) -> str:
        """Its place in findings."""
        return f"record/{self.acted.act.record.hex()}/act/{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledging:
    """A member said that it has carried out all acts up to `count`. time: Unix seconds of its
    block."""

    place: Place
    member: Code
    count: int
    head: Digest
    key_id: KeyId
    time: int
    tx: str
    contract: Address

    @property
    def where(self) -> str:
        """Its place in findings."""
        return f"member/{self.member}/acknowledged/{self.count}"


@dataclass(slots=True)
class Cases:
    """All that the events of every CaseRegistry say. acts: by record, each in their order; order:
    the same ones as they happened; acknowledged: the last count of each member."""

    count: int = 0
    head: Digest = ZERO
    states: dict[RecordId, State] = field(default_factory=dict)
    acts: dict[RecordId, list[Done]] = field(default_factory=dict)
    order: list[Done] = field(default_factory=list)
    acknowledgements: list[Acknowledging] = field(default_factory=list)
    acknowledged: dict[str, int] = field(default_factory=dict)

    def first_from(self, count: int) -> Done | None:
        """The first act whose count is at least this."""
        at = bisect_left(self.order, count, key=lambda done: done.count)
        return self.order[at] if at < len(self.order) else None

    def behind(self, member: str) -> int:
        """How many acts a member has not acknowledged."""
        return max(0, self.count - self.acknowledged.get(member, 0))


def action_name(action: int) -> str:
    """As the report shows it; of an action that nobody knows, which only code of strangers
    records, its number."""
    return Action(action).name if is_action(action) else str(action)


def is_action(action: int) -> bool:
    """Whether anybody knows it."""
    return action in _ACTIONS
