"""Which costs are said to grow."""

import pytest

from scripts.bench_parts.book import Book
from scripts.bench_parts.growth import FLAT, FULL, GROWS, LOGARITHM, growth_of, relative, table


def book_of(name: str, values: dict[int, float]) -> Book:
    """One row."""
    book = Book()
    for size, value in values.items():
        book.put(name, size, value)
    return book


@pytest.mark.parametrize(
    ("name", "values", "verdict"),
    [
        ("promise_p99_ms", {10_000: 40.0, 1_000_000: 44.0}, FLAT),
        ("promise_p99_ms", {10_000: 40.0, 1_000_000: 64.0}, LOGARITHM),
        ("promise_p99_ms", {10_000: 40.0, 1_000_000: 67.0}, GROWS),
        ("verify_per_s", {10_000: 2000.0, 1_000_000: 1900.0}, FLAT),
        ("verify_per_s", {10_000: 2000.0, 1_000_000: 1000.0}, GROWS),
        # a cache that fills, and is full
        ("gateway_rss_mib_10m", {10_000: 100.0, 1_000_000: 400.0, 10_000_000: 420.0}, FULL),
        ("gateway_rss_mib_10m", {10_000: 100.0, 1_000_000: 400.0, 10_000_000: 460.0}, GROWS),
        # what costs much at first, as starting does, hides nothing
        ("verify_per_s", {10_000: 100.0, 100_000: 2000.0, 10_000_000: 1000.0}, GROWS),
    ],
)
def test_verdicts(name: str, values: dict[int, float], verdict: str) -> None:
    (row,) = [one for one in book_of(name, values).rows() if not one.aim.of]
    growth = growth_of(row)
    assert growth is not None
    assert growth.verdict == verdict
    assert verdict in table([row])


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("promise_p99_ms", {1_000_000: 40.0}),
        ("promise_p99_ms", {1_000_000: 40.0, 2_000_000: 400.0}),
        ("gas_per_act", {1: 40.0, 64: 400.0}),
    ],
)
def test_of_what_is_not_far_enough_apart_nothing_is_said(
    name: str, values: dict[int, float]
) -> None:
    (row,) = book_of(name, values).rows()
    assert growth_of(row) is None
    assert (table([row]), relative([row])) == ("", {})


def test_drawn_is_what_one_costs_over_the_least() -> None:
    (row,) = book_of("verify_per_s", {10: 50.0, 1000: 100.0}).rows()
    assert relative([row]) == {"verify_per_s": {10: 2.0, 1000: 1.0}}
