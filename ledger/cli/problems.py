"""What is wrong with settings and files, in the language of whoever reads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise

from ledger.cli.language import say
from ledger.cli.problem_words import PLACES, PROBLEMS, TYPES
from ledger.core.texts import Text

_MOST = 2000
"""Characters that are looked at; ours have a few hundred, those of others are shown as they are."""
_VALUE = "{}"
_SEPARATOR = ": "
_CHINESE = re.compile("[一-鿿]")


def told(error: object) -> str:
    """An error, or what it says, in the language of whoever reads."""
    return say(zh=chinese(str(error)), en=str(error))


def in_words(error: object) -> Text:
    """The same in both languages."""
    return {"zh": chinese(str(error)), "en": str(error)}


def chinese(problem: str) -> str:
    """A problem in Chinese, with the places before it. What nobody here has said (a library, a
    server) is quoted as it is."""
    found = _by_table(problem, PROBLEMS) if len(problem) <= _MOST else None
    if found is not None:
        return found
    place, parted, rest = problem.partition(_SEPARATOR)
    if parted:
        known = _by_table(place, PLACES) if len(place) <= _MOST else None
        return f"{place if known is None else known}：{chinese(rest)}"
    return problem if _CHINESE.search(problem) or " " not in problem else f"原文为“{problem}”"


def _by_table(text: str, table: Mapping[str, str]) -> str | None:
    """The words for a text that fits an entry of the table, with its values put in."""
    if text in table and _VALUE not in text:
        return table[text]
    for pattern, parts, template in _patterns(table is PLACES):
        if all(part in text for part in parts) and (match := pattern.fullmatch(text)):
            values = [TYPES.get(value, value) for value in match.groups()]
            return template.format(*map(_inner, values))
    return None


def _inner(value: str) -> str:
    """A value that may be a problem or a place by itself."""
    known = _by_table(value, PLACES) or _by_table(value, PROBLEMS) if " " in value else None
    return value if known is None else known


def _pattern(parts: Sequence[str]) -> str:
    """A value has no separator in it, for places stand before one, unless it comes after one."""
    made = re.escape(parts[0])
    for before, after in pairwise(parts):
        value = "(.+?)" if before.endswith((_SEPARATOR, ", ")) else "((?:(?!: ).)+?)"
        made += value + re.escape(after)
    return made


@cache
def _patterns(places: bool) -> Sequence[tuple[re.Pattern[str], Sequence[str], str]]:
    """Those with values: the one that says most comes first."""
    table = PLACES if places else PROBLEMS
    made = [
        (re.compile(_pattern(parts), re.DOTALL), parts, words)
        for template, words in table.items()
        if len(parts := template.split(_VALUE)) > 1
    ]
    return sorted(made, key=lambda one: -len("".join(one[1])))
