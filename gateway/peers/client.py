"""Asking other members: signed, at the endpoint that the chain names, and what they answer checked.

An answer counts where it is signed by a REQUEST key of the member asked, over our own request. What
it says of a record is then checked like anybody's receipt.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson

from gateway.base.clock import Clock
from gateway.base.metrics import TIMEOUTS
from gateway.chain.signing import Signing
from gateway.peers.dialling import CALL_SECONDS, CONNECT_SECONDS, Dialler, place_of
from gateway.peers.directory import Directory
from gateway.peers.errors import BadAnswer, PeerRefused, PeerSilent
from gateway.peers.interfaces import MAX_ANSWER, MAX_ITEMS, MAX_REQUEST, ROUTES
from gateway.peers.judging import UNDETERMINED, Judge
from ledger.chain.contracts.structs import ACTIVE
from ledger.chain.errors import RpcFailure, RpcNonsense, RpcTimeout, RpcTooLong
from ledger.chain.nodes.addresses import Network
from ledger.chain.nodes.http import Answer, Http
from ledger.core import receipt as receipts
from ledger.core.canonical import MAX_INSTANT, b64u_encode, encode, hex32, parse_instant
from ledger.core.errors import EvidenceError, Malformed, VersionUnknown
from ledger.core.ids import KeyId
from ledger.core.opening import MAX_DEPTH, Opening
from ledger.core.receipt import MAX_RECEIPT
from ledger.core.verdict.verdict import Verdict
from ledger.exchange import signatures
from ledger.exchange.answers import LIFE, AnswerFalse, check_answer
from ledger.exchange.signatures import NONCE_BYTES, Fields, Request, Verifying
from ledger.verify import ask

CONNECTIONS = 128
"""At once, to all members together: those that are silent must leave room for the others."""
MAX_CODE = 64
"""Characters of the code of a problem."""
SMALL = 64 << 10
"""Bytes of an answer that holds a word or two, or a problem."""
OF_RECORD = 2 * MAX_RECEIPT + SMALL
"""A receipt within a JSON text: every quotation mark in it takes one byte more."""

MAX_OPENINGS = 4 * MAX_ANSWER
"""Bytes of all answers to one question for openings: 1,024 of 200 KiB each."""
MAX_ANSWERS = 64
"""Answers to one such question."""

_BUSY = frozenset(
    {
        *(HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS),
        *(HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.BAD_GATEWAY),
        *(HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT),
    }
)
"""Asked again later, whoever said so."""
_FORGED = 1
"""Exit code of verdicts on what is false; below it stands nothing worse."""
_UNCHECKED = frozenset({UNDETERMINED, "not-final", "anchor-moved"})


@dataclass(frozen=True, kw_only=True)
class Told:
    """A signed answer to our request. nonce: of the request."""

    status: int
    body: bytes
    nonce: str

    def json(self, member: str) -> Any:
        """What it holds. Raises BadAnswer."""
        try:
            return orjson.loads(self.body)
        except ValueError as error:
            raise BadAnswer("answer-malformed", member, "not JSON") from error


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A record of another member. receipt: the file. verdict: of it, for our audience and nonce."""

    receipt: bytes
    verdict: Verdict


class Peers:
    """The other members, as this gateway asks them. Safe to share between threads.

    Raises PeerSilent, BadAnswer, PeerRefused, each with its code; NotReady where we have no key to
    sign with, or members cannot be read.
    """

    def __init__(
        self,
        *,
        code: str,
        clock: Clock,
        signing: Signing,
        directory: Directory,
        judge: Judge,
        production: bool,
        private_networks: Sequence[Network] = (),
        http: Http | None = None,
    ) -> None:
        """code: our own. production: only public addresses and those of these networks, by TLS."""
        self._code = code
        self._clock = clock
        self._signing = signing
        self._directory = directory
        self._judge = judge
        self._production = production
        self._named = tuple(private_networks)
        self._given = http
        self._making = threading.Lock()

    def close(self) -> None:
        """Drop the connections."""
        with self._making:
            if self._given is not None:
                self._given.close()
        self._judge.close()

    def record(
        self, member: str, record_id: bytes, *, authorisation: Opening | None = None
    ) -> Taken:
        """A record with presentation and binding, checked. authorisation: that of its subject,
        which the binding then names. Raises PeerSilent `not-anchored` while it is only promised."""
        body = _body({"recordId": hex32(record_id)}, authorisation)
        told = self.ask(member, "record", body, max_bytes=OF_RECORD)
        if told.status == HTTPStatus.ACCEPTED:
            raise PeerSilent("not-anchored", member)
        value = told.json(member)
        if not isinstance(value, dict) or not isinstance(value.get("receipt"), str):
            raise BadAnswer("answer-malformed", member, "no receipt")
        try:
            data = value["receipt"].encode()
        except UnicodeEncodeError as error:
            raise BadAnswer("answer-malformed", member, "a lone surrogate") from error
        papers = None if authorisation is None else authorisation.statement.commitment
        self._demand_asked(member, data, record_id, told.nonce, papers)
        question = ask(issuer=member, audience=self._code, nonce=told.nonce)
        verdict = self._judge.verify(data, question)
        if verdict.exit == _FORGED:
            raise BadAnswer("receipt-false", member, verdict.verdict)
        if verdict.verdict == "other-subject":  # its log is another member's
            raise BadAnswer("other-record", member, verdict.verdict)
        if verdict.verdict in _UNCHECKED:
            raise PeerSilent("receipt-unchecked", member, verdict.verdict)
        return Taken(receipt=data, verdict=verdict)

    def check(
        self,
        member: str,
        record_id: bytes,
        fields: Mapping[str, str],
        *,
        authorisation: Opening | None = None,
    ) -> bool | None:
        """Whether these are values of the record; None: it is not told. authorisation: as of a
        record."""
        body = _body({"fields": dict(fields), "recordId": hex32(record_id)}, authorisation)
        value = self.ask(member, "check", body).json(member)
        if not isinstance(value, dict) or "match" not in value:
            raise BadAnswer("answer-malformed", member, "no match")
        match = value["match"]
        if match is None or isinstance(match, bool):
            return match
        raise BadAnswer("answer-malformed", member, "match is neither true, false nor null")

    def send(self, member: str, opening: bytes) -> int:
        """Hand an opening over; when the other side first received it, in Unix seconds."""
        value = self.ask(member, "message", opening).json(member)
        try:
            return parse_instant(value["receivedAt"])
        except (KeyError, TypeError, Malformed) as error:
            raise BadAnswer("answer-malformed", member, "no receivedAt") from error

    def openings(self, member: str, log: bytes, start: int, end: int) -> Sequence[Any]:
        """Openings of statements among the leaves start … end - 1 of a log, for an AUDITOR;
        unproven and not yet parsed. Asks again for what one answer does not hold, and takes no more
        of them than there are leaves, nor more than MAX_OPENINGS bytes together."""
        found: list[Any] = []
        room, leaves, answers = MAX_OPENINGS, end - start, MAX_ANSWERS
        while start < end:
            body = encode({"from": start, "log": hex32(log), "to": end})
            told = self.ask(member, "openings", body, max_bytes=min(MAX_ANSWER, room))
            room, answers = room - len(told.body), answers - 1
            some, following = _piece(member, told.json(member))
            found += some
            if len(found) > leaves:
                raise BadAnswer("answer-malformed", member, "more openings than leaves")
            if following is not None and (room <= 0 or not answers):
                raise BadAnswer("answer-too-large", member)
            if following is None:
                break
            if not start < following < end:
                raise BadAnswer("answer-malformed", member, "next leads nowhere")
            start = following
        return found

    def ask(self, member: str, route: str, body: bytes, *, max_bytes: int = SMALL) -> Told:
        """What a member answers, signed and to this request; 2xx, or PeerRefused."""
        if len(body) > MAX_REQUEST:
            raise Malformed("request", f"longer than {MAX_REQUEST} bytes")
        known = self._directory.member(member)
        if known is None:
            raise PeerSilent("peer-unknown", member)
        if known.status != ACTIVE:  # what it answers would count for nothing
            raise PeerSilent("peer-not-active", member)
        url, path = place_of(known.endpoint, member, production=self._production)
        request, nonce = self._signed(member, f"{path}{ROUTES}{route}", body)
        answer = self._send(member, f"{url}{ROUTES}{route}", request, body, max_bytes)
        self._demand_ours(member, answer, request, nonce)
        if answer.status in _BUSY:
            raise PeerSilent("peer-busy", member, _code_in(answer.body))
        if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            raise PeerRefused(_code_in(answer.body), member, answer.status)
        return Told(status=answer.status, body=answer.body, nonce=nonce)

    def _signed(self, member: str, path: str, body: bytes) -> tuple[Request, str]:
        now = self._clock.seconds()
        request = Request(path=path, headers=Fields([("Content-Type", "application/json")]))
        nonce = b64u_encode(secrets.token_bytes(NONCE_BYTES))
        signatures.sign_request(
            request,
            body,
            self._signing.request_key(),
            by=self._code,
            to=member,
            created=now,
            expires=min(now + LIFE, MAX_INSTANT),
            nonce=nonce,
        )
        return request, nonce

    def _send(self, member: str, url: str, request: Request, body: bytes, max_bytes: int) -> Answer:
        try:
            return self._http().ask(
                "POST",
                url,
                content=body,
                headers=request.headers.items(),
                timeout=CALL_SECONDS,
                connect=CONNECT_SECONDS,
                max_bytes=max_bytes,
            )
        except PeerSilent as error:  # of the look-up, which knows no members
            raise PeerSilent(error.code, member) from error
        except RpcTimeout as error:
            TIMEOUTS.labels("peer").inc()
            raise PeerSilent("too-slow", member) from error
        except RpcTooLong as error:
            raise BadAnswer("answer-too-large", member) from error
        except RpcNonsense as error:
            raise BadAnswer("answer-malformed", member, "compressed, or no HTTP") from error
        except RpcFailure as error:
            raise PeerSilent("unreachable", member) from error

    def _http(self) -> Http:
        """Made with the first request: reading the certificates takes a while."""
        with self._making:
            if self._given is None:
                self._given = Http(
                    resolve=Dialler(production=self._production, private_networks=self._named),
                    connections=CONNECTIONS,
                )
            return self._given

    def _demand_ours(self, member: str, answer: Answer, request: Request, nonce: str) -> None:
        """Raise unless the member asked signed this answer, over this request."""
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise PeerSilent("not-recognised", member, _code_in(answer.body))
        now = self._clock.seconds()

        def key_of(id_: KeyId) -> Verifying | None:
            found = self._directory.key_of(member, id_)
            return found.key if found is not None and found.valid_at(now) else None

        told = (answer.status, answer.headers, answer.body)
        try:
            check_answer(request, nonce, told, now=now, key_of=key_of)
        except AnswerFalse as error:
            # A proxy answers so, or bounds that act before anybody is known.
            if error.code == "answer-unsigned" and answer.status in _BUSY:
                raise PeerSilent("peer-busy", member) from error
            raise BadAnswer(error.code, member, error.problem) from error

    def _demand_asked(
        self, member: str, data: bytes, record_id: bytes, nonce: str, authorisation: bytes | None
    ) -> None:
        """Raise unless a receipt is of this record, and bound to us, this request and the
        authorisation that we named in it."""
        try:
            found = receipts.parse(data)
        except VersionUnknown as error:
            raise PeerSilent("receipt-unchecked", member, error.code) from error
        except EvidenceError as error:
            raise BadAnswer("answer-malformed", member, "no receipt") from error
        if found.record_id != record_id:
            raise BadAnswer("other-record", member)
        binding = found.binding
        if binding is None or (binding.audience, binding.nonce, binding.authorisation) != (
            self._code,
            nonce,
            authorisation,
        ):
            raise BadAnswer("binding-differs", member)


def _body(said: Mapping[str, Any], authorisation: Opening | None) -> bytes:
    """What is asked, with the opening of an authorisation where there is one."""
    if authorisation is None:
        return encode(dict(said))
    value = {**said, "authorisation": authorisation.to_json()}
    return encode(value, allow_null=True, max_depth=MAX_DEPTH + 1)


def _piece(member: str, value: Any) -> tuple[list[Any], int | None]:
    """Openings of an answer, and from where to ask on."""
    some = value.get("openings") if isinstance(value, dict) else None
    following = value.get("next") if isinstance(value, dict) else None
    if not isinstance(some, list) or len(some) > MAX_ITEMS:
        raise BadAnswer("answer-malformed", member, "no openings, or too many")
    if following is not None and type(following) is not int:
        raise BadAnswer("answer-malformed", member, "next is no number")
    return some, following


def _code_in(body: bytes) -> str:
    """The code of a problem; `unknown` where there is none. It may come from anybody."""
    try:
        code = orjson.loads(body[:SMALL])["code"]
    except (ValueError, KeyError, TypeError):
        return "unknown"
    plain = isinstance(code, str) and len(code) <= MAX_CODE and code.isascii()
    return code if plain and code.replace("-", "").isalnum() else "unknown"
