"""Two gateways of two members follow the acts of a third, on a real chain."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from gateway.base.db import begin_write
from gateway.node import Node
from gateway.statuses import following
from gateway.statuses.errors import ActsUnclear
from gateway.statuses.store import Position, hold, read_error
from ledger.chain.contracts.bindings import CASE_REGISTRY
from ledger.chain.contracts.contract_abi import load
from ledger.core.ids import RecordId
from ledger.core.status import Act, Action, Basis, Flag, Outcome
from tests.gateway.statuses.desk import (
    FIRST,
    SECOND,
    THIRD,
    closed,
    known,
    look,
    named,
    open_gateway,
    position,
)
from tests.support.cases import act, make_act
from tests.support.chain import TestNetwork, start_network
from tests.support.proxy import Exchange, Fault, Reply, lie, start_proxy
from tests.support.votes import create, register


@pytest.fixture
def gateways(network: TestNetwork, tmp_path: Path) -> Iterator[tuple[Node, Node]]:
    first = open_gateway(network, tmp_path / "first", FIRST)
    second = open_gateway(network, tmp_path / "second", SECOND)
    yield first, second
    first.close()
    second.close()


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[tuple[TestNetwork, Node]]:
    """A gateway that sends nothing, on a chain of its own that can be set back."""
    with start_network() as network:
        node = open_gateway(network, tmp_path / "quiet", FIRST, keys={"case": None})
        yield network, node
        node.close()


def of_third(network: TestNetwork, action: Action, number: int = 0) -> RecordId:
    """The third member acts; the record."""
    commitment, record = named(network, THIRD, number)
    basis = {Action.SHIELD: Basis.COURT, Action.LIFT: Basis.COURT}.get(action, Basis.ORDER_58)
    act(network, THIRD, make_act(network, action, network.log_id(THIRD), commitment, basis=basis))
    return record


def test_an_act_closes_and_is_acknowledged(
    network: TestNetwork, gateways: tuple[Node, Node]
) -> None:
    record = of_third(network, Action.REPAIR)
    network.anvil.mine()
    for node in gateways:
        look(node)
        assert closed(node) == {record}
        assert known(node) == {record: (0, Outcome.REPAIRED, 1)}
    network.anvil.mine()
    there = network.case_registry.latest()
    for member in (FIRST, SECOND):
        said = network.case_registry.acknowledged(member)
        assert (said.count, said.head_start) == (1, there.head[:24])
    assert network.case_registry.acknowledged(THIRD).count == 0
    assert (position(gateways[0]).count, position(gateways[0]).head) == (1, there.head)


def test_what_eases_opens_again_once_it_is_final(
    network: TestNetwork, gateways: tuple[Node, Node]
) -> None:
    node = gateways[0]
    record = of_third(network, Action.REPAIR)
    network.anvil.mine()
    look(node)
    of_third(network, Action.RESCIND)
    look(node)
    assert closed(node) == {record}, "an act that is not final opens nothing"
    network.anvil.mine()
    look(node)
    assert closed(node) == set()
    assert known(node) == {record: (0, Outcome.NONE, 2)}


@pytest.mark.parametrize(
    ("action", "shut"),
    [
        (Action.DISPUTE, False),
        (Action.SHIELD, True),
        (Action.REPAIR, True),
        (Action.WITHDRAW, True),
        (Action.END, True),
        (Action.ERASE, True),
    ],
)
def test_what_closes(
    network: TestNetwork, gateways: tuple[Node, Node], action: Action, shut: bool
) -> None:
    """A dispute alone closes nothing."""
    record = of_third(network, action)
    network.anvil.mine()
    look(gateways[0])
    assert (record in closed(gateways[0])) is shut
    assert record in known(gateways[0])


def test_an_act_that_is_not_final_closes_at_once(quiet: tuple[TestNetwork, Node]) -> None:
    network, node = quiet
    look(node)
    before, start = network.anvil.snapshot(), position(node)
    record = of_third(network, Action.SHIELD)
    look(node)
    assert closed(node) == {record}
    assert known(node) == {}
    assert position(node).count == start.count == 0
    # A reorganisation drops it, and the chain goes on without.
    network.anvil.revert(before)
    network.anvil.mine(2)
    look(node)
    assert closed(node) == set()


def test_a_head_that_falls_back_opens_nothing(quiet: tuple[TestNetwork, Node]) -> None:
    """Nodes that lag do not know the act: it stays closed until a final state says otherwise."""
    network, node = quiet
    look(node)
    before = network.anvil.snapshot()
    record = of_third(network, Action.SHIELD)
    seen = int(network.anvil.call("eth_blockNumber"), 16)
    look(node)
    assert closed(node) == {record}
    network.anvil.revert(before)
    look(node)
    assert int(network.anvil.call("eth_blockNumber"), 16) < seen
    assert closed(node) == {record}, "a head that lags says nothing"
    network.anvil.mine()
    look(node)
    assert closed(node) == {record}, "as high, and not final"
    network.anvil.mine(2)
    look(node)
    assert closed(node) == set()


def test_a_reorganisation_that_keeps_it(quiet: tuple[TestNetwork, Node]) -> None:
    """The same act in another block: it is final there."""
    network, node = quiet
    before = network.anvil.snapshot()
    of_third(network, Action.SHIELD)
    look(node)
    network.anvil.revert(before)
    network.forget_sent()
    network.anvil.mine()
    record = of_third(network, Action.SHIELD)
    network.anvil.mine()
    look(node)
    assert known(node) == {record: (Flag.SHIELDED, Outcome.NONE, 1)}
    assert closed(node) == {record}


def test_a_gap_of_500_acts(
    network: TestNetwork, gateways: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read in many pages and portions; acts of one block fall into two of them."""
    monkeypatch.setattr(following, "BLOCKS", 3)
    monkeypatch.setattr(following, "ACTS", 50)
    log = network.log_id(THIRD)
    expected = {}
    for start in range(0, 500, 60):
        acts: list[Act] = []
        for number in range(start, min(500, start + 60)):
            commitment, record = named(network, THIRD, number)
            repair = number % 2 == 0
            action = Action.REPAIR if repair else Action.ERASE
            acts.append(
                make_act(network, action, log, commitment, basis=Basis.ORDER_58, expected_version=0)
            )
            expected[record] = (0, 1, 1) if repair else (int(Flag.ERASED), 0, 1)
        act(network, THIRD, *acts)
    network.anvil.mine()
    for node in gateways:
        look(node)
        assert known(node) == expected
        assert closed(node) == set(expected)
        there = network.case_registry.latest()
        assert (position(node).count, position(node).head) == (500, there.head)
    network.anvil.mine()
    assert network.case_registry.acknowledged(FIRST).count == 500


def test_a_chain_that_was_rolled_back(quiet: tuple[TestNetwork, Node]) -> None:
    """What was closed stays so until the new chain was followed as far as the old one."""
    network, node = quiet
    kept = of_third(network, Action.REPAIR, 1)
    network.anvil.mine()
    look(node)
    before = network.anvil.snapshot()
    lost = of_third(network, Action.REPAIR, 2)
    network.anvil.mine()
    look(node)
    assert closed(node) == {kept, lost}
    network.anvil.revert(before)
    network.forget_sent()
    look(node)  # fewer blocks than before: perhaps nodes that lag
    assert closed(node) == {kept, lost}
    old = position(node)
    network.anvil.mine(4)
    look(node)
    assert position(node).count == 1
    assert closed(node) == {kept}
    assert known(node) == {kept: (0, Outcome.REPAIRED, 1)}
    assert position(node).block != old.block


def test_what_is_held_until_the_new_chain_is_as_old(quiet: tuple[TestNetwork, Node]) -> None:
    network, node = quiet
    before = network.anvil.snapshot()
    lost = of_third(network, Action.REPAIR)
    network.anvil.mine(2, seconds=1000)
    look(node)
    network.anvil.revert(before)
    network.forget_sent()
    network.anvil.mine(6, seconds=1)
    look(node)
    assert closed(node) == {lost}
    assert position(node).held_until is not None
    assert node.statuses.told(lost) is not None
    network.anvil.mine(2, seconds=4000)
    look(node)
    assert closed(node) == set()
    assert position(node).held_until is None
    assert node.statuses.told(lost) is None


def test_nodes_that_lag_change_nothing(
    quiet: tuple[TestNetwork, Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a while; then the chain was set back."""
    network, node = quiet
    network.anvil.mine(3)
    before = network.anvil.snapshot()
    record = of_third(network, Action.REPAIR)
    network.anvil.mine()
    look(node)
    start = position(node)
    network.anvil.revert(before)
    look(node)
    assert (position(node), closed(node)) == (start, {record})
    monkeypatch.setattr(following, "LATE_SECONDS", 0.0)
    look(node)
    assert position(node) != start
    assert closed(node) == {record}


def _without_last(params: Any, result: Any) -> Any:
    return result[:-1] if isinstance(result, list) and result else result


def _without_first(params: Any, result: Any) -> Any:
    return result[1:] if isinstance(result, list) and result else result


@pytest.mark.parametrize("drop", [_without_first, _without_last])
def test_a_node_that_drops_an_act(
    network: TestNetwork, tmp_path: Path, drop: Callable[[Any, Any], Any]
) -> None:
    """Nothing is saved, and it says so; when it tells the truth again it goes on."""
    records = {of_third(network, Action.REPAIR, number) for number in range(3)}
    network.anvil.mine()
    with start_proxy(network.anvil.url) as proxy:
        file = network.with_rpc([proxy.url], 1)
        node = open_gateway(network, tmp_path / "node", FIRST, file=file)
        proxy.on("eth_getLogs", _on_acts(drop))
        with pytest.raises(ActsUnclear) as caught:
            look(node)
        assert caught.value.code == "acts-unclear"
        assert (position(node), closed(node), known(node)) == (Position(), set(), {})
        assert node.ctx.health.statuses_error == "acts-unclear"
        with node.ctx.engine.connect() as connection:
            assert read_error(connection) == "acts-unclear"
        assert network.case_registry.acknowledged(FIRST).count == 0
        proxy.clear()
        look(node)
        assert closed(node) == records
        assert node.ctx.health.statuses_error is None
        with node.ctx.engine.connect() as connection:
            assert read_error(connection) is None
        node.close()


def _on_acts(drop: Callable[[Any, Any], Any]) -> Fault:
    """Lies about events of acts alone: the deployment's own are looked for as well."""

    def fault(exchange: Exchange) -> Reply:
        if not any(exchange.params[0].get("topics") or ()):
            return exchange.reply(result=exchange.forward()["result"])
        return lie(drop)(exchange)

    return fault


def test_a_successor_goes_on(quiet: tuple[TestNetwork, Node]) -> None:
    """Acts of every contract that ever had the role are one history."""
    network, node = quiet
    before = of_third(network, Action.REPAIR, 1)
    network.anvil.mine()
    look(node)
    meanwhile = of_third(network, Action.REPAIR, 2)
    code = load("CaseRegistry").bytecode
    successor = create(network, code, network.deployment.consortium)
    register(network, CASE_REGISTRY, successor)
    network.deployment = replace(network.deployment, case_registry=successor)
    after = of_third(network, Action.SHIELD, 3)
    of_third(network, Action.RESCIND, 1)
    network.anvil.mine()
    look(node)
    assert closed(node) == {meanwhile, after}
    assert known(node)[before] == (0, Outcome.NONE, 2)
    there = network.case_registry.latest()
    assert (position(node).count, position(node).head) == (4, there.head)
    # Anew from the deployment, it comes to the same.
    with begin_write(node.ctx.engine) as connection:
        hold(connection)
    assert closed(node) == {meanwhile, after}
    look(node)
    assert closed(node) == {meanwhile, after}
    assert (position(node).count, position(node).head) == (4, there.head)


def test_it_stops_where_it_is_told_to(network: TestNetwork, gateways: tuple[Node, Node]) -> None:
    node = gateways[0]
    of_third(network, Action.REPAIR)
    network.anvil.mine()
    stop = Event()
    stop.set()
    chain = node.follower.look()
    assert chain is not None
    assert not node.follower.follow(chain, stop)
    assert position(node) == Position()
