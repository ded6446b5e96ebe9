"""What is remembered between records is bounded in size, not only in number."""

import pytest

from ledger.records import alike, uscc, values
from ledger.records.alike import Alike
from ledger.records.schema import load
from ledger.records.setting import Setting
from tests.records.examples import TODAY, codes, penalty


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


def test_what_is_remembered_of_a_set_does_not_grow_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(alike, "MOST_HELD", 100_000)
    together = Alike(load("penalty"), Setting(today=TODAY))
    held = []
    for block in range(20):
        rows = [penalty(CF_SY=f"{block} {n} " + "长" * 1000) for n in range(10)]
        read = together.read(rows, None)
        assert [plain.fields["CF_SY"] for plain in read if plain] == [row["CF_SY"] for row in rows]
        held.append(
            sum(len(tail) for seen in together._seen.values() for _, tail, _ in seen.values())
        )
    assert max(held) <= 100_000 + 1000
    assert held.count(0) >= 3
