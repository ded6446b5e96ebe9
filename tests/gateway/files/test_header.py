"""Where the header stands, what it names, and which type follows from it."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.files.errors import FileFault
from gateway.files.facts import column_letters
from gateway.files.header import candidates, find_header, own_column
from gateway.files.interfaces import Line
from gateway.files.reading import Reading
from gateway.files.rows import MAX_UNKNOWN
from ledger.records.schema import all_schemas, load
from tests.support.sheets import GOOD, csv_text, read, text_row, workbook

PENALTY = load("penalty")
CHINESE = {field.code: field.zh for field in PENALTY.fields}


def header_of(*rows: list[str], type_: str | None = None) -> tuple[int, str] | None:
    lines = [Line(row=at, cells=cells) for at, cells in enumerate(rows, 1)]
    found = find_header(lines, candidates(type_))
    return (found.row, found.schema.id) if found else None


@pytest.mark.parametrize("at", range(1, 11))
def test_first_of_the_first_ten_rows(at: int) -> None:
    rows = [["某市行政处罚信息上报表"], [], ["CF_WSH", "CF_SY"]] * 4
    names = ["CF_WSH", "CF_WFXW", "CF_NR_FK"]
    assert header_of(*rows[: at - 1], names, list(GOOD)) == (at, "penalty@1")


def test_not_beyond_the_tenth() -> None:
    assert header_of(*[["x"]] * 10, list(GOOD)) is None


def test_blank_rows_count() -> None:
    lines = [Line(row=11, cells=list(GOOD))]
    assert find_header(lines, all_schemas()) is None


@pytest.mark.parametrize("schema", all_schemas(), ids=lambda schema: schema.id)
def test_every_template_is_recognised(schema: object) -> None:
    for known in all_schemas():
        if known is schema:
            assert header_of([f.zh for f in known.fields]) == (1, known.id)
            assert header_of([f.code for f in known.fields]) == (1, known.id)


def test_the_two_penalty_templates() -> None:
    old = [field.code for field in load("penalty-2015").fields]
    assert header_of(old) == (1, "penalty-2015@1")
    assert header_of(old, type_="penalty") == (1, "penalty-2015@1")
    assert header_of(list(GOOD), type_="penalty") == (1, "penalty@1")
    assert header_of(list(GOOD), type_="penalty-2015") == (1, "penalty-2015@1")
    assert header_of([field.code for field in load("licence").fields], type_="penalty") is None


def test_unknown_type() -> None:
    with pytest.raises(FileFault) as caught:
        candidates("parking-ticket")
    assert caught.value.code == "type-not-in-catalogue"


def test_ambiguous_header_demands_a_type() -> None:
    names = ["行政相对人名称", "行政相对人类别", "法定代表人"]
    with pytest.raises(FileFault) as caught:
        header_of(names)
    assert caught.value.name == "header-ambiguous"
    assert header_of(names, type_="licence") == (1, "licence@1")


def test_the_current_template_is_preferred_within_a_family() -> None:
    assert header_of(["CF_WSH", "CF_SY", "CF_YJ", "CF_JDRQ"]) == (1, "penalty@1")
    assert header_of(["CF_WSH", "CF_SY", "CF_YJ", "CF_JG"]) == (1, "penalty-2015@1")


@pytest.mark.parametrize(
    "name",
    [
        "行政相对人代码_1(统一社会信用代码)",
        "行政相对人代码＿１（统一社会信用代码）",
        " 行政相对人代码_1 (统一社会信用代码) ",
        "行政相对人代码_1〔统一社会信用代码〕",
        "CF_XDR_SHXYM",
        "cf_xdr_shxym",
        "ＣＦ_XDR_SHXYM\n",
    ],
)
def test_spellings_of_one_column(name: str) -> None:
    rows = read(csv_text(GOOD).replace("CF_XDR_SHXYM", f'"{name}"', 1).encode(), "x.csv")
    assert rows[0].input.fields["CF_XDR_SHXYM"] == GOOD["CF_XDR_SHXYM"]
    assert not rows[0].input.notes


@given(st.randoms(use_true_random=False), st.booleans())
def test_columns_in_any_order(rng: random.Random, chinese: bool) -> None:
    codes = list(GOOD)
    rng.shuffle(codes)
    names = [CHINESE[code] if chinese else code for code in codes]
    book = workbook(text_row(1, names) + text_row(2, [GOOD[code] for code in codes]))
    found = read(book)[0].input.fields
    assert found == GOOD | {"CF_CFLB": [GOOD["CF_CFLB"]]}


def test_only_list_columns_are_split() -> None:
    record = dict(GOOD, CF_CFLB="警告；罚款;其他-通告", CF_NR="警告；罚款;停业")
    found = read(csv_text(record).encode(), "x.csv")[0].input.fields
    assert found["CF_CFLB"] == ["警告", "罚款", "其他-通告"]
    assert found["CF_NR"] == "警告；罚款;停业"


def notes(header: list[str], *cells: str) -> list[tuple[str | None, str]]:
    text = ",".join([*GOOD, *header]) + "\n" + ",".join([*GOOD.values(), *cells])
    return [
        (n.field, n.code)
        for n in read(text.replace("经查,", "经查").encode(), "x.csv")[0].input.notes
    ]


def test_unknown_columns_are_noted_whatever_they_hold() -> None:
    assert notes(["备用列"], "") == [("备用列", "column-unknown")]
    assert notes(["备用列", "x" * 200], "y", "=1") == [
        ("备用列", "column-unknown"),
        ("x" * 100, "column-unknown"),
    ]


def test_a_column_without_a_name_is_noted_where_it_holds_something() -> None:
    letter = column_letters(len(GOOD))
    assert notes([""], "") == []
    assert notes([""], "x") == [(letter, "column-unknown")]


def test_many_unknown_columns_are_counted() -> None:
    found = notes([f"x{at}" for at in range(40)], *["" for _ in range(40)])
    assert len(found) == MAX_UNKNOWN + 1
    assert found[-1] == (f"… +{40 - MAX_UNKNOWN}", "column-unknown")


@pytest.mark.parametrize(
    ("first", "second", "value", "error"),
    [
        ("甲", "甲", "甲", None),
        ("甲", " 甲 ", "甲", None),
        ("", "甲", "甲", None),
        ("甲", "", "甲", None),
        ("甲", "乙", "甲", "schema-invalid"),
        ("", "", None, None),
    ],
)
def test_a_field_named_twice(first: str, second: str, value: str | None, error: str | None) -> None:
    text = f"CF_WSH,CF_SY,CF_NR_FK,CF_XDR_MC,行政相对人名称\n1,2,3,{first},{second}\n"
    found = read(text.encode(), "x.csv")[0].input
    assert found.fields.get("CF_XDR_MC") == value
    assert found.cell_errors.get("CF_XDR_MC") == error


@pytest.mark.parametrize(
    "name", ["CL_CORRECTS", "更正", "cl_corrects 更正", " CL_CORRECTS（更正）"]
)
def test_correction_column(name: str) -> None:
    record = "ab" * 32
    text = csv_text(GOOD).replace("\r\n", f",{name}\r\n", 1)[:-2] + f",{record}\r\n"
    found = read(text.encode(), "x.csv")[0].input
    assert (found.corrects, list(found.notes)) == (record, [])
    empty = csv_text(GOOD).replace("\r\n", f",{name}\r\n", 1)[:-2] + ", \r\n"
    assert read(empty.encode(), "x.csv")[0].input.corrects is None


@pytest.mark.parametrize(("word", "class_"), [("severe", "severe"), ("轻微", "minor"), ("x", "x")])
def test_class_column(word: str, class_: str) -> None:
    text = csv_text(GOOD).replace("\r\n", ",CL_CLASS\r\n", 1)[:-2] + f",{word}\r\n"
    assert read(text.encode(), "x.csv")[0].input.class_ == class_


def test_own_columns_are_not_the_standard_s() -> None:
    assert own_column("CL_ROW 原行号") == "CL_ROW"
    assert own_column("CL_CORRECTS更正") == "CL_CORRECTS"
    assert own_column("CL_ORIGIN") is None
    assert own_column("cl_simple 简易程序") is None
    assert own_column("更正说明") is None
    assert own_column("CLASS") is None
    assert not any(own_column(name) for s in all_schemas() for name in s.columns)


def test_column_letters() -> None:
    assert [column_letters(at) for at in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


def test_a_sheet_without_header_tells_how_many_rows_nobody_read() -> None:
    records = [list(GOOD.values())] * 30
    table = text_row(1, list(GOOD)) + text_row(2, list(GOOD.values()))
    bare = "".join(text_row(at, texts) for at, texts in enumerate(records, 3))
    deep = "".join(text_row(at, ["某市某局"]) for at in range(1, 12)) + text_row(12, list(GOOD))
    reading = Reading(workbook(table, bare, "", deep), name="x.xlsx", type_=None)
    assert len(list(reading.rows())) == 1
    assert [(sheet.rows, sheet.unread) for sheet in reading.sheets] == [
        (1, 0),
        (0, 30),
        (0, 0),
        (0, 12),
    ]
