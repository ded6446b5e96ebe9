"""Taking up what other provinces cosigned of our logs: receipts then carry their lines."""

from __future__ import annotations

import time
from collections.abc import Sequence
from threading import Event
from typing import NamedTuple

import sqlalchemy as sa
import structlog

from gateway.anchoring.models import anchors
from gateway.base.context import Context
from gateway.base.db import begin_write
from gateway.chain.view import ChainView
from gateway.log.models import logs
from gateway.mirrors import store
from gateway.mirrors.reading import Peer, PeerFetch
from gateway.mirrors.services import FIRST_PAUSE, LOCK, LONGEST_PAUSE
from ledger.audit.tiles import MAX_CHECKPOINT, Missing
from ledger.chain.nodes.http import Http
from ledger.core import note
from ledger.core.errors import EvidenceError, LedgerError
from ledger.core.ids import KeyId
from ledger.core.note import MAX_WITNESSES, Cosignature

ASK_SECONDS = 5.0
"""For one checkpoint of a mirror."""

_log = structlog.get_logger(__name__)
_NEWEST = (
    sa.select(anchors.c.log, sa.func.max(anchors.c.size).label("size"))
    .where(anchors.c.state == "final")
    .group_by(anchors.c.log)
    .subquery()
)
_HEADS = (
    sa.select(logs.c.id, logs.c.log_id, anchors.c.size, anchors.c.root)
    .join(anchors, (anchors.c.log == logs.c.id) & (anchors.c.state == "final"))
    .join(_NEWEST, (_NEWEST.c.log == logs.c.id) & (_NEWEST.c.size == anchors.c.size))
    .where(logs.c.closed.is_(None))
)


class _Head(NamedTuple):
    id: int
    log_id: bytes
    size: int
    root: bytes


class Witnesses:
    """What others cosigned of our newest final anchors. Belongs to one thread.

    Each line of a receipt must verify, so one is kept only as long as it does: a line whose key
    was stolen, or whose member is away, would spoil receipts that are good without it.
    """

    def __init__(self, ctx: Context, chain: ChainView, http: Http) -> None:
        self._ctx = ctx
        self._chain = chain
        self._http = http
        self._pauses: dict[tuple[int, int, str], tuple[float, float]] = {}

    def step(self, peers: Sequence[Peer] | None, stop: Event | None = None) -> int:
        """Ask every other province for the checkpoint of its copy of our newest final anchor;
        returns how many lines were new. One that does not answer or lies is asked later.

        peers: as last read from the chain; None: not read yet. stop: nobody is asked once it is
        set."""
        if peers is None or self._chain.known is None:
            return 0
        self._prune(peers)
        with self._ctx.engine.connect() as connection:
            heads = [_Head(*row) for row in connection.execute(_HEADS)]
        return sum(self._ask(head, peers, stop or Event()) for head in heads)

    def _prune(self, peers: Sequence[Peer]) -> None:
        keys = {(peer.code, key.key_id): key for peer in peers for key in peer.witnesses}
        with self._ctx.engine.connect() as connection:
            held = store.line_keys(connection)
        for member, key_id in held:
            key = keys.get((member, KeyId(key_id)))
            since = 0 if key is None else key.compromised_since
            if key is not None and not since:
                continue
            with begin_write(self._ctx.engine, LOCK) as connection:
                gone = store.drop_lines(connection, member, key_id, since)
            if gone:
                _log.warning("witness.lines-dropped", member=member, lines=gone)

    def _ask(self, head: _Head, peers: Sequence[Peer], stop: Event) -> int:
        with self._ctx.engine.connect() as connection:
            known = store.witnesses_of(connection, head.id, head.size)
        self._pauses = {
            key: pause
            for key, pause in self._pauses.items()
            if key[0] != head.id or key[1] == head.size
        }
        new = 0
        for peer in peers:
            key = (head.id, head.size, peer.code)
            due, pause = self._pauses.get(key, (0.0, FIRST_PAUSE))
            if peer.code in known or not peer.endpoint or not peer.witnesses:
                continue
            if stop.is_set() or time.monotonic() < due or len(known) + new >= MAX_WITNESSES:
                continue
            found = self._line(head, peer)
            if found is None:
                self._pauses[key] = (time.monotonic() + pause, min(2 * pause, LONGEST_PAUSE))
                continue
            with begin_write(self._ctx.engine, LOCK) as connection:
                store.keep_line(connection, head.id, head.size, *found)
            _log.info("witness.line", log=head.log_id.hex(), size=head.size, member=peer.code)
            new += 1
        return new

    def _line(self, head: _Head, peer: Peer) -> tuple[Cosignature, KeyId] | None:
        """A line of that member that verifies, and the key that made it; None where it shows none
        for this size, or one that verifiers, who go by the chain's clock, do not take yet."""
        end = time.monotonic() + ASK_SECONDS
        fetch = PeerFetch(self._http, peer.mirror_url(head.log_id), end)
        try:
            found = note.parse_checkpoint(fetch("checkpoint", MAX_CHECKPOINT).decode())
        except (Missing, LedgerError, UnicodeDecodeError):
            return None
        if (found.log, found.size, found.root) != (head.log_id, head.size, head.root):
            return None
        latest = self._chain.facts.block_time
        for line in found.witnesses:
            if line.member != peer.code or line.time > latest:
                continue
            for key in peer.witnesses:
                if key.valid_at(line.time) and _made(found, line, key.public_key):
                    return line, key.key_id
        return None


def _made(head: note.Checkpoint, line: Cosignature, key: bytes) -> bool:
    try:
        note.verify_cosignature(head, line, key)
    except EvidenceError:
        return False
    return True
