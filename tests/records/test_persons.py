"""Identity numbers of persons in free text."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.records import uscc
from ledger.records.persons import holding_person_ids, holds_person_id
from tests.records.examples import code, notes, penalty

NUMBER = "11010519491231002X"  # the example of GB 11643


@pytest.mark.parametrize(
    "text",
    [
        NUMBER,
        NUMBER.lower(),
        "440524188001010014",
        f"当事人张三（身份证号码{NUMBER}）",
        f"张三{NUMBER}、李四",
        "１１０１０５１９４９１２３１００２Ｘ",
        "110105 1949 1231 002X",
        "110105-19491231-002X",
        f"编号1 {NUMBER}",
        f"ID{NUMBER}",
        f"{NUMBER}号",
        f"{NUMBER}ID",
        "110105\u200b19491231\u2060002X",
        "110105\u300019491231\u3000002X",
        "110105–19491231—002X",
        "110105－19491231−002X",
        "110105.19491231.002X",
        "110105·19491231·002X",
        "110105．19491231．002X",
        "1.1.0.1.0.5.1.9.4.9.1.2.3.1.0.0.2.X",
        "1 1 0 1 0 5 1 9 4 9 1 2 3 1 0 0 2 X",
        "１　１０１０５ １９４９１２３１\n００２ Ｘ",
        "\u200b".join(NUMBER),
    ],
)
def test_numbers(text: str) -> None:
    assert holds_person_id(text)
    assert holding_person_ids({"A": "x", "B": text, "C": ["y", text]}) == {"B", "C"}


@pytest.mark.parametrize(
    "text",
    [
        "110105194912310021",  # check character
        "11010519491331002X",  # month
        "11010519490229002X",  # day
        "01010519491231002X",
        "99010519491231002X",  # no province
        f"9{NUMBER}",
        f"{NUMBER}1",
        "91120118MAU9M3630R",
        "91110000600037341L 11120101MA0E6ABXXJ",
        "6222 0219 4912 3100 2112 345",
        "110105 1949 1231 00 21",
        "2024-03-05—2024-03-06 2024-03-07",
        "样市监罚〔2024〕1号，2024年3月5日，13800138000",
        "",
    ],
)
def test_other_digits(text: str) -> None:
    assert not holds_person_id(text)
    assert not holding_person_ids({"A": text})


def test_a_code_of_an_institution_is_no_number_of_a_person() -> None:
    """Codes of 蓟州 begin as numbers of persons do; about one in 300 passes for one."""
    for at in range(2000):
        subject = f"8{at % 10}{1 + at % 9:02}1{at % 8}{at % 100:02}"[:8]
        found = code("12120119", subject)
        assert not holds_person_id(found), found


def test_long_texts_are_judged() -> None:
    assert not holds_person_id("1 \u200b" * 2000)
    assert not holds_person_id("1" * 5000)


OLD = "130503670401001"


@pytest.mark.parametrize(
    "text",
    [
        OLD,
        f"当事人张三（身份证号码{OLD}）",
        f"张三{OLD}、李四",
        f"ID{OLD}",
        "１３０５０３６７０４０１００１",
        "130503 670401 001",
        "130503.670401.001",
        "130503-670401-001",
        "130503\u200b670401\u2060001",
        f"130200600000000 {OLD}",
    ],
)
def test_numbers_of_before_1999(text: str) -> None:
    assert holds_person_id(text)
    assert holding_person_ids({"A": text, "B": "x"}) == {"A"}


@pytest.mark.parametrize(
    "text",
    [
        "440301103097413",  # a registration number of a firm
        "130503671301001",  # month
        "130503670230001",  # day
        "130503170401001",  # born in 1917
        "130500670401001",  # a city, no county
        "130003670401001",
        "990503670401001",
        "710503670401001",
        f"{OLD}1",
        f"1{OLD}",
        f"{OLD}A",
        "1305 0367 0401 001",  # parted elsewhere
        "0.130503 67.0401 001",
        "2024-03-05 2024-03-06 001",
        "13800138000 2024-05-06",
    ],
)
def test_other_fifteen_digits(text: str) -> None:
    assert not holds_person_id(text)


def registration(front: str) -> str:
    """A registration number: the check digit that is right, found by trying (ISO 7064 MOD 11,10,
    written from its definition)."""
    for last in "0123456789":
        product = 10
        for digit in front:
            total = (product + int(digit)) % 10
            product = (2 * (total or 10)) % 11
        if (product + int(last)) % 10 == 1:
            return front + last
    raise AssertionError(front)


@given(
    st.sampled_from(["110105", "130503", "440301"]),
    st.dates(date(1920, 1, 1), date(1999, 12, 31)),
    st.integers(0, 99),
)
def test_firms_are_no_persons(division: str, born: date, rest: int) -> None:
    """Though their first digits are a county and a day: by their check digits."""
    number = registration(f"{division}{born:%y%m%d}{rest:02}")
    assert not holds_person_id(number)
    assert not holds_person_id(f"注册号{number}")
    assert holds_person_id(f"身份证{number}")
    subject = f"{born:%y%m%d}{rest:02}"
    tax = division + subject + uscc.organisation_character(subject)
    assert not holds_person_id(tax)


def test_how_many_are_missed() -> None:
    """One in six without the word, as the module says; none with it."""
    numbers = [
        f"130503{year:02}{month:02}{day:02}{order:03}"
        for year in range(20, 99, 3)
        for month in range(1, 13)
        for day in (1, 28)
        for order in (1, 222, 713)
    ]
    found = sum(map(holds_person_id, numbers)) / len(numbers)
    assert 0.78 < found < 0.88
    assert all(holds_person_id(f"公民身份证号{number}") for number in numbers)


@given(st.text(), st.integers(0, 10**18))
def test_anything_is_judged(text: str, number: int) -> None:
    assert holds_person_id(f"{text} {number} {text}") in (True, False)


def test_the_note_names_the_field_never_the_number() -> None:
    assert notes(penalty(CF_SY=f"张三{NUMBER}", BZ=NUMBER)) == [
        ("CF_SY", "person-id-in-text"),
        ("BZ", "person-id-in-text"),
    ]
    assert notes(penalty(CF_SY="张三")) == []
