"""Tell what names a version, suite or algorithm that is not known (section 13)."""

import re

from tests.second import note
from tests.second.codec import Malformed, b64url_strict
from tests.second.loose import members_of, text_at

TYPE = re.compile(r"credit-ledger/[a-z][a-z-]{0,31}@([1-9][0-9]{0,8})")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_VCT = re.compile(r"urn:credit-ledger:record:[1-9][0-9]{0,8}")
_START = re.compile(rb'[ \t\r\n]*\{[ \t\r\n]*"_type"[ \t\r\n]*:[ \t\r\n]*"([ -!#-\[\]-~]+)"')
BOM = b"\xef\xbb\xbf"
_PARTS = ("receipt", "promise", "statement")
KNOWN_ALG = ("ES256", "EdDSA", "ES256K", "none")


def newer_type(text: str | None) -> bool:
    """Tell whether a `_type` is one of our formats in another version."""
    found = TYPE.fullmatch(text or "")
    return bool(found) and found is not None and found.group(1) != "1"


def _strange(text: str | None, known: tuple[str, ...]) -> bool:
    return text is not None and text not in known and bool(NAME.fullmatch(text))


def file_newer(data: bytes) -> bool:
    """Look at a whole file (rule 1)."""
    data = data.removeprefix(BOM)
    start = _START.match(data[:256])
    if start and newer_type(start.group(1).decode()):
        return True
    return newer_type(text_at(members_of(data), "_type"))


def entry_newer(data: bytes | str) -> bool:
    """Look at an entry (rule 2)."""
    found = members_of(data)
    return newer_type(text_at(found, "_type")) or _strange(text_at(found, "suite"), ("sha256",))


def payload_newer(data: bytes | str) -> bool:
    """Look at a payload (rule 3)."""
    found = members_of(data)
    vct = text_at(found, "vct")
    other = vct is not None and bool(_VCT.fullmatch(vct)) and vct != "urn:credit-ledger:record:1"
    return other or _strange(text_at(found, "_sd_alg"), ("sha-256",))


def _part(text: str, place: int) -> bytes:
    try:
        return b64url_strict(text.split("~", 1)[0].split(".")[place])
    except (IndexError, Malformed):
        return b""


def algorithm_newer(text: str) -> bool:
    """Look at the header of a JWS (rule 4)."""
    return _strange(text_at(members_of(_part(text, 0)), "alg"), KNOWN_ALG)


def jws_newer(text: str) -> bool:
    """Look at a JWS over a payload, with or without disclosures behind it (rules 3 and 4)."""
    return algorithm_newer(text) or payload_newer(_part(text, 1))


def receipt_newer(data: bytes | str) -> bool:
    """Look at the parts of a receipt (rules 2 to 5)."""
    found = members_of(data)
    if newer_type(text_at(found, "_type")) or entry_newer(found.get("entry", "")):
        return True
    signed = (text_at(found, "presentation"), text_at(found, "binding"))
    if any(jws_newer(text) for text in signed if text is not None):
        return True
    return note.newer(text_at(found, "checkpoint") or "")


def opening_newer(data: bytes | str) -> bool:
    """Look at the parts of an opening (rule 6)."""
    found = members_of(data)
    receipt, outer, said = (members_of(found.get(name, "")) for name in _PARTS)
    types = [found, receipt, outer, said, members_of(outer.get("promise", ""))]
    if any(newer_type(text_at(part, "_type")) for part in types):
        return True
    return entry_newer(found.get("entry", "")) or receipt_newer(found.get("receipt", ""))
