"""Questions to other members in the name of an AUDITOR, by the routes of the exchange (design-2
13): signed, the answer checked to be that of the member asked."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

import orjson

from ledger.audit.opening_files import MAX_PIECE
from ledger.audit.tiles import is_plain_url
from ledger.chain.contracts.bindings import Consortium
from ledger.chain.errors import RpcFailure, RpcTimeout, RpcTooLong
from ledger.chain.keys.signers import MessageSigner
from ledger.chain.nodes.http import Answer, Http
from ledger.core.canonical import b64u_encode
from ledger.core.errors import LedgerError
from ledger.core.ids import KeyId
from ledger.core.keys import Alg, Purpose
from ledger.exchange import signatures
from ledger.exchange.answers import LIFE, AnswerFalse, check_answer
from ledger.exchange.signatures import NONCE_BYTES, Fields, Request, Verifying

__all__ = ["Line", "NotAnswered"]

_CONNECT_SECONDS, _CALL_SECONDS = 5.0, 30.0
_PAUSES: Final = (1.0, 5.0, 20.0)
"""Seconds before a member that is busy, or was not reached, is asked again."""
_OK, _UNAUTHORISED, _TOO_MANY, _SERVER_ERROR = 200, 401, 429, 500
_MAX_CODE = 64


class NotAnswered(LedgerError):
    """A member did not give what it was asked for. code: `no-endpoint` `unreachable` `too-slow`
    `busy` `not-recognised` `refused` `answer-…`; problem: what it said."""

    def __init__(self, code: str, problem: str = "") -> None:
        super().__init__(f"{code}: {problem}" if problem else code)
        self.code = code
        self.problem = problem


class Line:
    """Asks in the name of an AUDITOR member, with its REQUEST key."""

    def __init__(
        self,
        *,
        member: str,
        consortium: Consortium,
        signer: MessageSigner,
        http: Http,
        now: Callable[[], int],
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """member: who asks, by its code. consortium: at the latest head."""
        self._member = member
        self._consortium = consortium
        self._signer = signer
        self._http = http
        self._now = now
        self._pause = pause

    def ask(self, member: str, url: str, body: bytes) -> bytes:
        """The body of a good answer; asked again where that may help. url: of the route. Raises
        NotAnswered, CouldNotCheck."""
        if not is_plain_url(url):
            raise NotAnswered("no-endpoint")
        for pause in (*_PAUSES, None):
            try:
                return self._once(member, url, body)
            except NotAnswered as error:
                if pause is None or error.code not in ("unreachable", "too-slow", "busy"):
                    raise
            self._pause(pause)
        raise AssertionError("unreachable")

    def _once(self, member: str, url: str, body: bytes) -> bytes:
        request = Request(
            path=urlsplit(url).path, headers=Fields([("Content-Type", "application/json")])
        )
        nonce, now = b64u_encode(secrets.token_bytes(NONCE_BYTES)), self._now()
        signatures.sign_request(
            request,
            body,
            self._signer,
            by=self._member,
            to=member,
            created=now,
            expires=now + LIFE,
            nonce=nonce,
        )
        answer = self._send(url, request, body)
        self._demand(member, answer, request, nonce)
        return answer.body

    def _send(self, url: str, request: Request, body: bytes) -> Answer:
        try:
            return self._http.ask(
                "POST",
                url,
                content=body,
                headers=request.headers.items(),
                timeout=_CALL_SECONDS,
                connect=_CONNECT_SECONDS,
                max_bytes=MAX_PIECE,
            )
        except RpcTimeout as error:
            raise NotAnswered("too-slow") from error
        except RpcTooLong as error:
            raise NotAnswered("answer-too-large") from error
        except RpcFailure as error:
            raise NotAnswered("unreachable", str(error)) from error

    def _demand(self, member: str, answer: Answer, request: Request, nonce: str) -> None:
        """Raise unless it is the member's own answer, and a good one."""
        if answer.status == _UNAUTHORISED:
            raise NotAnswered("not-recognised", _code_in(answer.body))
        busy = answer.status == _TOO_MANY or answer.status >= _SERVER_ERROR
        now = self._now()

        def key_of(id_: KeyId) -> Verifying | None:
            key = self._consortium.key(member, id_)
            if key is None or key.purpose != Purpose.REQUEST:
                return None
            good = key.alg in (Alg.ED25519, Alg.P256) and key.valid_at(now)
            return key if good else None

        told = (answer.status, answer.headers, answer.body)
        try:
            check_answer(request, nonce, told, now=now, key_of=key_of)
        except AnswerFalse as error:
            if busy and error.code == "answer-unsigned":
                raise NotAnswered("busy") from error
            raise NotAnswered(error.code, error.problem) from error
        if busy:
            raise NotAnswered("busy", _code_in(answer.body))
        if answer.status != _OK:
            raise NotAnswered("refused", _code_in(answer.body))


def _code_in(body: bytes) -> str:
    """The code of a problem; `unknown` where there is none. It may come from anybody."""
    try:
        code = orjson.loads(body[:MAX_PIECE])["code"]
    except (ValueError, KeyError, TypeError):
        return "unknown"
    plain = isinstance(code, str) and len(code) <= _MAX_CODE and code.isascii()
    return code if plain and code.replace("-", "").isalnum() else "unknown"
