"""Reports, their numbers, tries and shares in the database."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import orjson
import sqlalchemy as sa

from gateway.base.crypto import Box, Vault
from gateway.base.db import insert_rows
from gateway.reports.interfaces import Scope
from gateway.reports.models import (
    credit_reports,
    report_records,
    report_shares,
    report_tries,
)
from gateway.sealing.services import Boxes, Kind, drop, number
from ledger.core.report_content import Content, parse_content

PAGE: Final = 100
HOUR: Final = 3600
LOCK: Final = "report-tries"
"""Name of the lock under which tries and shares are counted."""
_CONTENT, _COPY = b"content", b"copy"
_RECORD: Final = ("report", "line", "record", "leaf", "first", "disputed")
_SOME: Final = 512

Row = sa.Row[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReport:
    """A report to be kept. values: the columns that are not sealed. records: by line its columns
    behind `line`. copy: what the key of the QR unseals."""

    values: Mapping[str, Any]
    content: Content
    receipts: Sequence[str]
    records: Sequence[tuple[bytes, bytes, bytes, bool]]
    copy: bytes


def put(connection: sa.Connection, vault: Vault, new: NewReport) -> None:
    """Keep a report within the caller's transaction."""
    box_id = secrets.token_hex(16)
    box = Boxes(vault).make(connection, Kind.CREDIT_REPORT, box_id)
    told = {"content": new.content.encode().decode(), "receipts": list(new.receipts)}
    made = sa.insert(credit_reports).values(
        **new.values,
        box=box_id,
        content=box.seal(orjson.dumps(told), _CONTENT),
        copy=box.seal(new.copy, _COPY),
    )
    report = connection.execute(made.returning(credit_reports.c.n)).scalar_one()
    rows = [(report, line, *one) for line, one in enumerate(new.records, start=1)]
    if rows:
        insert_rows(connection, report_records, _RECORD, rows)


def row_of(connection: sa.Connection, named: str) -> Row | None:
    """A report by its number; None too for a text that can be none: PostgreSQL takes no NUL."""
    if "\0" in named:
        return None
    query = sa.select(credit_reports).where(credit_reports.c.number == named)
    return connection.execute(query).one_or_none()


def content_of(connection: sa.Connection, vault: Vault, row: Row) -> tuple[Content, list[str]]:
    """The content of a report and its receipts. Raises ContentLost, ContentKeyMissing."""
    told = orjson.loads(_box(connection, vault, row).open(row.content, _CONTENT))
    return parse_content(told["content"].encode()), told["receipts"]


def copy_of(connection: sa.Connection, vault: Vault, row: Row) -> bytes:
    """What the key of the QR unseals. Raises ContentLost, ContentKeyMissing."""
    return _box(connection, vault, row).open(row.copy, _COPY)


def page(connection: sa.Connection, before: int | None, limit: int) -> Sequence[Row]:
    """Reports, the newest first. before: row number of the last that was seen."""
    query = sa.select(credit_reports).order_by(credit_reports.c.n.desc()).limit(limit)
    if before is not None:
        query = query.where(credit_reports.c.n < before)
    return connection.execute(query).all()


def records_of(connection: sa.Connection, report: int) -> Sequence[Row]:
    """The records of a report, by line."""
    query = sa.select(report_records).where(report_records.c.report == report)
    return connection.execute(query.order_by(report_records.c.line)).all()


def forget(connection: sa.Connection, records: Collection[bytes]) -> None:
    """Destroy what is kept of all reports that show one of these records, and end their shares:
    what is left of a report would tell by what it lacks."""
    wanted = list(records)
    for at in range(0, len(wanted), _SOME):
        some = report_records.c.record.in_(wanted[at : at + _SOME])
        reports = sa.select(report_records.c.report).where(some)
        rows = connection.execute(
            sa.select(credit_reports.c.n, credit_reports.c.box).where(
                credit_reports.c.n.in_(reports)
            )
        ).all()
        drop(connection, Kind.CREDIT_REPORT, [number(row.box) for row in rows])
        ids = [row.n for row in rows]
        shares = sa.select(report_shares.c.n).where(report_shares.c.report.in_(ids))
        connection.execute(sa.delete(report_tries).where(report_tries.c.share.in_(shares)))
        gone = sa.update(credit_reports).where(credit_reports.c.n.in_(ids))
        connection.execute(gone.values(content=b"", copy=b""))
        connection.execute(sa.delete(report_shares).where(report_shares.c.report.in_(ids)))


# ---- tries


def tries(
    connection: sa.Connection,
    now: int,
    *,
    correct: bool,
    who: bytes | None = None,
    report: int | None = None,
    share: int | None = None,
    number: bytes | None = None,
) -> Sequence[int]:
    """When it was tried in the last hour, ascending: of those that are as is told here."""
    table = report_tries.c
    told = {table.who: who, table.report: report, table.share: share, table.number: number}
    query = sa.select(table.at).where(table.at > now - HOUR, table.correct == correct)
    for column, value in told.items():
        if value is not None:
            query = query.where(column == value)
    return connection.scalars(query.order_by(table.at)).all()


def note_try(
    connection: sa.Connection,
    now: int,
    *,
    correct: bool,
    who: bytes,
    report: int | None = None,
    share: int | None = None,
    number: bytes | None = None,
) -> None:
    """Note one, and forget what is older than an hour."""
    connection.execute(sa.delete(report_tries).where(report_tries.c.at <= now - HOUR))
    values = {"at": now, "correct": correct, "who": who, "report": report, "share": share}
    connection.execute(sa.insert(report_tries).values(values | {"number": number}))


# ---- shares


def put_share(connection: sa.Connection, values: Mapping[str, Any], scope: Scope) -> str:
    """Keep a share; its id."""
    hex_id = secrets.token_hex(16)
    told = orjson.dumps(scope.to_json()).decode()
    made = sa.insert(report_shares).values(**values, id=hex_id, scope=told, opened=0)
    connection.execute(made)
    return hex_id


def shares_of(connection: sa.Connection, report: int) -> Sequence[Row]:
    """All shares of a report, the oldest first."""
    query = sa.select(report_shares).where(report_shares.c.report == report)
    return connection.execute(query.order_by(report_shares.c.n)).all()


def count_shares(connection: sa.Connection, report: int, today: date) -> tuple[int, int]:
    """How many shares of a report open something today, and how many there ever were."""
    of = report_shares.c.report == report
    count = sa.select(sa.func.count()).select_from(report_shares)
    opened = connection.execute(count.where(of, *_is_open(today))).scalar_one()
    return opened, connection.execute(count.where(of)).scalar_one()


def open_share(connection: sa.Connection, report: int, mark: bytes, today: date) -> Row | None:
    """The share with this mark of a code, if it opens something today."""
    table = report_shares.c
    query = sa.select(report_shares).where(
        table.report == report, table.code == mark, *_is_open(today)
    )
    return connection.execute(query.limit(1)).one_or_none()


def is_open(connection: sa.Connection, share: int, today: date) -> bool:
    """Whether a share opens something today."""
    query = sa.select(report_shares.c.n).where(report_shares.c.n == share, *_is_open(today))
    return connection.execute(query).one_or_none() is not None


def _is_open(today: date) -> tuple[sa.ColumnElement[bool], ...]:
    table = report_shares.c
    return table.withdrawn_at.is_(None), table.until >= today.isoformat()


def count_opened(connection: sa.Connection, share: int) -> None:
    """Count that a share was opened."""
    opened = {"opened": report_shares.c.opened + 1}
    connection.execute(sa.update(report_shares).where(report_shares.c.n == share).values(opened))


def withdraw(connection: sa.Connection, report: int, hex_id: str, now: int) -> bool:
    """Withdraw a share; False where the report has no such share. One that was is left as it is."""
    of = (report_shares.c.report == report, report_shares.c.id == hex_id)
    if connection.execute(sa.select(report_shares.c.n).where(*of)).one_or_none() is None:
        return False
    change = sa.update(report_shares).where(*of, report_shares.c.withdrawn_at.is_(None))
    connection.execute(change.values(withdrawn_at=now))
    return True


def scope_of(row: Row) -> Scope:
    """What a share shows."""
    return Scope.of_json(orjson.loads(row.scope))


def _box(connection: sa.Connection, vault: Vault, row: Row) -> Box:
    return Boxes(vault).open(connection, Kind.CREDIT_REPORT, row.box)
