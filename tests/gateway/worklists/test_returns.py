"""`POST /v1/returns`: the national list of returned rows as rows to correct."""

import io
from collections import Counter
from datetime import datetime

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.accesses.models import accesses
from gateway.base.db import begin_write
from gateway.files.errors import FileFault
from gateway.files.reading import Reading
from gateway.node import Node
from gateway.worklists import returns
from gateway.worklists.reading import gathered, read_entries
from ledger.records.schema import load
from tests.gateway.intake.material import count, number
from tests.gateway.worklists.conftest import OURS, THEIRS, XLSX, Office, table
from tests.support.erasing import erase

HEAD = "文书号,机关代码,错误字段,错误代码,退回原因"


def line(n: int, code: str = OURS, field: str = "处罚依据", reason: str = "依据不完整") -> str:
    return f"{number(n)},{code},{field},E12,{reason}"


def states(office: Office, data: bytes, name: str = "x.csv") -> list[str]:
    answer = office.post("/v1/returns", data, name)
    assert answer.status_code == 200, answer.text
    return [item["state"] for item in answer.json()["items"]]


def test_each_row_is_answered_with_its_record(ours: Office) -> None:
    first, _ = ours.file(1, 2)
    answer = ours.post("/v1/returns", table("退回清单", HEAD, line(1), line(9))).json()
    assert answer["_type"] == "credit-ledger/returns@1"
    assert (answer["rows"], answer["file"]) == (2, "x.csv")
    assert answer["counts"] == {"found": 1, "unknown": 1, "erased": 0, "unreadable": 0}
    found, unknown = answer["items"]
    assert (found["row"], found["leaf"], found["recordId"]) == (3, first.leaf, first.record_id)
    assert found["field"] == "CF_YJ"
    assert (unknown["row"], unknown["state"], unknown["leaf"]) == (4, "unknown", None)


@pytest.mark.parametrize(
    "head",
    [
        "文号\t处罚机关代码\t原因",
        "行政处罚决定书文号*;处罚机关统一社会信用代码（必填）;问题描述：",
        "CF_WSH,CF_CFJGDM,数据项",
        "决定书文号|认定单位代码|错误类型",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_columns_as_people_write_them(ours: Office, head: str, encoding: str) -> None:
    ours.file(1)
    sign = next(sign for sign in "\t;|," if sign in head)
    data = "\r\n".join([head, sign.join([number(1), OURS.lower(), "x"])]).encode(encoding)
    assert states(ours, data) == ["found"]


def test_a_workbook(ours: Office) -> None:
    ours.file(1, 2)
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["国家平台退回数据"])
    book.active.append(["序号", "决定书文号", "机关代码", "日期", "原因"])
    for n in (1, 2, 3):
        book.active.append([n, number(n), OURS, "2026/05/01", "x"])
    buffer = io.BytesIO()
    book.save(buffer)
    assert states(ours, buffer.getvalue(), "x.xlsx") == ["found", "found", "unknown"]


def test_brackets_of_any_width_are_the_same_number(ours: Office) -> None:
    ours.file(1)
    plain = number(1).replace("〔", "(").replace("〕", ")")
    assert states(ours, table(HEAD, f"{plain},{OURS},x,x,x")) == ["found"]


def test_a_row_without_an_authority_is_one_of_the_callers_own(ours: Office, centre: Office) -> None:
    ours.file(1)
    data = table("文书号,原因", f"{number(1)},x")
    assert states(ours, data) == ["found"]
    assert states(centre, data) == ["unreadable"]


def test_rows_that_cannot_be_looked_up(ours: Office) -> None:
    ours.file(1)
    data = table(HEAD, f",{OURS},x,x,x", f"{number(1)},1111,x,x,x", ",,,,", line(1))
    assert states(ours, data) == ["unreadable", "unreadable", "found"]


def test_a_department_sees_its_own_rows_only(
    node: Node, ours: Office, theirs: Office, centre: Office
) -> None:
    ours.file(1)
    theirs.file(2)
    data = table(HEAD, line(1), line(2, THEIRS))
    assert states(ours, data) == ["found", "unknown"]
    assert states(theirs, data) == ["unknown", "found"]
    assert states(centre, data) == ["found", "found"]


def test_the_subject_tells_several_records_of_one_document_apart(ours: Office) -> None:
    ours.file(1)
    ours.file(1, CF_XDR_SHXYM="91110108551385082Q")
    assert states(ours, table(HEAD, line(1))) == ["found", "found"]
    head = "文书号,机关代码,相对人代码"
    assert states(ours, table(head, f"{number(1)},{OURS},91110108551385082Q")) == ["found"]
    assert states(ours, table(head, f"{number(1)},{OURS},91110000600037341X")) == ["unknown"]


def test_what_was_erased_cannot_be_corrected(node: Node, ours: Office) -> None:
    (made,) = ours.file(1)
    with begin_write(node.ctx.engine) as connection:
        erase(connection, bytes.fromhex(made.leaf))
    assert states(ours, table(HEAD, line(1))) == ["erased"]


def test_the_workbook_is_read_again_as_what_is_on_the_ledger(ours: Office) -> None:
    made = ours.file(1, 2, CF_CFLB="警告;罚款", CF_NR_FK="0.2")
    data = table(HEAD, line(1), line(1, field="违法事实", reason="过短"), line(2), line(9))
    answer = ours.post("/v1/returns", data, Accept=XLSX)
    assert answer.headers["content-type"] == XLSX
    sheet, told = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets
    assert (sheet.title, sheet.max_row) == ("行政处罚", 3)
    values = {str(cell.value) for row in told.iter_rows() for cell in row}
    assert number(9) in values  # with why there is none
    rows = list(Reading(answer.content, name="x.xlsx", type_=None).rows())
    assert [row.input.corrects for row in rows] == [item.record_id for item in made]
    assert rows[0].input.fields["CF_CFLB"] == ["警告", "罚款"]
    assert {row.input.type for row in rows} == {"penalty"}
    head = [str(cell.value) for cell in sheet[1]]
    said = str(sheet.cell(2, head.index("CL_MESSAGE_ZH 说明") + 1).value)
    assert "依据不完整" in said and "过短" in said
    schema = load("penalty")
    for code in ("CF_YJ", "CF_SY"):
        cell = sheet.cell(2, head.index(schema.by_code[code].zh) + 1)
        assert cell.fill.start_color.rgb == "FFFFC7CE"


def test_every_record_that_is_opened_is_logged(node: Node, ours: Office) -> None:
    ours.file(1, 2)
    with node.ctx.engine.connect() as connection:
        before = count(node, accesses)
        states(ours, table(HEAD, line(1), line(1), line(2), line(9)))
        rows = connection.execute(accesses.select()).all()[before:]
    assert Counter((row.purpose, row.answer) for row in rows) == {("returned", "allowed"): 2}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "schema-invalid"),
        (b"a,b\n1,2\n", "schema-invalid"),
        (HEAD.encode(), "schema-invalid"),
        (b"PK\x03\x04 nothing", "encoding"),
        (b"\x00\x01\x02\xff\xfe" * 50, "encoding"),
    ],
)
def test_what_is_no_such_table(ours: Office, data: bytes, code: str) -> None:
    answer = ours.post("/v1/returns", data)
    assert answer.status_code == 422
    assert answer.json()["code"] in (code, "schema-invalid")
    assert answer.json()["text"]["zh"]


def test_too_many_rows(ours: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.worklists.services.MAX_RETURNED", 2)
    answer = ours.post("/v1/returns", table(HEAD, line(1), line(2), line(3)))
    assert answer.status_code == 422
    assert "several files" in answer.json()["text"]["en"]


def test_bounds_and_scopes(node: Node, ours: Office) -> None:
    assert returns.MAX_RETURNED <= 10_000
    reader = Office(node, OURS, scopes=("read",))
    assert reader.post("/v1/returns", table(HEAD, line(1))).status_code == 403
    assert (
        ours.client.request("POST", "/v1/returns", files={"file": ("x", b"y")}).status_code == 401
    )
    big = ours.post("/v1/returns", bytes(17 << 20))
    assert big.status_code == 413


@given(
    st.binary(max_size=400),
    st.sampled_from(["", HEAD + "\n", "\ufeff" + HEAD + "\r\n", "PK\x03\x04"]),
)
def test_no_bytes_raise_anything_but_a_fault(rest: bytes, start: str) -> None:
    try:
        entries = gathered(read_entries(iter([start.encode() + rest]), 50)).rows
    except FileFault as fault:
        assert fault.message["zh"] and fault.message["en"]
    else:
        assert entries


def test_cells_that_are_no_texts(ours: Office) -> None:
    ours.file(1)
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["文书号", "机关代码", "原因"])
    book.active.append(["=1+1", OURS, "x"])
    book.active.append([number(1), OURS, "=1+1"])
    book.active.append([datetime(2026, 1, 1), OURS, "x"])
    buffer = io.BytesIO()
    book.save(buffer)
    assert states(ours, buffer.getvalue(), "x.xlsx") == ["unreadable", "found", "unreadable"]
