"""Values of reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from ledger.core.report_content import Content
from ledger.files.report_lines import Line
from ledger.records.report_fields import FieldList

VALID_DAYS: Final = 90
"""Days on which a report is to be relied on, that of its making not counted: ours, for no law at
hand says it."""
MAX_YEARS: Final = 5
"""Years of decisions that a report speaks of at most, as Beijing's do."""
MAX_TERM: Final = 365
"""Days of a share."""
MAX_SHARES: Final = 100
"""Shares of one report that are open at once."""
MAX_EVER: Final = 1000
"""Shares of one report, those too that have ended or were withdrawn: all are shown in one list."""

Counted = Literal["genuine", "changed-since", "unknown"]
"""What a counter is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A report that somebody wants. code: USCC of the subject. fields: their ids, None: all."""

    code: str
    start: date
    end: date
    fields: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What a report is made of. receipts: of the content's records, in its order, and lines what
    they show. newest: row number of the newest record of the subject that was looked at.
    disputed: numbers of lines that an objection marks."""

    content: Content
    field_list: FieldList
    receipts: tuple[str, ...]
    lines: tuple[Line, ...]
    disputed: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A report that was made. code: for the counter. pdf: as it is handed out, once."""

    number: str
    code: str
    pdf: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What of a report a share shows: whole fields by id, and single lines, counted from 1."""

    fields: tuple[str, ...]
    lines: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        """As it is kept and told."""
        return {"fields": list(self.fields), "lines": list(self.lines)}

    @classmethod
    def of_json(cls, value: Mapping[str, Sequence[Any]]) -> Scope:
        """The inverse of `to_json`."""
        return cls(fields=tuple(value["fields"]), lines=tuple(value["lines"]))
