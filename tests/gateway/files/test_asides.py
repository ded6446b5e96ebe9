"""Headers as templates write them, and rows of a table that are no records."""

from typing import Any

import pytest

from gateway.files.asides import MAX_TOLD
from gateway.files.header import known_field, likely_field
from gateway.files.stretch import Row
from ledger.records.schema import load
from tests.support.sheets import GOOD, letters, read, row, text_cell, text_row, workbook

PENALTY = load("penalty")
CHINESE = [PENALTY.by_code[code].zh for code in GOOD]
FIRST, LAST = list(GOOD.values()), list(dict(GOOD, CF_WSH="样罚〔2024〕2号").values())


def told(rows: list[Row]) -> list[tuple[int | None, list[tuple[str | None, str]]]]:
    """(row, its notes) of each record."""
    return [(r.input.row, [(n.field, n.code) for n in r.input.notes]) for r in rows]


def sheet(*rows: list[str]) -> list[Row]:
    return read(
        workbook("".join(text_row(at, texts) for at, texts in enumerate(rows, 1))), "x.xlsx"
    )


@pytest.mark.parametrize(
    "name",
    [
        "*行政处罚决定书文号",
        "＊行政处罚决定书文号",
        "行政处罚决定书文号*",
        "行政处罚决定书文号：",
        "行政处罚决定书文号（必填）",
        "行政处罚决定书文号\n（必填项）",
        "*行政处罚\n决定书文号：",
        "行政处罚决定书文号【选填】",
        "★ 行政处罚决定书文号 (非必填)",
        "*CF_WSH",
        "cf_wsh（必填）：",
    ],
)
def test_marks_round_a_header(name: str) -> None:
    field = known_field(name, PENALTY)
    assert field is not None and field.code == "CF_WSH"
    rows = sheet([name, *CHINESE[:4], *CHINESE[5:]], [FIRST[4], *FIRST[:4], *FIRST[5:]])
    assert rows[0].input.fields["CF_WSH"] == GOOD["CF_WSH"]
    assert told(rows) == [(2, [])]


@pytest.mark.parametrize("name", ["更正（必填）", "*CL_CORRECTS"])
def test_marks_round_our_own_columns(name: str) -> None:
    rows = sheet([*CHINESE, name], [*FIRST, "ab" * 32])
    assert rows[0].input.corrects == "ab" * 32


@pytest.mark.parametrize("name", ["*", "（必填）", "：", "处罚（甲）", "行政处罚决定书文号（旧）"])
def test_other_marks_are_no_name(name: str) -> None:
    assert known_field(name, PENALTY) is None


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("行政处罚决定文书号", "CF_WSH"),
        ("*行政处罚决定书文号码", "CF_WSH"),
        ("处罚决定的日期", "CF_JDRQ"),
        ("cf_wshh", "CF_WSH"),
        ("备用列", None),
        ("x" * 100, None),
        ("", None),
    ],
)
def test_did_you_mean(name: str, code: str | None) -> None:
    found = likely_field(name, PENALTY)
    assert (found and found.code) == code


def test_a_guess_is_told_and_not_taken() -> None:
    names = [name.replace("决定书文号", "决定文书号") for name in CHINESE]
    rows = sheet([*names, "备用列"], [*FIRST, "x"], [*LAST, "y"])
    wrong = names[4]
    assert told(rows) == [(2, [(wrong, "header-guessed"), ("备用列", "column-unknown")]), (3, [])]
    assert "CF_WSH" not in rows[0].input.fields
    note = rows[0].input.notes[0]
    assert "是否应为行政处罚决定书文号[CF_WSH]" in note.message["zh"]
    assert "Did you mean number of the decision [CF_WSH]" in note.message["en"].replace(
        "Number", "number"
    )


@pytest.mark.parametrize(
    "footer",
    [
        ["合计", "", "", "", "", "", "", "", "", "", "0.4"],
        ["合 计：共2条"],
        ["", "", "小计", "", "", "", "", "", "", "", "0.4"],
        ["填报人：张三", "", "审核人：李四", "", "联系电话：022-12345678"],
        ["填报人", "张三", "审核人", "李四", "联系电话", "022-12345678", "填报日期", "2024-03-05"],
        ["填报单位（盖章）", "某局"],
        ["制表人：", "", "", "单位负责人签字："],
        ["备注：以上金额单位为万元"],
        ["注：1. 本表按月报送"],
        ["说明：单位为万元"],
        ["（盖章）"],
        CHINESE,
        list(GOOD),
    ],
)
@pytest.mark.parametrize("text_file", [True, False])
def test_what_stands_below_a_table(footer: list[str], text_file: bool) -> None:
    table = [CHINESE, FIRST, footer, LAST, [], footer, footer]
    if text_file:
        lines = "\n".join("\t".join(texts) for texts in table)
        rows = read(lines.encode(), "x.txt")
    else:
        rows = sheet(*table)
    assert told(rows) == [
        (2, [(None, "footer-skipped")]),
        (4, [(None, "footer-skipped")] * 2),
    ]
    assert [note.row for r in rows for note in r.input.notes] == [3, 6, 7]
    texts = [note.message["zh"] for r in rows for note in r.input.notes]
    assert [text[:4] for text in texts] == ["第“3”", "第“6”", "第“7”"] or [
        text.partition("行")[0] for text in texts
    ] == ["第“3”", "第“6”", "第“7”"]


def test_totals_by_formula() -> None:
    money = letters(list(GOOD).index("CF_NR_FK"))
    total = row(3, text_cell("A3", "合计"), f'<c r="{money}3"><f>SUM(A1:A2)</f><v>2</v></c>')
    book = workbook(text_row(1, list(GOOD)) + text_row(2, FIRST) + total)
    assert told(read(book, "x.xlsx")) == [(2, [(None, "footer-skipped")])]


@pytest.mark.parametrize(
    "hints",
    [
        ["必填"] * 10 + ["选填"] * 7,
        [
            "文本，不超过200个字符",
            "必填",
            "18位",
            "",
            "例如：样罚〔2024〕1号",
            "",
            "格式：YYYY-MM-DD",
        ],
        ["填写说明：按证照填写"],
        list(GOOD),
    ],
)
def test_hints_below_the_header(hints: list[str]) -> None:
    rows = sheet(CHINESE, hints, FIRST, LAST)
    assert told(rows) == [(3, [(None, "footer-skipped")]), (4, [])]


BAD: list[dict[str, Any]] = [
    {"CF_XDR_MC": "合计"},
    {"CF_XDR_MC": "合计（天津）有限公司"},
    {"CF_XDR_MC": "审核人才服务有限公司", "CF_XDR_SHXYM": ""},
    {"CF_XDR_MC": "电话亭餐饮店", "CF_WSH": ""},
    {"CF_XDR_MC": "注册会计师事务所", "CF_WSH": ""},
    {"CF_XDR_MC": "", "CF_XDR_SHXYM": "x"},
]


@pytest.mark.parametrize("changes", BAD)
def test_records_are_never_passed_over(changes: dict[str, str]) -> None:
    rows = sheet(CHINESE, list((GOOD | changes).values()), FIRST)
    assert told(rows) == [(2, []), (3, [])]


def test_many_of_them_are_counted() -> None:
    rows = sheet(CHINESE, FIRST, *[["合计"]] * 40)
    notes = rows[0].input.notes
    assert len(notes) == MAX_TOLD + 1
    assert f"+{40 - MAX_TOLD}" in notes[-1].message["zh"]


def test_nothing_but_a_total_is_no_row() -> None:
    with pytest.raises(Exception, match="no rows"):
        sheet(CHINESE, ["合计"])
