"""What is read many rows at once, or without the parser behind, is what is read row by row: held
against the plain way, file by file, over samples, tables made at random and files that were broken.
"""

import io
import pickle
import tracemalloc
from collections.abc import Iterator
from datetime import date
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any
from xml.sax.saxutils import escape

import openpyxl
import pytest

from gateway.files import archive, batches, reading, text_lines, xlsx
from gateway.files.by_column import ByColumn
from gateway.files.errors import FileFault
from gateway.files.header import find_header
from gateway.files.interfaces import Line, Table
from gateway.files.reading import Reading
from gateway.files.rows import RowReader
from gateway.files.sets import Ended, RowSet, opened, read_sets
from gateway.files.stretch import Row, rows_in
from gateway.files.texts import MAX_PATTERNS, Texts, TextSheet, plain_strings
from gateway.intake.interfaces import RowInput
from gateway.intake.worker import Pickled
from ledger.records.schema import all_schemas
from tests.gateway.files.test_fuzz import FEW, FILES, flipped, inside, renumbered
from tests.support.sheets import (
    GOOD,
    MAIN,
    letters,
    parts,
    penalty_sheet,
    row,
    sheet_xml,
    workbook,
    zipped,
)

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
Outcome = tuple[list[Row], str | None, list[object]]


class Ways:
    """Reads files both ways; says how often rows were read many at once, and without a parser."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch
        self.stretches = self.sheets = 0
        read, finish = ByColumn.read, TextSheet.finish

        def counted_read(*arguments: Any) -> Any:
            found = read(*arguments)
            self.stretches += found is not None
            return found

        def counted_finish(*arguments: Any) -> Any:
            found = finish(*arguments)
            self.sheets += found is not None
            return found

        monkeypatch.setattr(ByColumn, "read", counted_read)
        monkeypatch.setattr(TextSheet, "finish", counted_finish)

    def check(self, data: bytes, name: str = "x.xlsx") -> Outcome:
        """Both say the same; what they say."""
        quick = outcome(data, name)
        with self._patch.context() as patch:
            patch.setattr(ByColumn, "read", lambda *_: None)
            patch.setattr(Texts, "sheet", lambda _: None)
            plain = outcome(data, name)
        assert quick[1:] == plain[1:]
        assert quick[0] == plain[0]
        return quick


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> Ways:
    return Ways(monkeypatch)


def outcome(data: bytes, name: str) -> Outcome:
    """Rows, the fault of the file, and what is said of its sheets."""
    file = Reading(data, name=name, type_=None)
    rows, fault = [], None
    try:
        for one in file.rows():
            rows.append(one)
    except FileFault as error:
        fault = error.name
    return (
        rows,
        fault,
        [
            (sheet.name, sheet.schema, sheet.rows, sheet.unread, sheet.fault and sheet.fault.name)
            for sheet in file.sheets
        ],
    )


# ---- tables made at random

TEXTS = [
    *("甲", "甲 乙", " 甲", "甲 ", "\t甲\n", "甲\n乙", "\u3000甲", "甲\u3000", "", "", "", " "),
    *(
        "A&B",
        "<1>",
        "&lt;",
        "_x0041_",
        "_x",
        ">",
        "]]>",
        '"',
        "'",
        "⚠formula-cell: 2",
        "乙⚠",
        "\x7f",
    ),
    *("0.2", "罚款；警告", "；", "2024/04/06", "轻微", "ab" * 32, "=1+1", "甲" * 300, "\u2028"),
]
ODD = ["\0", "\r\n", "\x0b", "\ufffe", "&#10;甲", "&#x4e2d;", "甲" * 40_000]
"""Of which XML, or one of the two ways, makes something of its own."""
ASIDE = ["合计", "填报人：样例人", "备注：无", "单位盖章"]
EXTRA = [
    "备用列",
    "",
    "CL_CORRECTS",
    "失信等级",
    "CL_ROW",
    "行政处罚决定文书号",
    "CF_WSH",
    "企业名称",
]


class Made:
    """A table at random: a header and lines of texts, and how its cells are written. good: nothing
    in it is odd."""

    def __init__(self, seed: int, rows: int = 24, *, good: bool = False) -> None:
        self.random = random = Random(seed)
        extra = 0 if good else random.choice([0, 0, 1, 3])
        self.header = [*GOOD, *random.choices(EXTRA, k=extra)]
        if random.random() < 0.5:
            random.shuffle(self.header)
        self.odds = 0.0 if good else random.choice([0.0, 0.0, 0.02, 0.2])
        self.lines = [self._line(at) for at in range(rows)]

    def _line(self, at: int) -> list[str]:
        random = self.random
        way = random.random()
        if way < self.odds / 4:
            return [""] * len(self.header)
        if way < self.odds / 2:
            return [random.choice(ASIDE), *[""] * (len(self.header) - 1)]
        if way < self.odds * 0.6:
            return list(self.header)
        good = dict(GOOD, CF_WSH=f"样市监罚〔2024〕{at}号")
        line = [good.get(code, "") for code in self.header]
        for place, code in enumerate(self.header):
            if random.random() < self.odds or (code not in GOOD and random.random() < 0.3):
                line[place] = random.choice(TEXTS if random.random() < 0.97 else ODD)
        return line

    def table(self) -> bytes:
        """As CSV."""
        rows = [self.header, *self.lines]
        quoted = [[f'"{text.replace(chr(34), chr(34) * 2)}"' for text in line] for line in rows]
        return "\n".join(map(",".join, quoted)).encode()

    def workbook(self) -> bytes:
        """As a workbook: every text in its cell, or all of them shared."""
        shared: dict[str, int] | None = {} if self.random.random() < 0.4 else None
        rows = [
            self._row(at, line, shared) for at, line in enumerate([self.header, *self.lines], 1)
        ]
        strings = "".join(f"<si>{self._text(text)}</si>" for text in shared or ())
        sheet = sheet_xml("".join(rows))
        if self.random.random() < 0.3:
            sheet = sheet.replace("<sheetData>", '<dimension ref="A1:Z9"/><sheetData>')
            merged = '</sheetData><mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>'
            sheet = sheet.replace("</sheetData>", merged)
        return zipped(parts({"S": sheet}, strings=strings))

    def _row(self, number: int, line: list[str], shared: dict[str, int] | None) -> str:
        random = self.random
        number += number // 7  # some are left out
        attributes = random.choice(["", ' spans="1:9"', ' ht="15.5" customHeight="1"'])
        if random.random() < self.odds / 4:
            attributes = random.choice([' hidden="1"', ' hidden="0"', ' a="&lt;"'])
        if not any(line):
            return random.choice(["", f'<row r="{number}"/>', f'<row r="{number}"></row>'])
        cells = [self._cell(f"{letters(at)}{number}", text, shared) for at, text in enumerate(line)]
        if random.random() < self.odds / 8:
            random.shuffle(cells)
        return f'<row r="{number}"{attributes}>{"".join(cells)}</row>'

    def _cell(self, place: str, text: str, shared: dict[str, int] | None) -> str:
        random = self.random
        style = random.choice(["", "", ' s="1"', ' s="3"', ' s="99"'])
        if not text:
            return random.choice(["", "", f'<c r="{place}"{style}/>', f'<c r="{place}" s="1" />'])
        if random.random() < self.odds / 8:
            return random.choice(
                [
                    f'<c r="{place}"><v>12</v></c>',
                    f'<c r="{place}" s="1"><v>45356</v></c>',
                    f'<c r="{place}" t="b"><v>1</v></c>',
                    f'<c r="{place}" t="e"><v>#N/A</v></c>',
                    f'<c r="{place}"><f>1+1</f><v>2</v></c>',
                    f'<c r="{place}" t="inlineStr"><is><t></t></is></c>',
                    f'<c r="{place}" t="str"><v>甲</v></c>',
                ]
            )
        if shared is None:
            return f'<c r="{place}"{style} t="inlineStr"><is>{self._text(text)}</is></c>'
        return f'<c r="{place}"{style} t="s"><v>{shared.setdefault(text, len(shared))}</v></c>'

    def _text(self, text: str) -> str:
        keep = self.random.choice(["", ' xml:space="preserve"'])
        inside = text if text.startswith("&#") else escape(text)
        return f"<t{keep}>{inside}</t>"


@pytest.mark.parametrize("seed", range(60))
def test_tables_made_at_random(seed: int, ways: Ways, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Made(seed)
    many = made.random.choice([2, 5, 256])
    monkeypatch.setattr(batches, "ROWS", many)
    monkeypatch.setattr(text_lines, "ROWS", many)
    monkeypatch.setattr(archive, "CHUNK", made.random.choice([800, 5000, 1 << 20]))
    ways.check(made.table(), "x.csv")
    ways.check(made.workbook())


def test_one_row_too_many(ways: Ways, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever in a stretch it stands; those before it are read, and counted."""
    monkeypatch.setattr(batches, "ROWS", 4)
    made = Made(1, good=True)
    for most, fault in ((1, "dimensions"), (6, "dimensions"), (23, "dimensions"), (24, None)):
        monkeypatch.setattr(reading, "MAX_ROWS", most)
        for data, name in ((made.workbook(), "x.xlsx"), (made.table(), "x.csv")):
            rows, told, _ = ways.check(data, name)
            assert (len(rows), told) == (most, fault)


def test_most_of_them_are_read_the_quick_way(ways: Ways) -> None:
    """Else all of the above would show nothing; the flipped case is what is odd in every row."""
    for seed in range(12):
        ways.check(Made(seed, good=True).workbook())
    assert (ways.sheets, ways.stretches) == (12, 12)
    ways.check(workbook(*[row(1, '<c r="A1"><v>1</v></c>')] * 3))
    assert ways.sheets == 12


def test_samples_and_files_that_were_broken(ways: Ways, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "ROWS", 3)
    files = [FILES[what] for what in FEW]
    files += [(path.name, path.read_bytes()) for path in EXAMPLES.glob("*.[cx]*")]
    files += [("x.xlsx", Made(seed).workbook()) for seed in (1, 2)]
    random = Random(7)
    for name, content in files:
        ways.check(content, name)
        packed = name.endswith(".xlsx")
        for change in (flipped, renumbered) * (6 if packed else 3):
            monkeypatch.setattr(archive, "CHUNK", random.choice([700, 1 << 20]))
            broken = inside(content, random, change) if packed else change(content, random)
            ways.check(broken, name)
    assert ways.sheets and ways.stretches


def test_numbers_dates_and_merged_cells(ways: Ways, monkeypatch: pytest.MonkeyPatch) -> None:
    """As programs write them: read by the parser behind, and by column all the same."""
    monkeypatch.setattr(batches, "ROWS", 8)
    book = openpyxl.Workbook()
    for name in ("一", "二"):
        sheet = book.create_sheet(name)
        sheet.append([*GOOD, *(f"备用{at}" for at in range(70))])
        for at in range(40):
            values: dict[str, Any] = dict(GOOD, CF_WSH=f"{name}{at}", CF_NR_FK=at / 8)
            values["CF_JDRQ"] = date(2024, 1, 1 + at % 28)
            if at % 9 == 0:
                values |= {"CF_NR_FK": True, "CF_YXQ": None, "CF_SY": "=1+1", "CF_XDR_LB": 1.5}
            sheet.append([*values.values(), *([at] * 70)])
        sheet.merge_cells("B3:C4")
    buffer = io.BytesIO()
    book.save(buffer)
    rows, fault, sheets = ways.check(buffer.getvalue())
    assert (len(rows), fault, len(sheets)) == (80, None, 3)
    assert ways.stretches and not ways.sheets
    since = '<workbookPr date1904="1"/>'
    made = Made(3)
    ways.check(workbook(made._row(1, made.header, None), properties=since))


# ---- texts without a parser


def book_of(*cells: str, strings: str = "", frame: tuple[str, str] = ("", "")) -> bytes:
    """A sheet with these cells in its first row, and this round the rows."""
    sheet = sheet_xml(row(1, *cells))
    sheet = sheet.replace("<sheetData>", f"{frame[0]}<sheetData>")
    sheet = sheet.replace("</sheetData>", f"</sheetData>{frame[1]}")
    return zipped(parts({"S": sheet}, strings=strings))


def is_read(book: bytes) -> bool:
    """Whether it needs no parser."""
    return any(table.rest for table in xlsx.tables(book))


A1 = '<c r="A1" t="inlineStr"><is><t>甲</t></is></c>'


@pytest.mark.parametrize(
    "cells",
    [
        [A1.replace("甲", other)]
        for other in ("", " ", "&#10;", "&foo;", "_x0041_", "\0", "\r", "<b/>", "<![CDATA[甲]]>")
    ]
    + [[A1, A1], [A1.replace("A1", "A2")], [A1.replace("A1", "B1"), A1], [A1, "甲<f/>"]]
    + [[A1, f'<c r="B1"{inside}</c>'] for inside in ("><v>1</v>", ' t="str"><v>1</v>')]
    + [[A1, '<c r="B1" t="s"><v>0</v></c>'], [A1.replace("<t>", "<t a='1'>")], [A1[:-4]]],
)
def test_what_is_not_told_by_texts_alone(cells: list[str], ways: Ways) -> None:
    strings = "<si><t>甲</t></si>"
    assert is_read(book_of(A1, strings=strings))
    ways.check(book_of(*cells, strings=strings))
    assert ways.sheets == 1


@pytest.mark.parametrize(
    ("strings", "plain"),
    [
        ("<si><t>甲</t></si>", True),
        ('<si><t xml:space="preserve"> 甲</t><phoneticPr fontId="1" type="x"/></si>', True),
        ("<si><t>甲</t></si><si><t>A&amp;B</t></si>", True),
        ("<si><t></t></si>", False),
        ("<si><r><t>甲</t></r></si>", False),
        ("<si><t>甲</t><rPh sb='0' eb='1'><t>乙</t></rPh></si>", False),
        ("<si><t>&#65;</t></si>", False),
        ("<si><t>甲_x0041_</t></si>", False),
        ("<si><t>甲</t></si>乙", False),
    ],
)
def test_shared_strings(strings: str, plain: bool, ways: Ways) -> None:
    """Those in another form leave all sheets to the parser, which may refuse them."""
    assert (plain_strings(f'<sst xmlns="{MAIN}">{strings}</sst>'.encode()) is not None) == plain
    for cell in ('<c r="A1" t="s"><v>0</v></c>', A1):
        assert ways.check(book_of(cell, strings=strings))[1] in ("header-missing", "not-xlsx")
    assert ways.sheets == 2 * plain


@pytest.mark.parametrize(
    ("before", "behind", "plain"),
    [
        ('<dimension ref="A1:B2"/>', "", True),
        ('<sheetViews><sheetView workbookViewId="0"/></sheetViews>', "", True),
        ("", '<mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>', True),
        ("", '<dataValidations><formula1>"a&lt;b"</formula1></dataValidations>', True),
        ("<a></b>", "", False),
        ("", "<!-- x -->", False),
        ("", "<a></b>", False),
    ],
)
def test_what_stands_round_the_rows(before: str, behind: str, plain: bool) -> None:
    assert is_read(book_of(A1, frame=(before, behind))) == plain


@pytest.mark.parametrize(
    "frame",
    [
        ('<dimension ref="x"/>', ""),
        ("<dimension/>", ""),
        ("", '<mergeCells><mergeCell ref="x"/></mergeCells>'),
        ("", "</worksheet>x"),
    ],
)
def test_what_the_parser_refuses_is_refused(frame: tuple[str, str], ways: Ways) -> None:
    assert ways.check(book_of(A1, frame=frame))[1] == "not-xlsx"
    assert ways.check(book_of(A1))[1] == "header-missing"


@pytest.mark.parametrize(("code", "plain"), [("@", True), ("yyyy/m/d", True), (";;;", False)])
def test_a_format_that_hides_texts(code: str, plain: bool, ways: Ways) -> None:
    """Somewhere in the workbook: then no sheet is taken for one of texts."""
    styles = (
        f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" formatCode="{code}"/>'
        '</numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>'
    )
    sheet = sheet_xml(penalty_sheet(GOOD)).replace('<c r="A2"', '<c r="A2" s="1"')
    rows, _, _ = ways.check(zipped(parts({"S": sheet}) | {"xl/styles.xml": styles}))
    assert ways.sheets == plain
    assert (rows[0].cells[0] == GOOD["CF_XDR_MC"]) == plain


def test_a_text_that_every_cell_names_is_not_written_out_for_all_at_once(ways: Ways) -> None:
    """Unlike texts of which each stands in its own cell: they take no more than the sheet did."""
    high = 3 * batches.ROWS + 1
    shared = [row(at, f'<c r="A{at}" t="s"><v>0</v></c>') for at in range(1, high + 1)]
    own = [row(at, A1.replace("A1", f"A{at}")) for at in range(1, high + 1)]
    for rows, most in ((shared, batches.ROWS), (own, high)):
        book = zipped(parts({"S": sheet_xml("".join(rows))}, strings="<si><t>甲</t></si>"))
        (table,) = xlsx.tables(book)
        assert table.rest is not None
        found = [len(batch.rows) for batch in table.rest()]
        assert (max(found), sum(found)) == (most, high)
        ways.check(book)


def test_long_texts_in_the_place_of_a_code_are_not_remembered(ways: Ways) -> None:
    lines = (
        Line(row=at, cells=list({**GOOD, "CF_XDR_SHXYM": f"{at}{'x' * 20_000}"}.values()))
        for at in range(2, 602)
    )
    source = chain([Line(row=1, cells=list(GOOD))], lines)
    header = find_header(source, all_schemas())
    assert header is not None
    reader = RowReader(Table(name="S", lines=source), header)
    tracemalloc.start()
    try:
        assert sum(len(rows_in(part)) for part in reader.parts()) == 600
        assert tracemalloc.get_traced_memory()[0] < 4 << 20  # of 12 that went by
    finally:
        tracemalloc.stop()
    spaced = dict(GOOD, CF_XDR_SHXYM="  ".join(f"{GOOD['CF_XDR_SHXYM']:<70}"))
    names, codes = ([f'"{text}"' for text in each] for each in (GOOD, spaced.values()))
    table = "\n".join(map(",".join, (names, codes, codes))).encode()
    assert len(ways.check(table, "x.csv")[0]) == 2


def test_so_many_expressions() -> None:
    """A sheet more is left to the parser, whatever stands in it."""
    count = MAX_PATTERNS + 5
    sheets = {
        f"S{at}": sheet_xml(row(1, A1.replace("A1", f"{letters(at)}1"))) for at in range(count)
    }
    tables = xlsx.tables(zipped(parts(sheets)))
    assert [table.rest is not None for table in tables].count(False) == 5
    assert [next(table.lines).cells[-1] for table in tables] == ["甲"] * count


# ---- in sets, and from process to process


@pytest.mark.parametrize(("passed", "size"), [(0, 4096), (0, 3), (1, 4), (7, 7), (18, 5), (99, 2)])
def test_sets_are_cut_anywhere(passed: int, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "ROWS", 6)
    for seed in (1, 4, 5):
        data = Made(seed).workbook()
        rows = outcome(data, "x.xlsx")[0][passed:]
        *sets, ended = map(opened, read_sets(iter((data,)), "x.xlsx", None, passed, size))
        assert isinstance(ended, Ended)
        found = [one for one in sets if isinstance(one, RowSet)]
        assert [one.count for one in found[:-1]] == [size] * (len(found) - 1)
        assert [each for one in found for each in one.rows()] == rows
        judged = [each for one in found for each in Pickled(one.inputs, one.count).read()]
        assert judged == [each.input for each in rows]


def test_a_set_takes_no_more_than_its_texts() -> None:
    """Cells go once, not as rows and as they looked."""
    made = Made(1, 2000, good=True)
    data = made.workbook()
    first = opened(next(read_sets(iter((data,)), "x.xlsx", None, 0, 4096)))
    assert isinstance(first, RowSet)
    texts = sum(len(text.encode()) + 1 for line in made.lines for text in line)
    assert len(first.inputs) + len(first.looks) < 1.1 * texts + 4096
    rows = [each.input for each in first.rows()]
    assert len(pickle.dumps(rows)) > len(first.inputs)


def broken_off(*lines: Line) -> Iterator[Line]:
    yield from lines
    raise FileFault("not-xlsx")


@pytest.mark.parametrize("count", [1, 2, 5])
def test_rows_before_a_fault_stand(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a sheet that cannot be read to its end; the last of them as well."""
    monkeypatch.setattr(batches, "ROWS", 3)
    head = Line(row=1, cells=list(GOOD))
    lines = [Line(row=at, cells=list(GOOD.values())) for at in range(2, 2 + count)]
    source = broken_off(head, *lines)
    header = find_header(source, all_schemas())
    assert header is not None
    parts_read = RowReader(Table(name="S", lines=source), header).parts()
    rows: list[RowInput] = []
    with pytest.raises(FileFault):
        for part in parts_read:
            rows += [part.input] if isinstance(part, Row) else part.plain.read()
    assert [each.row for each in rows] == [line.row for line in lines]
