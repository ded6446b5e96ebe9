"""What the database of this node knows of logs, anchors and names."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from gateway.anchoring.models import anchors
from gateway.base.db import begin_read
from gateway.explorer.members import Row
from gateway.log.located import locate
from gateway.log.models import logs
from gateway.mirrors.models import mirrors
from gateway.statuses.models import statuses

ANCHORS: Final = 25
"""On a page."""
SHOWN: Final = ("final", "mined")
"""States of an anchor that stands on the chain."""


class Thing(StrEnum):
    """What an id may be of."""

    LOG = "log"
    RECORD = "record"
    VOTE = "vote"
    TRANSACTION = "transaction"


class Held:
    """Reads it; safe in threads."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def is_own(self, log_id: bytes) -> bool:
        """Whether a log is one of ours."""
        query = sa.select(logs.c.id).where(logs.c.log_id == log_id)
        with begin_read(self._engine) as connection:
            return connection.scalar(query) is not None

    def anchors(self, log_id: bytes, below: int | None) -> Row:
        """Anchors of a log of ours with a size below that (None: all), the newest first. next:
        where to go on, None: that was all."""
        query = _ANCHORS.where(logs.c.log_id == log_id)
        if below is not None:
            query = query.where(anchors.c.size < below)
        with begin_read(self._engine) as connection:
            rows = connection.execute(query.limit(ANCHORS + 1)).all()
        found = [_anchor(row) for row in rows[:ANCHORS]]
        return {"anchors": found, "next": found[-1]["size"] if len(rows) > ANCHORS else None}

    def anchor(self, log_id: bytes, size: int) -> Row | None:
        """The anchor of that size of a log of ours; None: there is none."""
        query = _ANCHORS.where(logs.c.log_id == log_id, anchors.c.size == size)
        with begin_read(self._engine) as connection:
            row = connection.execute(query.limit(1)).one_or_none()
        return None if row is None else _anchor(row)

    def find(self, name: bytes) -> Thing | None:
        """What an id of 32 bytes is of; None where nothing of that name is known here."""
        own = sa.select(logs.c.id).where(logs.c.log_id == name)
        others = sa.select(mirrors.c.id).where(mirrors.c.log_id == name)
        acted = sa.select(statuses.c.version).where(statuses.c.record == name)
        with begin_read(self._engine) as connection:
            if connection.scalar(own) is not None or connection.scalar(others) is not None:
                return Thing.LOG
            if locate(connection, name) is not None or connection.scalar(acted) is not None:
                return Thing.RECORD
        return None


_ANCHORS = (
    sa.select(anchors)
    .join(logs, logs.c.id == anchors.c.log)
    .where(anchors.c.state.in_(SHOWN))
    .order_by(anchors.c.size.desc(), anchors.c.id.desc())
)


def _anchor(row: sa.Row[Any]) -> Row:
    return {
        "size": row.size,
        "prevSize": row.prev_size,
        "root": row.root.hex(),
        "block": row.block,
        "tx": None if row.tx_hash is None else "0x" + row.tx_hash.hex(),
        "time": row.block_time,
        "keyId": None if row.key_id is None else row.key_id.hex(),
        "state": row.state,
    }
