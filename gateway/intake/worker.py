"""Drafting in a process of its own: what it is given, and what it does.

Each gateway starts several and starts them anew, so this imports neither database nor metrics.
"""

from __future__ import annotations

import pickle
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.base.child import end_with_parent
from gateway.base.crypto import ContentKey, Hmac, Vault
from gateway.base.memory import tune_memory
from gateway.base.schema_folder import SchemaFolder
from gateway.base.who import WhoFiles, WhoPaths
from gateway.intake.calendar_file import CalendarFile
from gateway.intake.draft import Drafter
from gateway.intake.drafts import Draft, Terms
from gateway.intake.interfaces import RowInput
from gateway.intake.parsing import parse_lines
from gateway.intake.plain_rows import PlainRows


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows that were read already."""

    rows: Sequence[RowInput]

    def read(self) -> Sequence[RowInput]:
        """Them."""
        return self.rows

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Lines:
    """Consecutive NDJSON lines, the first of which has the number `first`; None: too long."""

    lines: Sequence[bytes | None]
    first: int

    def read(self) -> Sequence[RowInput]:
        """What they say."""
        return parse_lines(self.lines, self.first)

    def __len__(self) -> int:
        return len(self.lines)


@dataclass(frozen=True, slots=True)
class Pickled:
    """Rows that another process of ours has read: the pickle of a list of them, some of which lie
    together as `PlainRows`. It is opened only where they are drafted."""

    data: bytes
    count: int

    def read(self) -> Sequence[RowInput]:
        """Them."""
        read: list[RowInput | PlainRows] = pickle.loads(self.data)  # noqa: S301 - our own process
        rows: list[RowInput] = []
        for one in read:
            if isinstance(one, PlainRows):
                rows += one.read()
            else:
                rows.append(one)
        return rows

    def __len__(self) -> int:
        return self.count


Source = Rows | Lines | Pickled


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a drafter is made of. content: the key that wraps. calendar: file with the operator's
    years. schemas: folder with the operator's schemas and rules. who: the operator's files of who
    is who."""

    content: ContentKey
    index: bytes
    calendar: Path | None
    schemas: Path | None
    who: WhoPaths

    def drafter(self) -> Drafter:
        """A drafter of its own. Raises ConfigError where a file of the operator is wrong."""
        return self.like(CalendarFile(self.calendar), WhoFiles(self.who))

    def like(self, calendar: CalendarFile, who: WhoFiles) -> Drafter:
        """A drafter that shares files opened before."""
        library = SchemaFolder(self.schemas)
        return Drafter(Vault([self.content]), Hmac(self.index), calendar, library, who)


_drafter: Drafter | None = None


def begin(secrets: Secrets) -> None:
    """Make this process a drafter, which ends with its gateway."""
    global _drafter  # noqa: PLW0603 - a process of a pool has no other place
    # Ctrl-C reaches the whole group; the gateway ends us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    _drafter = secrets.drafter()
    tune_memory()


def draft(source: Source, terms: Terms) -> list[Any]:
    """Draft a set. Plain tuples for drafts: of a class of its own each would take twice as long to
    send."""
    if _drafter is None:
        raise RuntimeError("not begun")
    drafted = _drafter.draft(source.read(), terms)
    return [tuple(item) if isinstance(item, Draft) else item for item in drafted]
