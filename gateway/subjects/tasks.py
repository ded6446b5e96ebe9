"""The thread that counts doubles: on a large database too slow for whoever scrapes the figures."""

from __future__ import annotations

import threading

from gateway.subjects.services import SubjectCheck

PAUSE_SECONDS = 300.0
"""Between two counts: doubles are mended in days."""


class SubjectWatch:
    """One step of it; see `gateway.base.threads`."""

    def __init__(self, check: SubjectCheck) -> None:
        self._check = check

    def __call__(self, _stop: threading.Event) -> float:
        self._check.count()
        return PAUSE_SECONDS
