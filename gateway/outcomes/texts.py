"""Why a row is not taken, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.outcomes.interfaces import Fault
from ledger.core.texts import Text

COLUMNS: Final[Mapping[str, Text]] = {
    "period": {"zh": "月份", "en": "period"},
    "region": {"zh": "地区", "en": "region"},
    "product": {"zh": "产品", "en": "product"},
    "version": {"zh": "版本", "en": "version"},
    "member": {"zh": "产品成员", "en": "member"},
    "households": {"zh": "户数", "en": "households"},
    "granted": {"zh": "授信金额(万元)", "en": "granted"},
    "lent": {"zh": "贷款金额(万元)", "en": "lent"},
}
"""Columns of a file; the first one of each name is what people write."""
OPTIONAL: Final = frozenset({"product", "version", "member"})

_TEXTS: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "missing": (
        "此列为空",
        "This column is empty",
        "请填写；没有发生额请填 0",
        "Fill it in; where there was nothing, write 0",
    ),
    "month-invalid": (
        "不是月份",
        "This is no month",
        "请写作 YYYY-MM，例如 2026-11",
        "Write YYYY-MM, for example 2026-11",
    ),
    "month-to-come": (
        "该月尚未开始",
        "That month has not begun",
        "请核对月份，到该月后再报送",
        "Check the month, or report it once it has begun",
    ),
    "month-too-old": (
        "月份早于十年前，不再收",
        "That month is more than ten years past: it is taken no more",
        "请核对月份",
        "Check the month",
    ),
    "month-full": (
        "本成员该月已报送 20000 条（含更正），不再收",
        "20,000 rows about that month were reported already, corrections counted",
        "请核对是否反复更正；需要更多的，按产品合并后报送",
        "See what was corrected again and again; report products together where there are more",
    ),
    "region-invalid": (
        "不是地区代码",
        "This is no code of a region",
        "请写省级行政区划代码，六位数字，例如 130000",
        "Write the code of a province, six digits, for example 130000",
    ),
    "region-unknown": (
        "本网络没有此地区的省级成员",
        "This network has no province of that region",
        "请写参与成员的省级代码，例如 110000、120000、130000、140000",
        "Write the code of a province that takes part, for example 110000",
    ),
    "product-invalid": (
        "不是产品编号",
        "This is no id of a product",
        "请写 64 位小写十六进制编号（product show 所示），平台本身则留空",
        "Write its 64 hex digits (`product show`), or leave it empty for the platform itself",
    ),
    "version-invalid": (
        "不是产品版本",
        "This is no version of a product",
        "有产品编号时请写 1 起的版本号，没有则留空",
        "Write the number of the version, from 1, where there is a product; else leave it empty",
    ),
    "member-invalid": (
        "不是成员代码",
        "This is no code of a member",
        "请写发布产品的成员的代码（product show 所示），或留空",
        "Write the code of the member that made the product, or leave it empty",
    ),
    "maker-unknown": (
        "不知道此产品由谁发布",
        "It is not known here who made this product",
        "请在“产品成员”列写其代码，或先收下其清单（product take）",
        "Name the member in the column `member`, or take its manifest first (`product take`)",
    ),
    "product-unknown": (
        "该成员没有发布此产品",
        "That member has registered no such product",
        "请核对产品编号与产品成员",
        "Check the id of the product and the member",
    ),
    "version-unknown": (
        "此产品没有发布该版本",
        "The product has no such version",
        "请核对版本号（product show 列出全部版本）",
        "Check the number of the version; `product show` lists them all",
    ),
    "number-invalid": (
        "不是户数",
        "This is no number of households",
        "请写非负整数，例如 128",
        "Write a whole number, for example 128",
    ),
    "amount-invalid": (
        "不是金额",
        "This is no amount",
        "请以万元为单位写数字，例如 1200.5；不写单位和货币符号",
        "Write a number of 10,000 yuan, for example 1200.5, without unit or sign of a currency",
    ),
    "amount-too-fine": (
        "金额精确到元：以万元计最多四位小数",
        "Amounts are exact to one yuan: four decimals of 10,000 yuan",
        "请四舍五入到四位小数",
        "Round it to four decimals",
    ),
    "amount-without-households": (
        "户数为 0 而金额不为 0",
        "There are amounts and no households",
        "请核对户数与金额",
        "Check the households and the amounts",
    ),
    "twice": (
        "本文件中同一月份、地区、产品和版本已出现过",
        "The same month, region, product and version stood in this file before",
        "请只保留一行，合计后报送",
        "Keep one row of them, with the sum",
    ),
    "row-broken": (
        "此行无法读取（引号未闭合，或列数多于表头）",
        "The row cannot be read: a quotation mark is not closed, or it has too many cells",
        "请在表格软件中更正后另存为 CSV",
        "Correct it in a spreadsheet and save it as CSV again",
    ),
    "text-formula": (
        "单元格是公式",
        "The cell is a formula",
        "请改为数值后重新保存",
        "Put its value in its place",
    ),
    "encoding": (
        "单元格含无法识别的字符",
        "The cell holds bytes that are no text",
        "请以 UTF-8 另存后重新报送",
        "Save the file as UTF-8 and send it again",
    ),
}


def fault(code: str, column: str | None = None) -> Fault:
    """What is wrong with a column of a row; None: with the row."""
    zh, en, remedy_zh, remedy_en = _TEXTS[code]
    return Fault(
        field=column,
        code=code,
        message={"zh": zh, "en": en},
        remedy={"zh": remedy_zh, "en": remedy_en},
    )


def codes() -> frozenset[str]:
    """Every code that a row may have."""
    return frozenset(_TEXTS)
