"""What a stream of statuses tells, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

__all__ = [
    "INPUT_CHANGED",
    "SUBJECT_EVENTS",
    "Began",
    "InputChanged",
    "Reset",
    "StatusChanged",
    "SubjectEvent",
    "WatchEvent",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Began:
    """Events follow, and none is missing. place: behind which they are."""

    place: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """Events follow, but some may be missing before them: whoever must know asks for the status of
    each record that matters. So it is after longer than a gateway keeps changes (7 days)."""

    place: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanged:
    """A record has another status; members as of `RecordStatus`. at: when the gateway saw it.
    place: behind this event, to go on there another day."""

    place: str | None
    at: str
    record: str
    flags: tuple[str, ...]
    outcome: str
    version: int
    recorded_at: str | None
    effective_at: str | None
    closed: bool
    raw: Mapping[str, Any] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectEvent:
    """Something about a subject that is followed. name: of `SUBJECT_EVENTS`. subject: the id under
    which it is followed, never its code. at, place: as of a status."""

    place: str | None
    name: str
    at: str
    subject: str
    raw: Mapping[str, Any] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class InputChanged:
    """A record that a version of a product was made of has another status. notice: names it, the
    same where it is told again. member: whose product it is. causes: why the record makes it stale;
    empty: it does not, or not any more. users: members that the version was handed to, at most
    1,000; None: it is another member's. at, place: as of a status."""

    place: str | None
    notice: str
    at: str
    member: str
    product: str
    version: int
    record: str
    causes: tuple[str, ...]
    users: tuple[str, ...] | None
    raw: Mapping[str, Any] = field(repr=False, compare=False)


INPUT_CHANGED: Final = "product.input-changed"
SUBJECT_EVENTS: Final = frozenset(
    {"subject.followed", "subject.refused", "record.new", "record.changed"}
)
WatchEvent: TypeAlias = Began | Reset | StatusChanged | SubjectEvent | InputChanged
"""What a stream tells."""
