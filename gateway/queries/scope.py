"""What may be asked and given at all, by purpose, role and whether there is an authorisation; never
by what there is."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final

from gateway.base.access_table import AccessTable, Extent, Standing
from ledger.chain.contracts.structs import GOVERNMENT, ON_AUTHORISATION, PUBLIC
from ledger.chain.visibility import VISIBILITY_OF
from ledger.core.keys import Role
from ledger.records.schema import all_schemas

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
    least = _least()
    return all(least.get(family) in visible for family in families)


def askable(visible: frozenset[int]) -> tuple[str, ...]:
    """The families of which some records may be given, ascending."""
    return tuple(sorted(family for family, least in _least().items() if least in visible))


@cache
def _least() -> dict[str, int]:
    """By family the widest visibility that a record of it may have."""
    found: dict[str, int] = {}
    for schema in all_schemas():
        own = VISIBILITY_OF[schema.visibility]
        found[schema.family] = min(own, found.get(schema.family, own))
    return found
