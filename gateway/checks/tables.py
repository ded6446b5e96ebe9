"""Tables of subjects and of feedback, read in a process of its own: a header that names the columns
as offices write them, or, of subjects, a bare list of codes."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Final

from gateway.checks.interfaces import Kind, Row
from gateway.files import xls, xlsx
from gateway.files.asides import is_footer
from gateway.files.cells import shown, text_of
from gateway.files.delimited import DELIMITERS, decode, lines_of, records_of
from gateway.files.errors import FileFault
from gateway.files.header import HEADER_WITHIN, header_names
from gateway.files.interfaces import Cell, Line, Table
from gateway.files.kinds import kind_of
from ledger.records import uscc
from ledger.records.fold import fold

MAX_TEXT: Final = 4000
"""Characters that are kept of a cell."""
PIECE: Final = 200

_SUBJECT: Final = (
    *("统一社会信用代码", "信用代码", "主体代码", "相对人代码", "主体统一社会信用代码"),
    *("企业统一社会信用代码", "供应商代码", "投标人代码", "代码", "CODE", "SUBJECT", "USCC"),
)
_HEADERS: Final[Mapping[Kind, Mapping[str, Sequence[str]]]] = {
    "subjects": {
        "code": _SUBJECT,
        "authorisation": ("授权编号", "授权", "AUTHORISATION"),
    },
    "feedback": {
        "query": ("查询登记编号", "查询编号", "查询", "QUERY"),
        "day": ("日期", "实施日期", "执行日期", "DAY", "DATE"),
        "matter": ("事项", "项目", "MATTER"),
        "measure": ("措施", "联合奖惩措施", "惩戒措施", "MEASURE"),
        "result": ("结果", "实施结果", "执行结果", "RESULT"),
    },
}
_NEEDED: Final[Mapping[Kind, frozenset[str]]] = {
    "subjects": frozenset({"code"}),
    "feedback": frozenset({"query", "day", "measure"}),
}
_DAYS: Final = frozenset({"day"})


def read_rows(pieces: Iterator[bytes], kind: Kind, most: int) -> Iterator[bytes]:
    """Pickles of lists of `Row`. pieces: the file. most: rows. Raises FileFault. For
    `gateway.base.child`."""
    rows = _rows(b"".join(pieces), kind)
    count = 0
    while some := list(islice(rows, PIECE)):
        count += len(some)
        if count > most:
            raise FileFault("dimensions")
        yield pickle.dumps(some, pickle.HIGHEST_PROTOCOL)
    if not count:
        raise FileFault("no-rows")


def gathered(pieces: Iterable[bytes]) -> list[Row]:
    """What pieces that `read_rows` made say."""
    found: list[Row] = []
    for piece in pieces:
        found += pickle.loads(piece)  # noqa: S301 - from our own process
    return found


def _rows(data: bytes, kind: Kind) -> Iterator[Row]:
    if not data.strip():
        raise FileFault("empty")
    found = False
    for table in _tables(data, kind):
        lines = iter(table.lines)
        top = list(islice(lines, HEADER_WITHIN))
        header = _header(top, kind)
        if header is None and kind == "subjects" and _is_bare(top):
            header = (0, {"code": 0})
        if header is None:
            continue
        found = True
        last, at = header
        for line in chain(top, lines):
            if line.row > last and not is_footer(line.cells) and (texts := _texts(line, at)):
                yield Row(row=line.row, sheet=table.name, texts=texts)
    if not found:
        raise FileFault(f"{kind}-columns-missing")


def _tables(data: bytes, kind: Kind) -> Sequence[Table]:
    of = kind_of(data, "")
    if of == "workbook":
        return xlsx.tables(data)
    return xls.tables(data) if of == "old-workbook" else [_text(data, kind)]


def _text(data: bytes, kind: Kind) -> Table:
    """A text table, with the delimiter by which its header names most."""
    lines = lines_of(decode(data))
    best, most = DELIMITERS[0], 0
    for delimiter in DELIMITERS:
        found = _header(list(islice(records_of(lines, delimiter), HEADER_WITHIN)), kind)
        if found is not None and len(found[1]) > most:
            best, most = delimiter, len(found[1])
    return Table(name=None, lines=records_of(lines, best), ragged=True)


def _header(lines: Sequence[Line], kind: Kind) -> tuple[int, Mapping[str, int]] | None:
    """Row and columns of the header; None where there is none."""
    named = {fold(name).upper(): role for role, names in _HEADERS[kind].items() for name in names}
    for line in lines:
        at: dict[str, int] = {}
        for place, name in enumerate(header_names(line.cells)):
            role = named.get(fold(name).upper().strip("*:："))
            if role is not None:
                at.setdefault(role, place)
        if _NEEDED[kind] <= at.keys():
            return line.row, at
    return None


def _is_bare(lines: Sequence[Line]) -> bool:
    """Whether the first thing that stands there is a code."""
    for line in lines:
        first = shown(line.cells[0]).strip() if line.cells else ""
        if first:
            return uscc.has_shape(uscc.normalise(first))
    return False


def _texts(line: Line, at: Mapping[str, int]) -> dict[str, str]:
    found = {}
    for role, place in at.items():
        cell: Cell = line.cells[place] if place < len(line.cells) else ""
        text, fault = text_of(cell, "date" if role in _DAYS else "text")
        text = shown(cell) if fault is not None else text
        if text.strip():
            found[role] = text.strip()[:MAX_TEXT]
    return found
