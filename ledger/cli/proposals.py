"""Proposals as the chain has them: found by their events, with how their vote stands."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ledger.chain.contracts.bindings import CASE_REGISTRY, CATALOGUE
from ledger.chain.contracts.events import (
    Acted,
    ContractRegistered,
    Executed,
    ItemPut,
    Proposed,
    Voted,
    decode_events,
    topic,
)
from ledger.chain.contracts.structs import ACTIVE, YES, ZERO
from ledger.chain.governing.actions import Action, kind_names
from ledger.cli.acting import Hand
from ledger.cli.language import say
from ledger.cli.output import Refused
from ledger.core.keys import Role

OPEN = ("open", "passed")
"""States of a proposal that may be voted on."""
_LEAST_DIGITS = 8  # of an id that is not written out


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


def motions(hand: Hand) -> list[Motion]:
    """All there ever were, the oldest first."""
    ended = _Ended(hand)
    return [_motion(hand, event, ended) for event in _proposed(hand)]


def find_motion(hand: Hand, text: str) -> Motion:
    """By its id, or by the start of it where that is of one alone."""
    wanted = text.lower().removeprefix("0x")
    found = [event for event in _proposed(hand) if event.proposal_id.hex().startswith(wanted)]
    if len(wanted) < _LEAST_DIGITS or len(found) != 1:
        raise Refused(
            say(
                zh=f"没有（唯一的）提案 {text}；至少给出 {_LEAST_DIGITS} 位。",
                en=f"no one proposal {text}; give {_LEAST_DIGITS} digits at least.",
            )
        )
    return _motion(hand, found[0], _Ended(hand))


def active_provinces(hand: Hand) -> list[str]:
    """Codes of those that may vote."""
    members = hand.consortium.members()
    return [m.code for m in members if m.roles & Role.PROVINCE and m.status == ACTIVE]


class _Ended:
    """What was carried out, and the yes votes that there were."""

    def __init__(self, hand: Hand) -> None:
        executed = _events(hand, topic(Executed))
        done = {bytes(e.proposal_id) for e in executed if isinstance(e, Executed)}
        self.executed = done | _used(hand)
        votes = [vote for vote in _events(hand, topic(Voted)) if isinstance(vote, Voted)]
        self.yes = Counter(vote.proposal_id for vote in votes if vote.choice == YES)


def _motion(hand: Hand, event: Proposed, ended: _Ended) -> Motion:
    votes = ended.yes[event.proposal_id]
    if event.proposal_id in ended.executed:
        return Motion(event=event, state="executed", yes=votes)
    if event.expires_at < hand.view.block.time:
        return Motion(event=event, state="expired", yes=votes)
    found = hand.consortium.proposal(event.proposal_id)
    yes = found.yes if found else 0
    state = "passed" if yes >= hand.consortium.threshold() else "open"
    return Motion(event=event, state=state, yes=yes)


def _used(hand: Hand) -> set[bytes]:
    """Proposals that another contract of this network has carried out: a Catalogue says so by its
    items, a CaseRegistry by its acts."""
    registered = _events(hand, topic(ContractRegistered))
    contracts = [event for event in registered if isinstance(event, ContractRegistered)]
    used: set[bytes] = set()
    first = hand.network.deploy_block
    for address in {one.account for one in contracts if one.role == CATALOGUE}:
        entries = hand.view.logs(address, (topic(ItemPut),), first=first)
        items = [e for e in decode_events("Catalogue", entries) if isinstance(e, ItemPut)]
        used |= {event.authority for event in items if not event.member}
    for address in {one.account for one in contracts if one.role == CASE_REGISTRY}:
        by_vote = (topic(Acted), None, None, ZERO)  # their member is nobody: the members' are many
        entries = hand.view.logs(address, by_vote, first=first)
        acts = [e for e in decode_events("CaseRegistry", entries) if isinstance(e, Acted)]
        used |= {event.signed_by for event in acts}
    return used


def _proposed(hand: Hand) -> list[Proposed]:
    found = _events(hand, topic(Proposed))
    return [event for event in found if isinstance(event, Proposed)]


def _events(hand: Hand, kind: bytes) -> list[object]:
    network = hand.network
    entries = hand.view.logs(network.consortium, (kind,), first=network.deploy_block)
    return list(decode_events("Consortium", entries))
