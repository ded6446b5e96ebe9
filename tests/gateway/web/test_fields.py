"""Problems of the interface in the words of the form on which they are shown."""

from __future__ import annotations

import pytest

from gateway.web.fields import FIELDS, in_words


@pytest.mark.parametrize(
    ("field", "zh", "en", "told"),
    [
        (
            "authority",
            "“authority”不是18位统一社会信用代码",
            "“authority” is not a USCC",
            (
                "“认定单位（机关）代码”不是18位统一社会信用代码",
                "“code of the authority” is not a USCC",
            ),
        ),
        (
            "until",
            "until 已过；请填写今天或以后的日期",
            "until has passed",
            ("“截止日期” 已过；请填写今天或以后的日期", "Last day has passed"),
        ),
        (
            "owner",
            "请核对编号，或用 owner 指明所属成员",
            "check it, or name its owner",
            ("请核对编号，或用 “记录所属省市” 指明所属成员", "check it, or name its owner"),
        ),
        (
            "types",
            "types：须为 1 至 64 项的列表",
            "types: is no list",
            ("“记录类别”：须为 1 至 64 项的列表", "Types of records: is no list"),
        ),
    ],
)
def test_as_the_form_names_it(field: str, zh: str, en: str, told: tuple[str, str]) -> None:
    found = in_words({"code": "x", "field": field, "text": {"zh": zh, "en": en}})
    assert (found["text"]["zh"], found["text"]["en"]) == told
    assert found["fieldName"] == FIELDS[field]


@pytest.mark.parametrize(
    "text",
    [
        "请用 case show 查看后逐条办理",
        "先登记申请（case file --owner CODE）后办理",
        "材料见 from-day.pdf，或 record.json",
    ],
)
def test_what_names_no_field_stays(text: str) -> None:
    found = in_words({"code": "x", "field": "other", "text": {"zh": text, "en": "so it is"}})
    assert found["text"] == {"zh": text, "en": "so it is"}
    assert "fieldName" not in found


def test_a_form_is_no_body() -> None:
    told = in_words({"code": "schema-invalid", "title": {"zh": "正文", "en": "body"}})
    assert "填写有误" in told["title"]["zh"] and "body" not in told["title"]["en"]
