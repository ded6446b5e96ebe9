"""What is asked of the cases, and what they know of a record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import sqlalchemy as sa

from gateway.base.policy import Record, Status
from gateway.cases.materials import Material, digests
from gateway.peers.interfaces import Message
from gateway.records.content import Content
from gateway.statuses.interfaces import Behind
from gateway.tokens.services import Holder as Holder  # noqa: PLC0414 - part of what this gives
from gateway.tokens.services import TokenNow
from ledger.core.ids import Digest, LogId, RecordId, record_id
from ledger.records import uscc
from ledger.records.schema import Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A record of one's own log. log, commitment: what acts on it name, of the first of its chain
    where it was logged again. content, schema: None where it was erased, or its schema file is not
    here. status: as the database has it."""

    record: RecordId
    leaf: bytes
    log: LogId
    commitment: Digest
    known: Record
    status: Status
    content: Content | None
    schema: Schema | None

    @property
    def acted(self) -> RecordId:
        """The record on which acts are: the first of its chain, mostly itself."""
        return record_id(self.log, self.commitment)

    @property
    def authority(self) -> str | None:
        """USCC of the determining authority, where the record tells it."""
        if self.content is None or self.schema is None or self.schema.authority.code is None:
            return None
        found = self.content.fields.get(self.schema.authority.code)
        return found if isinstance(found, str) else None

    @property
    def subject(self) -> str | None:
        """USCC of the subject, where the record tells one."""
        if self.content is None or self.schema is None:
            return None
        found = self.content.fields.get(self.schema.subject.code)
        return found if isinstance(found, str) and uscc.check(found) is None else None


class Tokens(Protocol):
    """What is asked of the tokens of this member."""

    def known(self, connection: sa.Connection, token_id: int, /) -> TokenNow | None:
        """Whose a token is and whether it is in force; None where there never was one."""

    def line(self, connection: sa.Connection, token_id: int, /) -> Sequence[Holder]:
        """Whose a token is, then who issued it, who issued that one, and so on."""


Acknowledged = Callable[[], Sequence[Behind]]
"""How far the ACTIVE provinces have come, by code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """A repair or an objection as it is filed. kind: `repair` or `objection`. owner: of the log,
    None = this member. Days in ISO."""

    record: bytes
    kind: str
    reason: str
    owner: str | None = None
    authority: str | None = None
    channel: str | None = None
    national_no: str | None = None
    received: str | None = None
    docs: Sequence[Material] = ()

    def said(self, token: int, record: RecordId, day: str) -> tuple[Any, ...]:
        """What tells it from another that a token files."""
        said = (self.kind, self.reason, self.authority, self.channel, self.national_no)
        return ("file", token, record.hex(), day, *said, digests(self.docs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A further step of a case, or what is to be decided. to_record: the record that corrects
    (uphold, correct); withdraw: with uphold, in its place. version: of the status that the caller
    has seen, None = any. pushed: with basis 10 the day on which the change of the decision was
    known. national_no: the number that the national platform gave (`national-result`, basis 4)."""

    act: str
    note: str = ""
    day: str | None = None
    pushed: str | None = None
    basis: int | None = None
    class_: str | None = None
    national_no: str | None = None
    to_record: bytes | None = None
    withdraw: bool = False
    version: int | None = None
    docs: Sequence[Material] = field(default_factory=tuple)

    def said(self) -> dict[str, Any]:
        """What tells it from another, without the documents."""
        return {
            "act": self.act,
            "note": self.note,
            "day": self.day,
            "pushed": self.pushed,
            "basis": self.basis,
            "class": self.class_,
            "nationalNo": self.national_no,
            "toRecord": None if self.to_record is None else self.to_record.hex(),
            "withdraw": self.withdraw,
        }


class Handing(Protocol):
    """Takes what goes to other members."""

    def put(
        self, connection: sa.Connection, *, member: str, commitment: bytes, opening: bytes
    ) -> None:
        """Have an opening sent, within the caller's transaction."""


class Received(Protocol):
    """What other members handed over."""

    def kept(self, commitment: bytes, connection: sa.Connection | None = None) -> Message | None:
        """It, by the commitment of its statement. Raises ContentKeyMissing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Abroad:
    """A record of another member. authority: USCC of who determined it, None where it is not
    told."""

    record: RecordId
    owner: str
    authority: str | None = None


class Whose(Protocol):
    """Tells whose a record is that is none of ours."""

    def find(self, name: bytes, owner: str | None, *, authority: bool = True) -> Abroad:
        """The record by its id, or its leaf where a mirror holds it. owner: who has it, None: it is
        to be found out. authority: the owner is asked for that. Raises CaseRefused
        `record-unknown`, `not-anchored`; InputError where there is no such owner; NotReady."""


Answer = Mapping[str, Any]
"""JSON, as routes give it."""
