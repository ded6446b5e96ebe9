"""Reading and writing the questions of this member, and those that it answered."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Final

import orjson
import sqlalchemy as sa

from gateway.base.clock import CHINA
from gateway.base.crypto import Vault
from gateway.base.db import insert_rows, insert_unless_there
from gateway.queries.errors import BundleErased
from gateway.queries.interfaces import Sought
from gateway.queries.models import (
    answered_queries,
    reported_feedback,
    reported_uses,
    use_answers,
    use_records,
    uses,
)
from gateway.sealing.services import Boxes, Kind, drop, number
from ledger.core.query import Query, Use
from ledger.core.reports import Feedback

PAGE: Final = 200
_SOME: Final = 500
"""Records of one question to the database."""
_TOLD, _BUNDLE = b"told", b"bundle"
_ANSWER: Final = ("use", "member", "answer", "statement", "query")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUse:
    """A question with what came of it. told: what stands sealed in the log of queries. records: ids
    of our own in the bundle. statements: by member, SHA-256 of its answer, and the commitments of
    our statement about it and of its query."""

    at: int
    token: int
    subject: bytes
    purpose: str
    authorisation: bytes | None
    overall: str
    decision: str
    missing: int
    items: int
    told: Mapping[str, Any]
    bundle: bytes
    records: Collection[bytes]
    statements: Mapping[str, tuple[bytes, bytes, bytes]]


def put(connection: sa.Connection, vault: Vault, new: NewUse) -> str:
    """Keep one within the caller's transaction; its id."""
    hex_id, bundle_box = secrets.token_hex(16), secrets.token_hex(16)
    boxes = Boxes(vault)
    box = boxes.make(connection, Kind.USE, hex_id)
    sealed = boxes.make(connection, Kind.BUNDLE, bundle_box).seal(new.bundle, _BUNDLE)
    made = sa.insert(uses).values(
        id=hex_id,
        at=new.at,
        token=new.token,
        subject=new.subject,
        purpose=new.purpose,
        authorisation=new.authorisation,
        overall=new.overall,
        decision=new.decision,
        answered=len(new.statements),
        missing=new.missing,
        items=new.items,
        told=box.seal(orjson.dumps(dict(new.told)), _TOLD),
        bundle=sealed,
        bundle_box=bundle_box,
    )
    use = connection.execute(made.returning(uses.c.n)).scalar_one()
    rows = [(use, member, *pair) for member, pair in new.statements.items()]
    if rows:
        insert_rows(connection, use_answers, _ANSWER, rows)
    if new.records:
        own = [(use, record) for record in sorted(set(new.records))]
        insert_rows(connection, use_records, ("use", "record"), own)
    return hex_id


def row_of(connection: sa.Connection, hex_id: str) -> sa.Row[Any] | None:
    """A question by its id."""
    return connection.execute(sa.select(uses).where(uses.c.id == hex_id)).one_or_none()


def bundle_of(connection: sa.Connection, vault: Vault, row: sa.Row[Any]) -> bytes:
    """What was kept of it. Raises BundleErased, ContentLost, ContentKeyMissing."""
    if not row.bundle:
        raise BundleErased("one of the records that it shows was erased")
    box = Boxes(vault).open(connection, Kind.BUNDLE, row.bundle_box)
    return box.open(row.bundle, _BUNDLE)


def forget(connection: sa.Connection, records: Collection[bytes]) -> None:
    """Destroy the bundles that show one of these records of ours. What was asked, and what is
    stated about it, stays."""
    wanted = list(records)
    for at in range(0, len(wanted), _SOME):
        some = use_records.c.record.in_(wanted[at : at + _SOME])
        of_uses = sa.select(use_records.c.use).where(some)
        query = sa.select(uses.c.n, uses.c.bundle_box).where(uses.c.n.in_(of_uses))
        rows = connection.execute(query).all()
        drop(connection, Kind.BUNDLE, [number(row.bundle_box) for row in rows])
        gone = sa.update(uses).where(uses.c.n.in_([row.n for row in rows]))
        connection.execute(gone.values(bundle=b""))


def told_of(
    connection: sa.Connection, vault: Vault, rows: Sequence[sa.Row[Any]]
) -> Iterator[tuple[sa.Row[Any], dict[str, Any]]]:
    """Questions with what stands sealed beside them. Raises ContentLost, ContentKeyMissing."""
    boxes = Boxes(vault).open_all(connection, Kind.USE, [row.id for row in rows])
    for row in rows:
        yield row, orjson.loads(boxes[row.id].open(row.told, _TOLD))


def between(
    connection: sa.Connection, start: int, end: int, *, after: int = 0, limit: int = PAGE
) -> Sequence[sa.Row[Any]]:
    """Questions of some time, in Unix seconds, end exclusive, in their order."""
    query = (
        sa.select(uses)
        .where(uses.c.at >= start, uses.c.at < end, uses.c.n > after)
        .order_by(uses.c.n)
        .limit(limit)
    )
    return connection.execute(query).all()


def sought(
    connection: sa.Connection,
    wanted: Sought,
    *,
    token: int | None,
    subject: bytes | None,
    below: int | None,
) -> Sequence[sa.Row[Any]]:
    """Questions that are looked for, whatever their matter, the newest first, from those below a
    number on. token: of this one alone. subject: fingerprint of the code."""
    told = (
        (uses.c.token, token),
        (uses.c.subject, subject),
        (uses.c.purpose, wanted.purpose),
        (uses.c.overall, wanted.overall),
    )
    conditions = [column == value for column, value in told if value is not None]
    if below is not None:
        conditions.append(uses.c.n < below)
    if wanted.first is not None:
        start = datetime.combine(wanted.first, time(), CHINA).timestamp()
        conditions.append(uses.c.at >= int(start))
    if wanted.last is not None:
        end = datetime.combine(wanted.last, time.max, CHINA).timestamp()
        conditions.append(uses.c.at <= int(end))
    query = sa.select(uses).where(*conditions).order_by(uses.c.n.desc()).limit(PAGE)
    return connection.execute(query).all()


def answers_of(connection: sa.Connection, use: int) -> Sequence[sa.Row[Any]]:
    """What was answered, by member."""
    query = sa.select(use_answers).where(use_answers.c.use == use)
    return connection.execute(query.order_by(use_answers.c.member)).all()


def asked_by(
    connection: sa.Connection, queries: Collection[bytes], token: int | None
) -> dict[bytes, sa.Row[Any]]:
    """Those of these queries that were stated about a question of this token, None: of any, with
    who stated each (`member`) and how often it was said what was done about it (`feedback`)."""
    found, wanted = dict[bytes, sa.Row[Any]](), list(queries)
    for at in range(0, len(wanted), _SOME):
        query = (
            sa.select(use_answers)
            .join(uses)
            .where(use_answers.c.query.in_(wanted[at : at + _SOME]))
        )
        if token is not None:
            query = query.where(uses.c.token == token)
        found |= {bytes(row.query): row for row in connection.execute(query)}
    return found


def count_feedback(connection: sa.Connection, times: Mapping[bytes, int]) -> None:
    """Note how often more it is said what was done about these queries, within the transaction that
    states it."""
    for more in sorted(set(times.values())):
        wanted = [query for query, count in times.items() if count == more]
        for at in range(0, len(wanted), _SOME):
            some = use_answers.c.query.in_(wanted[at : at + _SOME])
            values = {"feedback": use_answers.c.feedback + more}
            connection.execute(sa.update(use_answers).where(some).values(values))


def decide(
    connection: sa.Connection, use: int, decision: str, statements: Mapping[str, bytes]
) -> None:
    """Note what came of a question, once more. statements: commitments of those that say so, by
    member."""
    values = {"decision": decision, "changes": uses.c.changes + 1}
    connection.execute(sa.update(uses).where(uses.c.n == use).values(values))
    for member, commitment in statements.items():
        change = sa.update(use_answers).where(
            use_answers.c.use == use, use_answers.c.member == member
        )
        connection.execute(change.values(statement=commitment))


def put_answered(
    connection: sa.Connection, *, commitment: bytes, at: int, types: Sequence[str], query: Query
) -> None:
    """Keep a query that is answered, within the transaction that states it."""
    made = sa.insert(answered_queries).values(
        commitment=commitment,
        authorisation=query.authorisation,
        at=at,
        member=query.asker,
        purpose=query.purpose,
        types=" ".join(types),
        items=query.items,
        answer=query.answer,
    )
    connection.execute(made)


def answered_under(
    connection: sa.Connection, commitments: Sequence[bytes], *, below: int | None, limit: int
) -> Sequence[sa.Row[Any]]:
    """Queries answered under any of these, the newest first, from those below a number on."""
    query = sa.select(answered_queries).where(answered_queries.c.authorisation.in_(commitments))
    if below is not None:
        query = query.where(answered_queries.c.n < below)
    return connection.execute(query.order_by(answered_queries.c.n.desc()).limit(limit)).all()


def uses_of(
    connection: sa.Connection, answers: Sequence[bytes]
) -> Mapping[tuple[str, bytes], sa.Row[Any]]:
    """What is reported of these answers, by member and answer: the newest with a decision, or
    where none has one the newest."""
    decided = reported_uses.c.decision != "none"
    query = sa.select(reported_uses).where(
        reported_uses.c.answer.in_(answers), reported_uses.c.unrelated.is_(None)
    )
    ordered = query.order_by(decided, reported_uses.c.at, reported_uses.c.commitment)
    return {(row.member, bytes(row.answer)): row for row in connection.execute(ordered)}


def asked_for(
    connection: sa.Connection,
    member: str,
    *,
    answer: bytes | None = None,
    query: bytes | None = None,
) -> str | None:
    """The purpose for which a member was given an answer, by its SHA-256 or by the commitment of
    its query; None: it was given none such."""
    named = (
        answered_queries.c.commitment == query
        if answer is None
        else answered_queries.c.answer == answer
    )
    found = sa.select(answered_queries.c.purpose).where(named, answered_queries.c.member == member)
    return connection.scalar(found.limit(1))


def report(
    connection: sa.Connection,
    *,
    commitment: bytes,
    member: str,
    at: int,
    use: Use,
    unrelated: str | None = None,
) -> None:
    """Keep a use that another member reports; nothing happens where it is here. unrelated: why it
    rests on no answer of ours."""
    made = insert_unless_there(connection, reported_uses).values(
        commitment=commitment,
        member=member,
        at=at,
        answer=use.answer,
        purpose=use.purpose,
        decision=use.decision,
        unrelated=unrelated,
    )
    connection.execute(made)


def report_feedback(
    connection: sa.Connection,
    *,
    commitment: bytes,
    member: str,
    at: int,
    feedback: Feedback,
    unrelated: str | None = None,
) -> None:
    """Keep what another member reports that it did; nothing happens where it is here. unrelated: as
    in `report`."""
    made = insert_unless_there(connection, reported_feedback).values(
        commitment=commitment,
        member=member,
        at=at,
        query=feedback.query,
        measure=feedback.measure,
        unrelated=unrelated,
    )
    connection.execute(made)
