"""`POST /v1/reconcile`: a department's own register against the records of its authority."""

import asyncio
import io
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from starlette.types import ASGIApp

from gateway.accesses.models import accesses
from gateway.app import create_app
from gateway.intake.interfaces import RowInput
from gateway.node import Node
from gateway.worklists import reconcile, services
from ledger.records import schema as schema_module
from ledger.records.schema import load
from tests.gateway.intake.material import number
from tests.gateway.intake.test_rules_folder import TYPE, TYPE_SHA
from tests.gateway.worklists.conftest import NOW, OURS, THEIRS, Office, table
from tests.records.examples import good
from tests.support.node import make_facts, make_test_node

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
            "notDue": 0,
            "late": 0,
            "different": 0,
            "unlisted": 0,
            "unreadable": 0,
            "notYours": 0,
            "repeated": 0,
            "unnumbered": 0,
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
        HEAD,
        line(1),
        line(2, "2026-05-01"),
        line(3, "2026-11-19"),
        line(6),
        line(7, "gestern"),
        line(9, "2026-05-02"),
    )
    found = compared(ours, data)
    told = [(item["state"], item["row"], item["fields"]) for item in found["items"]]
    assert sorted(told, key=str) == sorted(
        [
            ("unreadable", 6, []),
            ("late", 3, []),
            ("different", 4, ["day"]),
            ("not-due", 5, []),
            ("kept-back", 7, []),
            ("unlisted", None, []),
        ],
        key=str,
    )
    assert [i["recordId"] for i in found["items"] if i["state"] == "unlisted"] == [
        unlisted.record_id
    ]
    (unit,) = found["units"]
    assert (unit["rows"], unit["held"], unit["keptBack"], unit["notDue"]) == (6, 3, 1, 1)


@pytest.mark.parametrize(
    ("day", "state"),
    [
        ("2026-11-11", "kept-back"),  # the seventh working day was 20 November, a Friday
        ("2026-11-12", "not-due"),  # it is today
        ("2026-11-20", "not-due"),
        ("2026-12-28", "not-due"),  # it lies in a year that no calendar has
        ("2026-05-01", "kept-back"),
        ("2000-01-01", "kept-back"),  # no calendar has that year either, but it is over
    ],
)
def test_what_is_not_due_yet_was_not_kept_back(ours: Office, day: str, state: str) -> None:
    found = compared(ours, table(HEAD, line(1, day)))
    assert [item["state"] for item in found["items"]] == [state]
    assert counts(found, "rows", "keptBack", "notDue") == [
        1,
        int(state == "kept-back"),
        int(state == "not-due"),
    ]


def test_what_no_time_limit_binds_is_kept_back_at_once(ours: Office) -> None:
    head = "类型,文书号,机关代码,日期"
    rows = [f"{type_},{number(1)},{OURS},2026-11-20" for type_ in ("honour", "penalty")]
    states = {
        row.split(",")[0]: compared(ours, table(head, row))["items"][0]["state"] for row in rows
    }
    assert states == {"honour": "kept-back", "penalty": "not-due"}
    dayless = compared(ours, table("文书号,机关代码", f"{number(1)},{OURS}"))
    assert [item["state"] for item in dayless["items"]] == ["kept-back"]


def test_another_subject_of_the_same_document_is_kept_back(ours: Office) -> None:
    ours.file(1, **IN_TIME)
    ours.file(2, **LATE)
    other = line(2, LATE["CF_JDRQ"], subject="91110108551385082Q")
    found = compared(ours, table(HEAD, line(1), other))
    assert [item["state"] for item in found["items"]] == ["kept-back", "unlisted"]


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
    assert (unit["notDue"], unit["complete"]) == (1, False)


def test_many_records_are_opened_in_parts(ours: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.worklists.find.AT_ONCE", 3)
    ours.file(*range(1, 11), **IN_TIME)
    found = compared(ours, table(HEAD, *map(line, range(1, 6))))
    assert [item["state"] for item in found["items"]] == ["unlisted"] * 5


def test_scope(node: Node) -> None:
    sender = Office(node, OURS, scopes=("submit",))
    assert sender.post("/v1/reconcile", table(HEAD, line(1))).status_code == 403


def counts(found: dict[str, Any], *names: str) -> list[int]:
    (unit,) = found["units"]
    return [unit[name] for name in names]


def test_rows_are_counted_once(ours: Office) -> None:
    """One that stands three times, and one that means two records."""
    ours.file(8, **LATE)
    ours.file(8, CF_XDR_SHXYM="91110108551385082Q", **LATE)
    head = "处罚决定书文号,处罚机关代码,处罚决定日期"
    kept, late = f"{number(77)},{OURS},2026-05-01", f"{number(8)},{OURS},2026-05-01"
    found = compared(ours, table(head, kept, kept, kept, late))
    assert counts(found, "rows", "held", "keptBack", "repeated", "late") == [4, 1, 1, 2, 1]
    assert [item["state"] for item in found["items"]] == ["kept-back", "late", "late"]


def test_a_record_without_a_number_cannot_be_listed(ours: Office) -> None:
    honour = {**good(load("honour")), "RY_JGDM": OURS}
    rows = [
        RowInput(row=1, type="honour", fields={k: v for k, v in honour.items() if k != "RY_WSH"}),
        RowInput(row=2, type="honour", fields={**honour, "RY_WSH": "荣1号", "RY_MC": "另"}),
    ]
    answer = ours.node.intake.submit_set(caller=ours.caller, rows=rows)
    assert [row.verdict for row in answer.rows] == ["accepted"] * 2
    day = next(str(honour[f]) for f in [load("honour").decided] if f)
    found = compared(ours, table("文书号,机关代码,日期,类型", f"荣1号,{OURS},{day},honour"))
    assert counts(found, "held", "unlisted", "unnumbered") == [1, 0, 1]
    assert found["items"] == []


@pytest.mark.parametrize("path", ["/v1/reconcile", "/v1/returns"])
def test_the_filler_is_no_subject(ours: Office, path: str) -> None:
    ours.file(1, **IN_TIME)
    answer = ours.post(path, table(HEAD, line(1, subject="00000000000000000x")))
    assert answer.status_code == 200, answer.text
    if path == "/v1/reconcile":
        assert counts(answer.json(), "held", "keptBack") == [1, 0]
    else:
        assert answer.json()["counts"]["found"] == 1


def test_a_mark_that_is_never_closed_costs_its_own_row(ours: Office) -> None:
    ours.file(1, 2, 3, **IN_TIME)
    found = compared(ours, table(HEAD, line(1), '"' + line(9), line(2), line(3) + ",7"))
    assert [(item["state"], item["row"]) for item in found["items"] if item["row"]] == [
        ("unreadable", 3),
        ("unreadable", 5),
    ]
    assert sum(unit["held"] for unit in found["units"]) == 2


def test_formulas_are_not_taken_for_texts(ours: Office) -> None:
    ours.file(1, **IN_TIME)
    found = compared(ours, table(HEAD, line(1).replace(number(1), f'"=""{number(1)}"""')))
    assert [item["state"] for item in found["items"]] == ["unreadable"]


def test_what_is_no_row_is_passed_over_and_told(ours: Office) -> None:
    ours.file(1, 2, **IN_TIME)
    rest = ("合计,2,,", "填报人：王某,,,")
    found = compared(ours, table(HEAD, line(1), HEAD, line(2), *rest))
    assert (found["items"], found["skipped"]) == ([], [{"sheet": None, "rows": 3}])
    assert counts(found, "rows", "held", "complete") == [2, 2, True]


def test_a_sheet_without_a_header_is_told(ours: Office) -> None:
    ours.file(1, 2, **IN_TIME)
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(HEAD.split(","))
    book.active.append(line(1).split(","))
    book.create_sheet("二").append(["文 书 编 号", "时间"])
    book.create_sheet("空")
    buffer = io.BytesIO()
    book.save(buffer)
    found = ours.post("/v1/reconcile", buffer.getvalue(), "x.xlsx").json()
    assert found["skipped"] == [{"sheet": "二", "rows": None}]
    assert counts(found, "held", "unlisted", "complete") == [1, 0, False]


def test_a_register_costs_nothing_before_it_is_refused(
    ours: Office, centre: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("a key was made")

    monkeypatch.setattr("gateway.worklists.find.Finder.wanted", never)
    foreign = ours.post("/v1/reconcile", table(HEAD, line(1, code=THEIRS)))
    assert (foreign.status_code, foreign.json()["code"]) == (403, "authority-not-yours")
    monkeypatch.setattr(reconcile, "MAX_UNITS", 1)
    many = centre.post("/v1/reconcile", table(HEAD, line(1), line(1, code=THEIRS)))
    assert many.status_code == 422
    assert "by authority" in many.json()["text"]["en"]
    monkeypatch.setattr("gateway.worklists.find.MAX_KEYS", 30)
    rows = [f"{number(n)},x" for n in (1, 2)]
    for path in ("/v1/reconcile", "/v1/returns"):
        answer = ours.post(path, table("文书号,原因", *rows))
        assert answer.status_code == 422
        assert "as several files" in answer.json()["text"]["en"]


def test_all_records_that_are_opened_are_counted(node: Node, ours: Office) -> None:
    ours.file(1, 2, 3, **IN_TIME)
    compared(ours, table(HEAD, line(1)))
    with node.ctx.engine.connect() as connection:
        (row,) = connection.execute(accesses.select().where(accesses.c.purpose == "reconcile"))
    assert row._mapping["count"] == 3


def test_a_token_has_one_place_and_all_have_few(node: Node, ours: Office, theirs: Office) -> None:
    """Taken before the body is read, and given back whatever comes of it."""
    places = node.worklists
    with places.place(ours.caller):
        for path in ("/v1/reconcile", "/v1/returns"):
            busy = ours.post(path, table(HEAD, line(1)))
            assert (busy.status_code, busy.headers["retry-after"]) == (503, "5")
        assert theirs.post("/v1/returns", table(HEAD, line(1))).status_code == 200
    with ExitStack() as stack:
        for n in range(services.AT_ONCE + services.MAX_WAITING):
            stack.enter_context(places.place(replace(ours.caller, id=-n - 1)))
        assert theirs.post("/v1/returns", table(HEAD, line(1))).status_code == 503
    for data in (b"", table(HEAD, line(1)), table(HEAD, line(1))):
        assert ours.post("/v1/returns", data).status_code in (200, 422)


async def stalled(app: ASGIApp, token: str) -> int:
    """The status of the answer to a table of which nothing comes but its beginning."""
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
    parts = [{"type": "http.request", "body": head, "more_body": True}]
    sent: list[Any] = []

    async def receive() -> Any:
        return parts.pop() if parts else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [
        (b"authorization", f"Bearer {token}".encode()),
        (b"content-type", b"multipart/form-data; boundary=b"),
    ]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": "/v1/returns",
        "raw_path": b"/v1/returns",
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "headers": headers,
        "client": ("192.0.2.1", 1),
        "server": ("test", 80),
    }
    await app(scope, receive, send)
    status: int = sent[0]["status"]
    return status


def test_whoever_sends_too_slowly_loses_his_place(
    node: Node, ours: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.worklists.routes.BODY_SECONDS", 0.05)
    monkeypatch.setattr("gateway.http.limits.DRAIN_SECONDS", 0.05)
    assert asyncio.run(stalled(create_app(node), ours.token)) == 408
    assert ours.post("/v1/returns", b"").status_code == 422


def test_a_type_that_was_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its records are found while it is there; then tables of other types are still answered."""
    monkeypatch.setattr(schema_module, "_added", {})
    folder = tmp_path / "schemas"
    folder.mkdir()
    (folder / "donation.json").write_bytes(TYPE)
    node = make_test_node(tmp_path, now=NOW, schemas=folder)
    facts = make_facts(node.signing.keys)
    model = next(one for one in facts.record_types if one.name == "honour")
    added = replace(model, name="donation", content_hash=TYPE_SHA)
    node.chain.put(replace(facts, record_types=(*facts.record_types, added)))
    office = Office(node, OURS)
    schema = schema_module.parse(TYPE)
    fields = {**good(schema), "RY_JGDM": OURS}
    made = RowInput(row=None, type="donation", fields=fields)
    (row,) = node.intake.submit_set(caller=office.caller, rows=[made]).rows
    assert row.verdict == "accepted", row.errors
    named = table("文书号,机关代码,日期", f"{fields[schema.document]},{OURS},2026-11-20")
    assert office.post("/v1/returns", named).json()["counts"]["found"] == 1
    monkeypatch.setattr(schema_module, "_added", {})
    office.file(1, **IN_TIME)
    wide = line(2, "2000-01-01")  # so that every record is looked through
    assert counts(compared(office, table(HEAD, line(1), wide)), "held", "keptBack") == [1, 1]
    assert office.post("/v1/returns", named).json()["counts"]["unknown"] == 1
    node.close()
