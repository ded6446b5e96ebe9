"""A file of many thousand lines costs a page no more than what it shows."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from gateway.verifying.desk import Judged
from gateway.web.languages import Language
from gateway.web.verify.problems import MAX_PROBLEMS
from gateway.web.verify.sheets import MAX_ROWS, Table
from gateway.web.verify.shown import sheet_of

MANY = 20_000
ENTRY = {
    **{"code": "91110000000000000X", "name": "甲公司", "document": "京罚〔2026〕1号"},
    **{"decided": "2026-01-01", "until": "2027-01-01", "member": "110000"},
}
PROBLEM = {
    "code": "receipt-invalid",
    "evidence": {"n": 1},
    "message": {"zh": "无效", "en": "wrong"},
}


@pytest.mark.parametrize(("entries", "problems"), [(MANY, 0), (0, MANY), (MAX_ROWS, MAX_PROBLEMS)])
def test_of_many(monkeypatch: pytest.MonkeyPatch, entries: int, problems: int) -> None:
    days: list[Any] = []
    day = Language.day

    def noted(self: Language, one: Any) -> str:
        days.append(one)
        return day(self, one)

    monkeypatch.setattr(Language, "day", noted)
    told = {
        "_type": "credit-ledger/list-verdict@1",
        **{"verdict": "undetermined", "list": "serious", "day": "2026-01-01"},
        **{"issuer": "110000", "at": None, "members": [], "missing": []},
        **{"entries": [ENTRY] * entries, "problems": [PROBLEM] * problems},
    }
    judged = Judged(
        name="list.json", size=1, digest="", asked={}, at=0, document=orjson.dumps(told), exit=4
    )
    sheet = sheet_of(judged, "zh")
    tables = [one for one in sheet.parts if isinstance(one, Table)]
    shown = [(len(one.rows), one.more) for one in tables]
    assert shown == ([(MAX_ROWS, entries - MAX_ROWS)] if entries else [])
    assert len(sheet.more) == (MAX_PROBLEMS + (problems > MAX_PROBLEMS) if problems else 0)
    assert len(days) <= 2 * MAX_ROWS + 1, "none was made that is not shown"
