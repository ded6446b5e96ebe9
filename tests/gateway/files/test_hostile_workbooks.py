"""Workbooks that want to hurt: each ends in a clear fault, quickly and in little memory."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from random import Random

import pytest

from gateway.files import exact
from gateway.files import facts as bounds
from gateway.files.archive import MAX_ENTRIES
from gateway.files.errors import FileFault
from tests.support.sheets import (
    GOOD,
    MAIN,
    PACKAGE,
    RELATIONS,
    parts,
    penalty_sheet,
    read,
    row,
    sheet_xml,
    text_row,
    workbook,
    zipped,
)

GOOD_BOOK = workbook(penalty_sheet(GOOD))


def fault(data: bytes) -> tuple[str, str]:
    with pytest.raises(FileFault) as caught:
        read(data, "x.xlsx")
    assert caught.value.message["zh"] and caught.value.message["en"]
    return caught.value.name, caught.value.code


def test_the_good_one() -> None:
    assert len(read(GOOD_BOOK)) == 1


def with_part(name: str, content: str | bytes) -> bytes:
    return zipped(parts({"S": sheet_xml(penalty_sheet(GOOD))}) | {name: content})


def test_zip_bomb() -> None:
    for name in ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/theme/theme1.xml"):
        assert fault(with_part(name, b" " * (64 << 20))) == ("inflated", "too-large")


def test_bomb_spread_over_many_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.files.archive.MAX_INFLATED", 3 << 20)
    made = parts({"S": sheet_xml(penalty_sheet(GOOD))})
    for count, refused in ((2, False), (4, True)):
        many = {f"xl/media/{at}.png": Random(at).randbytes(1 << 20) for at in range(count)}
        if refused:
            assert fault(zipped(made | many)) == ("inflated", "too-large")
        else:
            assert len(read(zipped(made | many))) == 1


def patched(name: str, *, size: int, crc: int | None) -> bytes:
    """The part unpacks to more than its directory entry says."""
    buffer = io.BytesIO(with_part(name, b"<a>" + b"x" * (1 << 20) + b"</a>"))
    archive = zipfile.ZipFile(buffer)
    info = archive.getinfo(name)
    data = bytearray(buffer.getvalue())
    at = data.index(b"PK\x01\x02")
    while data[at + 46 : at + 46 + len(name)] != name.encode():
        at = data.index(b"PK\x01\x02", at + 4)
    if crc is not None:
        data[at + 16 : at + 20] = struct.pack("<L", crc)
    data[at + 24 : at + 28] = struct.pack("<L", size)
    assert info.file_size > size
    return bytes(data)


def test_part_that_lies_about_its_size() -> None:
    content = b"<a>" + b"x" * 997
    lying = patched("xl/theme/theme1.xml", size=1000, crc=zlib.crc32(content))
    assert fault(lying) == ("inflated", "too-large")


def test_part_with_a_wrong_checksum() -> None:
    data = bytearray(GOOD_BOOK)
    at = data.index(b"PK\x01\x02")
    data[at + 16] ^= 1
    assert fault(bytes(data)) == ("not-xlsx", "encoding")


def test_too_many_parts() -> None:
    many = {f"xl/{at}.bin": b"" for at in range(MAX_ENTRIES)}
    assert fault(zipped(parts({"S": sheet_xml("")}) | many)) == ("inflated", "too-large")


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2],
        lambda data: data + b"\0",
        lambda data: data[:4] + data[8:],
        lambda data: data[:-2] + b"\x01\0" + b"c",
        lambda data: data[:-18] + b"\x01" + data[-17:],
        lambda data: b"PK\x03\x04" + data,
        lambda data: b"PK\x03\x04",
        lambda data: data.replace(b"PK\x01\x02", b"PK\x01\x03", 1),
    ],
)
def test_broken_containers(change: Callable[[bytes], bytes]) -> None:
    assert fault(change(GOOD_BOOK))[1] == "encoding"


def test_two_parts_of_one_name() -> None:
    assert fault(with_part("XL/Worksheets/SHEET1.xml", sheet_xml(""))) == ("not-xlsx", "encoding")


def test_old_and_protected_workbooks() -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)
    assert fault(ole) == ("old-or-protected", "encoding")
    data = bytearray(GOOD_BOOK)
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    assert fault(bytes(data)) == ("protected", "encoding")


ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
)


@pytest.mark.parametrize(
    "name",
    [
        "xl/worksheets/sheet1.xml",
        "xl/sharedStrings.xml",
        "xl/workbook.xml",
        "xl/_rels/workbook.xml.rels",
        "xl/styles.xml",
        "docProps/core.xml",
    ],
)
def test_entities(name: str) -> None:
    content = parts({"S": sheet_xml(penalty_sheet(GOOD))}, strings="<si><t>a</t></si>").get(name)
    hostile = ENTITIES + (content if isinstance(content, str) else "<x/>")
    assert fault(with_part(name, hostile)) == ("xml-hostile", "encoding")


def test_entity_between_the_rows() -> None:
    sheet = sheet_xml(penalty_sheet(GOOD)).replace("</row>", "</row><!DOCTYPE x>", 1)
    assert fault(with_part("xl/worksheets/sheet1.xml", sheet))[1] == "encoding"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "gb18030"])
def test_xml_in_other_encodings(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>' + sheet_xml(penalty_sheet(GOOD))
    data = with_part("xl/worksheets/sheet1.xml", text.encode(encoding))
    assert fault(data)[1] == "encoding"


def far(reference: str) -> bytes:
    return workbook(penalty_sheet(GOOD, extra=row(9, f'<c r="{reference}"><v>1</v></c>')))


@pytest.mark.parametrize(
    "reference",
    ["XFD9", "ALM9", "AAAA9", "ZZZZZZZZZ9", "A1048577", "A99999999999", "ZZ1048576", "CZ1048576"],
)
def test_a_cell_far_out(reference: str) -> None:
    assert fault(far(reference)) == ("dimensions", "too-large")


def test_a_million_columns() -> None:
    names = "".join(f"<c><v>{at}</v></c>" for at in range(1_000_000))
    sheet = text_row(1, list(GOOD)) + row(2, names)
    assert fault(workbook(sheet)) == ("dimensions", "too-large")


def test_a_million_columns_with_references() -> None:
    def reference(at: int) -> str:
        name = ""
        at += 1
        while at:
            at, rest = divmod(at - 1, 26)
            name = chr(65 + rest) + name
        return name

    cells = "".join(f'<c r="{reference(at)}2"><v>1</v></c>' for at in range(1_000_000))
    sheet = text_row(1, list(GOOD)) + row(2, cells)
    assert fault(workbook(sheet)) == ("dimensions", "too-large")


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="A2" r="XFD1048576"><v>1</v></c>',
        "<c r='XFD1048576'><v>1</v></c>",
        '<c r = "XFD1048576"><v>1</v></c>',
        '<c\tr="XFD1048576"><v>1</v></c>',
        '<c s="0" r="XFD1048576"><v>1</v></c>',
        '<x:c xmlns:x="y" r="XFD1048576"><x:v>1</x:v></x:c>',
        '<c r="xfd1048576"><v>1</v></c>',
        '<c r="A&#49;048576"><v>1</v></c><c><v>1</v></c><c r="CZ1"><v>1</v></c>',
        '<!-- --><c r="XFD1048576"><v>1</v></c>',
    ],
)
def test_far_out_in_other_spellings(cell: str) -> None:
    data = workbook(text_row(1, list(GOOD)) + row(2, cell))
    assert fault(data)[1] in ("too-large", "encoding")


HIDDEN = '<c r="XFD1048576"><v>1</v></c>'


@pytest.mark.parametrize(
    "data",
    [
        f'<row r="2" x="</sheetData>">{HIDDEN}</row>',
        f"<row r='2' x='</sheetData>'>{HIDDEN}</row>",
        f'<row r="2"><c r="A2"><f x="</sheetData>">1</f></c>{HIDDEN}</row>',
        f'<row r="2"><c r="A2" x="</sheetData>"><v>1</v></c>{HIDDEN}</row>',
        f'<row r="2"></row x="</sheetData>">{HIDDEN}',
    ],
)
def test_far_out_behind_an_end_that_is_none(data: str) -> None:
    """A parser that is lenient with attributes would read on where we would stop."""
    sheet = sheet_xml(text_row(1, list(GOOD)) + data)
    assert fault(zipped(parts({"S": sheet})))[1] in ("encoding", "too-large")


@pytest.mark.parametrize(
    "prologue",
    [
        '<a x="<sheetData></sheetData>"/>',
        "<a x='<sheetData></sheetData>'/>",
        "<!-- <sheetData></sheetData> -->",
        "<?a <sheetData></sheetData> ?>",
        "<a><![CDATA[<sheetData></sheetData>]]></a>",
    ],
)
def test_far_out_before_a_beginning_that_is_none(prologue: str) -> None:
    sheet = sheet_xml(text_row(1, list(GOOD)) + row(2, HIDDEN))
    sheet = sheet.replace("<sheetData>", f"{prologue}<sheetData>", 1)
    assert fault(zipped(parts({"S": sheet})))[1] in ("encoding", "too-large")


def test_elements_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "MAX_ELEMENTS", 1000)
    assert fault(workbook(penalty_sheet(GOOD, extra="<row><c/></row>" * 1000)))[1] == "too-large"


def zip64(data: bytes, **changes: int) -> bytes:
    """With the end record also in 64 bits, as some Java programs write it into every file."""
    end = data[-22:]
    count, size, offset = struct.unpack("<HLL", end[10:20])
    told = {"count": count, "size": size, "offset": offset, "at": offset + size} | changes
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, told["count"],
                         told["count"], told["size"], told["offset"])  # fmt: skip
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, told["at"], 1)
    return data[:-22] + record + locator + end


def test_zip64() -> None:
    assert len(read(zip64(GOOD_BOOK))) == 1
    end = GOOD_BOOK[-22:-12] + b"\xff" * 10 + b"\0\0"
    open_ = GOOD_BOOK[:-22] + zip64(GOOD_BOOK)[len(GOOD_BOOK) - 22 : -22] + end
    assert len(read(open_)) == 1
    for changes in ({"count": 1}, {"offset": 4}, {"size": 4}, {"at": 0}):
        assert fault(zip64(GOOD_BOOK, **changes)) == ("not-xlsx", "encoding")


def test_parts_of_other_programs_are_left_alone() -> None:
    item = '<?xml version="1.0" encoding="utf-16"?><a/>'.encode("utf-16")
    assert len(read(with_part("customXml/item1.xml", item))) == 1


def test_styled_but_empty_cells_far_out_are_harmless() -> None:
    sheet = penalty_sheet(GOOD, extra=row(9, '<c r="XFD9" s="1"/>', '<c r="A1048576" s="1"/>'))
    assert len(read(workbook(sheet))) == 1


def test_one_string_in_a_million_cells() -> None:
    cells = "".join(row(at, f'<c r="A{at}" t="s"><v>1</v></c>') for at in range(2, 60_002))
    strings = f"<si><t>CF_WSH</t></si><si><t>{'甲' * 3000}</t></si>"
    data = workbook(text_row(1, list(GOOD)) + cells, strings=strings)
    assert fault(data) == ("inflated", "too-large")
    plain = workbook(text_row(1, list(GOOD)) + cells, strings=strings.replace("甲" * 3000, "甲"))
    assert len(read(plain)) == 60_000


def test_one_string_in_a_million_cells_in_another_spelling() -> None:
    cells = "".join(row(at, f"<c r='A{at}' t='s'><v>1</v></c>") for at in range(2, 60_002))
    strings = f"<si><t>CF_WSH</t></si><si><t>{'甲' * 4000}</t></si>"
    data = workbook(text_row(1, list(GOOD)) + cells, strings=strings)
    assert fault(data) == ("inflated", "too-large")


def test_strings_hidden_behind_a_comment() -> None:
    cells = "".join(row(at, f'<c r="A{at}" t="s"><v>0</v></c>') for at in range(2, 60_002))
    strings = f"<!-- <si> --><si><t>{'甲' * 4000}</t></si>"
    assert fault(workbook(text_row(1, list(GOOD)) + cells, strings=strings))[0] == "inflated"


@pytest.mark.parametrize(
    "sheet",
    [
        b"",
        b"<worksheet>",
        b"<worksheet><sheetData><row>",
        b"<worksheet><sheetData></worksheet>",
        b"\xff\xfe\0\0",
        b"<worksheet><sheetData><row r='x'><c><v>1</v></c></row></sheetData></worksheet>",
        b'<worksheet><sheetData><row r="1"><c r="A0"><v>1</v></c></row></sheetData></worksheet>',
        b'<worksheet><sheetData><row r="1"><c r="1A"><v>1</v></c></row></sheetData></worksheet>',
    ],
)
def test_broken_sheets(sheet: bytes) -> None:
    assert fault(with_part("xl/worksheets/sheet1.xml", sheet))[1] in ("encoding", "too-large")


def test_sheets_that_lead_nowhere() -> None:
    for old, new in (
        ("worksheets/sheet1.xml", "worksheets/other.xml"),
        (f"{RELATIONS}/worksheet", f"{RELATIONS}/chartsheet"),
        ("rId1", "rId9"),
    ):
        made = parts({"S": sheet_xml(penalty_sheet(GOOD))})
        made["xl/_rels/workbook.xml.rels"] = str(made["xl/_rels/workbook.xml.rels"]).replace(
            old, new
        )
        assert fault(zipped(made)) == ("not-xlsx", "encoding")


def test_two_relations_of_one_id() -> None:
    twice = f'<Relationship Id="rId1" Type="{RELATIONS}/worksheet" Target="styles.xml"/>'
    made = parts({"S": sheet_xml(penalty_sheet(GOOD))})
    rels = str(made["xl/_rels/workbook.xml.rels"]).replace("</Rel", twice + "</Rel", 1)
    assert fault(zipped(made | {"xl/_rels/workbook.xml.rels": rels}))[0] == "not-xlsx"


def test_absolute_targets_and_other_prefixes() -> None:
    made = parts({"S": sheet_xml(penalty_sheet(GOOD))})
    rels = str(made["xl/_rels/workbook.xml.rels"]).replace("worksheets/", "/xl/worksheets/")
    book = (
        f'<x:workbook xmlns:x="{MAIN}" xmlns:q="{RELATIONS}"><x:sheets>'
        '<x:sheet name="S" sheetId="1" q:id="rId1"/></x:sheets></x:workbook>'
    )
    made |= {"xl/_rels/workbook.xml.rels": rels, "xl/workbook.xml": book}
    assert len(read(zipped(made))) == 1
    assert PACKAGE in rels


def test_a_panic_of_the_parser_is_a_broken_workbook(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        """Stands for that of the Rust code, which nothing here can provoke."""

    def panic(*_: object) -> None:
        raise PanicException

    monkeypatch.setattr("gateway.files.xlsx.CalamineWorkbook.from_filelike", panic, raising=True)
    number = workbook(penalty_sheet(GOOD, extra=row(9, '<c r="A9"><v>1</v></c>')))
    assert fault(number) == ("not-xlsx", "encoding")
    assert len(read(GOOD_BOOK)) == 1, "nothing but texts is not given to it"


def test_flipped_bytes_never_raise_anything_else() -> None:
    random = Random(7)
    unpacked = io.BytesIO()
    with zipfile.ZipFile(unpacked, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts({"S": sheet_xml(penalty_sheet(GOOD))}).items():
            archive.writestr(name, content)
    for good in (GOOD_BOOK, unpacked.getvalue()):
        for _ in range(400):
            data = bytearray(good)
            for _ in range(random.randint(1, 4)):
                data[random.randrange(len(data))] = random.randrange(256)
            try:
                read(bytes(data), "x.xlsx")
            except FileFault:
                continue


def test_sheets_changed_at_random_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checksum is right, so the XML reaches the parsers; only faults come out."""
    monkeypatch.setattr(bounds, "MAX_CELLS", 1 << 16)
    monkeypatch.setattr(exact, "MAX_CELLS", 1 << 16)
    random = Random(11)
    good = sheet_xml(penalty_sheet(GOOD, GOOD)).encode()
    for _ in range(400):
        data = bytearray(good)
        for _ in range(random.randint(1, 6)):
            at = random.randrange(len(data))
            data[at : at + random.randint(0, 3)] = random.choice(
                [b"<", b">", b'"', b"<c>", b"<f>", b"9", b"Z", b"<!--", b"<![CDATA[", b"&", b"\0"]
            )
        try:
            read(with_part("xl/worksheets/sheet1.xml", bytes(data)), "x.xlsx")
        except FileFault:
            continue


@pytest.mark.parametrize("prefix", ["", "x:"])
@pytest.mark.parametrize("told", ["4294967296", "99999999999999999999", "-1", "x", "", "1"])
@pytest.mark.parametrize("which", ["count", "uniqueCount"])
def test_a_table_of_strings_that_says_it_is_huge(which: str, told: str, prefix: str) -> None:
    """The parser behind took memory for all of them, and died of it with its process."""
    cell = '<c r="A2" t="s"><v>1</v></c>'
    made = parts({"S": sheet_xml(text_row(1, list(GOOD)) + row(2, cell))})
    strings = f"<{prefix}si><{prefix}t>0</{prefix}t></{prefix}si>"
    strings += f"<{prefix}si><{prefix}t>样例</{prefix}t></{prefix}si>"
    space = f'xmlns:x="{MAIN}"' if prefix else f'xmlns="{MAIN}"'
    made["xl/sharedStrings.xml"] = (
        f'<?xml version="1.0"?><{prefix}sst a=">" {space} {which}="{told}">{strings}</{prefix}sst>'
    )
    assert read(zipped(made), "x.xlsx")[0].input.fields == {"CF_XDR_MC": "样例"}
