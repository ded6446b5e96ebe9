"""Statements of the sort `case`: the steps of a repair, an objection, a decision (design-2 12).

A case is a chain of such steps, each by who acts, in its own log; `prev` is the commitment of the
one before. `doc_of` is what the act on the chain names.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from ledger.core.canonical import MAX_INTEGER, hex32
from ledger.core.commitment import CLASSES
from ledger.core.docs import Doc, docs_of
from ledger.core.errors import Malformed
from ledger.core.ids import Digest, RecordId, doc
from ledger.core.read import bounded, day, digest, matching, one_of, optional, within

__all__ = [
    "ACTS",
    "ACTS_OF_FILER",
    "ACTS_OF_OWNER",
    "CHANNELS",
    "MAX_BASIS",
    "MAX_NATIONAL_NO",
    "MAX_NOTE",
    "Channel",
    "Step",
    "StepAct",
    "StepOfFiler",
    "StepOfOwner",
    "check",
    "doc_of",
    "from_members",
]

StepOfFiler = Literal[
    "file-repair", "file-objection", "supplement", "withdraw-filing", "national-result"
]
StepOfOwner = Literal[
    "accept",
    "decline",
    "ask-supplement",
    "grant",
    "refuse",
    "uphold",
    "dismiss",
    "unconfirmed",
    "shield",
    "lift",
    "rescind",
    "correct",
    "withdraw",
    "end",
    "erase",
]
StepAct = StepOfFiler | StepOfOwner
Channel = Literal["national", "portal", "desk", "court", "own"]

ACTS_OF_FILER: frozenset[str] = frozenset(get_args(StepOfFiler))
ACTS_OF_OWNER: frozenset[str] = frozenset(get_args(StepOfOwner))
ACTS = ACTS_OF_FILER | ACTS_OF_OWNER
CHANNELS: frozenset[str] = frozenset(get_args(Channel))

MAX_NOTE = 2_000  # characters
MAX_NATIONAL_NO = 64  # characters of the number that the national platform gave; theirs have 20
MAX_BASIS = 2**16 - 1  # uint16 on the chain, which knows which of them are any

_USCC = re.compile(r"[0-9A-Z]{18}")
# Of letters that a name is not written in: "unit:officer", a pseudonym.
_ROLE = re.compile(r"[0-9A-Za-z._-]{1,64}:[0-9A-Za-z._-]{1,64}")
_MEMBERS = frozenset(
    "act authority basis case channel class day docs nationalNo note prev pushed received record"
    " role step".split()
)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step. None: null in JSON. case: 32 random bytes that name it. step: 1, 2 …; the first has
    no prev, each other has one. basis: number of the legal basis (design-2 11). class_: of the
    decision, with `grant`. day, received, pushed: ISO days. note: "" for none.
    """

    act: str
    authority: str
    case: bytes
    channel: str
    record: RecordId
    role: str
    step: int = 1
    prev: Digest | None = None
    basis: int | None = None
    class_: str | None = None
    day: str | None = None
    received: str | None = None
    pushed: str | None = None
    national_no: str | None = None
    note: str = ""
    docs: tuple[Doc, ...] = field(default_factory=tuple)

    def members(self) -> dict[str, Any]:
        """The members of its statement beside the common ones."""
        return {
            "act": self.act,
            "authority": self.authority,
            "basis": self.basis,
            "case": hex32(self.case),
            "channel": self.channel,
            "class": self.class_,
            "day": self.day,
            "docs": [item.to_json() for item in self.docs],
            "nationalNo": self.national_no,
            "note": self.note,
            "prev": None if self.prev is None else hex32(self.prev),
            "pushed": self.pushed,
            "received": self.received,
            "record": hex32(self.record),
            "role": self.role,
            "step": self.step,
        }


def check(members: Mapping[str, Any]) -> None:
    """Malformed unless these are the members of a case statement beside the common ones."""
    from_members(members)


def from_members(members: Mapping[str, Any]) -> Step:
    """The step that the members of a statement tell (`Statement.members`); Malformed otherwise."""
    if members.keys() != _MEMBERS:
        raise Malformed("case", "members missing or unknown")
    found = Step(
        act=one_of(members, "act", ACTS),
        authority=matching(members, "authority", _USCC),
        basis=optional(members, "basis", _basis),
        case=digest(members, "case"),
        channel=one_of(members, "channel", CHANNELS),
        class_=optional(members, "class", _class),
        day=optional(members, "day", day),
        docs=docs_of(members["docs"]),
        national_no=optional(members, "nationalNo", _national_no),
        note=bounded(members, "note", 0, MAX_NOTE),
        prev=optional(members, "prev", digest),
        pushed=optional(members, "pushed", day),
        received=optional(members, "received", day),
        record=RecordId(digest(members, "record")),
        role=matching(members, "role", _ROLE),
        step=within(members, "step", 1, MAX_INTEGER),
    )
    if (found.step == 1) != (found.prev is None):
        raise Malformed("case", "the first step has no prev, each other has one")
    return found


def doc_of(commitment: bytes, salt_: bytes, docs: Sequence[Doc]) -> Digest:
    """The `doc` that the act of a step names: that of its first document; without any, of the
    statement itself, by its commitment and the salt that it holds."""
    return docs[0].digest if docs else doc(salt_, commitment)


# ---- private


def _basis(members: Mapping[str, Any], name: str) -> int:
    return within(members, name, 1, MAX_BASIS)


def _class(members: Mapping[str, Any], name: str) -> str:
    return one_of(members, name, frozenset(CLASSES))


def _national_no(members: Mapping[str, Any], name: str) -> str:
    return bounded(members, name, 1, MAX_NATIONAL_NO)
