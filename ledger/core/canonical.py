"""One spelling for everything: canonical JSON, base64, hex, instants and days (design 4).

JSON is RFC 8785 restricted to ASCII keys, strings without lone surrogates, integers from 0 to
2^53 - 1, booleans, no floats, and no null except where the caller says so.
"""

import re
from binascii import a2b_base64, b2a_base64
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson

from ledger.core.errors import Malformed

__all__ = [
    "DIGEST_SIZE",
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_INSTANT",
    "MAX_INTEGER",
    "Json",
    "b64_decode",
    "b64_encode",
    "b64u_decode",
    "b64u_encode",
    "encode",
    "hex0x",
    "hex32",
    "instant",
    "parse",
    "parse_day",
    "parse_instant",
    "unhex",
    "unhex0x",
    "unhex32",
    "utf8",
]

# Largest integer that every JSON reader keeps exact (RFC 8785 3.2.2.3, RFC 7493 2.2).
MAX_INTEGER = 2**53 - 1
# Bounds for callers that name none: generous for our formats, harmless for memory.
MAX_BYTES = 1 << 20
MAX_DEPTH = 16

DIGEST_SIZE = 32
MAX_INSTANT = 253402300799  # 9999-12-31T23:59:59Z, the last one RFC 3339 can write

# What a JSON value may be: str, int, bool, None, list of these, dict from str to these.
Json = Any

# Into the other alphabet; what belongs to the wrong one becomes no base64 at all.
_TO_STANDARD = bytes.maketrans(b"-_+/", b"+/\0\0")
_TO_URL = bytes.maketrans(b"+/", b"-_")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_START = _EPOCH.replace(tzinfo=None)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})Z",
)


def encode(value: Json, *, allow_null: bool = False, max_depth: int = MAX_DEPTH) -> bytes:
    """The canonical bytes of `value`; Malformed if it has none."""
    _walk(value, allow_null, max_depth)
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:  # the walk leaves one cause: a lone surrogate
        raise Malformed("JSON", "text with a lone surrogate") from error


def parse(
    data: bytes,
    *,
    allow_null: bool = False,
    max_bytes: int = MAX_BYTES,
    max_depth: int = MAX_DEPTH,
) -> Json:
    """The value of canonical bytes; Malformed unless `data == encode(parse(data))`."""
    if len(data) > max_bytes:
        raise Malformed("JSON", f"longer than {max_bytes} bytes")
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Malformed("JSON", "not JSON") from error
    if encode(value, allow_null=allow_null, max_depth=max_depth) != data:
        raise Malformed("JSON", "not the canonical spelling (order, space, escapes, duplicates)")
    return value


def _walk(value: Json, allow_null: bool, depth: int) -> None:
    kind = type(value)
    if kind is str or kind is bool:
        return
    if kind is int:
        if not 0 <= value <= MAX_INTEGER:
            raise Malformed("JSON", "integer outside 0 … 2^53 - 1")
    elif kind is dict or kind is list or kind is tuple:
        if depth == 0:
            raise Malformed("JSON", "nested too deep")
        if kind is dict:
            for key in value:
                if type(key) is not str or not key.isascii():
                    raise Malformed("JSON", "key that is not ASCII text")
            value = value.values()
        for item in value:
            if type(item) is not str:
                _walk(item, allow_null, depth - 1)
    elif value is not None:
        raise Malformed("JSON", f"{kind.__name__} has no canonical spelling")
    elif not allow_null:
        raise Malformed("JSON", "null is not allowed here")


def utf8(text: str) -> bytes:
    """The UTF-8 bytes of `text`; Malformed if it holds a lone surrogate."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise Malformed("text", "lone surrogate") from error


def b64u_encode(data: bytes) -> str:
    """Base64url without padding (RFC 7515 2)."""
    return b2a_base64(data, newline=False).rstrip(b"=").translate(_TO_URL).decode()


def b64u_decode(text: str) -> bytes:
    """Bytes of base64url without padding; Malformed unless it equals its re-encoding."""
    try:
        standard = text.encode("ascii").translate(_TO_STANDARD)
    except UnicodeEncodeError as error:
        raise Malformed("base64", "not base64") from error
    data = _from_base64(standard + b"=" * (-len(text) % 4))
    if b2a_base64(data, newline=False).rstrip(b"=") != standard:
        raise Malformed("base64url", "not its own re-encoding")
    return data


def b64_encode(data: bytes) -> str:
    """Base64 with padding (RFC 4648 4), as C2SP notes use it."""
    return b2a_base64(data, newline=False).decode()


def b64_decode(text: str) -> bytes:
    """Bytes of padded base64; Malformed unless it equals its re-encoding."""
    data = _from_base64(text)
    if b64_encode(data) != text:
        raise Malformed("base64", "not its own re-encoding")
    return data


def _from_base64(text: str | bytes) -> bytes:
    try:
        return a2b_base64(text, strict_mode=True)
    except ValueError as error:  # binascii.Error, or text that is not ASCII
        raise Malformed("base64", "not base64") from error


def unhex(text: str, size: int) -> bytes:
    """`size` bytes of lower-case hex without `0x`; Malformed otherwise."""
    try:
        data = bytes.fromhex(text)
    except ValueError:
        data = b""
    if len(data) != size or data.hex() != text:
        raise Malformed("hex", f"not {size} bytes in lower case")
    return data


def hex32(data: bytes) -> str:
    """A digest or id as JSON shows it: 64 lower-case hex characters."""
    if len(data) != DIGEST_SIZE:
        raise Malformed("hex", f"not {DIGEST_SIZE} bytes")
    return data.hex()


def unhex32(text: str) -> bytes:
    """The 32 bytes of a digest or id in JSON."""
    return unhex(text, DIGEST_SIZE)


def hex0x(data: bytes) -> str:
    """An address, transaction, block hash or EIP-712 signature as JSON shows it."""
    return "0x" + data.hex()


def unhex0x(text: str, size: int) -> bytes:
    """The `size` bytes of such a text."""
    if not text.startswith("0x"):
        raise Malformed("hex", "no 0x in front")
    return unhex(text[2:], size)


def instant(seconds: int) -> str:
    """Unix seconds as RFC 3339 UTC with whole seconds: `2026-11-18T11:08:20Z`."""
    if not 0 <= seconds <= MAX_INSTANT:
        raise Malformed("instant", "outside 1970 … 9999")
    return (_START + timedelta(seconds=seconds)).isoformat() + "Z"


def parse_instant(text: str) -> int:
    """Unix seconds of such a text."""
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise Malformed("instant", "not YYYY-MM-DDTHH:MM:SSZ")
    year, month, day, hour, minute, second = map(int, match.groups())
    try:
        parsed = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise Malformed("instant", "no such time") from error
    seconds = (parsed - _EPOCH) // timedelta(seconds=1)
    if seconds < 0:
        raise Malformed("instant", "before 1970")
    return seconds


def parse_day(text: str) -> date:
    """The day of `YYYY-MM-DD`."""
    if not _DAY.fullmatch(text):
        raise Malformed("day", "not YYYY-MM-DD")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Malformed("day", "no such day") from error
