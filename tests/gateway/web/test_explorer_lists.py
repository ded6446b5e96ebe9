"""Lists of a day in the explorer, of two provinces that answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.app import create_app
from gateway.base.clock import Clock
from gateway.intake.interfaces import RowInput
from ledger.core.day_list import parse_file
from tests.gateway.intake.material import new_token
from tests.gateway.web.visitor import Visitor
from tests.support.day_lists import LIST, abnormal
from tests.support.peers import Member, start_members


@pytest.fixture(scope="module")
def member(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Member]:
    with start_members(tmp_path_factory.mktemp("lists"), ("110000", "120000")) as network:
        for n, code in enumerate(("110000", "120000"), 1):
            network[code].file(
                RowInput(row=n, type=LIST, class_=None, fields=abnormal(n, YC_XDR_MC=f"甲{n}"))
            )
        yield network["110000"]


@pytest.fixture
def reader(member: Member) -> Visitor:
    return Visitor(create_app(member.node)).sign_in(new_token(member.node, "read"))


def today() -> str:
    return Clock().today().isoformat()


def test_a_list_with_its_entries(reader: Visitor) -> None:
    page = reader.get(f"/explorer/lists/{LIST}?on={today()}").text
    assert "甲1" in page and "甲2" in page
    assert "130000 is missing" in page and "140000 is missing" in page
    assert "异列〔2026〕1号" in page and "/explorer/records/" in page
    assert "缺 130000" in reader.get(f"/explorer/lists/{LIST}?lang=zh").text


def test_its_signed_file(reader: Visitor) -> None:
    answer = reader.get(f"/explorer/lists/{LIST}/file?on={today()}")
    assert f"{LIST}-{today()}.json" in answer.headers["content-disposition"]
    assert parse_file(answer.content).list.day.isoformat() == today()


def test_a_day_before_any(reader: Visitor) -> None:
    page = reader.get(f"/explorer/lists/{LIST}?on=2026-01-01").text
    assert "Nobody was on this list that day" in page and "甲1" not in page


def test_a_day_to_come(reader: Visitor) -> None:
    answer = reader.get(f"/explorer/lists/{LIST}?on=2999-01-01")
    assert answer.status_code == 422 and "day-to-come" in answer.text
    assert today() in reader.get(f"/explorer/lists/{LIST}?on=yesterday").text
