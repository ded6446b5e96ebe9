"""Blank workbooks to fill in, one per record type, made from its schema alone.

The first sheet has a column for each field that may be filed, under its Chinese name; it is what
our own readers take for the table. The others are none: what they list stands below the rows in
which a header is looked for. Every cell is a text, so that no spreadsheet takes a code for a
number, a document number for a date, or digits off an amount.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ledger.records.judging import NATURAL_PERSON
from ledger.records.rules import newest
from ledger.records.schema import Schema, all_schemas
from ledger.records.schema_parts import Field
from ledger.records.texts import label

__all__ = ["CLASS_COLUMN", "HELP_SHEETS", "by_name", "fillable", "offered", "template"]

CLASS_COLUMN: Final = "CL_CLASS 失信等级"
"""Where a class may be given: column of ours that file import knows by its code."""
_CLASSES: Final = ("轻微", "一般", "严重")

_CLASS_TOLD: Final = (
    "可不填 / optional",
    "失信程度：轻微、一般、严重\nhow grave it is: minor, general, severe",
)

_ROWS: Final = 5000
"""So many rows have drop-downs and notes; further ones are read all the same."""
_LIST_FROM: Final = 20
"""Rows above which neither vocabularies nor explanations begin: twice as many as a header may
have above it."""
HELP_SHEETS: Final = ("说明 Instructions", "词表 Values")
"""Beside the table to fill in; they hold no records."""
_TITLE, _NOTE = 32, 255  # characters that Excel shows of a note beside a cell
_KINDS: Final = {
    "text": ("文本", "text"),
    "list": ("文本，多个值用分号隔开", "text; several values are joined by ;"),
    "choice": ("从下拉列表中选择", "one of the drop-down"),
    "date": ("日期，写作 2026-11-23", "a day, as 2026-11-23"),
    "year": ("年份，写作 2026", "a year, as 2026"),
    "money": ("金额，单位：万元，如 0.2（即 2,000 元）", "10,000 yuan: 2,000 yuan is 0.2"),
    "uscc": ("18 位统一社会信用代码", "a USCC of 18 characters"),
}
_HOW: Final = (
    ("在第一张工作表中逐行填写，每行一条记录；表头请勿改动，列的顺序可以变动。",
     "Fill in the first sheet, a record a row. Leave the header; columns may change places."),
    ("橙色为必填，黄色为有条件必填，其余可不填；单元格已设为文本，请勿改为数字或日期格式。",
     "Orange: required. Yellow: required in some cases. The cells are text: leave them so."),
    ("金额单位为万元：2,000 元填 0.2。日期写作 2026-11-23；长期有效填 2099-12-31。",
     "Amounts are in 10,000 yuan: 2,000 yuan is 0.2. Days are 2026-11-23; no end: 2099-12-31."),
    ("自然人的记录不予接收；证件号码不在表中，请勿填入任何一列。",
     "Records of natural persons are not taken. Put no identity number into any column."),
    ("填好后：credit-ledger submit 文件.xlsx --to 节点 --report 待更正.xlsx",
     "Then: credit-ledger submit FILE.xlsx --to NODE --report TO-CORRECT.xlsx"),
)  # fmt: skip


def offered() -> Sequence[Schema]:
    """The newest schema of each type of which records are taken, by name."""
    newest: dict[str, Schema] = {}
    for schema in all_schemas():
        held = newest.get(schema.name)
        if not schema.natural_person and (held is None or held.version < schema.version):
            newest[schema.name] = schema
    return tuple(newest[name] for name in sorted(newest))


def by_name(name: str) -> Schema | None:
    """The type of this name or Chinese title; None where none is offered."""
    return next((one for one in offered() if name in (one.name, one.title["zh"])), None)


def fillable(schema: Schema) -> Sequence[Field]:
    """The fields that a template asks for: what is dropped at intake is not asked for."""
    return tuple(field for field in schema.fields if field.disclosable)


def template(schema: Schema) -> bytes:
    """The workbook of a type."""
    import xlsxwriter  # type: ignore[import-untyped]  # noqa: PLC0415 - a verifier needs none

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        pages = [book.add_worksheet(name) for name in (_name(schema), *HELP_SHEETS)]
        _Template(book, schema).fill(*pages)
    return buffer.getvalue()


class _Template:
    """One workbook being written."""

    def __init__(self, book: Any, schema: Schema) -> None:
        self._schema = schema
        text = {"num_format": "@", "valign": "top", "text_wrap": True}
        self.text = book.add_format(text)
        self.plain = book.add_format({"num_format": "@"})
        head = text | {"bold": True, "border": 1}
        self.required = book.add_format(head | {"bg_color": "#F8CBAD"})
        self.sometimes = book.add_format(head | {"bg_color": "#FFF2CC"})
        self.optional = book.add_format(head | {"bg_color": "#E7E6E6"})

    def fill(self, table: Any, instructions: Any, values: Any) -> None:
        """All three sheets."""
        values.hide()
        table.freeze_panes(1, 0)
        fields = fillable(self._schema)
        for column, field in enumerate(fields):
            self._column(table, column, field.zh, self._style(field))
            table.write_comment(0, column, self._told(field), {"x_scale": 2, "y_scale": 1.5})
            self._validate(table, values, column, field)
        if self._schema.may_be_adverse:
            column = len(fields)
            self._column(table, column, CLASS_COLUMN, self.optional)
            table.write_comment(0, column, "\n".join(_CLASS_TOLD), {"x_scale": 2, "y_scale": 1.5})
            rule = {"validate": "list", "source": list(_CLASSES)}
            table.data_validation(1, column, _ROWS, column, rule)
        table.set_row(0, 32)
        self._explain(instructions, fields)

    def _column(self, table: Any, column: int, title: str, style: Any) -> None:
        table.set_column(column, column, min(max(2 * len(title), 14), 40), self.plain)
        table.write_string(0, column, title, style)

    def _style(self, field: Field) -> Any:
        if field.required:
            return self.required
        return self.sometimes if field.required_if else self.optional

    def _validate(self, table: Any, values: Any, column: int, field: Field) -> None:
        """A note beside the cells, and where there is a vocabulary a drop-down. It is enforced only
        where one value of it, and nothing else, may stand."""
        rule: dict[str, Any] = {
            "validate": "any",
            "input_title": field.zh[:_TITLE],
            "input_message": _KINDS[field.kind][0][:_NOTE],
            "ignore_blank": True,
        }
        if choices := self._choices(field):
            last = _LIST_FROM + len(choices)
            for at, value in enumerate(choices, _LIST_FROM):
                values.write_string(at, column, value, self.plain)
            letters = _letters(column)
            rule |= {
                "validate": "list",
                "source": f"='{HELP_SHEETS[1]}'!${letters}${_LIST_FROM + 1}:${letters}${last}",
                "show_error": field.kind == "choice" and not field.other,
                "error_title": field.zh[:_TITLE],
                "error_message": "请从下拉列表中选择。Choose from the list.",
            }
        table.data_validation(1, column, _ROWS, column, rule)

    def _choices(self, field: Field) -> Sequence[str]:
        if field.code != self._schema.subject.kind:
            return field.vocabulary or tuple(_of_catalogue(field))
        # Of a kind of subject whose records are never taken.
        return tuple(value for value in field.vocabulary if value != NATURAL_PERSON)

    def _told(self, field: Field) -> str:
        """The comment on a header."""
        return "\n".join(filter(None, (field.code, *_explained(self._schema, field))))

    def _explain(self, sheet: Any, fields: Sequence[Field]) -> None:
        for column, width in enumerate((34, 20, 26, 44, 60)):
            sheet.set_column(column, column, width, self.text)
        title = self._schema.title
        lines: list[tuple[str, ...]] = [(f"{title['zh']} {title['en']}", self._schema.id)]
        lines += [("", "", "", zh, en) for zh, en in _HOW]
        lines += [()] * (_LIST_FROM - len(lines))
        lines += [
            (field.zh, field.code, *_explained(self._schema, field), _values(field))
            for field in fields
        ]
        if self._schema.may_be_adverse:
            code, name = CLASS_COLUMN.split()
            lines.append((name, code, *_CLASS_TOLD, "；".join(_CLASSES)))
        for row, line in enumerate(lines):
            for column, cell in enumerate(line):
                sheet.write_string(row, column, cell, self.text)


def _explained(schema: Schema, field: Field) -> tuple[str, str]:
    """Whether it is required, and what it holds; each in both languages."""
    zh, en = _KINDS[field.kind]
    if field.max is not None:
        zh, en = f"{zh}，最多 {field.max} 个字符", f"{en}, at most {field.max} characters"
    return " / ".join(_need(schema, field)), f"{zh}\n{field.en}: {en}"


def _need(schema: Schema, field: Field) -> Iterator[str]:
    condition = field.required_if
    if field.required:
        yield from ("必填", "required")
    elif condition is not None:
        other, any_ = label(schema.by_code[condition.field]), "、".join(condition.any_)
        yield f"{other['zh']}为{any_}时必填"
        yield f"required where {other['en']} is {any_}"
    else:
        yield from ("可不填", "optional")


def _values(field: Field) -> str:
    known = [f"{value} {name}".strip() for value, name in _of_catalogue(field).items()]
    return "；".join(field.vocabulary or known)


def _of_catalogue(field: Field) -> Mapping[str, str]:
    """What the newest packaged rules know of the lists or measures that the field names, each with
    what it is called besides; the catalogue may have more."""
    tables = newest().tables
    if field.catalogue == "lists":
        return {each.id: each.title["zh"] for each in tables.lists}
    if field.catalogue == "measures":
        return {each.name["zh"]: "" for each in tables.measures}
    return {}


def _name(schema: Schema) -> str:
    """A sheet's name: none of the characters that Excel refuses, and not too long."""
    plain = "".join("_" if char in "[]:*?/\\'" else char for char in schema.title["zh"])
    return plain[:24]


def _letters(column: int) -> str:
    """0 -> A, 26 -> AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
