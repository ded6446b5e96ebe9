"""Openings that are handed over: kept once, sealed, given to their domain, and evidence."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from gateway.base.db import begin_read
from gateway.base.errors import NotReady
from gateway.peers import messages as subject
from gateway.peers.errors import PeerRefused, PeerSilent, Refused
from gateway.peers.interfaces import Message
from gateway.peers.messages import Messages
from gateway.peers.models import peer_inbox
from gateway.sealing.services import Kind, drop, number
from ledger.core.keys import Purpose
from tests.core import statements
from tests.gateway.peers.conftest import BEIJING, TIANJIN
from tests.gateway.peers.openings import later, opening
from tests.support.peers import Network, row


class Domain:
    """Takes cases, or raises what it was told to."""

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.fault: Exception | None = None

    def take(self, message: Message) -> None:
        if self.fault is not None:
            raise self.fault
        self.taken.append(message)


@pytest.fixture
def domain(network: Network) -> Iterator[Domain]:
    """One that takes the cases that Beijing is handed."""
    found, messages = Domain(), network[BEIJING].node.peers.messages
    messages.give({"case": found})
    yield found
    messages.give({})


def hand_over(network: Network, data: bytes) -> int:
    """The status of what Tianjin hands to Beijing."""
    return network[TIANJIN].peers.ask(BEIJING, "message", data).status


def refused(network: Network, data: bytes) -> tuple[int, str]:
    with pytest.raises(PeerRefused) as caught:
        network[TIANJIN].peers.ask(BEIJING, "message", data)
    return caught.value.status, caught.value.code


def test_kept_once(network: Network) -> None:
    made = opening(network, TIANJIN)
    data = made.encode()
    first = network[TIANJIN].peers.send(BEIJING, data)
    assert hand_over(network, data) == 200
    assert network[TIANJIN].peers.send(BEIJING, data) == first
    kept = network[BEIJING].node.peers.messages.kept(made.statement.commitment)
    assert kept == Message(
        member=TIANJIN,
        commitment=made.statement.commitment,
        sort="case",
        opening=data,
        received_at=first,
    )
    assert hand_over(network, opening(network, TIANJIN).encode()) == 202


def test_kept_sealed(network: Network) -> None:
    """Whoever reads the database reads nothing; without its key nobody does."""
    made = opening(network, TIANJIN)
    hand_over(network, made.encode())
    node = network[BEIJING].node
    query = sa.select(peer_inbox).where(peer_inbox.c.commitment == made.statement.commitment)
    with begin_read(node.ctx.engine) as connection:
        row = connection.execute(query).one()
    assert b"statement" not in row.opening and (row.member, row.sort) == (TIANJIN, "case")
    with node.ctx.engine.begin() as connection:
        drop(connection, Kind.RECEIVED, [number(row.id)])
    with pytest.raises(Exception, match="without a key"):
        node.peers.messages.kept(made.statement.commitment)


def test_given_to_its_domain_once(network: Network, domain: Domain) -> None:
    made = opening(network, TIANJIN)
    assert hand_over(network, made.encode()) == 202
    assert hand_over(network, made.encode()) == 200
    assert [one.commitment for one in domain.taken] == [made.statement.commitment]
    other = opening(network, TIANJIN, sort="query")
    assert hand_over(network, other.encode()) == 202
    assert len(domain.taken) == 1


def test_what_its_domain_could_not_take_is_given_again(network: Network, domain: Domain) -> None:
    made = opening(network, TIANJIN)
    domain.fault = NotReady("busy")
    with pytest.raises(PeerSilent) as caught:
        hand_over(network, made.encode())
    assert (caught.value.code, caught.value.message) == ("peer-busy", "not-ready")
    first = network[BEIJING].node.peers.messages.kept(made.statement.commitment)
    assert first is not None
    domain.fault = None
    assert network[TIANJIN].peers.send(BEIJING, made.encode()) == first.received_at
    assert len(domain.taken) == 1


def test_what_its_domain_refuses(network: Network, domain: Domain) -> None:
    """It is not given again by itself, only where it is sent again."""
    made = opening(network, TIANJIN)
    domain.fault = Refused("not-granted")
    assert refused(network, made.encode()) == (403, "not-granted")
    assert refused(network, made.encode()) == (403, "not-granted")
    domain.fault = None
    network[BEIJING].node.peers.messages.hand_on(threading.Event())
    assert made.statement.commitment not in {one.commitment for one in domain.taken}
    assert hand_over(network, made.encode()) == 200
    assert made.statement.commitment in {one.commitment for one in domain.taken}


def test_of_another_member(network: Network) -> None:
    assert refused(network, opening(network, BEIJING).encode()) == (403, "not-the-issuer")


def test_of_another_log(network: Network) -> None:
    """Its own statement, in the log of another."""
    made = opening(network, TIANJIN, log=network.chain.log_id(BEIJING))
    assert refused(network, made.encode()) == (422, "opening-false")


def test_promised_by_another_key(network: Network) -> None:
    at = network.chain.anvil.head_time() - 5  # of before the head: no newer one will say otherwise
    for who, purpose in ((BEIJING, Purpose.ANCHOR), (TIANJIN, Purpose.GOVERN)):
        made = opening(network, TIANJIN, signer=network.chain.keys[who, purpose], at=at)
        assert refused(network, made.encode()) == (422, "opening-false")


def test_another_statement_than_was_promised(network: Network) -> None:
    made = opening(network, TIANJIN)
    other = replace(made, statement=replace(made.statement, salt=bytes(32)))
    assert refused(network, other.encode()) == (422, "opening-false")


def test_a_receipt_of_no_anchor(network: Network) -> None:
    """Right in itself, and nowhere on the chain."""
    network[TIANJIN].file(*(row(8000 + n) for n in range(3)))
    network[BEIJING].node.peers.directory.expire()
    made = statements.anchored(statements.statement(iss=TIANJIN, log=network.chain.log_id(TIANJIN)))
    assert refused(network, made.encode()) == (422, "opening-false")


def test_what_proves_more_is_kept(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """A receipt in place of a promise; after a network was left, that of the new one."""
    messages = network[BEIJING].node.peers.messages
    monkeypatch.setattr(messages, "_demand_true", lambda _asker, _opening: None)
    promised = opening(network, TIANJIN)
    name = promised.statement.commitment
    hand_over(network, promised.encode())
    received = messages.kept(name)
    assert received is not None
    first = statements.anchored(promised.statement)
    second = later(first, 9)
    for made, stands in ((first, first), (promised, first), (second, second), (first, second)):
        assert hand_over(network, made.encode()) == 200
        assert messages.kept(name) == replace(received, opening=stands.encode())


@pytest.mark.parametrize("data", [b"", b"{}", b"x" * 100_000, b"[" * 10_000, b"\xff"])
def test_what_is_no_opening(network: Network, data: bytes) -> None:
    assert refused(network, data) == (422, "schema-invalid")


def test_another_spelling_is_no_opening(network: Network) -> None:
    data = opening(network, TIANJIN).encode()
    assert refused(network, data + b"\n") == (422, "schema-invalid")
    assert refused(network, data.replace(b",", b", ", 1)) == (422, "schema-invalid")


def test_so_many_a_day(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """And those that were kept are known all the same."""
    data = opening(network, TIANJIN).encode()
    hand_over(network, data)
    monkeypatch.setattr(subject, "MAX_A_DAY", 1)
    with pytest.raises(PeerSilent) as caught:
        hand_over(network, opening(network, TIANJIN).encode())
    assert (caught.value.code, caught.value.message) == ("peer-busy", "too-many-requests")
    assert hand_over(network, data) == 200


def test_so_many_wait_for_their_domain(
    network: Network, domain: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is looked at again and again: no member fills that list. Those it refuses wait no
    more."""
    messages = network[BEIJING].node.peers.messages
    messages.hand_on(threading.Event())
    monkeypatch.setattr(subject, "MAX_WAITING", len(messages._untaken("")) + 1)
    domain.fault = Refused("not-granted")
    assert refused(network, opening(network, TIANJIN).encode()) == (403, "not-granted")
    domain.fault = NotReady("busy")
    early = opening(network, TIANJIN).encode()
    for _ in range(2):
        with pytest.raises(PeerSilent) as caught:
            hand_over(network, early)
        assert (caught.value.code, caught.value.message) == ("peer-busy", "not-ready")
    with pytest.raises(PeerSilent) as caught:
        hand_over(network, opening(network, TIANJIN).encode())
    assert (caught.value.code, caught.value.message) == ("peer-busy", "too-many-requests")
    domain.fault = None
    assert messages.hand_on(threading.Event()) == 1
    assert hand_over(network, opening(network, TIANJIN).encode()) == 202


def test_one_domain_for_a_sort(network: Network) -> None:
    assert isinstance(network[BEIJING].node.peers.messages, Messages)
    with pytest.raises(ValueError, match="no sort"):
        network[BEIJING].node.peers.messages.give({"letter": Domain()})


def test_kept_for_a_domain_that_comes_later(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came before is given to it; one that it cannot take keeps no other back."""
    monkeypatch.setattr(subject, "HANDED_ON", 1)
    made = [opening(network, TIANJIN) for _ in range(3)]
    for one in made:
        hand_over(network, one.encode())
    messages, wanted = network[BEIJING].node.peers.messages, {m.statement.commitment for m in made}

    class Picky(Domain):
        def take(self, message: Message) -> None:
            if message.commitment == made[1].statement.commitment and self.fault:
                raise self.fault
            self.taken.append(message)

    found = Picky()
    found.fault = NotReady("busy")
    assert messages.hand_on(threading.Event()) == 0
    messages.give({"case": found})
    try:
        messages.hand_on(threading.Event())
        taken = {message.commitment for message in found.taken}
        assert wanted - taken == {made[1].statement.commitment}
        found.fault = None
        assert messages.hand_on(threading.Event()) == 1
        assert messages.hand_on(threading.Event()) == 0
        assert hand_over(network, made[0].encode()) == 200
        assert len(found.taken) == len({message.commitment for message in found.taken})
    finally:
        messages.give({})
