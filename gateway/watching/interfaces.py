"""Values of watching, and what it wants of who asks other members about a subject."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol

import sqlalchemy as sa

from gateway.base.policy import Caller
from gateway.statuses.changes import Change, Place
from ledger.core.canonical import hex32, instant
from ledger.core.errors import LedgerError

MAX_KNOWN: Final = 10_000
"""Records of one subject that are kept apart: what 64 provinces may answer at 1,000 each is more
than a bank can look at, and such a subject is a mistake."""
TOO_MANY: Final = "too-many-records"


class Kind(StrEnum):
    """What is told beside changes of statuses: of followed subjects, and of products."""

    FOLLOWED = "subject.followed"
    """It was asked about for the first time, or again after a refusal."""
    REFUSED = "subject.refused"
    """It is not asked about with success any more; the code says why."""
    NEW = "record.new"
    """An answer lists a record that none listed before."""
    CHANGED = "record.changed"
    """A record is not listed any more, or is listed again."""
    INPUT_CHANGED = "product.input-changed"
    """A record that a version of a product was made of has another status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked about a subject. code: its USCC. types: of records, empty = all that the
    authorisation names. authorisation: commitment of its statement; None: the purpose needs none.
    holder: for whom it is asked."""

    code: str
    types: tuple[str, ...]
    purpose: str
    authorisation: bytes | None
    holder: Caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A record in an answer, whose receipt was verified. receipt: its SHA-256; None: none came."""

    record: bytes
    leaf: bytes
    member: str
    receipt: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """All answers together. missing: codes of the members of whom none is good; what they listed
    before stays as it is."""

    records: Sequence[Listed]
    missing: frozenset[str] = frozenset()


JudgeSubject = Callable[[Wanted], str | None]
"""Why a question could not be asked today, by what is kept here, for nobody is asked; None: it
could, or that is not known."""


class AskSubject(Protocol):
    """Asks the members about a subject, under an authorisation, as `use` does."""

    def __call__(self, wanted: Wanted) -> Answered:
        """What they answer. Raises SubjectRefused where it may not be asked; CouldNotCheck or
        NotReady where it could not be."""


class SubjectRefused(LedgerError):
    """A subject may not be asked about. code: `authorisation-missing` `authorisation-expired`
    `authorisation-revoked` `authorisation-unknown` `authorisation-other-subject`
    `authorisation-other-purpose` `type-out-of-scope` `not-granted`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What became known of a followed subject. Members beside kind and watched are None where it is
    about no record, or no refusal."""

    place: Place
    at: int
    kind: Kind
    watched: str
    record: bytes | None = None
    leaf: bytes | None = None
    member: str | None = None
    receipt: bytes | None = None
    listed: bool | None = None
    code: str | None = None
    count: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """As it is told. The subject is named by the number under which it is followed."""
        told = {
            "record": self.record and hex32(self.record),
            "leaf": self.leaf and hex32(self.leaf),
            "member": self.member,
            "receipt": self.receipt and hex32(self.receipt),
            "listed": self.listed,
            "code": self.code,
            "records": self.count,
        }
        said = {name: value for name, value in told.items() if value is not None}
        return {"at": instant(self.at), "subject": self.watched, **said}


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedNotice:
    """A notice about a product as it is kept. name: its fingerprint. department: of the product;
    None: the member itself. box: of the key that opens the content."""

    place: Place
    at: int
    name: bytes
    department: str | None
    box: str
    content: bytes


class OpenNotice(Protocol):
    """Opens notices about products for one caller."""

    def __call__(self, connection: sa.Connection, notice: SealedNotice) -> Notified | None:
        """What the caller is told; None: it may not know of the product, or nobody can any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notified:
    """A record that went into a product changed. told: as it is told, with `at` in words."""

    place: Place
    at: int
    told: Mapping[str, Any]
    kind: Kind = Kind.INPUT_CHANGED

    def as_dict(self) -> dict[str, Any]:
        """As it is told."""
        return dict(self.told)


Event = Change | Found | Notified
"""All that is told to who watches, in one order."""
