"""Worklists, files that decide, and tokens on pages: each scope beside those that lack it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO

import pytest
from openpyxl import load_workbook

from gateway.node import Node
from gateway.web.cases.due_table import text
from gateway.web.languages import Language
from tests.gateway.cases.desk import take_in
from tests.gateway.intake.material import OF_BEIJING
from tests.gateway.web.cases.people import People, links, seen, send, text_of, went
from tests.gateway.web.visitor import Visitor
from tests.support.anvil import Anvil

ELSEWHERE = "91110000600037341L"


@pytest.fixture(scope="module")
def leaves(node: Node, anvil: Anvil) -> Iterator[str]:
    return iter([leaf.hex() for leaf in take_in(node, anvil, *range(6))])


@pytest.fixture(scope="module")
def clerk(people: People) -> Visitor:
    return people.person("submit", "read", name="clerk")


# ---- worklists


def test_the_worklists_of_each(people: People, leaves: Iterator[str], clerk: Visitor) -> None:
    fields = {"record": next(leaves), "kind": "repair", "reason": "x", "received": "2026-01-05"}
    went(send(clerk, "/desk/cases/new", **fields))
    every = clerk.get("/desk/worklists")
    assert {"/desk/cases?due=overdue", "/desk/worklists/due", "/desk/worklists/returns"} <= links(
        every
    )
    assert "/desk/release" not in links(every)
    assert "yours to do: 1" in text_of(every)
    releases = people.person("read", "release").get("/desk/worklists")
    assert "/desk/release" in links(releases) and "/desk/worklists/returns" not in links(releases)
    submits = people.person("submit").get("/desk/worklists")
    assert "/desk/worklists/due" not in links(submits)
    assert people.person("submit").get("/desk/worklists/due").status_code == 403
    assert people.person("read").get("/desk/release").status_code == 403
    chinese = people.person("submit", "read", lang="zh")
    assert "最短公示期已满" in seen(chinese, "/desk/worklists")


def test_repairs_due(people: People, clerk: Visitor, leaves: Iterator[str]) -> None:
    leaf = next(leaves)
    path = "/desk/worklists/due?on=2030-01-01"
    assert "could be repaired" in seen(clerk, "/desk/worklists/due?on=2020-01-01")
    answer = clerk.get("/desk/worklists/due")
    files = [one for one in links(answer) if one.startswith("/desk/cases/new?record=")]
    assert files, text_of(answer)
    assert went(send(clerk, "/desk/cases/new", record=leaf, kind="repair", reason="x"))
    assert (
        len([one for one in links(clerk.get("/desk/worklists/due")) if "record=" in one])
        == len(files) - 1
    )
    assert clerk.get(path).status_code == 200
    reader = people.person("read").get("/desk/worklists/due")
    assert (
        not [one for one in links(reader) if "cases/new" in one] and "tell the firm" in reader.text
    )
    wrong = clerk.get("/desk/worklists/due?on=2026-02-30")
    assert (wrong.status_code, "YYYY-MM-DD" in wrong.text) == (422, True)


def test_repairs_due_as_a_file(people: People, clerk: Visitor, leaves: Iterator[str]) -> None:
    """All pages of it in one table, in the reader's language; of those whom it may tell."""
    next(leaves)
    page = clerk.get("/desk/worklists/due")
    plain, book = sorted(one for one in links(page) if one.startswith("/desk/worklists/due."))
    count = len([one for one in links(page) if one.startswith("/desk/cases/new?record=")])
    answer = clerk.get(book)
    assert "attachment" in answer.headers["content-disposition"]
    (sheet,) = load_workbook(BytesIO(answer.content)).worksheets
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][0] == "Document number" and len(rows) == count + 1
    assert all(len(str(row[-1])) == 64 for row in rows[1:])
    lines = clerk.get(plain).content.decode("utf-8-sig").splitlines()
    assert len(lines) == count + 1
    chinese = people.person("submit", "read", lang="zh").get(plain)
    assert chinese.content.decode("utf-8-sig").startswith("决定文书号")
    assert clerk.get("/desk/worklists/due.xlsx?on=2026-02-30").status_code == 422
    assert clerk.get("/desk/worklists/due.pdf").status_code in (404, 422)
    assert people.person("submit").get("/desk/worklists/due.xlsx").status_code == 403


def test_no_cell_is_a_formula() -> None:
    one = {
        **{"document": "=1+1", "authority": None, "decided": "2026-01-01", "class": None},
        **{"subject": {"name": "@x", "code": None}, "possibleFrom": "2026-02-01", "record": "ab"},
    }
    for language in (Language("zh"), Language("en")):
        line = text([one], language).decode("utf-8-sig").splitlines()[1]
        assert line.startswith("'=1+1,,'@x,,2026-01-01,")


def test_acknowledgements(clerk: Visitor) -> None:
    assert "carried out the decisions of all" in seen(clerk, "/desk/worklists/acknowledgements")


def test_returned_rows(people: People, clerk: Visitor, leaves: Iterator[str]) -> None:
    path = "/desk/worklists/returns"
    table = f"行政处罚决定书文号,处罚机关统一社会信用代码\n无此文号,{OF_BEIJING}\n,\n".encode()
    answer = send(clerk, path, ("退回.csv", table), **{"as": "page"})
    assert answer.status_code == 200, text_of(answer)
    assert "None of yours has this number" in text_of(answer)
    workbook = send(clerk, path, ("退回.csv", table), **{"as": "xlsx"})
    assert workbook.content.startswith(b"PK") or workbook.status_code == 422
    nothing = send(clerk, path, **{"as": "page"})
    assert (nothing.status_code, "Choose a file" in nothing.text) == (422, True)
    broken = send(clerk, path, ("x.csv", b"\xff\xfe\x00"), **{"as": "page"})
    assert broken.status_code == 422 and 'role="alert"' in broken.text
    reads = people.person("read")
    assert send(reads, path, ("x.csv", table), **{"as": "page"}).status_code == 403


# ---- tokens


def test_tokens_of_a_department(people: People) -> None:
    chief = people.person("admin", name="chief", department="税务局", authorities=(ELSEWHERE,))
    text = seen(chief, "/desk/tokens")
    assert "chief" in text and "clerk" not in text
    issued = chief.post("/desk/tokens", {"name": "新人", "scopes": "read"})
    secret = re.search(r"clt_[\w-]{43}", issued.text)
    assert (issued.status_code, secret is not None) == (200, True)
    assert secret is not None and secret[0] not in chief.get("/desk/tokens").text
    assert "issued by chief" in seen(chief, "/desk/tokens")
    newcomer = Visitor(people.app).sign_in(secret[0])
    assert "新人" in newcomer.get("/").text
    assert newcomer.get("/desk/tokens").status_code == 403
    assert newcomer.post("/desk/tokens", {"name": "x", "scopes": "read"}).status_code == 403
    (revoke,) = [
        one
        for one in links(chief.get("/desk/tokens"))
        if one.endswith("/revoke") and "新人" in seen(chief, one)
    ]
    assert went(chief.post(revoke)) == "/desk/tokens"
    assert "新人" not in newcomer.get("/").text, "its session has ended"
    assert chief.get(revoke).status_code == 404
    assert "revoked" in seen(chief, "/desk/tokens")


def test_a_wrong_token_form(people: People) -> None:
    centre = people.centre("admin", name="centre admin")
    assert "clerk" in seen(centre, "/desk/tokens")
    for form, named in (
        ({"name": "x"}, "what the person may do"),
        ({"name": "", "scopes": "read"}, "name"),
        ({"name": "x", "scopes": "read", "authorities": "123"}, "code of the authority"),
    ):
        answer = centre.post("/desk/tokens", form)
        assert answer.status_code == 422, form
        assert f"Field: {named}" in text_of(answer), form
        assert "<code>authority</code>" not in answer.text and "“authority”" not in answer.text
    whole = {"name": "局长", "scopes": "decide", "department": "某局", "authorities": OF_BEIJING}
    assert "局长" in text_of(centre.post("/desk/tokens", whole))
