"""Values of the exchange, and what it wants of others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Protocol

from gateway.base.access_table import Standing
from gateway.http.limits import EXCHANGE, MAX_EXCHANGE
from ledger.core.authorisation import Authorisation
from ledger.core.ids import Digest, RecordId
from ledger.core.keys import Role

MAX_REQUEST: Final = MAX_EXCHANGE
"""Bytes of the body of a request."""
MAX_ANSWER: Final = 64 << 20
"""Bytes of the body of an answer."""
MAX_ITEMS: Final = 1000
"""Receipts, openings or the like in one answer."""
ROUTES: Final = EXCHANGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """The member whose request was proven. nonce: of the request, as it was sent."""

    code: str
    roles: Role
    nonce: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a member is answered: canonical JSON, or what stands for it."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An opening of another member as it was kept. received_at: Unix seconds."""

    member: str
    commitment: bytes
    sort: str
    opening: bytes
    received_at: int


class StatusOf(Protocol):
    """How a record stands on the chain; for who decides what is given of it."""

    def __call__(self, record_id: bytes) -> Standing:
        """Of a record id, 32 bytes. Raises NotReady where it cannot be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """An authorisation that holds. commitment: of its statement as it was shown. record: id of the
    first of its chain, where its log was closed and it was logged again. custodian: who made it."""

    commitment: Digest
    record: RecordId
    authorisation: Authorisation
    custodian: str


class PapersOf(Protocol):
    """Judges authorisations that members show."""

    def admit(self, opening: Mapping[str, Any], *, asker: str, on: date) -> Granted:
        """The authorisation, where nothing is wrong with it by itself: whom the record is about
        and of which type it is the caller MUST compare. Raises Refused, NotReady."""

    def still_valid(self, granted: Granted) -> bool:
        """Whether it was not taken back meanwhile. Raises NotReady."""

    def covers(self, granted: Granted, types: Sequence[str]) -> bool:
        """Whether it is for these families of types, and for us. Raises NotReady."""


class Inbox(Protocol):
    """Takes messages of one sort. Called before the sender is answered, and again where it raised;
    what it has taken already does no harm."""

    def take(self, message: Message) -> None:
        """Take it. Raises `gateway.peers.errors.Refused`, or NotReady."""


class OpeningSource(Protocol):
    """The openings of our own statements."""

    def openings(self, log: bytes, start: int, end: int) -> Iterable[tuple[int, Mapping[str, Any]]]:
        """Those of the leaves start … end - 1 of a log with their index, in order; leaves that are
        no statements are left out. Read one by one, and not always to the end."""


class DrawSource(Protocol):
    """What is drawn of our own logs, for auditors."""

    def is_drawn(self, record_id: bytes, day: date, count: int) -> bool:
        """Whether a record is among so many of its log that are drawn by the first block of a day;
        never of a day that is long past. Raises NotReady where the chain cannot be asked, or that
        block is not there yet."""


class NoDraws:
    """Stand in for draws: nothing is drawn."""

    def is_drawn(self, record_id: bytes, day: date, count: int) -> bool:
        """No."""
        return False


def in_force(record_id: bytes) -> Standing:
    """Stand in for the status of records: nothing was said of any."""
    return Standing.IN_FORCE


class NoOpenings:
    """Stand in for our own statements: there are none."""

    def openings(self, log: bytes, start: int, end: int) -> Iterable[tuple[int, Mapping[str, Any]]]:
        """None."""
        return ()
