"""One node of four that lies about what we send: the gateway anchors all the same, and pays no more
for it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gateway.anchoring.errors import AnchorRefused
from gateway.node import Node
from ledger.core.errors import CouldNotCheck
from tests.gateway.anchoring.whole import check_whole, events, promise, rows, settle
from tests.support.anvil import Anvil, start_anvil
from tests.support.member import Member, found_member
from tests.support.proxy import Exchange, Fault, Proxy, Reply, error, start_proxy

GWEI = 10**9
QUORUM, NODES = 3, 4
ESTIMATE, SEND, COUNT = "eth_estimateGas", "eth_sendRawTransaction", "eth_getTransactionCount"


@dataclass
class World:
    """Four proxies before one anvil; the first of the file is the one that lies."""

    anvil: Anvil
    proxies: list[Proxy]
    member: Member
    node: Node

    @property
    def liar(self) -> Proxy:
        return self.proxies[0]

    def paid(self, run: Callable[[], None]) -> int:
        """What `run` costs the payer, in wei."""
        before = self._balance()
        run()
        return before - self._balance()

    def _balance(self) -> int:
        payer = self.member.keys.payer.address
        return int(self.anvil.call("eth_getBalance", payer, "latest"), 16)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr("gateway.chain.outbox.PUSH_SECONDS", 0)
    with ExitStack() as stack:
        anvil = stack.enter_context(start_anvil())
        proxies = [stack.enter_context(start_proxy(anvil.url)) for _ in range(NODES)]
        member = found_member(anvil)
        urls = tuple(proxy.url for proxy in proxies)
        member = replace(member, network=replace(member.network, rpc=urls, quorum=QUORUM))
        node = member.node(tmp_path / "node")
        stack.callback(node.close)
        yield World(anvil, proxies, member, node)


def says(result: object) -> Fault:
    """This, whatever was asked."""

    def fault(exchange: Exchange) -> Reply:
        return exchange.reply(result=result)

    return fault


LIES: dict[str, dict[str, Fault]] = {
    "refused": {ESTIMATE: error(3, "execution reverted", "0x")},
    "much-gas": {ESTIMATE: says(hex(2**40))},
    "little-gas": {ESTIMATE: says(hex(21_000))},
    "swallowed": {SEND: says("0x" + "ab" * 32)},
    "no-funds": {SEND: error(-32000, "insufficient funds for gas * price + value")},
    "nonce-used": {SEND: error(-32000, "nonce too low")},
    "too-cheap": {SEND: error(-32000, "transaction underpriced")},
    "nonce-ahead": {COUNT: says(hex(10**6))},
    "nonce-behind": {COUNT: says("0x0")},
    "dear": {
        "eth_gasPrice": says(hex(1_999 * GWEI)),
        "eth_maxPriorityFeePerGas": says(hex(1_990 * GWEI)),
    },
    "free": {"eth_gasPrice": says("0x0"), "eth_maxPriorityFeePerGas": says("0x0")},
    "failed": {"eth_getTransactionReceipt": says({"status": "0x0"})},
}


@pytest.mark.parametrize("lie", LIES)
def test_it_anchors(world: World, lie: str) -> None:
    for method, fault in LIES[lie].items():
        world.liar.on(method, fault)
    promised = promise(world.node, world.member, 3, "")
    paid = world.paid(lambda: settle(world.node, world.anvil))
    assert len(events(world.anvil, world.member)) == 1
    assert [row.state for row in rows(world.node)] == ["final"]
    assert paid < 500_000 * 10 * GWEI
    check_whole(world.node, world.member, world.anvil, promised)


def test_what_a_quorum_refuses_is_refused(world: World) -> None:
    for proxy in world.proxies[:QUORUM]:
        proxy.on(ESTIMATE, LIES["refused"][ESTIMATE])
    promise(world.node, world.member, 1, "")
    with pytest.raises(AnchorRefused):
        world.node.anchoring.step()


def test_what_half_refuse_is_not_known(world: World) -> None:
    for proxy in world.proxies[:2]:
        proxy.on(ESTIMATE, LIES["refused"][ESTIMATE])
    promise(world.node, world.member, 1, "")
    with pytest.raises(CouldNotCheck):
        world.node.anchoring.step()
    for proxy in world.proxies:
        proxy.clear()
    settle(world.node, world.anvil)
    assert len(events(world.anvil, world.member)) == 1
