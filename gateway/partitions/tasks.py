"""The thread that makes parts ahead of their time."""

from __future__ import annotations

import threading

import sqlalchemy as sa
import structlog

from gateway.base.threads import Step
from gateway.partitions.making import make

EVERY = 60.0
"""Seconds between two looks. A part takes the largest gateway more than an hour to fill."""

_log = structlog.get_logger(__name__)


def partitioner(engine: sa.Engine) -> Step:
    """One step of the thread. Every gateway looks; whichever sees first that one is missing makes
    it."""

    def look(_stop: threading.Event) -> float:
        for part in make(engine):
            _log.info("partition.made", month=part.month, n=part.n, first=part.first_id)
        return EVERY

    return look
