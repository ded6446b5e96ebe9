"""What gateways answer about special credit reports, as values; see `results`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as kept
from typing import Any

from ledger.client.reading import Members
from ledger.core.texts import Text

__all__ = [
    "ReportField",
    "ReportLine",
    "ReportList",
    "ReportMade",
    "ReportRead",
    "ReportRow",
    "Share",
    "ShareGiven",
]


def _raw() -> Any:
    return kept(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportMade:
    """A report. code: for the counter. pdf: as it is to be handed out; nobody gets it again."""

    number: str
    code: str
    pdf: bytes = kept(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportField:
    """A field (领域) that a report may have."""

    id: str
    title: Text

    @classmethod
    def of(cls, told: Members) -> ReportField:
        """Read it."""
        return cls(id=told.text("id"), title=told.languages("title") or {})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """A report that was made here. state: kept, or erased."""

    number: str
    at: str
    until: str
    state: str
    raw: Mapping[str, Any] = _raw()

    @classmethod
    def of(cls, told: Members) -> ReportRow:
        """Read it."""
        return cls(
            number=told.text("number"),
            at=told.text("at"),
            until=told.text("until"),
            state=told.text("state"),
            raw=told.raw,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportList:
    """Reports, the newest first. next: what to ask on with as `before`; None: that is all."""

    reports: tuple[ReportRow, ...]
    next: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLine:
    """A record in a report. line: its number, from 1. field: the one it stands in. disputed: an
    objection marks it. receipt: that proves it, byte for byte; what it is worth `ledger.Verifier`
    says."""

    line: int
    field: str
    disputed: bool
    record: str
    leaf: str
    type: str
    document: str | None
    authority: str | None
    receipt: bytes = kept(repr=False)
    raw: Mapping[str, Any] = _raw()

    @classmethod
    def of(cls, told: Members, field_: str, receipts: Members) -> ReportLine:
        """Read it."""
        number = told.integer("line")
        return cls(
            line=number,
            field=field_,
            disputed=told.flag("disputed"),
            record=told.text("record"),
            leaf=told.text("leaf"),
            type=told.text("type"),
            document=told.text_or_none("document"),
            authority=told.text_or_none("authority"),
            receipt=receipts.text(str(number)).encode(),
            raw=told.raw,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRead:
    """What is shown of a report. state: genuine, or changed-since. whole: False: a share shows
    parts of it. More stands in `raw`: fields without lines, what can be repaired."""

    number: str
    issuer: str
    state: str
    code: str
    name: str
    at: str
    until: str
    whole: bool
    lines: tuple[ReportLine, ...]
    raw: Mapping[str, Any] = _raw()

    @classmethod
    def of(cls, told: Members) -> ReportRead:
        """Read it."""
        subject, receipts = told.object("subject"), told.object("receipts")
        return cls(
            number=told.text("number"),
            issuer=told.text("issuer"),
            state=told.text("state"),
            code=subject.text("code"),
            name=subject.text("name"),
            at=told.text("at"),
            until=told.text("until"),
            whole=told.flag("whole"),
            lines=tuple(
                ReportLine.of(line, one.text("field"), receipts)
                for one in told.objects("fields")
                for line in one.objects("lines")
            ),
            raw=told.raw,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareGiven:
    """A share of a report. code: told once, for whoever is to read it."""

    share: str
    code: str
    number: str
    until: str

    @classmethod
    def of(cls, told: Members) -> ShareGiven:
        """Read it."""
        names = ("share", "code", "number", "until")
        return cls(**{name: told.text(name) for name in names})


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share in a list. fields, lines: what it shows. state: open, ended or withdrawn. opened: how
    often it was read."""

    share: str
    fields: tuple[str, ...]
    lines: tuple[int, ...]
    until: str
    state: str
    opened: int
    raw: Mapping[str, Any] = _raw()

    @classmethod
    def of(cls, told: Members) -> Share:
        """Read it."""
        scope = told.object("scope")
        return cls(
            share=told.text("share"),
            fields=scope.texts("fields"),
            lines=scope.integers("lines"),
            until=told.text("until"),
            state=told.text("state"),
            opened=told.integer("opened"),
            raw=told.raw,
        )
