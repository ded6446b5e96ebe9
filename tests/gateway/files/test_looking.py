"""Files as people look at them: found, summed up, row by row with the cells, as a table."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import httpx
import pytest
from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from gateway.files import services
from gateway.files.look_routes import CSV
from gateway.node import Node
from tests.gateway.files.desk import Desk
from tests.gateway.intake.material import row
from tests.records.examples import penalty
from tests.support.anchors import put_anchor

EXAMPLES = Path(__file__).parents[3] / "examples"
SAMPLE = EXAMPLES / "天津_行政处罚.xlsx"


def sheet(*records: dict[str, Any], before: int = 0) -> bytes:
    """A workbook. before: empty columns in front."""
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = "处罚"
    codes = list(dict.fromkeys(code for one in records for code in one))
    page.append([""] * before + codes)
    for one in records:
        page.append([""] * before + [one.get(code, "") for code in codes])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def fields(n: int, **changes: object) -> dict[str, Any]:
    return {**row(n).fields, **changes}


def sent(desk: Desk, *records: dict[str, Any], name: str = "处罚.xlsx", **form: str) -> str:
    answer = desk.send(sheet(*records), name, **form)
    return str(answer["id"])


def found(desk: Desk, **wanted: object) -> httpx.Response:
    return desk.client.request("POST", "/v1/files/find", json=wanted, headers=desk.headers)


def names(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["file"] for one in answer.json()["files"]]


# ---- one file


def test_summary(desk: Desk) -> None:
    file = sent(desk, fields(1), fields(2, CF_XDR_SHXYM="x"), fields(3, CF_CFJG=""), fields(1))
    told = desk.get(f"/v1/files/{file}/summary").json()
    assert (told["state"], told["rows"], told["file"]) == ("done", 4, "处罚.xlsx")
    assert told["counts"] == {"accepted": 1, "duplicate": 1, "conflict": 0, "rejected": 2}
    errors = {
        (one["field"], one["code"]): one["rows"] for one in told["said"] if one["is"] == "error"
    }
    assert errors[("CF_CFJG", "required")] == 1
    assert "verdicts" not in told and told["by"] == "desk"
    assert told["anchoring"] | {"tx": None, "time": None, "block": None} == {
        "taken": 1, "anchored": 0, "block": None, "time": None, "tx": None,
    }  # fmt: skip


def test_anchored(desk: Desk, node: Node) -> None:
    file = sent(desk, fields(1), fields(2))
    node.logs.step()
    put_anchor(node, 0, 2)
    told = desk.get(f"/v1/files/{file}/summary").json()["anchoring"]
    assert (told["taken"], told["anchored"], told["block"]) == (2, 2, 102)


def test_before_it_is_read(desk: Desk) -> None:
    file = desk.post(sheet(fields(1))).json()["id"]
    told = desk.get(f"/v1/files/{file}/summary").json()
    assert (told["state"], told["rows"], told["said"], told["anchoring"]) == ("queued", 0, [], None)
    for path in ("rows", "results.csv"):
        answer = desk.get(f"/v1/files/{file}/{path}")
        assert (answer.status_code, answer.json()["state"]) == (202, "queued")


def test_rows_with_their_cells(desk: Desk) -> None:
    """Column and row are those of the workbook, blank columns and all."""
    answer = desk.send(sheet(fields(1), fields(2, CF_CFJG=""), fields(3, CF_NR_FK="x"), before=2))
    place = f"/v1/files/{answer['id']}/rows"
    bad = desk.get(f"{place}?verdict=rejected").json()
    assert (bad["total"], [one["row"] for one in bad["rows"]]) == (2, [3, 4])
    codes = [*fields(1), "CF_NR_FK"]
    (cell,) = bad["rows"][1]["cells"]
    assert cell == {
        "field": "CF_NR_FK",
        "column": get_column_letter(3 + codes.index("CF_NR_FK")),
        "name": "CF_NR_FK",
        "value": "x",
    }
    assert bad["rows"][0]["cells"][0]["value"] == ""
    only = desk.get(f"{place}?code=required&field=CF_CFJG").json()
    assert [one["row"] for one in only["rows"]] == [3]
    assert desk.get(f"{place}?code=required&field=CF_CFJG&is=note").json()["total"] == 0
    assert desk.get(f"{place}?code=required&field=CF_CFJG&verdict=accepted").json()["total"] == 0
    taken = desk.get(f"{place}?verdict=accepted").json()["rows"]
    assert [(one["row"], one["cells"]) for one in taken] == [(2, [])]


def test_pages_across_sets(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A piece is the same whatever sets the rows were answered in."""
    monkeypatch.setattr(services, "ROWS_PER_SET", 3)
    answer = desk.send(sheet(*(fields(n, CF_CFJG="" if n % 2 else "局") for n in range(1, 12))))
    place = f"/v1/files/{answer['id']}/rows?code=required"
    whole = [one["row"] for one in desk.get(f"{place}&field=CF_CFJG").json()["rows"]]
    assert whole == [n + 1 for n in range(1, 12, 2)]
    for offset in range(8):
        for limit in (1, 2, 4, 50):
            told = desk.get(f"{place}&field=CF_CFJG&offset={offset}&limit={limit}").json()
            assert [one["row"] for one in told["rows"]] == whole[offset : offset + limit]
            assert told["total"] == len(whole)


@pytest.mark.parametrize(
    "query", ["verdict=none", "offset=-1", "limit=0", "limit=201", "is=x", "code=" + "x" * 201]
)
def test_rows_wrong(desk: Desk, query: str) -> None:
    file = sent(desk, fields(1))
    assert desk.get(f"/v1/files/{file}/rows?{query}").status_code == 422


def test_results(desk: Desk) -> None:
    answer = desk.send(SAMPLE.read_bytes(), SAMPLE.name)
    got = desk.get(f"/v1/files/{answer['id']}/results.csv")
    assert got.headers["content-type"] == CSV
    lines = list(csv.reader(io.StringIO(got.content.decode("utf-8-sig"))))[1:]
    wanted = [
        (str(one["row"]), one["verdict"], error["code"])
        for one in answer["verdicts"]
        for error in one["errors"] or [{"code": ""}]
    ]
    assert [(line[1], line[2], line[4]) for line in lines] == wanted


def test_no_formula_in_results(desk: Desk) -> None:
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = "=1+1"
    page.append(list(penalty()))
    page.append(list(penalty().values()))
    out = io.BytesIO()
    book.save(out)
    answer = desk.send(out.getvalue(), "x.xlsx")
    assert b"\n'=1+1," in desk.get(f"/v1/files/{answer['id']}/results.csv").content


@pytest.mark.parametrize("path", ["summary", "rows", "results.csv"])
def test_files_of_others(desk: Desk, node: Node, path: str) -> None:
    file = sent(desk, fields(1))
    other, centre = Desk(node, "税务局"), Desk(node, None)
    assert other.get(f"/v1/files/{file}/{path}").status_code == 404
    assert centre.get(f"/v1/files/{file}/{path}").status_code == 200
    assert Desk(node, scopes=("read",)).get(f"/v1/files/{file}/{path}").status_code == 403
    assert desk.get(f"/v1/files/{'0' * 32}/{path}").status_code == 404


# ---- one that corrects another


def test_after(desk: Desk, node: Node) -> None:
    first = sent(desk, fields(1, CF_CFJG=""))
    second = sent(desk, fields(1), name="改.xlsx", after=first)
    assert desk.get(f"/v1/files/{second}/summary").json()["after"] == first
    assert desk.get(f"/v1/files/{first}/summary").json()["corrected"] == [
        {"id": second, "file": "改.xlsx"}
    ]
    other = Desk(node, "税务局")
    for after in (first, "0" * 32, "x"):
        answer = other.post(sheet(fields(2)), after=after)
        assert (answer.status_code, answer.json()["field"]) == (422, "after")
    assert names(found(other)) == [], "and it is not kept"
    assert desk.post(sheet(fields(2)), after="x" * 33).status_code == 422


# ---- many


def test_found(desk: Desk, node: Node) -> None:
    sent(desk, fields(1), name="一月.xlsx")
    sent(desk, fields(2), name="二月.XLSX")
    desk.send(b"nothing", "坏.txt")
    centre = Desk(node, None)
    centre.post(sheet(fields(3)), "等.xlsx")
    assert sorted(names(found(desk))) == ["一月.xlsx", "二月.XLSX", "坏.txt"]
    assert len(names(found(centre))) == 4
    assert names(found(desk, name="xlsx", state="failed")) == []
    assert sorted(names(found(desk, name=" XLSX "))) == ["一月.xlsx", "二月.XLSX"]
    assert names(found(desk, state="failed")) == ["坏.txt"]
    assert names(found(centre, state="queued")) == ["等.xlsx"]
    senders = {one["token"]: one["name"] for one in found(centre).json()["senders"]}
    assert len(senders) == 2
    assert sum(len(names(found(centre, by=number))) for number in senders) == 4
    assert names(found(desk, by=max(senders))) == [], "another department's"
    assert names(found(desk, since="2000-01-01", until="2001-01-01")) == []
    assert len(names(found(desk, since="2020-01-01"))) == 3


def test_found_page_by_page(desk: Desk) -> None:
    for n in range(5):
        desk.post(sheet(fields(n)), f"{n}.xlsx")
    seen: list[str] = []
    before = None
    for _ in range(3):
        answer = found(desk, limit=2, **({} if before is None else {"before": before}))
        seen += names(answer)
        before = answer.json()["next"]
    assert (sorted(seen), before) == ([f"{n}.xlsx" for n in range(5)], None)


@pytest.mark.parametrize(
    "wanted",
    [{"state": "x"}, {"limit": 0}, {"limit": 201}, {"before": "1"}, {"name": "x" * 256},
     {"since": "x"}, {"by": 0}, {"else": 1}],
)  # fmt: skip
def test_found_wrong(desk: Desk, wanted: dict[str, object]) -> None:
    assert found(desk, **wanted).status_code == 422
