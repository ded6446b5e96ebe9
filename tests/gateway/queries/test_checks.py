"""Many firms for one matter, and what was done about them."""

from __future__ import annotations

import json
import re

import pytest

from gateway.app import create_app
from gateway.checks.tables import gathered, read_rows
from gateway.files.errors import FileFault
from gateway.peers.outbox import listed
from ledger.records.rules import newest
from tests.gateway.intake.material import bearer, new_token
from tests.gateway.queries.bank import FAMILY, bundle_of, firm, given_by, of, send, token, use
from tests.gateway.queries.conftest import BANK, BEIJING, TIANJIN
from tests.gateway.web.visitor import Visitor
from tests.support.peers import Network

MEASURE = newest().tables.measures[0].name["zh"]
HEAD = ("数据：合成\n", "序号,统一社会信用代码,授权编号\n")


def read(text: str, kind: str = "subjects", most: int = 1000) -> list[tuple[int, dict[str, str]]]:
    found = gathered(read_rows(iter([text.encode()]), kind, most))  # type: ignore[arg-type]
    return [(one.row, dict(one.texts)) for one in found]


def test_codes_are_found_under_the_header_that_offices_write() -> None:
    one, two = firm(50), firm(51)
    text = "".join(HEAD) + f"1,{one},\n2,{two},{'11' * 32}\n合计,2,\n"
    assert read(text) == [(3, {"code": one}), (4, {"code": two, "authorisation": "11" * 32})]


def test_a_bare_list_will_do() -> None:
    assert read(f"{firm(50)}\n\n{firm(51)}\n") == [(1, {"code": firm(50)}), (3, {"code": firm(51)})]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        ("名称,金额\n甲,1\n", "subjects-columns-missing"),
        ("统一社会信用代码\n", "no-rows"),
    ],
)
def test_what_is_no_such_table(text: str, code: str) -> None:
    with pytest.raises(FileFault) as caught:
        read(text)
    assert caught.value.name == code


def test_too_many_rows() -> None:
    text = "统一社会信用代码\n" + "".join(f"{firm(n)}\n" for n in range(4))
    assert len(read(text, most=4)) == 4
    with pytest.raises(FileFault):
        read(text, most=3)


def test_many_are_asked_about_in_their_order(network: Network) -> None:
    bank, codes = network[BANK], [firm(n) for n in range(52, 57)]
    network[TIANJIN].file(of(codes[1], 30))
    asked = {
        "purpose": "pre-loan",
        "matter": "tender 7",
        "types": [FAMILY],
        "subjects": [{"code": code} for code in codes]
        + [{"code": firm(57), "authorisation": "22" * 32}],
    }
    clerk = token(bank)
    answer = send(bank, "POST", "/v1/checks/subjects", asked, **clerk)
    assert answer.status_code == 200, answer.text
    lines = [json.loads(line) for line in answer.content.splitlines()]
    assert [line["code"] for line in lines] == [*codes, firm(57)]
    assert [line["n"] for line in lines] == list(range(6))
    assert [line.get("overall") for line in lines] == [
        "open", "adverse", "open", "open", "open", None,
    ]  # fmt: skip
    assert lines[5]["problem"]["code"] == "authorisation-unknown"
    kept = send(bank, "GET", f"/v1/uses/{lines[1]['use']}", **clerk)
    assert kept.json()["subject"] == codes[1]


def test_one_that_cannot_be_read_holds_up_no_other(network: Network) -> None:
    bank, good = network[BANK], firm(61)
    mistyped = good[:-1] + ("0" if good[-1] != "0" else "1")
    named = [
        {"code": "9112"},
        {"code": mistyped},
        {"code": good, "authorisation": "x"},
        {"code": 7},
        {"code": good},
    ]
    asked = {"purpose": "bidding", "types": [FAMILY], "subjects": named}
    answer = send(bank, "POST", "/v1/checks/subjects", asked, **token(bank))
    assert answer.status_code == 200, answer.text
    lines = [json.loads(line) for line in answer.content.splitlines()]
    assert [line["code"] for line in lines] == ["9112", mistyped, good, "", good]
    assert [line["problem"] and line["problem"]["code"] for line in lines] == [
        "subject-invalid", "subject-invalid", "authorisation-unknown", "subject-invalid", None,
    ]  # fmt: skip
    assert all(set(line["problem"]["message"]) == {"zh", "en"} for line in lines[:4])
    assert lines[4]["overall"] is not None


@pytest.mark.parametrize(
    "change",
    [
        {"subjects": []},
        {"subjects": [{"code": "91110000MA0T00001X"}] * 1001},
        {"subjects": [{}]},
        {"subjects": ["x"]},
        {"purpose": "fun"},
        {"types": ["none"]},
        {"more": 1},
    ],
)
def test_what_is_not_checked(network: Network, change: dict[str, object]) -> None:
    bank = network[BANK]
    asked = {"purpose": "pre-loan", "subjects": [{"code": firm(58)}]} | change
    answer = send(bank, "POST", "/v1/checks/subjects", asked, **token(bank))
    assert (answer.status_code, answer.json()["code"]) == (422, "schema-invalid"), answer.text


def test_feedback_is_stated_and_told_to_the_source(network: Network) -> None:
    beijing, tianjin, code = network[BEIJING], network[TIANJIN], firm(59)
    tianjin.file(of(code, 31))
    clerk = token(beijing)
    bundle = bundle_of(use(network, code, purpose="bidding", by=BEIJING, headers=clerk))
    query = given_by(bundle, TIANJIN).opening.statement.commitment.hex()
    day = beijing.node.ctx.clock.today().isoformat()
    good = {"query": query, "day": day, "measure": MEASURE, "matter": "某工程", "result": "已限制"}
    rows = [good, good | {"measure": "随意处置"}, good | {"day": "2999-01-01"}, {"day": day}]
    answer = send(beijing, "POST", "/v1/feedback", {"rows": rows}, **clerk)
    assert answer.status_code == 200, answer.text
    told = answer.json()["rows"]
    assert [bool(one["statement"]) for one in told] == [True, False, False, False]
    assert [[error["field"] for error in one["errors"]] for one in told] == [
        [], ["measure"], ["day"], ["query", "measure", "matter"],
    ]  # fmt: skip
    for headers, rests_on in ((token(beijing, name="another"), query), (clerk, "11" * 32)):
        rows = [good | {"query": rests_on}]
        [row] = send(beijing, "POST", "/v1/feedback", {"rows": rows}, **headers).json()["rows"]
        assert [error["code"] for error in row["errors"]] == ["query-unknown"], "not theirs"
    with beijing.node.ctx.engine.connect() as connection:
        waiting = {one.commitment.hex(): one for one in listed(connection)}
    sent = waiting[told[0]["statement"]]
    assert sent.member == TIANJIN
    assert beijing.node.peers.asking.send(TIANJIN, beijing.node.peers.outbox.opening(sent))
    again = send(beijing, "POST", "/v1/feedback", {"rows": [good, good]}, **clerk).json()["rows"]
    assert [one["statement"] for one in again] == [told[0]["statement"]] * 2
    assert [one["known"] for one in (*told[:1], *again)] == [False, True, True]
    days = "?first=2026-01-01&last=2099-12-31"
    usage = send(tianjin, "GET", f"/v1/usage{days}", **token(tianjin, department=None)).json()
    assert {"member": BEIJING, "measure": MEASURE, "times": 1} in usage["measures"]


def test_a_table_names_the_question_as_its_page_does(network: Network) -> None:
    """Each province that answered is told, once; without an authorisation records are followed."""
    beijing, tianjin, code = network[BEIJING], network[TIANJIN], firm(61)
    records = {one.hex() for one in (*beijing.file(of(code, 41)), *tianjin.file(of(code, 42)))}
    person = new_token(beijing.node, "read", "submit", department=None)
    asked = use(network, code, purpose="bidding", by=BEIJING, headers=bearer(person))
    name = asked.headers["Credit-Ledger-Use"]
    visitor = Visitor(create_app(beijing.node)).sign_in(person)
    day = beijing.node.ctx.clock.today().isoformat()
    lines = [
        *("查询登记编号,日期,事项,措施,结果", f"{name},{day},某标,{MEASURE},已限制"),
        *(f"{'0' * 32},{day},某标,{MEASURE},", f"{name},{day},某标,随意处置,"),
    ]
    table = {"file": ("t.csv", "\n".join(lines).encode())}
    answer = visitor.post("/bank/feedback", files=table)
    assert answer.status_code == 200 and "1 rows were stated" in answer.text
    assert "Row 3: number of the query" in answer.text and "Row 4: measure" in answer.text
    assert "Row 2" not in answer.text, "it was stated to both provinces"
    page = visitor.get(f"/bank/uses/{name}").text
    for record in records:
        assert f"/desk/cases/new?record={record}" in page, "a counter files from the answer"
    assert "owner=120000" in page and "owner=110000" not in page
    assert visitor.post(f"/bank/uses/{name}/watch-records").status_code == 303
    assert records <= set(re.findall("[0-9a-f]{64}", visitor.get("/bank/watch").text))


def test_feedback_that_is_sent_again_is_the_same_statement(network: Network) -> None:
    """However often, and though no more may be said of its query; whatever is another in anything
    is another."""
    beijing, tianjin, code = network[BEIJING], network[TIANJIN], firm(60)
    tianjin.file(of(code, 32))
    clerk = token(beijing)
    bundle = bundle_of(use(network, code, purpose="bidding", by=BEIJING, headers=clerk))
    query = given_by(bundle, TIANJIN).opening.statement.commitment.hex()
    day = beijing.node.ctx.clock.today().isoformat()
    row = {"query": query, "day": day, "measure": MEASURE, "matter": "某工程", "result": "已限制"}
    others = [row | {"matter": "另一工程"}, row | {"result": ""}]

    def stated(*rows: dict[str, str]) -> list[tuple[str | None, bool, list[str]]]:
        answer = send(beijing, "POST", "/v1/feedback", {"rows": list(rows)}, **clerk).json()
        return [
            (one["statement"], one["known"], [error["code"] for error in one["errors"]])
            for one in answer["rows"]
        ]

    first, twice, *more = stated(row, row, *others)
    assert [one[1] for one in (first, twice, *more)] == [False, True, False, False]
    assert first[0] == twice[0]
    assert len({one[0] for one in (first, *more)}) == 3
    most = beijing.node.ctx.settings.queries.changes
    rest = [row | {"matter": f"第{n}项"} for n in range(most - 2)]
    assert [one[2] for one in stated(*rest)] == [[]] * (most - 3) + [["too-many-changes"]]
    assert stated(row) == [(first[0], True, [])]
