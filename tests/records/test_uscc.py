"""USCC: real codes, letters in front, both check characters."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ledger.records import uscc
from tests.records.examples import code

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
ORGANISATION = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
REAL = ["91110000600037341L", "91110108551385082Q", "11230500001755309F"]


def plain_check(first_17: str) -> str:
    """GB 32100 as written: 31 minus the remainder, and 31 is 0."""
    total = sum(ALPHABET.index(char) * (3**i % 31) for i, char in enumerate(first_17))
    value = 31 - total % 31
    return ALPHABET[0 if value == 31 else value]


def plain_organisation(first_8: str) -> str:
    """GB 11714 as written: 11 minus the remainder, 10 is X and 11 is 0."""
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(ORGANISATION.index(c) * w for c, w in zip(first_8, weights, strict=True))
    value = 11 - total % 11
    return {10: "X", 11: "0"}.get(value, str(value))


def test_the_weights_are_the_powers_of_three() -> None:
    weights = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
    assert uscc._WEIGHTS == weights


@pytest.mark.parametrize("text", REAL)
def test_real_codes(text: str) -> None:
    assert uscc.check(text) is None
    assert plain_check(text[:17]) == text[17]
    assert plain_organisation(text[8:16]) == text[16]


@pytest.mark.parametrize("first", ["A1120118", "N2120118", "Y1100000", "54130602", "93140105"])
def test_letters_in_front_and_other_classes(first: str) -> None:
    good = code(first, "MA2GUL3F")
    assert uscc.check(good) is None
    assert uscc.check(good[:17] + ("0" if good[17] != "0" else "1")) == "uscc-check"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("A1110000600037341L", "uscc-check"),  # stdnum calls its form wrong, but A is known
        ("91110000600037341M", "uscc-check"),
        ("9111000060003734OL", "uscc-format"),  # letter O
        ("91110000600037341", "uscc-format"),
        ("91110000600037341LL", "uscc-format"),
        ("91110000600037341l", "uscc-format"),  # not normalised
        ("9111000060003734１L", "uscc-format"),  # full width
        ("911100006000３7341L", "uscc-format"),
        ("B1110000600037341L", "uscc-format"),  # no such authority
        ("91O10000600037341L", "uscc-format"),
        ("9.1110108E+17", "uscc-format"),
        ("", "uscc-format"),
        ("0" * 18, "uscc-format"),  # passes both check characters
        (uscc.FILLER, "uscc-check"),
    ],
)
def test_wrong_codes(text: str, fault: str) -> None:
    assert uscc.check(text) == fault


def test_zeros_would_pass_both_checks() -> None:
    assert plain_check("0" * 17) == "0"
    assert plain_organisation("0" * 8) == "0"


def test_a_division_does_not_begin_with_zero() -> None:
    assert uscc.check(code("91000000", "MA2GUL3F")) == "uscc-format"


def test_wrong_inner_character() -> None:
    body = "91120118MAG63Q0T"
    inner = plain_organisation(body[8:])
    for other in "0123456789X":
        first_17 = body + other
        expected = None if other == inner else "uscc-organisation-check"
        assert uscc.check(first_17 + plain_check(first_17)) == expected


def test_normalise() -> None:
    assert uscc.normalise(" 9111 0000\u30006000\t37341l\u00a0") == REAL[0]


bodies = st.builds(
    str.__add__,
    st.from_regex(rf"[1-9ANY][{ALPHABET[1:]}][1-9][0-9]{{5}}", fullmatch=True),
    st.text(ALPHABET, min_size=8, max_size=8),
)


@given(bodies)
@settings(deadline=None)
def test_both_characters_equal_the_plain_twin(body: str) -> None:
    good = code(body[:8], body[8:])
    assert good[16] == plain_organisation(body[8:])
    assert good[17] == plain_check(good[:17])
    assert uscc.check(good) is None


@given(bodies, st.integers(0, 17), st.sampled_from(ALPHABET))
@settings(deadline=None)
def test_one_wrong_character_is_always_seen(body: str, place: int, char: str) -> None:
    good = code(body[:8], body[8:])
    assume(good[place] != char)
    assert uscc.check(good[:place] + char + good[place + 1 :]) is not None


@given(st.text(max_size=20))
@settings(deadline=None)
def test_any_text_has_an_answer(text: str) -> None:
    uscc.check(uscc.normalise(text))
