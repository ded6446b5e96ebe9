"""A CSV file of outcomes, read row by row. A bad row costs itself alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeVar

from gateway.files.delimited import DELIMITERS, decode, lines_of, records_of
from gateway.files.errors import FileFault
from gateway.files.interfaces import Line, Marked
from gateway.outcomes.errors import OutcomesRefused
from gateway.outcomes.interfaces import MAX_BACK, Fault, Said, months_from
from gateway.outcomes.texts import COLUMNS, OPTIONAL, fault
from ledger.core.authorisation import REGION
from ledger.core.canonical import MAX_INTEGER
from ledger.core.ids import CODE
from ledger.core.reports import MAX_VERSION
from ledger.core.sums import DECIMALS, PLATFORM, Cell, spelled

MAX_ROWS: Final = 5_000
"""A bank with 100 products in four provinces reports 400 rows a month."""
HEADER_WITHIN: Final = 10
"""Rows among which the header is looked for; titles and notes stand above it."""
_MAX_CELL: Final = 200
_NAMES: Final[Mapping[str, str]] = {
    **{text["zh"]: name for name, text in COLUMNS.items()},
    **{name: name for name in COLUMNS},
    **{"统计月份": "period", "month": "period", "地区代码": "region", "省份代码": "region"},
    **{"产品编号": "product", "产品版本": "version", "发布成员": "member", "maker": "member"},
    **{"借款户数": "households", "授信金额": "granted", "贷款金额": "lent"},
    **{"放款金额": "lent", "放款金额(万元)": "lent"},
}
_MONTH = re.compile(r"([0-9]{4})[-/.年]?(0?[1-9]|1[0-2])月?")
_PRODUCT = re.compile("[0-9a-f]{64}")
_NUMBER = re.compile(r"[0-9]{1,16}|[0-9]{1,3}(,[0-9]{3}){1,4}")
_AMOUNT = re.compile(r"([0-9]{1,12}|[0-9]{1,3}(,[0-9]{3}){1,3})(\.[0-9]{1,12})?")
_UNDECODED = re.compile("[\ud800-\udfff]")

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What a file holds. rows: the good ones, faults: of the others, each by its row. blank: rows
    without anything."""

    rows: Sequence[Said]
    faults: Mapping[int, Sequence[Fault]]
    blank: int


class _Wrong(Exception):
    """What is wrong with a cell."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_table(data: bytes, *, month: str) -> Table:
    """All rows of a file. month: that of today, YYYY-MM, behind which nothing is reported. Raises
    OutcomesRefused where it is no such table, or too large."""
    lines = _lines(data)
    places, header = _header(lines)
    rows, faults, blank = list[Said](), dict[int, Sequence[Fault]](), 0
    for line in lines[header:]:
        if _is_blank(line):
            blank += 1
            continue
        if len(rows) + len(faults) >= MAX_ROWS:
            raise OutcomesRefused("outcomes-too-many", extra={"most": MAX_ROWS})
        found = _row(line, places, month)
        if isinstance(found, Said):
            rows.append(found)
        else:
            faults[line.row] = found
    return Table(rows=rows, faults=faults, blank=blank)


def _lines(data: bytes) -> list[Line]:
    try:
        text = lines_of(decode(data))
    except FileFault as error:
        raise OutcomesRefused("outcomes-file", error.message) from error
    delimiter = max(DELIMITERS, key=lambda sign: _named_best(text, sign))
    return list(_limited(records_of(text, delimiter)))


def _limited(lines: Iterator[Line]) -> Iterator[Line]:
    for line in lines:
        if line.row > MAX_ROWS + HEADER_WITHIN + 1:
            raise OutcomesRefused("outcomes-too-many", extra={"most": MAX_ROWS})
        yield line


def _named_best(text: Sequence[str], delimiter: str) -> int:
    """How many columns the best row near the top names, so delimited."""
    some = text[: HEADER_WITHIN * 4]
    rows = [line for line in records_of(some, delimiter) if line.row <= HEADER_WITHIN]
    return max((len(_named(line)) for line in rows), default=0)


def _named(line: Line) -> Mapping[str, int]:
    """Columns that a row names, each with its place; the first of two."""
    found: dict[str, int] = {}
    for place, cell in enumerate(line.cells):
        name = _NAMES.get(_plain(cell).replace(" ", "").lower())
        if name is not None:
            found.setdefault(name, place)
    return found


def _header(lines: Sequence[Line]) -> tuple[Mapping[str, int], int]:
    """The places of the columns, and how many rows stand up to the header. Raises
    OutcomesRefused."""
    best = max(lines[:HEADER_WITHIN], key=lambda line: len(_named(line)), default=None)
    named = {} if best is None else _named(best)
    missing = [name for name in COLUMNS if name not in named and name not in OPTIONAL]
    if best is None or missing:
        zh = "、".join(COLUMNS[name]["zh"] for name in missing)
        en = ", ".join(missing)
        raise OutcomesRefused(
            "outcomes-header",
            {
                "zh": f"表头缺少以下列：{zh}（金额以万元计）",
                "en": f"The header lacks these columns: {en} (amounts in 10,000 yuan)",
            },
            extra={"missing": missing},
        )
    return named, lines.index(best) + 1


def _is_blank(line: Line) -> bool:
    return not line.damaged and not any(_plain(cell) for cell in line.cells)


def _row(line: Line, places: Mapping[str, int], month: str) -> Said | Sequence[Fault]:
    if line.damaged:
        return [fault("row-broken")]
    cells = _Cells(line, places)
    cell = Cell(
        period=cells.read("period", lambda text: _month(text, month), ""),
        region=cells.read("region", _region, ""),
        product=cells.read("product", _product, PLATFORM),
        version=cells.read("version", lambda text: _version(text, cells.filled("product")), 0),
    )
    said = Said(
        row=line.row,
        cell=cell,
        member=cells.read("member", _member, None),
        households=cells.read("households", _number, 0),
        granted=cells.read("granted", _amount, ""),
        lent=cells.read("lent", _amount, ""),
    )
    if cells.faults:
        return cells.faults
    if said.households == 0 and (said.granted, said.lent) != ("0", "0"):
        return [fault("amount-without-households", "households")]
    return said


class _Cells:
    """Reads the cells of a row. faults: what was wrong so far."""

    def __init__(self, line: Line, places: Mapping[str, int]) -> None:
        self._line = line
        self._places = places
        self.faults: list[Fault] = []

    def read(self, name: str, parse: Callable[[str], _T], otherwise: _T) -> _T:
        """What `parse` makes of a cell; `otherwise` where that is wrong, which is noted."""
        try:
            return parse(self._text(name))
        except _Wrong as error:
            self.faults.append(fault(error.code, name))
            return otherwise

    def filled(self, name: str) -> bool:
        """Whether there is anything in a cell."""
        place = self._places.get(name)
        return place is not None and any(map(_plain, self._line.cells[place : place + 1]))

    def _text(self, name: str) -> str:
        place, cells = self._places.get(name), self._line.cells
        cell = "" if place is None or place >= len(cells) else cells[place]
        if isinstance(cell, Marked):
            raise _Wrong("text-formula")
        if _UNDECODED.search(str(cell)):
            raise _Wrong("encoding")
        text = _plain(cell)
        if not text and name not in OPTIONAL:
            raise _Wrong("missing")
        return text


def _plain(cell: object) -> str:
    """A cell as people mean it: full width and half width are the same."""
    text = str(cell.value if isinstance(cell, Marked) else cell)[:_MAX_CELL]
    return unicodedata.normalize("NFKC", text).strip()


def _month(text: str, today: str) -> str:
    found = _MONTH.fullmatch(text)
    if found is None:
        raise _Wrong("month-invalid")
    month = f"{found[1]}-{int(found[2]):02}"
    if month > today:
        raise _Wrong("month-to-come")
    if months_from(month, today) > MAX_BACK:
        raise _Wrong("month-too-old")
    return month


def _region(text: str) -> str:
    if not REGION.fullmatch(text):
        raise _Wrong("region-invalid")
    return text


def _member(text: str) -> str | None:
    if text and not CODE.fullmatch(text):
        raise _Wrong("member-invalid")
    return text or None


def _product(text: str) -> bytes:
    if not text:
        return PLATFORM
    if not _PRODUCT.fullmatch(text.lower()):
        raise _Wrong("product-invalid")
    return bytes.fromhex(text)


def _version(text: str, of_product: bool) -> int:
    if not of_product and text in ("", "0"):
        return 0
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else 0  # noqa: PLR2004
    if not of_product or not 1 <= number <= MAX_VERSION:
        raise _Wrong("version-invalid")
    return number


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text) or int(text.replace(",", "")) > MAX_INTEGER:
        raise _Wrong("number-invalid")
    return int(text.replace(",", ""))


def _amount(text: str) -> str:
    """In the one spelling: no zeros that change nothing."""
    if not _AMOUNT.fullmatch(text):
        raise _Wrong("amount-invalid")
    value = Decimal(text.replace(",", ""))
    if value != round(value, DECIMALS):
        raise _Wrong("amount-too-fine")
    return spelled(value)
