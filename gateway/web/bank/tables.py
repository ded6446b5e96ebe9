"""Workbooks and archives that pages of a bank hand out."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any, Final

from gateway.web.bank import words
from gateway.web.bank.runs import Run
from gateway.web.languages import Code, Language
from ledger.cli.column_words import column_in
from ledger.cli.sheets import Sheet, sheets

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_COLUMNS: Final = (
    *("id", "at", "token", "subject", "purpose", "matter", "types", "authorisation"),
    *("answered", "missing", "items", "overall", "decision"),
)
_SHEETS: Final[Mapping[Code, tuple[str, str]]] = {
    "zh": ("各企业结果", "各条记录"),
    "en": ("answers", "records"),
}
_ANSWERS: Final = ("row", "code", "overall", "records", "adverse", "missing", "use", "problem")
_RECORDS: Final = ("code", "issuer", "type", "decided", "until", "verdict", "adverse", "leaf")


def queries_table(lines: Sequence[Mapping[str, Any]], code: Code) -> bytes:
    """The log of queries, with the columns of `credit-ledger queries export`. code: of the language
    of heads and values; moments are those of China."""
    rows = [[_said(name, line[name], code) for name in _COLUMNS] for line in lines]
    name = {"zh": "查询登记", "en": "queries"}[code]
    return sheets([Sheet(name=name, head=_heads(_COLUMNS, code), rows=rows)])


def answers_table(run: Run, code: Code) -> bytes:
    """What a check was answered, with the columns of `credit-ledger checks`. code: of the language
    of heads, values and problems."""
    answers = [
        _answer(row["row"], line, code) for row, line in zip(run.rows, run.lines, strict=False)
    ]
    records = [
        [line["code"], *(_said(name, record[name], code) for name in _RECORDS[1:])]
        for line in run.lines
        for record in line.get("records", ())
    ]
    return sheets(
        [
            Sheet(name=_SHEETS[code][0], head=_heads(_ANSWERS, code), rows=answers),
            Sheet(name=_SHEETS[code][1], head=_heads(_RECORDS, code), rows=records),
        ]
    )


def archive(files: Sequence[tuple[str, bytes]]) -> bytes:
    """The files as one ZIP."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files:
            made.writestr(name, data)
    return buffer.getvalue()


def _answer(row: int, line: Mapping[str, Any], code: Code) -> list[object]:
    if line["problem"] is not None:
        problem = f"{line['problem']['message'][code]} [{line['problem']['code']}]"
        return [row, line["code"], None, None, None, None, None, problem]
    missing = _said("missing", {one["member"]: one["reason"] for one in line["missing"]}, code)
    records = line["records"]
    adverse = sum(one["adverse"] is True and one["verdict"] == "valid" for one in records)
    count = len(records)
    use = line["use"]
    overall = _said("overall", line["overall"], code)
    return [row, line["code"], overall, count, adverse, missing or None, use, None]


def _heads(names: Sequence[str], code: Code) -> tuple[str, ...]:
    return tuple(column_in(name, code) for name in names)


def _said(name: str, value: Any, code: Code) -> Any:
    """A cell in words, in Chinese; in English as the interface has it, but for moments."""
    if name == "at":
        return Language(code).moment(value)
    if code == "en" or value is None or name not in _CHINESE:
        return _cell(value)
    return _CHINESE[name](value)


def _by_member(told: Mapping[str, Any]) -> str:
    return "；".join(f"{Language('zh').member(of)}：{what}" for of, what in told.items())


_CHINESE: Final[Mapping[str, Callable[[Any], str]]] = {
    "types": lambda names: "、".join(words.word(words.families(), one)["zh"] for one in names),
    "missing": lambda told: _by_member(
        {of: words.word(words.MISSING, why)["zh"] for of, why in told.items()}
    ),
    "answered": lambda told: _by_member({of: f"{count} 条" for of, count in told.items()}),
    "overall": lambda value: words.OVERALL[value][1]["zh"],
    "issuer": Language("zh").member,
    "adverse": lambda value: "是" if value else "否",
    "verdict": lambda value: words.verdict_text(value)["zh"],
    "purpose": lambda value: words.word(words.PURPOSES_SHOWN, value)["zh"],
    "decision": lambda value: words.word(words.DECISIONS, value)["zh"],
}
"""What stands in a cell, by column."""


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return "; ".join(f"{name}: {each}" for name, each in value.items())
    return value
