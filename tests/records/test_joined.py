"""Several values in one cell, and ends without end: what the remedy says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.records.joined import joined
from ledger.records.schema import load
from tests.records.examples import judge, penalty

CLASSES = load("penalty").by_code["CF_CFLB"].vocabulary
SEIZED = "没收违法所得、没收非法财物"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("警告、罚款", ("警告", "罚款")),
        ("警告，罚款", ("警告", "罚款")),
        ("警告 罚款", ("警告", "罚款")),
        ("警告并处罚款", ("警告", "罚款")),
        ("警告和罚款", ("警告", "罚款")),
        (f"{SEIZED}、罚款", (SEIZED, "罚款")),
        (f"罚款/{SEIZED}", ("罚款", SEIZED)),
        ("罚款,暂扣或者吊销许可证/执照", ("罚款", "暂扣或者吊销许可证/执照")),
        ("警告、、罚款", ()),
        ("警告、扣分", ()),
        ("警告、", ()),
        ("警告", ()),
        ("", ()),
    ],
)
def test_values_that_were_joined(text: str, values: tuple[str, ...]) -> None:
    assert joined(CLASSES, text) == values


@given(st.lists(st.sampled_from(CLASSES), min_size=2, max_size=5), st.sampled_from("、,/+|;"))
def test_whatever_is_joined_is_parted(values: list[str], sign: str) -> None:
    assert len(joined(CLASSES, sign.join(values))) > 1


@given(st.text("警告罚款、,没收", max_size=300))
def test_any_text_is_looked_at(text: str) -> None:
    assert set(joined(CLASSES, text)) <= set(CLASSES)


def test_long_texts_are_looked_at() -> None:
    assert len(joined(CLASSES, "警告" * 100)) == 100
    assert joined(CLASSES, "警告" * 100_000) == ()


def told(**values: object) -> list[tuple[str | None, str, str, str]]:
    return [
        (error.field, error.code, error.message["zh"], error.message["en"])
        for error in judge(penalty(**values)).errors
    ]


def test_a_list_names_the_separator() -> None:
    ((field, code, zh, en),) = told(CF_CFLB="警告、罚款")
    assert (field, code) == ("CF_CFLB", "not-in-vocabulary")
    assert "分号" in zh and "警告；罚款" in zh
    assert "semicolons" in en and "警告;罚款" in en
    assert told(CF_CFLB="警告；罚款", CF_NR_FK="1") == []  # as the remedy says


def test_one_value_is_asked_for_where_one_is_taken() -> None:
    ((field, code, zh, _),) = told(CL_SIMPLE="是/否")
    assert (field, code) == ("CL_SIMPLE", "not-in-vocabulary")
    assert "只能填写一个" in zh and "是；否" in zh
    ((_, _, zh, _),) = told(CL_SIMPLE="也许")
    assert "应为" in zh


@pytest.mark.parametrize("words", ["长期", "永久有效", " 长期 "])
def test_ends_without_end(words: str) -> None:
    ((field, code, zh, en),) = told(CF_GSJZQ=words)
    assert (field, code) == ("CF_GSJZQ", "date-invalid")
    assert "留空" in zh and "empty" in en
    ((field, code, zh, en),) = told(CF_YXQ=words)
    assert (field, code) == ("CF_YXQ", "date-invalid")
    assert "2099-12-31" in zh and "2099-12-31" in en
    assert told(CF_YXQ="2099-12-31") == []
    ((_, _, zh, _),) = told(CF_JDRQ=words)
    assert "YYYY-MM-DD" in zh
