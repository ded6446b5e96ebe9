"""What a file is: told by its bytes, whatever its name, with what to do where it is not read."""

import gzip
import io
import zipfile
from random import Random

import pytest

from gateway.files.errors import FileFault
from gateway.files.kinds import SAMPLE, kind_of
from tests.support.old_sheets import old_workbook
from tests.support.sheets import GOOD, csv_text, penalty_sheet, read, workbook, zipped

BOOK = workbook(penalty_sheet(GOOD))
OLD = old_workbook(list(GOOD), list(GOOD.values()))
TABLE = csv_text(GOOD).encode()
RECORD = b'{"type":"penalty","fields":{"CF_WSH":"x"}}'
NAMES = [
    "a.xlsx",
    "a.xls",
    "a.et",
    "a.csv",
    "a.tsv",
    "a.txt",
    "a.json",
    "a.ndjson",
    "a",
    "",
    "a.xlsx.csv",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_do_not_matter(name: str) -> None:
    for data in (BOOK, OLD, TABLE, csv_text(GOOD).replace(",", "\t").replace('"', "").encode()):
        fields = read(data, name)[0].input.fields
        assert fields["CF_XDR_MC"] == GOOD["CF_XDR_MC"]
    assert read(RECORD, name)[0].input.fields == {"CF_WSH": "x"}
    assert [r.input.row for r in read(RECORD + b"\n" + RECORD, name)] == [1, 2]
    assert [r.input.fields for r in read(b'{"type":"penalty",\n"fields":{}}', name)] == [{}]


def test_the_first_line_of_many_may_be_broken() -> None:
    found = read(b"x\n" + RECORD + b"\n", "a.ndjson")
    assert [(r.input.row, r.input.fault is None) for r in found] == [(1, False), (2, True)]


def packed(*names: str, content: bytes = b"x") -> bytes:
    return zipped({name: content for name in names})


def gzipped() -> bytes:
    return gzip.compress(BOOK)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"%PDF-1.7\n", "no-table"),
        (b"\x89PNG\r\n\x1a\n", "no-table"),
        (b"\xff\xd8\xff\xe0", "no-table"),
        (b"{\\rtf1\\ansi", "no-table"),
        (packed("word/document.xml", "[Content_Types].xml"), "no-table"),
        (packed("ppt/presentation.xml"), "no-table"),
        (gzipped(), "packed"),
        (b"Rar!\x1a\x07", "packed"),
        (b"7z\xbc\xaf\x27\x1c", "packed"),
        (packed("a.xlsx", "b.csv"), "packed"),
        (packed("mimetype", "content.xml"), "other-workbook"),
        (packed("xl/workbook.bin", "[Content_Types].xml"), "other-workbook"),
        (b"<html><table><tr><td>", "web-page"),
        (b"\xef\xbb\xbf\r\n<!DOCTYPE HTML PUBLIC", "web-page"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook', "web-page"),
        (b"MIME-Version: 1.0\r\nX-Document-Type: Workbook", "web-page"),
        (b"PK\x05\x06" + bytes(18), "not-xlsx"),
        (b"PK\x03\x04nonsense", "not-xlsx"),
        (b"", "empty"),
        (b" \r\n", "empty"),
    ],
)
@pytest.mark.parametrize("name", ["a.xlsx", "a.xls", "a.csv", "a.json", "a.ndjson"])
def test_other_files_are_called_by_what_they_are(data: bytes, fault: str, name: str) -> None:
    with pytest.raises(FileFault) as caught:
        read(data, name)
    assert caught.value.name == fault
    assert caught.value.message["zh"] and caught.value.message["en"]


@pytest.mark.parametrize("name", NAMES)
def test_junk_is_told_by_its_beginning(name: str) -> None:
    """However much of it there is: nothing beyond the sample is looked at."""

    class Guarded(bytes):
        def decode(self, *_: object, **__: object) -> str:
            raise AssertionError("decoded")

    for seed in range(20):
        junk = Random(seed).randbytes(2 * SAMPLE)
        data = Guarded((b"\0" if junk[:1] in b"{[<" else b"") + junk)
        with pytest.raises(FileFault):
            kind_of(data, name)


def test_a_workbook_cut_short() -> None:
    with pytest.raises(FileFault):
        read(BOOK[:-100], "x.xlsx")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w"):
        pass
    with pytest.raises(FileFault):
        read(buffer.getvalue(), "x.xlsx")
