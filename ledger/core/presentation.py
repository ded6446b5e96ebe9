"""Presentations: a compact SD-JWT (RFC 9901) of committed payload bytes and some disclosures.

    <base64url header>.<base64url payload>.<base64url signature>~<disclosure>~…~

The discloser's PRESENT key signs exactly the bytes that were committed. A `binding` to one asker
is a second JWS of the discloser, over the digest of the presentation.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

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
    check_disclosures,
    parse_payload,
)
from ledger.core.errors import Malformed, SignatureInvalid
from ledger.core.ids import Digest, KeyId, key_id, sha256
from ledger.core.keys import JWS_ALGS, SIGNATURE_SIZE, Alg

TYP = "dc+sd-jwt"
BINDING_TYP = "kb+jwt"
# Room for one payload and all disclosures of a record, each followed by a tilde.
MAX_PRESENTATION = MAX_DISCLOSED + 2 * MAX_PAYLOAD
MAX_BINDING = 4096  # characters; a binding holds a few short texts
MAX_HEADER = 512  # bytes

# Signs a message: raw r ‖ s over its SHA-256, or Ed25519.
Sign = Callable[[bytes], bytes]

_BY_NAME = {name: alg for alg, name in JWS_ALGS.items()}
_SHORT_TEXT = re.compile(r"[!-~]{1,256}")  # audience and nonce: visible ASCII


@dataclass(frozen=True, kw_only=True)
class Jws:
    """A compact JWS as parsed; its signature is not yet verified. `iat` is in Unix seconds."""

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

    def fields(self) -> dict[str, Value]:
        """The fields that the disclosures open; raises as `check_disclosures` does."""
        return dict(self._fields)

    @cached_property
    def _fields(self) -> dict[str, Value]:
        return check_disclosures(self.payload, self.disclosures)


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
    check_disclosures(parse_payload(payload), disclosures)
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
    """The binding of a presentation to one asker."""
    claims: dict[str, Any] = {
        "aud": audience,
        "nonce": nonce,
        "sd_hash": parse_presentation(presentation).sd_hash,
    }
    if authorisation is not None:
        claims["authorisation"] = hex32(authorisation)
    header = {"alg": JWS_ALGS[Alg(alg)], "iat": iat, "kid": hex32(kid), "typ": BINDING_TYP}
    bound = _sign(header, canonical.encode(claims), Alg(alg), sign)
    parse_binding(bound)
    return bound


def parse_presentation(text: str) -> Presentation:
    """A presentation of ours; the disclosures are looked into by `fields()`."""
    if len(text) > MAX_PRESENTATION or not text.isascii() or not text.endswith("~"):
        raise Malformed("presentation", "too long, not ASCII, or no tilde at the end")
    jws_text, *disclosures, _ = text.split("~")
    if not disclosures:
        raise Malformed("presentation", "discloses nothing")
    jws = _parse_jws(jws_text, TYP)
    return Presentation(
        jws=jws,
        payload=parse_payload(jws.payload),
        commitment=sha256(jws.payload),
        disclosures=tuple(disclosures),
    )


def parse_binding(text: str) -> Binding:
    """A binding of ours."""
    if len(text) > MAX_BINDING:
        raise Malformed("binding", f"longer than {MAX_BINDING} characters")
    jws = _parse_jws(text, BINDING_TYP)
    claims = canonical.parse(jws.payload, max_depth=1)
    required = {"aud", "nonce", "sd_hash"}
    if not isinstance(claims, dict) or not all(isinstance(v, str) for v in claims.values()):
        raise Malformed("binding", "not an object of texts")
    if not required <= claims.keys() <= required | {"authorisation"}:
        raise Malformed("binding", "members missing or unknown")
    if not all(_SHORT_TEXT.fullmatch(claims[name]) for name in required):
        raise Malformed("binding", "text that is not short visible ASCII")
    authorisation = claims.get("authorisation")
    return Binding(
        jws=jws,
        audience=claims["aud"],
        nonce=claims["nonce"],
        authorisation=None if authorisation is None else Digest(unhex32(authorisation)),
        sd_hash=claims["sd_hash"],
    )


def verify(jws: Jws, alg: int, public_key: bytes) -> None:
    """Raises SignatureInvalid unless this key, named by `kid`, made the JWS.

    Whether the key was the discloser's PRESENT key at `iat` is the caller's to check.
    """
    if jws.alg != alg or jws.kid != _key_id(alg, public_key):
        raise SignatureInvalid("JWS", "names another key")
    keys.verify(alg, public_key, jws.signing_input, jws.signature)


_key_id = lru_cache(maxsize=256)(key_id)


def _sign(header: dict[str, Any], payload: bytes, alg: Alg, sign: Sign) -> str:
    signing_input = f"{b64u_encode(canonical.encode(header))}.{b64u_encode(payload)}"
    # Whoever holds the key may return either s; only the lower one is our spelling.
    signature = keys.low_s(alg, sign(signing_input.encode()))
    return f"{signing_input}.{b64u_encode(signature)}"


def _parse_jws(text: str, typ: str) -> Jws:
    parts = text.split(".")
    if len(parts) != 3 or not text.isascii():  # noqa: PLR2004
        raise Malformed("JWS", "not header.payload.signature")
    header_bytes, payload, signature = map(b64u_decode, parts)
    header = canonical.parse(header_bytes, max_bytes=MAX_HEADER, max_depth=1)
    match header:
        case {"alg": str(name), "iat": int(iat), "kid": str(kid), "typ": str(named)} if (
            len(header) == 4 and not isinstance(iat, bool)  # noqa: PLR2004
        ):
            pass
        case _:
            raise Malformed("JWS", "header is not alg, iat, kid, typ")
    if name not in _BY_NAME or named != typ or iat > MAX_INSTANT:
        raise Malformed("JWS", f"header is not that of {typ}")
    if len(signature) != SIGNATURE_SIZE:
        raise Malformed("JWS", f"signature is not {SIGNATURE_SIZE} bytes")
    return Jws(
        alg=_BY_NAME[name],
        kid=KeyId(unhex32(kid)),
        iat=iat,
        payload=payload,
        signing_input=f"{parts[0]}.{parts[1]}".encode(),
        signature=signature,
    )
