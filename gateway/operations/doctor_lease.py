"""What a doctor sees of the lease: whether it can be kept, and who integrates and anchors."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from gateway.base.lease import Lease
from gateway.operations.findings import Finding, Level, finding
from ledger.core.errors import ConfigError


def examine_lease(engine: sa.Engine) -> Iterator[Finding]:
    """Look, and neither make a file nor take anything from anybody."""
    lease = Lease(engine)
    try:
        seen = lease.look()
    except ConfigError as error:
        yield finding("lease", Level.PROBLEM, error=error)
        return
    finally:
        lease.close()
    yield finding("lease", Level.OK, holder=seen.holder or "-")
    if engine.dialect.name == "sqlite" and not seen.at_once:
        yield finding("lease-without-lock", Level.WARNING)
