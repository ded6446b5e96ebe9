"""Workbooks made by hand, down to the bytes, and rows that are right."""

import io
import zipfile
from collections.abc import Mapping

from gateway.files.reading import Reading
from gateway.files.stretch import Row

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"

STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts count="2">'
    '<numFmt numFmtId="164" formatCode="yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;"/>'
    '<numFmt numFmtId="165" formatCode="0.00&quot;d&quot;"/></numFmts>'
    '<cellXfs count="5"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/>'
    '<xf numFmtId="165"/><xf numFmtId="22"/></cellXfs></styleSheet>'
)
"""Styles: 0 general, 1 date, 2 Chinese date, 3 a number, 4 date and time."""

USCC = "91120118MAU9M3630R"
AUTHORITY_CODE = "11120118MA7PPEUD47"
GOOD = {
    "CF_XDR_MC": "合成样例科技有限公司",
    "CF_XDR_LB": "法人及非法人组织",
    "CF_XDR_SHXYM": USCC,
    "CF_FRDB": "样例人",
    "CF_WSH": "样市监罚〔2024〕1号",
    "CF_WFXW": "未按规定公示年度报告",
    "CF_SY": "经查,当事人未按规定公示年度报告",
    "CF_YJ": "《企业信息公示暂行条例》第十七条",
    "CF_CFLB": "罚款",
    "CF_NR": "罚款",
    "CF_NR_FK": "0.2",
    "CF_JDRQ": "2024/04/06",
    "CF_YXQ": "2025/04/06",
    "CF_CFJG": "天津市120118市场监督管理局",
    "CF_CFJGDM": AUTHORITY_CODE,
    "CF_SJLY": "天津市120118市场监督管理局",
    "CF_SJLYDM": AUTHORITY_CODE,
}
"""A penalty that is accepted."""


def text_cell(reference: str, text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    return f'<c r="{reference}" t="inlineStr"><is><t>{escaped}</t></is></c>'


def row(number: int, *cells: str) -> str:
    return f'<row r="{number}">{"".join(cells)}</row>'


def letters(index: int) -> str:
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def text_row(number: int, texts: list[str]) -> str:
    cells = [text_cell(f"{letters(at)}{number}", text) for at, text in enumerate(texts) if text]
    return row(number, *cells)


def sheet_xml(data: str) -> str:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{data}</sheetData></worksheet>'


def parts(
    sheets: Mapping[str, str | bytes], *, strings: str = "", properties: str = ""
) -> dict[str, str | bytes]:
    """The parts of a workbook with these sheets (whole XML)."""
    listed = "".join(
        f'<sheet name="{name}" sheetId="{at}" r:id="rId{at}"/>' for at, name in enumerate(sheets, 1)
    )
    related = "".join(
        f'<Relationship Id="rId{at}" Type="{RELATIONS}/worksheet"'
        f' Target="worksheets/sheet{at}.xml"/>'
        for at in range(1, len(sheets) + 1)
    )
    made: dict[str, str | bytes] = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/'
        'content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1"'
        f' Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">{properties}'
        f"<sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">{related}'
        f'<Relationship Id="s" Type="{RELATIONS}/styles" Target="styles.xml"/>'
        f'<Relationship Id="t" Type="{RELATIONS}/sharedStrings" Target="sharedStrings.xml"/>'
        "</Relationships>",
        "xl/styles.xml": STYLES,
    }
    if strings:
        made["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{strings}</sst>'
    for at, sheet in enumerate(sheets.values(), 1):
        made[f"xl/worksheets/sheet{at}.xml"] = sheet
    return made


def zipped(made: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in made.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def workbook(*data: str, strings: str = "", properties: str = "") -> bytes:
    """A workbook with one sheet for each `data`, the inside of its sheetData."""
    sheets: dict[str, str | bytes] = {
        f"Sheet{at}": sheet_xml(content) for at, content in enumerate(data, 1)
    }
    return zipped(parts(sheets, strings=strings, properties=properties))


def penalty_sheet(*records: Mapping[str, str], extra: str = "") -> str:
    """Rows of penalties below a header of codes; `extra` rows as XML behind them."""
    header = list(GOOD)
    lines = [text_row(1, header)]
    for number, record in enumerate(records, 2):
        lines.append(text_row(number, [record.get(code, "") for code in header]))
    return "".join(lines) + extra


def csv_text(*records: Mapping[str, str], header: list[str] | None = None) -> str:
    codes = header or list(GOOD)
    lines = [",".join(codes)]
    lines += [",".join(f'"{record.get(code, "")}"' for code in codes) for record in records]
    return "\r\n".join(lines) + "\r\n"


def read(data: bytes, name: str = "file", type_: str | None = None) -> list[Row]:
    return list(Reading(data, name=name, type_=type_).rows())
