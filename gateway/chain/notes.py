"""What is said of single chain nodes."""

from __future__ import annotations

import structlog

from ledger.core.verdict.facts import Note

_log = structlog.get_logger(__name__)


def tell(note: Note) -> None:
    """Log it: whoever runs this gateway should look after that node, or take another."""
    _log.warning("chain.node", code=note.code, node=note.node, what=note.what)
