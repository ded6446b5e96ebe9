"""What something costs, counted and not timed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from tests.support.peers import Member


@contextmanager
def statements(member: Member) -> Iterator[list[str]]:
    """Those that its database is sent meanwhile."""
    seen: list[str] = []

    def note(*given: Any) -> None:
        seen.append(given[2])

    engine = member.node.ctx.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
