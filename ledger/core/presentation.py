"""Presentations: a compact SD-JWT (RFC 9901) of committed payload bytes and some disclosures.

    <base64url header>.<base64url payload>.<base64url signature>~<disclosure>~…~

The discloser's PRESENT key signs exactly the bytes that were committed. A `binding` to one asker
is a second JWS of the discloser, over the digest of the presentation:

    header  {alg, kid, typ:"kb+jwt"}
    payload {aud, authorisation: commitment or null, iat, nonce, sd_hash}
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import orjson

from ledger.core import canonical, keys
from ledger.core.canonical import (
    MAX_INSTANT,
    b64u_decode,
    b64u_encode,
    hex32,
    unhex32,
)
from ledger.core.commitment import (
    MAX_DISCLOSED,
    MAX_PAYLOAD,
    Payload,
    Value,
    parse_payload,
)
from ledger.core.disclosures import check_committed, check_disclosures
from ledger.core.errors import Malformed, SignatureInvalid, VersionUnknown
from ledger.core.ids import Digest, KeyId, key_id, sha256
from ledger.core.keys import JWS_ALGS, SIGNATURE_SIZE, Alg
from ledger.core.versions import NAME, look

__all__ = [
    "BINDING_TYP",
    "MAX_BINDING",
    "MAX_HEADER",
    "MAX_PRESENTATION",
    "TYP",
    "Binding",
    "Jws",
    "Presentation",
    "Sign",
    "bind",
    "parse_binding",
    "parse_presentation",
    "present",
    "verify",
]

TYP = "dc+sd-jwt"
BINDING_TYP = "kb+jwt"
# Room for one payload and all disclosures of a record, each followed by a tilde.
MAX_PRESENTATION = MAX_DISCLOSED + 2 * MAX_PAYLOAD
MAX_BINDING = 4096  # characters; a binding holds a few short texts
MAX_HEADER = 512  # bytes

# Signs a message: raw r ‖ s over its SHA-256, or Ed25519.
Sign = Callable[[bytes], bytes]

_BY_NAME = {name: alg for alg, name in JWS_ALGS.items()}
_UNSIGNED = "none"  # RFC 7518 3.6: known, and no signature
_HEADER = {"alg", "kid", "typ"}
_CLAIMS = {"aud", "authorisation", "iat", "nonce", "sd_hash"}
_SD_HASH = re.compile(r"[A-Za-z0-9_-]{43}")
_SHORT_TEXT = re.compile(r"[!-~]{1,256}")  # audience and nonce: visible ASCII


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


@dataclass(frozen=True, kw_only=True)
class Presentation:
    """What a discloser shows. `commitment` is the digest of the payload that was signed."""

    jws: Jws
    payload: Payload
    commitment: Digest
    disclosures: tuple[str, ...]

    @property
    def text(self) -> str:
        """The compact SD-JWT."""
        return "~".join([self.jws.text, *self.disclosures, ""])

    @property
    def sd_hash(self) -> str:
        """What a binding names it by: the digest of all of it (RFC 9901 4.3)."""
        return b64u_encode(sha256(self.text.encode()))

    def fields(self, slots: Sequence[str]) -> dict[str, Value]:
        """The fields that the disclosures open under the schema with these slots; raises as
        `check_disclosures` does. Without the schema nothing is shown."""
        known = tuple(slots)
        if known not in self._opened:
            self._opened[known] = check_disclosures(self.payload, self.disclosures, known)
        return dict(self._opened[known])

    @cached_property
    def _opened(self) -> dict[tuple[str, ...], dict[str, Value]]:
        """By slots: one verdict asks for them more than once."""
        return {}


@dataclass(frozen=True, kw_only=True)
class Binding:
    """For whom and for what a presentation was made. `authorisation` None: none was needed."""

    jws: Jws
    audience: str
    nonce: str
    authorisation: Digest | None
    sd_hash: str


def present(
    payload: bytes,
    disclosures: Sequence[str],
    *,
    sign: Sign,
    kid: bytes,
    alg: int,
    iat: int,
) -> str:
    """The presentation of a committed payload with disclosures in slot order, at least one."""
    check_committed(parse_payload(payload), disclosures)
    header = {"alg": JWS_ALGS[Alg(alg)], "iat": iat, "kid": hex32(kid), "typ": TYP}
    text = "~".join([_sign(header, payload, Alg(alg), sign), *disclosures, ""])
    parse_presentation(text)  # what we could not read back must not leave
    return text


def bind(
    presentation: str,
    *,
    audience: str,
    nonce: str,
    authorisation: bytes | None,
    sign: Sign,
    kid: bytes,
    alg: int,
    iat: int,
) -> str:
    """The binding of a presentation to one asker. authorisation: commitment of the statement,
    None where none was needed."""
    claims: dict[str, Any] = {
        "aud": audience,
        "authorisation": None if authorisation is None else hex32(authorisation),
        "iat": iat,
        "nonce": nonce,
        "sd_hash": parse_presentation(presentation).sd_hash,
    }
    header = {"alg": JWS_ALGS[Alg(alg)], "kid": hex32(kid), "typ": BINDING_TYP}
    bound = _sign(header, canonical.encode(claims, allow_null=True), Alg(alg), sign)
    parse_binding(bound)
    return bound


def parse_presentation(text: str) -> Presentation:
    """A presentation of ours; the disclosures are looked into by `fields`.

    Malformed otherwise, VersionUnknown where its JWS or its payload is newer than we are.
    """
    try:
        return _parse_presentation(text)
    except Malformed:
        _refuse_newer(text[:MAX_PRESENTATION].partition("~")[0])
        raise


def parse_binding(text: str) -> Binding:
    """A binding of ours; Malformed otherwise, VersionUnknown where its JWS is newer."""
    try:
        return _parse_binding(text)
    except Malformed:
        _refuse_newer(text[:MAX_BINDING])
        raise


def verify(jws: Jws, alg: int, public_key: bytes) -> None:
    """Raise SignatureInvalid unless this key, named by `kid`, made the JWS.

    Whether the key was the discloser's PRESENT key at `iat` is the caller's to check.
    """
    if jws.alg != alg or jws.kid != _key_id(alg, public_key):
        raise SignatureInvalid("JWS", "names another key")
    keys.verify(alg, public_key, jws.signing_input, jws.signature)


_key_id = lru_cache(maxsize=256)(key_id)

# ---- private


def _parse_presentation(text: str) -> Presentation:
    if len(text) > MAX_PRESENTATION or not text.isascii() or not text.endswith("~"):
        raise Malformed("presentation", "too long, not ASCII, or no tilde at the end")
    jws_text, *disclosures, _ = text.split("~")
    if not disclosures:
        raise Malformed("presentation", "discloses nothing")
    parts = _split(jws_text, TYP, _HEADER | {"iat"})
    jws = _jws(parts, parts.header["iat"])
    return Presentation(
        jws=jws,
        payload=parse_payload(jws.payload),
        commitment=sha256(jws.payload),
        disclosures=tuple(disclosures),
    )


def _parse_binding(text: str) -> Binding:
    if len(text) > MAX_BINDING:
        raise Malformed("binding", f"longer than {MAX_BINDING} characters")
    parts = _split(text, BINDING_TYP, _HEADER)
    claims = canonical.parse(parts.payload, allow_null=True, max_depth=1)
    if not isinstance(claims, dict) or claims.keys() != _CLAIMS:
        raise Malformed("binding", "members missing or unknown")
    texts = [claims[name] for name in ("aud", "nonce", "sd_hash")]
    if not all(isinstance(text, str) and _SHORT_TEXT.fullmatch(text) for text in texts):
        raise Malformed("binding", "text that is not short visible ASCII")
    if not _SD_HASH.fullmatch(texts[2]):
        raise Malformed("binding", "sd_hash is no digest")
    return Binding(
        jws=_jws(parts, claims["iat"]),
        audience=texts[0],
        nonce=texts[1],
        authorisation=_digest_or_none(claims["authorisation"]),
        sd_hash=texts[2],
    )


def _digest_or_none(value: object) -> Digest | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise Malformed("binding", "authorisation is neither a digest nor null")
    return Digest(unhex32(value))


def _sign(header: dict[str, Any], payload: bytes, alg: Alg, sign: Sign) -> str:
    signing_input = f"{b64u_encode(canonical.encode(header))}.{b64u_encode(payload)}"
    # Whoever holds the key may return either s; only the lower one is our spelling.
    signature = keys.low_s(alg, sign(signing_input.encode()))
    return f"{signing_input}.{b64u_encode(signature)}"


class _Parts(NamedTuple):
    """Of a JWS of ours: header, decoded payload and signature, and what was signed."""

    header: dict[str, Any]
    payload: bytes
    signature: bytes
    signing_input: bytes


def _split(text: str, typ: str, members: set[str]) -> _Parts:
    parts = text.split(".")
    if len(parts) != 3 or not text.isascii():  # noqa: PLR2004
        raise Malformed("JWS", "not header.payload.signature")
    header_bytes, payload, signature = map(b64u_decode, parts)
    header = canonical.parse(header_bytes, max_bytes=MAX_HEADER, max_depth=1)
    if not isinstance(header, dict) or header.keys() != members:
        raise Malformed("JWS", f"header is not {', '.join(sorted(members))}")
    if not all(isinstance(header[name], str) for name in ("alg", "kid", "typ")):
        raise Malformed("JWS", "alg, kid or typ is no text")
    if header["alg"] not in _BY_NAME or header["typ"] != typ:
        raise Malformed("JWS", f"header is not that of {typ}")
    if len(signature) != SIGNATURE_SIZE:
        raise Malformed("JWS", f"signature is not {SIGNATURE_SIZE} bytes")
    return _Parts(header, payload, signature, f"{parts[0]}.{parts[1]}".encode())


def _jws(parts: _Parts, iat: object) -> Jws:
    if type(iat) is not int or iat > MAX_INSTANT:  # a boolean is an int to Python
        raise Malformed("JWS", "iat is no instant")
    return Jws(
        alg=_BY_NAME[parts.header["alg"]],
        kid=KeyId(unhex32(parts.header["kid"])),
        iat=iat,
        payload=parts.payload,
        signing_input=parts.signing_input,
        signature=parts.signature,
    )


def _refuse_newer(jws: str) -> None:
    """Raise VersionUnknown where the header of a JWS names an algorithm that we do not know, or
    its payload is a record of another version, whatever else is wrong with it."""
    header, _, rest = jws.partition(".")
    look(_refuse_algorithm, header)
    look(lambda text: parse_payload(b64u_decode(text)), rest.partition(".")[0])


def _refuse_algorithm(text: str) -> None:
    try:
        header = orjson.loads(b64u_decode(text))
    except orjson.JSONDecodeError:
        return
    name = header.get("alg") if isinstance(header, dict) else None
    if not isinstance(name, str) or name in _BY_NAME or name == _UNSIGNED:
        return
    if NAME.fullmatch(name):
        raise VersionUnknown("algorithm of a JWS", name)
