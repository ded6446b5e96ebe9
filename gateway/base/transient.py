"""What passes by itself."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.base.errors import NotReady
from ledger.chain.errors import SignerUnavailable
from ledger.core.errors import CouldNotCheck

TRANSIENT = (
    NotReady,
    CouldNotCheck,
    SignerUnavailable,
    sa.exc.OperationalError,  # the database is gone, locked, or its disk is full
    sa.exc.TimeoutError,  # none of its connections became free
    OSError,  # the disk is full, no process can be started …
)
"""What is in nobody's record or file, but in the world around: it passes, and whatever is tried
meanwhile fails alike."""
