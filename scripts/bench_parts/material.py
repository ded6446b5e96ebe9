"""Synthetic records, made fast enough not to be what is measured.

All are penalties in force, each with a document number and facts of its own, about one of
`SUBJECTS` firms, or of as many as are asked for. `OF_AN_OFFICE` in a row come from one of `OFFICES`
offices, as a department's stream or file does.
The same numbers give the same records, so that a record is never sent twice by mistake.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import xlsxwriter  # type: ignore[import-untyped]

from ledger.records import schema
from scripts.demo_parts.today import PLACES, complete, penalty

CODE = "120000"
SUBJECTS = 1000
OFFICES = 500
OF_AN_OFFICE = 16_384


def subject(number: int, firms: int = SUBJECTS) -> str:
    """The USCC of the firm that record `number` is about, of so many firms."""
    return _subjects(firms)[number % firms]


@cache
def _subjects(firms: int) -> list[str]:
    place = f"91{PLACES[CODE]}"
    if firms > SUBJECTS:
        return [complete(place, f"M{n:07d}") for n in range(firms)]
    return [complete(place, f"MABCH{n:03d}") for n in range(firms)]


@cache
def _offices() -> list[str]:
    place = f"11{PLACES[CODE]}"
    return [complete(place, f"MABCA{n:03d}") for n in range(OFFICES)]


@cache
def _template() -> dict[str, object]:
    yesterday = datetime.now(ZoneInfo("Asia/Shanghai")).date() - timedelta(days=1)
    return penalty(CODE, 0, yesterday)


def _own(number: int, firms: int = SUBJECTS) -> dict[str, str]:
    """The fields of one record that differ from those of others."""
    office = number // OF_AN_OFFICE % OFFICES
    return {
        "CF_XDR_MC": f"合成基准{number % firms}号有限公司",
        "CF_XDR_SHXYM": subject(number, firms),
        "CF_WSH": f"基准罚〔2026〕{number}号",
        "CF_SY": f"经查，当事人未按规定公示年度报告（合成基准，第{number}件）。",
        "CF_CFJG": f"合成基准{office}号市场监督管理局",
        "CF_CFJGDM": _offices()[office],
    }


@cache
def _pieces() -> list[str]:
    """A record as JSON, cut where the fields of `_own` go, in their order."""
    record = _template()
    fields = record["fields"]
    assert isinstance(fields, dict)  # noqa: S101 - for the type checker
    cut = {code: f"@{code}@" for code in fields if code in _own(0)}
    text = json.dumps(record | {"fields": fields | cut}, ensure_ascii=False, separators=(",", ":"))
    pieces = []
    for code in cut:
        before, text = text.split(f"@{code}@")
        pieces += [before, code]
    return [*pieces, text + "\n"]


def lines(first: int, count: int, firms: int = SUBJECTS) -> Iterator[bytes]:
    """NDJSON lines of records first … first + count - 1, each with its line end, about so many
    firms."""
    pieces = _pieces()
    for number in range(first, first + count):
        own = _own(number, firms)
        yield "".join([own.get(piece, piece) for piece in pieces]).encode()


def write_workbook(path: Path, first: int, count: int) -> Path:
    """The same records as an XLSX file with the standard's Chinese column names."""
    penalty_schema = schema.load("penalty")
    fields = _template()["fields"]
    assert isinstance(fields, dict)  # noqa: S101 - for the type checker
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_numbers": False})
    sheet = book.add_worksheet("行政处罚")
    sheet.write_row(0, 0, [penalty_schema.by_code[code].zh for code in fields])
    for row in range(count):
        own = _own(first + row)
        sheet.write_row(row + 1, 0, [_cell(own.get(code, fields[code])) for code in fields])
    book.close()
    return path


def _cell(value: object) -> str:
    return "；".join(value) if isinstance(value, list) else str(value)
