"""What goes into the statements, and what they want of others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from gateway.base.crypto import Sealed
from gateway.intake.interfaces import SignedPromise
from ledger.core.opening import Opening
from ledger.core.statement import Statement

ReceiptOf = Callable[[bytes], bytes | None]
"""The receipt file of an entry by its leaf; None where there is none (yet)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is to be stated. members: of the sort, beside the common ones (`ledger.core.statement`).

    request: names it among all requests of this member, so that it is issued once however often the
    caller repeats it; None: each is another. At most 200 bytes.
    """

    sort: str
    members: Mapping[str, Any] = field(default_factory=dict)
    request: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """A statement made, not yet kept. mac, request: as in the table. replaces: record id that its
    entry names; None: of none."""

    statement: Statement
    entry: bytes
    leaf: bytes
    sealed: Sealed
    mac: bytes
    request: bytes | None = None
    replaces: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Statements made together, with a promise over their leaves in this order; None: there is
    none new. next_day: of the batch that the promise counts on."""

    new: Sequence[New] = ()
    promise: SignedPromise | None = None
    key_id: bytes = b""
    next_day: date = date.max


NOTHING_NEW = Made()
"""Where all that is asked for was issued before."""

Issued = Sequence[Opening]
"""Openings in the order in which they were asked for."""
