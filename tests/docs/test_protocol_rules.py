"""Sections 6 and 14 of docs/protocol.md: a second implementation of their words gives the same."""

import itertools
import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.chain.catalogue import Put, counting
from ledger.chain.contracts.structs import RECORD_TYPE, CatalogueItem, Code
from ledger.core.ids import Digest
from ledger.core.verdict.facts import GRACE, ItemFact
from ledger.records import publicity, rules, schema
from ledger.records.publicity import Decision
from tests.acceptance import independent_rules as words
from tests.acceptance.independent_rules import Version

LAW = rules.newest()
FILE: dict[str, Any] = json.loads(rules.packaged_files()[0])
TYPES = [each for each in schema.all_schemas() if each.until.rule == "publicity"]
CLASSES = (None, *publicity.CLASSES)
DAYS = [
    date.fromisoformat(day)
    for day in (
        "1999-01-31 2021-08-31 2021-09-01 2024-02-29 2025-12-24 2025-12-25 2026-03-31 "
        "2026-04-01 2026-11-30 9998-12-31"
    ).split()
]
ENDS = [None, *(timedelta(days=days) for days in (0, 80, 100, 365, 1200, 4000))]


def decisions() -> list[Decision]:
    """Every kind of decision that the law tells apart."""
    return [
        Decision(schema=type_, adverse=adverse, class_=class_, decided=day, kinds=LAW.kinds)
        for type_, adverse, class_, day in itertools.product(
            TYPES, (True, False, None), CLASSES, DAYS
        )
    ]


def _periods(decision: Decision, kind: str | None) -> list[words.Period]:
    family, day = decision.schema.family, decision.decided.isoformat()
    return words.periods(FILE, family, kind, decision.class_, day)


def _all(decision: Decision) -> list[words.Period]:
    return [each for kind in words.kinds(FILE) for each in _periods(decision, kind)]


def _end(day: date, after: timedelta | None) -> date | None:
    return None if after is None or date.max - day < after else day + after


def test_kinds_are_those_of_the_file() -> None:
    assert words.kinds(FILE) == list(LAW.kinds)
    assert len(TYPES) > 3


def test_the_day_is_that_of_the_words() -> None:
    for decision in decisions():
        if decision.adverse is None:
            continue
        for kind, after in itertools.product(LAW.kinds, ENDS):
            stated = _end(decision.decided, after)
            certain = Decision(
                schema=decision.schema,
                adverse=decision.adverse,
                class_=decision.class_,
                decided=decision.decided,
                kinds=(kind,),
            )
            told = words.issuers_until(
                _periods(decision, kind),
                adverse=decision.adverse,
                decided=decision.decided,
                stated=stated,
            )
            assert publicity.until(LAW, certain, stated) == told, certain


def test_the_window_is_that_of_the_words() -> None:
    for decision in decisions():
        for after in ENDS:
            until = _end(decision.decided, after)
            ours = publicity.use_window(LAW, decision, until)
            told = words.window(
                _all(decision), adverse=decision.adverse, decided=decision.decided, until=until
            )
            assert (ours.usable_to, ours.expired_from) == told, decision


@pytest.mark.parametrize("months", [0, 1, 3, 11, 12, 36, 1200])
def test_a_month_later(months: int) -> None:
    for day in DAYS:
        assert publicity.add_months(day, months) == words.later(day, months)


# ---- catalogue windows


SERIES = st.lists(
    st.tuples(
        st.sampled_from(["", "120000"]),
        st.integers(0, 8),
        st.integers(0, 3),
        st.integers(0, 6),
    ),
    min_size=1,
    max_size=6,
)
LOST = 14


def _versions(drawn: list[tuple[str, int, int, int]]) -> list[Version]:
    """Numbers grow within a series, and so do the times at which versions are put."""
    found: list[Version] = []
    put_at = 0
    for region, begins, pause, lasts in drawn:
        put_at += pause
        until = begins + lasts - 1 if lasts > 1 else 0
        found.append(Version(region, len(found) + 1, begins, put_at, until))
    return found


def _put(version: Version) -> Put:
    item = CatalogueItem(
        item_id=Code("penalty"),
        version=version.number,
        kind=RECORD_TYPE,
        content_hash=Digest(bytes(32)),
        since=version.begins,
        until=version.until,
        visibility=1,
        region=Code(version.region),
        data_class=1,
        granularity=1,
    )
    return Put(item=item, at=version.put_at, until=LOST)


@given(SERIES, st.integers(0, LOST + 4))
def test_what_counts_is_that_of_the_words(
    drawn: list[tuple[str, int, int, int]], time: int
) -> None:
    versions = _versions(drawn)
    ours = {
        item.version
        for (start, end), item in counting([_put(each) for each in versions], "120000")
        if start <= time < end
    }
    told = words.counts(versions, "120000", time, LOST)
    assert ours == {version.number for version in told}


@pytest.mark.parametrize(
    ("time", "wanted"),
    [(9, False), (10, True), (19, True), (19 + GRACE, True), (20 + GRACE, False)],
)
def test_what_serves_is_that_of_the_words(time: int, wanted: bool) -> None:
    """`start ≤ t` and `t − 72 h < end`."""
    fact = ItemFact(version=1, content_hash=Digest(bytes(32)), since=10, until=20)
    assert fact.serves(time) is wanted
