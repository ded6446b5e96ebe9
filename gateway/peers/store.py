"""Nonces that were taken, and how often a member had values checked."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from gateway.base.db import begin_write, insert_into, insert_unless_there
from gateway.peers.models import peer_checks, peer_nonces

FORGET_SOME = 1000
"""Nonces dropped in one transaction."""


def take_nonce(engine: sa.Engine, key_id: bytes, nonce: bytes, until: int) -> bool:
    """Note a nonce; False where it was noted before, by any gateway on this database."""
    with begin_write(engine) as connection:
        made = insert_unless_there(connection, peer_nonces).values(
            key_id=key_id, nonce=nonce, until=until
        )
        return connection.execute(made.returning(peer_nonces.c.nonce)).first() is not None


def forget_nonces(engine: sa.Engine, now: int) -> int:
    """Drop some of those whose time has gone by, now in Unix seconds; how many."""
    old = sa.select(peer_nonces.c.key_id, peer_nonces.c.nonce).where(peer_nonces.c.until < now)
    with begin_write(engine) as connection:
        rows = connection.execute(old.limit(FORGET_SOME)).all()
        for key_id, nonce in rows:
            connection.execute(
                sa.delete(peer_nonces).where(
                    peer_nonces.c.key_id == key_id, peer_nonces.c.nonce == nonce
                )
            )
    return len(rows)


def count_check(engine: sa.Engine, member: str, day: date) -> int:
    """Count one more check of a member on that day; how many there were with it. Days before are
    forgotten."""
    with begin_write(engine) as connection:
        made = insert_into(connection, peer_checks).values(member=member, day=day, count=1)
        more = {"count": peer_checks.c.count + 1}
        connection.execute(
            made.on_conflict_do_update(
                index_elements=[peer_checks.c.member, peer_checks.c.day], set_=more
            )
        )
        earlier = sa.delete(peer_checks).where(peer_checks.c.member == member)
        connection.execute(earlier.where(peer_checks.c.day < day))
        counted = sa.select(peer_checks.c.count).where(
            peer_checks.c.member == member, peer_checks.c.day == day
        )
        return int(connection.execute(counted).scalar_one())
