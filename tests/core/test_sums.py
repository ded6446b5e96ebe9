"""Sums of outcomes: small cells are shown nowhere, and cannot be worked out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.sums import DIMENSIONS, LEAST_HOUSEHOLDS, PLATFORM, Cell, sums


@dataclass
class Row:
    """A row of the table."""

    member: str = "demo-bank"
    period: str = "2026-10"
    region: str = "110000"
    product: bytes = PLATFORM
    version: int = 0
    households: int = 10
    granted: str = "100"
    lent: str = "50"


def test_over_institutions() -> None:
    rows: Any = [Row(), Row(member="second", households=3, granted="0.5", lent="0.25")]
    assert sums(rows, ["period"]) == [
        {
            "period": "2026-10",
            "households": 13,
            "granted": "100.5",
            "lent": "50.25",
            "members": 2,
            "hidden": 0,
        }
    ]


@pytest.mark.parametrize(("households", "shown"), [(4, False), (5, True), (0, False)])
def test_a_cell_under_five_households_is_not_shown(households: int, shown: bool) -> None:
    rows: Any = [Row(households=households)]
    [found] = sums(rows, DIMENSIONS)
    assert (found["households"] is not None) is shown
    assert (found["granted"] is not None) is shown
    assert found["hidden"] == (0 if shown else 1)


def test_two_small_ones_of_one_cell_are_one_that_is_shown() -> None:
    rows: Any = [Row(households=3), Row(member="second", households=2)]
    assert sums(rows, DIMENSIONS)[0]["households"] == LEAST_HOUSEHOLDS


def test_what_is_hidden_is_in_no_sum() -> None:
    """Or one would subtract what is shown."""
    rows: Any = [Row(), Row(region="120000", households=2, granted="7"), Row(region="130000")]
    [total] = sums(rows, [])
    assert (total["households"], total["granted"], total["hidden"]) == (20, "200", 1)
    by_region = {one["region"]: one["households"] for one in sums(rows, ["region"])}
    assert by_region == {"110000": 10, "120000": None, "130000": 10}


def test_products_and_the_platform() -> None:
    rows: Any = [Row(), Row(product=b"\xab" * 32, version=1)]
    assert [one["product"] for one in sums(rows, ["product"])] == [None, "ab" * 32]


ROWS = st.lists(
    st.builds(
        Row,
        member=st.sampled_from(["a", "b", "c"]),
        period=st.sampled_from(["2026-09", "2026-10"]),
        region=st.sampled_from(["110000", "120000"]),
        version=st.sampled_from([0, 1]),
        households=st.integers(0, 9),
        granted=st.decimals(0, 99, places=4).map(lambda value: f"{value:f}"),
        lent=st.just("1"),
    ),
    max_size=24,
    unique_by=lambda row: (row.member, row.period, row.region, row.version),
)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(ROWS, st.lists(st.sampled_from(DIMENSIONS), unique=True))
def test_every_sum_is_that_of_the_cells_that_may_be_shown(rows: Any, by: list[str]) -> None:
    cells: dict[Cell, list[Row]] = {}
    for row in rows:
        cell = Cell(row.period, row.region, row.product, row.version)
        cells.setdefault(cell, []).append(row)
    kept = {
        cell: of
        for cell, of in cells.items()
        if sum(row.households for row in of) >= LEAST_HOUSEHOLDS
    }
    found: Mapping[Any, Any] = {tuple(one[name] for name in by): one for one in sums(rows, by)}
    for key, one in found.items():
        wanted = {name: value for name, value in zip(by, key, strict=True) if name != "product"}
        mine = [
            row
            for cell, of in kept.items()
            if all(getattr(cell, name) == value for name, value in wanted.items())
            for row in of
        ]
        assert (one["households"] or 0) == sum(row.households for row in mine)
        assert Decimal(one["granted"] or "0") == sum(
            (Decimal(row.granted) for row in mine), Decimal(0)
        )
