"""Compact JWS (RFC 7515) of ours: a canonical header, exactly {alg, kid, typ} and what its type
adds, and a payload that its type reads.

A signed statement has `iat` in the header, and a canonical JSON payload.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from ledger.core import canonical, keys
from ledger.core.canonical import MAX_INSTANT, b64u_decode, b64u_encode, hex32, unhex32
from ledger.core.errors import Malformed, SignatureInvalid, VersionUnknown
from ledger.core.ids import KeyId, key_id
from ledger.core.keys import JWS_ALGS, SIGNATURE_SIZE, Alg
from ledger.core.versions import NAME

__all__ = [
    "ALGS",
    "HEADER",
    "MAX_HEADER",
    "TIMED",
    "Head",
    "Jws",
    "Parts",
    "Sign",
    "parse_statement",
    "refuse_algorithm",
    "sign_compact",
    "sign_statement",
    "signed",
    "split_compact",
    "verify",
]

MAX_HEADER = 512  # bytes
HEADER = frozenset({"alg", "kid", "typ"})
TIMED = HEADER | {"iat"}
ALGS: Mapping[str, Alg] = {name: alg for alg, name in JWS_ALGS.items()}
_UNSIGNED = "none"  # RFC 7518 3.6: known, and no signature

# Signs a message: raw r ‖ s over its SHA-256, or Ed25519.
Sign = Callable[[bytes], bytes]


@dataclass(frozen=True, kw_only=True)
class Jws:
    """A compact JWS as parsed; its signature is not yet verified. `iat` is in Unix seconds: of the
    header, of a binding in the payload."""

    alg: Alg
    kid: KeyId
    iat: int
    payload: bytes
    signing_input: bytes
    signature: bytes

    @property
    def text(self) -> str:
        """header.payload.signature."""
        return f"{self.signing_input.decode()}.{b64u_encode(self.signature)}"


class Head(NamedTuple):
    """What the header of a JWS of ours says. iat: as it stands there, None where it has none."""

    alg: Alg
    kid: KeyId
    iat: object


class Parts(NamedTuple):
    """Of a JWS of ours: header, decoded payload and signature, and what was signed."""

    head: Head
    payload: bytes
    signature: bytes
    signing_input: bytes


def sign_statement(typ: str, payload: bytes, *, sign: Sign, kid: bytes, alg: int, iat: int) -> str:
    """A statement of this type. payload: canonical JSON. iat: Unix seconds."""
    header = {"alg": JWS_ALGS[Alg(alg)], "iat": iat, "kid": hex32(kid), "typ": typ}
    return sign_compact(header, payload, alg, sign)


def parse_statement(text: str, typ: str, *, max_chars: int) -> Jws:
    """The statement of this type; its payload is not yet read, nor its signature verified.
    Malformed where it is none, or longer than so many characters."""
    if len(text) > max_chars:
        raise Malformed("JWS", f"longer than {max_chars} characters")
    parts = split_compact(text, typ, TIMED)
    return signed(parts, parts.head.iat)


def sign_compact(header: Mapping[str, Any], payload: bytes, alg: int, sign: Sign) -> str:
    """header.payload.signature, with the header in its canonical spelling."""
    signing_input = f"{b64u_encode(canonical.encode(dict(header)))}.{b64u_encode(payload)}"
    # Whoever holds the key may return either s; only the lower one is our spelling.
    signature = keys.low_s(Alg(alg), sign(signing_input.encode()))
    return f"{signing_input}.{b64u_encode(signature)}"


def split_compact(text: str, typ: str, members: frozenset[str]) -> Parts:
    """The parts of a JWS of this type with exactly these members in its header; Malformed
    otherwise. Nothing is verified."""
    parts = text.split(".")
    if len(parts) != 3 or not text.isascii():  # noqa: PLR2004
        raise Malformed("JWS", "not header.payload.signature")
    head = _head(parts[0], typ, members)
    payload, signature = b64u_decode(parts[1]), b64u_decode(parts[2])
    if len(signature) != SIGNATURE_SIZE:
        raise Malformed("JWS", f"signature is not {SIGNATURE_SIZE} bytes")
    return Parts(head, payload, signature, f"{parts[0]}.{parts[1]}".encode())


@lru_cache(maxsize=1024)  # what is signed in one second has one header; an error is not kept
def _head(encoded: str, typ: str, members: frozenset[str]) -> Head:
    header = canonical.parse(b64u_decode(encoded), max_bytes=MAX_HEADER, max_depth=1)
    if not isinstance(header, dict) or header.keys() != members:
        raise Malformed("JWS", f"header is not {', '.join(sorted(members))}")
    if not all(isinstance(header[name], str) for name in ("alg", "kid", "typ")):
        raise Malformed("JWS", "alg, kid or typ is no text")
    if header["alg"] not in ALGS or header["typ"] != typ:
        raise Malformed("JWS", f"header is not that of {typ}")
    return Head(ALGS[header["alg"]], KeyId(unhex32(header["kid"])), header.get("iat"))


def signed(parts: Parts, iat: object) -> Jws:
    """The JWS of these parts. iat: Unix seconds; Malformed where it is no instant."""
    if type(iat) is not int or iat > MAX_INSTANT:  # a boolean is an int to Python
        raise Malformed("JWS", "iat is no instant")
    return Jws(
        alg=parts.head.alg,
        kid=parts.head.kid,
        iat=iat,
        payload=parts.payload,
        signing_input=parts.signing_input,
        signature=parts.signature,
    )


def refuse_algorithm(header: str) -> None:
    """Raise VersionUnknown where the encoded header of a JWS names an algorithm that we do not
    know, whatever else is wrong with it. Malformed: it is not encoded."""
    try:
        value = orjson.loads(b64u_decode(header))
    except orjson.JSONDecodeError:
        return
    name = value.get("alg") if isinstance(value, dict) else None
    if not isinstance(name, str) or name in ALGS or name == _UNSIGNED:
        return
    if NAME.fullmatch(name):
        raise VersionUnknown("algorithm of a JWS", name)


def verify(jws: Jws, alg: int, public_key: bytes) -> None:
    """Raise SignatureInvalid unless this key, named by `kid`, made the JWS.

    Whether the key was one of the signer's, and for this, at `iat` is the caller's to check.
    """
    if jws.alg != alg or jws.kid != _key_id(alg, public_key):
        raise SignatureInvalid("JWS", "names another key")
    keys.verify(alg, public_key, jws.signing_input, jws.signature)


_key_id = lru_cache(maxsize=256)(key_id)
