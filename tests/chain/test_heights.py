"""How far each node is, and which one is not well: nobody's word stands for another's."""

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from ledger.chain.network import NetworkFile
from ledger.chain.nodes.heights import look
from tests.chain.test_quorum import IMPATIENT, head_number, stuck_at
from tests.support.anvil import Anvil, start_anvil
from tests.support.chain import TestNetwork
from tests.support.proxy import Fault, Proxy, drop_request, hold, raw


def of(network: TestNetwork, *urls: str) -> NetworkFile:
    return network.with_rpc(list(urls), quorum=1)


def test_nodes_that_are_well(network: TestNetwork, proxies: list[Proxy]) -> None:
    urls = [proxy.url for proxy in proxies]
    states = look(of(network, *urls))
    assert [one.name for one in states] == urls
    assert {one.error for one in states} == {None}
    assert {one.block.number for one in states if one.block} == {head_number(network.anvil)}


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (drop_request, "no-node"),
        (lambda: hold(threading.Event()), "no-node"),
        (lambda: raw(b"[]"), "node-nonsense"),
        (lambda: raw(b"busy", status=503), "no-node"),
    ],
    ids=["hangs-up", "silent", "nonsense", "refuses"],
)
def test_one_that_is_not(
    network: TestNetwork, proxies: list[Proxy], fault: Callable[[], Fault], code: str
) -> None:
    """Within the time of one call, and the others are told of all the same."""
    proxies[1].on(None, fault())
    states = look(of(network, *(proxy.url for proxy in proxies)), timeout=IMPATIENT)
    assert [one.error for one in states] == [None, code, None]
    assert [one.block is None for one in states] == [False, True, False]


def test_one_that_stands_still(network: TestNetwork, proxies: list[Proxy], anvil: Anvil) -> None:
    at = head_number(anvil)
    anvil.mine(7)
    proxies[2].on("eth_getBlockByNumber", stuck_at(anvil, at))
    states = look(of(network, *(proxy.url for proxy in proxies)))
    assert [one.block.number - at for one in states if one.block] == [7, 7, 0]


def test_one_of_another_chain(network: TestNetwork, anvil: Anvil) -> None:
    with start_anvil(chain_id=network.file.chain_id) as other, start_anvil(chain_id=77) as third:
        states = look(of(network, anvil.url, other.url, third.url))
    assert [one.error for one in states] == [None, "other-chain", "other-chain"]


def test_what_is_secret_in_an_address_is_not_told(network: TestNetwork, anvil: Anvil) -> None:
    secret = anvil.url.replace("http://", "http://user:word@") + "/token"
    file = replace(of(network, anvil.url), rpc=(secret, anvil.url))
    names = [one.name for one in look(file)]
    assert names == [f"{anvil.url}#1", f"{anvil.url}#2"]
