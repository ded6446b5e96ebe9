"""`/v1/exchange/…`: for other members, by signature. Every answer to a member is signed; who is not
proven to be one costs us neither a call to the chain nor a signature.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Final

import sqlalchemy as sa
import structlog
from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from gateway.base.clock import Clock
from gateway.chain.signing import Signing
from gateway.http.limits import address_of, media_type
from gateway.http.places import Places
from gateway.http.problems import Problem, problem_of, retry_later
from gateway.http.rates import RateLimiter
from gateway.peers.admission import Admission, of_wire
from gateway.peers.errors import Refused, SignatureRefused
from gateway.peers.interfaces import ROUTES, Asker, Reply
from gateway.peers.messages import Messages
from gateway.peers.services import Exchange
from ledger.chain.keys.signers import MessageSigner
from ledger.core.errors import LedgerError, Malformed
from ledger.exchange import signatures
from ledger.exchange.admission import Received
from ledger.exchange.signatures import Fields

PACE: Final = 0.25
"""Seconds: a check is answered at the next multiple of them after it came, so that how long it took
does not tell what was found."""
JSON: Final = "application/json"
PROVEN: Final = 4
"""Signatures checked at once, of one address half as many: a millisecond each."""
RECOGNISED: Final = 8
"""Members at once that the chain is asked about. Where it is slow they wait for it, and the threads
of all other routes must not wait with them."""
ANSWERED: Final = 16
"""Requests of members at once that are being answered; a quarter of them of one member."""
BODIES: Final = 64
"""Bodies in memory at once, 2 MiB each; an eighth of them of one member."""
BODY_SECONDS: Final = 30.0
"""For a whole body: a member that drips it holds one of its places so long."""
FORGED_A_SECOND: Final = 20.0
"""Signatures that do not hold, of one address, before it has to wait."""
VOLUME: Final = 4 << 20
"""Bytes of bodies a second of one member; twice as much at once."""

router = APIRouter(tags=["exchange"], prefix=ROUTES.rstrip("/"))
_log = structlog.get_logger(__name__)

Handle = Callable[[Asker, bytes], Reply]


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Lets members in, and signs what they are answered. prefix: what a proxy in front takes off
    the path of our endpoint."""

    admission: Admission
    signing: Signing
    exchange: Exchange
    messages: Messages
    rate: RateLimiter
    clock: Clock
    prefix: str
    failures: RateLimiter = field(default_factory=lambda: RateLimiter(FORGED_A_SECOND))
    volume: RateLimiter = field(default_factory=lambda: RateLimiter(VOLUME))
    listing: Places = field(default_factory=lambda: Places(at_once=64, each=16, waiting=0, line=0))
    proving: Places = field(
        default_factory=lambda: Places(at_once=PROVEN, each=PROVEN // 2, waiting=16, line=64)
    )
    recognising: Places = field(
        default_factory=lambda: Places(at_once=RECOGNISED, each=RECOGNISED // 4, waiting=16)
    )
    bodies: Places = field(
        default_factory=lambda: Places(at_once=BODIES, each=BODIES // 8, waiting=0, line=0)
    )
    answered: Places = field(
        default_factory=lambda: Places(at_once=ANSWERED, each=ANSWERED // 4, waiting=16)
    )

    async def answer(self, request: Request, handle: Handle, *, paced: bool = False) -> Response:
        """The signed answer of a handler to a member, or of what it raised. Raises Problem for who
        is not proven to be one: 401, 429, 503; and NotReady where we have no key to sign with."""
        came = time.monotonic()
        address = address_of(request.scope)
        try:
            received = self.admission.read(self._request(request))
            await self._prove(received, address)
        except SignatureRefused as error:
            raise _unauthorized(error) from error
        key = self.signing.request_key()
        response = await self._handled(request, received, handle)
        if paced:
            await asyncio.sleep(PACE - (time.monotonic() - came) % PACE)
        return await run_in_threadpool(self._sign, response, received, key)

    async def _prove(self, received: Received, address: str) -> None:
        """Demand a signature by a key on the list, at no cost but its check. Raises
        SignatureRefused, Problem, NotReady."""
        if wait := self.failures.wait(address):
            raise retry_later("too-many-requests", math.ceil(wait))
        try:
            key = self.admission.key(received)
            if key is None:
                async with self.listing.hold(address):
                    key = await self.admission.key_listed_anew(received)
            async with self.proving.hold(address):
                await run_in_threadpool(self.admission.verify, received, key)
        except SignatureRefused:
            self.failures.charge(address)
            raise

    async def _handled(self, request: Request, received: Received, handle: Handle) -> Response:
        """What is answered to who is proven to hold a key of a member."""
        caller = received.claim.key_id.hex()
        try:
            async with self.recognising.hold(caller):
                asker = await run_in_threadpool(self.admission.recognise, received)
            caller = asker.code
            self._demand_rate(asker)
            if media_type(request.headers.get("content-type", "").encode()) != JSON:
                raise Problem("wrong-content-type")
            async with self.bodies.hold(caller):
                body = await self._body(request)
                self.volume.charge(asker.code, len(body))
                async with self.answered.hold(caller):
                    reply = await run_in_threadpool(self._once, received, asker, handle, body)
        except SignatureRefused as error:
            raise _unauthorized(error) from error
        except ClientDisconnect:
            raise
        except Refused as error:
            return Problem(error.code, extra=error.extra).response()
        except Malformed as error:
            _log.info("exchange.malformed", member=caller, what=error.what)
            detail = {"zh": f"格式错误：{error.what}", "en": f"not well-formed: {error.what}"}
            return Problem("schema-invalid", detail).response()
        except (LedgerError, sa.exc.OperationalError, sa.exc.TimeoutError) as error:
            return problem_of(error).response()
        except Exception:
            _log.exception("exchange.failed", member=caller)
            return Problem("internal").response()
        return Response(
            reply.body,
            status_code=reply.status,
            media_type=reply.media_type,
            headers=dict(reply.headers),
        )

    def _demand_rate(self, asker: Asker) -> None:
        wait = max(self.rate.take(asker.code), self.volume.wait(asker.code))
        if wait:
            raise retry_later("too-many-requests", math.ceil(wait))

    @staticmethod
    async def _body(request: Request) -> bytes:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                return await request.body()
        except TimeoutError as error:
            raise Problem("too-slow", headers={"Connection": "close"}) from error

    def _once(self, received: Received, asker: Asker, handle: Handle, body: bytes) -> Reply:
        self.admission.take(received, body)
        return handle(asker, body)

    def _request(self, request: Request) -> signatures.Request:
        scope = request.scope
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        return of_wire(request.method, self.prefix + path, query, scope["headers"])

    def _sign(self, response: Response, received: Received, key: MessageSigner) -> Response:
        answer = signatures.Answer(
            status_code=response.status_code, headers=Fields(), request=received.request
        )
        body = bytes(response.body)
        now = self.clock.seconds()
        signatures.sign_answer(answer, body, key, created=now, nonce=received.nonce)
        for name, value in answer.headers.items():
            response.headers[name] = value
        response.headers["Cache-Control"] = "no-store"
        return response


def _unauthorized(error: SignatureRefused) -> Problem:
    """Not signed: nobody is known who could check it."""
    return Problem(error.code, headers={"WWW-Authenticate": 'Signature realm="credit-ledger"'})


def _door(request: Request) -> Door:
    door: Door = request.app.state.door
    return door


Here = Annotated[Door, Depends(_door)]


@router.post("/record")
async def record(request: Request, door: Here) -> Response:
    """A record of ours, with presentation and binding: `{recordId, authorisation?}`."""
    return await door.answer(request, door.exchange.record)


@router.post("/check")
async def check(request: Request, door: Here) -> Response:
    """Whether values are those of a record: `{recordId, fields, authorisation?}`."""
    return await door.answer(request, door.exchange.check, paced=True)


@router.post("/message")
async def message(request: Request, door: Here) -> Response:
    """An opening of the asker's statement."""
    return await door.answer(request, door.messages.take)


@router.post("/openings")
async def openings(request: Request, door: Here) -> Response:
    """Openings of our statements, for auditors: `{log, from, to}`."""
    return await door.answer(request, door.exchange.openings)
