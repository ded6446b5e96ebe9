"""Who is let in: a request that is wrong in one thing has a code of its own, and tells nothing."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import sqlalchemy as sa

from gateway.app import create_app
from gateway.base.errors import NotReady
from gateway.devnet import plain
from gateway.http.rates import RateLimiter
from gateway.peers.admission import KEPT
from gateway.peers.directory import Directory
from gateway.peers.errors import PeerRefused, PeerSilent
from gateway.peers.models import peer_nonces
from gateway.peers.store import forget_nonces, take_nonce
from gateway.serve import listen
from ledger.chain.governing.actions import reinstate
from ledger.chain.keys.keyfile import new_secret
from ledger.chain.keys.signers import LocalSigner
from ledger.chain.nodes.quorum import QuorumReader
from ledger.core.keys import Alg, Purpose
from ledger.exchange.signatures import Fields, Request
from tests.gateway.peers.conftest import BANK, BEIJING, TIANJIN
from tests.gateway.peers.hands import BODY, Sent, make, post
from tests.support.asgi import Client
from tests.support.peers import Network, open_member, serving
from tests.support.votes import add_key, revoke, suspend


def ask(network: Network, request: Request, body: bytes = BODY) -> Sent:
    return post(network[BEIJING], request, body)


def look_again(network: Network) -> None:
    """As after the seconds for which a gateway goes by what it read of the chain."""
    for member in network.members.values():
        member.node.peers.directory.expire()


def test_a_good_request_is_answered_and_signed(network: Network) -> None:
    sent = ask(network, make(network, BANK))
    assert (sent.status, sent.code, sent.signed) == (403, "not-granted", True)


def edited(request: Request, name: str, change: Callable[[str], str]) -> Request:
    fields = Fields(request.headers.items())
    fields[name] = change(fields.one(name.lower()))
    return Request(path=request.path, headers=fields, method=request.method)


def without(request: Request, *names: str) -> Request:
    kept = [line for line in request.headers.items() if line[0] not in names]
    return Request(path=request.path, headers=Fields(kept))


STRANGER = LocalSigner(Alg.ED25519, bytes([9]) * 32)
WRONG: list[tuple[str, Callable[[Network], tuple[Request, bytes]], str]] = [
    (
        "unsigned",
        lambda n: (without(make(n, BANK), "signature", "signature-input"), BODY),
        "signature-missing",
    ),
    (
        "two signatures",
        lambda n: (edited(make(n, BANK), "Signature", lambda v: f"{v}, b=:AA==:"), BODY),
        "signature-several",
    ),
    (
        "another label",
        lambda n: (
            edited(
                edited(make(n, BANK), "Signature", lambda v: "b" + v[3:]),
                "Signature-Input",
                lambda v: "b" + v[3:],
            ),
            BODY,
        ),
        "signature-form",
    ),
    (
        "another order",
        lambda n: (
            edited(
                make(n, BANK),
                "Signature-Input",
                lambda v: v.replace('"@path" "@query"', '"@query" "@path"'),
            ),
            BODY,
        ),
        "signature-form",
    ),
    ("a changed body", lambda n: (make(n, BANK), BODY.replace(b"0", b"1")), "digest-differs"),
    (
        "a changed digest",
        lambda n: (
            edited(
                make(n, BANK), "Content-Digest", lambda v: v.replace("A", "B").replace("a", "b")
            ),
            BODY,
        ),
        "signature-invalid",
    ),
    (
        "another path",
        lambda n: (Request(path="/v1/exchange/check", headers=make(n, BANK).headers), BODY),
        "signature-invalid",
    ),
    (
        "a query",
        lambda n: (Request(path="/v1/exchange/record?a=1", headers=make(n, BANK).headers), BODY),
        "signature-invalid",
    ),
    ("for another member", lambda n: (make(n, BANK, to=TIANJIN), BODY), "other-member"),
    (
        "sent on by another",
        lambda n: (edited(make(n, BANK, to=TIANJIN), "Credit-Ledger-To", lambda _: BEIJING), BODY),
        "signature-invalid",
    ),
    ("an hour old", lambda n: (make(n, BANK, ago=3600), BODY), "signature-expired"),
    ("from the future", lambda n: (make(n, BANK, ago=-120), BODY), "signature-early"),
    ("too long a life", lambda n: (make(n, BANK, life=61), BODY), "signature-lifetime"),
    (
        "ends before it begins",
        lambda n: (make(n, BANK, ago=-30, life=-10), BODY),
        "signature-lifetime",
    ),
    ("an unknown key", lambda n: (make(n, BANK, signer=STRANGER), BODY), "request-key-unknown"),
    (
        "a key for something else",
        lambda n: (make(n, BANK, signer=n.chain.keys[BANK, Purpose.PRESENT]), BODY),
        "request-key-unknown",
    ),
]


@pytest.mark.parametrize(("made", "code"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_what_is_wrong(
    network: Network, made: Callable[[Network], tuple[Request, bytes]], code: str
) -> None:
    sent = ask(network, *made(network))
    assert (sent.status, sent.code, sent.signed) == (401, code, False)
    assert sent.headers["www-authenticate"].startswith("Signature ")
    assert sent.json["text"]["zh"] and sent.json["text"]["en"]


def test_a_clock_that_is_a_little_ahead(network: Network) -> None:
    assert ask(network, make(network, BANK, ago=-50)).signed


def test_replayed(network: Network) -> None:
    request = make(network, BANK)
    assert ask(network, request).signed
    again = ask(network, request)
    assert (again.status, again.code, again.signed) == (401, "signature-replayed", False)


def test_a_request_that_failed_for_its_body_may_still_come(network: Network) -> None:
    """Who changes a body on its way does not use the nonce up."""
    request = make(network, BANK)
    assert ask(network, request, BODY + b" ").code == "digest-differs"
    assert ask(network, request).signed


def test_one_nonce_of_two_keys_is_two(network: Network) -> None:
    nonce = "AAAAAAAAAAAAAAAAAAAAAA"
    assert ask(network, make(network, BANK, nonce=nonce)).signed
    assert ask(network, make(network, TIANJIN, nonce=nonce)).signed
    assert ask(network, make(network, TIANJIN, nonce=nonce)).code == "signature-replayed"


def test_replayed_at_another_gateway_of_the_member(network: Network, tmp_path: Path) -> None:
    """Two gateways on one database, at once: one of them takes it."""
    first = network[BEIJING]
    keys = first.node.signing.keys
    url = first.node.ctx.settings.database_url
    second = open_member(network.chain, BEIJING, tmp_path, keys, database_url=url)
    listener = listen("127.0.0.1", 0)
    try:
        with serving(second, listener):
            other = f"http://127.0.0.1:{listener.getsockname()[1]}"
            requests = [make(network, BANK) for _ in range(8)]
            found: list[list[Sent]] = [[] for _ in requests]

            def send(n: int, where: str) -> None:
                found[n].append(post(first, requests[n], url=where))

            threads = [
                threading.Thread(target=send, args=(n, where))
                for n in range(len(requests))
                for where in (first.url, other)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    finally:
        listener.close()
        second.close()
    for pair in found:
        assert sorted(str(sent.code) for sent in pair) == ["not-granted", "signature-replayed"]


def test_nonces_are_kept_until_they_cannot_be_used(network: Network) -> None:
    node = network[BEIJING].node
    engine, now = node.ctx.engine, node.ctx.clock.seconds()
    key = bytes([5]) * 32
    assert take_nonce(engine, key, bytes(16), now + KEPT)
    assert not take_nonce(engine, key, bytes(16), now + KEPT)
    forget_nonces(engine, now + KEPT)
    assert not take_nonce(engine, key, bytes(16), now + KEPT)
    forget_nonces(engine, now + KEPT + 1)
    with engine.connect() as connection:
        query = sa.select(sa.func.count()).where(peer_nonces.c.key_id == key)
        assert connection.execute(query).scalar_one() == 0


def test_too_large_is_refused_unread(network: Network) -> None:
    """By the length that is declared, and by what comes in pieces without one."""
    url = network[BEIJING].url + "/v1/exchange/record"
    large = b"x" * ((2 << 20) + 1)
    assert plain.post(url, content=large).status_code == 413

    def pieces() -> Iterator[bytes]:
        yield large[:1000]
        yield large

    request = make(network, BANK, body=large)
    headers = request.headers.items()
    answer = plain.post(url, content=pieces(), headers=headers, timeout=300)
    assert (answer.status_code, "signature" in answer.headers) == (413, True)


def test_unsigned_bodies_are_not_read(network: Network) -> None:
    """The answer comes although the body never does."""
    parts = urlsplit(network[BEIJING].url)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), 300) as line:
        line.sendall(
            b"POST /v1/exchange/record HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n{"
        )
        told = b""
        while b"signature-missing" not in told:
            part = line.recv(4096)
            assert part, told
            told += part
    assert told.startswith(b"HTTP/1.1 401 ")


def test_another_content_type(network: Network) -> None:
    fields = Fields(make(network, BANK).headers.items())
    fields["Content-Type"] = "text/plain"
    sent = ask(network, Request(path="/v1/exchange/record", headers=fields))
    assert (sent.status, sent.code, sent.signed) == (415, "wrong-content-type", True)


def test_tokens_open_nothing_here(network: Network) -> None:
    url = network[BEIJING].url + "/v1/exchange/record"
    answer = plain.post(url, content=BODY, headers={"Authorization": "Bearer x"})
    assert answer.json()["code"] == "signature-missing"
    assert plain.get(url).status_code == 405


def test_a_revoked_key(network: Network) -> None:
    """From the second after; what it signs is nobody's from then on."""
    chain = network.chain
    before = chain.anvil.snapshot()
    key = chain.keys[BANK, Purpose.REQUEST]
    assert ask(network, make(network, BANK)).signed
    revoke(chain, BANK, key.key_id)
    chain.anvil.mine(seconds=2)
    look_again(network)
    sent = ask(network, make(network, BANK))
    assert (sent.status, sent.code) == (401, "request-key-not-valid")
    network[BANK].node.chain.expire()
    network[BANK].node.anchoring.look()
    with pytest.raises(NotReady, match="request-key-not-valid"):
        network[BANK].peers.record(BEIJING, bytes(32))
    chain.anvil.revert(before)
    chain.forget_sent()
    network[BANK].node.chain.expire()
    network[BANK].node.anchoring.look()
    look_again(network)
    assert ask(network, make(network, BANK)).signed


def test_a_suspended_member(network: Network) -> None:
    suspend(network.chain, BANK)
    look_again(network)
    assert ask(network, make(network, BANK)).code == "member-not-active"
    with pytest.raises(PeerSilent) as caught:  # nor is it asked: its answers count for nothing
        network[TIANJIN].peers.record(BANK, bytes(32))
    assert caught.value.code == "peer-not-active"
    network.chain.decide(reinstate(BANK))
    look_again(network)
    assert ask(network, make(network, BANK)).signed


def test_a_new_key_is_taken_up(network: Network) -> None:
    """Within seconds, without waiting for the list to get old."""
    fresh = LocalSigner(Alg.ED25519, new_secret())
    assert ask(network, make(network, BANK, signer=fresh)).code == "request-key-unknown"
    add_key(network.chain, BANK, Purpose.REQUEST, fresh)
    look_again(network)
    assert ask(network, make(network, BANK, signer=fresh)).signed
    # Another member that registers the same key gains nothing, and takes nothing away.
    add_key(network.chain, TIANJIN, Purpose.REQUEST, fresh)
    look_again(network)
    with pytest.raises(PeerRefused):
        network[TIANJIN].peers.record(BEIJING, bytes(32))
    assert ask(network, make(network, BANK, signer=fresh)).signed


def test_a_key_of_two_members(network: Network) -> None:
    """Each request is of the member that it names, whoever registered the key first, and whatever
    became of it with the other."""
    fresh = LocalSigner(Alg.ED25519, new_secret())

    def code(by: str) -> str | None:
        return ask(network, make(network, BANK, by=by, signer=fresh)).code

    add_key(network.chain, BANK, Purpose.REQUEST, fresh)
    look_again(network)
    assert [code(BANK), code("")] == ["not-granted", "not-granted"]
    add_key(network.chain, TIANJIN, Purpose.REQUEST, fresh)
    look_again(network)

    assert [code(BANK), code(TIANJIN)] == ["not-granted", "not-granted"]
    assert code("") == "request-key-unknown"
    assert code(BEIJING) == "request-key-unknown"
    revoke(network.chain, TIANJIN, fresh.key_id)
    look_again(network)
    assert [code(BANK), code(TIANJIN)] == ["not-granted", "request-key-not-valid"]
    suspend(network.chain, BANK)
    look_again(network)
    assert code(BANK) == "member-not-active"
    network.chain.decide(reinstate(BANK))
    look_again(network)
    renamed = edited(
        make(network, BANK, signer=fresh),
        "Signature-Input",
        lambda v: v.replace(f'"{BANK}/', f'"{TIANJIN}/'),
    )
    assert ask(network, renamed).code == "signature-invalid"


def in_process(network: Network, request: Request, **changes: object) -> httpx.Response:
    """What Beijing's application answers, with another door."""
    app = create_app(network[BEIJING].node)
    app.state.door = replace(app.state.door, **changes)
    headers = dict(request.headers.items())
    return Client(app).request("POST", request.path, content=BODY, headers=headers)


class Spent(RateLimiter):
    """Whose callers have asked enough."""

    def take(self, caller: str, cost: float = 1.0) -> float:
        assert caller == BANK
        return 7.5


def test_rates_are_by_member(network: Network) -> None:
    answer = in_process(network, make(network, BANK), rate=Spent(1))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "8")
    assert "signature" in answer.headers


def test_behind_a_proxy_that_takes_a_path_off(network: Network) -> None:
    """What is signed is the path at our endpoint."""
    request = make(network, BANK, prefix="/ledger")
    sent = Request(path=request.path.removeprefix("/ledger"), headers=request.headers)
    assert in_process(network, sent, prefix="/ledger").status_code == 403
    sent = make(network, BANK)
    assert in_process(network, sent, prefix="/ledger").json()["code"] == "signature-invalid"


def test_a_chain_that_cannot_be_read(network: Network) -> None:
    """Nobody is called unknown for it: asked again later, and a member in an answer that is
    signed. Before members were ever listed nobody is proven to be one."""
    node = network[BEIJING].node
    dead = network.chain.with_rpc(["http://127.0.0.1:1"], 1)
    directory = Directory(
        QuorumReader(dead, timeout=60, patience=0, development=True), node.ctx.clock
    )
    admission = replace(node.peers.admission, directory=directory)
    for listed in (False, True):
        if listed:
            good = QuorumReader(node.ctx.network, timeout=60, patience=0, development=True)
            directory._reader, held = good, directory._reader
            directory.expire()
            under_way = directory.list_anew()
            assert under_way is not None and under_way.result()
            directory._reader = held
            good.close()
        answer = in_process(network, make(network, BANK), admission=admission)
        assert (answer.status_code, answer.json()["reason"]) == (503, "members-unknown")
        assert ("signature" in answer.headers) is listed
    directory.close()


def test_without_a_request_key(network: Network) -> None:
    """A member that takes no part says so, and stays what it is for everybody else."""
    node = network[BEIJING].node
    keys = node.signing.keys
    node.signing.use(replace(keys, request=None))
    try:
        sent = ask(network, make(network, BANK))
        assert (sent.status, sent.json["reason"], sent.signed) == (
            503,
            "request-key-missing",
            False,
        )
        with pytest.raises(NotReady, match="request-key-missing"):
            network[BEIJING].peers.record(TIANJIN, bytes(32))
    finally:
        node.signing.use(keys)
    assert ask(network, make(network, BANK)).signed
