"""Reading and writing the tables of the authorisations, within the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gateway.authorisations.models import (
    UNPROVEN,
    authorisations,
    held_openings,
    revocations,
)
from gateway.statements.models import statements

LOCK = "authorisations"
"""Name of the lock under which authorisations change. Whoever takes it and that of the statements
takes this one first."""

IN_FLIGHT = ("waiting", "signed", "sent")
"""States of a revocation that is not done yet."""
SOME = 200
"""Rows of one step of a thread."""

Row = sa.Row[Any]


def next_id(connection: sa.Connection, table: sa.Table) -> int:
    """The next row number, which `LOCK` keeps for us."""
    return (connection.scalar(sa.select(sa.func.max(table.c.id))) or 0) + 1


def put(connection: sa.Connection, **values: Any) -> int:
    """A new authorisation; its number. Under `LOCK`."""
    number = next_id(connection, authorisations)
    connection.execute(sa.insert(authorisations).values(id=number, **values))
    return number


def change(connection: sa.Connection, number: int, **values: Any) -> None:
    """Change an authorisation. Under `LOCK`."""
    connection.execute(
        sa.update(authorisations).where(authorisations.c.id == number).values(**values)
    )


def row_of(connection: sa.Connection, commitment: bytes) -> Row | None:
    """An authorisation by any commitment of its chain that is known here; None: there is none."""
    called = sa.select(authorisations).where(authorisations.c.commitment == commitment)
    if (row := connection.execute(called).one_or_none()) is not None:
        return row
    held = sa.select(authorisations).join(
        held_openings, held_openings.c.authorisation == authorisations.c.id
    )
    held = held.where(held_openings.c.commitment == commitment)
    if (row := connection.execute(held).one_or_none()) is not None:
        return row
    return _of_own_chain(connection, commitment)


def _of_own_chain(connection: sa.Connection, commitment: bytes) -> Row | None:
    """One of ours by a commitment that a statement of it had in a later log: its entry names the
    first of the chain."""
    query = (
        sa.select(authorisations)
        .join(statements, statements.c.replaces == authorisations.c.record)
        .where(statements.c.commitment == commitment)
    )
    return connection.execute(query).one_or_none()


def row_of_record(connection: sa.Connection, record: bytes) -> Row | None:
    """An authorisation by the first of its chain."""
    query = sa.select(authorisations).where(authorisations.c.record == record)
    return connection.execute(query).one_or_none()


def row_of_request(connection: sa.Connection, request: bytes) -> Row | None:
    """The authorisation that a request became."""
    query = sa.select(authorisations).where(authorisations.c.request == request)
    return connection.execute(query).one_or_none()


def granted_since(connection: sa.Connection, token: int, since: int) -> int:
    """How many a token has made since a Unix second."""
    query = sa.select(sa.func.count()).select_from(authorisations)
    found = query.where(authorisations.c.token == token, authorisations.c.since > since)
    return connection.scalar(found) or 0


def listed(
    connection: sa.Connection, *, below: int | None, limit: int, subject: bytes | None
) -> Sequence[Row]:
    """Authorisations, the newest first, from those below a number on."""
    query = sa.select(authorisations).order_by(authorisations.c.id.desc()).limit(limit)
    if below is not None:
        query = query.where(authorisations.c.id < below)
    if subject is not None:
        query = query.where(authorisations.c.subject == subject)
    return connection.execute(query).all()


# ---- openings of others


def put_held(
    connection: sa.Connection, *, commitment: bytes, authorisation: int, at: int, kept: str | None
) -> None:
    """Note an opening that was taken. kept: where it is sealed, None: with the messages."""
    values = {"authorisation": authorisation, "taken_at": at, "materials": kept}
    connection.execute(sa.insert(held_openings).values(commitment=commitment, **values))


def held_of(connection: sa.Connection, number: int) -> Sequence[Row]:
    """The openings that were taken of an authorisation, the newest first."""
    query = sa.select(held_openings).where(held_openings.c.authorisation == number)
    return connection.execute(
        query.order_by(held_openings.c.taken_at.desc(), held_openings.c.commitment)
    ).all()


def held_row(connection: sa.Connection, commitment: bytes) -> Row | None:
    """One opening that was taken."""
    query = sa.select(held_openings).where(held_openings.c.commitment == commitment)
    return connection.execute(query).one_or_none()


def keep_held(connection: sa.Connection, commitment: bytes, kept: str) -> None:
    """Have an opening lie elsewhere from now on."""
    same = held_openings.c.commitment == commitment
    connection.execute(sa.update(held_openings).where(same).values(materials=kept))


# ---- openings on their way to grantees


def to_hand_over(connection: sa.Connection, above: int) -> Sequence[Row]:
    """Some authorisations of ours behind a number, of which the grantee may be handed something
    newer: what it was handed has a promise and is in the log by now, or was made again for another
    log. What is taken back is handed to nobody."""
    joined = sa.select(authorisations).join(
        statements, statements.c.commitment == authorisations.c.handed
    )
    joined = joined.where(authorisations.c.id > above, authorisations.c.revoked_at.is_(None))
    logged = joined.where(UNPROVEN, statements.c.entry.is_not(None))
    moved = joined.where(statements.c.superseded_by != b"")
    found = {row.id: row for query in (logged, moved) for row in _some(connection, query)}
    return [found[number] for number in sorted(found)][:SOME]


def hand_again(connection: sa.Connection) -> None:
    """Have what was handed with a receipt handed again with that of another chain, which knows that
    one no more. What is taken back is handed to nobody."""
    standing = authorisations.c.proven.is_(True) & authorisations.c.revoked_at.is_(None)
    handed = standing & authorisations.c.handed.is_not(None)
    connection.execute(sa.update(authorisations).where(handed).values(proven=False))


def _some(connection: sa.Connection, query: sa.Select[Any]) -> Sequence[Row]:
    return connection.execute(query.order_by(authorisations.c.id).limit(SOME)).all()


# ---- revocations


def put_revocations(
    connection: sa.Connection, authorisation: int, commitments: Sequence[bytes]
) -> None:
    """Have these commitments taken back. Under `LOCK`."""
    for commitment in commitments:
        values = {"authorisation": authorisation, "commitment": commitment, "state": "waiting"}
        connection.execute(
            sa.insert(revocations).values(
                id=next_id(connection, revocations), attempt=0, failures=0, **values
            )
        )


def change_revocation(connection: sa.Connection, number: int, **values: Any) -> None:
    """Change a revocation. Under `LOCK`."""
    connection.execute(sa.update(revocations).where(revocations.c.id == number).values(**values))


def revocations_of(connection: sa.Connection, numbers: Sequence[int]) -> Sequence[Row]:
    """What is taken back of these authorisations, in the order of the chains."""
    query = sa.select(revocations).where(revocations.c.authorisation.in_(numbers))
    return connection.execute(query.order_by(revocations.c.id)).all()


def in_flight(connection: sa.Connection, now: int) -> Sequence[Row]:
    """Revocations that are not done yet and may be tried at that Unix second, the oldest first."""
    due = sa.or_(revocations.c.not_before.is_(None), revocations.c.not_before <= now)
    query = sa.select(revocations).where(revocations.c.state.in_(IN_FLIGHT), due)
    return connection.execute(query.order_by(revocations.c.id).limit(SOME)).all()


def has_in_flight(connection: sa.Connection) -> bool:
    """Whether any revocation is not done yet."""
    query = sa.select(revocations.c.id).where(revocations.c.state.in_(IN_FLIGHT))
    return connection.execute(query.limit(1)).first() is not None


def made_again(connection: sa.Connection) -> Sequence[tuple[int, bytes]]:
    """Commitments that were made again for another log of what is taken back, and are not taken
    back themselves, each with the number of its authorisation."""
    there = revocations.alias()
    query = (
        sa.select(revocations.c.authorisation, statements.c.superseded_by.label("commitment"))
        .join(statements, statements.c.commitment == revocations.c.commitment)
        .where(
            statements.c.superseded_by != b"",
            ~sa.exists().where(there.c.commitment == statements.c.superseded_by),
        )
    )
    found = connection.execute(query.order_by(revocations.c.id).limit(SOME))
    return [(row.authorisation, row.commitment) for row in found]


def newest_recorded(connection: sa.Connection) -> Row | None:
    """The revocation that was recorded at the latest head."""
    query = sa.select(revocations).where(revocations.c.state == "recorded")
    return connection.execute(query.order_by(revocations.c.block.desc()).limit(1)).first()


def recorded(connection: sa.Connection, above: int) -> Sequence[Row]:
    """Some of those that were recorded, behind a number."""
    query = sa.select(revocations).where(
        revocations.c.state == "recorded", revocations.c.id > above
    )
    return connection.execute(query.order_by(revocations.c.id).limit(SOME)).all()


UNSENT = {
    "state": "waiting",
    "code": None,
    "contract": None,
    "deadline": None,
    "signature": None,
    "failures": 0,
    "not_before": None,
    "block": None,
    "block_hash": None,
    "recorded_at": None,
}
"""Of a revocation that is to be sent anew."""


def send_again(connection: sa.Connection, numbers: Sequence[int] | None = None) -> int:
    """Have revocations sent again that a chain knows no more; how many. numbers: None: all, with
    what was on its way. Under `LOCK`."""
    again = sa.update(revocations)
    if numbers is not None:
        again = again.where(revocations.c.id.in_(numbers))
    done = connection.execute(again.values(attempt=revocations.c.attempt + 1, **UNSENT))
    return done.rowcount


@dataclass(frozen=True, slots=True)
class Waiting:
    """Revocations that are on their way. since: Unix seconds at which the oldest was asked for.
    codes: why they wait."""

    count: int
    since: int
    codes: Sequence[str]


def revocations_waiting(connection: sa.Connection) -> Waiting:
    """What is on its way, since when, and why."""
    going = revocations.c.state.in_(IN_FLIGHT)
    asked = sa.select(sa.func.count(), sa.func.min(authorisations.c.revoked_at)).select_from(
        revocations.join(authorisations, authorisations.c.id == revocations.c.authorisation)
    )
    count, since = connection.execute(asked.where(going)).one()
    codes = sa.select(revocations.c.code).where(going, revocations.c.code.is_not(None)).distinct()
    return Waiting(count, since or 0, sorted(connection.scalars(codes)))


def gauges(connection: sa.Connection) -> list[tuple[str, str, int]]:
    """What is on its way, for a scraper: name, what it is, value."""
    waiting = revocations_waiting(connection).count
    return [("revocations_waiting", "Revocations that are not on the chain yet", waiting)]
