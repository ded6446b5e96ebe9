"""Entries: round trips, bounds, and kinds."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import canonical, entry
from ledger.core.errors import Malformed
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
    assert (parsed.kind, parsed.suite, parsed.ref) == ("record", "sha256", None)


@fuzz
@given(st.from_regex(r"[a-z][a-z-]{0,31}", fullmatch=True), WORDS, WORDS, st.none() | WORDS)
def test_other_entries_round_trip(
    kind: str, commitment: bytes, log: bytes, ref: bytes | None
) -> None:
    if kind == "record":
        return
    data = entry.other_entry(kind, commitment=commitment, log=log, ref=ref)
    parsed = entry.parse_entry(data)
    assert parsed.encode() == data
    assert (parsed.kind, parsed.commitment, parsed.log, parsed.ref) == (kind, commitment, log, ref)
    assert (parsed.period, parsed.schema, parsed.timely) == (None, None, None)


def test_periods() -> None:
    assert entry.period(date(2026, 11, 30)) == "2026-11"
    assert entry.period(date(2026, 11, 30), yearly=True) == "2026"


def test_what_is_never_written() -> None:
    good: dict[str, Any] = {"commitment": bytes(32), "log": bytes(32)}
    rest = {"period": "2024-04", "schema": "penalty@1", "timely": "yes"}
    for change in ({"period": "2024-4"}, {"schema": "penalty"}, {"timely": ""}):
        with pytest.raises(Malformed):
            entry.record_entry(**{**good, **rest, **change})
    for kind in ("record", "", "Case", "a" * 33, "case "):
        with pytest.raises(Malformed):
            entry.other_entry(kind, **good)
    with pytest.raises(Malformed):
        entry.other_entry("case", commitment=bytes(31), log=bytes(32))


def test_bounds() -> None:
    long = canonical.encode({"_type": "x" * entry.MAX_ENTRY})
    for data in (long, b"{}", b"[]", b'"x"', b'{"kind":1}', b'{"kind":{"a":1}}'):
        assert refuses(Malformed, entry.parse_entry, data), data
