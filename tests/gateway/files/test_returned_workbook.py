"""The workbook to correct: what stands in it, and what becomes of it when it is sent back."""

import io
import json
import re
import zipfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.files.reading import Reading
from gateway.files.returned import pack, returned, unpack
from gateway.files.stretch import Row
from gateway.files.workbook import build
from gateway.intake.interfaces import RowAnswer
from ledger.records.keys import record_key
from ledger.records.remarks import remark
from ledger.records.schema import load
from ledger.records.setting import Setting
from ledger.records.validate import check
from tests.records.examples import penalty
from tests.support.sheets import (
    GOOD,
    csv_text,
    letters,
    parts,
    penalty_sheet,
    read,
    row,
    sheet_xml,
    text_row,
    workbook,
    zipped,
)

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
TODAY = date(2026, 11, 23)
EARLIER = "ab" * 32


class Judge:
    """Stands for intake: the same verdicts, from a dictionary of what was accepted before."""

    def __init__(self) -> None:
        self.accepted: dict[bytes, object] = {}

    def __call__(self, row: Row) -> RowAnswer:
        found = row.input
        if found.fault:
            errors: tuple[Any, ...] = (found.fault,)
            return RowAnswer(
                row=found.row, sheet=found.sheet, verdict="rejected", kind="penalty", errors=errors
            )
        schema = load(found.type)
        checked = check(
            schema,
            found.fields,
            Setting(today=TODAY),
            class_=found.class_,
            cell_errors=found.cell_errors,
        )
        errors = checked.errors
        if found.corrects:
            errors = (*errors, remark("correction-not-available", "CL_CORRECTS"))
        verdict: Any = "rejected"
        if not errors:
            content = (found.class_, checked.fields)
            before = self.accepted.setdefault(record_key(schema, checked.fields), content)
            verdict = "accepted" if before is content else "duplicate"
            if before != content:
                verdict = "conflict"
                errors = (remark("document-number-in-use", schema.by_code[schema.document]),)
        return RowAnswer(
            kind="penalty",
            row=found.row,
            sheet=found.sheet,
            verdict=verdict,
            errors=errors,
            notes=found.notes,
            record_id=EARLIER if verdict == "conflict" else None,
        )


def send(data: bytes, judge: Judge, name: str = "x") -> tuple[list[RowAnswer], bytes]:
    """The answers, and the workbook that goes back."""
    rows = read(data, name)
    answers = [judge(row) for row in rows]
    back = [
        (returned(row), answer)
        for row, answer in zip(rows, answers, strict=True)
        if answer.verdict in ("rejected", "conflict")
    ]
    kept = unpack(json.loads(json.dumps(pack([row for row, _ in back]))))
    counts: dict[str, int] = {}
    for answer in answers:
        counts[answer.verdict] = counts.get(answer.verdict, 0) + 1
    pairs: list[tuple[Any, Mapping[str, Any]]] = [
        (row, answer.as_dict()) for row, (_, answer) in zip(kept, back, strict=True)
    ]
    return answers, build(pairs, name=name, counts=counts)


def essence(answers: list[RowAnswer]) -> list[object]:
    """What is said of each row; of unknown columns it is said once for a table."""
    return [
        (
            a.verdict,
            [(e.field, e.code) for e in a.errors],
            [(n.field, n.code) for n in a.notes if n.code != "column-unknown"],
        )
        for a in answers
        if a.verdict in ("rejected", "conflict")
    ]


@pytest.mark.parametrize("name", json.loads((EXAMPLES / "expected.json").read_text("utf-8")))
def test_sent_back_unchanged_it_says_the_same(name: str) -> None:
    judge = Judge()
    first, book = send((EXAMPLES / name).read_bytes(), judge, name)
    if not essence(first):
        assert all(a.verdict == "accepted" for a in first)
        return
    second, again = send(book, judge)
    assert essence(second) == essence(first)
    reading = Reading(book, name="x.xlsx", type_=None)
    assert list(reading.rows())
    assert [sheet.unread for sheet in reading.sheets if sheet.name == "说明"] == [0]
    third, _ = send(again, judge)
    assert essence(third) == essence(first)


def open_book(book: bytes) -> list[list[tuple[Any, ...]]]:
    loaded = openpyxl.load_workbook(io.BytesIO(book))
    return [list(sheet.iter_rows(values_only=True)) for sheet in loaded]


def test_columns_of_records_that_are_called_like_ours_come_back() -> None:
    own = {"CL_SIMPLE": "否", "CL_PUBLISH": "是", "CL_ORIGIN": "local"}
    bad = {**GOOD, "CF_JDRQ": "昨天", **own}
    _, book = send(csv_text(bad, header=list(bad)).encode(), Judge(), "某局.csv")
    rows, _ = open_book(book)
    header = [str(name).split(" ")[0] for name in rows[0]]
    shown = dict(zip(header, rows[1], strict=True))
    assert {code: shown[code] for code in own} == own
    (again,) = read(book)
    assert {code: again.input.fields[code] for code in own} == own


def test_what_a_person_sees() -> None:
    judge = Judge()
    bad = dict(GOOD, CF_NR_FK="1,000", CF_JDRQ="昨天")
    changed = dict(GOOD, CF_NR="罚款贰万元整")
    _, book = send(csv_text(GOOD, bad, GOOD, changed).encode(), judge, "某局.csv")
    rows, explained = open_book(book)
    header = [str(name).split(" ")[0] for name in rows[0]]
    assert header == [
        "CL_ROW",
        "CL_VERDICT",
        "CL_FIELD",
        "CL_CODE",
        "CL_MESSAGE_ZH",
        "CL_MESSAGE_EN",
        "CL_RECORD_ID",
        "CL_CORRECTS",
        *GOOD,
    ]
    first, second = (dict(zip(header, values, strict=True)) for values in rows[1:])
    assert (first["CL_ROW"], first["CL_FIELD"]) == ("3", "CF_NR_FK\nCF_JDRQ")
    assert first["CL_CODE"] == "money-format\ndate-invalid"
    assert (first["CF_NR_FK"], first["CF_JDRQ"], first["CL_RECORD_ID"]) == ("1,000", "昨天", None)
    assert (second["CL_ROW"], second["CL_CODE"]) == ("5", "document-number-in-use")
    assert (second["CL_RECORD_ID"], second["CL_CORRECTS"]) == (EARLIER, None)
    assert second["CF_NR"] == "罚款贰万元整"
    assert len(rows) == 3
    flat = [cell for values in explained for cell in values]
    assert "某局.csv" in flat and "rejected" in flat and "money-format" in flat


def test_the_cell_of_the_class_is_marked() -> None:
    """By its name of the workbook or the word, and of records in JSON."""
    fields = {code: str(value).replace(",", "，") for code, value in penalty().items()}
    row = fields | {"失信等级": "中等"}
    table = "\n".join([",".join(row), ",".join(map(str, row.values()))]).encode()
    line = json.dumps({"type": "penalty", "class": "mild", "fields": fields}).encode()
    good = table.replace("中等".encode(), "一般".encode())
    undated = good.replace(b"2026-05-01", b"x")
    for data, marked in ((table, True), (line, True), (undated, False)):
        _, book = send(data, Judge(), "x.ndjson" if data is line else "x.csv")
        sheet = openpyxl.load_workbook(io.BytesIO(book)).worksheets[0]
        head = [cell.value for cell in sheet[1]]
        at = next(at for at, name in enumerate(head) if name in ("失信等级", "CL_CLASS"))
        assert (sheet[2][at].fill.fgColor.rgb == "FFFFC7CE") == marked
        assert sheet[2][at].value in ("中等", "mild", "一般")


def test_corrected_rows_are_accepted() -> None:
    judge = Judge()
    _, book = send(
        csv_text(GOOD, dict(GOOD, CF_WSH="样罚〔2024〕2号", CF_NR_FK="x")).encode(), judge
    )
    loaded = openpyxl.load_workbook(io.BytesIO(book))
    sheet = loaded.worksheets[0]
    at = [cell.value for cell in sheet[1]].index("CF_NR_FK") + 1
    sheet.cell(2, at).value = 0.2
    buffer = io.BytesIO()
    loaded.save(buffer)
    answers, _ = send(buffer.getvalue(), judge)
    assert [(a.verdict, list(a.notes)) for a in answers] == [("accepted", [])]


def test_a_recordid_copied_over_is_read() -> None:
    judge = Judge()
    _, book = send(csv_text(GOOD, dict(GOOD, CF_NR="另一内容")).encode(), judge)
    loaded = openpyxl.load_workbook(io.BytesIO(book))
    loaded.worksheets[0]["H2"].value = loaded.worksheets[0]["G2"].value
    buffer = io.BytesIO()
    loaded.save(buffer)
    answers, again = send(buffer.getvalue(), judge)
    assert [e.code for e in answers[0].errors] == ["correction-not-available"]
    assert open_book(again)[0][1][7] == EARLIER


def test_cells_that_could_not_be_read_stay_unread() -> None:
    """Nobody accepts by accident what a spreadsheet has garbled."""
    header = text_row(1, list(GOOD))
    values = {
        code: f'<c r="{letters(at)}2" t="str"><v>{GOOD[code]}</v></c>'
        for at, code in enumerate(GOOD)
    }
    values |= {
        "CF_WSH": f'<c r="{letters(list(GOOD).index("CF_WSH"))}2" s="1"><v>45356</v></c>',
        "CF_SY": f'<c r="{letters(list(GOOD).index("CF_SY"))}2"><f>A1</f><v>7</v></c>',
        "CF_NR": f'<c r="{letters(list(GOOD).index("CF_NR"))}2"><v>12345678901234567890</v></c>',
        "CF_WFXW": f'<c r="{letters(list(GOOD).index("CF_WFXW"))}2" s="3"><v>0.256</v></c>',
        "CF_YJ": f'<c r="{letters(list(GOOD).index("CF_YJ"))}2" t="s"><v>-1</v></c>',
    }
    judge = Judge()
    first, book = send(workbook(header + row(2, *values.values())), judge)
    shown = dict(zip(*open_book(book)[0], strict=True))
    assert shown["CF_WSH"] == "⚠date-cell: 2024-03-05"
    assert shown["CF_SY"] == "⚠formula-cell: 7"
    assert shown["CF_NR"] == "⚠number-lost-digits: 12345678901234567000"
    assert shown["CF_WFXW"] == "⚠value-scaled: 0.256"
    assert shown["CF_YJ"].strip() == "⚠cell-broken:"
    assert essence(send(book, judge)[0]) == essence(first)


def test_what_a_text_table_calls_a_formula_stays_one() -> None:
    judge = Judge()
    first, book = send(csv_text(dict(GOOD, CF_SY='=""0012""')).encode(), judge)
    shown = dict(zip(*open_book(book)[0], strict=True))
    assert shown["CF_SY"] == '⚠text-formula: ="0012"'
    assert essence(send(book, judge)[0]) == essence(first)


def test_torn_records_are_not_mended_by_accident() -> None:
    judge = Judge()
    header, good = csv_text(GOOD).split("\r\n")[:2]
    shifted = good.replace(f'"{GOOD["CF_XDR_MC"]}"', "合成样例,科技有限公司")
    _, book = send("\r\n".join([header, shifted, '"' + good]).encode(), judge)
    answers, _ = send(book, judge)
    assert [a.verdict for a in answers] == ["rejected", "rejected"]
    assert [a.errors[0].code for a in answers] == ["schema-invalid", "schema-invalid"]


def test_every_sheet_comes_back_under_its_name() -> None:
    bad = dict(GOOD, CF_NR_FK="x")
    names = ["一[1]", "二" * 31, "说明", "说明 2"]
    data = zipped(parts({name: sheet_xml(penalty_sheet(bad)) for name in names}))
    _, book = send(data, Judge())
    titles = openpyxl.load_workbook(io.BytesIO(book)).sheetnames
    assert titles[0] == "一_1_" and len(titles) == 5 == len(set(titles))
    assert len(send(book, Judge())[0]) == 4


def test_json_records_come_back_as_a_table() -> None:
    record = {"type": "penalty", "class": "severe", "fields": {**GOOD, "CF_CFLB": ["罚款", "扣分"]}}
    judge = Judge()
    first, book = send(json.dumps(record).encode(), judge, "a.json")
    second, _ = send(book, judge)
    assert essence(first) == essence(second)
    rows = open_book(book)[0]
    shown = dict(zip(rows[0], rows[1], strict=True))
    assert (shown["CF_CFLB"], shown["CL_CLASS"]) == ("罚款;扣分", "severe")


def test_sheets_of_any_name_are_told_apart() -> None:
    bad = dict(GOOD, CF_NR_FK="x")
    names = ["a", "A 2", "a?", "a*", "a_", "'", "𠀀" * 15, "𠀀" * 15 + "b"]
    data = zipped(parts({name: sheet_xml(penalty_sheet(bad)) for name in names}))
    _, book = send(data, Judge())
    assert len(openpyxl.load_workbook(io.BytesIO(book)).sheetnames) == len(names) + 1


def test_a_sheet_that_could_not_be_read_is_named() -> None:
    shared = ["行政相对人名称", "行政相对人类别", "法定代表人"]
    judge = Judge()
    data = workbook(text_row(1, shared) + text_row(2, ["a", "b", "c"]), penalty_sheet(GOOD))
    answers, book = send(data, judge)
    assert [(a.sheet, a.row, a.verdict) for a in answers] == [
        ("Sheet2", 2, "accepted"),
        ("Sheet1", None, "rejected"),
    ]
    assert open_book(book)[0][1][1:4] == ("退回 rejected", None, "schema-invalid")


def test_json_that_is_no_record() -> None:
    for found in read(b'{"type":"penalty"}\n{"type":"?","fields":{"a":[1]}}\n5'):
        kept = unpack(json.loads(json.dumps(pack([returned(found)]))))
        answer = RowAnswer(row=1, sheet=None, verdict="rejected", kind="penalty", errors=())
        assert build([(kept[0], answer.as_dict())], name="x", counts={"rejected": 1})


EVIL = [
    "=1+1",
    "=cmd|'/c calc'!A1",
    "+1",
    "-1",
    "@SUM(A1)",
    "http://example.org",
    "mailto:a@b",
    "1e3",
    "TRUE",
    '<r></is></c><c r="A1"><f>1+1</f></c><c><is></r>',
    "<r><t>x</t></r>",
    "<f>1</f>",
    "_x0041_",
    "\x01\x1f",
    "a\r\nb\tc",
    "\ufffe\uffff",
    "𠀀" * 17_000,
    "甲" * 40_000,
]


@pytest.mark.parametrize("few", [True, False])
def test_strings_only(few: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not few:
        monkeypatch.setattr("gateway.files.workbook.MAX_IN_MEMORY", 0)
    text = csv_text(*(dict(GOOD, CF_NR_FK="x", CF_SY=evil.replace('"', '""')) for evil in EVIL))
    header_too = text.replace("\r\n", ',"=1+1"\r\n', 1).replace('"\r\n', '","=2+2"\r\n')
    judge = Judge()
    first, book = send(header_too.encode(), judge, "=1+1")
    archive = zipfile.ZipFile(io.BytesIO(book))
    sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
    assert len(sheets) == 2
    for name in sheets:
        assert not re.search(rb"<(\w+:)?(f|hyperlinks?)[\s/>]", archive.read(name))
    for sheet in openpyxl.load_workbook(io.BytesIO(book)):
        for cells in sheet.iter_rows():
            assert all(cell.data_type in ("s", "inlineStr") or cell.value is None for cell in cells)
    second, _ = send(book, judge)
    assert essence(second) == essence(first)
    found = [str(row.input.fields.get("CF_SY", "")) for row in read(book)]
    assert [text[:16_000] for text in found] == [
        "" if evil[0] == "=" else evil.strip().translate({0xFFFE: 0xFFFD, 0xFFFF: 0xFFFD})[:16_000]
        for evil in EVIL
    ]


TEXTS = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\ufffe\uffff"), max_size=40
)


@settings(max_examples=40, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=4), st.booleans())
def test_any_text_comes_back(texts: list[str], few: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gateway.files.workbook.MAX_IN_MEMORY", 10 if few else 0)
        quoted = [dict(GOOD, CF_NR_FK="x", CF_SY=text.replace('"', '""')) for text in texts]
        _, book = send(("\ufeff" + csv_text(*quoted)).encode(), Judge())
    found = [row.input.fields.get("CF_SY", "") for row in read(book)]
    assert found == ["" if (bare := text.strip())[:1] == "=" else bare for text in texts]


def test_damaged_text_comes_back_as_damaged() -> None:
    data = csv_text(dict(GOOD, CF_SY="坏")).encode().replace("坏".encode(), b"A\xffB")
    judge = Judge()
    first, book = send(data, judge)
    assert essence(send(book, judge)[0]) == essence(first)
