"""Subjects in the database: numbered as records come in, and those met twice found again.

Everything is asked of fingerprints; nothing is opened here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple

import sqlalchemy as sa

from gateway.base.db import insert_rows
from gateway.records.models import SHARED, records, subjects
from gateway.sealing.services import Kind, opens

Pair = tuple[bytes, bytes]
"""Fingerprints of a code and of a name."""

BY_CODE, BY_NAME = 1, 2
"""What `subjects.shared` is made of."""
_SOME = 512
"""Fingerprints of one query."""
_COLUMNS = ("id", "code", "name", "shared")
_LOOK = f"""SELECT v.code, v.name, s.id,
 (SELECT c.shared & {BY_CODE} FROM subjects c WHERE c.code = v.code LIMIT 1),
 (SELECT n.shared & {BY_NAME} FROM subjects n WHERE n.name = v.name LIMIT 1)"""  # noqa: S608 - numbers of ours
_JOIN = "LEFT JOIN subjects s ON s.code = v.code AND s.name = v.name"
_UNNEST = "unnest(%(codes)s::bytea[], %(names)s::bytea[])"
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


class _Met(NamedTuple):
    """What is there of a pair. id: its row number, None where it is new. by_code, by_name: whether
    its code, its name was met twice; None where it was never met."""

    id: int | None
    by_code: int | None
    by_name: int | None


def number_subjects(connection: sa.Connection, pairs: Collection[Pair | None]) -> dict[Pair, int]:
    """The row numbers of these, given to those that have none, within the caller's transaction.

    The caller holds the lock of entries, so nobody gives numbers beside it. Of a new one it is
    noted whether its code or its name was met before.
    """
    met = _met(connection, sorted(pair for pair in pairs if pair is not None))
    numbers = {pair: found.id for pair, found in met.items() if found.id is not None}
    new = {pair: found for pair, found in met.items() if found.id is None}
    return numbers | _add(connection, new) if new else numbers


def _add(connection: sa.Connection, new: Mapping[Pair, _Met]) -> dict[Pair, int]:
    """Number what is new. All rows of a code agree on whether it was met twice, so what was met
    before and not twice is one row."""
    codes, names = Counter(code for code, _ in new), Counter(name for _, name in new)
    last = connection.scalar(sa.select(sa.func.max(subjects.c.id))) or 0
    numbers = dict(zip(new, count(last + 1), strict=False))
    rows = []
    for (code, name), found in new.items():
        shared = BY_CODE * (found.by_code is not None or codes[code] > 1)
        shared += BY_NAME * (found.by_name is not None or names[name] > 1)
        rows.append((numbers[code, name], code, name, shared))
    once_by_code = {code for (code, _), found in new.items() if found.by_code == 0}
    once_by_name = {name for (_, name), found in new.items() if found.by_name == 0}
    _note(connection, subjects.c.code, once_by_code, BY_CODE)
    _note(connection, subjects.c.name, once_by_name, BY_NAME)
    insert_rows(connection, subjects, _COLUMNS, rows)
    return numbers


def _met(connection: sa.Connection, pairs: Sequence[Pair]) -> dict[Pair, _Met]:
    """What is there of each. However many names a code has, and codes a name, one row is read of
    them; straight to the driver, which costs less than building the statement."""
    found: dict[Pair, _Met] = {}
    for at in range(0, len(pairs), _SOME):
        some = pairs[at : at + _SOME]
        if connection.dialect.name == "sqlite":
            values = ", ".join(["(?, ?)"] * len(some))
            text = f"WITH v(code, name) AS (VALUES {values}) {_LOOK} FROM v {_JOIN}"
            given: Any = tuple(mark for pair in some for mark in pair)
        else:
            text = f"{_LOOK} FROM {_UNNEST} AS v(code, name) {_JOIN}"
            given = {"codes": [code for code, _ in some], "names": [name for _, name in some]}
        for code, name, *told in connection.exec_driver_sql(text, given):
            found[bytes(code), bytes(name)] = _Met(*told)
    return found


def _note(
    connection: sa.Connection, column: sa.ColumnElement[bytes], marks: Iterable[bytes], what: int
) -> None:
    """Note that what was met once now is met again."""
    ordered, shared = sorted(marks), subjects.c.shared
    change = sa.update(subjects).values(shared=shared + what)
    for at in range(0, len(ordered), _SOME):
        connection.execute(change.where(column.in_(ordered[at : at + _SOME])))


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
