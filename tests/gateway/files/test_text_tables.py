"""Text files: encodings, delimiters, damaged records."""

import codecs
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.files import delimited
from gateway.files.cells import shown
from gateway.files.errors import FileFault
from gateway.files.interfaces import Line
from ledger.records.schema import all_schemas, load
from ledger.records.setting import Setting
from ledger.records.validate import check
from tests.support.sheets import GOOD, csv_text, read

CHINESE = ["行政相对人名称", "行政处罚决定书文号", "处罚类别", "处罚决定日期", "备注"]
ROW = ["合成样例公司", "样罚〔2024〕1号", "罚款", "2024-03-05", "无"]


def lines(data: bytes) -> list[Line]:
    return list(delimited.tables(data, all_schemas())[0].lines)


def table(*rows: list[str], delimiter: str = ",") -> str:
    return "".join(delimiter.join(row) + "\r\n" for row in rows)


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (b"", "gb18030"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ],
)
def test_encodings_and_delimiters(mark: bytes, encoding: str, delimiter: str) -> None:
    data = mark + table(CHINESE, ROW, delimiter=delimiter).encode(encoding)
    assert [line.cells for line in lines(data)] == [CHINESE, ROW]


@pytest.mark.parametrize(
    "data",
    [
        table(CHINESE, ROW).encode("utf-16-le"),
        codecs.BOM_UTF16_LE + table(CHINESE, ROW).encode("utf-16-le") + b"\0",
        codecs.BOM_UTF32_LE + table(CHINESE, ROW).encode("utf-32-le"),
        table(list(GOOD), ROW).encode("utf-16-be"),
        bytes(range(1, 256)) * 40,
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 10,
    ],
)
def test_other_encodings(data: bytes) -> None:
    with pytest.raises(FileFault) as caught:
        read(data, "x.csv")
    assert caught.value.code == "encoding"


@given(st.lists(st.text("合成样例公司罚款〔〕㐀𠀀abc1 ", min_size=1), min_size=1, max_size=30))
def test_encoding_is_told_from_the_text(words: list[str]) -> None:
    text = table(CHINESE, *([word.strip() or "x"] * 5 for word in words))
    for encoding in ("utf-8", "gb18030"):
        assert delimited.decode(text.encode(encoding)) == text


def test_one_damaged_cell_costs_one_row() -> None:
    for encoding in ("utf-8", "gb18030"):
        good = csv_text(GOOD, dict(GOOD, CF_WSH="坏"), GOOD).encode(encoding)
        data = good.replace("坏".encode(encoding), b"A\xffB")
        rows = read(data, "x.csv")
        assert [dict(r.input.cell_errors) for r in rows] == [{}, {"CF_WSH": "encoding"}, {}]


def test_nul_in_a_cell() -> None:
    data = csv_text(GOOD, dict(GOOD, CF_SY="a\0b"), GOOD).encode()
    found = [dict(r.input.cell_errors) for r in read(data, "x.csv")]
    assert found == [{}, {"CF_SY": "encoding"}, {}]


def test_too_many_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "MAX_LINES", 10)
    assert len(read(csv_text(*[GOOD] * 9).encode(), "x.csv")) == 9
    with pytest.raises(FileFault) as caught:
        read(csv_text(*[GOOD] * 10).encode(), "x.csv")
    assert caught.value.code == "too-large"


def test_records_are_counted_not_lines() -> None:
    first = dict(GOOD, CF_SY="第一行\n第二行\r\n第三行")
    rows = read(csv_text(first, GOOD).encode(), "x.csv")
    assert [(r.input.row, r.input.fields["CF_SY"]) for r in rows] == [
        (2, first["CF_SY"]),
        (3, GOOD["CF_SY"]),
    ]


def test_blank_records_are_counted_and_skipped() -> None:
    text = csv_text(GOOD) + "\r\n" + "," * 16 + "\r\n" + csv_text(GOOD).split("\r\n")[1] + "\r\n"
    assert [r.input.row for r in read(text.encode(), "x.csv")] == [2, 5]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_endings(ending: str) -> None:
    assert len(read(csv_text(GOOD, GOOD).replace("\r\n", ending).encode(), "x.csv")) == 2


def test_a_quotation_mark_never_closed_costs_its_own_row() -> None:
    good = csv_text(GOOD, GOOD, GOOD, GOOD).split("\r\n")
    good[2] = '"' + good[2].replace('"', "")
    rows = read("\r\n".join(good).encode(), "x.csv")
    assert [r.input.row for r in rows] == [2, 3, 4, 5]
    assert [r.input.fault.code if r.input.fault else None for r in rows] == [
        None,
        "schema-invalid",
        None,
        None,
    ]


def test_text_behind_a_closing_quotation_mark() -> None:
    good = csv_text(GOOD, GOOD).split("\r\n")
    good[1] = good[1].replace('",', '"x,', 1)
    rows = read("\r\n".join(good).encode(), "x.csv")
    assert [r.input.fault is None for r in rows] == [False, True]


def test_quotation_marks_inside_a_plain_field_are_text() -> None:
    text = table(CHINESE, ['5" 管', *ROW[1:]])
    assert lines(text.encode())[1].cells[0] == '5" 管'


def test_fields_that_have_shifted_are_refused() -> None:
    shifted = ["公司,分公司", *ROW[1:]]
    rows = read(table(CHINESE, ROW, shifted, [*ROW, "", " "]).encode(), "x.csv")
    assert [r.input.fault.code if r.input.fault else None for r in rows] == [
        None,
        "schema-invalid",
        None,
    ]


def test_a_huge_field_costs_its_own_row() -> None:
    huge = dict(GOOD, CF_SY="甲" * 500_000)
    rows = read(csv_text(GOOD, huge, GOOD).encode(), "x.csv")
    assert [r.input.fault is None for r in rows] == [True, False, True]
    long = dict(GOOD, CF_SY="甲" * 60_000)
    rows = read(csv_text(GOOD, long, GOOD).encode(), "x.csv")
    assert [len(str(r.input.fields["CF_SY"])) > 5000 for r in rows] == [False, True, False]


def test_nothing_but_quotation_marks_is_bounded() -> None:
    text = csv_text(GOOD) + '"a,b\r\n' * 50_000
    rows = read(text.encode(), "x.csv")
    assert rows[0].input.fault is None
    assert all(r.input.fault for r in rows[1:])


def test_a_million_columns_and_lines_in_one_record() -> None:
    for hostile in ("," * 1_000_000, '"x\n",' * 50_000, '"' + "\n" * 50_000 + '"'):
        rows = read((csv_text(GOOD) + hostile + "\r\n" + csv_text(GOOD)).encode(), "x.csv")
        assert rows[0].input.fault is None
        assert any(row.input.fault for row in rows)
    wide = [*GOOD, *(f"x{at}" for at in range(1000))]
    with pytest.raises(FileFault) as caught:
        read(csv_text(GOOD, header=wide).encode(), "x.csv")
    assert caught.value.code == "too-large"


@settings(deadline=None)
@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_end_in_rows_or_a_fault(data: bytes, headed: bool) -> None:
    text = csv_text(GOOD).encode() if headed else b""
    try:
        read(text + data, "x.csv")
    except FileFault:
        assert not headed or b"\0" in data or len(data) > 16


@given(
    st.lists(
        st.lists(
            st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"])),
            min_size=5,
            max_size=5,
        ),
        max_size=5,
    )
)
def test_whatever_is_quoted_comes_back(rows: list[list[str]]) -> None:
    quoted = [['"' + cell.replace('"', '""') + '"' for cell in row] for row in rows]
    found = lines(("\ufeff" + table(CHINESE, *quoted)).encode())
    assert [list(map(shown, line.cells)) for line in found[1:]] == rows


@pytest.mark.parametrize("cell", ['="0012"', '=""0012""', "=1+1", "  =A1", '=HYPERLINK("x")', "="])
def test_a_cell_that_begins_with_an_equals_sign_is_refused(cell: str) -> None:
    """A spreadsheet shows its result, so the sender has not seen what the file holds."""
    data = csv_text(dict(GOOD, CF_SY=cell.replace('"', '""')), GOOD).encode()
    rows = read(data, "x.csv")
    assert [dict(r.input.cell_errors) for r in rows] == [{"CF_SY": "text-formula"}, {}]
    raw = table(CHINESE, ["=" + '"' + ROW[0] + '"', *ROW[1:]]).encode()
    assert read(raw, "x.csv")[0].input.cell_errors == {"CF_XDR_MC": "text-formula"}


@pytest.mark.parametrize("cell", ["+86 22 12345678", "-", "@某", "a=b", "'0012", "2=2", "＝1"])
def test_other_signs_are_text(cell: str) -> None:
    found = read(csv_text(dict(GOOD, CF_SY=cell)).encode(), "x.csv")[0].input
    assert (found.fields["CF_SY"], dict(found.cell_errors)) == (cell, {})


def test_a_name_has_one_spelling_in_every_encoding() -> None:
    """U+9FB4 lies at two places of GB 18030, by its edition."""
    for encoding in ("utf-8", "gb18030"):
        data = csv_text(dict(GOOD, CF_XDR_MC="甲\u9fb4公司")).encode(encoding)
        old = data.replace(b"\x82\x35\x90\x37", b"\xfe\x59")
        for each in {data, old}:
            raw = read(each, "x.csv")[0].input.fields
            found = check(load("penalty"), raw, Setting(today=date(2026, 11, 23))).fields
            assert found["CF_XDR_MC"] == "甲\u9fb4公司"
