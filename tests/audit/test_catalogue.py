"""Windows of the catalogue, beside what the contract's words say, instant by instant."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.audit import catalogue
from ledger.audit.catalogue import Catalogue
from ledger.chain.catalogue import Put, counting
from ledger.chain.contracts.structs import GENERAL, MONTH, PUBLIC, RECORD_TYPE, CatalogueItem, Code
from ledger.core.ids import Digest

HOUR = 3600
OWN = Code("110000")


def item(version: int = 1, *, since: int = 0, **changes: Any) -> CatalogueItem:
    values: dict[str, Any] = {
        "item_id": Code("penalty"),
        "version": version,
        "kind": RECORD_TYPE,
        "content_hash": Digest(bytes(32)),
        "since": since,
        "until": 0,
        "visibility": PUBLIC,
        "region": Code(""),
        "data_class": GENERAL,
        "granularity": MONTH,
    }
    return CatalogueItem(**(values | changes))


def has(puts: list[Put], time: int, schema: str = "penalty@1", region: str = OWN) -> bool:
    return Catalogue(puts).find(schema, region, time) is not None


def test_a_version_counts_from_when_it_was_put() -> None:
    puts = [Put(item=item(since=10), at=100)]
    assert [has(puts, time) for time in (10, 99, 100, 10**9)] == [False, False, True, True]
    puts = [Put(item=item(since=100), at=10)]
    assert [has(puts, time) for time in (10, 99, 100)] == [False, False, True]


def test_what_is_put_later_changes_nothing_before() -> None:
    puts = [Put(item=item(1), at=10), Put(item=item(2, since=1), at=1_000)]
    assert has(puts, 500) and not has(puts, 500, "penalty@2")
    assert has(puts, 1_000 + 72 * HOUR - 1) and not has(puts, 1_000 + 72 * HOUR)
    assert has(puts, 1_000, "penalty@2")


def test_three_days_after_the_end_and_no_longer() -> None:
    puts = [Put(item=item(until=1_000), at=10)]
    assert has(puts, 999 + 72 * HOUR) and not has(puts, 1_000 + 72 * HOUR)
    ended = [Put(item=item(1), at=10), Put(item=item(2, since=1_000, until=1_000), at=20)]
    assert has(ended, 999 + 72 * HOUR) and not has(ended, 1_000 + 72 * HOUR)
    assert not has(ended, 1_000, "penalty@2")


def test_supplements_count_in_their_region_unless_a_national_item_does() -> None:
    puts = [Put(item=item(1, region=OWN), at=10)]
    assert has(puts, 10)
    assert not has(puts, 10, region="120000")
    puts.append(Put(item=item(7, until=10**6), at=1_000))
    assert has(puts, 999) and has(puts, 999 + 72 * HOUR)
    assert not has(puts, 1_000 + 72 * HOUR)
    assert has(puts, 1_000, "penalty@7", "120000")
    assert has(puts, 10**6), "it counts again when the national one has ended"


def test_another_contract_begins_anew() -> None:
    puts = [
        Put(item=item(3), at=10, tenure=0, until=1_000),
        Put(item=item(1), at=2_000, tenure=1),
    ]
    assert has(puts, 999, "penalty@3") and has(puts, 999 + 72 * HOUR, "penalty@3")
    assert not has(puts, 1_000 + 72 * HOUR, "penalty@3")
    assert not has(puts, 1_999) and has(puts, 2_000)


def test_only_record_types_count() -> None:
    assert not has([Put(item=item(kind=RECORD_TYPE + 1), at=10)], 10)
    assert not has([Put(item=item(), at=10)], 10, "penalty@01")
    assert not has([Put(item=item(), at=10)], 10, "penalty")


def test_the_last_one_tells_how_exact_a_period_is() -> None:
    puts = [
        Put(item=item(1, granularity=2, region=OWN), at=10),
        Put(item=item(1, until=2_000), at=1_000),
    ]
    found = Catalogue(puts).find("penalty@1", OWN, 1_500)
    assert found is not None and found.granularity == MONTH


def test_a_look_up_touches_one_type_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many types and many questions: each type's versions are gone through once."""
    seen = []

    def count(puts: list[Put], region: str) -> list[Any]:
        seen.append(len(puts))
        return counting(puts, region)

    monkeypatch.setattr(catalogue, "counting", count)
    puts = [Put(item=item(item_id=Code(f"type-{n}")), at=n) for n in range(300)]
    found = Catalogue(puts)
    for _ in range(3):
        for n in range(300):
            assert found.find(f"type-{n}@1", "", 10**6) is not None
    assert sum(seen) == 300


puts_ = st.lists(
    st.builds(
        lambda version, since, until, at, region: Put(
            item=item(version, since=since, until=until and since + until, region=region), at=at
        ),
        st.integers(1, 3),
        st.integers(0, 40),
        st.integers(0, 20),
        st.integers(0, 40),
        st.sampled_from([Code(""), OWN]),
    ),
    max_size=5,
)


@given(puts_, st.integers(0, 60), st.integers(1, 3))
def test_windows_are_what_the_contract_says_instant_by_instant(
    puts: list[Put], time: int, version: int
) -> None:
    """In force at t: of those begun the highest version, unless it has ended; national first."""
    series = {(put.item.region, put.item.version): put for put in puts}
    kept = list(series.values())
    found = Catalogue(kept)

    def in_force(region: str, now: int) -> int | None:
        begun = [
            put.item
            for put in kept
            if put.item.region == region and max(put.item.since, put.at) <= now
        ]
        last = max(begun, key=lambda one: one.version, default=None)
        return last.version if last and (not last.until or now < last.until) else None

    def at(now: int) -> int | None:
        national = in_force("", now)
        return in_force(OWN, now) if national is None else national

    grace = 5
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "GRACE", grace)
        said = found.find(f"penalty@{version}", OWN, time) is not None
        before = found.find(f"penalty@{version}", OWN, time - 1) is not None
        changes = found.changes()
    assert said == any(at(now) == version for now in range(max(0, time - grace), time + 1))
    assert said == before or time in changes
    assert changes == sorted(set(changes))
