"""What clients are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ledger.client.results import FileAnswer

__all__ = ["Act", "Kind", "Progress", "Record", "Source"]

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
