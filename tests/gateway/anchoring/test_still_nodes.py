"""One node of four that stands still, hangs or is cut off from its peers: the gateway goes on with
the others, and comes back to it once it is well."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gateway.node import Node
from ledger.chain.nodes import order
from tests.gateway.anchoring.whole import check_whole, events, promise, settle
from tests.support.anvil import Anvil, start_anvil
from tests.support.member import Member, found_member
from tests.support.proxy import Proxy, hold, start_proxy
from tests.support.stuck import frozen, isolated

NODES = 4
READS = {"eth_call", "eth_getLogs", "eth_estimateGas", "eth_getTransactionCount", "eth_gasPrice"}


@dataclass
class World:
    """Four proxies before one anvil, each with its own height or delay; the first of the file is
    the gateway's own."""

    anvil: Anvil
    proxies: list[Proxy]
    member: Member
    node: Node

    @property
    def own(self) -> Proxy:
        return self.proxies[0]


@pytest.fixture(params=[1, 3], ids=["one-is-enough", "three-of-four"])
def world(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    monkeypatch.setenv("CREDIT_LEDGER_ENV", "development")
    monkeypatch.setattr("gateway.chain.outbox.PUSH_SECONDS", 0)
    monkeypatch.setattr(order, "LOOK_SECONDS", 0)
    with ExitStack() as stack:
        anvil = stack.enter_context(start_anvil())
        proxies = [stack.enter_context(start_proxy(anvil.url)) for _ in range(NODES)]
        member = found_member(anvil)
        urls = tuple(proxy.url for proxy in proxies)
        member = replace(member, network=replace(member.network, rpc=urls, quorum=request.param))
        node = member.node(tmp_path / "node")
        stack.callback(node.close)
        yield World(anvil, proxies, member, node)


@pytest.mark.parametrize("fault", [frozen, isolated])
def test_one_that_answers_and_stands_still(world: World, fault: type) -> None:
    promised = promise(world.node, world.member, 3, "before")
    settle(world.node, world.anvil)
    world.own.on(None, fault(world.anvil))
    for seed in ("first", "second"):
        promised += promise(world.node, world.member, 3, seed)
        settle(world.node, world.anvil)
    assert len(events(world.anvil, world.member)) == 3
    world.own.clear()
    asked = world.own.count("eth_estimateGas")
    promised += promise(world.node, world.member, 3, "again")
    settle(world.node, world.anvil)
    assert world.own.count("eth_estimateGas") > asked
    check_whole(world.node, world.member, world.anvil, promised)


def test_one_that_hangs(world: World) -> None:
    """It is asked once whether it is there; nothing else waits for it."""
    promised = promise(world.node, world.member, 3, "before")
    settle(world.node, world.anvil)
    release = threading.Event()
    world.own.on(None, hold(release))
    asked = len(world.own.calls)
    for seed in ("first", "second"):
        promised += promise(world.node, world.member, 3, seed)
        settle(world.node, world.anvil)
    assert {method for method, _ in world.own.calls[asked:]} & READS == set()
    release.set()
    assert len(events(world.anvil, world.member)) == 3
    check_whole(world.node, world.member, world.anvil, promised)
