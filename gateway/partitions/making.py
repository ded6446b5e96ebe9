"""Making parts ahead of their time, on PostgreSQL.

Nothing is ever refused for want of a part: what no part is for lies in the default ones, and is
moved where a part is made for it.

Whoever changes what a table is cut into holds up everybody for the moment of the change, and is
himself held up by the longest reader. So nobody waits long for it: rather it is tried again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import sqlalchemy as sa

from gateway.base.db import begin_write, unhurried
from gateway.base.lease import CLOCKS
from gateway.partitions.models import CUT, partitions
from gateway.partitions.months import Month, first_number, later, month_at, start_of
from gateway.partitions.store import Part, parts

LOCK: Final = "partitions"
"""Name of the lock under which parts are made, taken out and put back."""
SIZE: Final = 50_000_000
"""Row numbers of a part: some 50 GB with content, whose indexes are still held in memory. A month
has as many parts as it takes; the stock that a province brings has ten."""
AHEAD: Final = 2
"""Months to come that have a part already."""
MOST: Final = 64
"""Parts that are made at once. Row numbers beyond them were given by no gateway of ours."""
WAIT: Final = "2s"
"""How long a change waits for those who use the table. Everybody who comes later waits behind it,
so no longer than what a request may take."""
_ENTRIES = sa.table("entries", sa.column("id", sa.BigInteger))
_RECORD: Final = 1
"""`gateway.sealing.services.Kind.RECORD`, whose keys are cut by row number."""


def make(engine: sa.Engine, size: int = SIZE) -> list[Part]:
    """Make what is missing; returns the new parts. Harmless where none is, and where several
    gateways do it. Raises OperationalError where others use the tables for too long."""
    with begin_write(engine) as connection:
        if not missing(connection, size):
            return []
    with begin_write(engine, LOCK) as connection, unhurried(connection):
        new = missing(connection, size)
        for part in new:
            create(connection, part)
        return new


def missing(connection: sa.Connection, size: int = SIZE) -> list[Part]:
    """Parts that there should be: one for this month and those ahead, and one behind that which is
    being filled."""
    held = parts(connection)
    newest = connection.scalar(sa.select(sa.func.max(_ENTRIES.c.id))) or 0
    now, months = this_month(connection), {part.month for part in held}
    wanted = list(_behind(held, newest, size))
    for count in range(AHEAD + 1):
        if (month := later(now, count)) not in months:
            first = first_number(month)
            wanted.append(Part(first, first + size, month, 1))
    return wanted


def _behind(held: Sequence[Part], newest: int, size: int) -> Iterator[Part]:
    """Parts of the month of the newest row, until one is there that holds nothing yet."""
    begun = [part for part in held if part.first_id <= newest]
    if not begun:
        return
    last, starts = begun[-1], {part.first_id for part in held}
    if newest >= last.end_id + MOST * size:
        return
    for _ in range(MOST):
        if last.first_id > newest or last.end_id in starts:
            return
        last = Part(last.end_id, last.end_id + size, last.month, last.n + 1)
        yield last


def create(connection: sa.Connection, part: Part) -> None:
    """Make a part of each table, of an archived one with what is kept of its content. What lies in
    the default ones of it is moved."""
    change_tables(connection)
    for table in CUT:
        name, default = part.attached(table), f"{table}_default"
        run(connection, f"CREATE TABLE {name} (LIKE {table} INCLUDING STORAGE)")
        moved = f"DELETE FROM {default} WHERE {_where(table, part)} RETURNING *"  # noqa: S608
        run(connection, f"WITH moved AS ({moved}) INSERT INTO {name} SELECT * FROM moved")  # noqa: S608
        attach(connection, table, name, part)
    since = start_of(part.month) if part.n == 1 else None
    row = {"first_id": part.first_id, "end_id": part.end_id, "month": part.month, "n": part.n}
    connection.execute(sa.insert(partitions).values(**row, since=since))


def remove(connection: sa.Connection, part: Part) -> None:
    """Drop a part of a database that holds nothing yet."""
    change_tables(connection)
    for table in CUT:
        run(connection, f"DROP TABLE {part.attached(table)}")
    connection.execute(sa.delete(partitions).where(partitions.c.first_id == part.first_id))


def attach(connection: sa.Connection, table: str, name: str, part: Part) -> None:
    """Have a table be a part of another one."""
    run(connection, f"ALTER TABLE {table} ATTACH PARTITION {name} {bounds(table, part)}")


def change_tables(connection: sa.Connection) -> None:
    """Begin to change tables within a transaction: bound the wait, and take first what an entry
    refers to, as those do who write entries; in another order each could wait for the other."""
    run(connection, f"SET LOCAL lock_timeout = '{WAIT}'")
    run(connection, "LOCK TABLE logs IN SHARE ROW EXCLUSIVE MODE")


def bounds(table: str, part: Part) -> str:
    """The clause by which a table is a part."""
    ends = (part.first_id, part.end_id)
    if table == "content_keys":
        first, end = (f"({_RECORD}, {number})" for number in ends)
    else:
        first, end = (f"({number})" for number in ends)
    return f"FOR VALUES FROM {first} TO {end}"


def _where(table: str, part: Part) -> str:
    """The condition for a row of the default part to belong into another one."""
    within = f"id >= {part.first_id} AND id < {part.end_id}"
    return f"kind = {_RECORD} AND {within}" if table == "content_keys" else within


def run(connection: sa.Connection, text: str) -> None:
    """A statement as it is."""
    connection.exec_driver_sql(text)


def stray(connection: sa.Connection) -> list[str]:
    """Tables whose default part holds rows of entries."""
    found = []
    for table in CUT:
        of_records = " WHERE kind = 1" if table == "content_keys" else ""
        query = f"SELECT 1 FROM {table}_default{of_records} LIMIT 1"  # noqa: S608 - our own names
        if connection.exec_driver_sql(query).first() is not None:
            found.append(table)
    return found


def this_month(connection: sa.Connection) -> Month:
    """The month that it is by the database's clock, by which row numbers are given."""
    return month_at(connection.scalar(sa.select(CLOCKS[connection.dialect.name])) or 0)


def months_ahead(connection: sa.Connection) -> Month | None:
    """The last month of those without a gap from now on that have a part; None: this one has
    none."""
    now = this_month(connection)
    held = sorted({part.month for part in parts(connection) if part.month >= now})
    if not held or held[0] != now:
        return None
    for month, following in pairwise(held):
        if following != later(month, 1):
            return month
    return held[-1]
