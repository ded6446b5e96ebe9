"""A threshold must be more than half of the provinces and at most all of them, before and after
whatever is carried out. Where an action would break that, the threshold is moved first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.chain.contracts.structs import ACTIVE, SUSPENDED
from ledger.cli.acting import Hand
from ledger.cli.language import say
from ledger.cli.output import Refused
from ledger.cli.proposals import active_provinces
from ledger.core.keys import Role

_ABOUT_A_MEMBER = ("suspend", "retire", "reinstate", "set-roles")


def threshold_before(hand: Hand, kind: str, values: Mapping[str, Any]) -> int | None:
    """The threshold to be set before this is carried out; None where the present one will do."""
    before = len(active_provinces(hand))
    after = before + _change(hand, kind, values)
    present = hand.consortium.threshold()
    if _fits(present, after):
        return None
    wanted = nearest_threshold(present, before, after)
    if wanted is None:
        raise Refused(
            say(
                zh=f"没有一个门槛同时适合 {before} 个和 {after} 个省市，此提案不可能执行。",
                en=f"no threshold fits {before} provinces and {after}: this can never be carried "
                "out.",
            )
        )
    return wanted


def nearest_threshold(present: int, before: int, after: int) -> int | None:
    """The threshold nearest to the present one that fits both numbers of provinces: what the
    provinces demanded of themselves is kept as far as can be. None where there is none."""
    least, most = max(before, after) // 2 + 1, min(before, after)
    return min(max(present, least), most) if least <= most else None


def _fits(threshold: int, provinces: int) -> bool:
    return threshold <= provinces < 2 * threshold


def _change(hand: Hand, kind: str, values: Mapping[str, Any]) -> int:
    """By how many the active provinces change."""
    if kind == "admit":
        return 1 if values["founder"]["roles"] & Role.PROVINCE else 0
    found = hand.consortium.member(values["member"]) if kind in _ABOUT_A_MEMBER else None
    if found is None or found.status not in (ACTIVE, SUSPENDED):
        return 0
    is_province = bool(found.roles & Role.PROVINCE)
    counted = is_province and found.status == ACTIVE
    if kind == "reinstate":
        return is_province - counted
    if kind == "set-roles":
        return (bool(values["roles"] & Role.PROVINCE) and found.status == ACTIVE) - counted
    return -counted
