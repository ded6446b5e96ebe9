"""Values that nobody should send, and some that people do."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from tests.records import twin
from tests.records.examples import AUTHORITY, SUBJECT
from tests.records.test_second_set import variants

BUSINESS = "92120101MA0712ABXY"
TEXTS: list[object] = [
    *(
        "",
        " ",
        "\u200b",
        "\u3164",
        "\ufeff甲",
        "甲\u200d",
        "\u202e甲",
        "甲\u2066乙",
        "\x07",
        "甲\x00",
    ),
    *(
        "\ud800",
        "甲\udfff",
        "\ue7c7",
        "\ufe10",
        "\U0001f600",
        "e\u0301",
        "é",
        "ﬁ",
        "Ａ１",
        "\u2f00",
    ),
    *('"', "\\", '","', "a\\", '\\"', "\n", "a\nb", "\u2028", "</", "\x7f", "=1+1", "9.2E+14"),
    *("110101199003074514", "经办人身份证130203800101123", "1101011990 0307 4514", "1" * 40),
    *(
        "长" * 49,
        "长" * 50,
        "长" * 51,
        "x" * 60_000,
        "甲" * 5000,
        "警告；罚款",
        "其他-罚款",
        "其他",
    ),
    *(twin.FILLER, SUBJECT, AUTHORITY, BUSINESS, SUBJECT.lower(), "长期", "2099-12-31", "2026"),
    *("2026-11-23", "2026-11-24", "2024-02-30", "20240101", "2026年5月1日", "0", "999999999999"),
    *("自然人", "个体工商户", "法人及非法人组织", "个体 工商户", "违约", "其他-未违约", "是", "否"),
    *("食品安全法", "消防", "《中华人民共和国食品安全法》第三十四条"),
]
OTHERS: list[object] = [
    *(None, 0, 1, True, False, 1.0, float("nan"), b"x", (), ("甲",), [], {}, {"a": 1}, object),
    *(["甲"], ["甲", "乙"], ["甲;乙"], [""], [[]], [["甲"]], [1], [None], ["甲", 1], [{}], "甲;乙"),
    *(
        ["警告"],
        ["警告", "罚款"],
        ("警告", "罚款"),
        ["\ud800"],
        ["长" * 300],
        {"警告"},
        ["警告", True],
    ),
]
NAMES: list[str] = [
    "无此列",
    "cf_wsh",
    " CF_WSH",
    "文书号",
    "",
    "行政相对人名称",
    "__class__",
    "\ud800",
    "x" * 99,
]


def rows(schema: twin.Schema, base: Mapping[str, Any]) -> st.SearchStrategy[dict[str, object]]:
    """Rows that differ from one that is good in up to four fields, of the same few values, since
    what is remembered is what came before."""
    fields = {field["code"]: field for field in schema["fields"]}
    seldom = [field["zh"] for field in schema["fields"]] + NAMES

    def value(code: str) -> st.SearchStrategy[object]:
        right = [base[code]] if code in base else []
        own = list(variants(schema, fields[code])) if code in fields else []
        few = st.sampled_from([*right, *own]) if right or own else st.nothing()
        return few | st.sampled_from(TEXTS) | st.sampled_from(OTHERS) | st.text(max_size=20)

    changed = st.sampled_from([*fields, *fields, *seldom]).flatmap(
        lambda code: st.tuples(st.just(code), value(code))
    )
    return st.lists(changed, max_size=4).map(lambda changes: {**base, **dict(changes)})
