"""What the columns of such a table are. Everybody writes them in his own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from gateway.files.header import HEADER_WITHIN, header_names
from gateway.files.interfaces import Line
from ledger.records.fold import fold
from ledger.records.schema import all_schemas, known_schemas

Role = Literal[
    "number",
    "authority",
    "subject",
    "day",
    "field",
    "code",
    "reason",
    "type",
    "result",
    "class",
    "national",
]

_WORDS: Mapping[Role, Sequence[str]] = {
    "number": ("文书号", "文号", "决定书文号", "决定文书号", "处罚文号", "许可文号", "NUMBER"),
    "authority": (
        *("机关代码", "认定单位代码", "认定机关代码", "单位代码", "决定机关代码", "处罚机关代码"),
        *("许可机关代码", "机关统一社会信用代码", "认定单位统一社会信用代码", "AUTHORITY"),
    ),
    "subject": (
        *("主体代码", "相对人代码", "主体统一社会信用代码", "统一社会信用代码", "信用代码"),
        *("相对人统一社会信用代码", "企业统一社会信用代码", "SUBJECT"),
    ),
    "day": ("日期", "决定日期", "作出日期", "认定日期", "处罚日期", "许可日期", "DATE"),
    "field": ("字段", "错误字段", "问题字段", "字段名称", "字段名", "数据项", "错误列", "FIELD"),
    "code": ("错误代码", "问题代码", "错误编码", "错误类型", "问题类型", "CODE"),
    "reason": ("原因", "错误原因", "退回原因", "问题描述", "错误描述", "不合规原因", "REASON"),
    "type": ("类型", "数据类型", "信息类别", "信息类型", "记录类型", "数据类别", "TYPE"),
    "result": ("结果", "修复结果", "审核结果", "办理结果", "国家平台结果", "RESULT"),
    "class": ("失信程度", "失信等级", "失信类别", "程度", "CLASS"),
    "national": ("申请编号", "国家平台编号", "修复申请编号", "受理编号", "NATIONALNO"),
}
_MARKS = "*:"
"""Beside the names of columns that must be filled in."""
_REQUIRED = "(必填)"


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each role stands, by place from 0. row: of the header. families: that the name of the
    number's column belongs to; empty: it says nothing. width: of the row, to its last name."""

    row: int
    at: Mapping[Role, int]
    families: frozenset[str]
    width: int


def find_columns(lines: Sequence[Line]) -> Columns | None:
    """The header among the first rows: it names the document number and something else."""
    for line in lines:
        if line.row > HEADER_WITHIN:
            break
        names = header_names(line.cells)
        at: dict[Role, int] = {}
        for place, name in enumerate(names):
            role = role_of(name)
            if role is not None:
                at.setdefault(role, place)
        if "number" in at and len(at) > 1:
            width = max(place for place, name in enumerate(names, 1) if name)
            return Columns(line.row, at, families_of(names[at["number"]]), width)
    return None


def is_again(line: Line, columns: Columns) -> bool:
    """Whether a row is the header once more, as where two tables were put into one."""
    names = header_names(line.cells)
    places = ((role, at) for role, at in columns.at.items() if at < len(names))
    return sum(role_of(names[at]) == role for role, at in places) > 1


def role_of(name: str) -> Role | None:
    """What a header names: a word in use, or a column of the standard that says the same."""
    return _roles().get(_plain(name))


def families_of(name: str) -> frozenset[str]:
    """Families of the types whose document number has this header."""
    plain = _plain(name)
    return frozenset(
        schema.family
        for schema in known_schemas()
        if (field := schema.columns.get(plain)) is not None and field.code == schema.document
    )


def families_of_type(text: str) -> frozenset[str]:
    """Families of the type that a cell names, by name or Chinese title."""
    plain = fold(text)
    return frozenset(
        schema.family
        for schema in known_schemas()
        if plain in (schema.name, schema.family, fold(schema.title["zh"]))
    )


def _plain(name: str) -> str:
    folded = fold(name).upper().strip(_MARKS).removesuffix(_REQUIRED)
    return folded.strip(_MARKS)


@cache
def _roles() -> Mapping[str, Role]:
    found: dict[str, Role] = {}
    for schema in all_schemas():
        stands: Mapping[Role, str | None] = {
            "number": schema.document,
            "authority": schema.authority.code,
            "subject": schema.subject.code,
            "day": schema.decided,
        }
        for role, code in stands.items():
            if code is None:
                continue
            field = schema.by_code[code]
            for name in (field.code, field.zh, *field.aliases):
                found.setdefault(_plain(name), role)
    for role, words in _WORDS.items():
        found |= dict.fromkeys(map(_plain, words), role)
    return found
