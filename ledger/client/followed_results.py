"""What gateways answer about what is followed, as values; see `results`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.client.reading import Members

__all__ = ["FollowedRecord", "FollowedSubject", "KnownRecord"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedRecord:
    """A record that is followed by itself."""

    record: str
    since: str

    @classmethod
    def of(cls, told: Members) -> FollowedRecord:
        """Read it."""
        return cls(record=told.text("record"), since=told.text("since"))


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRecord:
    """A record that is known of a followed subject. listed: whether the last answer lists it."""

    record: str
    leaf: str
    member: str
    listed: bool

    @classmethod
    def of(cls, told: Members) -> KnownRecord:
        """Read it."""
        return cls(
            record=told.text("record"),
            leaf=told.text("leaf"),
            member=told.text("member"),
            listed=told.flag("listed"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedSubject:
    """A subject that is followed. subject: the id that events name, never its code. code: None: it
    can be read no more. state: new,
    followed, refused or ended. reason: why it is refused, None: it is not. missing: members of whom
    no answer is there. records: that are known of it, of one by itself; None: not told here."""

    subject: str
    code: str | None
    purpose: str
    state: str
    reason: str | None
    missing: tuple[str, ...]
    records: tuple[KnownRecord, ...] | None
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def of(cls, told: Members) -> FollowedSubject:
        """Read it."""
        known = tuple(KnownRecord.of(one) for one in told.objects("records"))
        return cls(
            subject=told.text("subject"),
            code=told.text_or_none("code"),
            purpose=told.text("purpose"),
            state=told.text("state"),
            reason=told.text_or_none("reason"),
            missing=told.texts("missing"),
            records=known if "records" in told.raw else None,
            raw=told.raw,
        )
