"""What may be asked and given at all, by purpose, role and whether there is an authorisation; never
by what there is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway.base.access_table import AccessTable, Extent, Standing
from ledger.chain.contracts.structs import GOVERNMENT, ON_AUTHORISATION, PUBLIC
from ledger.chain.visibility import widest_of_families
from ledger.core.keys import Role

_VISIBILITIES: Final = (PUBLIC, ON_AUTHORISATION, GOVERNMENT)


def seen(table: AccessTable, roles: Role, purpose: str, *, authorised: bool) -> frozenset[int]:
    """The visibilities of which a member with these roles is given records."""
    enough = {Extent.ALL, Extent.SCOPE} if authorised else {Extent.ALL}
    return frozenset(
        one
        for one in _VISIBILITIES
        if table.extent(roles, purpose, one, Standing.IN_FORCE) in enough
    )


def may_ask(families: Iterable[str], visible: frozenset[int]) -> bool:
    """Whether some records of each of these families may be given."""
    least = widest_of_families()
    return all(least.get(family) in visible for family in families)


def askable(visible: frozenset[int]) -> tuple[str, ...]:
    """The families of which some records may be given, ascending."""
    return tuple(
        sorted(family for family, least in widest_of_families().items() if least in visible)
    )
