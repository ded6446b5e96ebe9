"""Files of outcomes as people make them: every row is taken, or told what is wrong with it."""

from __future__ import annotations

import pytest

from gateway.outcomes.errors import OutcomesRefused
from gateway.outcomes.interfaces import Said
from gateway.outcomes.reading import HEADER_WITHIN, MAX_ROWS, read_table
from gateway.outcomes.texts import COLUMNS, codes, fault
from ledger.core.sums import PLATFORM, Cell

MONTH = "2026-11"
PRODUCT = "ab" * 32
HEAD = "月份,地区,产品,版本,户数,授信金额(万元),贷款金额(万元)"
GOOD = f"2026-10,130000,{PRODUCT},2,12,1200.5,800"


def read(*lines: str, encoding: str = "utf-8") -> tuple[list[Said], dict[int, list[str]]]:
    """Good rows, and the codes of the others with their columns."""
    table = read_table("\n".join(lines).encode(encoding), month=MONTH)
    wrong = {
        row: [f"{one.field}:{one.code}" for one in faults] for row, faults in table.faults.items()
    }
    return list(table.rows), wrong


def test_a_row_says_all_of_it() -> None:
    rows, wrong = read(HEAD, GOOD)
    assert wrong == {}
    cell = Cell(period="2026-10", region="130000", product=bytes.fromhex(PRODUCT), version=2)
    assert rows == [Said(row=2, cell=cell, households=12, granted="1200.5", lent="800")]
    outcome = rows[0].outcome(3)
    assert (outcome.seq, outcome.version, outcome.product) == (3, 2, bytes.fromhex(PRODUCT))


def test_without_a_product_it_is_the_platform() -> None:
    rows, wrong = read("period,region,households,granted,lent", "2026-10,110000,7,0,0")
    assert wrong == {}
    assert rows[0].cell == Cell("2026-10", "110000", PLATFORM, 0)
    assert rows[0].outcome(1).product is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("sign", [",", "\t", ";"])
def test_as_spreadsheets_save_it(encoding: str, sign: str) -> None:
    rows, wrong = read(HEAD.replace(",", sign), GOOD.replace(",", sign), encoding=encoding)
    assert (len(rows), wrong) == (1, {})


def test_titles_above_and_empty_rows_between() -> None:
    data = [
        "成效报送表,,",
        "单位：万元",
        HEAD,
        "",
        GOOD,
        ",,,,,,",
        GOOD.replace("2026-10", "2026-09"),
    ]
    table = read_table("\n".join(data).encode(), month=MONTH)
    assert [one.row for one in table.rows] == [5, 7]
    assert (dict(table.faults), table.blank) == ({}, 2)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-11", "2026-11"),
        ("2026/9", "2026-09"),
        ("202609", "2026-09"),
        ("2026年9月", "2026-09"),
        ("２０２６－０９", "2026-09"),
    ],
)
def test_months_as_people_write_them(written: str, meant: str) -> None:
    rows, wrong = read(HEAD, GOOD.replace("2026-10", written))
    assert wrong == {}
    assert rows[0].cell.period == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1200.50", "1200.5"),
        ("800.0000", "800"),
        ("0.0001", "0.0001"),
        ("00012", "12"),
        ('"1,234,567.80"', "1234567.8"),
        ("１２．５", "12.5"),
        ("0", "0"),
    ],
)
def test_amounts_as_people_write_them(written: str, meant: str) -> None:
    rows, wrong = read(HEAD, GOOD.replace("1200.5", written))
    assert wrong == {}
    assert rows[0].granted == meant


WRONG = [
    ("2026-10", "2026-13", "period:month-invalid"),
    ("2026-10", "2026-12", "period:month-to-come"),
    ("2026-10", "2016-10", "period:month-too-old"),
    ("2026-10", "", "period:missing"),
    ("130000", "13", "region:region-invalid"),
    (PRODUCT, "ab", "product:product-invalid"),
    (f"{PRODUCT},2", f"{PRODUCT},", "version:version-invalid"),
    (f"{PRODUCT},2", f"{PRODUCT},0", "version:version-invalid"),
    (f"{PRODUCT},2", f"{PRODUCT},4294967296", "version:version-invalid"),
    (f"{PRODUCT},2", ",2", "version:version-invalid"),
    (",12,", ",-1,", "households:number-invalid"),
    (",12,", ",12.5,", "households:number-invalid"),
    (",12,", ",9007199254740992,", "households:number-invalid"),
    (",12,", ",,", "households:missing"),
    (",12,", ",0,", "households:amount-without-households"),
    ("1200.5", "1200.5万", "granted:amount-invalid"),
    ("1200.5", "-5", "granted:amount-invalid"),
    ("1200.5", "1e3", "granted:amount-invalid"),
    ("1200.5", "1" * 13, "granted:amount-invalid"),
    ("1200.5", "1.00001", "granted:amount-too-fine"),
    ("1200.5", "=A1", "granted:text-formula"),
    ("800", "", "lent:missing"),
]


@pytest.mark.parametrize(("was", "now", "expected"), WRONG)
def test_what_is_wrong_with_a_row_is_told_alone(was: str, now: str, expected: str) -> None:
    rows, wrong = read(HEAD, GOOD, GOOD.replace(was, now, 1), GOOD.replace("2026-10", "2026-08"))
    assert [one.row for one in rows] == [2, 4]
    assert wrong == {3: [expected]}


def test_all_that_is_wrong_with_a_row_is_told_together() -> None:
    _, wrong = read(HEAD, "x,y,z,0,-,-,-")
    assert wrong == {
        2: [
            "period:month-invalid",
            "region:region-invalid",
            "product:product-invalid",
            "version:version-invalid",
            "households:number-invalid",
            "granted:amount-invalid",
            "lent:amount-invalid",
        ]
    }


def test_member_of_a_product() -> None:
    head = HEAD + ",产品成员"
    rows, wrong = read(head, GOOD + ",demo-bureau", GOOD.replace("2026-10", "2026-09") + ",没有")
    assert rows[0].member == "demo-bureau"
    assert wrong == {3: ["member:member-invalid"]}


def test_a_quotation_mark_that_is_never_closed_costs_its_row() -> None:
    rows, wrong = read(HEAD, GOOD, '"' + GOOD, GOOD.replace("2026-10", "2026-07"))
    assert rows[0].row == 2
    assert wrong[3] == ["None:row-broken"]


def test_bytes_that_are_no_text_cost_their_row() -> None:
    lines = [line.encode() for line in (HEAD, GOOD, GOOD.replace("2026-10", "2026-09"))]
    table = read_table(b"\n".join([*lines, GOOD.encode() + b"\xff"]), month=MONTH)
    assert len(table.rows) == 2
    assert [one.code for one in table.faults[4]] == ["encoding"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "outcomes-header"),
        (b"a,b,c\n1,2,3", "outcomes-header"),
        (HEAD.replace("(万元)", "(元)").encode(), "outcomes-header"),
        (HEAD.replace("户数,", "").encode(), "outcomes-header"),
        (b"\xff\xfeabc", "outcomes-file"),
    ],
)
def test_what_is_no_such_table(data: bytes, code: str) -> None:
    with pytest.raises(OutcomesRefused) as caught:
        read_table(data, month=MONTH)
    assert caught.value.code == code


def test_a_header_below_the_first_rows_is_none() -> None:
    above = ["x"] * HEADER_WITHIN
    with pytest.raises(OutcomesRefused, match="header"):
        read(*above, HEAD, GOOD)
    assert len(read(*above[1:], HEAD, GOOD)[0]) == 1


def test_no_more_rows_than_one_file_has() -> None:
    rows = [f"2026-10,130000,{number:064x},1,5,1,1" for number in range(MAX_ROWS + 1)]
    assert len(read(HEAD, *rows[1:])[0]) == MAX_ROWS
    with pytest.raises(OutcomesRefused, match="too-many"):
        read(HEAD, *rows)


def test_every_code_has_its_words_in_both_languages() -> None:
    for code in codes():
        found = fault(code, "period").as_dict()
        for text in (found["message"], found["remedy"]):
            assert set(text) == {"zh", "en"}
            assert all(text.values())
    assert set(COLUMNS) >= {"period", "region", "product", "version"}
