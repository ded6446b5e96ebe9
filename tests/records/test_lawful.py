"""Excepted codes and subjects with several: what a file may say, and what is refused of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from ledger.core.errors import ConfigError, Malformed
from ledger.records.lawful import (
    SameSubject,
    parse_exceptions,
    parse_subjects,
    read_exceptions,
    read_subjects,
)
from tests.records.examples import SUBJECT, code

PILOT = "91350203M0001QKT19"
OTHER = code("91110108", "55138508")


def exceptions(*entries: dict[str, Any]) -> frozenset[str]:
    return parse_exceptions({"_type": "credit-ledger/uscc-exceptions@1", "exceptions": [*entries]})


def subjects(*entries: dict[str, Any]) -> list[SameSubject]:
    return list(parse_subjects({"_type": "credit-ledger/subjects@1", "subjects": [*entries]}))


def excepted(text: str = PILOT, **changes: Any) -> dict[str, Any]:
    return {"code": text, "reason": "试点赋码", "source": "营业执照"} | changes


def same(*codes: str, **changes: Any) -> dict[str, Any]:
    return {"codes": [*codes], "reason": "重新赋码", "document": "样登〔2026〕1号"} | changes


def test_codes_are_taken_as_records_have_them() -> None:
    assert exceptions(excepted(" 91350203m0001qkt19 ")) == {PILOT}
    assert subjects(same(f" {SUBJECT.lower()}", OTHER, names=["甲（有限）公司"])) == [
        SameSubject((SUBJECT, OTHER), ("甲(有限)公司",))
    ]


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([excepted("1")], "entry 1: a code is no USCC"),
        ([excepted("00000000000000000X")], "entry 1: a code is no USCC"),
        ([excepted(SUBJECT)], "passes its check characters"),
        ([excepted(), excepted()], f"entry 2 ({PILOT}): stands in entry 1 too"),
        ([{"code": PILOT, "source": "x"}], "no member reason"),
        ([{"code": PILOT, "reason": "x"}], "no member source"),
        ([excepted(source="")], "source is empty"),
    ],
)
def test_a_wrong_exception_is_named(entries: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(Malformed) as caught:
        exceptions(*entries)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([same(SUBJECT)], "one code and one name at most"),
        ([same(SUBJECT, names=["甲公司"])], "one code and one name at most"),
        ([same(SUBJECT, SUBJECT)], "a text twice"),
        ([same(SUBJECT, "1")], "a code is no USCC"),
        ([same(SUBJECT, OTHER), same(OTHER, names=["甲", "乙"])], "stands in entry 1 too"),
        ([same(SUBJECT, OTHER, document=" " * 0)], "document is empty"),
        ([{"codes": [SUBJECT, OTHER], "document": "x"}], "no member reason"),
    ],
)
def test_a_wrong_subject_is_named(entries: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(Malformed) as caught:
        subjects(*entries)
    assert said in str(caught.value)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    assert (read_exceptions(None), len(read_subjects(None))) == (frozenset(), 0)
    path.write_text(json.dumps({"_type": "credit-ledger/subjects@1", "subjects": []}))
    assert len(read_subjects(path)) == 0
    with pytest.raises(ConfigError) as caught:
        read_exceptions(path)
    assert caught.value.setting == "CREDIT_LEDGER_USCC_EXCEPTIONS_FILE"
