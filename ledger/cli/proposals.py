"""Proposals as the chain has them: found by their events, with how their vote stands."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.chain.actions import Action, kind_names
from ledger.chain.events import Executed, Proposed, decode_events, topic
from ledger.chain.structs import ACTIVE
from ledger.cli.acting import Hand
from ledger.cli.language import say
from ledger.cli.output import Refused
from ledger.core.keys import Role

_LEAST_DIGITS = 8  # of an id that is not written out


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """A proposal. state: open, passed, executed or expired; passed is open with enough votes.
    yes: votes that stand, 0 once it has ended."""

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
    return [_motion(hand, event, _executed(hand)) for event in _proposed(hand)]


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
    return _motion(hand, found[0], _executed(hand))


def active_provinces(hand: Hand) -> list[str]:
    """Codes of those that may vote."""
    members = hand.consortium.members()
    return [m.code for m in members if m.roles & Role.PROVINCE and m.status == ACTIVE]


def _motion(hand: Hand, event: Proposed, executed: set[bytes]) -> Motion:
    if event.proposal_id in executed:
        return Motion(event=event, state="executed", yes=0)
    if event.expires_at < hand.view.block.time:
        return Motion(event=event, state="expired", yes=0)
    found = hand.consortium.proposal(event.proposal_id)
    yes = found.yes if found else 0
    state = "passed" if yes >= hand.consortium.threshold() else "open"
    return Motion(event=event, state=state, yes=yes)


def _proposed(hand: Hand) -> list[Proposed]:
    found = _events(hand, topic(Proposed))
    return [event for event in found if isinstance(event, Proposed)]


def _executed(hand: Hand) -> set[bytes]:
    found = _events(hand, topic(Executed))
    return {event.proposal_id for event in found if isinstance(event, Executed)}


def _events(hand: Hand, kind: bytes) -> list[object]:
    network = hand.network
    entries = hand.view.logs(network.consortium, (kind,), first=network.deploy_block)
    return list(decode_events("Consortium", entries))
