"""Requests made by hand, to be wrong in one thing at a time."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import httpx

from gateway.peers.interfaces import ROUTES
from ledger.chain.keys.signers import LocalSigner
from ledger.core.canonical import b64u_encode
from ledger.core.keys import Purpose
from ledger.exchange import signatures
from ledger.exchange.signatures import Fields, Request
from tests.support.peers import Member, Network

BODY = b'{"recordId":"' + b"00" * 32 + b'"}'


@dataclass
class Sent:
    """An answer, and the code in it."""

    status: int
    code: str | None
    signed: bool
    json: Any
    headers: httpx.Headers


def make(
    network: Network,
    asker: str,
    *,
    by: str | None = None,
    to: str = "110000",
    route: str = "record",
    body: bytes = BODY,
    signer: LocalSigner | None = None,
    ago: int = 0,
    life: int = 60,
    nonce: str | None = None,
    prefix: str = "",
) -> Request:
    """A signed request. by: whom it names, if not who signs; "": nobody. ago: seconds since it was
    made. life: until it expires."""
    now = network[to if to in network.members else "110000"].node.ctx.clock.seconds()
    request = Request(
        path=f"{prefix}{ROUTES}{route}", headers=Fields([("Content-Type", "application/json")])
    )
    signatures.sign_request(
        request,
        body,
        signer or network.chain.keys[asker, Purpose.REQUEST],
        by=asker if by is None else by,
        to=to,
        created=now - ago,
        expires=now - ago + life,
        nonce=nonce or b64u_encode(secrets.token_bytes(16)),
    )
    return request


def post(member: Member, request: Request, body: bytes = BODY, url: str | None = None) -> Sent:
    """Send it as it is."""
    answer = httpx.request(
        request.method,
        (url or member.url) + request.path,
        content=body,
        headers=request.headers.items(),
        timeout=300,
    )
    value = answer.json()
    return Sent(
        status=answer.status_code,
        code=value.get("code"),
        signed="signature" in answer.headers,
        json=value,
        headers=answer.headers,
    )
