"""Bundles: what was known of a subject on a day, kept with all that proves it (design-2 15).

    bundle = JCS {_type:"credit-ledger/bundle@1", answers:[{answer, opening, receipts:[text…]}…],
                  at, completeness:[{family, member, state}…], missing:[{member, reason}…],
                  overall, subject, verdicts:[verdict…]}

`answers` ascend by member, `missing` likewise, and no member stands in both. `completeness` has
`stated`, `missing` or `contradicted` of every member and family that was asked. `verdicts` has one
object for each item of each answer, in that order, and `overall` is `clear`, `adverse` or `open`:
all three are worked out from the rest and the chain, as it was at the block that each answer names.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from ledger.core import canonical
from ledger.core.answer import Given, given_from_json
from ledger.core.authorisation import MAX_TYPES, SUBJECT
from ledger.core.canonical import instant
from ledger.core.commitment import TYPE_NAME
from ledger.core.day_list import Missing
from ledger.core.errors import Malformed
from ledger.core.ids import CODE
from ledger.core.opening import MAX_DEPTH as OPENING_DEPTH
from ledger.core.read import matching, one_of
from ledger.core.signed import REASON, instant_of, list_of, members_of
from ledger.core.versions import loose

__all__ = [
    "MAX_FILE",
    "MAX_MEMBERS",
    "MAX_VERDICTS",
    "TYPE",
    "Bundle",
    "Completeness",
    "Overall",
    "State",
    "is_bundle",
    "parse_bundle",
]

TYPE = "credit-ledger/bundle@1"
MAX_MEMBERS = 64
"""Members that are asked; there are no more provinces."""
MAX_VERDICTS = 16_000
MAX_FILE = 160 << 20
"""Bytes."""

State = Literal["stated", "missing", "contradicted"]
Overall = Literal["clear", "adverse", "open"]

_STATES: frozenset[str] = frozenset(get_args(State))
_OVERALL: frozenset[str] = frozenset(get_args(Overall))
_MEMBERS = frozenset("_type answers at completeness missing overall subject verdicts".split())
_DEPTH = OPENING_DEPTH + 4
_START = re.compile(rb'(\xef\xbb\xbf)?\s*\{\s*"_type"\s*:\s*"credit-ledger/bundle@')
_START_BYTES = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """What a member said of a family of records."""

    member: str
    family: str
    state: str

    def to_json(self) -> dict[str, Any]:
        """The object in a bundle."""
        return {"family": self.family, "member": self.member, "state": self.state}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """One bundle: well-formed, not yet checked. at: Unix seconds. verdicts: objects as they stand
    in the file."""

    subject: str
    at: int
    answers: tuple[Given, ...]
    missing: tuple[Missing, ...]
    completeness: tuple[Completeness, ...]
    verdicts: tuple[Mapping[str, Any], ...]
    overall: str

    def encode(self) -> bytes:
        """The file."""
        return canonical.encode(
            {
                "_type": TYPE,
                "answers": [one.to_json() for one in self.answers],
                "at": instant(self.at),
                "completeness": [one.to_json() for one in self.completeness],
                "missing": [one.to_json() for one in self.missing],
                "overall": self.overall,
                "subject": self.subject,
                "verdicts": [dict(one) for one in self.verdicts],
            },
            allow_null=True,
            max_depth=_DEPTH,
        )


def is_bundle(data: bytes) -> bool:
    """Whether a file says of itself that it is a bundle, of whatever version and spelling."""
    return _START.match(data[:_START_BYTES]) is not None


def parse_bundle(data: bytes) -> Bundle:
    """The bundle in a file; Malformed unless it is the one spelling of one, VersionUnknown where it
    is of another version, ProofMismatch where an answer contradicts itself."""
    try:
        return _parse(data)
    except Malformed:
        loose(data)
        raise


def _parse(data: bytes) -> Bundle:
    value = canonical.parse(data, allow_null=True, max_bytes=MAX_FILE, max_depth=_DEPTH)
    found = members_of("bundle", value, _MEMBERS, TYPE)
    bundle = Bundle(
        subject=matching(found, "subject", SUBJECT),
        at=instant_of(found, "at"),
        answers=tuple(list_of(found, "answers", given_from_json, MAX_MEMBERS)),
        missing=tuple(list_of(found, "missing", _missing, MAX_MEMBERS)),
        completeness=tuple(list_of(found, "completeness", _completeness, MAX_MEMBERS * MAX_TYPES)),
        verdicts=tuple(list_of(found, "verdicts", _verdict, MAX_VERDICTS)),
        overall=one_of(found, "overall", _OVERALL),
    )
    _demand_ordered([one.answer.iss for one in bundle.answers], bundle.missing)
    return bundle


def _demand_ordered(answered: Sequence[str], missing: Sequence[Missing]) -> None:
    silent = [one.member for one in missing]
    for names in (answered, silent):
        if list(names) != sorted(set(names)):
            raise Malformed("bundle", "a member twice, or not in order")
    if set(answered) & set(silent):
        raise Malformed("bundle", "a member that answered is missing")


def _missing(value: Any) -> Missing:
    found = members_of("missing", value, {"member", "reason"})
    return Missing(member=matching(found, "member", CODE), reason=matching(found, "reason", REASON))


def _completeness(value: Any) -> Completeness:
    found = members_of("completeness", value, {"family", "member", "state"})
    return Completeness(
        family=matching(found, "family", TYPE_NAME),
        member=matching(found, "member", CODE),
        state=one_of(found, "state", _STATES),
    )


def _verdict(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Malformed("verdict", "is no object")
    return value
