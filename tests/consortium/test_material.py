"""Records of each province: of its own place, each another, the same ones again."""

import json

import pytest

from scripts.consortium_parts.material import fields, lines_of
from scripts.consortium_parts.plan import PROVINCES
from scripts.demo_parts.today import PLACES


@pytest.mark.parametrize("code", PROVINCES)
def test_records_of_a_province(code: str) -> None:
    told = [json.loads(line)["fields"] for line in lines_of(code)(5, 40)]
    assert told == [fields(code, number) for number in range(5, 45)]
    assert len({one["CF_WSH"] for one in told}) == 40
    assert {one["CF_CFJGDM"][2:8] for one in told} == {PLACES[code]}
    assert all(one["CF_XDR_SHXYM"][2:8] == PLACES[code] for one in told)


def test_no_two_provinces_say_the_same() -> None:
    assert len({fields(code, 3)["CF_WSH"] for code in PROVINCES}) == len(PROVINCES)
    assert len({fields(code, 3)["CF_XDR_SHXYM"] for code in PROVINCES}) == len(PROVINCES)
