"""What was done to records, and how far members say that they have carried it out."""

from __future__ import annotations

from dataclasses import dataclass, field

from ledger.audit.act_table import Acts, States
from ledger.audit.state import Place
from ledger.chain.contracts.structs import Code
from ledger.core.ids import Address, Digest, KeyId
from ledger.core.status import ZERO, Action

DAY = 86_400
"""Seconds."""
_ACTIONS = frozenset(int(action) for action in Action)


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
    """All that the events of every CaseRegistry say. acknowledged: the last count of each
    member."""

    count: int = 0
    head: Digest = ZERO
    states: States = field(default_factory=States)
    acts: Acts = field(default_factory=Acts)
    acknowledgements: list[Acknowledging] = field(default_factory=list)
    acknowledged: dict[str, int] = field(default_factory=dict)

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
