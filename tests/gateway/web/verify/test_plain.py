"""Sentences of checks, without what only programs read."""

from __future__ import annotations

from typing import get_args

import pytest

from gateway.web.languages import Code
from gateway.web.verify.plain import apart
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
