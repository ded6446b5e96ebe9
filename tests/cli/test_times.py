"""Instants as people read them."""

import pytest

from ledger.cli.times import shown_time


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (1795449600, "2026-11-24 00:00:00 +08:00"),
        ("2026-11-23T15:59:59Z", "2026-11-23 23:59:59 +08:00"),
        ("2026-11-23T16:00:00Z", "2026-11-24 00:00:00 +08:00"),
        (0, "1970-01-01 08:00:00 +08:00"),
        (-1, "-1"),
        ("9999-12-31T23:59:59Z", "253402300799"),
        (10**20, "100000000000000000000"),
        ("gestern", "gestern"),
        (None, None),
    ],
)
def test_shown(at: int | str | None, shown: str | None) -> None:
    assert shown_time(at) == shown
