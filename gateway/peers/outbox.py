"""Openings on their way to other members: stored with what they tell of, sent at least once.

A peer that fails is left alone for a while, whatever waits for it, so that it costs the others
nothing. What it refuses for good, or what came to nothing for 30 days, is set aside with its
reason.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from gateway.base.crypto import ContentLost, Vault
from gateway.base.db import begin_read, begin_write, insert_unless_there
from gateway.peers.models import peer_outbox
from gateway.peers.proofs import proves_more
from gateway.sealing.services import Boxes, Kind, drop, number
from ledger.core.opening import parse_opening

FIRST_PAUSE: Final = 1
LONGEST_PAUSE: Final = 3600
"""Seconds after the first failure and after many; doubled in between."""
GIVE_UP: Final = 30 * 86_400
"""Seconds after which nothing is sent any more."""
LEASE: Final = 60
"""Seconds for which who claims a message holds it; a call takes half of it at most."""
LISTED: Final = 1000
EXPIRED: Final = "message-expired"
_MOST_DOUBLED: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message. Times in Unix seconds of the wall clock. code: why it waits, or was set aside.
    received_at: as the peer said."""

    id: str
    member: str
    commitment: bytes
    state: str
    created_at: int
    ended_at: int | None
    due: int
    attempts: int
    code: str | None
    received_at: int | None


def now() -> int:
    """Unix seconds of the wall clock: pauses must pass even where CREDIT_LEDGER_NOW stands."""
    return int(time.time())


def pause_after(attempts: int) -> int:
    """Seconds after so many attempts (1 …) until the next."""
    return int(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempts - 1, _MOST_DOUBLED)))


class MessageOutbox:
    """The table. Safe to share between threads and gateways."""

    def __init__(self, engine: sa.Engine, vault: Vault) -> None:
        self._engine = engine
        self._boxes = Boxes(vault)

    def put(
        self, connection: sa.Connection, *, member: str, commitment: bytes, opening: bytes
    ) -> None:
        """Have an opening sent, within the caller's transaction; nothing happens where the member
        was sent it before, but that it is sent in place of one that proves less."""
        there = sa.select(peer_outbox.c.id, peer_outbox.c.opening).where(
            peer_outbox.c.member == member, peer_outbox.c.commitment == commitment
        )
        if (row := connection.execute(there).one_or_none()) is not None:
            self._send_better(connection, row.id, row.opening, opening)
            return
        hex_id, at = secrets.token_bytes(16).hex(), now()
        box = self._boxes.make(connection, Kind.SENT, hex_id)
        made = insert_unless_there(connection, peer_outbox).values(
            id=hex_id,
            member=member,
            commitment=commitment,
            opening=box.seal(opening, b"opening"),
            state="waiting",
            created_at=at,
            due=at,
            attempts=0,
            turn=time.time_ns(),
        )
        if connection.execute(made.returning(peer_outbox.c.id)).first() is None:
            drop(connection, Kind.SENT, [number(hex_id)])  # another transaction was first

    def _send_better(
        self, connection: sa.Connection, id_: str, sealed: bytes, opening: bytes
    ) -> None:
        made = parse_opening(opening)
        if made.receipt is None:
            return
        try:
            box = self._boxes.open(connection, Kind.SENT, id_)
            held = box.open(sealed, b"opening")
        except ContentLost:
            return
        if not proves_more(made, than=parse_opening(held)):
            return
        at = now()
        values = {"opening": box.seal(opening, b"opening"), "state": "waiting", "code": None}
        times = {"created_at": at, "ended_at": None, "due": at, "attempts": 0}
        change = sa.update(peer_outbox).where(peer_outbox.c.id == id_)
        connection.execute(change.values(**values, **times))

    def due(self, leave_out: Sequence[str]) -> list[str]:
        """Members that something is due for, the longest first, but for these."""
        first = sa.func.min(peer_outbox.c.due)
        query = sa.select(peer_outbox.c.member).where(
            peer_outbox.c.state == "waiting", peer_outbox.c.due <= now()
        )
        if leave_out:
            query = query.where(peer_outbox.c.member.not_in(leave_out))
        query = query.group_by(peer_outbox.c.member).order_by(first, peer_outbox.c.member)
        with begin_read(self._engine) as connection:
            return list(connection.scalars(query))

    def claim(self, member: str) -> Outgoing | None:
        """Hold the message for a member that is due longest, for `LEASE` seconds; an attempt is
        counted. None: nothing is due."""
        waiting = (
            sa.select(peer_outbox)
            .where(
                peer_outbox.c.member == member,
                peer_outbox.c.state == "waiting",
                peer_outbox.c.due <= now(),
            )
            .order_by(peer_outbox.c.due, peer_outbox.c.turn, peer_outbox.c.id)
            .limit(1)
        )
        with begin_write(self._engine, "peer-outbox") as connection:
            row = connection.execute(waiting).one_or_none()
            if row is None:
                return None
            held = sa.update(peer_outbox).where(peer_outbox.c.id == row.id)
            values = {"due": now() + LEASE, "attempts": row.attempts + 1}
            connection.execute(held.values(**values))
        return _outgoing(row, **values)

    def opening(self, message: Outgoing) -> bytes:
        """What is sent. Raises ContentLost, ContentKeyMissing."""
        query = sa.select(peer_outbox.c.opening).where(peer_outbox.c.id == message.id)
        with begin_read(self._engine) as connection:
            sealed = connection.execute(query).scalar_one()
            box = self._boxes.open(connection, Kind.SENT, message.id)
        return box.open(sealed, b"opening")

    def sent(self, message: Outgoing, received_at: int) -> None:
        """The peer has it, and said so."""
        self._end(message, state="sent", ended_at=now(), received_at=received_at, code=None)

    def set_aside(self, message: Outgoing, code: str) -> None:
        """It is refused for good; `retry` has it sent again."""
        self._end(message, state="set-aside", ended_at=now(), code=code)

    def put_off(self, message: Outgoing, code: str) -> int:
        """It failed: seconds until it is tried again. Set aside where that would be too late."""
        pause = pause_after(message.attempts)
        if now() + pause >= message.created_at + GIVE_UP:
            self.set_aside(message, EXPIRED)
        else:
            self._end(message, state="waiting", due=now() + pause, code=code)
        return pause

    def _end(self, message: Outgoing, **values: Any) -> None:
        change = sa.update(peer_outbox).where(
            # Who held it before, and was slower, changes nothing that is done.
            peer_outbox.c.id == message.id,
            peer_outbox.c.state == "waiting",
        )
        with begin_write(self._engine) as connection:
            connection.execute(change.values(**values))


def listed(connection: sa.Connection, states: Sequence[str] | None = None) -> list[Outgoing]:
    """The messages, the newest first: all, or those in one of `states`."""
    query = sa.select(peer_outbox).order_by(peer_outbox.c.created_at.desc(), peer_outbox.c.id)
    if states is not None:
        query = query.where(peer_outbox.c.state.in_(states))
    return [_outgoing(row) for row in connection.execute(query.limit(LISTED))]


def sent_of(connection: sa.Connection, commitments: Sequence[bytes]) -> dict[bytes, Outgoing]:
    """What became of these statements on their way, by commitment, as far as they were sent."""
    query = sa.select(peer_outbox).where(peer_outbox.c.commitment.in_(commitments))
    return {row.commitment: _outgoing(row) for row in connection.execute(query)}


def retry(connection: sa.Connection) -> int:
    """Have all that was set aside sent again, for another 30 days; how many."""
    change = sa.update(peer_outbox).where(peer_outbox.c.state == "set-aside")
    values = {"state": "waiting", "created_at": now(), "due": now(), "attempts": 0}
    done = connection.execute(change.values(**values, ended_at=None, code=None))
    return int(done.rowcount)


def _outgoing(row: sa.Row[Any], **changed: Any) -> Outgoing:
    values = {name: row._mapping[name] for name in Outgoing.__dataclass_fields__}
    return Outgoing(**(values | changed))
