"""Bringing the logs to rest before something is done to them."""

from __future__ import annotations

from contextlib import suppress

from gateway.anchoring.errors import LogFault
from gateway.anchoring.services import Anchoring
from gateway.base.context import Context
from gateway.log.services import Logs


def settle_logs(ctx: Context, anchoring: Anchoring, logs: Logs) -> None:
    """Read the chain, and put what waits into the logs that may still grow, so that whoever reads
    a closed log finds there what is logged again elsewhere. Raises CouldNotCheck."""
    with suppress(LogFault):  # is in the health of that log, and told where it matters
        anchoring.look()
    while logs.step():
        ctx.signals.promised.clear()
