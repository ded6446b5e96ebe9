"""Read presentations and bindings (sections 7 and 11)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tests.second.codec import (
    CODE,
    HEX,
    MAX_INSTANT,
    Json,
    Malformed,
    b64url,
    b64url_strict,
    day,
    integer_of,
    members,
    parse,
    text_of,
    texts_of,
)
from tests.second.curves import ALGORITHM_OF, made, sha256

PAYLOAD = "_sd _sd_alg class decided iss log rules schema until vct"
CLASSES = ("minor", "general", "severe")
_FILE = re.compile(r"([a-z][a-z0-9-]{0,31})@([1-9][0-9]{0,8}):([0-9a-f]{64})")
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_SALT = re.compile(r"[A-Za-z0-9_-]{24}")
_DIGEST = re.compile(r"[A-Za-z0-9_-]{43}")
_VISIBLE = re.compile(r"[!-~]{1,256}")

Value = str | list[str]


@dataclass(frozen=True)
class Jws:
    """Hold a compact JWS of a PRESENT key."""

    algorithm: int
    kid: str
    iat: int
    payload: bytes
    message: bytes
    signature: bytes

    def made_by(self, algorithm: int, public_key: bytes) -> bool:
        """Tell whether a key of an algorithm made the signature."""
        if algorithm != self.algorithm:
            return False
        return made(algorithm, public_key, self.message, self.signature)


@dataclass(frozen=True)
class FileName:
    """Name a schema or rules file as payloads do."""

    name: str
    version: int
    digest: str

    @property
    def versioned(self) -> str:
        """Give `name@version`."""
        return f"{self.name}@{self.version}"


@dataclass(frozen=True)
class Payload:
    """Hold what the commitment is over."""

    sd: list[str]
    class_: str | None
    decided: date
    iss: str
    log: str
    rules: FileName
    schema: FileName
    until: date | None


@dataclass(frozen=True)
class Presentation:
    """Hold a presentation whose disclosures have not been looked at."""

    text: str
    jws: Jws
    payload: Payload
    disclosures: tuple[str, ...]


@dataclass(frozen=True)
class Binding:
    """Hold a binding."""

    jws: Jws
    aud: str
    nonce: str
    sd_hash: str


class Mismatch(Exception):
    """Say that disclosures are not what the payload commits to; holds the code."""


def read_jws(text: str, typ: str, header_members: str) -> Jws:
    """Read a compact JWS with a header of exactly some members."""
    parts = text.split(".")
    if len(parts) != 3:
        raise Malformed("not three parts")
    raw_header, payload, signature = (b64url_strict(part) for part in parts)
    header = members(parse(raw_header, limit=512), header_members)
    if header["typ"] != typ or len(signature) != 64:
        raise Malformed("another typ, or no signature of 64 bytes")
    algorithm = ALGORITHM_OF.get(text_of(header["alg"]))
    if algorithm is None:
        raise Malformed("no such algorithm")
    iat = integer_of(header["iat"], MAX_INSTANT) if "iat" in header else 0
    message = text.rpartition(".")[0].encode()
    return Jws(algorithm, text_of(header["kid"], HEX), iat, payload, message, signature)


def _file(value: Json) -> FileName:
    found = _FILE.fullmatch(text_of(value))
    if not found:
        raise Malformed("no name of a file")
    return FileName(found.group(1), int(found.group(2)), found.group(3))


def _payload(data: bytes) -> Payload:
    found = members(parse(data, limit=16_384, nulls=True), PAYLOAD)
    sd = texts_of(found["_sd"], _DIGEST, 256)
    if not sd or len(set(sd)) != len(sd) or any(len(b64url_strict(item)) != 32 for item in sd):
        raise Malformed("_sd is no list of different digests")
    if found["_sd_alg"] != "sha-256" or found["vct"] != "urn:credit-ledger:record:1":
        raise Malformed("not a record of version 1")
    class_, until = found["class"], found["until"]
    if class_ is not None and class_ not in CLASSES:
        raise Malformed("no such class")
    return Payload(
        sd=sd,
        class_=class_ if isinstance(class_, str) else None,
        decided=day(found["decided"]),
        iss=text_of(found["iss"], CODE),
        log=text_of(found["log"], HEX),
        rules=_file(found["rules"]),
        schema=_file(found["schema"]),
        until=None if until is None else day(until),
    )


def read(text: str) -> Presentation:
    """Read a presentation; what its disclosures say is for `open_all`."""
    if len(text) > 557_056 or not text.endswith("~"):
        raise Malformed("too long, or no tilde at the end")
    first, *disclosures = text[:-1].split("~")
    if not disclosures:
        raise Malformed("nothing is disclosed")
    jws = read_jws(first, "dc+sd-jwt", "alg iat kid typ")
    return Presentation(text, jws, _payload(jws.payload), tuple(disclosures))


def read_binding(text: str) -> Binding:
    """Read a binding."""
    if len(text) > 4096:
        raise Malformed("binding too long")
    jws = read_jws(text, "kb+jwt", "alg kid typ")
    claims = members(parse(jws.payload, nulls=True), "aud authorisation iat nonce sd_hash")
    if claims["authorisation"] is not None:
        text_of(claims["authorisation"], HEX)
    sd_hash = text_of(claims["sd_hash"], _DIGEST)
    b64url_strict(sd_hash)
    iat = integer_of(claims["iat"], MAX_INSTANT)
    timed = Jws(jws.algorithm, jws.kid, iat, jws.payload, jws.message, jws.signature)
    aud, nonce = text_of(claims["aud"], _VISIBLE), text_of(claims["nonce"], _VISIBLE)
    return Binding(timed, aud, nonce, sd_hash)


def _open(text: str) -> tuple[str, Value]:
    if len(text) > 65_536:
        raise Malformed("disclosure too long")
    found = parse(b64url_strict(text))
    if not isinstance(found, list) or len(found) != 3:
        raise Malformed("not three parts")
    b64url_strict(text_of(found[0], _SALT))
    field = text_of(found[1], _FIELD)
    if field in PAYLOAD.split():
        raise Malformed("a field of a payload's name")
    value = found[2]
    parts = [value] if isinstance(value, str) else texts_of(value)
    if not parts or "" in parts:
        raise Malformed("an empty value")
    return field, value if isinstance(value, str) else parts


def open_all(shown: Presentation, slots: Sequence[str] | None) -> dict[str, Value]:
    """Open the disclosures as check 6 says, with the slots of the schema where it is known."""
    sd = shown.payload.sd
    lengths = [len(text) for text in shown.disclosures]
    if len(lengths) > len(sd) or sum(lengths) > 524_288:
        raise Mismatch("presentation-mismatch")
    if slots is not None and len(slots) != len(sd):
        raise Mismatch("slot-mismatch")
    fields: dict[str, Value] = {}
    last = -1
    for text in shown.disclosures:
        try:
            field, value = _open(text)
        except Malformed:
            raise Mismatch("presentation-mismatch") from None
        digest = b64url(sha256(text.encode()))
        if digest not in sd or field in fields:
            raise Mismatch("presentation-mismatch")
        place = sd.index(digest)
        if slots is not None and slots[place] != field:
            raise Mismatch("slot-mismatch")
        if place <= last:
            raise Mismatch("presentation-mismatch")
        fields[field], last = value, place
    return fields
