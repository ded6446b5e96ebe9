"""Read JSON objects of any spelling and length, as section 13 needs it."""

import json
from functools import lru_cache

from tests.second.codec import depth_of

# Section 19: what is deeper is not looked at.
_LEVELS = 100


def _refuse(text: str) -> None:
    raise ValueError(text)


def _members(text: str) -> dict[str, str]:
    """Read an object with the parser of the library; no number matters here."""
    found = json.loads(text, parse_int=lambda _: 0, parse_float=lambda _: 0, parse_constant=_refuse)
    if not isinstance(found, dict):
        return {}
    return {key: json.dumps(value) for key, value in found.items()}


@lru_cache(maxsize=4)
def members_of(data: bytes | str) -> dict[str, str]:
    """Give the members of a JSON object, each as JSON; nothing where it is none."""
    try:
        text = data if isinstance(data, str) else data.decode("utf-8")
        deep = depth_of(text.encode("utf-8", "surrogatepass")) > _LEVELS
        return {} if deep else _members(text)
    except ValueError:
        return {}


def text_at(found: dict[str, str], key: str) -> str | None:
    """Give a member that is a text, decoded."""
    raw = found.get(key, "")
    return str(json.loads(raw)) if raw.startswith('"') else None
