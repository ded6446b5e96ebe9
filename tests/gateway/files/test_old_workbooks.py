"""Workbooks of Excel 97 to 2003: read like the newer ones, with the same care."""

import struct
from random import Random

import pytest

from gateway.files.errors import FileFault
from gateway.intake.interfaces import RowInput
from tests.support.old_sheets import (
    DAY,
    SECTOR,
    bof,
    compound,
    flag,
    formula,
    label,
    number,
    old_workbook,
    record,
    rk,
    stream,
)
from tests.support.sheets import GOOD, penalty_sheet, read, workbook

CODES = list(GOOD)
STRINGS = list(dict.fromkeys([*GOOD, *GOOD.values()]))
AT = {code: at for at, code in enumerate(CODES)}


def fault(data: bytes, name: str = "x.xls") -> str:
    with pytest.raises(FileFault) as caught:
        read(data, name)
    return caught.value.name


def with_cell(code: str, cell: bytes, *formats: str) -> RowInput:
    """The good row with another cell for `code`."""
    rest = [label(0, at, STRINGS.index(name)) for name, at in AT.items()]
    rest += [label(1, at, STRINGS.index(GOOD[name])) for name, at in AT.items() if name != code]
    data = compound(stream([("表", b"".join(rest) + cell)], STRINGS, formats))
    return read(data, "x.xls")[0].input


def test_the_same_rows_as_of_a_new_one() -> None:
    new = read(workbook(penalty_sheet(GOOD, GOOD)), "x.xlsx")
    old = read(old_workbook(CODES, list(GOOD.values()), list(GOOD.values())), "x.xls")
    assert [r.input.fields for r in old] == [r.input.fields for r in new]
    assert [r.input.row for r in old] == [2, 3]


MONEY = AT["CF_NR_FK"]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (number(1, MONEY, 0.2), "0.2"),
        (rk(1, MONEY, (12 << 2) | 2), "12"),
        (rk(1, MONEY, (20 << 2) | 3), "0.2"),
        (rk(1, MONEY, struct.unpack("<Q", struct.pack("<d", 0.5))[0] >> 32), "0.5"),
        (rk(1, MONEY, ((1 << 30) - 5) << 2 | 2), "-5"),
        (record(0xBD, struct.pack("<HHHLH", 1, MONEY, 0, (7 << 2) | 2, MONEY)), "7"),
        (number(1, MONEY, 0.2, 1), "0.2"),
    ],
)
def test_numbers(cell: bytes, value: str) -> None:
    assert with_cell("CF_NR_FK", cell, "0.00").fields["CF_NR_FK"] == value


def test_days_and_identifiers() -> None:
    assert with_cell("CF_JDRQ", number(1, AT["CF_JDRQ"], 45356, 1), DAY).fields["CF_JDRQ"] == (
        "2024-03-05"
    )
    assert with_cell("CF_WSH", number(1, AT["CF_WSH"], 12345, 1), "0" * 8).fields["CF_WSH"] == (
        "00012345"
    )


@pytest.mark.parametrize(
    ("cell", "formats", "code"),
    [
        (formula(1, MONEY, 2.0), [], "formula-cell"),
        (flag(1, MONEY, 42, 1), [], "formula-cell"),
        (number(1, MONEY, 2000.0, 1), ['0!.0,"万"'], "value-scaled"),
        (rk(1, MONEY, (2000 << 2) | 2, 1), ["0%"], "value-scaled"),
        (
            record(0xBD, struct.pack("<HHHLH", 1, MONEY, 1, (7 << 2) | 2, MONEY)),
            ["0,"],
            "value-scaled",
        ),
        (number(1, MONEY, 5.0, 1), ["aaaa"], "value-scaled"),
        (number(1, MONEY, 5.0, 9), [], "cell-broken"),
        (number(1, MONEY, 5.0) + number(1, MONEY, 6.0), [], "cell-broken"),
        (label(1, MONEY, STRINGS.index("罚款"), 1), [";;;"], "value-scaled"),
    ],
)
def test_cells_that_are_refused(cell: bytes, formats: list[str], code: str) -> None:
    assert with_cell("CF_NR_FK", cell, *formats).cell_errors == {"CF_NR_FK": code}


def test_an_index_that_names_no_text() -> None:
    """The parser behind refuses the whole file; no other text stands for it in any case."""
    try:
        found = with_cell("CF_SY", label(1, AT["CF_SY"], 999))
    except FileFault:
        return
    assert "CF_SY" not in found.fields
    assert found.cell_errors == {"CF_SY": "cell-broken"}


def test_sheets_of_other_kinds_are_left_out() -> None:
    cells = b"".join(label(0, at, STRINGS.index(name)) for name, at in AT.items())
    cells += b"".join(label(1, at, STRINGS.index(GOOD[name])) for name, at in AT.items())
    data = compound(stream([("图", b""), ("表", cells)], STRINGS, charts=["图"]))
    assert [(r.input.sheet, r.input.row) for r in read(data, "x.xls")] == [("表", 2)]


def test_what_is_not_read_is_told() -> None:
    good = stream([("表", b"")], ["a"])
    assert fault(compound(good)) == "header-missing"
    assert (
        fault(compound(stream([("表", b"")], ["a"], extra=record(0x2F, bytes(54))))) == "protected"
    )
    assert fault(compound(good, "EncryptedPackage"), "x.xlsx") == "protected"
    assert fault(compound(good, "WordDocument"), "x.doc") == "no-table"
    assert fault(compound(good, "Book")) == "old-or-protected"
    assert fault(compound(stream([("表", b"")], ["a"], version=0x500))) == "old-or-protected"
    assert fault(compound(bof(5) + record(0xA, b""))) == "not-xlsx"
    assert fault(bytes((9, 8)) + bytes(100)) == "old-or-protected"


def test_chains_without_end() -> None:
    data = bytearray(old_workbook(CODES, list(GOOD.values())))
    table = len(data) - SECTOR
    struct.pack_into("<L", data, table, 0)  # the first sector follows itself
    assert fault(bytes(data)) == "old-or-protected"
    struct.pack_into("<L", data, 48, 0xFFFF)  # the directory lies outside
    assert fault(bytes(data)) == "old-or-protected"


def test_a_cell_far_out() -> None:
    assert fault(old_workbook(CODES, list(GOOD.values()), more=number(65_535, 255, 1.0))) == (
        "dimensions"
    )


def test_numbers_that_a_file_says_of_itself() -> None:
    """The parser behind would take memory for all that is announced."""
    rows = [CODES, list(GOOD.values())]
    for extent in ((0, 0xFFFFFFFF, 0, 0xFFFF, 0), (0, 2, 0, 17, 0), (9, 0, 9, 0, 0)):
        more = record(0x200, struct.pack("<LLHHH", *extent))
        found = read(old_workbook(*rows, more=more), "x.xls")
        assert [dict(r.input.fields) for r in found] == [dict(r.input.fields) for r in NEW]
    good = old_workbook(*rows)
    at = good.index(struct.pack("<LL", len(STRINGS), len(STRINGS)))
    told = struct.pack("<LL", 0xFFFFFFF0, 0xFFFFFFF0)
    assert fault(good[:at] + told + good[at + 8 :]) == "not-xlsx"


NEW = read(workbook(penalty_sheet(GOOD)), "x.xlsx")


def test_flipped_bytes_never_raise_anything_else() -> None:
    random = Random(13)
    good = old_workbook(CODES, list(GOOD.values()), list(GOOD.values()))
    for _ in range(600):
        data = bytearray(good)
        for _ in range(random.randint(1, 4)):
            data[random.randrange(len(data))] = random.randrange(256)
        if random.random() < 0.1:
            del data[random.randrange(len(data)) :]
        try:
            read(bytes(data), "x.xls")
        except FileFault:
            continue
