"""What was put into catalogues: by which vote, or by which province with which key.

Code that ships with this software puts nothing without that: what lacks there was left out by a
node. Other code may put anything; what is wrong with that is a finding, and the item is what that
contract says all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from ledger.audit.case_rules import is_active
from ledger.audit.findings import Findings
from ledger.audit.signatures import Signed, check
from ledger.audit.state import (
    Item,
    Place,
    Proposal,
    State,
    approved,
    carry_out,
    missing,
    threshold_at,
)
from ledger.audit.times import BlockTimes
from ledger.chain.contracts.events import ItemPut
from ledger.chain.contracts.structs import NATIONAL, PUT_NATIONAL, CatalogueItem
from ledger.chain.governing import actions
from ledger.chain.nodes.quorum import View
from ledger.core.ids import Address, Digest, KeyId, bytes32_ascii
from ledger.core.keys import Purpose, Role

__all__ = ["PutReader", "carry_out_put", "judge_supplements", "tell_put", "votes_of"]


class PutReader:
    """Takes events in their order, of one contract after the other. now: what is known at the head;
    state: at the end of block `last`."""

    def __init__(self, now: State, state: State, last: int, findings: Findings) -> None:
        self._now = now
        self._state = state
        self._last = last
        self._findings = findings
        self._vote: list[ItemPut] = []
        self._ours = True

    def take(self, event: ItemPut, *, ours: bool) -> None:
        """One more. ours: the contract is what ships. Raises CouldNotCheck where an event before it
        is missing."""
        if self._vote and not _same_vote(self._vote[0], event):
            self.end()
        if not event.member:
            self._vote.append(event)
            self._ours = ours
        elif not ours and event.entry.block <= self._last:
            why = _supplement_problem(self._state, event)
            if why is not None:
                tell_put(self._findings, "item-not-allowed", event, why)
        for state in self._states(event):
            state.items.append(_item(event))

    def end(self) -> None:
        """No more of this contract, or of this vote. Raises CouldNotCheck."""
        events, self._vote = self._vote, []
        if not events:
            return
        for state in self._states(events[0]):
            why = carry_out_put(state, events, ours=self._ours)
            if why is not None and state is self._state:
                tell_put(self._findings, "item-without-vote", events[0], why)

    def _states(self, event: ItemPut) -> Sequence[State]:
        """Those to which an event belongs."""
        final = event.entry.block <= self._last
        return (self._now, self._state) if final else (self._now,)


def carry_out_put(state: State, events: Sequence[ItemPut], *, ours: bool) -> str | None:
    """The vote behind the items of one transaction is carried out; in a word why there is none,
    None: there is one. Raises CouldNotCheck where the contract is ours, which puts none without."""
    first = events[0]
    proposal = state.proposals.get(Digest(first.authority))
    why = _put_problem(
        proposal,
        first.entry.address,
        [one.item for one in events],
        first.entry.place,
        threshold_at(state, first),
    )
    if proposal is not None and why is None:
        carry_out(state, proposal, first)
    elif ours:
        raise missing(f"vote on item {first.item_id}@{first.version}: {why}")
    return why


def tell_put(findings: Findings, code: str, event: ItemPut, why: str) -> None:
    """A finding about an item that was put."""
    findings.add(
        code,
        member=event.member,
        where=_where(event.item, event.region),
        tx=event.entry.tx,
        authority=event.authority.hex(),
        why=why,
    )


def votes_of(events: Iterable[ItemPut]) -> Iterator[list[ItemPut]]:
    """National items, those of one vote together."""
    national = (one for one in events if not one.member)
    for _, some in groupby(national, lambda one: (one.authority, one.entry.tx, one.entry.address)):
        yield list(some)


def _put_problem(
    proposal: Proposal | None,
    catalogue: Address,
    items: Sequence[CatalogueItem],
    place: Place,
    threshold: int,
) -> str | None:
    """Say in a word why no passed proposal stands behind national items; None: one does."""
    if proposal is None:
        return "proposal"
    if proposal.kind != PUT_NATIONAL:
        return "kind"
    if Digest(proposal.data_hash) != actions.put_national(catalogue, items).data_hash:
        return "data"
    if proposal.executed is not None:
        return "used"
    return None if 0 < threshold <= approved(proposal, place) else "votes"


def _supplement_problem(state: State, event: ItemPut) -> str | None:
    """Say in a word why a province may not put a supplement; None: it may."""
    member, place = state.members.get(event.member), event.entry.place
    if member is None or not is_active(member, place):
        return "not-active"
    if not member.roles_at(place) & Role.PROVINCE:
        return "not-a-province"
    if event.region != member.region or event.item.region != member.region:
        return "region"
    before = [
        one.item
        for one in state.items
        if (one.contract, one.item.item_id) == (event.entry.address, event.item_id)
    ]
    if any(one.region == NATIONAL for one in before):
        return "national"
    last = max((one.version for one in before if one.region == event.region), default=0)
    return None if event.version == last + 1 else "version"


def judge_supplements(
    view: View, chain_id: int, state: State, times: BlockTimes, findings: Findings
) -> None:
    """Findings about the keys and signatures of all supplements. Raises CouldNotCheck."""
    items = [one for one in state.items if one.member]

    def tell(code: str, one: Item) -> None:
        where, key = _where(one.item, one.item.region), one.authority.hex()
        findings.add(code, member=one.member, where=where, tx=one.tx, keyId=key)

    for one in items:
        time = times.at(one.place[0])
        key = state.keys.get((one.member, KeyId(one.authority)))
        if key is None or key.purpose != Purpose.GOVERN or not (
            key.not_before <= time <= key.not_after
        ):  # fmt: skip
            tell("item-key-not-valid", one)
        elif 0 < key.compromised_since <= time:
            tell("item-key-disputed", one)
    for one, (signed, seen) in zip(items, check(view, chain_id, map(_signed, items)), strict=True):
        if seen == "no-transaction":
            where = _where(one.item, one.item.region)
            findings.unchecked("transaction-missing", where, tx=signed.tx)
        elif seen != "valid":
            tell(f"item-signature-{seen}", one)


def _item(event: ItemPut) -> Item:
    return Item(
        item=event.item,
        place=event.entry.place,
        contract=event.entry.address,
        member=event.member,
        authority=event.authority,
        tx=event.entry.tx,
    )


def _signed(one: Item) -> Signed:
    item = one.item
    return Signed(
        tx=one.tx,
        contract="Catalogue",
        address=one.contract,
        function="putSupplement",
        struct="PutSupplement",
        expected={
            "member": bytes32_ascii(one.member),
            "itemId": bytes32_ascii(item.item_id),
            "version": item.version,
            "contentHash": item.content_hash,
            "from": item.since,
            "until": item.until,
            "visibility": item.visibility,
            "region": bytes32_ascii(item.region),
        },
        key_id=KeyId(one.authority),
    )


def _where(item: CatalogueItem, region: str) -> str:
    return f"catalogue/{item.item_id}/{region or 'national'}/{item.version}"


def _same_vote(one: ItemPut, other: ItemPut) -> bool:
    """Whether two events, one behind the other, are of one vote."""
    return (one.authority, one.entry.tx, one.entry.address) == (
        other.authority, other.entry.tx, other.entry.address,
    ) and not other.member  # fmt: skip
