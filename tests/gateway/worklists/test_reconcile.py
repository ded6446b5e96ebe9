"""`POST /v1/reconcile`: a department's own register against the records of its authority."""

from typing import Any

import pytest

from gateway.accesses.models import accesses
from gateway.intake.interfaces import RowInput
from gateway.node import Node
from gateway.worklists import reconcile
from ledger.records.schema import load
from tests.gateway.intake.material import number
from tests.gateway.worklists.conftest import OURS, THEIRS, Office, table
from tests.records.examples import good

HEAD = "处罚决定书文号,处罚机关代码,统一社会信用代码,处罚决定日期"
SUBJECT = "91110000600037341L"
LATE = {"CF_JDRQ": "2026-05-01"}
IN_TIME = {"CF_JDRQ": "2026-11-20", "CF_YXQ": "2027-11-20", "CF_GSJZQ": "2027-11-20"}


def line(n: int, day: str = "2026-11-20", code: str = OURS, subject: str = SUBJECT) -> str:
    return f"{number(n)},{code},{subject},{day}"


def compared(office: Office, data: bytes, query: str = "") -> dict[str, Any]:
    answer = office.post(f"/v1/reconcile{query}", data)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_nothing_is_different(ours: Office) -> None:
    ours.file(1, 2, **IN_TIME)
    found = compared(ours, table(HEAD, line(1), line(2)))
    assert found["items"] == []
    assert found["units"] == [
        {
            "unit": OURS,
            "rows": 2,
            "held": 2,
            "keptBack": 0,
            "late": 0,
            "different": 0,
            "unlisted": 0,
            "unreadable": 0,
            "complete": True,
        }
    ]
    assert (found["_type"], found["member"]) == ("credit-ledger/reconciliation@1", "110000")
    assert (found["from"], found["until"]) == ("2026-11-20", "2026-11-20")


def test_all_that_can_differ(ours: Office) -> None:
    ours.file(1, **IN_TIME)
    ours.file(2, **LATE)
    ours.file(3, **IN_TIME)
    (unlisted,) = ours.file(4, **IN_TIME)
    ours.file(5, CF_JDRQ="2026-04-01")  # of before the register begins
    data = table(
        HEAD, line(1), line(2, "2026-05-01"), line(3, "2026-11-19"), line(6), line(7, "gestern")
    )
    found = compared(ours, data)
    told = [(item["state"], item["row"], item["fields"]) for item in found["items"]]
    assert sorted(told, key=str) == sorted(
        [
            ("unreadable", 6, []),
            ("late", 3, []),
            ("different", 4, ["day"]),
            ("kept-back", 5, []),
            ("unlisted", None, []),
        ],
        key=str,
    )
    assert [i["recordId"] for i in found["items"] if i["state"] == "unlisted"] == [
        unlisted.record_id
    ]
    (unit,) = found["units"]
    assert (unit["rows"], unit["held"], unit["keptBack"]) == (5, 3, 1)


def test_another_subject_of_the_same_document_is_kept_back(ours: Office) -> None:
    ours.file(1, **IN_TIME)
    found = compared(ours, table(HEAD, line(1), line(1, subject="91110108551385082Q")))
    assert [item["state"] for item in found["items"]] == ["kept-back"]


def test_a_register_without_authorities(ours: Office, centre: Office) -> None:
    ours.file(1, **IN_TIME)
    data = table("文书号,日期", f"{number(1)},2026-11-20")
    assert compared(ours, data)["items"] == []
    assert [item["state"] for item in compared(centre, data)["items"]] == ["unreadable"]
    assert compared(centre, data, f"?authority={OURS}")["items"] == []
    wrong = centre.post("/v1/reconcile?authority=1111", data)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "schema-invalid")
    assert "USCC" in wrong.json()["text"]["en"]


def test_what_others_may_not_see_is_never_called_kept_back(
    node: Node, ours: Office, theirs: Office, centre: Office
) -> None:
    theirs.file(1, **IN_TIME)
    data = table(HEAD, line(1, code=THEIRS))
    answer = ours.post("/v1/reconcile", data)
    assert (answer.status_code, answer.json()["code"]) == (403, "authority-not-yours")
    for office in (theirs, centre):
        assert compared(office, data)["items"] == []
    with node.ctx.engine.connect() as connection:
        rows = connection.execute(accesses.select().where(accesses.c.purpose == "reconcile")).all()
    assert [(row.answer, row._mapping["count"]) for row in rows] == [
        ("authority-not-yours", 1),
        ("allowed", 1),
        ("allowed", 1),
    ]


def test_an_authority_with_too_many_records(ours: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "MAX_HELD", 2)
    ours.file(1, 2, 3, **IN_TIME)
    (unit,) = compared(ours, table(HEAD, line(1)))["units"]
    assert (unit["complete"], unit["unlisted"]) == (False, 0)


def test_a_register_without_days_says_nothing_of_what_it_lacks(ours: Office) -> None:
    ours.file(1, 2, **IN_TIME)
    found = compared(ours, table("文书号,机关代码", f"{number(1)},{OURS}"))
    assert found["items"] == []
    assert not found["units"][0]["complete"]


def test_a_register_of_penalties_lacks_no_licences(ours: Office) -> None:
    ours.file(1, **IN_TIME)
    licence = {**good(load("licence")), "XK_XKJGDM": OURS, "XK_JDRQ": "2026-11-20"}
    licence |= {"XK_YXQZ": "2026-11-20", "XK_YXQZI": "2027-11-20"}
    made = RowInput(row=1, type="licence", fields=licence)
    answer = ours.node.intake.submit_set(caller=ours.caller, rows=[made])
    assert answer.rows[0].verdict == "accepted"
    assert compared(ours, table(HEAD, line(1)))["items"] == []
    plain = table("文书号,机关代码,日期", f"{number(1)},{OURS},2026-11-20")
    assert compared(ours, plain)["items"] == []  # by what was found
    (unit,) = compared(ours, plain.replace(number(1).encode(), "无".encode()))["units"]
    assert (unit["keptBack"], unit["complete"]) == (1, False)


def test_many_records_are_opened_in_parts(ours: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.worklists.find.AT_ONCE", 3)
    ours.file(*range(1, 11), **IN_TIME)
    found = compared(ours, table(HEAD, *map(line, range(1, 6))))
    assert [item["state"] for item in found["items"]] == ["unlisted"] * 5


def test_scope(node: Node) -> None:
    sender = Office(node, OURS, scopes=("submit",))
    assert sender.post("/v1/reconcile", table(HEAD, line(1))).status_code == 403
