"""Read JSON objects of any spelling, depth and length, as section 13 needs it."""

import json
import re
from functools import lru_cache

from tests.second.codec import depth_of

# Deeper than this the parser of the library is not asked, since it recurses.
_SHALLOW = 100
_TOKEN = re.compile(
    r'[ \t\r\n]*+(?:("(?:[^"\\\x00-\x1f]++|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*+")'
    r"|(-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+|true|false|null)"
    r"|([\[\]{},:]))"
)
_END = re.compile(r"[ \t\r\n]*+")
# What may follow, by what stands before it: `s` a text, `v` another scalar, `.` that a value has
# ended. A text after `{`, or after a comma in an object, is a key: `k`, behind which stands `:`.
_AFTER = {"[": "sv[{]", "{": "k}", ":": "sv[{", "k": ":", ",[": "sv[{", ",{": "k", ".": ",]}"}


class NotJsonError(Exception):
    """Say that a text is no JSON object."""


def _next(sort: str, opened: list[str]) -> str:
    """Follow the brackets, and give what a token is to the one behind it."""
    if sort in "[{":
        opened.append(sort)
    elif sort in "]}":
        if opened.pop() + sort not in ("[]", "{}"):
            raise NotJsonError("brackets cross")
        return "."
    elif sort == ",":
        return "," + opened[-1]
    elif sort in "sv":
        return "."
    return sort


def _deep(text: str) -> dict[str, str]:
    """Follow the grammar with a stack of its own; keep the outermost members as they stand."""
    opened: list[str] = []
    before, at, begin, key = ":", 0, 0, ""
    found: dict[str, str] = {}
    while opened or not at:
        match = _TOKEN.match(text, at)
        if not match:
            raise NotJsonError("no token")
        group = match.lastindex or 0
        at = match.end()
        sort = "sv"[group - 1] if group < 3 else text[at - 1]
        if sort == "s" and before in ("{", ",{"):
            sort = "k"
        if sort not in _AFTER[before] or not (opened or sort == "{"):
            raise NotJsonError("out of place")
        if len(opened) == 1 and before == ":":
            begin = match.start(group)
        before = _next(sort, opened)
        if len(opened) == 1:
            if sort == "k":
                key = json.loads(match.group(1))
            elif before == ".":
                found[key] = text[begin:at]
    if not _END.fullmatch(text, at):
        raise NotJsonError("more behind the object")
    return found


def _refuse(text: str) -> None:
    raise ValueError(text)


def _shallow(text: str) -> dict[str, str]:
    """Read what is not deep with the parser of the library; no number matters here."""
    found = json.loads(text, parse_int=lambda _: 0, parse_float=lambda _: 0, parse_constant=_refuse)
    if not isinstance(found, dict):
        return {}
    return {key: json.dumps(value) for key, value in found.items()}


@lru_cache(maxsize=4)
def members_of(data: bytes | str) -> dict[str, str]:
    """Give the members of a JSON object, each as JSON; nothing where it is none."""
    try:
        text = data if isinstance(data, str) else data.decode("utf-8")
        deep = depth_of(text.encode("utf-8", "surrogatepass")) > _SHALLOW
        return _deep(text) if deep else _shallow(text)
    except (NotJsonError, ValueError):
        return {}


def text_at(found: dict[str, str], key: str) -> str | None:
    """Give a member that is a text, decoded."""
    raw = found.get(key, "")
    return str(json.loads(raw)) if raw.startswith('"') else None
