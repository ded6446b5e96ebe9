"""Workbooks as other programs write them: what is in them is read, or the cell is refused."""

import pytest

from gateway.files.errors import FileFault
from gateway.intake.interfaces import RowInput
from tests.support.sheets import (
    GOOD,
    MAIN,
    PACKAGE,
    RELATIONS,
    STYLES,
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

AT = {code: letters(at) for at, code in enumerate(GOOD)}
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
STRICT_RELATIONS = "http://purl.oclc.org/ooxml/officeDocument/relationships"
GOOD_SHEET = sheet_xml(penalty_sheet(GOOD))


def first(data: bytes) -> RowInput:
    """The only row of a workbook."""
    rows = read(data, "x.xlsx")
    assert len(rows) == 1
    return rows[0].input


def fields(data: bytes) -> dict[str, object]:
    """What is taken of the only row, which has no error."""
    found = first(data)
    assert not found.cell_errors and found.fault is None
    return dict(found.fields)


TAKEN = fields(workbook(penalty_sheet(GOOD)))


def with_cell(code: str, cell: str, **made: str) -> bytes:
    """The good row with another cell for `code`; `{}` stands for its place."""
    rest = {name: text for name, text in GOOD.items() if name != code}
    cells = [text_cell(f"{AT[name]}2", text) for name, text in rest.items()]
    place = f"{AT[code]}2"
    return workbook(text_row(1, list(GOOD)) + row(2, *cells, cell.format(place)), **made)


@pytest.mark.parametrize(
    "index",
    [
        "-1",
        "1.0",
        " 1 ",
        "99",
        "2",
        "1e0",
        "1x",
        "0x1",
        "+1",
        "１",
        "18446744073709551617",
        "",
        " ",
    ],
)
@pytest.mark.parametrize(
    "form", ['<c r="{}" t="s"><v>INDEX</v></c>', "<c r='{}' t='s'><v>INDEX</v></c>"]
)
def test_an_index_that_names_no_text_is_refused(index: str, form: str) -> None:
    """The text of string 0 was committed."""
    data = with_cell(
        "CF_SY", form.replace("INDEX", index), strings="<si><t>零</t></si><si><t>一</t></si>"
    )
    assert first(data).cell_errors == {"CF_SY": "cell-broken"}
    assert "CF_SY" not in first(data).fields


@pytest.mark.parametrize(
    "strings",
    [
        "<si/><si><t>一</t></si>",
        "<!-- <si><t>x</t></si> --><si><t>零</t></si><si><t>一</t></si>",
        "<?x <si/> ?><si><t>零</t></si><si><t>一</t></si>",
        "<si><t><![CDATA[<si>]]></t></si><si><t>一</t></si>",
        "<si><t>零</t></si><si><r><t>一</t></r><rPh sb='0' eb='1'><t>yi</t></rPh></si>",
        f"<x:si xmlns:x='{MAIN}'><x:t>零</x:t></x:si><x:si xmlns:x='{MAIN}'><x:t>一</x:t></x:si>",
    ],
)
def test_the_text_that_an_index_names(strings: str) -> None:
    cell = '<c r="{}" t="s"><v>1</v></c>'
    assert fields(with_cell("CF_SY", cell, strings=strings))["CF_SY"] == "一"


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ('<c r="{}" s="99"><v>45356</v></c>', "cell-broken"),
        ('<c r="{}" s="-1"><v>45356</v></c>', "cell-broken"),
        ('<c r="{}" s="1.0"><v>45356</v></c>', "cell-broken"),
        ('<c r="{}" t="b"><v>2</v></c>', "cell-broken"),
        ('<c r="{}" t="zzz"><v>2</v></c>', "cell-broken"),
        ('<c r="{}" t="n"><v>1,2</v></c>', "cell-broken"),
        ('<c r="{}"><v>12abc</v></c>', "cell-broken"),
        ('<c r="{}"><v>inf</v></c>', "cell-broken"),
        ('<c r="{}" t="d"><v>2024-02-31</v></c>', "cell-broken"),
        ('<c r="{0}"><v>1</v></c><c r="{0}"><v>2</v></c>', "cell-broken"),
        ('<c r="{}"><v>1</v><v>2</v></c>', "cell-broken"),
        ('<c r="{}" t="str"><v>1</v><v>2</v></c>', "cell-broken"),
        ('<c r="{}" t="inlineStr"><v>1</v></c>', "cell-broken"),
        ('<c r="{}" t="n"><is><t>1</t></is></c>', "cell-broken"),
        ('<c r="{}" t="s"><is><t>1</t></is></c>', "cell-broken"),
        ('<c r="{}" t="inlineStr"><is><t>1</t></is><is><t>2</t></is></c>', "cell-broken"),
        ('<c r="{}"><v>1</v><f>1</f></c>', "formula-cell"),
        ('<c r="{}" t="e"><v>#SPILL!</v></c>', "formula-cell"),
    ],
)
def test_a_cell_that_cannot_be_costs_itself(cell: str, code: str) -> None:
    for style in ("", " "):  # in the plain form and in another
        found = first(with_cell("CF_SY", cell.replace("><v>", f"{style}><v>", 1)))
        assert found.cell_errors == {"CF_SY": code}
        assert found.fields == {name: text for name, text in TAKEN.items() if name != "CF_SY"}


def test_a_good_row_beside_a_broken_one_is_read() -> None:
    broken = row(3, '<c r="A3" t="s"><v>7</v></c>')
    rows = read(workbook(penalty_sheet(GOOD, extra=broken)), "x.xlsx")
    assert [r.input.row for r in rows] == [2, 3]
    assert rows[0].input.fields == TAKEN


@pytest.mark.parametrize("style", [' s="99"', ' s="x"'])
def test_a_style_that_is_not_there_does_no_harm_to_a_text(style: str) -> None:
    cell = f'<c r="{{}}"{style} t="inlineStr"><is><t>经查</t></is></c>'
    assert fields(with_cell("CF_SY", cell))["CF_SY"] == "经查"


def test_two_rows_of_one_number_are_not_mixed() -> None:
    """Nobody can tell which of the two the cells belong to; the rows around them are good."""
    other = dict(GOOD, CF_WSH="样市监罚〔2024〕2号")
    twice = text_row(3, list(GOOD.values())) + text_row(3, list(other.values()))
    after = text_row(4, list(other.values()))
    rows = read(workbook(penalty_sheet(GOOD, extra=twice + after)), "x.xlsx")
    assert [(r.input.row, not r.input.cell_errors) for r in rows] == [
        (2, True),
        (3, False),
        (4, True),
    ]
    assert set(rows[1].input.cell_errors) == set(GOOD)
    halves = row(3, text_cell("A3", "甲")) + row(3, text_cell("B3", "乙"))
    torn = read(workbook(penalty_sheet(GOOD, extra=halves)), "x.xlsx")[1].input
    assert torn.fields == {} and len(torn.cell_errors) == 2


def test_rows_and_cells_in_any_order() -> None:
    other = dict(GOOD, CF_WSH="样市监罚〔2024〕2号")
    header, one, two = (
        text_row(at, texts)
        for at, texts in enumerate((list(GOOD), list(GOOD.values()), list(other.values())), 1)
    )
    rows = read(workbook(two + one + header), "x.xlsx")
    assert [r.input.fields["CF_WSH"] for r in rows] == [GOOD["CF_WSH"], other["CF_WSH"]]
    backwards = [text_cell(f"{AT[code]}2", text) for code, text in reversed(GOOD.items())]
    assert fields(workbook(text_row(1, list(GOOD)) + row(2, *backwards))) == TAKEN


@pytest.mark.parametrize("strings", ["", "/>", "<!-- -->"])
def test_inline_strings_beside_an_empty_table_of_strings(strings: str) -> None:
    made = parts({"S": GOOD_SHEET})
    made["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}" count="0" uniqueCount="0">{strings}</sst>'
    if strings == "/>":
        made["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}" count="0" uniqueCount="0"/>'
    assert fields(zipped(made)) == TAKEN


def test_part_names_of_windows() -> None:
    made = {name.replace("/", "\\"): part for name, part in parts({"S": GOOD_SHEET}).items()}
    assert fields(zipped(made)) == TAKEN
    assert (
        fields(zipped({f"/{name}": part for name, part in parts({"S": GOOD_SHEET}).items()}))
        == TAKEN
    )
    twice = parts({"S": GOOD_SHEET}) | {"xl\\workbook.xml": "<workbook/>"}
    with pytest.raises(FileFault):
        read(zipped(twice), "x.xlsx")


@pytest.mark.parametrize("folder", ["", "book/", "a/b/", "表/"])
@pytest.mark.parametrize("absolute", [True, False])
def test_parts_are_found_through_the_relations(folder: str, absolute: bool) -> None:
    made = parts({"S": GOOD_SHEET})
    base = f"/{folder}" if absolute else ""
    moved = {
        "[Content_Types].xml": made["[Content_Types].xml"],
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="x"'
        f' Target="{folder}b.xml" Type="{RELATIONS}/officeDocument"/></Relationships>',
        f"{folder}b.xml": made["xl/workbook.xml"],
        f"{folder}_rels/b.xml.rels": f'<Relationships xmlns="{PACKAGE}">'
        f'<Relationship Id="rId1" Type="{RELATIONS}/worksheet" Target="{base}one%20sheet.xml"/>'
        f'<Relationship Id="y" Type="{RELATIONS}/sharedStrings" Target="{base}./t.xml"/>'
        f'<Relationship Id="z" Type="{RELATIONS}/styles" Target="{base}s.xml"/></Relationships>',
        f"{folder}one sheet.xml": GOOD_SHEET.replace(
            text_cell("K2", GOOD["CF_NR_FK"]), '<c r="K2" t="s"><v>0</v></c>'
        ),
        f"{folder}t.xml": f'<sst xmlns="{MAIN}"><si><t>0.2</t></si></sst>',
        f"{folder}s.xml": STYLES,
    }
    assert fields(zipped(moved)) == TAKEN


def test_a_target_with_a_way_back() -> None:
    made = parts({"S": GOOD_SHEET})
    rels = str(made["xl/_rels/workbook.xml.rels"])
    made["xl/_rels/workbook.xml.rels"] = rels.replace("worksheets/", "../xl/worksheets/")
    assert fields(zipped(made)) == TAKEN


@pytest.mark.parametrize(
    ("sheet", "relation"),
    [
        ('<sheet name="M" sheetId="9" state="veryHidden" r:id="m"/>',
         '<Relationship Id="m" Type="http://schemas.microsoft.com/office/2006/relationships/'
         'xlMacrosheet" Target="macrosheets/sheet1.xml"/>'),
        ('<sheet name="M" sheetId="9" r:id=""/>', ""),
        ('<sheet name="M" sheetId="9"/>', ""),
        ('<sheet name="M" sheetId="9" r:id="gone"/>', ""),
        ('<sheet name="M" sheetId="9" r:id="m"/>',
         f'<Relationship Id="m" Type="{RELATIONS}/chartsheet" Target="nowhere.xml"/>'),
        ('<sheet name="M" sheetId="9" r:id="m"/>',
         f'<Relationship Id="m" Type="{RELATIONS}/dialogsheet" Target="nowhere.xml"/>'),
    ],
)  # fmt: skip
def test_sheets_of_other_kinds_are_left_out(sheet: str, relation: str) -> None:
    made = parts({"S": GOOD_SHEET})
    for place in ("<sheets>", "</sheets>"):  # before and behind the table
        book = str(made["xl/workbook.xml"])
        odd = book.replace(place, place + sheet if place == "<sheets>" else sheet + place)
        rels = str(made["xl/_rels/workbook.xml.rels"]).replace("</Rel", relation + "</Rel", 1)
        data = zipped(made | {"xl/workbook.xml": odd, "xl/_rels/workbook.xml.rels": rels})
        assert fields(data) == TAKEN


def test_strict_documents_and_prefixes() -> None:
    made = {
        name: str(part).replace(MAIN, STRICT).replace(RELATIONS, STRICT_RELATIONS)
        for name, part in parts({"S": GOOD_SHEET}).items()
    }
    assert fields(zipped(made)) == TAKEN
    sheet = GOOD_SHEET
    for name in ("worksheet", "sheetData", "row", "c", "is", "t"):
        for mark in (" ", ">"):
            sheet = sheet.replace(f"<{name}{mark}", f"<x:{name}{mark}")
        sheet = sheet.replace(f"</{name}>", f"</x:{name}>")
    sheet = sheet.replace('xmlns="', 'xmlns:x="', 1)
    assert fields(zipped(parts({"S": sheet}))) == TAKEN


def test_cells_without_places() -> None:
    sheet = GOOD_SHEET
    for at in range(len(GOOD)):
        for number in (1, 2):
            sheet = sheet.replace(f' r="{letters(at)}{number}"', "")
    assert fields(zipped(parts({"S": sheet}))) == TAKEN
    bare = sheet.replace(' r="1"', "").replace(' r="2"', "")
    assert fields(zipped(parts({"S": bare}))) == TAKEN
