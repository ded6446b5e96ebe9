"""What a doctor sees of the parts of a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import sqlalchemy as sa

from gateway.base.db import begin_read
from gateway.operations.findings import Finding, Level, finding
from gateway.operations.partitions import Retention, in_use, lacking
from gateway.partitions.making import months_ahead, stray, this_month
from gateway.partitions.months import later, written
from gateway.partitions.store import Part, parts

MOST_SHOWN: Final = 6
"""Months that a finding names."""


def examine_partitions(engine: sa.Engine, retention: Retention) -> Iterator[Finding]:
    """Nothing of SQLite."""
    if engine.dialect.name != "postgresql":
        return
    with begin_read(engine) as connection:
        held = parts(connection)
        ahead, now, lost = months_ahead(connection), this_month(connection), stray(connection)
        used = in_use(connection)
        archived = [part for part in held if part.archived_at is not None]
        needed = {part: lacking(connection, part, used) for part in archived}
    well = ahead is not None and ahead >= later(now, 1)
    until = "-" if ahead is None else written(ahead)
    yield finding("partitions-ahead", Level.OK if well else Level.WARNING, until=until)
    yield finding("partitions-default", _warn(lost), tables=", ".join(lost) or "-")
    over = _months(part for part in held if part.archived_at is None and retention.over(part.month))
    kept = "-" if retention.months is None else retention.months
    yield finding("partitions-over", _warn(over), months=_some(over), kept=kept)
    yield _missed(needed, retention)


def _missed(needed: Mapping[Part, int], retention: Retention) -> Finding:
    young = _months(part for part in needed if not retention.over(part.month))
    wanted = _months(part for part, count in needed.items() if count)
    months = sorted({*young, *wanted})
    count = sum(needed.values())
    return finding("partitions-needed", _warn(months), months=_some(months), count=count)


def _months(found: Iterator[Part]) -> list[str]:
    return sorted({written(part.month) for part in found})


def _some(months: Sequence[str]) -> str:
    shown = ", ".join(months[:MOST_SHOWN]) or "-"
    return f"{shown} …" if len(months) > MOST_SHOWN else shown


def _warn(found: Sequence[str]) -> Level:
    return Level.WARNING if found else Level.OK
