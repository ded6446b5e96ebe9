"""Handing files in, and looking at them, by the pages of the desk."""

from __future__ import annotations

import html
import io
import re
import zipfile
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest
from starlette.types import ASGIApp

from gateway.node import Node
from gateway.web.desk import receiving
from tests.gateway.files.test_looking import fields, sheet
from tests.gateway.files.work import work
from tests.gateway.intake.material import new_token
from tests.gateway.web.visitor import Visitor
from tests.support.anchors import put_anchor

SAMPLE = Path(__file__).parents[3] / "examples" / "天津_行政处罚_手工表.xlsx"
Files = list[tuple[str, bytes]]


def signed(app: ASGIApp, node: Node, *scopes: str, lang: str = "en", **token: Any) -> Visitor:
    found = new_token(node, *(scopes or ("submit", "read")), **token)
    return Visitor(app, lang).sign_in(found)


@pytest.fixture
def clerk(app: ASGIApp, node: Node) -> Visitor:
    return signed(app, node)


def hand_in(visitor: Visitor, *files: tuple[str, bytes], **fields: Any) -> httpx.Response:
    """As a browser sends the form."""
    headers = fields.pop("headers", {})
    data = {"csrf": visitor.csrf()} | fields
    some = [("file", one) for one in files]
    return visitor.request("POST", "/desk/files", data=data, files=some, headers=headers)


def taken(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text
    found: str = answer.headers["location"]
    assert re.fullmatch("/desk/files/[0-9a-f]{32}", found)
    return found


def text(visitor: Visitor, path: str) -> str:
    answer = visitor.get(path)
    assert answer.status_code == 200, answer.text
    return html.unescape(re.sub(r"<[^>]+>", " ", answer.text))


# ---- handing in


def test_one_file(clerk: Visitor, node: Node) -> None:
    """Byte for byte what was chosen."""
    page = taken(hand_in(clerk, ("处罚.xlsx", data := sheet(fields(1), fields(2, CF_CFJG="")))))
    file = page.rpartition("/")[2]
    assert b"".join(node.file_store.content(file)) == data
    assert node.file_store.told(file) == ("处罚.xlsx", None)
    assert "0 rows answered so far" in text(clerk, page)
    work(node)
    shown = text(clerk, page)
    assert "处罚.xlsx" in shown and "All (2)" in shown and "To correct (1)" in shown


def test_several_with_type(clerk: Visitor, node: Node) -> None:
    answer = hand_in(
        clerk, ("a.xlsx", sheet(fields(1))), ("b.xlsx", sheet(fields(2))), type="penalty"
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/files")
    shown = text(clerk, "/desk/files")
    assert "a.xlsx" in shown and "b.xlsx" in shown
    for one in node.file_store.newest(None, 9):
        assert node.file_store.told(one.id)[1] == "penalty"
    work(node)
    assert [one.counts["accepted"] for one in node.file_store.newest(None, 9)] == [1, 1]


def test_large_and_in_many_pieces(clerk: Visitor, node: Node) -> None:
    data = bytes(range(256)) * 20_000
    file = taken(hand_in(clerk, ("x.bin", data))).rpartition("/")[2]
    assert b"".join(node.file_store.content(file)) == data


def test_a_name_that_would_break_the_form(clerk: Visitor, node: Node) -> None:
    file = taken(hand_in(clerk, ('a"; name="type"\r\n.xlsx', b"x"))).rpartition("/")[2]
    name, type_ = node.file_store.told(file)
    assert type_ is None and "\r" not in name and '"' not in name


def test_nothing_chosen(clerk: Visitor, node: Node) -> None:
    answer = hand_in(clerk, ("", b""))
    assert answer.status_code == 422
    assert "No file was chosen" in answer.text and 'type="file"' in answer.text
    assert node.file_store.newest(None, 9) == []


def test_an_empty_and_a_wrong_one(clerk: Visitor, node: Node) -> None:
    for name, data, told in (
        ("leer.xlsx", b"", "The file is empty"),
        ("scan.pdf", b"%PDF-1.7 ...", "no table"),
    ):
        page = taken(hand_in(clerk, (name, data)))
        work(node)
        assert told in text(clerk, page)
        assert "Send the corrected workbook again" in text(clerk, page)


def test_some_refused(clerk: Visitor, node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is told of by itself; those that were taken stay."""
    monkeypatch.setattr(node.file_store, "_bounds", node.ctx.settings.files.model_copy(
        update={"waiting_per_token": 1}))  # fmt: skip
    answer = hand_in(clerk, ("a.xlsx", sheet(fields(1))), ("b.xlsx", b"y" * 300_000), ("c", b"z"))
    assert answer.status_code == 429
    shown = html.unescape(answer.text)
    assert shown.count("Taken, being read") == 1
    assert shown.count("as many files waiting") == 2
    assert [one.name for one in node.file_store.newest(None, 9)] == ["a.xlsx"]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_script_gets_json(app: ASGIApp, node: Node, lang: str) -> None:
    clerk = signed(app, node, lang=lang)
    script = {"Accept": "application/json"}
    answer = hand_in(clerk, ("a.xlsx", sheet(fields(1))), headers=script)
    (file,) = answer.json()["files"]
    assert (answer.status_code, file["name"]) == (200, "a.xlsx")
    assert clerk.get(file["page"]).status_code == 200
    refused = hand_in(clerk, ("a.xlsx", b"x"), headers=script, after="0" * 32)
    (file,) = refused.json()["files"]
    assert file["page"] is None
    assert ("原文件" if lang == "zh" else "no file with the id") in file["problem"]
    foreign = hand_in(clerk, ("a", b"x"), headers=script | {"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403
    gone = Visitor(app).request("POST", "/desk/files", files={"file": ("a", b"x")}, headers=script)
    assert (gone.status_code, gone.json()["login"]) == (401, "/login?next=/desk&ended=1")


def test_forms_of_others(clerk: Visitor, app: ASGIApp, node: Node) -> None:
    """Without the field, with that of another session, or with it behind the file."""
    other = signed(app, node)
    for csrf in ("", "x", other.csrf()):
        answer = clerk.request(
            "POST", "/desk/files", data={"csrf": csrf}, files={"file": ("a", b"x")}
        )
        assert (answer.status_code, "form-foreign" in answer.text) == (403, True)
    late = [("file", ("a", b"x")), ("csrf", (None, clerk.csrf().encode()))]
    assert clerk.request("POST", "/desk/files", files=late).status_code == 403
    assert node.file_store.newest(None, 9) == []


def test_bodies_that_are_no_form(clerk: Visitor, node: Node) -> None:
    token = {"X-CSRF-Token": clerk.csrf()}
    for content, kind in (
        (b"x", "text/plain"),
        (b"--b\r\nno form", "multipart/form-data; boundary=b"),
        (b"--b\r\nContent-Disposition: form-data; name=\"else\"\r\n\r\nx\r\n--b--\r\n",
         "multipart/form-data; boundary=b"),
        (b"--b\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\n" + b"x" * 600
         + b"\r\n--b--", "multipart/form-data; boundary=b"),
    ):  # fmt: skip
        answer = clerk.request(
            "POST", "/desk/files", content=content, headers=token | {"Content-Type": kind}
        )
        assert answer.status_code in (415, 422), content
        assert 'role="alert"' in answer.text
    cut = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc'
    answer = clerk.request(
        "POST", "/desk/files", content=cut,
        headers=token | {"Content-Type": "multipart/form-data; boundary=b"},
    )  # fmt: skip
    assert answer.status_code == 422
    assert node.file_store.newest(None, 9) == [], "of one that was cut short nothing is kept"


def test_many_at_once(clerk: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "MAX_FILES", 2)
    answer = hand_in(clerk, ("a", b"x"), ("b", b"x"), ("c", b"x"))
    assert answer.status_code == 422 or "50" in answer.text


def test_too_large(app: ASGIApp, node: Node) -> None:
    """The bound is that of `/v1/files`, and not the smaller one of other forms."""
    clerk = signed(app, node)
    least = node.ctx.settings.http.max_record_bytes
    assert hand_in(clerk, ("a", b"x" * (least + 1))).status_code == 303
    most = {"Content-Length": str(node.ctx.settings.http.max_file_bytes + 1)}
    assert hand_in(clerk, ("a", b"x"), headers=most).status_code == 413


# ---- who sees what


def test_by_scope(app: ASGIApp, node: Node) -> None:
    reader, decider = signed(app, node, "read"), signed(app, node, "decide")
    assert reader.get("/desk").headers["location"] == "/desk/records"
    assert decider.get("/desk").headers["location"] == "/desk/cases"
    assert signed(app, node, "release").get("/desk").headers["location"] == "/desk/release"
    for path in ("/desk/files", f"/desk/files/{'0' * 32}"):
        assert reader.get(path).status_code in (403, 404)
    menu = reader.get("/desk/records").text
    assert 'href="/desk/records" aria-current="page"' in menu
    assert 'href="/desk/files"' not in menu
    out = Visitor(app).get("/desk/files?state=done")
    assert out.headers["location"] == "/login?next=%2Fdesk%2Ffiles%3Fstate%3Ddone"


def test_files_of_others(clerk: Visitor, app: ASGIApp, node: Node) -> None:
    page = taken(hand_in(clerk, ("a.xlsx", sheet(fields(1)))))
    work(node)
    other = signed(app, node, department="税务局")
    for path in (page, f"{page}/results.csv", f"{page}/correct.xlsx", f"{page}/receipts.zip",
                 f"{page}/answer.json"):  # fmt: skip
        assert other.get(path).status_code == 404
    assert "a.xlsx" not in text(other, "/desk/files")
    assert other.get("/desk/files/x").status_code == 404


# ---- looking


def test_rows_by_reason_and_page(clerk: Visitor, node: Node) -> None:
    rows = [fields(n, **({} if n % 3 else {"CF_CFJG": ""})) for n in range(1, 200)]
    page = taken(hand_in(clerk, ("a.xlsx", sheet(*rows))))
    work(node)
    first = clerk.get(page).text
    assert "Page 1 of 2" in first and 'rel="next"' in first
    assert first.count('<tr class="first">') == 50
    second = clerk.get(f"{page}?show=back&page=2").text
    assert second.count('<tr class="first">') == 16 and 'rel="prev"' in second
    reason = re.search(r'href="(/desk/files/[^"]+code=required[^"]+)#rows"', first)
    assert reason
    by_reason = clerk.get(html.unescape(reason[1])).text
    assert 'aria-current="true"' in by_reason and by_reason.count('<tr class="first">') == 50
    column = openpyxl.utils.get_column_letter(1 + list(rows[0]).index("CF_CFJG"))
    assert f"<strong>{column}4</strong>" in first, "row 3 of the records, below the header"
    assert "No such row" in clerk.get(f"{page}?code=nothing").text
    assert clerk.get(f"{page}?page=0").status_code == 422
    assert (
        "aria-live" in first and "hx-get" not in clerk.get(f"{page}?rows=no").text.split("live")[0]
    )


def test_to_correct_and_again(clerk: Visitor, node: Node) -> None:
    page = taken(hand_in(clerk, (SAMPLE.name, SAMPLE.read_bytes())))
    work(node)
    waits = clerk.get(f"{page}/correct.xlsx")
    assert (waits.status_code, waits.headers["location"]) == (303, f"{page}#correct")
    assert "is being made" in text(clerk, page)
    work(node)
    got = clerk.get(f"{page}/correct.xlsx")
    assert got.headers["content-type"].endswith("spreadsheetml.sheet")
    assert "to%20correct.xlsx" in got.headers["content-disposition"]
    assert got.headers["cache-control"] == "no-store"
    openpyxl.load_workbook(io.BytesIO(got.content))
    file = page.rpartition("/")[2]
    again = taken(hand_in(clerk, ("改.xlsx", got.content), after=file))
    work(node)
    shown = text(clerk, again)
    assert "What has changed" in shown and SAMPLE.name in shown
    assert "改.xlsx" in text(clerk, page)


def test_results_and_receipts(clerk: Visitor, node: Node) -> None:
    page = taken(hand_in(clerk, ("a.xlsx", sheet(fields(1), fields(2), fields(3, CF_CFJG="")))))
    assert clerk.get(f"{page}/results.csv").status_code == 303, "not read yet"
    work(node)
    assert clerk.get(f"{page}/results.csv").content.count(b"\r\n") == 4
    assert clerk.get(f"{page}/answer.json").json()["state"] == "done"
    node.logs.step()
    with zipfile.ZipFile(io.BytesIO(clerk.get(f"{page}/receipts.zip").content)) as archive:
        (left,) = archive.namelist()
        assert archive.read(left).count(b"promised") == 2
    put_anchor(node, 0, 2)
    with zipfile.ZipFile(io.BytesIO(clerk.get(f"{page}/receipts.zip").content)) as archive:
        assert archive.testzip() is None and len(archive.namelist()) == 2
    assert "all anchored" in text(clerk, page)
    assert clerk.get(f"{page}/receipts.zip?part=0").status_code == 422


def test_a_receipt_without_reading(app: ASGIApp, node: Node) -> None:
    """Who hands in and does not read gets that without content."""
    clerk = signed(app, node, "submit")
    page = taken(hand_in(clerk, ("a.xlsx", sheet(fields(1)))))
    work(node)
    shown = clerk.get(page).text
    (link,) = re.findall('href="(/desk/records/[0-9a-f]{64}/receipt)"', shown)
    assert clerk.get(link).status_code == 202
    node.logs.step()
    put_anchor(node, 0, 1)
    assert clerk.get(link).json().get("presentation") is None


# ---- files of all days


def test_choosing(clerk: Visitor, node: Node) -> None:
    assert "No file yet" in text(clerk, "/desk/files")
    assert "No file yet" in text(clerk, "/desk")
    hand_in(clerk, ("一月.xlsx", sheet(fields(1))))
    hand_in(clerk, ("二月.xlsx", sheet(fields(2))))
    work(node)
    named = clerk.post("/desk/files/find", {"name": "一月"})
    assert named.status_code == 200 and "二月" not in named.text and "一月" in named.text
    plain = clerk.post("/desk/files/find", {"name": "", "state": "failed", "since": ""})
    assert (plain.status_code, plain.headers["location"]) == (303, "/desk/files?state=failed")
    assert "No file is so" in text(clerk, "/desk/files?state=failed")
    assert "一月" in text(clerk, "/desk/files?since=2020-01-01&state=done")


@pytest.mark.parametrize(
    "query",
    ["since=x", "until=2026-02-30", "since=2026-02-02&until=2026-02-01", "state=x", "by=x",
     "by=0", "by=99999999999"],
)  # fmt: skip
def test_choosing_wrong(clerk: Visitor, query: str) -> None:
    answer = clerk.get(f"/desk/files?{query}")
    assert (answer.status_code, 'role="alert"' in answer.text) == (422, True)


def test_templates(clerk: Visitor, app: ASGIApp, node: Node) -> None:
    shown = clerk.get("/desk/templates").text
    links = re.findall('href="(/desk/templates/[^"]+)"', shown)
    assert len(links) > 5
    got = clerk.get("/desk/templates/penalty.xlsx")
    openpyxl.load_workbook(io.BytesIO(got.content))
    assert "penalty.xlsx" in got.headers["content-disposition"]
    assert clerk.get("/desk/templates/nothing.xlsx").status_code == 404
    chinese = signed(app, node, lang="zh")
    assert "行政处罚" in chinese.get("/desk/templates").text
    for link in re.findall('href="(/v1/schemas/[^"]+)"', shown)[:1]:
        assert clerk.get(link).status_code == 200
