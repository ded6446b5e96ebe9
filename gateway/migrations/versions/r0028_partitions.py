"""A table of its own for the content of records; on PostgreSQL the large tables in parts.

Entries and keys that are there are copied, each to the part of the month in which it was promised.
Row numbers stay what they are: the month that runs goes on with them, only the next one begins with
numbers of its own. Content that is there stays in `records`, where a program of the version before
still puts it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import sqlalchemy as sa
from alembic import context, op
from alembic.util import CommandError

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_SIZE = 50_000_000
"""Row numbers of a part, unless whoever runs this says something else."""
_AHEAD = 2
_ROOM = 10**10
_CHINA = timezone(timedelta(hours=8))
_RECORD = 1
"""Of the keys of records."""
_MONTHS = """
    SELECT least(to_char(to_timestamp(issued_at) AT TIME ZONE 'UTC' + interval '8 hours',
                         'YYYYMM')::int, {now}) AS month, min(first_entry) AS first
    FROM promises WHERE first_entry IS NOT NULL GROUP BY 1 ORDER BY 1 DESC
"""

_Part = tuple[int, int, int, int]
"""First and end of its row numbers, month, number within the month."""


def upgrade() -> None:
    op.create_table(
        "partitions",
        sa.Column("first_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("end_id", sa.BigInteger, nullable=False),
        sa.Column("month", sa.Integer, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=True),
        sa.Column("skipped", sa.BigInteger, server_default="0", nullable=False),
        sa.Column("archived_at", sa.BigInteger, nullable=True),
        sa.Column("dropped_at", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("first_id", name="pk_partitions"),
        sa.UniqueConstraint("month", "n", name="uq_partitions_month_n"),
    )
    if op.get_bind().dialect.name == "postgresql":
        _cut()
        return
    op.create_table(
        "contents",
        sa.Column("id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_contents"),
    )


def _cut() -> None:
    op.execute("SET LOCAL enable_seqscan = on")
    op.execute("LOCK TABLE entries, content_keys IN ACCESS EXCLUSIVE MODE")
    # Whoever takes a part out must not look for what refers to it, nor whoever puts a row in.
    op.drop_constraint("fk_records_id", "records")
    op.drop_constraint("fk_statements_entry", "statements")
    op.execute("CREATE TABLE entries_cut (LIKE entries) PARTITION BY RANGE (id)")
    op.execute("CREATE TABLE content_keys_cut (LIKE content_keys) PARTITION BY RANGE (kind, id)")
    op.execute(
        "CREATE TABLE contents (id bigint NOT NULL, content bytea NOT NULL) PARTITION BY RANGE (id)"
    )
    for first, end, month, n in _parts():
        name = f"{month // 100:04}_{month % 100:02}_{n}"
        for table, parent in (("entries", "entries_cut"), ("contents", "contents")):
            op.execute(
                f"CREATE TABLE {table}_{name} PARTITION OF {parent}"
                f" FOR VALUES FROM ({first}) TO ({end})"
            )
        op.execute(
            f"CREATE TABLE content_keys_{name} PARTITION OF content_keys_cut"
            f" FOR VALUES FROM ({_RECORD}, {first}) TO ({_RECORD}, {end})"
        )
        start = datetime(month // 100, month % 100, 1, tzinfo=_CHINA)
        since = int(start.timestamp()) if n == 1 else None
        row = {"first_id": first, "end_id": end, "month": month, "n": n, "since": since}
        op.execute(sa.insert(sa.table("partitions", *map(sa.column, row))).values(row))
    for table, parent in (
        ("entries", "entries_cut"),
        ("contents", "contents"),
        ("content_keys", "content_keys_cut"),
    ):
        op.execute(f"CREATE TABLE {table}_default PARTITION OF {parent} DEFAULT")
    op.execute(
        "CREATE TABLE content_keys_others PARTITION OF content_keys_cut"
        f" FOR VALUES FROM ({_RECORD + 1}, MINVALUE) TO (MAXVALUE, MAXVALUE)"
    )
    _fill()


def _fill() -> None:
    for table in ("entries", "content_keys"):
        op.execute(f"INSERT INTO {table}_cut SELECT * FROM {table}")  # noqa: S608 - our own names
        op.execute(f"DROP TABLE {table}")
        op.execute(f"ALTER TABLE {table}_cut RENAME TO {table}")
    _add_indexes()
    op.create_primary_key("pk_contents", "contents", ["id"])
    op.execute("ANALYZE entries, content_keys")


def _add_indexes() -> None:
    """Of `entries` and `content_keys`, behind their rows."""
    op.create_primary_key("pk_entries", "entries", ["id"])
    op.create_foreign_key("fk_entries_log", "entries", "logs", ["log"], ["id"])
    op.create_index("ix_entries_leaf", "entries", [sa.text("substr(leaf, 1, 5)")])
    op.create_index("ix_entries_record", "entries", ["record"])
    op.create_primary_key("pk_content_keys", "content_keys", ["kind", "id"])
    op.create_index("ix_content_keys_wrapped_by", "content_keys", ["wrapped_by"])


def _parts() -> Iterator[_Part]:
    """One for each month that has rows, the one that runs, and two to come; more than one of a
    month that has more rows than a part."""
    connection = op.get_bind()
    clock = connection.scalar(sa.text("SELECT extract(epoch FROM clock_timestamp())"))
    now = datetime.fromtimestamp(float(clock or 0), _CHINA)
    month, newest = now.year * 100 + now.month, _newest(connection)
    begun = _begun(connection, month, newest)
    ends = [first for _, first in begun[1:]]
    for (one, first), end in zip(begun, [*ends, None], strict=True):
        yield from _of_month(one, first, end, newest)
    for _ in range(_AHEAD):
        month = month + 1 if month % 100 < 12 else month + 89  # noqa: PLR2004 - months of a year
        yield from _of_month(month, month * _ROOM + 1, None, newest)


def _begun(connection: sa.Connection, now: int, newest: int) -> list[tuple[int, int]]:
    """The months until now, each with its first row number."""
    found: list[tuple[int, int]] = []
    end = newest + 1
    # From the last one back: what was promised after the first of a month belongs to none earlier,
    # whatever the clock of a gateway said.
    for month, first in connection.execute(sa.text(_MONTHS.format(now=now))).all():
        if first < end:
            found.insert(0, (month, first))
            end = first
    if not found or found[-1][0] != now:
        found.append((now, newest + 1))
    return [(found[0][0], 1), *found[1:]]


def _of_month(month: int, first: int, end: int | None, newest: int) -> Iterator[_Part]:
    """Its parts. end: None: it goes on behind the newest row."""
    size = context.config.attributes.get("part_size", _SIZE)
    for n in range(1, 1 << 16):
        upto = first + size if end is None else min(first + size, end)
        yield first, upto, month, n
        if upto == end or (end is None and upto > newest):
            return
        first = upto


def _newest(connection: sa.Connection) -> int:
    return connection.scalar(sa.text("SELECT max(id) FROM entries")) or 0


def downgrade() -> None:
    cut = op.get_bind().dialect.name == "postgresql"
    if cut:
        _demand_nothing_archived()
    op.execute("UPDATE records SET content = c.content FROM contents c WHERE c.id = records.id")
    op.drop_table("contents")
    if cut:
        _whole()
    op.drop_table("partitions")


def _demand_nothing_archived() -> None:
    archived = "SELECT 1 FROM partitions WHERE archived_at IS NOT NULL LIMIT 1"
    if op.get_bind().execute(sa.text(archived)).first() is not None:
        raise CommandError("months are in the archive; put them back first")


def _whole() -> None:
    op.execute("SET LOCAL enable_seqscan = on")
    for table in ("entries", "content_keys"):
        op.execute(f"CREATE TABLE {table}_whole (LIKE {table})")
        op.execute(f"INSERT INTO {table}_whole SELECT * FROM {table}")  # noqa: S608 - our own names
        op.drop_table(table)
        op.execute(f"ALTER TABLE {table}_whole RENAME TO {table}")
    _add_indexes()
    op.create_foreign_key("fk_records_id", "records", "entries", ["id"], ["id"])
    op.create_foreign_key("fk_statements_entry", "statements", "entries", ["entry"], ["id"])
