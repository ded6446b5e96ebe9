"""Files of two departments with everything that clerks do: errors, corrections, rows sent again,
lateness, rows of the other department. Made by a seed; nothing of the product is imported."""

import csv
import io
import json
import random
from collections.abc import Callable, Sequence
from datetime import date, timedelta

import openpyxl

from tests.acceptance.independent import uscc
from tests.acceptance.independent_quality import CHINESE, Row

Sent = tuple[str, bytes]
"""Name and content of a file."""


def spoiled(chance: random.Random, row: Row, other: str) -> Row:
    """The row with one thing wrong, or two."""
    faults: Sequence[Callable[[Row], Row]] = (
        lambda r: r | {"CF_SY": ""},
        lambda r: r | {"CF_NR_FK": ""},
        lambda r: r | {"CF_XDR_SHXYM": r["CF_XDR_SHXYM"][:-1] + "0"},
        lambda r: r | {"CF_XDR_SHXYM": "9112", "CF_YJ": ""},
        lambda r: r | {"CF_XDR_LB": "公司"},
        lambda r: r | {"CF_JDRQ": "2026-02-30"},
        lambda r: r | {"CF_JDRQ": "2099-01-01"},
        lambda r: r | {"CF_YXQ": "2001-01-01"},
        lambda r: r | {"CF_NR_FK": "两千元"},
        lambda r: r | {"CF_CFJGDM": ""},
        lambda r: r | {"CF_CFJGDM": other},
        lambda r: r | {"CF_SJLYDM": "123"},
    )
    return chance.choice(faults)(row)


def penalty(chance: random.Random, number: str, authority: str, today: date) -> Row:
    """A right one; in time, late, or of before the ledger went live."""
    decided = today - timedelta(days=chance.choice([0, 1, 3, 5, 8, 9, 10, 11, 12, 15, 60, 1200]))
    day = chance.choice(["-", "/"]).join(f"{part:02}" for part in decided.timetuple()[:3])
    end = decided + timedelta(days=365)
    return {
        "CF_XDR_MC": f"合成样例{number}有限公司",
        "CF_XDR_LB": chance.choice(["法人及非法人组织", "个体工商户"]),
        "CF_XDR_SHXYM": uscc(chance.randrange(31**5)),
        "CF_FRDB": "样例人",
        "CF_WSH": f"样罚〔{decided.year}〕{number}号",
        "CF_WFXW": "未按规定公示年度报告",
        "CF_SY": "经查,当事人未按规定公示年度报告。",
        "CF_YJ": "《企业信息公示暂行条例》第十七条",
        "CF_CFLB": chance.choice(["罚款", "警告;罚款"]),
        "CF_NR": "罚款",
        "CF_NR_FK": chance.choice(["0.2", "1.5", "30"]),
        "CF_JDRQ": day,
        "CF_YXQ": end.isoformat(),
        "CF_GSJZQ": end.isoformat(),
        "CF_CFJG": "样例局",
        "CF_CFJGDM": authority,
        "CF_SJLY": "样例局",
        "CF_SJLYDM": authority,
    }


def make(seed: int, authority: str, other: str, today: date, *, rows: int = 60) -> list[Sent]:
    """What a department sends in a day: a file; the same once more; the rows put right, together
    with those that were right before; other contents under numbers in use; and new ones."""
    chance = random.Random(seed)
    good = [penalty(chance, f"{seed}-{n}", authority, today) for n in range(rows)]
    first = [spoiled(chance, row, other) if n % 4 == 0 else row for n, row in enumerate(good)]
    first += [first[0], first[1], first[1]]
    again = [row for n, row in enumerate(good) if n % 4 == 0 and chance.random() < 0.7]
    changed = [row | {"CF_SY": "另一事实。"} for row in good[1:rows:7]]
    new = [penalty(chance, f"{seed}-{rows + n}", authority, today) for n in range(10)]
    return [
        ("一.csv", as_csv(first)),
        ("一.csv", as_csv(first)),
        ("二.xlsx", as_xlsx(again + first)),
        ("三.csv", as_csv(changed + changed)),
        ("四.ndjson", as_lines(new)),
    ]


def as_csv(rows: Sequence[Row]) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(CHINESE)
    writer.writerows([row.get(code, "") for code in CHINESE.values()] for row in rows)
    return buffer.getvalue().encode("gb18030")


def as_xlsx(rows: Sequence[Row]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(list(CHINESE))
    for row in rows:
        book.active.append([row.get(code) or None for code in CHINESE.values()])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def as_lines(rows: Sequence[Row]) -> bytes:
    lines = []
    for row in rows:
        fields = {code: value for code, value in row.items() if value}
        typed: dict[str, object] = fields | {"CF_CFLB": row["CF_CFLB"].split(";")}
        lines.append(json.dumps({"type": "penalty", "fields": typed}, ensure_ascii=False).encode())
    return b"\n".join(lines) + b"\n"
