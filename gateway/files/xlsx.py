"""Workbooks (.xlsx, .xlsm) as tables. Everything is checked before the first cell is parsed."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from python_calamine import CalamineWorkbook

from gateway.files.archive import Archive
from gateway.files.container import Packed, container, pack
from gateway.files.errors import FileFault
from gateway.files.exact import MAIN
from gateway.files.facts import Budget, SharedStrings, shared_strings
from gateway.files.interfaces import Table
from gateway.files.kinds import demand_sheets
from gateway.files.parsed import lines_of, parsing
from gateway.files.parts import Book, find_book
from gateway.files.plain_xml import demand_plain_xml
from gateway.files.scan import Scanned, scan
from gateway.files.styles import MAX_STYLES_PART, Styles, parsed_styles, read_styles
from gateway.files.text_lines import TextLines
from gateway.files.texts import Texts, plain_strings

MAX_STRINGS = 256 << 20
"""Bytes of the shared strings part."""

_XML = (".xml", ".rels")
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def tables(data: bytes) -> list[Table]:
    """The worksheets in order; FileFault if any of them is not safe to read."""
    archive = Archive(data)
    demand_sheets(archive.names())
    book = find_book(archive)
    styles = read_styles(_part(archive, book.styles, MAX_STYLES_PART))
    part = _part(archive, book.strings, MAX_STRINGS)
    strings = shared_strings(part)
    budget = Budget(strings, styles)
    texts = Texts(plain_strings(part) if strings.rewritten is None else None, styles)
    scanned = [scan(_Readings(archive, sheet.path), budget, texts.sheet()) for sheet in book.sheets]
    _demand_plain_rest(archive, {sheet.path for sheet in book.sheets})
    if all(found.texts is not None for found in scanned):
        workbook = None
    else:
        sheets = [
            found.plain or archive.packed(sheet.path)
            for sheet, found in zip(book.sheets, scanned, strict=True)
        ]
        made = container(_made_anew(book, styles, sheets, _texts(archive, book, strings)))
        with parsing():
            workbook = CalamineWorkbook.from_filelike(io.BytesIO(made))
    return [
        _table(sheet.name, found, workbook, at)
        for at, (sheet, found) in enumerate(zip(book.sheets, scanned, strict=True))
    ]


def _table(name: str, found: Scanned, workbook: CalamineWorkbook | None, at: int) -> Table:
    if found.texts is not None or workbook is None:
        lines = TextLines(found.texts or ())
        return Table(name=name, lines=lines, rest=lines.rest)
    return Table(name=name, lines=lines_of(workbook, at, found.facts))


@dataclass(frozen=True, slots=True)
class _Readings:
    """Unpacks a part anew each time it is asked."""

    archive: Archive
    path: str

    def __iter__(self) -> Iterator[Iterator[bytes]]:
        while True:
            yield self.archive.chunks(self.path)


def _texts(archive: Archive, book: Book, strings: SharedStrings) -> Packed | None:
    if strings.rewritten is not None:
        return pack(strings.rewritten)
    return archive.packed(book.strings) if book.strings and strings.sizes else None


def _part(archive: Archive, name: str | None, limit: int) -> bytes:
    return archive.read(name, limit) if name else b""


def _made_anew(
    book: Book, styles: Styles, sheets: Sequence[Packed], texts: Packed | None
) -> Iterator[tuple[str, Packed]]:
    """The parts of the workbook that the parser behind gets: sheets by number, nothing else."""
    numbers = range(1, len(sheets) + 1)
    listed = "".join(f'<sheet name="{n}" sheetId="{n}" r:id="s{n}"/>' for n in numbers)
    since = ' date1904="1"' if book.from_1904 else ""
    related = "".join(
        f'<Relationship Id="s{n}" Type="{_RELATIONS}/worksheet" Target="worksheets/{n}.xml"/>'
        for n in numbers
    )
    root = f'<Relationship Id="b" Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/>'
    yield "_rels/.rels", pack(f'<Relationships xmlns="{_PACKAGE}">{root}</Relationships>')
    yield (
        "xl/workbook.xml",
        pack(
            f'<workbook xmlns="{MAIN}" xmlns:r="{_RELATIONS}"><workbookPr{since}/>'
            f"<sheets>{listed}</sheets></workbook>"
        ),
    )
    relations = f'<Relationships xmlns="{_PACKAGE}">{related}</Relationships>'
    yield "xl/_rels/workbook.xml.rels", pack(relations)
    if styles.codes:
        yield "xl/styles.xml", pack(parsed_styles(styles, MAIN))
    if texts is not None:
        yield "xl/sharedStrings.xml", texts
    for n, sheet in enumerate(sheets, 1):
        yield f"xl/worksheets/{n}.xml", sheet


def _demand_plain_rest(archive: Archive, read: set[str]) -> None:
    """No other XML part unpacks to more than it declares or brings entities of its own; but for
    customXml, which other programs write as they like and nothing here reads."""
    for name in archive.names():
        folded = name.lower()
        ours = folded.endswith(_XML) and not folded.startswith("customxml/")
        if ours and name not in read:
            for at, chunk in enumerate(archive.chunks(name)):
                if at == 0:
                    demand_plain_xml(chunk)
                elif b"<!DOCTYPE" in chunk or b"<!ENTITY" in chunk:
                    raise FileFault("xml-hostile")
