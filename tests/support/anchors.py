"""Rows of anchors that no chain has seen, for tests of what is built on them."""

import hashlib

import sqlalchemy as sa

from gateway.anchoring.models import anchors
from gateway.base.db import begin_write
from gateway.log import store
from gateway.log.store import TileStore
from gateway.node import Node
from ledger.core.tiles import root_at


def put_anchor(node: Node, prev_size: int, size: int, *, state: str = "final", log: int = 1) -> int:
    """An anchor from `prev_size` to `size`, in a block of its own; returns its row number."""
    block = 100 + size
    with begin_write(node.ctx.engine) as connection:
        found = store.state(connection, log)
        root = root_at(TileStore(connection, log), size)
        values = {
            "log": log,
            "prev_size": prev_size,
            "size": size,
            "root": root,
            "note": node.logs.sign_note(found.log_id, size, root),
            "state": state,
            "tx_hash": _hash("tx", size),
            "block": block,
            "block_hash": _hash("block", size),
            "block_time": 1_800_000_000 + size,
            "created_at": 0,
        }
        row = sa.insert(anchors).values(values).returning(anchors.c.id)
        return int(connection.execute(row).scalar_one())


def _hash(what: str, number: int) -> bytes:
    return hashlib.sha256(f"{what}{number}".encode()).digest()
