"""Texts of what only JSON intake can find wrong; those of fields stand in `ledger.records`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from ledger.records.remarks import FieldError
from ledger.records.schema import Schema
from ledger.records.texts import message

CORRECTS_COLUMN = "CL_CORRECTS"
NAME_SHOWN = 64
"""Characters of an unknown type repeated to its sender."""

_FAULTS: Mapping[str, tuple[str, str, str]] = {
    "encoding": (
        "encoding",
        "不是 UTF-8 编码，请转换为 UTF-8 后重新报送",
        "This is not UTF-8; convert it to UTF-8 and send it again",
    ),
    "too-large": (
        "too-large",
        "本行超过 256 KiB，请缩短后重新报送",
        "This line is longer than 256 KiB; shorten it and send it again",
    ),
    "not-a-province": (
        "not-a-province",
        "本成员不是省级节点，其记录不被承认，请通过所在省的节点报送",
        "This member is no province, so nobody would accept its records; submit through the node of"
        " your province",
    ),
    "json-malformed": (
        "schema-invalid",
        "不是合法的 JSON 对象，请检查引号、逗号、转义和嵌套",
        "This is not valid JSON; check quotes, commas, escapes and nesting",
    ),
    "json-duplicate-key": (
        "schema-invalid",
        "同一名称出现两次，请只保留一个",
        "A key occurs twice; keep one of the two",
    ),
    "json-members": (
        "schema-invalid",
        "记录须为 JSON 对象，含文本 type 和对象 fields，可含文本 schema、corrects、class，"
        "不得有其他成员",
        "A record is a JSON object with the text `type` and the object `fields`, optionally the"
        " texts `schema`, `corrects` and `class`, and nothing else",
    ),
    "json-fields": (
        "schema-invalid",
        "fields 的成员过多（最多 64 个），请只保留标准中的字段",
        "`fields` has more than 64 members; keep those of the standard",
    ),
}


def fault(name: str) -> FieldError:
    """The error of a row that cannot be read at all."""
    code, zh, en = _FAULTS[name]
    return FieldError(None, code, {"zh": zh, "en": en})


@cache
def remark(code: str, schema: Schema, field: str) -> FieldError:
    """An error or note about one field of the standard."""
    return FieldError(field, code, message(code, schema.by_code[field]))


def type_unknown(name: str) -> FieldError:
    """The catalogue does not have this type in force, or we do not hold its schema."""
    code = "type-not-in-catalogue"
    return FieldError(None, code, message(code, name[:NAME_SHOWN]))


@cache
def no_corrections() -> FieldError:
    """What a row is to correct is no record that it may correct."""
    code = "correction-not-available"
    return FieldError(CORRECTS_COLUMN, code, message(code, CORRECTS_COLUMN))
