"""Statements of the sort `authorisation`: a subject lets a member ask about it (design-2 14).

    {_type:"credit-ledger/authorisation@1", at, docs:[…], from, grantee, iss, log, purpose,
     regions:[…], salt, subject, types:[…], until}

`iss` is the custodian: a province or bureau, and not the grantee, that keeps the document which the
subject signed. The anchored statement is the authorisation; its promise stands for it until `due`.
Days are those of China; the last one counts whole.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, get_args

from ledger.core.commitment import TYPE_NAME
from ledger.core.docs import Doc, docs_of
from ledger.core.errors import Malformed
from ledger.core.ids import CODE
from ledger.core.read import ascending, day, matching, one_of

__all__ = [
    "GOVERNMENT",
    "MAX_REGIONS",
    "MAX_TYPES",
    "PURPOSES",
    "REGION",
    "SUBJECT",
    "Authorisation",
    "Fault",
    "GovernmentPurpose",
    "OwnPurpose",
    "Purpose",
    "check",
    "fault_of",
    "from_members",
]

OwnPurpose = Literal["pre-loan", "in-loan", "post-loan", "guarantee", "own"]
GovernmentPurpose = Literal[
    "regulation", "relocation", "procurement", "funding", "listing", "approval", "bidding"
]
Purpose = OwnPurpose | GovernmentPurpose
GOVERNMENT: frozenset[str] = frozenset(get_args(GovernmentPurpose))
PURPOSES: frozenset[str] = GOVERNMENT | frozenset(get_args(OwnPurpose))

Fault = Literal["expired", "other-purpose", "other-subject", "other-grantee", "out-of-scope"]
"""Why an authorisation does not cover a question; the first that holds, in this order but for
`expired`, which comes last: whoever holds the wrong paper is told so first."""

MAX_TYPES = 64
MAX_REGIONS = 64
SUBJECT = re.compile(r"[0-9A-Z]{18}")
"""Unified social credit code (GB 32100-2015), or number of an identity card (GB 11643-1999)."""
REGION = re.compile(r"[0-9]{6}")
"""Code of a province (GB/T 2260-2007), as of the members that may be asked."""

_MEMBERS = frozenset({"docs", "from", "grantee", "purpose", "regions", "subject", "types", "until"})


@dataclass(frozen=True, kw_only=True)
class Authorisation:
    """What a subject allows. grantee: code of the member that may ask. regions: codes of the
    provinces that may answer, ascending. types: names of record types, ascending. start, until:
    first and last day. docs: what the subject signed, at least one."""

    subject: str
    grantee: str
    purpose: str
    types: tuple[str, ...]
    regions: tuple[str, ...]
    start: date
    until: date
    docs: tuple[Doc, ...] = field(default_factory=tuple)

    def members(self) -> dict[str, Any]:
        """The members of its statement beside the common ones."""
        return {
            "docs": [item.to_json() for item in self.docs],
            "from": self.start.isoformat(),
            "grantee": self.grantee,
            "purpose": self.purpose,
            "regions": list(self.regions),
            "subject": self.subject,
            "types": list(self.types),
            "until": self.until.isoformat(),
        }


def check(members: Mapping[str, Any]) -> None:
    """Malformed unless these are the members of an authorisation beside the common ones."""
    from_members(members)


def from_members(members: Mapping[str, Any]) -> Authorisation:
    """The authorisation that the members of a statement tell; Malformed otherwise."""
    if members.keys() != _MEMBERS:
        raise Malformed("authorisation", "members missing or unknown")
    found = Authorisation(
        docs=docs_of(members["docs"]),
        start=date.fromisoformat(day(members, "from")),
        grantee=matching(members, "grantee", CODE),
        purpose=one_of(members, "purpose", PURPOSES),
        regions=ascending(members, "regions", REGION, MAX_REGIONS),
        subject=matching(members, "subject", SUBJECT),
        types=ascending(members, "types", TYPE_NAME, MAX_TYPES),
        until=date.fromisoformat(day(members, "until")),
    )
    if not found.docs:
        raise Malformed("docs", "without what the subject signed")
    if found.until < found.start:
        raise Malformed("until", "ends before it begins")
    return found


def fault_of(
    given: Authorisation,
    *,
    grantee: str,
    subject: str,
    purpose: str,
    region: str,
    types: Sequence[str],
    on: date,
) -> Fault | None:
    """Why it does not cover this question on this day; None where it does. Whether it is anchored,
    by whom, and whether it was revoked is for the caller to find out."""
    if given.grantee != grantee:
        return "other-grantee"
    if given.subject != subject:
        return "other-subject"
    if given.purpose != purpose:
        return "other-purpose"
    if region not in given.regions or not set(types) <= set(given.types):
        return "out-of-scope"
    if not given.start <= on <= given.until:
        return "expired"
    return None
