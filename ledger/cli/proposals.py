"""Proposals for whoever votes at a command line; what they are is in
`ledger.chain.governing.motions`."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.chain.contracts.structs import ACTIVE
from ledger.chain.governing.motions import OPEN, Motion, Proceedings, read_motions
from ledger.cli.acting import Hand
from ledger.cli.language import say
from ledger.cli.output import Refused
from ledger.core.keys import Role

__all__ = ["OPEN", "Motion", "active_provinces", "find_motion", "motions"]

_LEAST_DIGITS = 8  # of an id that is not written out


def motions(hand: Hand) -> Sequence[Motion]:
    """All there ever were, the oldest first."""
    return read_motions(hand.view, hand.network, hand.consortium)


def find_motion(hand: Hand, text: str) -> Motion:
    """By its id, or by the start of it where that is of one alone."""
    wanted = text.lower().removeprefix("0x")
    all_ = Proceedings().until(hand.view, hand.network)
    found = [one for one in all_.proposed if one.proposal_id.hex().startswith(wanted)]
    if len(wanted) < _LEAST_DIGITS or len(found) != 1:
        raise Refused(
            say(
                zh=f"没有（唯一的）提案 {text}；至少给出 {_LEAST_DIGITS} 位。",
                en=f"no one proposal {text}; give {_LEAST_DIGITS} digits at least.",
            )
        )
    return all_.motion(hand.view, hand.consortium, found[0])


def active_provinces(hand: Hand) -> list[str]:
    """Codes of those that may vote."""
    members = hand.consortium.members()
    return [m.code for m in members if m.roles & Role.PROVINCE and m.status == ACTIVE]
