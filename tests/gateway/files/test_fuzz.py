"""Files changed at random: a fault or rows come out, never anything else, and never a 5xx."""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date
from random import Random

import pytest

from gateway.files.errors import FileFault
from gateway.files.reading import Reading
from ledger.records.schema import find
from ledger.records.setting import Setting
from ledger.records.validate import check
from tests.acceptance.independent import uscc
from tests.gateway.files.desk import Desk
from tests.support.sheets import zipped
from tests.support.twins import make_records, twins

RECORDS = make_records(5, 4, uscc)
FILES = {what: (name, content) for what, name, content in twins(5, RECORDS)}
FEW = [
    "openpyxl",
    "xlsxwriter",
    "by hand",
    "old",
    "utf-8, comma",
    "gb18030, tab",
    "utf-16, bar",
    "ndjson",
]
WORKBOOKS = FEW[:3]
PIECES = [
    *(
        b"<",
        b">",
        b'"',
        b"'",
        b"&",
        b"=",
        b"/",
        b"-1",
        b"1.0",
        b"99999999999",
        b" ",
        b"\0",
        b"\xff",
    ),
    *(b"<f>1</f>", b"<c>", b"</c>", b'<row r="2">', b"</row>", b' t="s"', b' t="b"', b' s="9"'),
    *(
        b"<!--",
        b"<![CDATA[",
        b"\r\n",
        b",",
        b"\t",
        b"[[[[",
        b"{",
        b"}",
        "合计".encode(),
        b"\\u0000",
    ),
    *(b"\\ud800", b"1E400", b"_x0000_", b"rId1", b"../"),
]
NUMBER = re.compile(rb"[0-9]+")


def flipped(content: bytes, random: Random) -> bytes:
    """With some bytes changed, pieces put in or cut out."""
    data = bytearray(content or b" ")
    for _ in range(random.randint(1, 4)):
        data = data or bytearray(b" ")
        at = random.randrange(len(data))
        way = random.randrange(3)
        if way == 0:
            data[at] = random.randrange(256)
        elif way == 1:
            data[at : at + random.randint(0, 3)] = random.choice(PIECES)
        else:
            del data[at : at + random.randint(1, 200)]
    return bytes(data)


def renumbered(content: bytes, random: Random) -> bytes:
    """With one of its numbers changed: indexes, places, styles."""
    found = list(NUMBER.finditer(content))
    if not found:
        return content
    match = random.choice(found)
    other = random.choice([b"-1", b"0", b"1.0", b"", b" 1", b"77", b"1048577", b"4294967296", b"x"])
    return content[: match.start()] + other + content[match.end() :]


def inside(content: bytes, random: Random, change: Callable[[bytes, Random], bytes]) -> bytes:
    """A workbook with one of its parts changed, packed anew so that it reaches the parsers."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        made: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    name = random.choice(list(made))
    made[name] = change(bytes(made[name]), random)  # type: ignore[arg-type]
    return zipped(made)


def read(content: bytes, name: str) -> None:
    """Read and judge; rows that come out name a field or a value, never raise."""
    try:
        for row in Reading(content, name=name, type_=None).rows():
            schema = find(row.input.type)
            if schema is not None and row.input.fault is None:
                check(
                    schema,
                    row.input.fields,
                    Setting(today=date(2026, 11, 23)),
                    class_=row.input.class_,
                    cell_errors=row.input.cell_errors,
                )
    except FileFault as fault:
        assert fault.message["zh"] and fault.message["en"]


@pytest.mark.parametrize("what", FEW)
def test_whole_files(what: str) -> None:
    name, content = FILES[what]
    random = Random(what)
    for _ in range(200):
        read(flipped(content, random), name)


@pytest.mark.parametrize("what", WORKBOOKS)
@pytest.mark.parametrize("change", [flipped, renumbered])
def test_parts_of_workbooks(what: str, change: Callable[[bytes, Random], bytes]) -> None:
    name, content = FILES[what]
    random = Random(f"{what}{change.__name__}")
    for _ in range(250):
        read(inside(content, random, change), name)


def test_sent_to_a_node(desk: Desk) -> None:
    random = Random(3)
    for what in FEW:
        name, content = FILES[what]
        for _ in range(6):
            data = (
                inside(content, random, flipped) if what in WORKBOOKS else flipped(content, random)
            )
            answer = desk.send(data, name)
            assert answer["state"] in ("done", "failed")
            assert answer.get("code") != "set-aside"
            assert sum(answer["counts"].values()) == len(answer["verdicts"])
            if answer["counts"]["rejected"] + answer["counts"]["conflict"]:
                assert desk.report(answer).startswith(b"PK")


def test_streams_of_records(desk: Desk) -> None:
    _, content = FILES["ndjson"]
    random = Random(4)
    kind = {"Content-Type": "application/x-ndjson"}
    for _ in range(60):
        data = flipped(content, random)
        answer = desk.client.request(
            "POST", "/v1/records", content=data, headers=desk.headers | kind
        )
        assert answer.status_code == 200
        assert b'"problem"' not in answer.content
        alone = desk.client.request(
            "POST",
            "/v1/records",
            content=flipped(content.split(b"\n")[0], random),
            headers=desk.headers | {"Content-Type": "application/json"},
        )
        assert alone.status_code in (200, 201, 409, 422)
