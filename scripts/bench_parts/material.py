"""Synthetic records, made fast enough not to be what is measured.

All are penalties in force, each with a document number of its own, about one of `SUBJECTS` firms.
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
_NAME, _USCC, _NUMBER = "@name@", "@uscc@", "@number@"


def subject(number: int) -> str:
    """The USCC of the firm that record `number` is about."""
    return _subjects()[number % SUBJECTS]


@cache
def _subjects() -> list[str]:
    place = f"91{PLACES[CODE]}"
    return [complete(place, f"MABCH{n:03d}") for n in range(SUBJECTS)]


@cache
def _template() -> dict[str, object]:
    yesterday = datetime.now(ZoneInfo("Asia/Shanghai")).date() - timedelta(days=1)
    record = penalty(CODE, 0, yesterday)
    record["fields"] |= {"CF_XDR_MC": _NAME, "CF_XDR_SHXYM": _USCC, "CF_WSH": _NUMBER}
    return record


def lines(first: int, count: int) -> Iterator[bytes]:
    """NDJSON lines of records first … first + count - 1, each with its line end."""
    text = json.dumps(_template(), ensure_ascii=False, separators=(",", ":")) + "\n"
    before, rest = text.split(_NAME)
    middle, rest = rest.split(_USCC)
    third, last = rest.split(_NUMBER)
    for n in range(first, first + count):
        made = f"{before}合成基准{n % SUBJECTS}号有限公司{middle}{subject(n)}{third}{_wsh(n)}{last}"
        yield made.encode()


def _wsh(number: int) -> str:
    return f"基准罚〔2026〕{number}号"


def write_workbook(path: Path, first: int, count: int) -> Path:
    """The same records as an XLSX file with the standard's Chinese column names."""
    penalty_schema = schema.load("penalty")
    fields = _template()["fields"]
    assert isinstance(fields, dict)  # noqa: S101 - for the type checker
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_numbers": False})
    sheet = book.add_worksheet("行政处罚")
    sheet.write_row(0, 0, [penalty_schema.by_code[code].zh for code in fields])
    for row in range(count):
        n = first + row
        own = {
            "CF_XDR_MC": f"合成基准{n % SUBJECTS}号有限公司",
            "CF_XDR_SHXYM": subject(n),
            "CF_WSH": _wsh(n),
        }
        sheet.write_row(row + 1, 0, [_cell(own.get(code, fields[code])) for code in fields])
    book.close()
    return path


def _cell(value: object) -> str:
    return "；".join(value) if isinstance(value, list) else str(value)
