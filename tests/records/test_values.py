"""Reading single values: every spelling of dates and amounts, texts, vocabularies, lists."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.records.fold import fold
from ledger.records.schema import load
from ledger.records.values import Fault, read_date, read_money, reader
from tests.records.examples import codes, penalty

PENALTY = load("penalty")
UNSEEN = [
    "\u200b",
    "\u2060",
    "\u3164",
    "\u2800",
    "\u00ad",
    "\ufeff",
    "\ufe0f",
    "\u202e\u202c",
    "\x01",
]


def read(code: str, value: object) -> object:
    return reader(PENALTY.by_code[code])(value)


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-05",
        "2024/3/5",
        "2024/03/05",
        "2024.3.5",
        "2024年3月5日",
        "2024年03月05日",
        "2024-03-05 00:00:00",
        "2024-03-05T00:00:00",
        "2024/3/5 0:00",
        "2024/3/5 00:00:00.000",
    ],
)
def test_spellings_of_a_date(text: str) -> None:
    assert read_date(text) == "2024-03-05"


@pytest.mark.parametrize(
    "text",
    [
        "昨天",
        "2024-02-30",
        "2024/13/01",
        "2023-02-29",
        "2024-00-10",
        "2024-3",
        "2024-03/05",
        "20240305",
        "24-03-05",
        "05/03/2024",
        "2024-03-05 09:00:00",
        "2024-03-05 00:00:01",
        "2024-03-05Z",
        "2024年3月5",
        "2024-03-05\n2024-03-06",
        "45356",
        "0001-01-01",
        "1900-01-05",
    ],
)
def test_what_is_no_date(text: str) -> None:
    assert read_date(text) == Fault("date-invalid")


@given(st.dates(date(1949, 1, 1)), st.sampled_from(["-", "/", "."]), st.booleans())
@settings(deadline=None)
def test_every_day_in_every_spelling(day: date, mark: str, padded: bool) -> None:
    month, number = (f"{day.month:02}", f"{day.day:02}") if padded else (day.month, day.day)
    assert read_date(f"{day.year}{mark}{month}{mark}{number}") == day.isoformat()
    assert read_date(f"{day.year}年{month}月{number}日") == day.isoformat()


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0.2", "0.2"),
        ("0.20", "0.2"),
        ("00.2", "0.2"),
        ("1.0", "1"),
        ("100", "100"),
        ("0", "0"),
        ("0.000", "0"),
        ("0.000001", "0.000001"),
        ("0.1000000", "0.1"),
        ("999999999999.999999", "999999999999.999999"),
    ],
)
def test_amounts(text: str, amount: str) -> None:
    assert read_money(text) == amount


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("0.1234567", "money-too-precise"),
        ("1e3", "money-format"),
        ("-1", "money-format"),
        ("+1", "money-format"),
        ("1,000", "money-format"),
        ("٣", "money-format"),
        (".5", "money-format"),
        ("5.", "money-format"),
        ("1.2.3", "money-format"),
        ("0.2万元", "money-format"),
        ("¥1", "money-format"),
        ("NaN", "money-format"),
        ("Infinity", "money-format"),
        ("1_000", "money-format"),
        ("0x10", "money-format"),
        ("1000000000000", "too-long"),
    ],
)
def test_what_is_no_amount(text: str, fault: str) -> None:
    assert read_money(text) == Fault(fault)


@given(st.integers(0, 10**18 - 1), st.integers(0, 3), st.integers(0, 3))
@settings(deadline=None)
def test_amounts_keep_their_value_and_have_one_spelling(n: int, before: int, after: int) -> None:
    exact = Decimal(n).scaleb(-6)
    amount = read_money("0" * before + f"{exact:.6f}" + "0" * after)
    assert isinstance(amount, str)
    assert Decimal(amount) == exact
    assert read_money(amount) == amount
    assert amount == "0" or amount.strip("0") not in ("", ".")
    assert not (amount.startswith("0") and not amount.startswith("0.") and amount != "0")
    assert "." not in amount or not amount.endswith(("0", "."))


@given(st.text(max_size=12))
@settings(deadline=None)
def test_any_text_has_an_answer(text: str) -> None:
    for answer in (read_money(text), read_date(text)):
        assert isinstance(answer, str | Fault)


def test_texts_are_trimmed_and_otherwise_as_sent() -> None:
    assert read("CF_NR", " \u3000警告\u00a0，罚款\t\n") == "警告\u00a0，罚款"
    assert read("CF_NR", "第一行\n第二行") == "第一行\n第二行"
    for empty in (None, "", "  ", "\u3000\u2003"):
        assert read("CF_NR", empty) is None
    assert read("CF_NR", "😀\u2028甲") == "😀\u2028甲"


def test_lengths_count_characters() -> None:
    assert read("CF_SY", "甲" * 5000) == "甲" * 5000
    assert read("CF_SY", "甲" * 5001) == Fault("too-long")
    assert read("CF_FRDB", "😀" * 50) == "😀" * 50


@pytest.mark.parametrize("value", [0, 0.2, True, False, {}, {"a": 1}, [], ["警告"], b"x", 10**400])
def test_only_texts_are_values(value: object) -> None:
    assert read("CF_NR", value) == Fault("schema-invalid")
    assert read("CF_NR_FK", value) == Fault("money-format")
    assert read("CF_JDRQ", value) == Fault("schema-invalid")
    assert read("CF_XDR_SHXYM", value) == Fault("schema-invalid")


def test_lone_surrogates_and_nul_have_no_encoding() -> None:
    assert read("CF_NR", "a\0b") == Fault("encoding")
    assert read("CF_NR", "甲\0") == Fault("encoding")
    assert read("CF_CFLB", ["其他-甲\0"]) == Fault("encoding")
    assert read("CF_NR", "甲\ud800") == Fault("encoding")
    assert read("CF_CFLB", ["其他-\ud800"]) == Fault("encoding")


def test_a_number_that_lost_digits_on_its_way_through_csv() -> None:
    assert read("CF_XDR_GSZC", "9.212E+14") == Fault("number-lost-digits")
    assert read("CF_XDR_GSZC", "921200000090000") == "921200000090000"
    assert read("BZ", "1+1") == "1+1"


@pytest.mark.parametrize(
    ("value", "items"),
    [
        ("警告", ["警告"]),
        ("警告;罚款", ["警告", "罚款"]),
        ("警告；罚款", ["警告", "罚款"]),
        ("警告\n罚款", ["警告", "罚款"]),
        ("警告\r\n 罚款 ;", ["警告", "罚款"]),
        ("罚款;警告;罚款", ["罚款", "警告", "罚款"]),
        (["警告", " 罚款 ", ""], ["警告", "罚款"]),
        ("通报批评;限制从业", ["通报批评", "限制从业"]),
        ("没收违法所得、没收非法财物", ["没收违法所得、没收非法财物"]),
        ("暂扣或者吊销许可证／执照", ["暂扣或者吊销许可证／执照"]),
        ("其他", ["其他"]),
        ("其他-责令改正", ["其他-责令改正"]),
        ("其他－责令改正", ["其他－责令改正"]),
    ],
)
def test_lists(value: object, items: list[str]) -> None:
    assert read("CF_CFLB", value) == items


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("扣分", "not-in-vocabulary"),
        ("警告;扣分", "not-in-vocabulary"),
        ("警告,罚款", "not-in-vocabulary"),
        ("其他-", "not-in-vocabulary"),
        ("其他-  ", "not-in-vocabulary"),
        ("其他责令", "not-in-vocabulary"),
        ("其他-" + "甲" * 253, "too-long"),
        (["罚款"] * 86, "too-long"),
        ([1], "schema-invalid"),
        ([["警告"]], "schema-invalid"),
        (["警告", None], "schema-invalid"),
        ({"警告": 1}, "schema-invalid"),
        (("警告",), "schema-invalid"),
        (5, "schema-invalid"),
    ],
)
def test_what_is_no_list_of_the_vocabulary(value: object, fault: str) -> None:
    assert read("CF_CFLB", value) == Fault(fault)


@pytest.mark.parametrize("value", [None, "", " ", ";", "；\n", [], ["", " "]])
def test_empty_lists_are_absent(value: object) -> None:
    assert read("CF_CFLB", value) is None


def test_a_choice_has_a_limit_too() -> None:
    """But only one of the values helps whoever wrote another, however long it is."""
    assert read("CF_XDR_LB", "甲" * 101) == Fault("not-in-vocabulary")
    assert read("CF_CFLB", "其他-" + "甲" * 300) == Fault("too-long")


def test_subject_types_are_texts_not_numbers() -> None:
    assert read("CF_XDR_LB", "个体工商户") == "个体工商户"
    for text in ("1", "01", "2", "法人", "企业"):
        assert read("CF_XDR_LB", text) == Fault("not-in-vocabulary")


@pytest.mark.parametrize("text", UNSEEN)
@pytest.mark.parametrize("code", ["CF_WSH", "CF_XDR_MC", "CF_CFJG", "CF_NR"])
def test_what_is_not_seen_is_no_value(code: str, text: str) -> None:
    assert (code, "required") in codes(penalty(**{code: f" {text} "}))
    assert fold(text).strip("\x01") == ""


@pytest.mark.parametrize("value", [["警告;罚款"], ["警告\n罚款"], ["警告", "；罚款；"]])
def test_an_item_of_a_list_may_hold_several(value: list[str]) -> None:
    assert read("CF_CFLB", value) == read("CF_CFLB", "警告;罚款") == ["警告", "罚款"]
    assert read("CF_CFLB", ["其他-甲;罚款"]) == ["其他-甲", "罚款"]


@pytest.mark.parametrize("mark", ["\u202a", "\u202e", "\u2066", "\u2069"])
def test_marks_of_direction_are_refused(mark: str) -> None:
    assert codes(penalty(CF_XDR_MC=f"甲{mark}乙")) == [("CF_XDR_MC", "encoding")]
    assert codes(penalty(CF_CFLB=f"警{mark}告")) == [("CF_CFLB", "encoding")]
    assert codes(penalty(CF_CFLB=["警告", f"其他-{mark}口头"])) == [("CF_CFLB", "encoding")]


def test_a_selector_of_a_glyph_makes_no_other_number() -> None:
    assert fold("样罚\ufe0f〔2024〕\u31641号") == fold("样罚〔2024〕1号")
    assert codes(penalty(CF_XDR_MC="葛\U000e0100氏公司")) == []
