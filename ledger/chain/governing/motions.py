"""Proposals as the chain has them: found by their events, with how their vote stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from ledger.chain.contracts.bindings import CASE_REGISTRY, CATALOGUE, Consortium
from ledger.chain.contracts.events import (
    Acted,
    ChainEvent,
    ContractRegistered,
    Executed,
    ItemPut,
    Proposed,
    Voted,
    decode_events,
    topic,
)
from ledger.chain.contracts.structs import YES, ZERO
from ledger.chain.governing.actions import Action, kind_names
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.quorum import View
from ledger.core.ids import Address

OPEN = ("open", "passed")
"""States of a proposal that may be voted on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """A proposal. state: open, passed, executed or expired; passed is open with enough votes, and
    executed also what another contract has carried out.
    yes: votes that stand; of one that has ended, the yes votes that it got."""

    event: Proposed
    state: str
    yes: int

    @property
    def action(self) -> Action:
        """What it would do."""
        return Action(self.event.kind, self.event.data)

    @property
    def id(self) -> str:
        """64 hex."""
        return self.event.proposal_id.hex()

    @property
    def kind(self) -> str:
        """Its name; the number where it is of later times."""
        names = kind_names()
        known = 0 < self.event.kind <= len(names)
        return names[self.event.kind - 1] if known else str(self.event.kind)


@dataclass(slots=True, kw_only=True)
class Proceedings:
    """What events say of proposals, up to a block. proposed: the oldest first. executed: ids of
    those that were carried out. yes: votes by id. next: the first block that was not read; None:
    none was."""

    proposed: tuple[Proposed, ...] = ()
    executed: frozenset[bytes] = frozenset()
    yes: Counter[bytes] = field(default_factory=Counter)
    contracts: frozenset[tuple[str, Address]] = frozenset()
    next: int | None = None

    def until(self, view: View, network: NetworkFile, last: int | None = None) -> Proceedings:
        """The same up to a block, the view's own by default: only what came behind is read. Raises
        CouldNotCheck."""
        first = network.deploy_block if self.next is None else self.next
        end = view.block.number if last is None else last
        if end < first:
            return self

        def of(kind: type[ChainEvent]) -> list[ChainEvent]:
            entries = view.logs(network.consortium, (topic(kind),), first=first, last=end)
            return list(decode_events("Consortium", entries))

        registered = of(ContractRegistered)
        fresh = {
            (str(one.role), one.account)
            for one in registered
            if isinstance(one, ContractRegistered)
        }
        done = {bytes(one.proposal_id) for one in of(Executed) if isinstance(one, Executed)}
        for role, account in fresh | self.contracts:
            # What a contract did before it was registered was not looked at yet.
            start = first if (role, account) in self.contracts else network.deploy_block
            done |= set(_carried_out(view, role, account, start, end))
        votes = [one for one in of(Voted) if isinstance(one, Voted) and one.choice == YES]
        return replace(
            self,
            proposed=(*self.proposed, *(e for e in of(Proposed) if isinstance(e, Proposed))),
            executed=self.executed | done,
            yes=self.yes + Counter(bytes(vote.proposal_id) for vote in votes),
            contracts=self.contracts | fresh,
            next=end + 1,
        )

    def motion(self, view: View, consortium: Consortium, event: Proposed) -> Motion:
        """One of them as it stands at the view's block. Raises CouldNotCheck."""
        votes = self.yes[bytes(event.proposal_id)]
        if event.proposal_id in self.executed:
            return Motion(event=event, state="executed", yes=votes)
        if event.expires_at < view.block.time:
            return Motion(event=event, state="expired", yes=votes)
        found = consortium.proposal(event.proposal_id)
        yes = found.yes if found else 0
        state = "passed" if yes >= consortium.threshold() else "open"
        return Motion(event=event, state=state, yes=yes)


def read_motions(view: View, network: NetworkFile, consortium: Consortium) -> Sequence[Motion]:
    """All there ever were, the oldest first. Raises CouldNotCheck."""
    found = Proceedings().until(view, network)
    return [found.motion(view, consortium, event) for event in found.proposed]


def _carried_out(view: View, role: str, account: Address, first: int, last: int) -> Iterator[bytes]:
    """Proposals that another contract of this network has carried out: a Catalogue says so by its
    items, a CaseRegistry by its acts."""
    if role == CATALOGUE:
        entries = view.logs(account, (topic(ItemPut),), first=first, last=last)
        items = decode_events("Catalogue", entries)
        yield from (e.authority for e in items if isinstance(e, ItemPut) and not e.member)
    elif role == CASE_REGISTRY:
        by_vote = (topic(Acted), None, None, ZERO)  # their member is nobody: the members' are many
        entries = view.logs(account, by_vote, first=first, last=last)
        acts = decode_events("CaseRegistry", entries)
        yield from (bytes(e.signed_by) for e in acts if isinstance(e, Acted))
