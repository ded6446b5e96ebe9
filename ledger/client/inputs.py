"""What clients are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ledger.client.results import FileAnswer

__all__ = [
    "Act",
    "Content",
    "Decision",
    "Feedback",
    "Kind",
    "ProductKind",
    "Progress",
    "Record",
    "Source",
    "Subject",
]

Record: TypeAlias = Mapping[str, Any] | bytes
"""A record as JSON, or the object of which it is made."""
Source: TypeAlias = Path | tuple[str, bytes]
"""A file, or its name and content."""
Progress: TypeAlias = Callable[[FileAnswer], None]
"""Told of how far a file is, whenever that was asked."""
Kind: TypeAlias = Literal["repair", "objection"]
"""What a case is about."""
Act: TypeAlias = Literal[
    "accept", "decline", "ask-supplement", "supplement", "withdraw", "national-result"
]
"""Steps that one person makes. What is decided is proposed by one and released by another: those
have commands."""
Decision: TypeAlias = Literal["approved", "declined", "none"]
"""What came of a question."""
ProductKind: TypeAlias = Literal["dataset", "model", "portrait", "report"]
"""Of what kind a product is."""
Content: TypeAlias = Path | bytes | str
"""What a gateway is told the SHA-256 of: a file, bytes, or that digest itself in hex."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One of many that are asked about. authorisation: one that is held at the gateway. row, sheet:
    where it stood in a table, None: in none."""

    code: str
    authorisation: str | None = None
    row: int | None = None
    sheet: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What was done about a subject. query: commitment of the query that it rests on, as of `Use`
    and `CheckAnswer`. matter: in words of your own. measure: the name of one in force. row,
    sheet: as of `Subject`."""

    query: str
    day: date | str
    matter: str
    measure: str
    result: str = ""
    row: int | None = None
    sheet: str | None = None
