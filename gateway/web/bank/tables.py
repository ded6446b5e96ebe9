"""Workbooks and archives that pages of a bank hand out."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any, Final

from gateway.web.bank.runs import Run
from ledger.cli.sheets import Sheet, sheets

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_COLUMNS: Final = (
    *("id", "at", "token", "subject", "purpose", "matter", "types", "authorisation"),
    *("answered", "missing", "items", "overall", "decision"),
)
_ANSWERS: Final = ("row", "code", "overall", "records", "adverse", "missing", "use", "problem")
_RECORDS: Final = ("code", "issuer", "type", "decided", "until", "verdict", "adverse", "leaf")


def queries_table(lines: Sequence[Mapping[str, Any]]) -> bytes:
    """The log of queries, with the columns of `credit-ledger queries export`."""
    rows = [[_cell(line[name]) for name in _COLUMNS] for line in lines]
    return sheets([Sheet(name="queries", head=_COLUMNS, rows=rows)])


def answers_table(run: Run, code: str) -> bytes:
    """What a check was answered, with the columns of `credit-ledger checks`. code: of the language
    in which problems are told."""
    answers = [
        _answer(row["row"], line, code) for row, line in zip(run.rows, run.lines, strict=False)
    ]
    records = [
        [line["code"], *(_cell(record[name]) for name in _RECORDS[1:])]
        for line in run.lines
        for record in line.get("records", ())
    ]
    return sheets(
        [
            Sheet(name="answers", head=_ANSWERS, rows=answers),
            Sheet(name="records", head=_RECORDS, rows=records),
        ]
    )


def archive(files: Sequence[tuple[str, bytes]]) -> bytes:
    """The files as one ZIP."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files:
            made.writestr(name, data)
    return buffer.getvalue()


def _answer(row: int, line: Mapping[str, Any], code: str) -> list[object]:
    if line["problem"] is not None:
        problem = f"{line['problem']['message'][code]} [{line['problem']['code']}]"
        return [row, line["code"], None, None, None, None, None, problem]
    missing = "; ".join(f"{one['member']}: {one['reason']}" for one in line["missing"])
    records = line["records"]
    adverse = sum(one["adverse"] is True and one["verdict"] == "valid" for one in records)
    count = len(records)
    use = line["use"]
    return [row, line["code"], line["overall"], count, adverse, missing or None, use, None]


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return "; ".join(f"{name}: {each}" for name, each in value.items())
    return value
