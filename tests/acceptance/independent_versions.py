"""What is of a version that nobody knows yet, written a second time from protocol 13 alone.

Nothing here imports the product.
"""

import base64
import binascii
import json
import re
from typing import Any

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
TYPE = re.compile(r"credit-ledger/[a-z][a-z-]{0,31}@([1-9][0-9]{0,8})")
START = re.compile(rb'\s*\{\s*"_type"\s*:\s*"([^"]*)"')
VCT = re.compile(r"urn:credit-ledger:record:([1-9][0-9]{0,8})")
ORIGIN = re.compile(r"credit-ledger/[0-9a-f]{64}")
WITNESS = re.compile(r"credit-ledger/witness/[0-9A-Za-z][0-9A-Za-z._-]{0,31}")
LINE = re.compile(r"— ([^\s+\x00-\x1f]{1,256}) ([A-Za-z0-9+/]+={0,2})")
ALGS = {"ES256", "ES256K", "EdDSA", "none"}


def file(data: bytes) -> bool:
    """Step 1, then 2 to 5 of what a receipt holds."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    start = START.match(data[:256])
    if start is not None and _other(start[1].decode("latin-1")):
        return True
    value = _json(data)
    if not isinstance(value, dict):
        return False
    return (
        _other(value.get("_type"))
        or _entry(value.get("entry"))
        or checkpoint(value.get("checkpoint"))
        or jws(value.get("presentation"))
        or jws(value.get("binding"))
    )


def entry(data: bytes) -> bool:
    """Step 2 of bytes."""
    start = START.match(data[:256])
    return (start is not None and _other(start[1].decode("latin-1"))) or _entry(_json(data))


def checkpoint(text: object) -> bool:
    """Step 5."""
    if not isinstance(text, str) or len(text) > 131_072:
        return False
    notes = text.partition("\n\n")[2]
    matches = [LINE.fullmatch(line) for line in notes[:-1].split("\n")]
    if not notes.endswith("\n") or None in matches:
        return False
    lines = [(match[1], _base64(match[2])) for match in matches if match is not None]
    if any(blob is None for _, blob in lines) or not ORIGIN.fullmatch(lines[0][0]):
        return False
    sizes = [(name, len(blob or b"")) for name, blob in lines]
    return sizes[0][1] > 4 + 64 or any(
        size > (4 + 8 + 64 if WITNESS.fullmatch(name) else 4) for name, size in sizes[1:]
    )


def jws(text: object) -> bool:
    """Steps 3 and 4."""
    if not isinstance(text, str):
        return False
    header, _, rest = text.partition("~")[0].partition(".")
    found = _json(_base64url(header))
    if isinstance(found, dict) and _unknown(found.get("alg"), ALGS):
        return True
    payload = _json(_base64url(rest.partition(".")[0]))
    if not isinstance(payload, dict):
        return False
    vct = payload.get("vct")
    record = VCT.fullmatch(vct) if isinstance(vct, str) else None
    newer = record is not None and record[1] != "1"
    return newer or _unknown(payload.get("_sd_alg"), {"sha-256"})


def _entry(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    return _other(value.get("_type")) or _unknown(value.get("suite"), {"sha256"})


def _other(type_: object) -> bool:
    found = TYPE.fullmatch(type_) if isinstance(type_, str) else None
    return found is not None and found[1] != "1"


def _unknown(name: object, known: set[str]) -> bool:
    return isinstance(name, str) and name not in known and NAME.fullmatch(name) is not None


def _json(data: bytes | None) -> Any:
    try:
        return None if data is None else json.loads(data)
    except (ValueError, RecursionError):
        return None


def _base64(text: str) -> bytes | None:
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    return data if base64.b64encode(data).decode() == text else None


def _base64url(text: str) -> bytes | None:
    if re.fullmatch(r"[A-Za-z0-9_-]*", text) is None:
        return None
    standard = text.replace("-", "+").replace("_", "/")
    return _base64(standard + "=" * (-len(text) % 4))
