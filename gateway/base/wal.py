"""Moving what SQLite has written ahead into the database file, beside the work.

By itself SQLite does this inside whichever commit fills its thousandth page, and that request waits
for all of it. PostgreSQL has processes of its own for the same.
"""

from __future__ import annotations

import threading
from contextlib import closing
from functools import partial

import sqlalchemy as sa

from gateway.base.threads import Step

EVERY = 0.5
"""Seconds between two rounds."""
MAX_PAGES = 16_384
"""Written ahead (128 MiB), after which writers are made to wait for a round that catches up. Under
steady load a round that lets them go on need never come to the end."""
SAFETY = 4 * MAX_PAGES
"""At which a commit does it after all: nobody else does."""


def checkpointer(engine: sa.Engine) -> Step:
    """One step of the thread that does it."""
    return partial(_once, engine)


def _once(engine: sa.Engine, _stop: threading.Event) -> float:
    with closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        _busy, pages, _moved = cursor.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if pages > MAX_PAGES:
            cursor.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
        cursor.close()
    return EVERY
