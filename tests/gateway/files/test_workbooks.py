"""What is read from workbooks: positions, formulas, errors, dates, several sheets."""

import io
from datetime import date, datetime, time, timedelta
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.files import facts as bounds
from gateway.files import scan as scanning
from gateway.files import xlsx
from gateway.files.errors import FileFault
from gateway.files.exact import read_exactly
from gateway.files.facts import Budget, SharedStrings, SheetFacts
from gateway.files.interfaces import Cell, Marked
from gateway.files.reading import Reading
from gateway.files.styles import Styles
from tests.support.sheets import (
    GOOD,
    MAIN,
    letters,
    parts,
    penalty_sheet,
    read,
    row,
    sheet_xml,
    text_cell,
    text_row,
    workbook,
    zipped,
)

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
HEADER = text_row(1, list(GOOD))
AT = {code: letters(at) for at, code in enumerate(GOOD)}


def cells(*data: str, strings: str = "", properties: str = "") -> list[list[list[Cell]]]:
    """All cells of all sheets."""
    book = workbook(*data, strings=strings, properties=properties)
    return [[list(line.cells) for line in table.lines] for table in xlsx.tables(book)]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('<c r="B2"><v>1</v></c>', 1.0),
        ('<c r="B2"><v>1E-6</v></c>', 1e-6),
        ('<c r="B2" t="b"><v>1</v></c>', True),
        ('<c r="B2" s="1"><v>45356</v></c>', date(2024, 3, 5)),
        ('<c r="B2" s="2"><v>45356</v></c>', date(2024, 3, 5)),
        ('<c r="B2" s="3"><v>45356</v></c>', Marked("scaled", 45356.0)),
        ('<c r="B2" t="e"><v>#NEW!</v></c>', Marked("error", "")),
        ('<c r="B2" s="4"><v>45356.5</v></c>', datetime(2024, 3, 5, 12)),
        ('<c r="B2" s="4"><v>45356</v></c>', date(2024, 3, 5)),
        ('<c r="B2" s="4"><v>0.5</v></c>', time(12)),
        ('<c r="B2" t="d"><v>2024-03-05</v></c>', date(2024, 3, 5)),
        ('<c r="B2" t="s"><v>0</v></c>', "shared"),
        ('<c r="B2" t="inlineStr"><is><t xml:space="preserve"> a </t></is></c>', " a "),
        ('<c r="B2" t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r></is></c>', "ab"),
        ('<c r="B2" t="inlineStr"><is><t>a_x000D_&amp;&#65;</t></is></c>', "a\r&A"),
        ('<c r="B2" t="inlineStr"><is><t><![CDATA[<f>]]></t></is></c>', "<f>"),
        ('<c r="B2" t="str"><v>x</v></c>', "x"),
        ('<c r="B2" t="e"><v>#N/A</v></c>', Marked("error", "")),
        ("<c r='B2' t='e'><v>#N/A</v></c>", Marked("error", "")),
        ('<c r="B2"><f>1+1</f><v>2</v></c>', Marked("formula", 2.0)),
        ('<c r="B2"><f>1+1</f><v></v></c>', Marked("formula", "")),
        ('<c r="B2"><f>1+1</f><v/></c>', Marked("formula", "")),
        ('<c r="B2"><f>1+1</f></c>', Marked("formula", "")),
        ('<c r="B2" t="str"><f>A1</f><v>x</v></c>', Marked("formula", "x")),
        ('<c r="B2" t="e"><f>1/0</f><v>#DIV/0!</v></c>', Marked("formula", "")),
        ('<c r="B2"><f t="shared" si="0"/><v>2</v></c>', Marked("formula", 2.0)),
        ('<c r="B2"><!-- <c r="A2"> --><f>1</f><v>2</v></c>', Marked("formula", 2.0)),
        ('<c r="B2"> <f>1+1</f><v>2</v></c>', Marked("formula", 2.0)),
        ('<c  r="B2"><f>1+1</f><v>2</v></c>', Marked("formula", 2.0)),
        ('<x:c r="B2"><x:f>1+1</x:f><x:v>2</x:v></x:c>', Marked("formula", 2.0)),
    ],
)
def test_values(cell: str, value: Cell) -> None:
    data = sheet_xml(row(2, cell)).replace("<worksheet ", f'<worksheet xmlns:x="{MAIN}" ')
    book = zipped(parts({"S": data}, strings="<si><t>shared</t></si>"))
    lines = [list(line.cells) for line in xlsx.tables(book)[0].lines]
    assert lines[-1] == ["", value]
    assert len(lines) in (1, 2)  # a row that holds nothing but a formula is not in the rectangle


def test_no_formula_where_there_is_none() -> None:
    text = "<f>1+1</f>"
    assert cells(row(1, text_cell("A1", text), '<c r="B1"><v>1</v></c>')) == [[[text, 1.0]]]


def test_rows_and_columns_without_references() -> None:
    data = '<row r="2"><c><v>1</v></c><c><v>2</v></c></row><row><c><f>1</f></c></row>'
    lines = list(xlsx.tables(workbook(data))[0].lines)
    assert [(line.row, list(line.cells)) for line in lines if any(line.cells)] == [
        (2, [1.0, 2.0]),
        (3, [Marked("formula", "")]),
    ]


def test_columns_left_of_the_first_value_are_there() -> None:
    assert cells(row(1, '<c r="C1"><v>1</v></c>'))[0] == [["", "", 1.0]]


def test_1904() -> None:
    day = '<c r="A1" s="1"><v>43894</v></c>'
    assert cells(row(1, day), properties='<workbookPr date1904="1"/>') == [[[date(2024, 3, 5)]]]
    assert cells(row(1, day)) == [[[date(2020, 3, 4)]]]


def test_every_sheet_with_a_header_is_read() -> None:
    other = dict(GOOD, CF_WSH="样市监罚〔2024〕2号")
    book = zipped(
        parts(
            {
                "封面": sheet_xml(text_row(1, ["填表说明"])),
                "一": sheet_xml(penalty_sheet(GOOD)),
                "空": sheet_xml(""),
                "二": sheet_xml(penalty_sheet(other, other)),
            }
        )
    )
    reading = Reading(book, name="x.xlsx", type_=None)
    rows = [(r.input.sheet, r.input.row, r.input.fields["CF_WSH"]) for r in reading.rows()]
    assert rows == [
        ("一", 2, GOOD["CF_WSH"]),
        ("二", 2, other["CF_WSH"]),
        ("二", 3, other["CF_WSH"]),
    ]
    assert [(s.name, s.rows, s.schema is not None) for s in reading.sheets] == [
        ("封面", 0, False),
        ("一", 1, True),
        ("空", 0, False),
        ("二", 2, True),
    ]


def test_a_sheet_that_fits_two_types_does_not_stop_the_others() -> None:
    shared = ["行政相对人名称", "行政相对人类别", "法定代表人"]
    book = workbook(text_row(1, shared) + text_row(2, ["a", "b", "c"]), penalty_sheet(GOOD))
    reading = Reading(book, name="x.xlsx", type_=None)
    found = [r.input for r in reading.rows()]
    assert [(r.sheet, r.row, r.fault.code if r.fault else None) for r in found] == [
        ("Sheet2", 2, None),
        ("Sheet1", None, "schema-invalid"),
    ]
    assert reading.sheets[0].fault is not None
    assert reading.sheets[0].fault.name == "header-ambiguous"


def test_formula_cells_by_column() -> None:
    """In a column of the standard refused, in an unknown one ignored; the row is not blank."""
    known = f'<c r="{AT["CF_NR_FK"]}2"><f>1+1</f><v>2</v></c>'
    unknown = '<c r="Z2"><f>1+1</f><v>2</v></c>'
    only = f'<c r="{AT["CF_NR_FK"]}4"><f>1+1</f></c>'
    ignored = '<c r="Z5"><f>1+1</f></c>'
    header = text_row(1, [*GOOD, *[""] * (25 - len(GOOD)), "合计"])
    rows = read(workbook(header + row(2, known, unknown) + row(4, only) + row(5, ignored)))
    assert [(r.input.row, dict(r.input.cell_errors)) for r in rows] == [
        (2, {"CF_NR_FK": "formula-cell"}),
        (4, {"CF_NR_FK": "formula-cell"}),
    ]
    assert [note.field for note in rows[0].input.notes] == ["合计"]


def test_error_cells_are_not_empty() -> None:
    rows = read(workbook(HEADER + row(2, f'<c r="{AT["CF_SY"]}2" t="e"><v>#N/A</v></c>')))
    assert rows[0].input.cell_errors == {"CF_SY": "formula-cell"}


def test_date_cells() -> None:
    day = '<c r="{}2" s="1"><v>45356</v></c>'
    both = row(2, day.format(AT["CF_WSH"]), day.format(AT["CF_JDRQ"]))
    found = read(workbook(HEADER + both))[0].input
    assert found.cell_errors == {"CF_WSH": "date-cell"}
    assert found.fields == {"CF_JDRQ": "2024-03-05"}


def test_title_shift_and_blank_rows() -> None:
    sheet = text_row(3, ["", "某市上报表"]) + "".join(
        text_row(at, ["", "", *texts])
        for at, texts in ((5, list(GOOD)), (6, list(GOOD.values())), (9, list(GOOD.values())))
    )
    rows = read(workbook(sheet + text_row(8, ["　 "])))
    assert [r.input.row for r in rows] == [6, 9]
    assert all(r.input.fields["CF_NR_FK"] == "0.2" for r in rows)


def test_an_error_that_nobody_knows_costs_its_cell() -> None:
    other = penalty_sheet(GOOD).replace("</row>", '<c r="Z1" t="e"><v>#NEW!</v></c></row>', 1)
    found = read(workbook(other, penalty_sheet(GOOD)))
    assert [(r.input.sheet, r.input.row, r.input.fault is None) for r in found] == [
        ("Sheet1", 2, True),
        ("Sheet2", 2, True),
    ]


def test_the_box_of_the_fast_scan() -> None:
    """Columns and rows that the pattern takes are what its comment says, and few enough."""
    columns, rows = 104, 159_999
    assert columns * rows <= bounds.MAX_CELLS
    plain = scanning._NOT_PLAIN
    for column in (0, 25, 26, columns - 1):
        for number in (1, 99_999, 100_000, rows):
            assert not plain.search(f'<c r="{letters(column)}{number}">'.encode())
    for reference in (
        f"{letters(columns)}1",
        f"A{rows + 1}",
        "AAA1",
        "A0",
        "A01",
        "a1",
        "A1000000",
    ):
        assert plain.search(f'<c r="{reference}">'.encode())


# The fast scan against event-by-event reading of the same bytes.


def facts(data: str, exact: bool, strings: SharedStrings) -> SheetFacts | str:
    budget = Budget(strings, Styles(("General", "0,", "00000", "yyyy/m/d", ";;;")))
    chunks = [sheet_xml(data).encode()]
    try:
        if exact:
            return read_exactly(chunks, budget)[0]
        return scanning._plain(iter(chunks), budget).facts
    except FileFault as problem:
        return problem.name
    except scanning._Plainless:
        return "plainless"


FORMS = st.sampled_from(
    [
        '<c r="{}"><v>1</v></c>',
        '<c r="{}" s="3"/>',
        '<c r="{}" s="1"><v>2000</v></c>',
        '<c r="{}" s="2"><v>12</v></c>',
        '<c r="{}" s="4" t="n"><v>12.5</v></c>',
        '<c r="{}" s="3"><v>45356</v></c>',
        '<c r="{}" s="7"><v>45356</v></c>',
        '<c r="{}" s="4" t="str"><v>a</v></c>',
        '<c r="{}" s="7" t="str"><v>a</v></c>',
        '<c r="{}" t="s"/>',
        '<c r="{}" s="1" t="s"><v>1</v></c>',
        '<c r="{}" t="b"><v>1</v></c>',
        '<c r="{}"><f>1+1</f><v>2</v></c>',
        '<c r="{}"><f t="shared" si="0"/></c>',
        '<c r="{}" t="e"><v>#N/A</v></c>',
        '<c r="{}" t="e"><f>1/0</f><v>#DIV/0!</v></c>',
        '<c r="{}" t="inlineStr"><is><t>&lt;f&gt; t=e</t></is></c>',
        '<c r="{}" t="str"><f>A1</f><v>a</v></c>',
    ]
)


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(
        st.integers(1, 159_999), st.dictionaries(st.integers(0, 103), FORMS, max_size=6), max_size=6
    )
)
def test_fast_scan_is_the_exact_one(rows: dict[int, dict[int, str]]) -> None:
    data = "".join(
        row(number, *[form.format(f"{letters(at)}{number}") for at, form in filled.items()])
        for number, filled in sorted(rows.items())
    )
    strings = SharedStrings([10, 20], 20)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bounds, "EMPTY_CELLS", bounds.MAX_CELLS)  # else most are refused by both
        assert facts(data, False, strings) == facts(data, True, strings)


@pytest.mark.parametrize(("columns", "rows"), [(26, 150_000), (26, 159_999), (104, 30_000)])
def test_fast_scan_measures_as_the_exact_one(columns: int, rows: int) -> None:
    """Two cells at the corners: as large as a nearly empty sheet may be, or not."""
    corner = f'<c r="{letters(columns - 1)}{rows}"><v>1</v></c>'
    data = sheet_xml(row(1, '<c r="A1"><v>1</v></c>') + row(rows, corner)).encode()
    small = columns * rows <= bounds.EMPTY_CELLS + 2 * bounds.PER_CELL
    if small:
        assert scanning._plain([data], Budget(SharedStrings())).facts.marks == {}
        assert read_exactly([data], Budget(SharedStrings()))[0].marks == {}
        return
    with pytest.raises(scanning._Plainless):
        scanning._plain([data], Budget(SharedStrings()))
    with pytest.raises(FileFault):
        read_exactly([data], Budget(SharedStrings()))


def test_cells_of_all_sheets_together() -> None:
    """Each of them may be, five of them may not."""
    corner = f'<c r="Z{150_000}"><v>1</v></c>'
    sheet = row(1, '<c r="A1"><v>1</v></c>') + row(150_000, corner)
    with pytest.raises(FileFault) as caught:
        read(workbook(*[sheet] * 5))
    assert caught.value.name == "dimensions"


@pytest.mark.parametrize("name", ["天津_行政处罚.xlsx", "天津_行政处罚_手工表.xlsx"])
def test_samples_take_the_fast_way(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(scanning, "read_exactly")
    assert xlsx.tables((EXAMPLES / name).read_bytes())


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_chunks_of_any_size(size: int) -> None:
    data = penalty_sheet(GOOD, GOOD, extra=row(9, '<c r="C9"><f>1</f></c>'))
    whole = sheet_xml(data).encode() + b"<f/>"
    chunks = [whole[at : at + size] for at in range(0, len(whole), size)]
    assert scanning._plain(chunks, Budget(SharedStrings())).facts.marks == {9: {2: "formula"}}


def test_text_budget_counts_what_is_named() -> None:
    """Long strings that are named once do not count as often as there are cells."""
    sizes = [1 << 20, *[10] * 100]
    budget = Budget(SharedStrings(sizes, 1 << 20))
    block = b'<c r="A1" t="s"><v>1</v></c>' * 100_000 + b'<c r="A1" t="s"><v>0</v></c>'
    assert budget.spend_plain(block)
    with pytest.raises(FileFault):
        Budget(SharedStrings([1 << 20] * 2, 1 << 20)).spend_plain(block)


# openpyxl as a second reader.

VALUES = st.one_of(
    st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=20),
    st.integers(-(10**9), 10**9),
    st.floats(-1e9, 1e9),
    st.booleans(),
    st.dates(date(1950, 1, 1), date(2099, 12, 31)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(VALUES, min_size=1, max_size=5), min_size=1, max_size=5))
def test_what_openpyxl_wrote(table: list[list[object]]) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for values in table:
        sheet.append([None] * len(values))
        for at, value in enumerate(values, 1):
            cell = sheet.cell(sheet.max_row, at)
            cell.value = value  # type: ignore[assignment]
            if isinstance(value, str):
                cell.data_type = "s"
    buffer = io.BytesIO()
    book.save(buffer)
    again = openpyxl.load_workbook(io.BytesIO(buffer.getvalue())).active
    assert again is not None
    lines = [list(line.cells) for line in xlsx.tables(buffer.getvalue())[0].lines]
    for number, values in enumerate(table, 1):
        for at, _ in enumerate(values, 1):
            theirs = again.cell(number, at).value
            ours = dict(enumerate(lines[number - 1] if number <= len(lines) else [], 1)).get(at, "")
            ours = ours if not isinstance(ours, date) else datetime.combine(ours, time())
            assert ours == ("" if theirs is None else theirs)


def test_durations_are_no_dates() -> None:
    styles = (
        f'<styleSheet xmlns="{MAIN}"><numFmts count="1"><numFmt numFmtId="164"'
        ' formatCode="[h]:mm"/></numFmts><cellXfs count="1"><xf numFmtId="164"/></cellXfs>'
        "</styleSheet>"
    )
    made = parts({"S": sheet_xml(row(1, '<c r="A1" s="0"><v>1.5</v></c>'))})
    table = xlsx.tables(zipped(made | {"xl/styles.xml": styles}))[0]
    assert [list(line.cells) for line in table.lines] == [[timedelta(days=1.5)]]
