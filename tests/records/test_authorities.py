"""The table of authorities: who stands for whom on which day, and what is refused of a file."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ledger.core.errors import ConfigError, Malformed
from ledger.records import authorities
from ledger.records.authorities import Standing, parse_authorities, read_authorities
from tests.records.examples import code

TYPE = {"_type": "credit-ledger/authorities@1"}
A, B, C, D, E = (code("11120000", f"MB{n:06}") for n in range(5))
ALWAYS = (date.min, date.max)


def table(*entries: dict[str, Any]) -> authorities.Authorities:
    return parse_authorities(TYPE | {"authorities": list(entries)})


def day(text: str) -> date:
    return date.fromisoformat(text)


def stands(found: authorities.Authorities, *codes: str, on: str) -> set[Standing]:
    return set(found.standings(codes, day(on)))


MERGED = (
    {"code": A, "names": [{"name": "工商局"}], "until": "2018-11-07", "successors": [C]},
    {"code": B, "names": [{"name": "质监局"}], "until": "2018-11-07", "successors": [C]},
    {"code": C, "names": [{"name": "市场监管委（原）"}], "from": "2018-11-08"},
)


def test_two_departments_are_merged() -> None:
    found = table(*MERGED)
    last = day("2018-11-07")
    own = {
        Standing(C, None, *ALWAYS),
        Standing(None, "市场监管委(原)", day("2018-11-08"), date.max),
    }
    assert stands(found, C, on="2018-11-07") == own  # not before it took over
    assert stands(found, C, on="2018-11-08") == own | {
        Standing(A, None, date.min, last),
        Standing(None, "工商局", date.min, last),
        Standing(B, None, date.min, last),
        Standing(None, "质监局", date.min, last),
    }
    assert stands(found, A, on="2026-01-01") == {
        Standing(A, None, *ALWAYS),
        Standing(None, "工商局", date.min, last),
    }


def test_one_department_is_split() -> None:
    found = table(
        {"code": A, "until": "2024-06-30", "successors": [B, C]}, {"code": B}, {"code": C}
    )
    taken = Standing(A, None, date.min, day("2024-06-30"))
    for half in (B, C):
        assert stands(found, half, on="2024-07-01") == {taken, Standing(half, None, *ALWAYS)}
        assert stands(found, half, on="2024-06-30") == {Standing(half, None, *ALWAYS)}


def test_whoever_took_over_twice_removed() -> None:
    found = table(
        {"code": A, "until": "2018-12-31", "successors": [B]},
        {"code": B, "until": "2024-12-31", "successors": [C]},
        {"code": C},
    )
    by = {one.code: one.last for one in found.standings([C], day("2025-01-01"))}
    assert by == {C: date.max, B: day("2024-12-31"), A: day("2018-12-31")}
    assert [one.code for one in found.standings([C], day("2024-12-31"))] == [C]


def test_a_renamed_department_has_each_name_for_its_days() -> None:
    names = [{"name": "交通委", "until": "2019-12-31"}, {"name": "交通 局", "from": "2020-01-01"}]
    found = table({"code": A, "names": names, "from": "2014-01-01"})
    assert stands(found, A, on="2026-01-01") == {
        Standing(A, None, *ALWAYS),
        Standing(None, "交通委", day("2014-01-01"), day("2019-12-31")),
        Standing(None, "交通局", day("2020-01-01"), date.max),
    }


def test_a_name_may_pass_to_another() -> None:
    found = table(
        {"code": A, "names": [{"name": "规划局", "until": "2018-12-31"}]},
        {"code": B, "names": [{"name": "规划局", "from": "2019-01-01"}]},
    )
    assert len(found) == 2


def test_what_is_not_in_the_table_stands_for_itself() -> None:
    found = table(*MERGED)
    assert stands(found, D, on="2026-01-01") == {Standing(D, None, *ALWAYS)}
    assert (found.region(D), found.stood(D, day("1990-01-01"))) == (None, True)
    assert list(authorities.NOBODY.standings([D], day("2026-01-01"))) == [
        Standing(D, None, *ALWAYS)
    ]


def test_days_kinds_and_regions() -> None:
    found = table(
        {"code": A, "kind": "market-supervision", "region": "120000", "from": "2018-11-08"},
        {"code": B, "kind": "other", "until": "2020-01-01"},
        {"code": C},
    )
    assert found.kinds == {A: "market-supervision", B: None}
    assert (found.region(A), found.region(B)) == ("120000", None)
    assert [found.stood(A, day(text)) for text in ("2018-11-07", "2018-11-08")] == [False, True]
    assert [found.stood(B, day(text)) for text in ("2020-01-01", "2020-01-02")] == [True, False]


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([{"code": "1112"}], "entry 1: code is no USCC"),
        ([{"code": "00000000000000000X"}], "entry 1: code is no USCC"),
        ([{}], "entry 1: no member code"),
        ([{"code": A}, {"code": A}], f"entry 2 ({A}): stands twice"),
        ([{"code": A, "form": "x"}], "unknown member form"),
        ([{"code": A, "from": "2020-01-02", "until": "2020-01-01"}], "until is before from"),
        ([{"code": A, "from": "2020-02-30"}], f"entry 1 ({A}): from is no day"),
        ([{"code": A, "kind": "市场"}], "kind is"),
        ([{"code": A, "region": "12"}], "region is"),
        ([{"code": A, "names": [{"name": "甲"}, {"name": " "}]}], "name 2: name is blank"),
        ([{"code": A, "names": []}], "names has not 1"),
        (
            [{"code": A, "until": "2020-01-01", "names": [{"name": "甲", "from": "2021-01-01"}]}],
            "was not there",
        ),
        ([{"code": A, "successors": [B]}, {"code": B}], "has successors but no until"),
        ([{"code": A, "until": "2020-01-01", "successors": [B]}], f"successor {B} has no entry"),
        ([{"code": A, "until": "2020-01-01", "successors": [A]}], "ended no later"),
        (
            [
                {"code": A, "until": "2020-01-01", "successors": [B]},
                {"code": B, "until": "2020-01-01", "successors": [A]},
            ],
            "entry 1",
        ),
        (
            [{"code": A, "names": [{"name": "甲"}]}, {"code": B, "names": [{"name": "甲 "}]}],
            f"entry {2 if A < B else 1}",
        ),
        (
            [
                {"code": A, "names": [{"name": "甲", "until": "2020-01-01"}]},
                {"code": B, "names": [{"name": "甲", "from": "2020-01-01"}]},
            ],
            "end it there by 2019-12-31",
        ),
    ],
)
def test_what_is_wrong_is_named(entries: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(Malformed) as caught:
        table(*entries)
    assert said in str(caught.value)


def test_a_file_is_read_strictly(tmp_path: Path) -> None:
    path = tmp_path / "authorities.json"
    for text, said in (
        ("{", "unexpected"),
        (json.dumps({"_type": "credit-ledger/authorities@2"}), "_type is not"),
        ('{"_type":"a","_type":"b"}', "a member twice"),
        ("[" * 5000 + "]" * 5000, "limit"),
        (json.dumps(TYPE) + " " * authorities._MAX_FILE, "longer than"),
    ):
        path.write_text(text)
        with pytest.raises(ConfigError) as caught:
            read_authorities(path)
        assert caught.value.setting == "CREDIT_LEDGER_AUTHORITIES_FILE"
        assert said in caught.value.problem
        assert str(path) in caught.value.problem
    with pytest.raises(ConfigError):
        read_authorities(tmp_path / "none.json")


def test_an_empty_table_and_none(tmp_path: Path) -> None:
    path = tmp_path / "authorities.json"
    path.write_text(json.dumps(TYPE | {"authorities": []}), "utf-8-sig")
    assert len(read_authorities(path)) == len(read_authorities(None)) == 0


def test_as_many_as_a_province_has() -> None:
    """Looked up by code, not one after the other."""
    entries: list[dict[str, Any]] = [
        {"code": code("11120000", f"MB{n:06}"), "names": [{"name": f"第{n}局"}]}
        for n in range(20_000)
    ]
    found = table(*entries)
    assert len(found) == 20_000
    assert len(stands(found, A, E, on="2026-01-01")) == 4
