"""The newest replay that the operator made, as `/audit` shows it: read once, until the file is
another."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import structlog

from ledger.audit.page import body
from ledger.audit.page_speaker import LANGUAGES
from ledger.audit.report_file import NotAReport, read_report

PLACES: Final = 120
"""Of findings, on one page of the node; the report and the page of `--html` have more."""
__all__ = ["MAX_NEWEST", "PLACES", "Newest", "Shown"]

MAX_NEWEST: Final = 64 << 20
"""Bytes: a hundred thousand acts. What is larger is shown by `audit replay --html`."""
State = Literal["unset", "none", "wrong", "opened", "there"]
_Stamp = tuple[int, int, int]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """What there is. unset: no path is set; none: no file is there; wrong: it is no report;
    opened: there is one that is not for whoever looks. made:
    Unix seconds at which the file was written. opened: whether it was made with openings, which
    tell of cases. bodies: its HTML by language."""

    state: State
    made: int = 0
    opened: bool = False
    bodies: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Newest:
    """Looks at a file. path: None where none is set. Safe in threads."""

    path: Path | None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stamp: _Stamp | None = None
    _shown: Shown = field(default_factory=lambda: Shown("none"))

    def look(self) -> Shown:
        """The file as it is now. A file is replaced as a whole (`audit replay -o`), so none is seen
        half written."""
        if self.path is None:
            return Shown("unset")
        with self._lock:
            try:
                stamp = _stamp(self.path)
                if stamp != self._stamp:
                    self._shown, self._stamp = _read(self.path), stamp
            except FileNotFoundError:
                return Shown("none")
            except OSError as error:
                _log.warning("audit.unreadable", error=error.strerror)
                return Shown("wrong")
            return self._shown


def _stamp(path: Path) -> _Stamp:
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino


def _read(path: Path) -> Shown:
    with path.open("rb") as file:
        made = int(os.fstat(file.fileno()).st_mtime)
        data = file.read(MAX_NEWEST + 1)
    try:
        report = read_report(data, max_bytes=MAX_NEWEST)
    except NotAReport as error:
        _log.warning("audit.no-report", what=error.what[:100], problem=error.problem)
        return Shown("wrong", made)
    bodies: dict[str, str] = {
        language: body(report, language, places=PLACES) for language in LANGUAGES
    }
    return Shown("there", made, "statements" in report.document, bodies)
