"""Instants as people read them: China's time, with its distance from UTC beside it. Documents
(`--json`, CSV) keep UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from ledger.core.canonical import MAX_INSTANT, parse_instant
from ledger.core.errors import Malformed

_CHINA = timezone(timedelta(hours=8))


def shown_time(at: int | str | None) -> str | None:
    """`2026-11-24 00:00:00 +08:00` of Unix seconds or of an instant in UTC. What is neither stays
    as it is; None stays None."""
    if at is None:
        return None
    if isinstance(at, str):
        try:
            at = parse_instant(at)
        except Malformed:
            return str(at)
    if not 0 <= at <= MAX_INSTANT - 8 * 3600:  # later it is the year 10000 there
        return str(at)
    return f"{datetime.fromtimestamp(at, UTC).astimezone(_CHINA):%Y-%m-%d %H:%M:%S} +08:00"
