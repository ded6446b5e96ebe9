"""What is judged by a head that lags is put off, and refused for good only where no newer head can
say otherwise. A receipt takes the place of a promise."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.base.db import begin_read, begin_write
from gateway.base.errors import NotReady
from gateway.peers.directory import Directory
from gateway.peers.errors import Refused
from gateway.peers.interfaces import Asker
from gateway.peers.messages import Messages
from gateway.peers.models import peer_outbox
from gateway.peers.outbox import listed
from ledger.chain.keys.keyfile import new_secret
from ledger.chain.keys.signers import LocalSigner
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.core.ids import Address
from ledger.core.keys import Alg, Purpose, Role
from ledger.core.opening import Opening
from tests.core import statements
from tests.gateway.peers.conftest import BEIJING, TIANJIN
from tests.gateway.peers.openings import opening
from tests.support.peers import Network, row
from tests.support.votes import add_key

ASKER = Asker(code=TIANJIN, roles=Role.PROVINCE, nonce="A" * 22)


class Pinned:
    """A node that lags: its head is one of before, until it is let go."""

    def __init__(self, reader: QuorumReader) -> None:
        self._reader = reader
        self.view: View | None = reader.head()

    def head(self) -> View:
        return self.view or self._reader.head()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)


class Vouching(Directory):
    """Takes every anchor for one."""

    def is_anchored(self, contracts: Sequence[Address], log: bytes, size: int, root: bytes) -> bool:
        return True


@pytest.fixture
def lagging(network: Network) -> Iterator[tuple[Messages, Pinned, Directory]]:
    """Beijing's messages, judged by the head of now for as long as that is pinned."""
    node = network[BEIJING].node
    reader = Pinned(QuorumReader(network.chain.file, timeout=60, patience=0, development=True))
    directory = Directory(reader, node.ctx.clock)  # type: ignore[arg-type]
    messages = Messages(node.ctx, vault=node.vault, chain=node.chain, directory=directory)
    yield messages, reader, directory
    directory.close()


def test_a_key_that_is_new(network: Network, lagging: tuple[Messages, Pinned, Directory]) -> None:
    messages, reader, directory = lagging
    fresh = LocalSigner(Alg.SECP256K1, new_secret())
    network.chain.anvil.mine(seconds=2)
    add_key(network.chain, TIANJIN, Purpose.ANCHOR, fresh)
    network.chain.anvil.mine(seconds=2)
    network[BEIJING].node.anchoring.look()
    made = opening(network, TIANJIN, signer=fresh, at=network.chain.anvil.head_time())
    with pytest.raises(NotReady, match="head-behind"):
        messages.take(ASKER, made.encode())
    reader.view = None
    directory.expire()
    network[BEIJING].node.chain.expire()
    network[BEIJING].node.anchoring.look()
    assert messages.take(ASKER, made.encode()).status == 202


def test_a_key_of_nobody(network: Network, lagging: tuple[Messages, Pinned, Directory]) -> None:
    """At a head that is newer than the promise it is false for good."""
    messages, _, _ = lagging
    node = network[BEIJING].node
    node.chain.expire()
    node.anchoring.look()
    stranger = LocalSigner(Alg.SECP256K1, new_secret())
    made = opening(network, TIANJIN, signer=stranger, at=network.chain.anvil.head_time() - 5)
    with pytest.raises(Refused, match="opening-false"):
        messages.take(ASKER, made.encode())


def test_a_log_that_is_new(network: Network, lagging: tuple[Messages, Pinned, Directory]) -> None:
    messages, _, _ = lagging
    at = network.chain.anvil.head_time()
    for later, expected in ((60, NotReady), (-5, Refused)):
        made = opening(network, TIANJIN, log=os.urandom(32), at=at + later)
        with pytest.raises(expected):
            messages.take(ASKER, made.encode())


def anchored_of(network: Network) -> Opening:
    """Right in itself: the third entry of a tree of three."""
    made = statements.statement(iss=TIANJIN, log=network.chain.log_id(TIANJIN), salt=os.urandom(32))
    return statements.anchored(made)


def test_an_anchor_that_is_new(
    network: Network, lagging: tuple[Messages, Pinned, Directory]
) -> None:
    """Its size is beyond what our head knows: no lie yet. Once the log is as large, it is one."""
    messages, reader, directory = lagging
    made = anchored_of(network)
    if network.chain.log_anchor.latest(network.chain.log_id(TIANJIN)).size < 3:
        with pytest.raises(NotReady, match="head-behind"):
            messages.take(ASKER, made.encode())
    network[TIANJIN].file(*(row(7000 + n) for n in range(3)))
    reader.view = None
    directory.expire()
    with pytest.raises(Refused, match="opening-false"):
        messages.take(ASKER, made.encode())


def test_a_receipt_takes_the_place_of_a_promise(network: Network) -> None:
    """It proves more; when it was first received stays, and nothing leads back."""
    node = network[BEIJING].node
    reader = QuorumReader(network.chain.file, timeout=60, patience=0, development=True)
    directory = Vouching(reader, node.ctx.clock)
    messages = Messages(node.ctx, vault=node.vault, chain=node.chain, directory=directory)
    network[BEIJING].node.anchoring.look()
    promised = opening(network, TIANJIN)
    commitment = promised.statement.commitment
    assert messages.take(ASKER, promised.encode()).status == 202
    first = messages.kept(commitment)
    assert first is not None and first.opening == promised.encode()
    receipt = statements.anchored(promised.statement)
    assert messages.take(ASKER, receipt.encode()).status == 200
    for data in (receipt, promised):
        messages.take(ASKER, data.encode())
        kept = messages.kept(commitment)
        assert kept is not None
        assert (kept.opening, kept.received_at) == (receipt.encode(), first.received_at)
    directory.close()


def test_a_receipt_is_sent_after_its_promise(network: Network) -> None:
    node = network[TIANJIN].node
    promised = opening(network, TIANJIN)
    receipt = statements.anchored(promised.statement)

    def put(made: Opening) -> None:
        with begin_write(node.ctx.engine) as connection:
            node.peers.outbox.put(
                connection,
                member=BEIJING,
                commitment=made.statement.commitment,
                opening=made.encode(),
            )

    put(promised)
    message = node.peers.outbox.claim(BEIJING)
    assert message is not None
    node.peers.outbox.sent(message, 1)
    for made in (promised, receipt, receipt, promised):
        put(made)
    with begin_read(node.ctx.engine) as connection:
        found = [one for one in listed(connection) if one.commitment == message.commitment]
    assert [one.state for one in found] == ["waiting"]
    again = node.peers.outbox.claim(BEIJING)
    assert again is not None and node.peers.outbox.opening(again) == receipt.encode()
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.delete(peer_outbox))
