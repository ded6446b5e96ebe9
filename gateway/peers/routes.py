"""`/v1/exchange/…`: for other members, by signature. Every answer but 401 is signed."""

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
from gateway.base.errors import NotReady
from gateway.chain.signing import Signing
from gateway.http.limits import RateLimiter, media_type
from gateway.http.problems import Problem, problem_of, retry_later
from gateway.peers import signatures
from gateway.peers.admission import Admission, Received, of_wire
from gateway.peers.errors import Refused, SignatureRefused
from gateway.peers.interfaces import ROUTES, Asker, Reply
from gateway.peers.messages import Messages
from gateway.peers.services import Exchange
from gateway.peers.signatures import Fields
from ledger.chain.keys.signers import MessageSigner
from ledger.core.errors import LedgerError, Malformed

PACE: Final = 0.25
"""Seconds: a check is answered at the next multiple of them after it came, so that how long it took
does not tell what was found."""
JSON: Final = "application/json"
RECOGNISED: Final = 8
"""Requests at once whose sender is being found out. Where the chain is slow they wait for it, and
the threads of all other routes must not wait with them."""
ANSWERED: Final = 16
"""Requests of members at once that are being answered."""

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
    strangers: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(RECOGNISED))
    members: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(ANSWERED))

    async def answer(self, request: Request, handle: Handle, *, paced: bool = False) -> Response:
        """The signed answer of a handler to a member, or of what it raised. Raises Problem 401,
        and NotReady where we have no key to sign with."""
        came = time.monotonic()
        try:
            received = self.admission.read(self._request(request))
        except SignatureRefused as error:
            raise _unauthorized(error) from error
        key = self.signing.request_key()
        try:
            async with self.strangers:
                asker = await run_in_threadpool(self.admission.recognise, received)
        except SignatureRefused as error:
            raise _unauthorized(error) from error
        except NotReady as error:  # the chain does not say who asks
            return await run_in_threadpool(self._sign, problem_of(error).response(), received, key)
        response = await self._handled(request, received, asker, handle)
        if paced:
            await asyncio.sleep(PACE - (time.monotonic() - came) % PACE)
        return await run_in_threadpool(self._sign, response, received, key)

    async def _handled(
        self, request: Request, received: Received, asker: Asker, handle: Handle
    ) -> Response:
        try:
            wait = self.rate.take(asker.code)
            if wait:
                raise retry_later("too-many-requests", math.ceil(wait))
            if media_type(request.headers.get("content-type", "").encode()) != JSON:
                raise Problem("wrong-content-type")
            body = await request.body()
            async with self.members:
                reply = await run_in_threadpool(self._once, received, asker, handle, body)
        except SignatureRefused as error:
            raise _unauthorized(error) from error
        except ClientDisconnect:
            raise
        except Refused as error:
            return Problem(error.code, extra=error.extra).response()
        except Malformed as error:
            _log.info("exchange.malformed", member=asker.code, what=error.what)
            detail = {"zh": f"格式错误：{error.what}", "en": f"not well-formed: {error.what}"}
            return Problem("schema-invalid", detail).response()
        except (LedgerError, sa.exc.OperationalError, sa.exc.TimeoutError) as error:
            return problem_of(error).response()
        except Exception:
            _log.exception("exchange.failed", member=asker.code)
            return Problem("internal").response()
        return Response(
            reply.body,
            status_code=reply.status,
            media_type=reply.media_type,
            headers=dict(reply.headers),
        )

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
    """The one answer that is not signed: nobody is known who could check it."""
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
