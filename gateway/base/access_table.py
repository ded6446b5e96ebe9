"""The access table: what a member is given of another's record, as agreed by all.

Data with a version, in the package (`access_tables/`), so that its hash can stand in an AGREEMENT
item of the catalogue and its version in every line of the access log. Whoever wants to know what
may be given asks `gateway.base.policy`.

    rows       {roles, purposes, visibility, status, give}: the first row that names the role of the
               asker, the purpose, and visibility and status of the record; where none does, nothing
    match      what of a record `check` compares: `subject-name` `subject-code` `document`
               `decided` `authority-name` `authority-code`
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any, Final

from ledger.chain.contracts.structs import GOVERNMENT, ON_AUTHORISATION, PUBLIC
from ledger.core import canonical
from ledger.core.errors import Malformed
from ledger.core.keys import Role

TYPE: Final = "credit-ledger/access-table@1"
FILES: Final = "access_tables"
NEWEST: Final = 1
MAX_FILE: Final = 64 << 10
"""Bytes; ten times the first one."""
NO_PURPOSE: Final = "none"
"""Of a request that names none."""
CONSENTED: Final = ("pre-loan", "in-loan", "post-loan", "guarantee", "own")
"""Purposes of an authorisation."""
OF_GOVERNMENT: Final = (
    *("regulation", "relocation", "procurement", "funding"),
    *("listing", "approval", "bidding"),
)
"""Purposes of authorities, which need no consent where the table says so."""
PURPOSES: Final = frozenset({NO_PURPOSE, *CONSENTED, *OF_GOVERNMENT})


class Extent(StrEnum):
    """How much is given."""

    ALL = "all"
    SCOPE = "scope"
    """What an authorisation covers."""
    MATCH = "match"
    """Whether values that the asker names are those of the record."""
    NOTHING = "nothing"


class Standing(StrEnum):
    """How a record stands, for whoever asks from outside."""

    IN_FORCE = "in-force"
    DISPUTED = "disputed"
    OUTCOME = "outcome"
    SHIELDED = "shielded"
    SUPERSEDED = "superseded"
    """Another stands for it at the member that holds it."""
    ERASED = "erased"


class Compared(StrEnum):
    """What of a record may be compared, whatever its type calls the field."""

    SUBJECT_NAME = "subject-name"
    SUBJECT_CODE = "subject-code"
    DOCUMENT = "document"
    DECIDED = "decided"
    AUTHORITY_NAME = "authority-name"
    AUTHORITY_CODE = "authority-code"


VISIBILITIES: Final[Mapping[str, int]] = {
    "public": PUBLIC,
    "authorisation": ON_AUTHORISATION,
    "government": GOVERNMENT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row. visibility: numbers of the catalogue."""

    roles: Role
    purposes: Set[str]
    visibility: Set[int]
    status: Set[Standing]
    give: Extent


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessTable:
    """One version. sha256: of its file, in hex."""

    version: int
    rows: Sequence[Row]
    match: Set[Compared]
    sha256: str

    def extent(self, roles: Role, purpose: str, visibility: int, status: Standing) -> Extent:
        """What a member with these roles is given, by the first row that names one of them."""
        for row in self.rows:
            named = row.roles & roles and purpose in row.purposes
            if named and visibility in row.visibility and status in row.status:
                return row.give
        return Extent.NOTHING


@cache
def load(version: int = NEWEST) -> AccessTable:
    """The packaged table of this version."""
    place = resources.files(__package__).joinpath(FILES, f"exchange@{version}.json")
    return parse(place.read_bytes())


def parse(data: bytes) -> AccessTable:
    """The table in the bytes of a file. Raises Malformed."""
    value = canonical.parse(data, max_bytes=MAX_FILE, max_depth=4)
    if not isinstance(value, dict) or value.keys() != {"_type", "match", "rows", "version"}:
        raise Malformed("access table", "members missing or unknown")
    version = value["version"]
    if value["_type"] != TYPE or type(version) is not int or version < 1:
        raise Malformed("access table", "of another type, or without a version")
    if not isinstance(value["rows"], list):
        raise Malformed("access table", "rows are no list")
    return AccessTable(
        version=version,
        rows=tuple(_row(row) for row in value["rows"]),
        match=frozenset(_known(value["match"], {each.value: each for each in Compared})),
        sha256=hashlib.sha256(data).hexdigest(),
    )


_MEMBERS: Final = {"give", "purposes", "roles", "status", "visibility"}
_ROLES: Final[Mapping[str, Role]] = {str(role.name): role for role in Role}


def _row(value: Any) -> Row:
    if not isinstance(value, dict) or value.keys() != _MEMBERS:
        raise Malformed("access table", "a row with members missing or unknown")
    roles = Role(0)
    for role in _known(value["roles"], _ROLES):
        roles |= role
    (give,) = _known([value["give"]], {each.value: each for each in Extent})
    return Row(
        roles=roles,
        purposes=frozenset(_known(value["purposes"], {name: name for name in PURPOSES})),
        visibility=frozenset(_known(value["visibility"], VISIBILITIES)),
        status=frozenset(_known(value["status"], {each.value: each for each in Standing})),
        give=give,
    )


def _known(names: Any, of: Mapping[str, Any]) -> list[Any]:
    """What some words mean: never none, never an unknown one."""
    if not isinstance(names, list) or not names:
        raise Malformed("access table", "an empty list, or none")
    if not all(isinstance(name, str) and name in of for name in names):
        raise Malformed("access table", "an unknown word")
    return [of[name] for name in names]
