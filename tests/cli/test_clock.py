"""CREDIT_LEDGER_NOW: held at an instant, or so many seconds ahead."""

import time

import pytest

from ledger.clock import MAX_OFFSET, Setting, parse
from ledger.core.errors import ConfigError


def test_held_and_ahead() -> None:
    assert parse("2026-11-20T08:00:00Z") == Setting(held=1_795_161_600)
    assert parse("2026-11-20T08:00:00Z").clock()() == 1_795_161_600
    assert parse("+0") == Setting()
    assert parse("+604800") == Setting(offset=604_800)
    before = time.time()
    assert before + 604_800 <= parse("+604800").clock()() <= time.time() + 604_800
    assert parse(f"+{MAX_OFFSET}").offset == MAX_OFFSET


@pytest.mark.parametrize(
    "text", ["", "+", "+-1", "-1", "60", "+1.5", "+01", f"+{MAX_OFFSET + 1}", "+٣", "noon", "+1\n"]
)
def test_one_spelling(text: str) -> None:
    with pytest.raises(ConfigError):
        parse(text)
