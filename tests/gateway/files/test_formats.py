"""Number formats: what a person sees of a cell is what is taken, or the cell is refused."""

import pytest

from gateway.files import scan
from gateway.files.facts import Budget, SharedStrings
from gateway.files.formats import BUILT_IN, look, make
from gateway.files.interfaces import Shown
from gateway.files.styles import Styles, read_styles
from gateway.intake.interfaces import RowInput
from tests.support.sheets import (
    GOOD,
    MAIN,
    letters,
    parts,
    read,
    row,
    sheet_xml,
    text_cell,
    text_row,
    zipped,
)

AT = {code: letters(at) for at, code in enumerate(GOOD)}


def styled(code: str, format_: str, cell: str) -> RowInput:
    """The good row with a cell in that format. cell: `{}` stands for place and style."""
    rest = {name: text for name, text in GOOD.items() if name != code}
    cells = [text_cell(f"{AT[name]}2", text) for name, text in rest.items()]
    cells.append(cell.format(f'r="{AT[code]}2" s="1"'))
    made = parts({"S": sheet_xml(text_row(1, list(GOOD)) + row(2, *cells))})
    escaped = format_.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    made["xl/styles.xml"] = (
        f'<styleSheet xmlns="{MAIN}"><numFmts count="1"><numFmt numFmtId="176"'
        f' formatCode="{escaped}"/></numFmts><cellXfs count="2"><xf numFmtId="0"/>'
        '<xf numFmtId="176"/></cellXfs></styleSheet>'
    )
    return read(zipped(made), "x.xlsx")[0].input


FORMATS = [
    ('0!.0,"万"', "2000", "scaled"),  # 0.2万
    ('0\\.0,"万元"', "2000", "scaled"),
    ("0,", "2000", "scaled"),
    ("0.0,,", "2000000", "scaled"),
    ("0%", "0.5", "scaled"),
    ("0.00%", "0.5", "scaled"),
    ("0.00", "0.2", None),
    ("0.00", "0.256", "scaled"),  # 0.26
    ("0.00", "0.30000000000000004", None),
    ("0_ ", "0.2", "scaled"),
    ("0", "2000", None),
    ("#,##0.00", "1234.5", None),
    ("#", "0", "scaled"),
    (BUILT_IN[43], "0", None),  # a dash, as in accounts
    (BUILT_IN[43], "5.5", None),
    (BUILT_IN[44], "2000", "scaled"),  # ¥
    ("[$¥-804]#,##0.00", "2000", "scaled"),
    ('0.00"元"', "2000", "scaled"),
    ('General"元"', "2000", "scaled"),
    ('[>=10000]0!.0,"万";0', "20000", "scaled"),
    ('[>=10000]0!.0,"万";0', "2000", None),
    ('[<100]0.00;0,"千"', "2000", "scaled"),
    (";;;", "5", "scaled"),
    ("0;-0;;@", "0", "scaled"),
    ("0;0", "-5", "scaled"),
    ("0;-0", "-5", None),
    ("0.00_);[Red]\\(0.00\\)", "-5", None),
    ('"样罚〔2024〕"0"号"', "12", "scaled"),
    ("0000-00-00", "20240305", "scaled"),
    ("# ?/?", "0.5", "scaled"),
    ("[DBNum2]0", "5", "scaled"),
    ("00000000", "12345", Shown("00012345")),
    ("00000000", "123456789", None),
    ("00000000", "12345.5", "scaled"),
    ("00.00", "1.5", Shown("01.50")),
    ("General", "0.1", None),
    ("G/通用格式", "0.1", None),
    ("@", "0.1", None),
    ("0.00E+00", "123456", "scaled"),
    ("0.00E+00", "123", None),
    ("0.00E+00", "0", None),
    ("0.00E+00", "12300", None),
    ("0E+0", "25", "scaled"),
    ("0E+0", "20", None),
    ("##0.0E+0", "12345", "scaled"),
    ("##0.0E+0", "12000", None),
    ("0.00E+00", "-123", None),
    ("0.00E+00;0.00E+00", "-123", "scaled"),
    ("General;General", "-5", "scaled"),
    ("General;General", "5", None),
    ("General;-General", "-5", None),
    ("[>5]General;General", "-5", "scaled"),
    ("[<1]yyyy-mm-dd;mm-dd", "45356", "scaled"),
    ("[<1]mm-dd;yyyy-mm-dd", "45356", None),
    ("[Red]0", "5", None),
    ("yyyy/m/d", "45356", None),
    ('yyyy"年"m"月"d"日"', "45356", None),
    ("[$-804]e/m/d h:mm", "45356.5", None),
    ('m"月"d"日"', "45356", "scaled"),  # of which year?
    ('yyyy"年"m"月"', "45356", "scaled"),
    ("aaaa", "45356", "scaled"),
    ("h:mm", "45356.5", "scaled"),
    ("h:mm", "0.5", None),
    ("[h]:mm", "45356.5", None),
    (BUILT_IN[58], "45356", "scaled"),
    (BUILT_IN[57], "45356", "scaled"),
    (BUILT_IN[31], "45356", None),
    ("", "5", "scaled"),
    ("0" * 300, "5", "scaled"),
    ("0.00", "x", None),
    ("0.00", "1E+300", None),
    ("0.00", "NaN", None),
]


@pytest.mark.parametrize(("code", "number", "seen"), FORMATS)
def test_what_is_seen(code: str, number: str, seen: object) -> None:
    assert look(code, number) == seen


@pytest.mark.parametrize(
    ("code", "sort"),
    [
        ("yyyy/m/d", "date"),
        ("yyyy-mm-dd;@", "date"),
        ('yyyy"年"m"月"d"日"', "date"),
        ("[$-804]aaaa", "date"),
        ("e/m/d", "date"),
        ("h:mm AM/PM", "date"),
        ('上午/下午h"时"mm"分"', "date"),
        ("[DBNum1][$-804]yyyy", "date"),
        ("[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", "date"),
        ("mm:ss.0", "date"),
        ("[h]:mm:ss", "elapsed"),
        ('0"d"', "number"),
        ("[Red]0", "number"),
        ("General", "general"),
        ("general", "general"),
    ],
)
def test_sorts(code: str, sort: str) -> None:
    assert make(code).sort == sort


MONEY = "CF_NR_FK"


def test_two_thousand_yuan_are_not_two_thousand_times_ten_thousand() -> None:
    found = styled(MONEY, '0!.0,"万"', "<c {}><v>2000</v></c>")
    assert found.cell_errors == {MONEY: "value-scaled"}
    assert MONEY not in found.fields


@pytest.mark.parametrize("space", ["", " "])
def test_in_either_form_of_the_sheet(space: str) -> None:
    for code, number, seen in FORMATS:
        found = styled(MONEY, code, f"<c {{}}{space}><v>{number}</v></c>")
        refused = seen == "scaled" and code != ""  # no format at all is the general one
        assert (found.cell_errors.get(MONEY) == "value-scaled") == refused, code


def test_zeros_in_front_are_part_of_an_identifier() -> None:
    for code in ("CF_WSH", "CF_NR"):
        assert styled(code, "00000000", "<c {}><v>12345</v></c>").fields[code] == "00012345"
    assert styled(MONEY, "00.00", "<c {}><v>1.5</v></c>").fields[MONEY] == "01.50"


@pytest.mark.parametrize("cell", [
    '<c {} t="inlineStr"><is><t>12</t></is></c>',
    '<c {} t="str"><v>12</v></c>',
    '<c {}  t="str"><v>12</v></c>',
])  # fmt: skip
def test_formats_of_texts(cell: str) -> None:
    for code, hidden in (("@", False), ('@"号"', True), (";;;", True), ("0;0;0;@", False)):
        found = styled("CF_SY", code, cell)
        assert found.cell_errors == ({"CF_SY": "value-scaled"} if hidden else {})


def test_a_first_style_that_is_odd_holds_for_cells_without_one() -> None:
    sheet = sheet_xml(row(1, '<c r="A1"><v>2000</v></c>', '<c r="B1" s="1"><v>2000</v></c>'))
    budget = Budget(SharedStrings(), Styles(("0,", "General")))
    assert scan.scan(iter([[sheet.encode()], [sheet.encode()]]), budget).facts.marks == {
        1: {0: "scaled"}
    }


def test_formats_of_other_parts_are_not_those_of_cells() -> None:
    styles = (
        f'<x:styleSheet xmlns:x="{MAIN}"><x:numFmts><x:numFmt numFmtId="9" formatCode="0"/>'
        '</x:numFmts><x:cellStyleXfs><x:xf numFmtId="10"/></x:cellStyleXfs><x:cellXfs>'
        '<x:xf numFmtId="9"/><x:xf numFmtId="31"/><x:xf numFmtId="q"/><x:xf/></x:cellXfs>'
        '<x:dxfs><x:dxf><x:numFmt numFmtId="31" formatCode="0,"/></x:dxf></x:dxfs></x:styleSheet>'
    )
    assert read_styles(styles.encode()).codes == ("0", "yyyy-mm-dd", "General", "General")
