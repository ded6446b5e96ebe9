"""Keeping statements, within the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from gateway.base.crypto import Vault
from gateway.base.db import insert_rows
from gateway.intake.interfaces import SignedPromise
from gateway.intake.promises import SIGNATURE_BYTES, insert_promise
from gateway.log.models import logs
from gateway.log.services import enqueue
from gateway.sealing.models import content_keys
from gateway.sealing.services import Kind, opens, put
from gateway.statements.interfaces import New
from gateway.statements.models import WAITS, statement_batches, statement_promises, statements
from ledger.core.canonical import hex0x, unhex0x, unhex32
from ledger.core.entry import statement_entry
from ledger.core.ids import record_id
from ledger.core.merkle import leaf_hash

LOCK = "statements"
"""Name of the lock under which statements get their row numbers and the batch is moved. Whoever
takes it and that of the entries takes this one first."""

STANDS = b""
_COLUMNS = (
    *("id", "promise", "position", "log", "commitment", "replaces", "request", "mac"),
    *("superseded_by", "content"),
)
WITH_KEYS = (
    sa.select(statements, logs.c.log_id, content_keys.c.wrapped_by, content_keys.c.wrapped_key)
    .join(logs, logs.c.id == statements.c.log)
    .outerjoin(content_keys, opens(Kind.STATEMENT, statements.c.id))
)
"""Statements with the id of their log and their keys."""


FAR = timedelta(days=3)
"""A batch noted for a day that is further ahead was made by a clock that has been set right since:
promises bear no more than three days."""


def newest_day(connection: sa.Connection, day: date) -> date | None:
    """The day of the newest batch; None before the first look at the clock. day: of the batch that
    is due now; what was noted long after it was noted by a clock that was wrong."""
    known = statement_batches.c.day <= (day + FAR).isoformat()
    found = connection.scalar(sa.select(sa.func.max(statement_batches.c.day)).where(known))
    return None if found is None else date.fromisoformat(found)


def noted_far_ahead(connection: sa.Connection, day: date) -> bool:
    """Whether a wrong clock has noted days, which `begin_days` forgets."""
    wrong = statement_batches.c.day > (day + FAR).isoformat()
    return bool(connection.scalar(sa.select(sa.exists().where(wrong))))


def begin_days(connection: sa.Connection, day: date, at: int) -> date:
    """The day of the newest batch; that of a database in which nothing waited yet is `day`, and no
    batch of it is made. Days that a wrong clock noted are forgotten."""
    wrong = statement_batches.c.day > (day + FAR).isoformat()
    connection.execute(sa.delete(statement_batches).where(wrong))
    found = newest_day(connection, day)
    if found is None:
        note_batch(connection, day, at, 0)
        return day
    return found


def note_batch(connection: sa.Connection, day: date, at: int, count: int) -> None:
    """Note that the batch of a day is in the log. Raises IntegrityError where it was already."""
    values = {"day": day.isoformat(), "at": at, "count": count}
    connection.execute(sa.insert(statement_batches), values)


def put_statements(
    connection: sa.Connection,
    vault: Vault,
    new: Sequence[New],
    promise: SignedPromise,
    *,
    log: int,
    key_id: bytes,
) -> list[int]:
    """Keep statements under the promise of their leaves; their row numbers. Under `LOCK`."""
    promise_id = _next(connection, statement_promises)
    values = {
        "id": promise_id,
        "log": log,
        "leaves_root": unhex32(promise.leaves_root),
        "count": promise.count,
        "issued_at": promise.issued_at,
        "due": promise.due,
        "signature": unhex0x(promise.signature, SIGNATURE_BYTES),
        "key_id": key_id,
    }
    connection.execute(sa.insert(statement_promises), values)
    first = _next(connection, statements)
    ids = list(range(first, first + len(new)))
    rows = [
        (
            *(row_id, promise_id, position, log, one.statement.commitment, one.replaces),
            *(one.request, one.mac, STANDS, one.sealed.content),
        )
        for position, (row_id, one) in enumerate(zip(ids, new, strict=True))
    ]
    insert_rows(connection, statements, _COLUMNS, rows)
    keys = [
        (row_id, one.statement.commitment, *one.sealed.wrapped)
        for row_id, one in zip(ids, new, strict=True)
    ]
    put(connection, vault, Kind.STATEMENT, keys)
    return ids


def row_of(connection: sa.Connection, commitment: bytes) -> sa.Row[Any] | None:
    """The statement with this commitment and its key; None where we issued none."""
    query = WITH_KEYS.where(statements.c.commitment == commitment)
    return connection.execute(query).one_or_none()


def row_of_entry(connection: sa.Connection, entry: int) -> sa.Row[Any] | None:
    """The same by the row number of its entry."""
    return connection.execute(WITH_KEYS.where(statements.c.entry == entry)).one_or_none()


def of_requests(connection: sa.Connection, requests: Iterable[bytes]) -> Mapping[bytes, Any]:
    """Statements by the fingerprints of their requests."""
    query = sa.select(statements.c.request, statements.c.commitment, statements.c.mac)
    found = connection.execute(query.where(statements.c.request.in_(list(requests))))
    known: dict[bytes, Any] = {}
    for row in found:
        known[row.request] = row
    return known


def entry_of(row: Any) -> bytes:
    """The entry of a statement, which its row tells whatever became of its content."""
    return statement_entry(commitment=row.commitment, log=row.log_id, replaces=row.replaces)


def leaf_of(row: Any) -> bytes:
    """The leaf of that entry."""
    return leaf_hash(entry_of(row))


def promise_of(connection: sa.Connection, promise: int) -> tuple[SignedPromise, list[bytes]]:
    """A promise of statements and the leaves that it covers, in order."""
    query = sa.select(statement_promises, logs.c.log_id).join(
        logs, logs.c.id == statement_promises.c.log
    )
    row = connection.execute(query.where(statement_promises.c.id == promise)).one()
    return _signed(row), [leaf_of(one) for one in _covered(connection, [promise])[promise]]


def waiting(connection: sa.Connection, log: int) -> list[int]:
    """Promises of statements that wait for the batch into a log, oldest first."""
    query = sa.select(statements.c.promise).where(WAITS, statements.c.log == log).distinct()
    return list(connection.scalars(query.order_by(statements.c.promise)))


def count_waiting(connection: sa.Connection, log_id: bytes) -> int:
    """How many statements wait for the batch into a log."""
    query = sa.select(sa.func.count()).select_from(
        statements.join(logs, logs.c.id == statements.c.log)
    )
    return connection.scalar(query.where(WAITS, logs.c.log_id == log_id)) or 0


def count_overdue(connection: sa.Connection, at: int) -> int:
    """Promises of statements that wait for the batch into an open log though they are due at that
    Unix second. What waits for a closed one is made again for its successor."""
    promise = statement_promises.c.id
    query = sa.select(sa.func.count(promise.distinct())).select_from(
        statement_promises.join(statements, statements.c.promise == promise).join(
            logs, logs.c.id == statement_promises.c.log
        )
    )
    due = query.where(WAITS, logs.c.closed.is_(None), statement_promises.c.due < at)
    return connection.scalar(due) or 0


def move(connection: sa.Connection, log: int, promises: Sequence[int]) -> int:
    """Move promises of statements to the log, in the order given, with all that they cover; how
    many entries. Under `LOCK`."""
    moved = 0
    for at in range(0, len(promises), _SOME):
        some = promises[at : at + _SOME]
        covered = _covered(connection, some)
        query = sa.select(statement_promises, logs.c.log_id).join(
            logs, logs.c.id == statement_promises.c.log
        )
        found = connection.execute(query.where(statement_promises.c.id.in_(some)))
        by_id = {promise.id: promise for promise in found}
        for number in some:
            moved += _move_one(connection, log, by_id[number], covered[number])
    return moved


_SOME = 512
"""Promises of one query."""


def _move_one(
    connection: sa.Connection, log: int, promise: sa.Row[Any], rows: Sequence[Any]
) -> int:
    made = [entry_of(row) for row in rows]
    ids = enqueue(
        connection,
        log=log,
        promise=insert_promise(connection, _signed(promise), log=log, key_id=promise.key_id),
        leaves=[leaf_hash(entry) for entry in made],
        record_ids=[record_id(row.log_id, row.commitment) for row in rows],
        entry_bytes=made,
    )
    change = (
        sa.update(statements)
        .where(statements.c.id == sa.bindparam("_id"))
        .values(entry=sa.bindparam("_entry"))
    )
    places = [{"_id": row.id, "_entry": entry} for row, entry in zip(rows, ids, strict=True)]
    connection.execute(change, places)
    return len(ids)


def _covered(connection: sa.Connection, promises: Sequence[int]) -> dict[int, list[Any]]:
    """What each promise covers, in order, without the content."""
    query = (
        sa.select(
            statements.c.id,
            statements.c.promise,
            statements.c.commitment,
            statements.c.replaces,
            logs.c.log_id,
        )
        .join(logs, logs.c.id == statements.c.log)
        .where(statements.c.promise.in_(promises))
        .order_by(statements.c.promise, statements.c.position)
    )
    found: dict[int, list[Any]] = {promise: [] for promise in promises}
    for row in connection.execute(query):
        found[row.promise].append(row)
    return found


def _signed(row: sa.Row[Any]) -> SignedPromise:
    return SignedPromise(
        log=row.log_id.hex(),
        leaves_root=row.leaves_root.hex(),
        count=row._mapping["count"],
        issued_at=row.issued_at,
        due=row.due,
        signature=hex0x(row.signature),
    )


def _next(connection: sa.Connection, table: sa.Table) -> int:
    """The next row number, which `LOCK` keeps for us; SQLite has one writer anyway."""
    return (connection.scalar(sa.select(sa.func.max(table.c.id))) or 0) + 1
