"""What is asked of the cases, and what they know of a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.base.policy import Record, Status
from gateway.cases.materials import Material
from gateway.records.content import Content
from ledger.core.ids import Digest, LogId, RecordId
from ledger.records.schema import Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A record of one's own log. content, schema: None where it was erased, or its schema file is
    not here."""

    record: RecordId
    leaf: bytes
    log: LogId
    commitment: Digest
    known: Record
    status: Status
    content: Content | None
    schema: Schema | None

    @property
    def authority(self) -> str | None:
        """USCC of the determining authority, where the record tells it."""
        if self.content is None or self.schema is None or self.schema.authority.code is None:
            return None
        found = self.content.fields.get(self.schema.authority.code)
        return found if isinstance(found, str) else None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A further step of a case, or what is to be decided. to_record: the record that corrects
    (uphold, correct); withdraw: with uphold, in its place. version: of the status that the caller
    has seen, None = any."""

    act: str
    note: str = ""
    day: str | None = None
    pushed: str | None = None
    basis: int | None = None
    class_: str | None = None
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
            "toRecord": None if self.to_record is None else self.to_record.hex(),
            "withdraw": self.withdraw,
        }


Answer = Mapping[str, Any]
"""JSON, as routes give it."""
