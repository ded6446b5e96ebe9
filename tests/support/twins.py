"""The same records, written as departments write them: workbooks by four writers, text tables in
four encodings with four separators, and lines of JSON. Everything follows from a seed.

What a program may choose it chooses differently: the order of the columns, dates as cells or in any
spelling, amounts as numbers or texts, identifiers as numbers that a format pads with zeros.
"""

import codecs
import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import openpyxl
import xlsxwriter  # type: ignore[import-untyped]

from ledger.records.schema import Schema, load
from tests.support.old_sheets import old_workbook
from tests.support.sheets import MAIN, PACKAGE, RELATIONS, letters, zipped

Record = dict[str, str | list[str]]

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
ENCODINGS = {
    "utf-8": (b"", "utf-8"),
    "utf-8-bom": (codecs.BOM_UTF8, "utf-8"),
    "gb18030": (b"", "gb18030"),
    "utf-16": (codecs.BOM_UTF16_LE, "utf-16-le"),
}
WORDS = [
    *(
        "合成样例",
        "公司",
        "（甲）",
        "〔2024〕",
        "第1号",
        "A&B",
        "<1>",
        '"引号"',
        "it's",
        "50%",
        "0012",
    ),
    *("a=b", "𠂇", "\u9fb4", "\ufe12", "、", "；", ";", ",", "|", "\t", "\n", "  ", "_x0041_"),
    *("é", "［1］", "㐀", "-", "+86", "#N/A", "TRUE", "1E5"),
]
CLASSES = ["警告", "罚款", "没收违法所得", "没收非法财物", "通报批评"]
MONEY, IDENTIFIER, LIST = "CF_NR_FK", "CF_XDR_GSZC", "CF_CFLB"
FIRST = date(2024, 1, 1)


def make_records(seed: int, count: int, uscc: Callable[[int], str]) -> list[Record]:
    """Penalties that are accepted, in canonical form. uscc: a valid code for a number."""
    random = Random(seed)
    return [_record(random, at, uscc) for at in range(count)]


def _record(random: Random, at: int, uscc: Callable[[int], str]) -> Record:
    day = FIRST + timedelta(days=random.randrange(700))
    authority = uscc(7)
    found: Record = {
        "CF_XDR_MC": f"{_text(random, 4)}有限公司",
        "CF_XDR_LB": "法人及非法人组织",
        "CF_XDR_SHXYM": uscc(100 + at),
        IDENTIFIER: f"{random.randrange(10**9):015}",
        "CF_XDR_ZZJG": f"{random.randrange(10**8):08}{random.choice('0123456789X')}",
        "CF_FRDB": "样例人",
        "CF_WSH": f"样市监罚〔2024〕{at:04}号",
        "CF_WFXW": _text(random, 6),
        "CF_SY": _text(random, 30),
        "CF_YJ": _text(random, 5),
        LIST: random.sample(CLASSES, random.randint(1, 3)),
        "CF_NR": _text(random, 8),
        MONEY: _amount(random),
        "CF_JDRQ": day.isoformat(),
        "CF_YXQ": (day + timedelta(days=365)).isoformat(),
        "CF_CFJG": "天津市样例局",
        "CF_CFJGDM": authority,
        "CF_SJLY": "天津市样例局",
        "CF_SJLYDM": authority,
        "BZ": _text(random, 3),
    }
    for code in ("CF_XDR_ZZJG", "BZ"):
        if random.random() < 0.5:
            del found[code]
    if "罚款" not in found[LIST]:
        del found[MONEY]
    if {"没收违法所得", "没收非法财物"} & set(found[LIST]):
        found["CF_NR_WFFF"] = _amount(random)
    return found


def _text(random: Random, words: int) -> str:
    """Text as it stands in a record: with something at both ends, and no formula."""
    return "甲" + "".join(random.choices(WORDS, k=words)) + "乙"


def _amount(random: Random) -> str:
    text = f"{random.randrange(1, 10**7) / 10 ** random.randint(2, 6):.6f}"
    return text.rstrip("0").rstrip(".")


def twins(seed: int, records: Sequence[Record]) -> Iterator[tuple[str, str, bytes]]:
    """(what it is, name of the file, content) of every file."""
    schema = load("penalty")
    yield "openpyxl", "一.xlsx", _by_openpyxl(_Order(seed, schema, records), records)
    yield "xlsxwriter", "二.xlsx", _by_xlsxwriter(_Order(seed + 1, schema, records), records)
    yield "by hand", "三.xlsx", _by_hand(_Order(seed + 2, schema, records), records)
    yield "old", "旧.xls", _old(_Order(seed + 3, schema, records), records)
    for at, (encoding, (mark, codec)) in enumerate(ENCODINGS.items()):
        for separator, sign in SEPARATORS.items():
            order = _Order(seed + 10 + at, schema, records)
            content = mark + _table(order, records, sign).encode(codec)
            yield f"{encoding}, {separator}", f"{encoding}-{separator}.csv", content
    yield (
        "ndjson",
        "四.ndjson",
        "".join(
            json.dumps({"type": "penalty", "fields": record}, ensure_ascii=bool(at % 2)) + "\n"
            for at, record in enumerate(records)
        ).encode(),
    )


class _Order:
    """The columns of one file in their order, and how its writer spells things."""

    def __init__(self, seed: int, schema: Schema, records: Sequence[Record]) -> None:
        self.random = Random(seed)
        self.codes = sorted({code for record in records for code in record})
        self.random.shuffle(self.codes)
        self.names = [self._name(schema.by_code[code].zh, code) for code in self.codes]

    def _name(self, zh: str, code: str) -> str:
        return self.random.choice([zh, code, f"*{zh}", f"{zh}（必填）", f"{zh}：", code.lower()])

    def day(self, text: str) -> str:
        """A date in any spelling."""
        year, month, day = text.split("-")
        return self.random.choice([
            text, text.replace("-", "/"), f"{year}年{int(month)}月{int(day)}日",
            f"{year}.{int(month)}.{int(day)}", f"{year}/{int(month)}/{int(day)} 0:00:00",
        ])  # fmt: skip

    def amount(self, text: str) -> str:
        """An amount in any spelling."""
        whole, _, decimals = text.partition(".")
        return self.random.choice([text, f"{whole}.{decimals:0<6}", f"0{text}"])

    def text(self, record: Mapping[str, str | list[str]], code: str) -> str:
        """A cell of a text table."""
        value = record.get(code, "")
        if isinstance(value, list):
            return self.random.choice([";", "；", "\n", " ; "]).join(value)
        if code == "CF_XDR_ZZJG" and value:
            return f"{value[:8]}-{value[8]}"
        if not value:
            return ""
        if code == MONEY:
            return self.amount(value)
        return self.day(value) if code in ("CF_JDRQ", "CF_YXQ") else value


def _by_openpyxl(order: _Order, records: Sequence[Record]) -> bytes:
    """Shared strings; dates as cells; amounts as numbers, half of them with a format."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["行政处罚信息表"])
    sheet.append(order.names)
    for at, record in enumerate(records, 3):
        for column, code in enumerate(order.codes, 1):
            text = order.text(record, code)
            cell = sheet.cell(at, column)
            if code in ("CF_JDRQ", "CF_YXQ"):
                cell.value = date.fromisoformat(str(record[code]))
                cell.number_format = order.random.choice(
                    ["yyyy/m/d", 'yyyy"年"m"月"d"日"', "mm-dd-yy"]
                )
            elif code == MONEY and text:
                cell.value = float(str(record[code]))
                cell.number_format = order.random.choice(["General", "0.000000", "#,##0.00####"])
            elif text:
                cell.value = text.replace("_x", "_x005F_x")  # which openpyxl leaves to us
                cell.data_type = "s"  # no formula, whatever it looks like
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _by_xlsxwriter(order: _Order, records: Sequence[Record]) -> bytes:
    """Identifiers as numbers that a format pads; accounts; dates with a time of midnight."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet("处罚")
        padded = book.add_format({"num_format": "0" * 15})
        account = book.add_format(
            {"num_format": '_ * #,##0.000000_ ;_ * -#,##0.000000_ ;_ * "-"??_ ;_ @_ '}
        )
        day = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for column, name in enumerate(order.names):
            sheet.write_string(0, column, name)
        for at, record in enumerate(records, 1):
            for column, code in enumerate(order.codes):
                text = order.text(record, code)
                if code == IDENTIFIER:
                    sheet.write_number(at, column, int(str(record[code])), padded)
                elif code in ("CF_JDRQ", "CF_YXQ"):
                    sheet.write_datetime(at, column, datetime.fromisoformat(str(record[code])), day)
                elif code == MONEY and text:
                    sheet.write_number(at, column, float(str(record[code])), account)
                elif text:
                    sheet.write_string(at, column, text)
        sheet.write_string(len(records) + 1, 0, "填报人：样例人")
    return buffer.getvalue()


def _by_hand(order: _Order, records: Sequence[Record]) -> bytes:
    """Inline strings, prefixes, cells without places, an empty table of strings, odd part names."""
    rows = [
        order.names,
        *([order.text(record, code) for code in order.codes] for record in records),
    ]
    data = "".join(_hand_row(at, texts) for at, texts in enumerate(rows, 1))
    sheet = f'<q:worksheet xmlns:q="{MAIN}"><q:sheetData>{data}</q:sheetData></q:worksheet>'
    book = (
        f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>'
        '<sheet name="宏" sheetId="2" state="veryHidden" r:id="m"/>'
        '<sheet name="空" sheetId="3" r:id=""/>'
        '<sheet name="处罚" sheetId="1" r:id="s"/></sheets></workbook>'
    )
    made: dict[str, Any] = {
        "_rels/.rels": _relations("officeDocument", "账本/b.xml"),
        "账本\\b.xml": book,
        "账本\\_rels\\b.xml.rels": _relations("worksheet", "./one.xml", "sharedStrings", "t.xml"),
        "账本\\one.xml": sheet,
        "账本\\t.xml": f'<sst xmlns="{MAIN}" count="0" uniqueCount="0"/>',
    }
    return zipped(made)


def _old(order: _Order, records: Sequence[Record]) -> bytes:
    """A workbook of Excel 97, texts alone."""
    rows = [
        order.names,
        *([order.text(record, code) for code in order.codes] for record in records),
    ]
    return old_workbook(*rows)


def _relations(*pairs: str) -> str:
    listed = "".join(
        f'<Relationship Id="{"s" if kind == "worksheet" else kind}" Target="{target}"'
        f' Type="{RELATIONS}/{kind}"/>'
        for kind, target in zip(pairs[::2], pairs[1::2], strict=True)
    )
    macros = "http://schemas.microsoft.com/office/2006/relationships/xlMacrosheet"
    listed += f'<Relationship Id="m" Target="m.xml" Type="{macros}"/>'
    return f'<Relationships xmlns="{PACKAGE}">{listed}</Relationships>'


def _hand_row(number: int, texts: Sequence[str]) -> str:
    placed = number % 3 == 0
    cells = "".join(
        _hand_cell(f' r="{letters(at)}{number}"' if placed else "", text)
        for at, text in enumerate(texts)
    )
    return (f'<q:row r="{number}">' if number % 2 else "<q:row>") + cells + "</q:row>"


def _hand_cell(place: str, text: str) -> str:
    if not text:
        return f"<q:c{place}/>"
    escaped = text.replace("_x", "_x005F_x").replace("&", "&amp;").replace("<", "&lt;")
    inside = f'<q:is><q:t xml:space="preserve">{escaped}</q:t></q:is>'
    return f'<q:c{place} t="inlineStr">{inside}</q:c>'


def _table(order: _Order, records: Sequence[Record], separator: str) -> str:
    out = io.StringIO()
    writer = csv.writer(
        out, delimiter=separator, lineterminator=order.random.choice(["\n", "\r\n"])
    )
    writer.writerow(order.names)
    for record in records:
        writer.writerow([order.text(record, code) for code in order.codes])
    return out.getvalue()
