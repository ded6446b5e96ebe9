"""Quality counted a second time, from the files and the texts alone (domain 1.2, 7, 12).

Nothing here imports the product. `judge` knows the table of penalties; what a set of files should
give is counted by `Counter`, row by row, in the order in which the files were sent.
"""

import csv
import io
import json
import re
from collections import Counter as Plain
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import chinese_calendar  # type: ignore[import-untyped]
import openpyxl

Row = dict[str, str]

CHINESE = {
    "行政相对人名称": "CF_XDR_MC",
    "行政相对人类别": "CF_XDR_LB",
    "行政相对人代码_1(统一社会信用代码)": "CF_XDR_SHXYM",
    "法定代表人": "CF_FRDB",
    "行政处罚决定书文号": "CF_WSH",
    "违法行为类型": "CF_WFXW",
    "违法事实": "CF_SY",
    "处罚依据": "CF_YJ",
    "处罚类别": "CF_CFLB",
    "处罚内容": "CF_NR",
    "罚款金额(万元)": "CF_NR_FK",
    "处罚决定日期": "CF_JDRQ",
    "处罚有效期": "CF_YXQ",
    "公示截止期": "CF_GSJZQ",
    "处罚机关": "CF_CFJG",
    "处罚机关统一社会信用代码": "CF_CFJGDM",
    "数据来源单位": "CF_SJLY",
    "数据来源单位统一社会信用代码": "CF_SJLYDM",
}
AUTHORITY = {"CF": "CF_CFJGDM", "XK": "XK_XKJGDM"}
DECIDED = {"CF": "CF_JDRQ", "XK": "XK_JDRQ"}
REQUIRED = (
    *("CF_XDR_MC", "CF_XDR_LB", "CF_WSH", "CF_WFXW", "CF_SY", "CF_YJ", "CF_CFLB", "CF_NR"),
    *("CF_JDRQ", "CF_YXQ", "CF_CFJG", "CF_CFJGDM", "CF_SJLY", "CF_SJLYDM"),
)
KINDS = ("法人及非法人组织", "个体工商户")
LIMIT = 7  # working days

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_PLAIN = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_INNER = (3, 7, 9, 10, 5, 8, 4, 2)
_CODE = re.compile("[1-9ANY][0-9A-HJ-NPQRTUWXY]{17}")
_DAY = re.compile("([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})")
_MONEY = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")


def read(name: str, data: bytes) -> list[Row]:
    """The rows of a table or of lines of JSON, by code; cells that are empty are not there."""
    if name.endswith(".ndjson"):
        records = [json.loads(line)["fields"] for line in data.splitlines()]
        return [_filled(_joined(record).items()) for record in records]
    return list(_below_header(_sheet(data) if name.endswith(".xlsx") else _text(data)))


def working_day_limit(decided: date) -> date:
    """The last day on which it is in time."""
    day, left = decided, LIMIT
    while left:
        day += timedelta(days=1)
        left -= chinese_calendar.is_workday(day)
    return day


def wrong_code(code: str) -> str | None:
    """What is wrong with a USCC (GB 32100)."""
    if not _CODE.fullmatch(code):
        return "uscc-format"
    total = sum(_ALPHABET.index(c) * pow(3, at, 31) for at, c in enumerate(code[:17]))
    if code[17] != _ALPHABET[-total % 31]:
        return "uscc-check"
    inner = sum(_PLAIN.index(c) * w for c, w in zip(code[8:16], _INNER, strict=True))
    return None if code[16] == "0123456789X0"[11 - inner % 11] else "uscc-organisation-check"


def judge(row: Row, today: date) -> list[tuple[str, str]]:
    """(column, code) of everything wrong with a penalty, in the order of the table."""
    found = dict(_wrong(row, today))
    order = list(CHINESE.values())
    return sorted(found.items(), key=lambda pair: order.index(pair[0]))


@dataclass
class Line:
    """The counts of one unit and type."""

    received: int = 0
    conforming: int = 0
    duplicates: int = 0
    wrong_codes: int = 0
    rejected: Plain[str] = field(default_factory=Plain)
    timely: Plain[str] = field(default_factory=Plain)

    def as_dict(self) -> dict[str, Any]:
        """As the file of a member has it."""
        return {
            "received": self.received,
            "conforming": self.conforming,
            "duplicates": self.duplicates,
            "wrongCodes": self.wrong_codes,
            "rejected": dict(self.rejected),
            "timely": {answer: self.timely[answer] for answer in ("yes", "no", "unknown")},
        }


@dataclass
class Counter:
    """Counts what was sent on one day. go_live: before it nothing is said of time. held: what was
    accepted."""

    today: date
    go_live: date = date.min
    lines: dict[str, Line] = field(default_factory=dict)
    held: dict[tuple[str, ...], Row] = field(default_factory=dict)
    _refused: set[tuple[Any, ...]] = field(default_factory=set)

    def send(self, rows: Iterable[Row], authorities: Sequence[str] = ()) -> None:
        """A department hands these in. authorities: its own; empty: the centre."""
        for row in rows:
            self._take(row, authorities)

    def told(self, rows: Iterable[Row], verdicts: Iterable[str]) -> None:
        """The centre hands these in, and somebody else has judged them already."""
        for row, verdict in zip(rows, verdicts, strict=True):
            named = re.sub("[ -]", "", row.get(AUTHORITY[_prefix(row)], "")).upper()
            line = self._line("" if wrong_code(named) else named)
            if verdict == "accepted":
                self._accept(line, row)
            elif verdict == "duplicate":
                line.duplicates += 1
            elif self._first(row):
                line.received += 1
                line.rejected[verdict] += 1

    def _take(self, row: Row, authorities: Sequence[str]) -> None:
        named = row.get("CF_CFJGDM", "")
        wrong = judge(row, self.today)
        if wrong_code(named):
            named = ""
        if authorities and named not in authorities:
            wrong = wrong or [("CF_CFJGDM", "authority-not-yours")]
            named = min(authorities)
        line = self._line(named)
        key = (row.get("CF_CFJGDM", ""), row.get("CF_WSH", ""), row.get("CF_XDR_SHXYM", ""))
        if not wrong and key in self.held:
            if _same(self.held[key]) == _same(row):
                line.duplicates += 1
                return
            wrong = [("CF_WSH", "document-number-in-use")]
        if not wrong:
            self.held[key] = row
            self._accept(line, row)
        elif self._first(row, named):
            line.received += 1
            line.rejected[wrong[0][1]] += 1
            subject = dict(wrong).get("CF_XDR_SHXYM", "")
            line.wrong_codes += subject.startswith("uscc-")

    def _accept(self, line: Line, row: Row) -> None:
        line.received += 1
        line.conforming += 1
        decided = _day(row[DECIDED[_prefix(row)]])
        assert decided is not None
        if decided >= self.go_live:
            in_time = self.today <= working_day_limit(decided)
            line.timely["yes" if in_time else "no"] += 1

    def _first(self, row: Row, unit: str = "") -> bool:
        """Whether this very row was not refused before."""
        mark = (unit, *sorted(row.items()))
        fresh = mark not in self._refused
        self._refused.add(mark)
        return fresh

    def _line(self, unit: str) -> Line:
        return self.lines.setdefault(unit, Line())


def _wrong(row: Row, today: date) -> Iterator[tuple[str, str]]:
    for code in REQUIRED:
        if code not in row:
            yield code, "required"
    kind = row.get("CF_XDR_LB", KINDS[0])
    if kind not in KINDS:
        yield "CF_XDR_LB", "not-in-vocabulary"
    for code in ("CF_XDR_SHXYM", "CF_FRDB"):
        if "CF_XDR_LB" in row and kind in KINDS and code not in row:
            yield code, "required"
    for code in ("CF_XDR_SHXYM", "CF_CFJGDM", "CF_SJLYDM"):
        if code in row and (fault := wrong_code(row[code])):
            yield code, fault
    if "罚款" in row.get("CF_CFLB", "").split(";") and "CF_NR_FK" not in row:
        yield "CF_NR_FK", "required"
    if "CF_NR_FK" in row and not _MONEY.fullmatch(row["CF_NR_FK"]):
        yield "CF_NR_FK", "money-format"
    yield from _wrong_days(row, today)


def _wrong_days(row: Row, today: date) -> Iterator[tuple[str, str]]:
    decided = _day(row.get("CF_JDRQ", ""))
    if "CF_JDRQ" in row and decided is None:
        yield "CF_JDRQ", "date-invalid"
    if decided is not None and decided > today:
        yield "CF_JDRQ", "date-in-future"
        return
    for code in ("CF_YXQ", "CF_GSJZQ"):
        if code in row:
            end = _day(row[code])
            if end is None:
                yield code, "date-invalid"
            elif decided is not None and end < decided:
                yield code, "date-order"


def _day(text: str) -> date | None:
    match = _DAY.fullmatch(text)
    if match is None:
        return None
    try:
        return date(*map(int, match.groups()))
    except ValueError:
        return None


def _same(row: Row) -> Row:
    """What makes two rows the same: days as days."""
    return {code: str(_day(value) or value) for code, value in row.items()}


def _prefix(row: Row) -> str:
    return "XK" if any(code.startswith("XK_") for code in row) else "CF"


def _joined(record: dict[str, Any]) -> Row:
    return {k: ";".join(v) if isinstance(v, list) else v for k, v in record.items()}


def _filled(cells: Iterable[tuple[str, str]]) -> Row:
    return {code: value.strip() for code, value in cells if value.strip()}


def _text(data: bytes) -> list[list[str]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("gb18030")
    return list(csv.reader(io.StringIO(text)))


def _sheet(data: bytes) -> list[list[str]]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    return [[_shown(cell) for cell in row] for row in book.worksheets[0].values]


def _shown(cell: Any) -> str:
    return "" if cell is None else cell.date().isoformat() if hasattr(cell, "date") else str(cell)


def _below_header(lines: list[list[str]]) -> Iterator[Row]:
    at = next(n for n, line in enumerate(lines) if len(_known(line)) >= 3)
    codes = [CHINESE.get(name.strip(), name.strip()) for name in lines[at]]
    for line in lines[at + 1 :]:
        row = _filled(zip(codes, line, strict=False))
        if row:
            yield row


def _known(line: list[str]) -> list[str]:
    return [name for name in line if name in CHINESE or re.fullmatch("(CF|XK)_[A-Z_]+", name)]


def sample(folder: Path, name: str) -> list[Row]:
    """The rows of one of the files in `examples/`."""
    return read(name, (folder / name).read_bytes())
