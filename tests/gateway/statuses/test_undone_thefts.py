"""Undoing a theft opens what a thief closed, and nothing that honest keys did (review 0005, 2)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.base.db import begin_write
from gateway.node import Node
from gateway.statuses import believing
from gateway.statuses.store import LOCK, hold
from ledger.chain.keys.keyfile import new_secret
from ledger.chain.keys.signers import LocalSigner
from ledger.chain.stolen import find_stolen, stolen_keys
from ledger.core.ids import RecordId
from ledger.core.keys import Alg, Purpose
from ledger.core.status import Action, Basis, Flag, Outcome
from tests.gateway.statuses.desk import FIRST, THIRD, closed, known, look, named, open_gateway
from tests.support import votes
from tests.support.cases import act, make_act, undo
from tests.support.chain import TestNetwork

COURT = (Action.SHIELD, Action.LIFT)


@pytest.fixture
def node(network: TestNetwork, tmp_path: Path) -> Iterator[Node]:
    made = open_gateway(network, tmp_path / "first", FIRST)
    yield made
    made.close()


def do(
    network: TestNetwork, *actions: Action, number: int = 0, signer: LocalSigner | None = None
) -> RecordId:
    """Acts of the third member on one of its records."""
    commitment, record = named(network, THIRD, number)
    for action in actions:
        basis = Basis.COURT if action in COURT else Basis.DECISION_CHANGED
        made = make_act(network, action, network.log_id(THIRD), commitment, basis=basis)
        act(network, THIRD, made, signer=signer)
    return record


def later(network: TestNetwork) -> int:
    """A time behind all blocks so far: of a block, Unix seconds."""
    network.anvil.call("evm_increaseTime", 5)
    network.anvil.mine()
    return network.anvil.head_time()


def follow(node: Node, network: TestNetwork) -> None:
    network.anvil.mine(2)
    look(node)
    network.anvil.mine(2)
    look(node)


def annul(network: TestNetwork, node: Node) -> int:
    """Whatever stolen keys of the third member did last is undone; how many."""
    view = node.case_parts.views.registry.now().view
    keys = stolen_keys(network.consortium.member_codes()[2], network.consortium.keys(THIRD))
    registries = [network.case_registry.address]
    found = find_stolen(view, registries, keys, first=network.file.deploy_block).undo
    undo(network, *[(one.history, one.acted) for one in found])
    return len(found)


@pytest.mark.parametrize("honest", [Action.WITHDRAW, Action.ERASE, Action.SHIELD, Action.REPAIR])
def test_an_honest_act_is_not_taken_back(network: TestNetwork, node: Node, honest: Action) -> None:
    """The thief marks a dispute, which is undone: on the chain the outcome goes with it."""
    record = do(network, honest)
    since = later(network)
    do(network, Action.DISPUTE)
    votes.compromise(network, network.keys[THIRD, Purpose.CASE].key_id, since)
    follow(node, network)
    assert closed(node) == {record}
    assert annul(network, node) == 1
    follow(node, network)
    assert known(node) == {record: (Flag.DISPUTED, Outcome.NONE, 3)}
    assert closed(node) == {record}
    with begin_write(node.ctx.engine, LOCK) as connection:
        hold(connection)
    for _ in range(2):
        follow(node, network)
    assert closed(node) == {record}, "followed anew it is the same"


@pytest.mark.parametrize("stolen", [Action.WITHDRAW, Action.ERASE, Action.SHIELD])
def test_what_a_thief_closed_opens(network: TestNetwork, node: Node, stolen: Action) -> None:
    since = later(network)
    record = do(network, stolen)
    follow(node, network)
    assert closed(node) == {record}
    votes.compromise(network, network.keys[THIRD, Purpose.DECIDE].key_id, since)
    follow(node, network)
    assert closed(node) == {record}, "until it is settled"
    annul(network, node)
    follow(node, network)
    assert closed(node) == set()


def test_a_thief_that_eased(network: TestNetwork, node: Node) -> None:
    """A shield lifted by a thief: undone, it is there again, and known stolen it never opens."""
    other = LocalSigner(Alg.SECP256K1, new_secret())
    record = do(network, Action.SHIELD)
    since = later(network)
    do(network, Action.LIFT)
    follow(node, network)
    assert closed(node) == set(), "nobody knows yet"
    votes.compromise(network, network.keys[THIRD, Purpose.DECIDE].key_id, since)
    annul(network, node)
    follow(node, network)
    assert closed(node) == {record}
    votes.add_key(network, THIRD, Purpose.DECIDE, other)
    do(network, Action.SHIELD, Action.LIFT, signer=other)
    follow(node, network)
    assert closed(node) == set(), "lifted by an honest key"


def test_opened_by_its_owner_behind_the_theft(network: TestNetwork, node: Node) -> None:
    """The chain knows the withdrawal no more: it is made again, and taken back."""
    record = do(network, Action.WITHDRAW)
    since = later(network)
    do(network, Action.DISPUTE)
    votes.compromise(network, network.keys[THIRD, Purpose.CASE].key_id, since)
    annul(network, node)
    do(network, Action.SETTLE)
    follow(node, network)
    assert closed(node) == {record}
    do(network, Action.WITHDRAW, Action.RESCIND)
    follow(node, network)
    assert closed(node) == set()


def test_a_history_that_cannot_be_read_keeps_it_closed(
    network: TestNetwork, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And holds up nobody: an owner may act on a record without end."""
    record = do(network, Action.WITHDRAW, Action.RESCIND, number=1)
    follow(node, network)
    assert closed(node) == set()
    monkeypatch.setattr(believing, "MAX_HISTORY", 2)
    do(network, Action.WITHDRAW, Action.RESCIND, number=1)
    follow(node, network)
    assert closed(node) == {record}
    assert known(node) == {record: (0, Outcome.NONE, 4)}
