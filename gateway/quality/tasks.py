"""Closing months and weeks by the clock, whether or not somebody asks for their files."""

from __future__ import annotations

import threading

import structlog

from gateway.base.errors import NotReady
from gateway.base.threads import Step
from gateway.quality.services import QualityFiles

EVERY = 600.0
"""Seconds between two looks."""

_log = structlog.get_logger(__name__)


def closer(files: QualityFiles) -> Step:
    """One step of the thread that does it."""

    def close(_stop: threading.Event) -> float:
        try:
            files.close_ended()
        except NotReady as error:  # no key to sign with: the figures stand, and it is made later
            _log.warning("quality.waits", reason=error.code)
        return EVERY

    return close
