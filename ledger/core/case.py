"""Statements of the sort `case`: the steps of a repair, an objection, a decision (design-2 12).

A case is a chain of such steps, each by who acts, in its own log; `prev` is the commitment of the
one before. `doc_of` is what the act on the chain names.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, get_args

from ledger.core.canonical import MAX_INTEGER, b64u_encode, hex32, parse_day
from ledger.core.commitment import CLASSES
from ledger.core.errors import Malformed
from ledger.core.ids import Digest, RecordId, doc
from ledger.core.read import digest, integer, salt, text

__all__ = [
    "ACTS",
    "ACTS_OF_FILER",
    "ACTS_OF_OWNER",
    "CHANNELS",
    "MAX_BASIS",
    "MAX_DOCS",
    "MAX_NAME",
    "MAX_NATIONAL_NO",
    "MAX_NOTE",
    "Channel",
    "Doc",
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

MAX_DOCS = 16
MAX_NAME = 200  # characters of a document's name
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
_DOC = frozenset({"name", "salt", "sha256", "size"})


@dataclass(frozen=True, kw_only=True)
class Doc:
    """A document: it is named on the chain by `digest`, which tells nothing of it.

    salt: 32 random bytes. sha256: of the file. size: its bytes.
    """

    name: str
    salt: bytes
    sha256: bytes
    size: int

    @property
    def digest(self) -> Digest:
        """The `doc` of an act that rests on it (design 4)."""
        return doc(self.salt, self.sha256)

    def to_json(self) -> dict[str, Any]:
        """The object in `docs`."""
        return {
            "name": self.name,
            "salt": b64u_encode(self.salt),
            "sha256": hex32(self.sha256),
            "size": self.size,
        }


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
        act=_one_of(members, "act", ACTS),
        authority=_matching(members, "authority", _USCC),
        basis=_optional(members, "basis", _basis),
        case=digest(members, "case"),
        channel=_one_of(members, "channel", CHANNELS),
        class_=_optional(members, "class", _class),
        day=_optional(members, "day", _day),
        docs=_docs(members["docs"]),
        national_no=_optional(members, "nationalNo", _national_no),
        note=_bounded(members, "note", 0, MAX_NOTE),
        prev=_optional(members, "prev", digest),
        pushed=_optional(members, "pushed", _day),
        received=_optional(members, "received", _day),
        record=RecordId(digest(members, "record")),
        role=_matching(members, "role", _ROLE),
        step=_within(members, "step", 1, MAX_INTEGER),
    )
    if (found.step == 1) != (found.prev is None):
        raise Malformed("case", "the first step has no prev, each other has one")
    return found


def doc_of(commitment: bytes, salt_: bytes, docs: Sequence[Doc]) -> Digest:
    """The `doc` that the act of a step names: that of its first document; without any, of the
    statement itself, by its commitment and the salt that it holds."""
    return docs[0].digest if docs else doc(salt_, commitment)


# ---- private

_T = TypeVar("_T")


def _docs(value: Any) -> tuple[Doc, ...]:
    if not isinstance(value, list) or len(value) > MAX_DOCS:
        raise Malformed("docs", f"is not a list of at most {MAX_DOCS}")
    return tuple([_parse_doc(item) for item in value])


def _parse_doc(value: Any) -> Doc:
    if not isinstance(value, Mapping) or value.keys() != _DOC:
        raise Malformed("docs", "members missing or unknown")
    return Doc(
        name=_bounded(value, "name", 1, MAX_NAME),
        salt=salt(value, "salt"),
        sha256=digest(value, "sha256"),
        size=_within(value, "size", 0, MAX_INTEGER),
    )


def _optional(
    members: Mapping[str, Any], name: str, parser: Callable[[Mapping[str, Any], str], _T]
) -> _T | None:
    return None if members[name] is None else parser(members, name)


def _basis(members: Mapping[str, Any], name: str) -> int:
    return _within(members, name, 1, MAX_BASIS)


def _class(members: Mapping[str, Any], name: str) -> str:
    return _one_of(members, name, frozenset(CLASSES))


def _national_no(members: Mapping[str, Any], name: str) -> str:
    return _bounded(members, name, 1, MAX_NATIONAL_NO)


def _day(members: Mapping[str, Any], name: str) -> str:
    return parse_day(text(members, name)).isoformat()


def _one_of(members: Mapping[str, Any], name: str, known: frozenset[str]) -> str:
    found = text(members, name)
    if found not in known:
        raise Malformed(name, "is none of those that there are")
    return found


def _matching(members: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    found = text(members, name)
    if not pattern.fullmatch(found):
        raise Malformed(name, "is not spelled as it must be")
    return found


def _bounded(members: Mapping[str, Any], name: str, least: int, most: int) -> str:
    found = text(members, name)
    if not least <= len(found) <= most:
        raise Malformed(name, f"is not {least} … {most} characters long")
    return found


def _within(members: Mapping[str, Any], name: str, least: int, most: int) -> int:
    found = integer(members, name)
    if not least <= found <= most:
        raise Malformed(name, f"is not {least} … {most}")
    return found
