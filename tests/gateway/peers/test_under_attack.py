"""What strangers and single members can do to the exchange of everybody else: nothing."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest

from gateway.app import create_app
from gateway.base.errors import NotReady
from gateway.devnet import plain
from gateway.http.places import Places
from gateway.http.problems import Problem
from gateway.http.rates import RateLimiter
from gateway.peers import directory as directories
from gateway.peers import routes
from gateway.peers.directory import Directory
from gateway.peers.interfaces import Asker, Reply
from gateway.serve import _server, listen
from ledger.chain.errors import RpcUnreachable
from ledger.chain.keys.keyfile import new_secret
from ledger.chain.keys.signers import LocalSigner
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.core.keys import Alg, Purpose
from ledger.exchange.signatures import Fields, Request
from tests.gateway.peers.conftest import AUDITOR, BANK, BEIJING, TIANJIN
from tests.gateway.peers.hands import BODY, Sent, make, post
from tests.support.peers import Member, Network

LONG = 120.0
"""Seconds that nothing here takes, unless it waits for what never comes."""


class SlowReader:
    """A chain that answers while its gate is open. asked: how often it was."""

    def __init__(self, reader: QuorumReader) -> None:
        self._reader = reader
        self.open = threading.Event()
        self.open.set()
        self.asked = 0

    def head(self) -> View:
        self.asked += 1
        assert self.open.wait(LONG), "the chain was waited for without end"
        return self._reader.head()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)


@contextmanager
def beijing(network: Network, **changes: Any) -> Iterator[tuple[Member, SlowReader, Directory]]:
    """Beijing's gateway once more, behind a chain that can be held. changes: of its door."""
    node = network[BEIJING].node
    reader = SlowReader(QuorumReader(node.ctx.network, timeout=60, patience=0, development=True))
    directory = Directory(reader, node.ctx.clock)  # type: ignore[arg-type]
    app = create_app(node)
    admission = replace(node.peers.admission, directory=directory)
    app.state.door = replace(app.state.door, admission=admission, **changes)
    listener = listen("127.0.0.1", 0)
    server = _server(app, ())
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        yield replace(network[BEIJING], url=url), reader, directory
    finally:
        reader.open.set()
        server.should_exit = True
        thread.join()
        listener.close()
        directory.close()


def forged(network: Network, asker: str) -> Request:
    """A request of our form that names a key of a member, and was signed by nobody."""
    request = make(network, asker)
    fields = Fields(request.headers.items())
    fields["Signature"] = "sig=:" + "A" * 86 + "==:"
    return Request(path=request.path, headers=fields)


def send_all(where: Member, requests: list[Request]) -> list[Sent]:
    """All at once."""
    found: list[Sent] = []
    threads = [
        threading.Thread(target=lambda one=one: found.append(post(where, one))) for one in requests
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    return found


def test_forged_signatures_cost_no_call_to_the_chain(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Key ids are public: whoever names one is found out before the chain is asked."""
    monkeypatch.setattr(directories, "HEAD_SECONDS", 0.0)
    with beijing(network) as (where, reader, _):
        assert post(where, make(network, BANK)).signed
        reader.open.clear()
        before = reader.asked
        found = send_all(where, [forged(network, BANK) for _ in range(24)])
        assert len(found) == 24
        assert {sent.code for sent in found} <= {"signature-invalid", "too-many-requests"}
        assert "signature-invalid" in {sent.code for sent in found}
        assert reader.asked == before


def test_unknown_keys_delay_nobody(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """They have the list read, once; who is on it does not wait for that."""
    monkeypatch.setattr(directories, "HEAD_SECONDS", LONG)
    monkeypatch.setattr(directories, "UNKNOWN_SECONDS", 0.0)
    monkeypatch.setattr(directories, "SHARE", 0)
    with beijing(network) as (where, reader, _):
        assert post(where, make(network, BANK)).signed
        stranger = LocalSigner(Alg.ED25519, new_secret())
        asked = reader.asked
        reader.open.clear()
        answers: list[Sent] = []
        threads = [
            threading.Thread(
                target=lambda: answers.append(post(where, make(network, BANK, signer=stranger)))
            )
            for _ in range(12)
        ]
        for thread in threads:
            thread.start()
        while reader.asked == asked:
            time.sleep(0.01)
        good = post(where, make(network, BANK))
        assert (good.status, good.code, good.signed) == (403, "not-granted", True)
        assert reader.asked <= asked + 1
        reader.open.set()
        for thread in threads:
            thread.join(LONG)
        assert {sent.code for sent in answers} <= {
            *("request-key-unknown", "too-many-requests", "not-ready")
        }


def test_a_flood_of_unknown_keys_reads_the_list_once(network: Network) -> None:
    with beijing(network) as (where, reader, _):
        assert post(where, make(network, BANK)).signed
        asked = reader.asked
        for _ in range(8):
            stranger = LocalSigner(Alg.ED25519, new_secret())
            sent = post(where, make(network, BANK, signer=stranger))
            assert sent.code in ("request-key-unknown", "too-many-requests")
        assert reader.asked <= asked + 1


def test_a_list_that_failed_is_read_again_soon(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it took to fail; and what was listed before stays in use."""
    node = network[BEIJING].node
    reader = SlowReader(QuorumReader(node.ctx.network, timeout=60, patience=0, development=True))
    directory = Directory(reader, node.ctx.clock)  # type: ignore[arg-type]
    key = network.chain.keys[BANK, Purpose.REQUEST].key_id
    clock = [0.0]
    own = SimpleNamespace(monotonic=lambda: clock[0])
    monkeypatch.setattr("gateway.peers.directory.time", own)

    def dead() -> View:
        clock[0] += 30
        raise RpcUnreachable("http://node.example", "away")

    try:
        for listed in (False, True):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(reader, "head", dead)
                under_way = directory.list_anew()
                assert under_way is not None and not under_way.result(LONG)
            assert directory.list_anew() is None
            assert (directory.listed(BANK, key) is not None) is listed
            clock[0] += directories.UNKNOWN_SECONDS
            under_way = directory.list_anew()
            assert under_way is not None and under_way.result(LONG)
            assert directory.listed(BANK, key) is not None
            clock[0] += directories.LIST_SECONDS
    finally:
        directory.close()


def test_members_that_strangers_name_are_told_from_memory(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As they name a report of another province: the chain is asked once, and for none of them
    while it does not answer."""
    node = network[BEIJING].node
    reader = SlowReader(QuorumReader(node.ctx.network, timeout=60, patience=0, development=True))
    directory = Directory(reader, node.ctx.clock)  # type: ignore[arg-type]
    monkeypatch.setattr(directories, "FIRST_SECONDS", 0.1)
    try:
        reader.open.clear()
        with pytest.raises(NotReady):
            directory.known(BANK)
        reader.open.set()
        under_way = directory.list_anew()
        assert under_way is None or under_way.result(LONG)
        reader.open.clear()
        for _ in range(50):
            member = directory.known(BANK)
            assert member is not None and member.code == BANK
            assert directory.known("990000") is None
        assert reader.asked == 1
    finally:
        reader.open.set()
        directory.close()


def test_one_address_that_forges_is_slowed(network: Network) -> None:
    spent = RateLimiter(0.001)
    with beijing(network, failures=spent) as (where, _, _):
        codes = [post(where, forged(network, BANK)).code for _ in range(3)]
        assert codes[0] == "signature-invalid"
        assert codes[-1] == "too-many-requests"


def test_one_member_does_not_take_all_places(network: Network) -> None:
    """While a member's requests hang, another's are answered."""
    gate, within = threading.Event(), threading.Semaphore(0)

    class Hanging:
        """Answers nobody but Tianjin before the gate opens."""

        def record(self, asker: Asker, body: bytes) -> Reply:
            if asker.code == BANK:
                within.release()
                assert gate.wait(LONG)
            return Reply(body=b"{}")

    answered = Places(at_once=4, each=2, waiting=2)
    with beijing(network, exchange=Hanging(), answered=answered) as (where, _, _):
        assert post(where, make(network, TIANJIN)).status == 200  # lists the members
        found: list[Sent] = []
        threads = [
            threading.Thread(target=lambda: found.append(post(where, make(network, BANK))))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for _ in range(2):
            assert within.acquire(timeout=LONG)
        assert post(where, make(network, TIANJIN)).status == 200
        gate.set()
        for thread in threads:
            thread.join(LONG)
        refused = [sent for sent in found if sent.status == 429]
        assert refused and all(sent.signed and sent.headers["retry-after"] for sent in refused)
        assert [sent.status for sent in found].count(200) >= 4


def test_bodies_of_one_member_are_bounded(network: Network) -> None:
    """By bytes a second, whatever the number of requests."""
    with beijing(network, volume=RateLimiter(1.0)) as (where, _, _):
        assert post(where, make(network, AUDITOR)).signed
        sent = post(where, make(network, AUDITOR))
        assert (sent.status, sent.code, sent.signed) == (429, "too-many-requests", True)
        assert post(where, make(network, TIANJIN)).status == 403


def test_a_body_that_drips(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its whole has a time, and not each of its pieces."""
    monkeypatch.setattr(routes, "BODY_SECONDS", 0.2)
    with beijing(network) as (where, _, _):
        parts = urlsplit(where.url)
        request = make(network, BANK)
        lines = [f"{name}: {value}" for name, value in request.headers.items()]
        head = "\r\n".join([f"POST {request.path} HTTP/1.1", "Host: x", *lines])
        with socket.create_connection((str(parts.hostname), int(parts.port or 0)), LONG) as line:
            line.sendall(f"{head}\r\nContent-Length: {len(BODY)}\r\n\r\n".encode() + BODY[:3])
            told = b""
            while part := line.recv(4096):  # and then the connection is closed
                told += part
        assert told.startswith(b"HTTP/1.1 408 ")


def test_places_are_given_back() -> None:
    places = Places(at_once=1, each=1, waiting=1)

    async def use() -> list[str]:
        codes: list[str] = []

        async def one(caller: str, hold: asyncio.Event) -> None:
            try:
                async with places.hold(caller):
                    await hold.wait()
                    codes.append("held")
            except Problem as problem:
                codes.append(problem.code)

        hold = asyncio.Event()
        tasks = [asyncio.create_task(one("a", hold)) for _ in range(4)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert codes == ["too-many-requests", "too-many-requests"]
        hold.set()
        await asyncio.gather(*tasks)
        assert codes[2:] == ["held", "held"]
        await one("a", hold)
        return codes

    assert asyncio.run(use())[-1] == "held"


def test_who_waits_for_a_place_is_told_so_in_the_end() -> None:
    places = Places(at_once=1, each=1, waiting=1, patience=0.01)

    async def use() -> str:
        async with places.hold("a"):
            try:
                async with places.hold("b"):
                    return "held"
            except Problem as problem:
                return problem.code

    assert asyncio.run(use()) == "not-ready"


def test_refused_bodies_are_closed_upon(network: Network) -> None:
    """Whoever is refused with a large body before it is not read on to its end."""
    with beijing(network) as (where, _, _):
        parts = urlsplit(where.url)
        with socket.create_connection((str(parts.hostname), int(parts.port or 0)), LONG) as line:
            line.sendall(
                b"POST /v1/exchange/record HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n"
            )
            told = b""
            while part := line.recv(4096):
                told += part
        assert told.startswith(b"HTTP/1.1 401 ")
        assert b"connection: close" in told.lower()
        assert plain.get(where.url + "/healthz", timeout=LONG).status_code == 200
