"""The language of texts for people: CREDIT_LEDGER_LANG, else the locale, else English."""

import os
from collections.abc import Mapping
from typing import Literal

Language = Literal["zh", "en"]


def language(environment: Mapping[str, str] = os.environ) -> Language:
    """`zh` or `en`. The first variable that is set decides, as POSIX has it (XBD 8.2)."""
    for name in ("CREDIT_LEDGER_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(name, "").strip().lower()
        if value:
            return "zh" if value.startswith("zh") else "en"
    return "en"


def pick(text: Mapping[str, str]) -> str:
    """`text` ({"zh","en"}) in the language of whoever reads."""
    return text[language()]


def say(*, zh: str, en: str) -> str:
    """One of the two, in the language of whoever reads."""
    return zh if language() == "zh" else en
