"""The log of a monitor: a JSON object a line, of the same members as a gateway's."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

import orjson

__all__ = ["Level", "Lines", "Log", "nothing"]

Level = Literal["info", "warning", "error"]


class Log(Protocol):
    """Takes what happened."""

    def __call__(self, event: str, level: Level = "info", **more: Any) -> None:
        """One line. event: `part.what`; more: what else is told."""


class Lines:
    """Writes them. write: takes a line with its end; None: to stderr."""

    def __init__(self, write: Callable[[str], object] | None = None) -> None:
        self._write = write or _to_stderr

    def __call__(self, event: str, level: Level = "info", **more: Any) -> None:
        """See `Log`."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = orjson.dumps({**more, "event": event, "level": level, "time": at}, default=repr)
        self._write(f"{line.decode()}\n")


def nothing(event: str, level: Level = "info", **more: Any) -> None:
    """Write no line."""


def _to_stderr(line: str) -> None:
    sys.stderr.write(line)
    sys.stderr.flush()
