"""Read statements and promises (sections 10 and 23)."""

import re
from dataclasses import dataclass

from tests.second.codec import (
    CODE,
    HEX,
    Json,
    Malformed,
    b64url_strict,
    day,
    instant,
    integer_of,
    members,
    parse,
    text_of,
)
from tests.second.curves import (
    PROMISE,
    sha256,
    type_hash,
    typed_digest,
    word,
)

COMMON = "_type at iss log salt"
_CASE = (
    "act authority basis case channel class day docs nationalNo note prev pushed received record"
    " role step"
)
_ACTS = (
    "file-repair file-objection supplement withdraw-filing national-result accept decline"
    " ask-supplement grant refuse uphold dismiss unconfirmed shield lift rescind correct withdraw"
    " end erase"
).split()
_CHANNELS = "national portal desk court own".split()
_TYPE = re.compile(r"credit-ledger/(case|authorisation|query|use|report|outcome|feedback|dummy)@1")
_SUBJECT = re.compile(r"[0-9A-Z]{18}")
_REGION = re.compile(r"[0-9]{6}")
_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,11})(\.[0-9]{0,3}[1-9])?")
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_ROLE = re.compile(r"[0-9A-Za-z._-]{1,64}:[0-9A-Za-z._-]{1,64}")
_SIGNATURE = re.compile(r"0x[0-9a-f]{130}")


@dataclass(frozen=True)
class Statement:
    """Hold the common members of a statement and the digest of all of it."""

    sort: str
    iss: str
    log: str
    at: int
    commitment: str


@dataclass(frozen=True)
class Promise:
    """Hold a promise."""

    count: int
    due: int
    issued_at: int
    leaves_root: bytes
    log: str
    signature: bytes

    def digest(self, chain_id: int, contract: str, member: str) -> bytes:
        """Give what the member signed, in the domain of a LogAnchor."""
        struct = type_hash(PROMISE) + b"".join(
            (
                word(member),
                bytes.fromhex(self.log),
                self.leaves_root,
                word(self.count),
                word(self.issued_at),
                word(self.due),
            )
        )
        return typed_digest("LogAnchor", chain_id, contract, struct)


def promise_of(value: Json) -> Promise:
    """Read a promise that has been parsed."""
    found = members(value, "_type count due issuedAt leavesRoot log signature")
    due, issued_at = instant(found["due"]), instant(found["issuedAt"])
    raw = bytes.fromhex(text_of(found["signature"], _SIGNATURE)[2:])
    if found["_type"] != "credit-ledger/promise@1" or not 0 <= due - issued_at <= 259_200:
        raise Malformed("no promise of version 1, or due out of bounds")
    return Promise(
        count=integer_of(found["count"], 4096, 1),
        due=due,
        issued_at=issued_at,
        leaves_root=bytes.fromhex(text_of(found["leavesRoot"], HEX)),
        log=text_of(found["log"], HEX),
        signature=raw,
    )


def _short(value: Json, most: int) -> None:
    if len(text_of(value)) > most:
        raise Malformed("text too long")


def _doc(value: Json) -> None:
    found = members(value, "name salt sha256 size")
    _short(found["name"], 200)
    text_of(found["sha256"], HEX)
    integer_of(found["size"])
    if len(b64url_strict(text_of(found["salt"]))) != 32:
        raise Malformed("a salt has 32 bytes")


def _docs(value: Json) -> None:
    if not isinstance(value, list) or len(value) > 16:
        raise Malformed("docs is a list of at most 16")
    for item in value:
        _doc(item)


def _case(found: dict[str, Json]) -> None:
    members(found, f"{COMMON} {_CASE}")
    if found["act"] not in _ACTS or found["channel"] not in _CHANNELS:
        raise Malformed("no such step, or no such channel")
    for name in ("case", "record"):
        text_of(found[name], HEX)
    text_of(found["authority"], _SUBJECT)
    text_of(found["role"], _ROLE)
    _short(found["note"], 2000)
    _docs(found["docs"])
    if found["class"] not in (None, "minor", "general", "severe"):
        raise Malformed("no such class")
    if found["basis"] is not None:
        integer_of(found["basis"], 65_535)
    if found["nationalNo"] is not None:
        _short(found["nationalNo"], 64)
    for name in ("day", "pushed", "received"):
        if found[name] is not None:
            day(found[name])
    first = integer_of(found["step"], least=1) == 1
    if first != (found["prev"] is None):
        raise Malformed("prev is null at step 1 and nowhere else")
    if not first:
        text_of(found["prev"], HEX)


def _other(found: dict[str, Json]) -> None:
    """Look at the members of other sorts of which the text gives a form or bound."""
    forms = {"region": _REGION, "granted": _AMOUNT, "lent": _AMOUNT, "period": _MONTH}
    for name, form in forms.items():
        if found.get(name) is not None:
            text_of(found[name], form)
    for name, most in (("matter", 200), ("result", 2000)):
        if found.get(name) is not None:
            _short(found[name], most)
    for name in ("types", "regions"):
        listed = found.get(name)
        if isinstance(listed, list) and len(listed) > 64:
            raise Malformed("list too long")
    if found.get("docs") is not None:
        _docs(found["docs"])
    if found.get("subject") is not None:
        text_of(found["subject"], _SUBJECT)


def read(data: bytes) -> Statement:
    """Read a statement; of sorts that the text does not lay down, what it does say of them."""
    found = parse(data, limit=65_536, depth=3, nulls=True)
    if not isinstance(found, dict) or not set(COMMON.split()) <= set(found):
        raise Malformed("the common members are not all there")
    kind = _TYPE.fullmatch(text_of(found["_type"]))
    if not kind or len(b64url_strict(text_of(found["salt"]))) != 32:
        raise Malformed("no such sort, or a salt of another length")
    at = instant(found["at"])
    iss, log = text_of(found["iss"], CODE), text_of(found["log"], HEX)
    if kind.group(1) == "dummy":
        members(found, COMMON)
    elif kind.group(1) == "case":
        _case(found)
    else:
        _other(found)
    return Statement(kind.group(1), iss, log, at, sha256(data).hex())
