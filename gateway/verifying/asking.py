"""What a request asks, beside the file that it sends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from gateway.http.problems import Problem
from ledger.core.canonical import parse_day
from ledger.core.errors import InputError, Malformed
from ledger.core.note import MAX_WITNESSES
from ledger.core.verdict.facts import Question
from ledger.records import uscc
from ledger.verify import ask

LENGTHS: Final[Mapping[str, int]] = {
    "subject": 64,
    "type": 80,
    "issuer": 32,
    "asOf": 10,
    "audience": 128,
    "nonce": 128,
    "witnesses": 2,
}
"""Names of what may be asked, each once, with how many characters it may have."""

_UNKNOWN: Final = {
    "zh": f"可以询问的是 {'、'.join(LENGTHS)}，各至多一次",
    "en": f"What may be asked: {', '.join(LENGTHS)}, each once",
}


def read_question(pairs: Iterable[tuple[str, str]]) -> Question:
    """The question of a query. A name that is not known is refused: whoever misspells `subject`
    must not be told `valid` of somebody else. Raises Problem, InputError."""
    said: dict[str, str] = {}
    for name, value in pairs:
        if name not in LENGTHS or name in said:
            raise Problem("schema-invalid", _UNKNOWN)
        if not 0 < len(value) <= LENGTHS[name]:
            raise _wrong(name, "长度不符", "has the wrong length")
        said[name] = value
    if ("audience" in said) != ("nonce" in said):
        raise _wrong("audience", "须与 nonce 同时给出", "goes with nonce, or neither is given")
    return ask(
        subject=_subject(said.get("subject")),
        type_=said.get("type"),
        issuer=said.get("issuer"),
        as_of=_day(said.get("asOf")),
        audience=said.get("audience"),
        nonce=said.get("nonce"),
        witnesses=_witnesses(said.get("witnesses")),
    )


def demand_askable(names: Iterable[str]) -> None:
    """Refuse what cannot be asked of a file that tells it itself. names: of that. Raises
    InputError."""
    for name in names:
        raise _wrong(
            name,
            "只能就单个回执询问：名单和历史自述其日期、主体、类型与签发者",
            "is asked of single receipts: lists and histories say it themselves",
        )


def _subject(text: str | None) -> str | None:
    if text is None:
        return None
    code = uscc.normalise(text)
    if not code or code == uscc.FILLER:
        raise _wrong("subject", "不是能识别主体的代码", "identifies nobody")
    return code


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else parse_day(text)
    except Malformed as error:
        raise _wrong("asOf", "须为 YYYY-MM-DD", "must be YYYY-MM-DD") from error


def _witnesses(text: str | None) -> int:
    if text is None:
        return 0
    number = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= number <= MAX_WITNESSES:
        wanted = f"1 … {MAX_WITNESSES}"
        raise _wrong("witnesses", f"须为 {wanted}", f"must be {wanted}")
    return number


def _wrong(field: str, zh: str, en: str) -> InputError:
    return InputError(field, "question-invalid", {"zh": f"{field} {zh}", "en": f"{field} {en}"})
