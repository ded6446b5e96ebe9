"""One node of four that lies about what the command line sends: success is said only of what is on
the chain."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from ledger.core.keys import Purpose
from tests.cli.conftest import Cli
from tests.support.anvil import start_anvil
from tests.support.chain import TestNetwork, deploy_network
from tests.support.hands import member_folder
from tests.support.proxy import Exchange, Proxy, Reply, error, start_proxy

CODE = "110000"
QUORUM, NODES = 3, 4
SEND, RECEIPT, ESTIMATE = "eth_sendRawTransaction", "eth_getTransactionReceipt", "eth_estimateGas"
TEN_YEARS = 315_360_000
OK, UNKNOWN = 0, 4


@dataclass
class World:
    network: TestNetwork
    proxies: list[Proxy]
    config: Path

    @property
    def key(self) -> str:
        return self.network.keys[CODE, Purpose.ANCHOR].key_id.hex()

    def revoked(self) -> bool:
        """Whether the chain says so."""
        later = self.network.anvil.head_time() + TEN_YEARS
        keys = self.network.consortium.keys(CODE)
        return not next(k for k in keys if k.key_id.hex() == self.key).valid_at(later)

    def swallow(self, proxy: Proxy) -> None:
        """Have it take transactions, pass none on, and show receipts of them in a real block."""
        anvil = self.network.anvil

        def receipt(exchange: Exchange) -> Reply:
            block = anvil.call("eth_getBlockByNumber", "latest", False)
            told = {
                "transactionHash": exchange.params[0], "blockNumber": block["number"],
                "blockHash": block["hash"], "status": "0x1", "contractAddress": None,
                "gasUsed": "0x1", "logs": [],
            }  # fmt: skip
            return exchange.reply(result=told)

        proxy.on(SEND, lambda exchange: exchange.reply(result="0x" + "ab" * 32))
        proxy.on(RECEIPT, receipt)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        anvil = stack.enter_context(start_anvil())
        network = deploy_network(anvil)
        proxies = [stack.enter_context(start_proxy(anvil.url)) for _ in range(NODES)]
        network.file = network.with_rpc([proxy.url for proxy in proxies], QUORUM)
        yield World(network, proxies, member_folder(network, tmp_path, CODE))


@pytest.mark.parametrize("command", [("revoke", "--yes"), ("compromise", "--since", "now")])
def test_a_swallowed_transaction(cli: Cli, world: World, command: tuple[str, ...]) -> None:
    world.swallow(world.proxies[0])
    name, *options = command
    done = cli("keys", name, world.key[:12], *options, "--config", world.config)
    assert done.exit == OK, done.err
    assert world.revoked()


def test_a_transaction_that_fewer_than_a_quorum_show(
    cli: Cli, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.cli.acting.MINED_SECONDS", 3.0)
    for proxy in world.proxies:
        world.swallow(proxy)
    for proxy in world.proxies[2:]:
        proxy.clear()
        proxy.on(SEND, error(-32000, "transaction pool is full"))
    done = cli("keys", "revoke", world.key[:12], "--yes", "--config", world.config)
    assert done.exit == UNKNOWN, done.err
    assert not world.revoked()


def test_a_refusal_of_one_node(cli: Cli, world: World) -> None:
    world.proxies[0].on(ESTIMATE, error(3, "execution reverted", "0x"))
    done = cli("keys", "revoke", world.key[:12], "--yes", "--config", world.config)
    assert done.exit == OK, done.err
    assert world.revoked()


def test_a_refusal_of_half_of_the_nodes(cli: Cli, world: World) -> None:
    for proxy in world.proxies[:2]:
        proxy.on(ESTIMATE, error(3, "execution reverted", "0x"))
    done = cli("keys", "revoke", world.key[:12], "--yes", "--config", world.config)
    assert done.exit == UNKNOWN, done.err
    assert not world.revoked()
