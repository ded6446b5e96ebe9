"""What the rows of a set are judged by, and what becomes of a good one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

from gateway.base.clock import CHINA
from gateway.base.crypto import Sealed, Vault, Wrapped
from gateway.base.policy import Days
from gateway.chain.interfaces import MemberFacts
from gateway.records.content import Content
from ledger.core.keys import Role
from ledger.records.remarks import FieldError

MAX_AHEAD = 900
"""Seconds that a gateway's clock may be ahead of the chain's and still nothing is promised that
its day of decision makes invalid."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What the rows of one set are judged and recorded by. at: Unix seconds, that of the promise.
    log_id: the log that takes them. go_live: the first day of decision of which `timely` is
    said."""

    facts: MemberFacts
    log_id: bytes
    at: int
    go_live: date = date.min

    @cached_property
    def today(self) -> date:
        """The day in China."""
        return datetime.fromtimestamp(self.at, CHINA).date()

    @cached_property
    def latest(self) -> date:
        """The last day on which a decision may have been made, in China.

        A verifier asks for the day of the anchor, by the chain's clock; ours may be ahead of it,
        but a chain that stands still or is down has an old head and keeps no record from being
        taken in.
        """
        behind = max(min(self.at, self.facts.block_time), self.at - MAX_AHEAD)
        return datetime.fromtimestamp(behind, CHINA).date()

    @cached_property
    def province(self) -> bool:
        """Whether anybody accepts records of this member."""
        return bool(self.facts.roles & Role.PROVINCE)


class Draft(NamedTuple):
    """A good row made into a record, to be stored where its key is free.

    at: its place in the set. schema: "penalty@1". authority, visibility: as in the table of
    records. day: of the decision. period: its number. subject: fingerprints of code and name, None
    where it has no code. The keys are fingerprints of 16 bytes. content: sealed, aad = leaf; its
    key as in `Wrapped`, flat, since drafts go from process to process. notes: all but those that
    the database gives. unit: USCC of the authority, "" where the type names none. timely: None
    where no time limit binds. corrects: recordId of the one that it is to correct, b"" for none.
    """

    at: int
    row: int | None
    sheet: str | None
    schema: str
    authority: bytes
    visibility: int
    day: date
    period: int
    subject: tuple[bytes, bytes] | None
    document_key: bytes
    record_key: bytes
    content_mac: bytes
    entry: bytes
    leaf: bytes
    record_id: bytes
    wrapped_by: bytes
    wrapped_key: bytes
    content: bytes
    notes: tuple[FieldError, ...]
    unit: str
    timely: str | None
    corrects: bytes

    @property
    def decided(self) -> Days:
        """The day of the decision, as policy asks for it."""
        return Days(self.day, self.day)

    @property
    def wrapped(self) -> Wrapped:
        """Its key."""
        return Wrapped(self.wrapped_by, self.wrapped_key)

    def open(self, vault: Vault) -> Content:
        """What is sealed in it."""
        return Content.decode(vault.open(Sealed(self.wrapped, self.content), self.leaf))
