"""Commitments: SD-JWT payloads (RFC 9901) in which every slot of the schema is filled or a decoy.

One secret S of 32 bytes per record expands one way into a salt and a decoy for every slot. A
disclosed salt says nothing of the others, the number of filled slots does not show, and destroying
S ends the meaning of the commitment for good. The digests stand in the order of the slots and a
disclosure counts at the place of its own slot alone: a commitment opens to one record.
"""

import hashlib
import re
import struct
from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from operator import add
from typing import Any

import orjson

from ledger.core import canonical
from ledger.core.canonical import DIGEST_SIZE, b64u_decode, hex32, parse_day, unhex32
from ledger.core.errors import Malformed, VersionUnknown
from ledger.core.ids import Digest, LogId, bytes32_ascii, sha256
from ledger.core.versions import NAME

__all__ = [
    "CLASSES",
    "FILE",
    "MAX_DISCLOSED",
    "MAX_DISCLOSURE",
    "MAX_PAYLOAD",
    "MAX_SLOTS",
    "SALT_SIZE",
    "SALT_TEXT",
    "SCHEMA_ID",
    "SECRET_SIZE",
    "TYPE_NAME",
    "VCT",
    "Commitment",
    "Filling",
    "Header",
    "Payload",
    "Value",
    "check_field",
    "check_value",
    "commit",
    "expand",
    "filling_of",
    "parse_payload",
    "places_of",
    "tail",
]

Value = str | list[str]  # of a field: text, or a list of texts; never empty

SECRET_SIZE = 32
SALT_SIZE = 18  # a multiple of 3, so that base64url texts of salts are slices of one text
CLASSES = ("minor", "general", "severe")
VCT = "urn:credit-ledger:record:1"
# The longest table of the domain has 30 fields; 256 leaves room and bounds hostile payloads.
MAX_SLOTS = 256
MAX_PAYLOAD = 1 << 14  # bytes: 256 digests of 46 characters and a header below 700
# The longest field of the domain has 5 000 characters: 40 KiB if every one of them is escaped.
MAX_DISCLOSURE = 1 << 16
MAX_DISCLOSED = 1 << 19  # characters of all disclosures of a record together

_SALTS_TAG = b"credit-ledger/1/salts\0"
_DECOYS_TAG = b"credit-ledger/1/decoys\0"
SALT_TEXT = SALT_SIZE * 4 // 3
_HEAD_TEXT = (SALT_TEXT + len('[""')) * 4 // 3  # 27 bytes without a rest: the head of a disclosure
_DIGEST_TEXT = 43  # base64url characters of 32 bytes
_SALT_OF = (f"{SALT_TEXT}x", f"{SALT_TEXT}s")  # of a slot that is empty, that is filled
_SD = b'{"_sd":["'
_SD_ALG = "sha-256"
_TEXTS = ("decided", "iss", "log", "rules", "schema")
_OPEN = ("class", *_TEXTS, "until")
_PAYLOAD_KEYS = {"_sd", "_sd_alg", "vct", *_OPEN}
_VCT = re.compile(r"urn:credit-ledger:record:[1-9][0-9]{0,8}")
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
TYPE_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
SCHEMA_ID = re.compile(r"[a-z][a-z0-9-]{0,31}@[1-9][0-9]{0,8}")
FILE = re.compile(rf"{SCHEMA_ID.pattern}:[0-9a-f]{{64}}")
_TO_URL = bytes.maketrans(b"+/", b"-_")
_sha256 = hashlib.sha256
_FROM_URL = bytes.maketrans(b"-_+/", b"+/\0\0")


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a payload says openly. `until` None: open, or unknown for adverse types without class.

    `iss` is the member's code, `schema` is `penalty@1:<SHA-256 of the schema file>`, `rules` is
    `publicity@1:<SHA-256 of the rules file>`, by which `until` was worked out.
    """

    class_: str | None
    decided: date
    iss: str
    log: LogId
    rules: str
    schema: str
    until: date | None

    def __post_init__(self) -> None:
        if self.class_ is not None and self.class_ not in CLASSES:
            raise Malformed("payload", "unknown class")
        _check_file(self.rules)
        _check_file(self.schema)
        bytes32_ascii(self.iss)
        hex32(self.log)

    @cached_property
    def spoken(self) -> bytes:
        """What stands in the payload behind its digests. JCS written out: every part is ASCII that
        needs no escape."""
        class_ = "null" if self.class_ is None else f'"{self.class_}"'
        until = "null" if self.until is None else f'"{self.until.isoformat()}"'
        return (
            f'"],"_sd_alg":"{_SD_ALG}","class":{class_},'
            f'"decided":"{self.decided.isoformat()}","iss":"{self.iss}",'
            f'"log":"{self.log.hex()}","rules":"{self.rules}","schema":"{self.schema}",'
            f'"until":{until},"vct":"{VCT}"}}'
        ).encode()

    @property
    def schema_id(self) -> str:
        """`penalty@1`."""
        return self.schema.partition(":")[0]

    @property
    def schema_sha256(self) -> Digest:
        """SHA-256 of the schema file."""
        return Digest(unhex32(self.schema.partition(":")[2]))

    @property
    def rules_sha256(self) -> Digest:
        """SHA-256 of the rules file."""
        return Digest(unhex32(self.rules.partition(":")[2]))


@dataclass(frozen=True)
class Commitment:
    """The payload, its SHA-256, and the disclosure of every filled slot in slot order."""

    payload: bytes
    digest: Digest
    disclosures: dict[str, str]


@dataclass(frozen=True)
class Payload:
    """A parsed payload: the digests in slot order and what it says openly."""

    digests: tuple[bytes, ...]
    header: Header


def expand(secret: bytes, n: int) -> tuple[list[bytes], list[bytes]]:
    """The n salts and n decoys of a record's secret."""
    salts, decoys = _streams(secret, n)
    return (
        [salts[SALT_SIZE * i : SALT_SIZE * (i + 1)] for i in range(n)],
        [decoys[DIGEST_SIZE * i : DIGEST_SIZE * (i + 1)] for i in range(n)],
    )


def commit(
    slots: Sequence[str], fields: Mapping[str, Value], secret: bytes, header: Header
) -> Commitment:
    """Commit to canonical `fields`, at least one, each in one of the schema's `slots`."""
    known = tuple(slots)
    places_of(known)  # refuses slots that are none
    filled = tuple([place for place, field in enumerate(known) if fields.get(field) is not None])
    if not filled or len(filled) != len(fields):
        raise Malformed("record", "no field at all, or one outside the schema")
    codes = [known[place] for place in filled]
    filling = filling_of(len(known), filled)
    tails = [tail(code, fields[code]) for code in codes]
    payload, disclosures = filling.commit(tails, secret, header.spoken)
    texts = [disclosure.decode() for disclosure in disclosures]
    return Commitment(payload, sha256(payload), dict(zip(codes, texts, strict=True)))


def tail(field: str, value: Value) -> bytes:
    """What the disclosure of a value ends in, the same in each record: what stands before it, the
    bracket and the salt, has a text of its own, since 27 bytes leave no rest in base64."""
    if type(value) is not str or not value:
        check_value(value)
    try:
        text = orjson.dumps((field, value))
    except orjson.JSONEncodeError as error:
        raise Malformed("record", f"{field} holds a lone surrogate") from error
    made = b2a_base64(b"," + text[1:], newline=False).translate(_TO_URL, b"=")
    if len(made) > MAX_DISCLOSURE - _HEAD_TEXT:
        raise Malformed("record", f"{field} is too long")
    return made


class Filling:
    """Which slots of a schema are filled: what commitments that fill the same ones share."""

    def __init__(self, slots: int, filled: Sequence[int]) -> None:
        """filled: their places, rising, at least one."""
        places = frozenset(filled)
        self._slots, self._filled = slots, tuple(filled)
        self._salts = struct.Struct("".join(_SALT_OF[place in places] for place in range(slots)))
        self._heads = struct.Struct(f"{_HEAD_TEXT}s" * len(filled))
        self._digests = struct.Struct(f"{DIGEST_SIZE}s" * slots)
        self._texts = struct.Struct(f"{_DIGEST_TEXT}sx" * slots)

    def commit(
        self, tails: Sequence[bytes], secret: bytes, behind: bytes
    ) -> tuple[bytes, list[bytes]]:
        """The payload and the disclosures. tails: of the filled slots; behind: `Header.spoken`."""
        salts, decoys = _streams(secret, self._slots)
        texts = self._salts.unpack(b2a_base64(salts, newline=False).translate(_TO_URL))
        # No letter of theirs gives one of base64 that URLs spell in another way.
        heads = b2a_base64(b'["' + b'"["'.join(texts) + b'"', newline=False)
        disclosures = list(map(add, self._heads.unpack(heads), tails))
        if sum(map(len, disclosures)) > MAX_DISCLOSED:
            raise Malformed("record", "too long")
        digests = list(self._digests.unpack(decoys))
        for place, disclosure in zip(self._filled, disclosures, strict=True):
            digests[place] = _sha256(disclosure).digest()
        return _SD + b'","'.join(self._texts.unpack(_text_of(digests))) + behind, disclosures


@lru_cache(maxsize=256)  # a file fills the slots of its schema in some dozen ways
def filling_of(slots: int, filled: tuple[int, ...]) -> Filling:
    """The filling, the same one again where it was asked for before."""
    return Filling(slots, filled)


def parse_payload(data: bytes) -> Payload:
    """The payload in canonical bytes; Malformed otherwise, VersionUnknown where it is newer."""
    found = _plainly_right(data)
    if found is not None:
        return found
    try:
        return _parse_payload(data)
    except Malformed:
        _refuse_other(data)
        raise


@lru_cache(maxsize=1024)
def check_field(field: str) -> None:
    """Malformed unless it can be the code of a field."""
    # A claim of the payload's own name would let a disclosure speak for the payload.
    if not _FIELD.fullmatch(field) or field in _PAYLOAD_KEYS:
        raise Malformed("field", "code that is none")


@lru_cache(maxsize=256)  # one entry per schema: slots are checked once, not once a record
def places_of(slots: tuple[str, ...]) -> Mapping[str, int]:
    """Where each slot stands among the digests."""
    for field in slots:
        check_field(field)
    if len(set(slots)) != len(slots):
        raise Malformed("schema", "a slot twice")
    return {field: place for place, field in enumerate(slots)}


def check_value(value: Value) -> None:
    """Malformed unless it is text or a list of texts, none of them empty."""
    if type(value) is str and value:
        return
    if type(value) is not list or not value or not all(type(v) is str and v for v in value):
        raise Malformed("field", "neither text nor a list of texts, or empty")


# ---- private


def _plainly_right(data: bytes) -> Payload | None:
    """What `_parse_payload` gives, in half of the time; None where that one would raise.

    Bytes that are what the texts read from them are written as are the one spelling of these.
    """
    if len(data) > MAX_PAYLOAD:
        return None
    try:
        value = orjson.loads(data)
        sd, header = value["_sd"], _header(tuple([value[name] for name in _OPEN]))
        if data != _encode_payload(sd, header):
            return None
    except (ValueError, TypeError, KeyError, Malformed):
        return None
    if type(sd) is not list or not 1 <= len(sd) <= MAX_SLOTS:
        return None
    digests = _digests(sd)
    if digests is None or len(frozenset(digests)) != len(sd):
        return None
    return Payload(digests, header)


def _parse_payload(data: bytes) -> Payload:
    value = canonical.parse(data, allow_null=True, max_bytes=MAX_PAYLOAD, max_depth=2)
    if not isinstance(value, dict) or value.keys() != _PAYLOAD_KEYS:
        raise Malformed("payload", "members missing or unknown")
    header = _read_header(tuple([value[name] for name in _OPEN]))
    sd = value["_sd"]
    digests = _check_digests(sd)
    if _encode_payload(sd, header) != data:  # leaves _sd_alg and vct
        raise Malformed("payload", "not sha-256, or not a credit record")
    return Payload(digests, header)


def _read_header(members: tuple[Any, ...]) -> Header:
    """What the members of a payload say that `_OPEN` names; Malformed where they do not."""
    class_, *texts, until = members
    if not all(isinstance(text, str) for text in texts):
        raise Malformed("payload", "member that is not text")
    end = _text_or_none(until)
    return Header(
        class_=_text_or_none(class_),
        decided=parse_day(texts[0]),
        iss=texts[1],
        log=LogId(unhex32(texts[2])),
        rules=texts[3],
        schema=texts[4],
        until=None if end is None else parse_day(end),
    )


# Of one member, type and day there are many records. What is no header is not kept; what is one
# is texts of at most some hundred characters, or null, and equal to nothing else that JSON has.
_header = lru_cache(maxsize=4096)(_read_header)


def _refuse_other(data: bytes) -> None:
    """Raise VersionUnknown where a payload names another version or hash than ours."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return
    if not isinstance(value, dict):
        return
    for name, ours, pattern in (("vct", VCT, _VCT), ("_sd_alg", _SD_ALG, NAME)):
        said = value.get(name)
        if isinstance(said, str) and said != ours and pattern.fullmatch(said):
            raise VersionUnknown("payload", said)


def _streams(secret: bytes, n: int) -> tuple[bytes, bytes]:
    if len(secret) != SECRET_SIZE:
        raise Malformed("record secret", f"not {SECRET_SIZE} bytes")
    if not 1 <= n <= MAX_SLOTS:
        raise Malformed("schema", f"not 1 … {MAX_SLOTS} slots")
    return (
        hashlib.shake_256(_SALTS_TAG + secret).digest(SALT_SIZE * n),
        hashlib.shake_256(_DECOYS_TAG + secret).digest(DIGEST_SIZE * n),
    )


def _text_of(digests: Sequence[bytes]) -> bytes:
    """base64url of all digests at once, each with the letter of a zero byte behind it."""
    return b2a_base64(b"\0".join(digests) + b"\0", newline=False).translate(_TO_URL)


def _encode_payload(sd: Sequence[str], header: Header) -> bytes:
    """The payload of base64url digests, at least one."""
    return _SD + '","'.join(sd).encode() + header.spoken


def _check_digests(sd: object) -> tuple[bytes, ...]:
    if not isinstance(sd, list) or not 1 <= len(sd) <= MAX_SLOTS:
        raise Malformed("payload", f"_sd is not a list of 1 … {MAX_SLOTS}")
    digests = _digests(sd)
    if digests is None:
        # The first that is wrong; it may not even be base64url, which is another error.
        next(t for t in sd if not isinstance(t, str) or len(b64u_decode(t)) != DIGEST_SIZE)
        raise Malformed("payload", "digest that is not 32 bytes")
    if len(frozenset(digests)) != len(sd):
        raise Malformed("payload", "a digest twice")
    return digests


def _digests(sd: list[Any]) -> tuple[bytes, ...] | None:
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
    return struct.unpack(f"{DIGEST_SIZE}sx" * len(sd), data)


@lru_cache(maxsize=256)
def _check_file(reference: str) -> None:
    """A schema or rules file by name and hash."""
    if not FILE.fullmatch(reference):
        raise Malformed("payload", "schema or rules that are not name@version:sha256")


def _text_or_none(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise Malformed("payload", "member that is not text")
    return value
