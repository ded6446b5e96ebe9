"""Read and write the few encodings of section 2."""

import base64
import binascii
import json
import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from typing import TypeAlias

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"

MAX_INTEGER = 2**53 - 1
MAX_INSTANT = 253_402_300_799
SHANGHAI = 8 * 3600

HEX = re.compile(r"[0-9a-f]{64}")
HEX0X = re.compile(r"0x[0-9a-f]{64}")
CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,31}")
_TEXT = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_NO_BRACKET = bytes(set(range(256)) - set(b"[]{}"))
_STEPS = bytes.maketrans(b"[{]}", bytes([0, 0, 1, 1]))
_STEP = (1, -1)
_INSTANT = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_B64URL = re.compile(r"[A-Za-z0-9_-]*")


class Malformed(Exception):
    """Say that bytes are not of the form that the text demands."""


def depth_of(data: bytes) -> int:
    """Count the deepest nesting of objects and lists outside of texts."""
    brackets = _TEXT.sub(b"", data).translate(_STEPS, _NO_BRACKET)
    return max(accumulate(map(_STEP.__getitem__, brackets)), default=0)


def _integer(digits: str) -> int:
    if digits.startswith("-") or len(digits) > 16 or int(digits) > MAX_INTEGER:
        raise Malformed("integer out of bounds")
    return int(digits)


def _no_float(text: str) -> float:
    raise Malformed(f"no integer: {text[:20]}")


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs) or not all(key.isascii() for key in found):
        raise Malformed("a key twice, or not ASCII")
    return found


def _has_null(value: Json) -> bool:
    if isinstance(value, dict):
        return any(_has_null(item) for item in value.values())
    if isinstance(value, list):
        return any(_has_null(item) for item in value)
    return value is None


def read_plain(data: bytes, *, limit: int, depth: int) -> Json:
    """Read JSON of any spelling, within bounds, without duplicate keys, floats and surrogates."""
    if len(data) > limit or depth_of(data) > depth:
        raise Malformed("too long or too deep")
    try:
        text = data.decode("utf-8")
        value: Json = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_no_float,
            parse_constant=_no_float,
        )
    except (ValueError, RecursionError) as error:
        raise Malformed("not JSON") from error
    return value


def canonical(value: Json) -> bytes:
    """Write canonical JSON."""
    try:
        text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Malformed("a lone surrogate") from error


def parse(data: bytes, *, limit: int = 1_048_576, depth: int = 16, nulls: bool = False) -> Json:
    """Read canonical JSON; refuse every other spelling."""
    value = read_plain(data, limit=limit, depth=depth)
    if canonical(value) != data or (not nulls and _has_null(value)):
        raise Malformed("not canonical")
    return value


def base64_strict(text: str) -> bytes:
    """Decode base64 that equals its own re-encoding."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("not base64") from error
    if base64.b64encode(raw).decode() != text:
        raise Malformed("not the one spelling of base64")
    return raw


def b64url(raw: bytes) -> str:
    """Write base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def b64url_strict(text: str) -> bytes:
    """Decode base64url without padding that equals its own re-encoding."""
    if not _B64URL.fullmatch(text) or len(text) % 4 == 1:
        raise Malformed("not base64url")
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if b64url(raw) != text:
        raise Malformed("not the one spelling of base64url")
    return raw


def instant(text: Json) -> int:
    """Read an instant as Unix seconds."""
    found = _INSTANT.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise Malformed("not an instant")
    year, month, day_, hour, minute, second = (int(part) for part in found.groups())
    try:
        at = datetime(year, month, day_, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise Malformed("no such instant") from error
    seconds = int(at.timestamp())
    if seconds < 0:
        raise Malformed("before 1970")
    return seconds


def write_instant(seconds: int) -> str:
    """Write Unix seconds as an instant."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).strftime(
        "%Y-%m-%dT%H:%M:%SZ"
    )


def day(text: Json) -> date:
    """Read a day that exists."""
    if not isinstance(text, str) or not _DAY.fullmatch(text):
        raise Malformed("not a day")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Malformed("no such day") from error


def is_day(text: Json) -> bool:
    """Tell whether a value is a day that exists."""
    try:
        day(text)
    except Malformed:
        return False
    return True


def day_of(seconds: int) -> date:
    """Give the day in Asia/Shanghai of Unix seconds."""
    shifted = min(seconds + SHANGHAI, MAX_INSTANT)
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=shifted)).date()


def end_of(last: date) -> int:
    """Give the Unix seconds at which a day in Asia/Shanghai has ended."""
    return (last.toordinal() - date(1970, 1, 1).toordinal() + 1) * 86_400 - SHANGHAI


def months_later(start: date, months: int) -> date:
    """Give the same day some months later, or the last of that month; never beyond 9999."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if year > 9999:
        return date.max
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def members(value: Json, needed: str, optional: str = "") -> dict[str, Json]:
    """Demand an object with exactly the members needed, and some optional ones."""
    wanted, extra = set(needed.split()), set(optional.split())
    if not isinstance(value, dict) or not wanted <= set(value) <= wanted | extra:
        raise Malformed(f"not an object of {needed}")
    return value


def text_of(value: Json, form: re.Pattern[str] | None = None) -> str:
    """Demand a text, of a form where one is given."""
    if not isinstance(value, str) or (form is not None and not form.fullmatch(value)):
        raise Malformed("not a text of its form")
    return value


def integer_of(value: Json, most: int = MAX_INTEGER, least: int = 0) -> int:
    """Demand an integer between two bounds."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise Malformed("not an integer within its bounds")
    return value


def texts_of(value: Json, form: re.Pattern[str] | None = None, most: int = 1 << 20) -> list[str]:
    """Demand a list of texts."""
    if not isinstance(value, list) or len(value) > most:
        raise Malformed("not a list within its bounds")
    return [text_of(item, form) for item in value]
