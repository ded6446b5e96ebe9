"""Visibility of records as the catalogue writes it: the number of each name of the schemas, and
who is given what of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from ledger.chain.contracts.structs import GOVERNMENT, ON_AUTHORISATION, PUBLIC
from ledger.core.authorisation import GOVERNMENT as GOVERNMENT_PURPOSES
from ledger.core.keys import Role
from ledger.records.schema import all_schemas
from ledger.records.schema_parts import Visibility

__all__ = ["VISIBILITY_OF", "most_seen", "widest_of_families"]

VISIBILITY_OF: Final[Mapping[Visibility, int]] = {
    "public": PUBLIC,
    "authorisation": ON_AUTHORISATION,
    "government": GOVERNMENT,
}
"""The stricter the higher."""


def most_seen(roles: Role, purpose: str, *, authorised: bool) -> int:
    """The strictest visibility of records that a member is given, as the catalogue writes it."""
    if Role.PROVINCE in roles and purpose in GOVERNMENT_PURPOSES:
        return GOVERNMENT
    return ON_AUTHORISATION if authorised else PUBLIC


@cache
def widest_of_families() -> Mapping[str, int]:
    """By family the widest visibility that a record of it may have."""
    found: dict[str, int] = {}
    for schema in all_schemas():
        own = VISIBILITY_OF[schema.visibility]
        found[schema.family] = min(own, found.get(schema.family, own))
    return found
