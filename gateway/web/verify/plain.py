"""What a check says, as a sentence for people, and apart from it what a program names: hashes, and
words that are English in either language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from gateway.web.languages import Code
from ledger.core.verdict.reasons import CODES

_PROBLEM: Final = re.compile(r"（\{problem\}）| \(\{problem\}\)|：\{problem\}|: \{problem\}")


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
