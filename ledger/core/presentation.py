"""Presentations: a compact SD-JWT (RFC 9901) of committed payload bytes and some disclosures.

    <base64url header>.<base64url payload>.<base64url signature>~<disclosure>~…~

The discloser's PRESENT key signs exactly the bytes that were committed. A `binding` to one asker
is a second JWS of the discloser, over the digest of the presentation:

    header  {alg, kid, typ:"kb+jwt"}
    payload {aud, authorisation: commitment or null, iat, nonce, sd_hash}
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ledger.core import canonical
from ledger.core.canonical import b64u_decode, b64u_encode, hex32, unhex32, utf8
from ledger.core.commitment import (
    MAX_DISCLOSED,
    MAX_PAYLOAD,
    Payload,
    Value,
    parse_payload,
)
from ledger.core.disclosures import check_committed, check_disclosures
from ledger.core.errors import Malformed
from ledger.core.ids import Digest, sha256
from ledger.core.jws import (
    HEADER,
    TIMED,
    Jws,
    Sign,
    refuse_algorithm,
    sign_compact,
    signed,
    split_compact,
)
from ledger.core.keys import JWS_ALGS, Alg
from ledger.core.versions import look

__all__ = [
    "BINDING_TYP",
    "MAX_BINDING",
    "MAX_PRESENTATION",
    "TYP",
    "Binding",
    "Presentation",
    "bind",
    "parse_binding",
    "parse_presentation",
    "present",
]

TYP = "dc+sd-jwt"
BINDING_TYP = "kb+jwt"
# Room for one payload and all disclosures of a record, each followed by a tilde.
MAX_PRESENTATION = MAX_DISCLOSED + 2 * MAX_PAYLOAD
MAX_BINDING = 4096  # characters; a binding holds a few short texts

_CLAIMS = {"aud", "authorisation", "iat", "nonce", "sd_hash"}
_SD_HASH = re.compile(r"[A-Za-z0-9_-]{43}")
_SHORT_TEXT = re.compile(r"[!-~]{1,256}")  # audience and nonce: visible ASCII


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
    text = "~".join([sign_compact(header, payload, Alg(alg), sign), *disclosures, ""])
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
    bound = sign_compact(header, canonical.encode(claims, allow_null=True), Alg(alg), sign)
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


# ---- private


def _parse_presentation(text: str) -> Presentation:
    if len(text) > MAX_PRESENTATION or not text.endswith("~"):
        raise Malformed("presentation", "too long, or no tilde at the end")
    utf8(text)  # refuses what is no text
    jws_text, *disclosures, _ = text.split("~")
    if not disclosures:
        raise Malformed("presentation", "discloses nothing")
    parts = split_compact(jws_text, TYP, TIMED)
    jws = signed(parts, parts.head.iat)
    return Presentation(
        jws=jws,
        payload=parse_payload(jws.payload),
        commitment=sha256(jws.payload),
        disclosures=tuple(disclosures),
    )


def _parse_binding(text: str) -> Binding:
    if len(text) > MAX_BINDING:
        raise Malformed("binding", f"longer than {MAX_BINDING} characters")
    parts = split_compact(text, BINDING_TYP, HEADER)
    claims = canonical.parse(parts.payload, allow_null=True, max_depth=1)
    if not isinstance(claims, dict) or claims.keys() != _CLAIMS:
        raise Malformed("binding", "members missing or unknown")
    texts = [claims[name] for name in ("aud", "nonce", "sd_hash")]
    if not all(isinstance(text, str) and _SHORT_TEXT.fullmatch(text) for text in texts):
        raise Malformed("binding", "text that is not short visible ASCII")
    if not _SD_HASH.fullmatch(texts[2]):
        raise Malformed("binding", "sd_hash is no digest")
    return Binding(
        jws=signed(parts, claims["iat"]),
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


def _refuse_newer(jws: str) -> None:
    """Raise VersionUnknown where the header of a JWS names an algorithm that we do not know, or
    its payload is a record of another version, whatever else is wrong with it."""
    header, _, rest = jws.partition(".")
    look(refuse_algorithm, header)
    look(lambda text: parse_payload(b64u_decode(text)), rest.partition(".")[0])
