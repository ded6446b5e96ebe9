"""JSON-lines log: what happened and where in the code, never what was in it.

Messages of foreign exceptions may quote values (a database error shows parameters), so of an
exception only its type and the places in the code are written.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO

import orjson
import structlog

from ledger.core.errors import ConfigError

if TYPE_CHECKING:  # processes that only draft or read need no settings
    from gateway.base.settings import LogFileSettings

MAX_FRAMES = 30
MAX_MESSAGE = 200
"""Characters kept of a message of somebody else's logger."""
_LINE = "line_of_json"
ExcInfo = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]


def configure(
    stream: TextIO = sys.stderr, level: int = logging.INFO, *, file: LogFileSettings | None = None
) -> None:
    """Send structlog and the standard library's loggers to `stream`, one JSON object a line; or to
    the file that the settings name, which is turned over when it is full. Raises ConfigError."""
    handler = _handler(stream, file)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _time,
            _places,
            structlog.processors.JSONRenderer(serializer=_dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _Lines(handler),
    )
    handler.setFormatter(_Formatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(True)


def _handler(stream: TextIO, file: LogFileSettings | None) -> logging.Handler:
    if file is None or file.path is None:
        return logging.StreamHandler(stream)
    try:
        return RotatingFileHandler(
            file.path, maxBytes=file.max_bytes, backupCount=file.backups, encoding="utf-8"
        )
    except OSError as error:
        raise ConfigError("log_file.path", f"{file.path}: {error.strerror}") from error


class _Lines:
    """What structlog writes to: its lines and those of the standard library share a handler, which
    lets one thread write at a time."""

    def __init__(self, handler: logging.Handler) -> None:
        self._handler = handler

    def msg(self, line: str) -> None:
        """Write a line that is JSON already."""
        self._handler.handle(logging.makeLogRecord({_LINE: line}))

    debug = info = warning = error = critical = exception = msg


def places(error: BaseException) -> dict[str, Any]:
    """Type and code positions of an exception and of what caused it, without messages."""
    found: dict[str, Any] = {
        "error": f"{type(error).__module__}.{type(error).__qualname__}",
        "at": [
            f"{frame.filename}:{frame.lineno}:{frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]
        ],
    }
    if error.__cause__ is not None:
        found["cause"] = places(error.__cause__)
    return found


class _Formatter(logging.Formatter):
    """The same line for the standard library's records."""

    def format(self, record: logging.LogRecord) -> str:
        ready: str | None = getattr(record, _LINE, None)
        if ready is not None:
            return ready
        line: dict[str, Any] = {
            # One line of it: the rest of asyncio's messages quotes exceptions.
            "event": record.getMessage().partition("\n")[0][:MAX_MESSAGE],
            "logger": record.name,
            "level": record.levelname.lower(),
            "time": _now(),
        }
        if record.exc_info and record.exc_info[1]:
            line["exception"] = places(record.exc_info[1])
        return _dumps(line)


def _places(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    info = event.pop("exc_info", None)
    error = info if isinstance(info, BaseException) else sys.exc_info()[1] if info else None
    if error is not None:
        event["exception"] = places(error)
    return event


def _time(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["time"] = _now()
    return event


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _dumps(line: Any, **_: Any) -> str:
    return orjson.dumps(line, default=repr).decode()
