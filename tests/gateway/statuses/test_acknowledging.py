"""Acknowledgements of a gateway, on a real chain: each count once, whatever is lost."""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from gateway.app import create_app
from gateway.base import lease
from gateway.node import Node
from gateway.statuses.acknowledging import VALID_SECONDS
from gateway.statuses.store import read_pending
from ledger.chain.contracts.events import Acknowledged, decode_event, topic
from ledger.chain.keys.keyfile import new_secret
from ledger.chain.keys.signers import LocalSigner
from ledger.chain.nodes.blocks import parse_log
from ledger.core.errors import LedgerError
from ledger.core.keys import Alg
from ledger.core.status import Action, Basis
from tests.gateway.statuses.desk import FIRST, THIRD, look, named, open_gateway, position
from tests.support.asgi import Client
from tests.support.cases import act, make_act
from tests.support.chain import TestNetwork
from tests.support.proxy import drop_request, drop_response, start_proxy


@pytest.fixture
def node(network: TestNetwork, tmp_path: Path) -> Iterator[Node]:
    node = open_gateway(network, tmp_path / "node", FIRST)
    yield node
    node.close()


def do_act(network: TestNetwork, number: int) -> None:
    """One more act, final."""
    commitment, _ = named(network, THIRD, number)
    one = make_act(network, Action.REPAIR, network.log_id(THIRD), commitment, basis=Basis.ORDER_58)
    act(network, THIRD, one)
    network.anvil.mine()


def counts(network: TestNetwork) -> list[int]:
    """What the member acknowledged, in order. What was sent is mined first."""
    network.anvil.mine()
    wanted = {
        "address": network.case_registry.address,
        "topics": ["0x" + topic(Acknowledged).hex()],
        "fromBlock": "0x0",
    }
    events = [
        decode_event("CaseRegistry", parse_log("anvil", entry))
        for entry in network.anvil.call("eth_getLogs", wanted)
    ]
    return [e.count for e in events if isinstance(e, Acknowledged) and e.member == FIRST]


def test_only_when_the_count_has_moved(network: TestNetwork, node: Node) -> None:
    look(node)
    assert counts(network) == []
    do_act(network, 1)
    for _ in range(3):
        look(node)
    assert counts(network) == [1]
    do_act(network, 2)
    do_act(network, 3)
    for _ in range(3):
        look(node)
    assert counts(network) == [1, 3]
    with node.ctx.engine.connect() as connection:
        assert read_pending(connection) is None


def test_one_at_a_time(network: TestNetwork, node: Node) -> None:
    """What was not mined yet is waited for, and the next says all that came meanwhile."""
    do_act(network, 1)
    network.anvil.call("evm_setAutomine", False)
    look(node)
    look(node)
    network.anvil.call("evm_setAutomine", True)
    network.anvil.mine()
    do_act(network, 2)
    look(node)
    look(node)
    assert counts(network) == [1, 2]


@pytest.mark.parametrize("fault", [drop_response, drop_request])
def test_lost_answers(network: TestNetwork, tmp_path: Path, fault: object) -> None:
    do_act(network, 1)
    with start_proxy(network.anvil.url) as proxy:
        file = network.with_rpc([proxy.url], 1)
        node = open_gateway(network, tmp_path / "node", FIRST, file=file)
        proxy.on("eth_sendRawTransaction", fault(), times=2)  # type: ignore[operator]
        for _ in range(3):
            with suppress(LedgerError):
                look(node)
        node.close()
        # Started again through the same code, after the pushing pause of the one before.
        node = open_gateway(network, tmp_path / "node", FIRST, file=file)
        for _ in range(3):
            look(node)
        node.close()
    assert counts(network) == [1]


def test_two_gateways_on_one_database(
    network: TestNetwork, tmp_path: Path, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the one with the lease works; the other obeys what it wrote."""
    monkeypatch.setattr(lease, "SECONDS", 600.0)  # it never runs out here, however slow it goes
    other = open_gateway(network, tmp_path / "node", FIRST)
    do_act(network, 1)
    assert node.lease.take()
    look(other)
    assert position(node).count == 0
    look(node)
    assert position(other).count == 1
    node.lease.release()
    do_act(network, 2)
    while not other.lease.take():
        time.sleep(0.05)
    look(other)
    other.close()
    assert counts(network) == [1, 2]


def test_one_that_was_never_mined_is_signed_anew(network: TestNetwork, node: Node) -> None:
    do_act(network, 1)
    network.anvil.call("evm_setAutomine", False)
    look(node)
    network.anvil.call("anvil_dropAllTransactions")
    network.anvil.call("evm_setAutomine", True)
    network.anvil.mine(2, seconds=VALID_SECONDS + 5)
    look(node)
    look(node)
    assert counts(network) == [1]


def test_without_a_key_it_obeys_and_says_nothing(network: TestNetwork, tmp_path: Path) -> None:
    node = open_gateway(network, tmp_path / "mute", FIRST, keys={"case": None})
    do_act(network, 1)
    look(node)
    node.close()
    assert counts(network) == []


def test_a_key_that_the_chain_does_not_know(network: TestNetwork, tmp_path: Path) -> None:
    stray = LocalSigner(Alg.SECP256K1, new_secret())
    node = open_gateway(network, tmp_path / "stray", FIRST, keys={"case": stray})
    do_act(network, 1)
    look(node)
    assert position(node).count == 1
    node.close()
    assert counts(network) == []


def test_a_suspended_member_says_nothing(network: TestNetwork, node: Node) -> None:
    do_act(network, 1)
    facts = node.chain.facts
    node.chain.put(replace(facts, active=False))
    look(node)
    assert counts(network) == []
    node.chain.put(facts)
    look(node)
    assert counts(network) == [1]


def test_who_is_behind_is_told(network: TestNetwork, node: Node) -> None:
    do_act(network, 1)
    do_act(network, 2)
    look(node)
    assert counts(network) == [2]
    chain = node.follower.look()
    assert chain is not None
    node.acknowledger.learn(chain)
    client = Client(create_app(node))
    told = client.get("/v1/statuses/acknowledgements")
    assert told.status_code == 200
    assert orjson.loads(told.content) == [
        {"member": "110000", "count": 2, "behind": 0},
        {"member": "120000", "count": 0, "behind": 2},
        {"member": "130000", "count": 0, "behind": 2},
        {"member": "140000", "count": 0, "behind": 2},
    ]
    figures = client.get("/metrics").text
    assert 'credit_ledger_acts_behind{member="110000"} 0.0' in figures
    assert 'credit_ledger_acts_behind{member="130000"} 2.0' in figures
    assert "credit_ledger_acts_followed 2.0" in figures
    in_use = [key for key in client.get("/v1/node").json()["keys"] if key["inUse"]]
    assert "CASE" in {key["purpose"] for key in in_use}
