"""What is remembered between records is bounded in size, not only in number."""

from ledger.records import uscc, values
from tests.records.examples import codes, penalty


def test_long_values_are_not_remembered() -> None:
    before = values._read_date.cache_info().currsize, uscc._check.cache_info().currsize
    for n in range(10):
        junk = f"{n}" * 100_000
        found = dict(codes(penalty(CF_JDRQ=junk, CF_XDR_SHXYM=junk, CF_CFLB=junk)))
        assert found["CF_JDRQ"] == "date-invalid"
        assert found["CF_XDR_SHXYM"] == "uscc-format"
    after = values._read_date.cache_info().currsize, uscc._check.cache_info().currsize
    assert all(late - early <= 2 for early, late in zip(before, after, strict=True))


def test_a_date_with_its_midnight_still_fits() -> None:
    assert values.read_date("2024-03-05 00:00:00.000000000") == "2024-03-05"
