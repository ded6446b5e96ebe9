"""Whether a request is a member's, and taken once (docs/protocol.md 24): what a receiver demands,
in its order. How key, member and nonces are looked up is for the caller.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ledger.core.errors import EvidenceError, SignatureInvalid
from ledger.core.ids import KeyId
from ledger.exchange import signatures
from ledger.exchange.signatures import TO, Claim, Request, SignatureForm

__all__ = [
    "MAX_AHEAD",
    "MAX_LIFE",
    "Received",
    "RequestRefused",
    "Timed",
    "check_request",
    "demand_body",
    "demand_signature",
    "demand_standing",
    "read",
]

MAX_AHEAD = 60
"""Seconds by which a sender's clock may be ahead of ours."""
MAX_LIFE = 60
"""Seconds between `created` and `expires`."""


class RequestRefused(EvidenceError):
    """A request is not proven to be a member's, or was taken before. code: as of 24."""

    code: str

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Timed(Protocol):
    """A registered REQUEST key."""

    @property
    def alg(self) -> int:
        """Number of its algorithm."""

    @property
    def public_key(self) -> bytes:
        """As Consortium holds it."""

    def valid_at(self, time: int) -> bool:
        """Whether it lies in its window, and before it is held to be stolen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """The head of a request of our form. expires: Unix seconds."""

    request: Request
    claim: Claim
    expires: int
    nonce: str


def read(request: Request, *, code: str, now: int) -> Received:
    """1 and 2: what the head says, if it may be looked into; it costs neither I/O nor a signature.
    code: ours. now: Unix seconds of the local clock. Raises RequestRefused."""
    try:
        claim = signatures.read_request(request.headers)
        to = request.headers.one(TO.lower())
    except SignatureForm as error:
        raise RequestRefused(error.code) from error
    if claim.expires is None or claim.nonce is None:
        raise RequestRefused("signature-form")
    if to != code:
        raise RequestRefused("other-member")
    if claim.created > now + MAX_AHEAD:
        raise RequestRefused("signature-early")
    if not 0 <= claim.expires - claim.created <= MAX_LIFE:
        raise RequestRefused("signature-lifetime")
    if claim.expires < now:
        raise RequestRefused("signature-expired")
    return Received(request=request, claim=claim, expires=claim.expires, nonce=claim.nonce)


def demand_signature(received: Received, key: signatures.Verifying) -> None:
    """3: this key, which the request names, signed it. Raises RequestRefused."""
    try:
        signatures.verify(received.request, received.claim, key)
    except SignatureInvalid as error:
        raise RequestRefused("signature-invalid") from error


def demand_standing(key: Timed, *, active: bool, now: int, block_time: int) -> None:
    """4: the key may sign now, and its member is ACTIVE. block_time: of the latest head, by which
    the key must be valid too where it is ahead of our clock; a key that began since the head is
    good. Raises RequestRefused."""
    if not (key.valid_at(now) and key.valid_at(max(now, block_time))):
        raise RequestRefused("request-key-not-valid")
    if not active:
        raise RequestRefused("member-not-active")


def demand_body(received: Received, body: bytes) -> None:
    """5: the body is the one that was signed. Raises RequestRefused."""
    if received.request.headers.one("content-digest") != signatures.digest_of(body):
        raise RequestRefused("digest-differs")


def check_request(
    request: Request,
    body: bytes,
    *,
    code: str,
    now: int,
    block_time: int,
    key_of: Callable[[str, KeyId], tuple[Timed, bool] | None],
    take: Callable[[KeyId, str], bool],
) -> None:
    """All of it, for whoever has everything at hand. key_of: a member's REQUEST key, and whether
    that member is ACTIVE; None: it is on no list. For member "" that of the only one that
    registered it; None where two did. take: note a nonce of a key; False: it was taken. Raises
    RequestRefused."""
    received = read(request, code=code, now=now)
    found = key_of(received.claim.member, received.claim.key_id)
    if found is None:
        raise RequestRefused("request-key-unknown")
    key, active = found
    demand_signature(received, key)
    demand_standing(key, active=active, now=now, block_time=block_time)
    demand_body(received, body)
    if not take(received.claim.key_id, received.nonce):
        raise RequestRefused("signature-replayed")
