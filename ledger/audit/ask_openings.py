"""Openings of statements, asked of every member by the exchange route `openings` (design-2 13).

Answers are kept as they came, one file each, so that what was asked for and answered is asked once:
the next run goes on behind the last leaf of each log that was answered for. A member that does not
answer stops nobody else.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import orjson

from ledger.audit.opening_files import MAX_PIECE, Asked, OpeningFiles, piece_name
from ledger.audit.tiles import is_plain_url
from ledger.chain.contracts.bindings import LOG_ANCHOR, Consortium, LogAnchor
from ledger.chain.errors import RpcFailure, RpcTimeout, RpcTooLong
from ledger.chain.keys.signers import MessageSigner
from ledger.chain.nodes.http import Answer, Http
from ledger.chain.nodes.quorum import View
from ledger.core import canonical
from ledger.core.canonical import b64u_encode, hex32
from ledger.core.errors import LedgerError
from ledger.core.ids import KeyId, LogId
from ledger.core.keys import Alg, Purpose
from ledger.exchange import signatures
from ledger.exchange.answers import LIFE, AnswerFalse, check_answer
from ledger.exchange.signatures import NONCE_BYTES, Fields, Request, Verifying

__all__ = ["MAX_LEAVES", "ROUTE", "Asker", "NotAnswered", "Subject", "Told", "subjects"]

ROUTE: Final = "/v1/exchange/openings"
MAX_LEAVES: Final = 1024
"""Of one question."""
_MAX_ITEMS: Final = 1000
"""Openings in one answer."""
_CONNECT_SECONDS, _CALL_SECONDS = 5.0, 30.0
_PAUSES = (1.0, 5.0, 20.0)
"""Seconds before a member that is busy, or was not reached, is asked again."""
_OK, _UNAUTHORISED, _TOO_MANY, _SERVER_ERROR = 200, 401, 429, 500
_MAX_CODE = 64


class NotAnswered(LedgerError):
    """A member did not open what it was asked for. code: `no-endpoint` `unreachable` `too-slow`
    `busy` `not-recognised` `refused` `answer-…`; problem: what it said."""

    def __init__(self, code: str, problem: str = "") -> None:
        super().__init__(f"{code}: {problem}" if problem else code)
        self.code = code
        self.problem = problem


class Subject(NamedTuple):
    """A log to be asked for. size: as anchored. endpoint: of its owner."""

    member: str
    log: LogId
    size: int
    endpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How far the openings of a log are here. done: leaves from the first on that were answered
    for; reason: why not more, None: it is all."""

    member: str
    log: LogId
    size: int
    done: int
    reason: NotAnswered | None

    def as_dict(self) -> dict[str, Any]:
        """As `audit openings --json` has it."""
        return {
            "member": self.member,
            "log": hex32(self.log),
            "size": self.size,
            "answered": self.done,
            "reason": None if self.reason is None else self.reason.code,
        }


def subjects(view: View, consortium: Consortium) -> Iterator[Subject]:
    """Every anchored log of every member, by members. Raises CouldNotCheck."""
    address = consortium.current(LOG_ANCHOR)
    if address is None:
        return
    anchors = LogAnchor(address, view.call, view.calls)
    for member in sorted(consortium.members(), key=lambda one: one.code):
        for log in consortium.logs(member.code):
            if size := anchors.latest(log.log_id).size:
                yield Subject(member.code, log.log_id, size, member.endpoint)


class Asker:
    """Asks in the name of an AUDITOR member, with its REQUEST key."""

    def __init__(
        self,
        *,
        member: str,
        consortium: Consortium,
        signer: MessageSigner,
        http: Http,
        folder: Path,
        now: Callable[[], int],
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """member: its code. consortium: at the latest head. folder: where answers are kept."""
        self._member = member
        self._consortium = consortium
        self._signer = signer
        self._http = http
        self._folder = folder
        self._now = now
        self._pause = pause

    def run(self, subject: Subject, advance: Callable[[int], None]) -> Told:
        """Ask for everything of a log that is not here yet. advance: told how many leaves are.
        Raises OSError where answers cannot be kept, CouldNotCheck."""
        done = self._kept(subject.log)
        reason: NotAnswered | None = None
        advance(done)
        while done < subject.size and reason is None:
            end = min(done + MAX_LEAVES, subject.size)
            try:
                done = self._take(subject, Asked(subject.log, done, end))
            except NotAnswered as error:
                reason = error
            advance(done)
        size = subject.size
        return Told(
            member=subject.member, log=subject.log, size=size, done=min(done, size), reason=reason
        )

    def _kept(self, log: LogId) -> int:
        """The first leaf that is not answered for, without a gap before it."""
        folder = self._folder / hex32(log)
        files = OpeningFiles([folder]) if folder.is_dir() else None
        end = 0
        for asked in () if files is None else files.named():
            if asked.start > end:
                break
            end = max(end, asked.end)
        return end

    def _take(self, subject: Subject, asked: Asked) -> int:
        """Ask once, keep the answer; from where to go on."""
        body = self._ask(subject, asked)
        following = _following(body, asked)
        end = asked.end if following is None else following
        self._keep(Asked(asked.log, asked.start, end), body)
        return end

    def _keep(self, asked: Asked, body: bytes) -> None:
        """Whole, or not at all; it tells of people, so nobody else may read it."""
        path = self._folder / piece_name(asked)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(body)
            partial.replace(path)
        except OSError:
            partial.unlink(missing_ok=True)
            raise

    # ---- one question

    def _ask(self, subject: Subject, asked: Asked) -> bytes:
        """The body of a good answer; asked again where that may help. Raises NotAnswered."""
        if not is_plain_url(subject.endpoint):
            raise NotAnswered("no-endpoint")
        for pause in (*_PAUSES, None):
            try:
                return self._once(subject, asked)
            except NotAnswered as error:
                if pause is None or error.code not in ("unreachable", "too-slow", "busy"):
                    raise
            self._pause(pause)
        raise AssertionError("unreachable")

    def _once(self, subject: Subject, asked: Asked) -> bytes:
        url = subject.endpoint.rstrip("/") + ROUTE
        body = canonical.encode({"from": asked.start, "log": hex32(asked.log), "to": asked.end})
        request = Request(
            path=urlsplit(url).path, headers=Fields([("Content-Type", "application/json")])
        )
        nonce, now = b64u_encode(secrets.token_bytes(NONCE_BYTES)), self._now()
        signatures.sign_request(
            request,
            body,
            self._signer,
            by=self._member,
            to=subject.member,
            created=now,
            expires=now + LIFE,
            nonce=nonce,
        )
        answer = self._send(url, request, body)
        self._demand(subject.member, answer, request, nonce)
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


def _following(body: bytes, asked: Asked) -> int | None:
    """From where to ask on; None: that was all. Raises NotAnswered."""
    try:
        value = orjson.loads(body)
        openings, following = value["openings"], value["next"]
    except (ValueError, KeyError, TypeError) as error:
        raise NotAnswered("answer-malformed", "no openings") from error
    if not isinstance(openings, list) or len(openings) > _MAX_ITEMS:
        raise NotAnswered("answer-malformed", "no openings, or too many")
    if following is None:
        return None
    if type(following) is not int or not asked.start < following < asked.end:
        raise NotAnswered("answer-malformed", "next leads nowhere")
    return following


def _code_in(body: bytes) -> str:
    """The code of a problem; `unknown` where there is none. It may come from anybody."""
    try:
        code = orjson.loads(body[:MAX_PIECE])["code"]
    except (ValueError, KeyError, TypeError):
        return "unknown"
    plain = isinstance(code, str) and len(code) <= _MAX_CODE and code.isascii()
    return code if plain and code.replace("-", "").isalnum() else "unknown"
