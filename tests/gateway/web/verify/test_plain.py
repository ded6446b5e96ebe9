"""Sentences of checks, without what only programs read."""

from __future__ import annotations

from typing import get_args

import pytest

from gateway.web.languages import Code, Language
from gateway.web.verify.plain import apart, readable
from ledger.core.verdict.checks import failed
from ledger.core.verdict.reasons import CODES

WITH = sorted(code for code, one in CODES.items() if "{problem}" in one.text["en"])
HEX = "root (computed: 0x00ff), not: 0x11"


@pytest.mark.parametrize("code", WITH)
@pytest.mark.parametrize("language", get_args(Code))
def test_each_is_told_apart(code: str, language: Code) -> None:
    """And the sentence reads as one: nothing stands open in it."""
    check = failed("format", code, problem=HEX).as_dict()
    text, detail = apart(check, language)
    assert detail == HEX
    assert HEX not in text and "{" not in text and "problem" not in text
    assert text.count("（") == text.count("）") and text.count("(") == text.count(")")


def test_others_stay_as_they_are() -> None:
    told = failed("subject", "subject-differs", actual="a", expected="b").as_dict()
    assert apart(told, "zh") == (told["message"]["zh"], "")  # type: ignore[index]
    assert apart({"code": "ok", "message": {"zh": "甲", "en": "a"}}, "en") == ("a", "")


@pytest.mark.parametrize(
    ("said", "zh", "en"),
    [
        ("of 120000.", "of 天津（120000）.", "of Tianjin (120000)."),
        ("110000, 140000", "北京（110000）、山西（140000）", "Beijing (110000), Shanxi (140000)"),
        ("2026-12-02T15:00:00Z", "2026年12月2日 23:00:00", "2 Dec 2026, 23:00:00"),
        ("by 2026-12-02", "by 2026年12月2日", "by 2 December 2026"),
    ],
)
def test_what_people_read(said: str, zh: str, en: str) -> None:
    assert (readable(said, Language("zh")), readable(said, Language("en"))) == (zh, en)


@pytest.mark.parametrize(
    "said",
    [
        *("天津（120000）", "1200001", "a-120000", "120000-20261201-SC9MRRF45HM", "0x120000ff"),
        *("2026-13-01", "2026-02-30T00:00:00Z", "0000-00-00", "12026-12-01"),
    ],
)
def test_what_stays_as_it_is(said: str) -> None:
    """Named already, part of something else, or of no calendar: files of strangers hold it."""
    assert readable(said, Language("zh")) == said
