"""What a check says, as a sentence for people, with members by their names and moments of China;
and apart from it what a program names: hashes, and words that are English in either language."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from gateway.web.languages import Code, Language
from ledger.core.verdict.reasons import CODES
from ledger.files.words import MEMBERS

_PROBLEM: Final = re.compile(r"（\{problem\}）| \(\{problem\}\)|：\{problem\}|: \{problem\}")

_MEMBER: Final = re.compile(rf"(?<![\w（(-])({'|'.join(MEMBERS)})(?![\w-])", re.ASCII)
_MOMENT: Final = re.compile(r"(?<![\w-])\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ(?!\w)", re.ASCII)
_DAY: Final = re.compile(r"(?<![\w-])\d{4}-\d\d-\d\d(?![\w-])", re.ASCII)
_LISTED: Final = re.compile("）, ")


def readable(text: str, language: Language) -> str:
    """The same with names for codes of provinces, and with days and moments as people write
    them."""
    text = _MOMENT.sub(lambda found: _told(language.moment, found[0]), text)
    text = _DAY.sub(lambda found: _told(language.day, found[0]), text)
    text = _MEMBER.sub(lambda found: language.member(found[1]), text)
    return _LISTED.sub("）、", text)


def _told(tell: Callable[[str], str], text: str) -> str:
    try:
        return tell(text)
    except (ValueError, OverflowError):  # of no calendar: it stands in a file that anybody made
        return text


def apart(check: Mapping[str, Any], language: Code) -> tuple[str, str]:
    """Sentence and detail of a check as verdicts show it; the detail is "" where it has none."""
    text = str(check["message"][language])
    reason = CODES.get(check["code"])
    place = None if reason is None else _PROBLEM.search(reason.text[language])
    if reason is None or place is None:
        return text, ""
    before, after = reason.text[language][: place.start()], reason.text[language][place.end() :]
    if "{" in before + after or not (text.startswith(before) and text.endswith(after)):
        return text, ""
    lead, tail = place[0].split("{problem}")
    return before + after, text[len(before) + len(lead) : len(text) - len(after) - len(tail)]
