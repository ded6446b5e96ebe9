"""Statements in words, of every sort; files with problems; types of records in a table."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from gateway.verifying.desk import Judged
from gateway.web.verify.problems import MAX_PROBLEMS, evidence, problems
from gateway.web.verify.sheets import Facts, Speaker, Table
from gateway.web.verify.shown import sheet_of
from gateway.web.verify.statements import MEMBERS, SORTS, named, said
from ledger.core.statement import SORTS as ALL

REPORT: dict[str, Any] = {
    **{"_type": "credit-ledger/report@1", "at": "2026-12-01T10:21:00Z", "iss": "120000"},
    **{"log": "ff" * 32, "salt": "A" * 43, "content": "57" * 32, "until": "2027-03-01"},
    **{"period": {"from": "2023-12-02", "to": "2026-12-01"}, "subject": "91120118MAU9M3630R"},
}
STEP: dict[str, Any] = {
    **{
        "_type": "credit-ledger/case@1",
        "act": "grant",
        "class": "general",
        "role": "centre:token-3",
    },
    **{"docs": [{}, {}], "basis": None, "purpose": "pre-loan", "types": ["penalty"]},
    **{"regions": ["110000", "120000"], "period": "2026-11", "decision": "approved"},
}


def rows(statement: dict[str, Any], code: Any) -> dict[str, str]:
    return dict(said({"statement": statement}, Speaker(code)))


def test_all_sorts_have_a_name() -> None:
    assert SORTS.keys() == ALL


def test_a_report() -> None:
    assert rows(REPORT, "zh") == {
        **{"类别": "专项信用报告", "作出时间": "2026年12月1日 18:21:00"},
        **{"作出成员": "天津（120000）", "所涉期间": "2023年12月2日 – 2026年12月1日"},
        **{"信用主体": "91120118MAU9M3630R", "截止": "2027年3月1日"},
    }
    assert dict(named({"statement": REPORT}))["content"] == "57" * 32
    assert rows(REPORT, "en")["Made by"] == "Tianjin (120000)"
    assert rows({}, "en") == {} and said({"statement": None}, Speaker("en")) == []


def test_values_in_words() -> None:
    found = rows(STEP, "en")
    assert found["Kind"] == "a step of a case" and found["Step"] == "repair granted"
    assert (found["Class of the breach"], found["Documents"]) == ("general", "2")
    assert found["Done by"] == "the centre, token no. 3" and found["basis"] == "-"
    assert found["Regions"] == "Beijing (110000), Tianjin (120000)"
    assert found["Types of records"] == "administrative penalty"
    assert (found["Period"], found["Decision"]) == ("2026-11", "approved")
    assert rows(STEP, "zh")["地区"] == "北京（110000）、天津（120000）"


@pytest.mark.parametrize("value", ["x", 7, ["x"], [7], {"x": 1}, True])
def test_of_a_newer_version(value: Any) -> None:
    """Whatever stands there is shown, as it is where it is not what is known, and nothing fails."""
    for name in (*MEMBERS, "unheard-of"):
        [(_, text)] = said({"statement": {name: value}}, Speaker("zh"))
        assert text and (name == "docs" or "x" in text or text in ("7", "[7]", "true")), name


# ---- problems


def problem(code: str, **evidence: str) -> dict[str, Any]:
    return {"code": code, "message": {"zh": "有误", "en": "it is wrong"}, "evidence": evidence}


def test_problems_are_sentences_and_their_codes_evidence() -> None:
    say = Speaker("en")
    told = {
        "problems": [
            problem("missing", member="110000"),
            problem("report-overdue", member="120000", verdict="undetermined"),
            problem("receipt-false", line="3", leaf="ab"),
            problem("malformed", problem="not JSON"),
        ]
    }
    overdue, line, other = problems(told, say)
    assert overdue.startswith("Tianjin (120000): the report holds a promise alone")
    assert "credit-ledger" not in overdue and "[" not in overdue
    assert (line, other) == ("Line 3: it is wrong.", "It is wrong.")
    assert evidence(told, say) == [
        ("report-overdue", "member=120000 verdict=undetermined"),
        ("receipt-false", "line=3 leaf=ab"),
        ("malformed", "problem=not JSON"),
    ]
    many = {"problems": [problem("malformed")] * (MAX_PROBLEMS + 3)}
    assert problems(many, say)[-1] == "and 3 more" and len(evidence(many, say)) == MAX_PROBLEMS


# ---- bundles


def bundle(states: dict[str, list[str]], *, now: str | None) -> Any:
    told = {
        "_type": "credit-ledger/bundle-verdict@1",
        **{"verdict": "adverse", "subject": "91120116MAMFYUKH4Y", "at": "2026-12-01T10:25:50Z"},
        **{"now": {"overall": now}, "records": [], "problems": [], "missing": [], "blocks": {}},
        "completeness": [
            {"member": member, "family": family, "state": "stated"}
            for member, families in states.items()
            for family in families
        ],
    }
    judged = Judged(
        name="b.json", size=1, digest="", asked={}, at=0, document=orjson.dumps(told), exit=3
    )
    return sheet_of(judged, "en")


FIVE = ["penalty", "licence", "honour", "commitment", "compliance"]


def test_many_types_are_named_once() -> None:
    sheet = bundle({"110000": FIVE, "120000": FIVE, "130000": FIVE[:2]}, now="adverse")
    table = next(one for one in sheet.parts if isinstance(one, Table))
    assert [row[2] for row in table.rows] == [
        *("5 types", "5 types", "administrative penalty, administrative licence")
    ]
    facts = next(one for one in sheet.parts if isinstance(one, Facts))
    [named_once] = [text for head, text in facts.rows if head == "5 types"]
    assert named_once.count(", ") == len(FIVE) - 1


def test_other_lists_of_types_are_told_apart() -> None:
    sheet = bundle({"110000": FIVE, "120000": [*FIVE[1:], "registration"]}, now=None)
    table = next(one for one in sheet.parts if isinstance(one, Table))
    assert [row[2] for row in table.rows] == ["5 types", "5 types (2)"]
    assert sheet.line.startswith("Adverse")


def test_what_was_so_then_is_said_of_then() -> None:
    sheet = bundle({"110000": FIVE}, now="clear")
    assert sheet.line.startswith("When it was made: Adverse")
    assert sheet.more[0].startswith("Now: Clear")
