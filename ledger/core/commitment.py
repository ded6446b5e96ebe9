"""Commitments: SD-JWT payloads (RFC 9901) in which every slot of the schema is filled or a decoy.

One secret S of 32 bytes per record expands one way into a salt for every slot and a decoy for
every slot and one more. A disclosed salt says nothing of the others, the number of filled slots
does not show, and destroying S ends the meaning of the commitment for good.
"""

import hashlib
import re
import struct
from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import orjson

from ledger.core import canonical
from ledger.core.canonical import DIGEST_SIZE, b64u_decode, hex32, parse_day, unhex32
from ledger.core.errors import Malformed, ProofMismatch
from ledger.core.ids import Digest, LogId, bytes32_ascii, sha256

Value = str | list[str]  # of a field: text, or a list of texts; never empty

SECRET_SIZE = 32
SALT_SIZE = 18  # a multiple of 3, so that base64url texts of salts are slices of one text
CLASSES = ("minor", "general", "severe")
VCT = "urn:credit-ledger:record:1"
# The longest table of the domain has 30 fields; 256 leaves room and bounds hostile payloads.
MAX_SLOTS = 256
MIN_DIGESTS = 2  # one slot and the decoy that is always there
MAX_PAYLOAD = 1 << 14  # bytes: 257 digests of 46 characters and a header below 600
# The longest field of the domain has 5 000 characters: 40 KiB if every one of them is escaped.
MAX_DISCLOSURE = 1 << 16
MAX_DISCLOSED = 1 << 19  # characters of all disclosures of a record together

_SALTS_TAG = b"credit-ledger/1/salts\0"
_DECOYS_TAG = b"credit-ledger/1/decoys\0"
_SALT_TEXT = SALT_SIZE * 4 // 3
_DIGEST_TEXT = 43  # base64url characters of 32 bytes
_DIGEST_STEP = 44  # the same with one more zero byte, which changes none of the 43
_SD_ALG = "sha-256"
_PAYLOAD_KEYS = {"_sd", "_sd_alg", "class", "decided", "iss", "log", "schema", "until", "vct"}
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
SCHEMA_ID = re.compile(r"[a-z][a-z0-9-]{0,31}@[1-9][0-9]{0,8}")
_SCHEMA = re.compile(rf"(?P<id>{SCHEMA_ID.pattern}):(?P<sha256>[0-9a-f]{{64}})")
_SALT = re.compile(rf"[A-Za-z0-9_-]{{{_SALT_TEXT}}}")
_TO_URL = bytes.maketrans(b"+/", b"-_")
_sha256 = hashlib.sha256
_FROM_URL = bytes.maketrans(b"-_+/", b"+/\0\0")


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a payload says openly. `until` None: open, or unknown for adverse types without class.

    `iss` is the member's code, `schema` is `penalty@1:<SHA-256 of the schema file>`.
    """

    class_: str | None
    decided: date
    iss: str
    log: LogId
    schema: str
    until: date | None

    def __post_init__(self) -> None:
        if self.class_ is not None and self.class_ not in CLASSES:
            raise Malformed("payload", "unknown class")
        _check_schema(self.schema)
        bytes32_ascii(self.iss)
        hex32(self.log)

    @property
    def schema_id(self) -> str:
        """`penalty@1`."""
        return self.schema.partition(":")[0]

    @property
    def schema_sha256(self) -> Digest:
        """SHA-256 of the schema file."""
        return Digest(unhex32(self.schema.partition(":")[2]))


@dataclass(frozen=True)
class Commitment:
    """The payload, its SHA-256, and the disclosure of every filled slot in slot order."""

    payload: bytes
    digest: Digest
    disclosures: dict[str, str]


@dataclass(frozen=True)
class Payload:
    """A parsed payload: sorted digests (base64url, and decoded) and what it says openly."""

    sd: tuple[str, ...]
    digests: frozenset[bytes]
    header: Header


def expand(secret: bytes, n: int) -> tuple[list[bytes], list[bytes]]:
    """The n salts and n + 1 decoys of a record's secret."""
    salts, decoys = _streams(secret, n)
    return (
        [salts[SALT_SIZE * i : SALT_SIZE * (i + 1)] for i in range(n)],
        [decoys[DIGEST_SIZE * i : DIGEST_SIZE * (i + 1)] for i in range(n + 1)],
    )


def commit(
    slots: Sequence[str], fields: Mapping[str, Value], secret: bytes, header: Header
) -> Commitment:
    """Commits to canonical `fields`, at least one, each in one of the schema's `slots`."""
    known = tuple(slots)
    _check_slots(known)
    salts, decoys = _streams(secret, len(known))
    salt_texts = b2a_base64(salts, newline=False).translate(_TO_URL).decode()
    disclosures: dict[str, str] = {}
    digests: list[bytes] = []
    hidden = salt_at = 0
    for field in known:
        value = fields.get(field)
        if value is None:
            digests.append(decoys[hidden : hidden + DIGEST_SIZE])
        else:
            salt = salt_texts[salt_at : salt_at + _SALT_TEXT]
            disclosure = _disclosure(salt, field, value)
            disclosures[field] = disclosure.decode()
            digests.append(_sha256(disclosure).digest())
        hidden += DIGEST_SIZE
        salt_at += _SALT_TEXT
    digests.append(decoys[hidden:])
    if not disclosures or len(disclosures) != len(fields):
        raise Malformed("record", "no field at all, or one outside the schema")
    if sum(map(len, disclosures.values())) > MAX_DISCLOSED:
        raise Malformed("record", "too long")
    payload = _encode_payload(_sorted_texts(digests), header)
    return Commitment(payload, sha256(payload), disclosures)


def parse_payload(data: bytes) -> Payload:
    """The payload in canonical bytes; Malformed otherwise."""
    value = canonical.parse(data, allow_null=True, max_bytes=MAX_PAYLOAD, max_depth=2)
    if not isinstance(value, dict) or value.keys() != _PAYLOAD_KEYS:
        raise Malformed("payload", "members missing or unknown")
    sd, until = value["_sd"], value["until"]
    texts = [value[key] for key in ("decided", "iss", "log", "schema")]
    if not all(isinstance(text, str) for text in texts):
        raise Malformed("payload", "member that is not text")
    header = Header(
        class_=_text_or_none(value["class"]),
        decided=parse_day(texts[0]),
        iss=texts[1],
        log=LogId(unhex32(texts[2])),
        schema=texts[3],
        until=None if _text_or_none(until) is None else parse_day(until),
    )
    digests = _check_digests(sd)
    if _encode_payload(sd, header) != data:  # leaves _sd_alg and vct
        raise Malformed("payload", "not sha-256, or not a credit record")
    return Payload(tuple(sd), digests, header)


def check_disclosures(payload: Payload, disclosures: Sequence[str]) -> dict[str, Value]:
    """The fields that `disclosures` open, in their order.

    Malformed unless each is canonical and of another field; ProofMismatch unless each is in
    `_sd`.
    """
    if not disclosures:
        raise Malformed("disclosures", "none")
    if len(disclosures) >= len(payload.sd) or sum(map(len, disclosures)) > MAX_DISCLOSED:
        raise Malformed("disclosures", "more than the payload has")
    return _open(payload.digests, disclosures) or _open_each(payload.digests, disclosures)


def parse_disclosure(text: str) -> tuple[str, Value]:
    """Field and value of base64url(JCS([base64url(salt), field, value]))."""
    if len(text) > MAX_DISCLOSURE:
        raise Malformed("disclosure", f"longer than {MAX_DISCLOSURE} characters")
    parts = canonical.parse(b64u_decode(text), max_depth=2)
    match parts:
        case [str(salt), str(field), value] if len(b64u_decode(salt)) == SALT_SIZE:
            _check_field(field)
            _check_value(value)
            return field, value
    raise Malformed("disclosure", "not [salt, field, value]")


# ---- private


def _streams(secret: bytes, n: int) -> tuple[bytes, bytes]:
    if len(secret) != SECRET_SIZE:
        raise Malformed("record secret", f"not {SECRET_SIZE} bytes")
    if not 1 <= n <= MAX_SLOTS:
        raise Malformed("schema", f"not 1 … {MAX_SLOTS} slots")
    return (
        hashlib.shake_256(_SALTS_TAG + secret).digest(SALT_SIZE * n),
        hashlib.shake_256(_DECOYS_TAG + secret).digest(DIGEST_SIZE * (n + 1)),
    )


def _disclosure(salt: str, field: str, value: Value) -> bytes:
    if type(value) is not str or not value:
        _check_value(value)
    try:
        text = orjson.dumps((salt, field, value))
    except orjson.JSONEncodeError as error:
        raise Malformed("record", f"{field} holds a lone surrogate") from error
    disclosure = b2a_base64(text, newline=False).translate(_TO_URL, b"=")
    if len(disclosure) > MAX_DISCLOSURE:
        raise Malformed("record", f"{field} is too long")
    return disclosure


def _open_each(committed: frozenset[bytes], disclosures: Sequence[str]) -> dict[str, Value]:
    """The fields; raises what the first disclosure that is wrong deserves."""
    fields: dict[str, Value] = {}
    for disclosure in disclosures:
        field, value = parse_disclosure(disclosure)
        if field in fields:
            raise Malformed("disclosures", "a field twice")
        digest = sha256(disclosure.encode())
        if digest not in committed:
            actual = canonical.b64u_encode(digest)
            raise ProofMismatch(f"disclosure of {field}", expected="in _sd", actual=actual)
        fields[field] = value
    return fields


def _open(committed: frozenset[bytes], disclosures: Sequence[str]) -> dict[str, Value] | None:
    """What `_open_each` gives, in a third of the time; None where that one would raise.

    A text that is the base64url of the JSON of the texts read from it is the one spelling of them.
    """
    fields: dict[str, Value] = {}
    try:
        for disclosure in disclosures:
            data = disclosure.encode("ascii")
            standard = data.translate(_FROM_URL)
            parts = orjson.loads(a2b_base64(standard + b"=" * (-len(data) % 4)))
            if (
                type(parts) is not list
                or b2a_base64(orjson.dumps(parts), newline=False).rstrip(b"=") != standard
            ):
                return None
            salt, field, value = parts
            if not _SALT.fullmatch(salt) or hashlib.sha256(data).digest() not in committed:
                return None
            _check_field(field)
            if type(value) is not str or not value:
                _check_value(value)
            fields[field] = value
    except (ValueError, TypeError, Malformed):
        return None
    right = len(fields) == len(disclosures) and max(map(len, disclosures)) <= MAX_DISCLOSURE
    return fields if right else None


def _check_value(value: Value) -> None:
    if type(value) is str and value:
        return
    if type(value) is not list or not value or not all(type(v) is str and v for v in value):
        raise Malformed("field", "neither text nor a list of texts, or empty")


def _sorted_texts(digests: Sequence[bytes]) -> list[str]:
    """base64url of each digest, sorted as ASCII; one base64 for all of them."""
    text = b2a_base64(b"\0".join(digests) + b"\0", newline=False).translate(_TO_URL).decode()
    return sorted([text[at : at + _DIGEST_TEXT] for at in range(0, len(text), _DIGEST_STEP)])


def _encode_payload(sd: Sequence[str], header: Header) -> bytes:
    """JCS written out: every part is ASCII that needs no escape."""
    class_ = "null" if header.class_ is None else f'"{header.class_}"'
    until = "null" if header.until is None else f'"{header.until.isoformat()}"'
    digests = '","'.join(sd)
    return (
        f'{{"_sd":["{digests}"],"_sd_alg":"{_SD_ALG}","class":{class_},'
        f'"decided":"{header.decided.isoformat()}","iss":"{header.iss}",'
        f'"log":"{header.log.hex()}","schema":"{header.schema}","until":{until},"vct":"{VCT}"}}'
    ).encode()


def _check_digests(sd: object) -> frozenset[bytes]:
    if not isinstance(sd, list) or not MIN_DIGESTS <= len(sd) <= MAX_SLOTS + 1:
        raise Malformed("payload", f"_sd is not a list of {MIN_DIGESTS} … {MAX_SLOTS + 1}")
    digests = _digests(sd)
    if digests is None:
        # The first that is wrong; it may not even be base64url, which is another error.
        next(t for t in sd if not isinstance(t, str) or len(b64u_decode(t)) != DIGEST_SIZE)
        raise Malformed("payload", "digest that is not 32 bytes")
    if sd != sorted(sd) or len(digests) != len(sd):
        raise Malformed("payload", "digests not sorted, or one twice")
    return digests


def _digests(sd: list[Any]) -> frozenset[bytes] | None:
    """The digests in their texts, all decoded at once; None where one of them is none."""
    if {*map(type, sd)} != {str} or {*map(len, sd)} != {_DIGEST_TEXT}:
        return None
    try:
        text = ("A".join(sd) + "A").encode("ascii").translate(_FROM_URL)
        data = a2b_base64(text, strict_mode=True)
    except ValueError:
        return None
    # Each is followed by the byte of its own last two bits, which are zero, and of the "A".
    if any(data[DIGEST_SIZE :: DIGEST_SIZE + 1]):
        return None
    return frozenset(struct.unpack(f"{DIGEST_SIZE}sx" * len(sd), data))


@lru_cache(maxsize=1024)
def _check_field(field: str) -> None:
    # A claim of the payload's own name would let a disclosure speak for the payload.
    if not _FIELD.fullmatch(field) or field in _PAYLOAD_KEYS:
        raise Malformed("field", "code that is none")


@lru_cache(maxsize=256)  # one entry per schema: slots are checked once, not once a record
def _check_slots(slots: tuple[str, ...]) -> None:
    for field in slots:
        _check_field(field)
    if len(set(slots)) != len(slots):
        raise Malformed("schema", "a slot twice")


@lru_cache(maxsize=256)
def _check_schema(schema: str) -> None:
    if not _SCHEMA.fullmatch(schema):
        raise Malformed("payload", "schema is not name@version:sha256")


def _text_or_none(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise Malformed("payload", "member that is not text")
    return value
