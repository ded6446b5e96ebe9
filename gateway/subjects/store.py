"""Subjects in the database: numbered as records come in, and those met twice found again.

Everything is asked of fingerprints; nothing is opened here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import count
from typing import NamedTuple

import sqlalchemy as sa

from gateway.base.db import insert_rows, rows_having
from gateway.records.models import SHARED, records, subjects
from gateway.sealing.services import Kind, opens

Pair = tuple[bytes, bytes]
"""Fingerprints of a code and of a name."""

BY_CODE, BY_NAME = 1, 2
"""What `subjects.shared` is made of."""
_SOME = 512
"""Fingerprints of one query."""
_COLUMNS = ("id", "code", "name", "shared")
_FOUND = (subjects.c.code, subjects.c.name, subjects.c.id)
_IN_FORCE = b""
_REGISTRATION = "registration@%"


class Party(NamedTuple):
    """A code with a name that was met twice, as records in force have it. id: its row number.
    records: how many. latest: period of the last decision. registered: period of the first
    registration that says so; None: there is none."""

    id: int
    code: bytes
    name: bytes
    records: int
    latest: int
    registered: int | None


def number_subjects(connection: sa.Connection, pairs: Collection[Pair | None]) -> dict[Pair, int]:
    """The row numbers of these, given to those that have none, within the caller's transaction.

    The caller holds the lock of entries, so nobody gives numbers beside it. Of a new one it is
    noted whether its code or its name was met before.
    """
    wanted = {pair for pair in pairs if pair is not None}
    known = _having(connection, subjects.c.code, {code for code, _ in wanted})
    new = sorted(wanted - known.keys())
    if new:
        known |= _add(connection, new, known)
    return {pair: known[pair] for pair in wanted}


def _add(
    connection: sa.Connection, new: Sequence[Pair], of_codes: dict[Pair, int]
) -> dict[Pair, int]:
    """Number what is new. of_codes: all that have one of their codes."""
    of_names = _having(connection, subjects.c.name, {name for _, name in new})
    codes: dict[bytes, set[Pair]] = defaultdict(set)
    names: dict[bytes, set[Pair]] = defaultdict(set)
    for pair in (*of_codes, *of_names, *new):
        codes[pair[0]].add(pair)
        names[pair[1]].add(pair)
    twice = {code for code, _ in new if len(codes[code]) > 1}
    shared = {name for _, name in new if len(names[name]) > 1}
    last = connection.scalar(sa.select(sa.func.max(subjects.c.id))) or 0
    numbers = dict(zip(new, count(last + 1), strict=False))
    rows = [
        (number, code, name, BY_CODE * (code in twice) + BY_NAME * (name in shared))
        for (code, name), number in numbers.items()
    ]
    insert_rows(connection, subjects, _COLUMNS, rows)
    _note(connection, subjects.c.code, twice, BY_CODE)
    _note(connection, subjects.c.name, shared, BY_NAME)
    return numbers


def _having(
    connection: sa.Connection, column: sa.Column[bytes], marks: Collection[bytes]
) -> dict[Pair, int]:
    rows = rows_having(connection, _FOUND, column, sorted(marks))
    return {(code, name): number for code, name, number in rows}


def _note(
    connection: sa.Connection, column: sa.ColumnElement[bytes], marks: Iterable[bytes], what: int
) -> None:
    """Note that these were met twice, on all that have one of them."""
    shared = subjects.c.shared
    change = sa.update(subjects).values(shared=shared.bitwise_or(what))
    for some in _pieces(marks):
        connection.execute(change.where(column.in_(some), shared.bitwise_and(what) == 0))


def _pieces(marks: Iterable[bytes]) -> Iterator[list[bytes]]:
    """In order, so that two who write the same do not wait for each other."""
    ordered = sorted(marks)
    for at in range(0, len(ordered), _SOME):
        yield ordered[at : at + _SOME]


def shared_parties(connection: sa.Connection) -> list[Party]:
    """All that were met twice and for which records stand that are in force and not erased."""
    registered = sa.case((records.c.schema.like(_REGISTRATION), records.c.period))
    query = (
        sa.select(
            subjects.c.id,
            subjects.c.code,
            subjects.c.name,
            sa.func.count(),
            sa.func.max(records.c.period),
            sa.func.min(registered),
        )
        .join(records, records.c.subject == subjects.c.id)
        .where(SHARED, *standing())
        .group_by(subjects.c.id, subjects.c.code, subjects.c.name)
        .order_by(subjects.c.id)
    )
    return [Party(*row) for row in connection.execute(query)]


def standing() -> tuple[sa.ColumnElement[bool], ...]:
    """The conditions under which a record counts: in force and not erased."""
    return (
        records.c.superseded_by == _IN_FORCE,
        sa.exists().where(opens(Kind.RECORD, records.c.id)).correlate(records),
    )


def count_subjects(connection: sa.Connection) -> int:
    """How many codes with a name were ever met: numbers have no gaps."""
    return connection.scalar(sa.select(sa.func.max(subjects.c.id))) or 0


def have_one_document(
    connection: sa.Connection, ids: Sequence[int], *conditions: sa.ColumnElement[bool]
) -> bool:
    """Whether two of these subjects have records of one document. conditions: which records
    count."""
    query = (
        sa.select(records.c.document_key)
        .where(records.c.subject.in_(ids), *standing(), *conditions)
        .group_by(records.c.document_key)
        .having(sa.func.count(records.c.subject.distinct()) > 1)
        .limit(1)
    )
    return connection.execute(query).first() is not None
