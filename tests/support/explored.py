"""A gateway of a province on a real chain, with something of everything that an explorer shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.node import Node
from gateway.receipts.services import Receipts
from ledger.chain.governing.actions import set_chair, suspend
from ledger.core.keys import Purpose
from ledger.core.receipt import parse
from ledger.core.status import Action, Basis
from tests.gateway.intake.material import new_token, row
from tests.gateway.statuses.desk import FIRST, look, open_gateway
from tests.support import votes
from tests.support.callers import CENTRE
from tests.support.cases import act, make_act
from tests.support.chain import TestNetwork, council, start_network

PATIENCE = 40
"""Blocks after which an anchor should long be final."""


@dataclass
class Place:
    """What is there. leaves, records: of two records, the first of which was disputed and
    repaired. open_vote: id of a proposal that may be voted on. read, submit: tokens."""

    node: Node
    network: TestNetwork
    leaves: list[str]
    records: list[str]
    read: str
    submit: str
    open_vote: str = ""

    @property
    def log(self) -> str:
        """Of the member, 64 hex."""
        return self.network.log_id(FIRST).hex()

    def anchor(self) -> None:
        """Publish and anchor all."""
        while self.node.logs.step():
            pass
        for _ in range(PATIENCE):
            if not self.node.anchoring.step().waiting:
                return
            self.network.anvil.mine()
        raise AssertionError("still waiting")

    def act(self, number: int, action: Action, basis: Basis) -> None:
        """An act of the member on a record; it is final and followed."""
        receipts: Receipts = self.node.receipts
        data = receipts.receipt(bytes.fromhex(self.leaves[number]))
        assert isinstance(data, bytes)
        commitment = parse(data).entry.commitment
        log = self.network.log_id(FIRST)
        act(self.network, FIRST, make_act(self.network, action, log, commitment, basis=basis))
        self.network.anvil.mine()
        look(self.node)


@contextmanager
def explored(folder: Path) -> Iterator[Place]:
    """Start the chain and the gateway, and let things happen."""
    with start_network() as network:
        with closing(open_gateway(network, folder, FIRST)) as node:
            answer = node.intake.submit_set(caller=CENTRE, rows=[row(1), row(2)])
            assert {one.verdict for one in answer.rows} == {"accepted"}, answer.rows
            place = Place(
                node=node,
                network=network,
                leaves=[str(one.leaf) for one in answer.rows],
                records=[str(one.record_id) for one in answer.rows],
                read=new_token(node, "read", department=None, name="reader"),
                submit=new_token(node, "submit", department="甲局", name="sender"),
            )
            place.anchor()
            look(node)
            _govern(place)
            place.act(0, Action.DISPUTE, Basis.SUBJECT_REQUEST)
            place.act(0, Action.REPAIR, Basis.ORDER_58)
            yield place


def _govern(place: Place) -> None:
    """A vote that was carried out, one that is open, a key that was revoked and a stolen one."""
    network = place.network
    network.decide(set_chair("120000"))
    motion = suspend("demo-bank")
    [voter, *_] = network.voters()
    council(network, [voter]).advance(motion, others=["120000", "130000", "140000"])
    votes.revoke(network, "demo-auditor", network.keys["demo-auditor", Purpose.NOTE].key_id)
    stolen = network.keys["demo-bank", Purpose.PRESENT].key_id
    votes.compromise(network, stolen, network.anvil.head_time() - 60)
    network.anvil.mine()
