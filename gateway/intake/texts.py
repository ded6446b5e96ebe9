"""Texts of what only JSON intake can find wrong; those of fields stand in `ledger.records`."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.records.validate import FieldError

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
    "json-class": (
        "schema-invalid",
        "class 须为 minor、general 或 severe，不适用时请省略",
        "`class` is minor, general or severe; leave it out where it does not apply",
    ),
    "text-invalid": (
        "encoding",
        "文本含有无法编码的字符（孤立代理项），请改正后重新报送",
        "The text holds characters that cannot be encoded (lone surrogates); replace them",
    ),
}


def fault(name: str) -> FieldError:
    """The error of a row that cannot be read at all."""
    code, zh, en = _FAULTS[name]
    return FieldError(None, code, {"zh": zh, "en": en})
