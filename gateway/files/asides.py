"""Rows of a table that are no records: totals, who filled it in, hints below the header, the header
once more. They are passed over with a note; a row that names a subject by its code is never one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.files.cells import shown
from gateway.files.header import MIN_KNOWN, Header, known_field
from gateway.files.interfaces import Cell
from ledger.records import uscc
from ledger.records.fold import fold
from ledger.records.remarks import FieldError
from ledger.records.texts import message

CODE = "footer-skipped"
MAX_TOLD = 8
"""Rows passed over that are named one by one."""
MAX_LOOKED_AT = 100
"""Characters of a cell that tell whether it belongs to a record; a USCC has 18."""

_FOOTER = re.compile(
    r"(?:合计|总计|小计|共计|累计|本页合计)(?:[:：(].*)?"
    r"|(?:填报|填表|制表|审核|复核|经办|录入|报送)(?:人|人员|人签字|人签名|单位|部门|机关|日期|时间)(?:[(:：].*)?"
    r"|(?:单位)?(?:负责|联系)人(?:签字|签名|姓名)?(?:[(:：].*)?|(?:联系)?电话(?:[(:：].*)?"
    r"|(?:单位)?(?:盖章|公章)(?:[(:：].*)?|\((?:单位)?(?:盖章|公章)\)"
    r"|(?:备注|说明|注|填表说明|填报说明|填写说明)(?:[:：].*|\d*[.、].*)",
    re.DOTALL,
)
_HINT = re.compile(
    "必填|选填|非必填|可不填|不超过|YYYY|yyyy|^(?:可选|可空|格式|长度|最多|例如|示例|例[:：]|如[:：]|填写)|"
    "^(?:文本|日期|数字|数值|金额|代码|字符)[型串]?$|^[0-9]+(?:位|个字符|字符)"
)


def is_aside(cells: Sequence[Cell], header: Header, first: bool) -> bool:
    """Whether a row is none. first: no record of the table came before."""
    filled = _filled(cells)
    if _names_code(filled):
        return False
    if _begins_footer(filled) or _is_header(filled, header):
        return True
    return first and 2 * sum(map(bool, map(_HINT.search, filled.values()))) >= len(filled)


def is_footer(cells: Sequence[Cell]) -> bool:
    """Whether a row of any table is a total, or tells who filled it in."""
    filled = _filled(cells)
    return not _names_code(filled) and _begins_footer(filled)


def _filled(cells: Sequence[Cell]) -> dict[int, str]:
    texts = {at: shown(cell)[:MAX_LOOKED_AT].strip() for at, cell in enumerate(cells)}
    return {at: text for at, text in texts.items() if text}


def _names_code(filled: dict[int, str]) -> bool:
    """Whether nothing stands there, or a code of somebody."""
    return not filled or any(uscc.has_shape(uscc.normalise(text)) for text in filled.values())


def _begins_footer(filled: dict[int, str]) -> bool:
    return _FOOTER.fullmatch(fold(next(iter(filled.values())))) is not None


def _is_header(filled: dict[int, str], header: Header) -> bool:
    """Whether the columns are named once more: by the names above them, or by code."""
    named = sum(
        known_field(filled[at], header.schema) is field
        for at, field in header.known
        if at in filled
    )
    return named >= MIN_KNOWN and 2 * named >= len(filled)


class Asides:
    """Rows passed over that are still to be told."""

    def __init__(self) -> None:
        self._rows: list[int] = []
        self._more = 0

    def add(self, row: int) -> None:
        """A row, by its number."""
        if len(self._rows) < MAX_TOLD:
            self._rows.append(row)
        else:
            self._more += 1

    def taken(self) -> tuple[FieldError, ...]:
        """The notes on them, which are told then."""
        if not self._rows:
            return ()
        told = [FieldError(None, CODE, message(CODE, str(row)), row) for row in self._rows]
        if self._more:
            told.append(FieldError(None, CODE, message(CODE, f"… +{self._more}")))
        self._rows, self._more = [], 0
        return tuple(told)
