"""Signatures of requests and answers between members: RFC 9421, by `http-message-signatures`.

The library makes and checks the signature base; it takes any number of signatures, labels and
parameters, and what a verifier makes of time is its own clock's. So what design-2 13 demands beyond
it is demanded here first, of the one spelling of the header fields (decision 38).

A request covers "@method" "@path" "@query" "content-digest" "credit-ledger-to"; an answer
"@status" "content-digest" "signature";req;key="sig", which ties it to its request.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import http_sf
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import (
    ContentDigest,
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    MappingKeyResolver,
)
from http_message_signatures.algorithms import ECDSA_P256_SHA256, ED25519

from ledger.chain.keys.signers import MessageSigner
from ledger.core.canonical import MAX_INSTANT, b64u_decode, unhex32
from ledger.core.errors import EvidenceError, Malformed, SignatureInvalid
from ledger.core.ids import CODE, KeyId
from ledger.core.keys import Alg

LABEL: Final = "sig"
REQUEST_TAG: Final = "credit-ledger/1"
ANSWER_TAG: Final = "credit-ledger/1-answer"
COMPONENTS: Final = ("@method", "@path", "@query", "content-digest", "credit-ledger-to")
ANSWER_COMPONENTS: Final = ("@status", "content-digest", '"signature";req;key="sig"')
NONCE_BYTES: Final = 16
TO: Final = "Credit-Ledger-To"
QUERY: Final = "?"
"""The only query there is: the empty one."""
OF: Final = "/"
"""In the `keyid` of a request between the code of its member and the key's id: keys are registered
under their member, and two may have registered the same one."""

_ALGORITHMS: Mapping[Alg, type[HTTPSignatureAlgorithm]] = {
    Alg.ED25519: ED25519,
    Alg.P256: ECDSA_P256_SHA256,
}
ALGS: Mapping[str, Alg] = {made.algorithm_id: alg for alg, made in _ALGORITHMS.items()}
_REQUEST = frozenset({"created", "expires", "nonce", "keyid", "alg", "tag"})
_ANSWER = frozenset({"created", "keyid", "alg", "tag"})
_ANSWER_MORE = frozenset({"expires", "nonce"})
_UNCOMPRESSED = b"\x04"


class SignatureForm(EvidenceError):
    """Header fields that are not those of one signature of ours. code: `signature-missing`,
    `signature-several` or `signature-form`."""

    code: str

    def __init__(self, code: str, problem: str) -> None:
        super().__init__(problem)
        self.code = code


class Fields:
    """Header fields in their order, as the library reads and writes them."""

    def __init__(self, lines: Sequence[tuple[str, str]] = ()) -> None:
        self._lines = [(name.lower(), value) for name, value in lines]

    def items(self) -> list[tuple[str, str]]:
        """Names in lower case, with their values."""
        return list(self._lines)

    def all(self, name: str) -> list[str]:
        """The values of a field, a line each."""
        return [value for held, value in self._lines if held == name]

    def one(self, name: str) -> str:
        """The value of a field that stands once. Raises SignatureForm otherwise."""
        found = self.all(name)
        if len(found) != 1:
            raise SignatureForm("signature-form", f"{name} stands {len(found)} times")
        return found[0]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for name, _ in self._lines))

    def __contains__(self, name: str) -> bool:
        return bool(self.all(name.lower()))

    def __setitem__(self, name: str, value: str) -> None:
        if name in self:
            del self[name]
        self._lines.append((name.lower(), value))

    def __delitem__(self, name: str) -> None:
        self._lines = [line for line in self._lines if line[0] != name.lower()]


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request as both sides see it. path: as it is sent, percent-encoded."""

    path: str
    headers: Fields
    method: str = "POST"

    @property
    def url(self) -> str:
        """What the library takes path and query from; its host is covered by nothing."""
        return f"https://peer{self.path}"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer with the request that it answers."""

    status_code: int
    headers: Fields
    request: Request


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a signature says of itself; nothing of it is verified. Times in Unix seconds. member: by
    whom a request is; "" where it names nobody, and in an answer, which is by the member asked.
    expires, nonce: None where an answer has none."""

    member: str
    key_id: KeyId
    alg: Alg
    created: int
    expires: int | None
    nonce: str | None


class Verifying(Protocol):
    """A registered key, as far as signatures need it."""

    @property
    def alg(self) -> int:
        """Number of its algorithm."""

    @property
    def public_key(self) -> bytes:
        """As Consortium holds it."""


def digest_of(body: bytes) -> str:
    """The value of Content-Digest."""
    return ContentDigest.create(body)


def sign_request(
    request: Request,
    body: bytes,
    signer: MessageSigner,
    *,
    by: str,
    to: str,
    created: int,
    expires: int,
    nonce: str,
) -> None:
    """Put Content-Digest, Credit-Ledger-To and the signature into the header fields. by, to: codes
    of who asks, whose key this is, and of who is asked."""
    request.headers[TO] = to
    _sign(
        request,
        body,
        signer,
        COMPONENTS,
        name=_named(by, signer.key_id),
        created=_at(created),
        expires=_at(expires),
        nonce=nonce,
        tag=REQUEST_TAG,
    )


def sign_answer(
    answer: Answer, body: bytes, signer: MessageSigner, *, created: int, nonce: str | None
) -> None:
    """Put Content-Digest and the signature into the header fields. nonce: of the request, so that
    whoever asked can tell an answer to another request from a false one."""
    _sign(
        answer,
        body,
        signer,
        ANSWER_COMPONENTS,
        name=_named("", signer.key_id),
        created=_at(created),
        nonce=nonce,
        tag=ANSWER_TAG,
    )


def read_request(fields: Fields) -> Claim:
    """The claim of a request. Raises SignatureForm unless there is exactly one signature, of our
    form."""
    return _read(fields, COMPONENTS, _REQUEST, frozenset(), REQUEST_TAG)


def read_answer(fields: Fields) -> Claim:
    """The claim of an answer. Raises as `read_request`."""
    return _read(fields, ANSWER_COMPONENTS, _ANSWER, _ANSWER_MORE, ANSWER_TAG)


def verify(message: Request | Answer, claim: Claim, key: Verifying) -> None:
    """Raise SignatureInvalid unless this key signed what the signature covers.

    The caller MUST check before: the claim is of this message, the key the one that it names. And
    after: times, nonce, and that Content-Digest is that of the body.
    """
    tag = REQUEST_TAG if isinstance(message, Request) else ANSWER_TAG
    if key.alg != claim.alg:
        raise SignatureInvalid("signature", "of another algorithm than its key")
    keys = MappingKeyResolver(
        public_keys={_named(claim.member, claim.key_id): _loaded(claim.alg, key.public_key)},
        private_keys={},
    )
    verifier = _Verifier(signature_algorithm=_ALGORITHMS[claim.alg], key_resolver=keys)
    try:
        found = verifier.verify(message, max_age=None, expect_tag=tag, expect_label=LABEL)
    except HTTPMessageSignaturesException as error:
        raise SignatureInvalid("signature", "does not hold") from error
    if len(found) != 1:
        raise SignatureInvalid("signature", "nothing was verified")


class _Verifier(HTTPMessageVerifier):
    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
        """Leave times to the caller, who has the clock of the settings and the bounds of ours."""


def _sign(
    message: Request | Answer,
    body: bytes,
    signer: MessageSigner,
    components: Sequence[str],
    *,
    name: str,
    **parameters: Any,
) -> None:
    if signer.alg not in _ALGORITHMS:
        raise SignatureInvalid("signature", f"a key of {signer.alg.name} signs no request")
    made = HTTPMessageSigner(signature_algorithm=_ALGORITHMS[signer.alg])
    prepared = made.prepare(
        message,
        key_id=name,
        label=LABEL,
        covered_component_ids=components,
        body=body,
        **parameters,
    )
    made.apply(message, prepared, signer.sign(prepared.signature_base))


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _loaded(alg: Alg, public_key: bytes) -> Ed25519PublicKey | ec.EllipticCurvePublicKey:
    try:
        if alg is Alg.ED25519:
            return Ed25519PublicKey.from_public_bytes(public_key)
        point = _UNCOMPRESSED + public_key
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError as error:
        raise SignatureInvalid("signature", "its key is no point of the curve") from error


def _read(
    fields: Fields,
    components: Sequence[str],
    required: frozenset[str],
    optional: frozenset[str],
    tag: str,
) -> Claim:
    if "signature" not in fields or "signature-input" not in fields:
        raise SignatureForm("signature-missing", "no signature")
    parameters = _parameters(fields)
    listed = " ".join(part if part.startswith('"') else f'"{part}"' for part in components)
    # What was parsed is its one spelling, so the beginning of the text is the list.
    if not fields.one("signature-input").startswith(f"{LABEL}=({listed});"):
        raise SignatureForm("signature-form", "covers other components, or in another order")
    if not required <= parameters.keys() <= required | optional:
        raise SignatureForm("signature-form", "parameters missing or unknown")
    if parameters["tag"] != tag:
        raise SignatureForm("signature-form", "of another tag")
    fields.one("content-digest")
    return _claim(parameters, names_member=tag == REQUEST_TAG)


def _parameters(fields: Fields) -> dict[str, Any]:
    """Those of the one signature there is."""
    inputs = _parsed(_only(fields, "signature-input"))
    values = _parsed(_only(fields, "signature"))
    if len(inputs) != 1 or len(values) != 1:
        raise SignatureForm("signature-several", f"{len(inputs)} signatures")
    if set(inputs) != {LABEL} or set(values) != {LABEL}:
        raise SignatureForm("signature-form", "of another label")
    (covered, parameters), (value, more) = inputs[LABEL], values[LABEL]
    if not isinstance(covered, list) or not isinstance(value, bytes) or more:
        raise SignatureForm("signature-form", "no list of components, or no bytes")
    found: dict[str, Any] = parameters
    return found


def _only(fields: Fields, name: str) -> str:
    """A second line would be a second member of the same dictionary (RFC 9651 3.2)."""
    if len(fields.all(name)) > 1:
        raise SignatureForm("signature-several", f"{name} stands more than once")
    return fields.one(name)


def _parsed(text: str) -> dict[str, Any]:
    """What a structured field holds. One spelling: what stands twice, or otherwise than it would be
    written, is refused."""
    try:
        found: Any = http_sf.parse(
            text.encode("ascii"), tltype="dictionary", on_duplicate_key=_twice
        )
        again = http_sf.ser(found)
    except (ValueError, TypeError, OverflowError) as error:
        raise SignatureForm("signature-form", "not a structured field") from error
    if again != text:
        raise SignatureForm("signature-form", "not the one spelling of its structured field")
    parsed: dict[str, Any] = found
    return parsed


def _twice(key: str, context: str) -> None:
    code = "signature-several" if context == "dictionary" else "signature-form"
    raise SignatureForm(code, f"{key} stands twice")


def _claim(parameters: Mapping[str, Any], *, names_member: bool) -> Claim:
    expires, nonce = parameters.get("expires"), parameters.get("nonce")
    for at in (parameters["created"], expires):
        if at is not None and (type(at) is not int or not 0 <= at <= MAX_INSTANT):
            raise SignatureForm("signature-form", "created or expires is no instant")
    for name in ("keyid", "alg", "nonce"):
        # Tokens and display strings are texts to Python, and no Strings of RFC 9651.
        if name in parameters and type(parameters[name]) is not str:
            raise SignatureForm("signature-form", f"{name} is no text")
    try:
        if nonce is not None and len(b64u_decode(nonce)) != NONCE_BYTES:
            raise SignatureForm("signature-form", f"nonce is not {NONCE_BYTES} bytes")
        member, key_id = _key_of(parameters["keyid"], names_member=names_member)
    except Malformed as error:
        raise SignatureForm("signature-form", "keyid or nonce is not spelt right") from error
    if parameters["alg"] not in ALGS:
        raise SignatureForm("signature-form", "of another algorithm")
    return Claim(
        member=member,
        key_id=key_id,
        alg=ALGS[parameters["alg"]],
        created=parameters["created"],
        expires=expires,
        nonce=nonce,
    )


def _named(member: str, id_: KeyId) -> str:
    """A `keyid`. member: "" for an answer."""
    return f"{member}{OF}{id_.hex()}" if member else id_.hex()


def _key_of(text: str, *, names_member: bool) -> tuple[str, KeyId]:
    """Member and id of a key, from a `keyid`. Raises Malformed."""
    member, parted, id_ = text.partition(OF) if names_member else ("", "", text)
    if not parted:
        return "", KeyId(unhex32(text))
    if not CODE.fullmatch(member):
        raise Malformed("keyid", "of a member without a code")
    return member, KeyId(unhex32(id_))
