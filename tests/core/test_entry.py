"""Entries: round trips, bounds, and kinds."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import canonical, entry
from ledger.core.errors import Malformed, VersionUnknown
from tests.core.material import fuzz, refuses

WORDS = st.binary(min_size=32, max_size=32)
PERIODS = st.builds(lambda day, yearly: entry.period(day, yearly=yearly), st.dates(), st.booleans())
RECORDS = st.fixed_dictionaries(
    {
        "commitment": WORDS,
        "log": WORDS,
        "period": st.builds(
            lambda day, yearly: entry.period(day, yearly=yearly), st.dates(), st.booleans()
        ),
        "schema": st.from_regex(r"[a-z][a-z0-9-]{0,31}@[1-9][0-9]{0,8}", fullmatch=True),
        "timely": st.sampled_from(entry.TIMELY),
    },
    optional={"corrects": WORDS, "replaces": WORDS},
)


@fuzz
@given(RECORDS)
def test_record_entries_round_trip(given_: dict[str, Any]) -> None:
    data = entry.record_entry(**given_)
    assert len(data) <= entry.MAX_ENTRY
    parsed = entry.parse_entry(data)
    assert parsed.encode() == data
    names = ("commitment", "log", "period", "schema", "timely", "corrects", "replaces")
    assert [getattr(parsed, name) for name in names] == [given_.get(name) for name in names]
    assert (parsed.kind, parsed.suite) == ("record", "sha256")


@fuzz
@given(WORDS, WORDS, st.none() | WORDS)
def test_statement_entries_round_trip(
    commitment: bytes, log: bytes, replaces: bytes | None
) -> None:
    data = entry.statement_entry(commitment=commitment, log=log, replaces=replaces)
    parsed = entry.parse_entry(data)
    assert parsed.encode() == data
    assert (parsed.kind, parsed.commitment, parsed.log) == ("statement", commitment, log)
    assert (parsed.period, parsed.schema, parsed.timely, parsed.corrects) == (None,) * 4
    assert parsed.replaces == replaces


def test_periods() -> None:
    assert entry.period(date(2026, 11, 30)) == "2026-11"
    assert entry.period(date(2026, 11, 30), yearly=True) == "2026"


def test_what_is_never_written() -> None:
    good: dict[str, Any] = {"commitment": bytes(32), "log": bytes(32)}
    rest = {"period": "2024-04", "schema": "penalty@1", "timely": "yes"}
    for change in ({"period": "2024-4"}, {"schema": "penalty"}, {"timely": ""}):
        with pytest.raises(Malformed):
            entry.record_entry(**{**good, **rest, **change})
    for name, wrong in (("commitment", bytes(31)), ("log", b""), ("replaces", bytes(33))):
        with pytest.raises(Malformed):
            entry.statement_entry(**{**good, name: wrong})


def test_bounds() -> None:
    long = canonical.encode({"_type": "x" * entry.MAX_ENTRY})
    for data in (long, b"{}", b"[]", b'"x"', b'{"kind":1}', b'{"kind":{"a":1}}', b"", b"{"):
        assert refuses(Malformed, entry.parse_entry, data), data


@fuzz
@given(st.binary(max_size=300) | st.from_regex(rb'\s*\{"_type":"[a-z/@0-9-]*".*', fullmatch=True))
def test_arbitrary_bytes_are_malformed_or_newer(data: bytes) -> None:
    with pytest.raises((Malformed, VersionUnknown)):
        entry.parse_entry(data)
