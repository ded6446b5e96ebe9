"""What an account needs where it cannot pay, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ledger.chain.errors import PayerEmpty
from ledger.chain.nodes.blocks import Reader, quantity
from ledger.chain.nodes.failover import Failover
from ledger.chain.nodes.rpc import Rpc
from ledger.cli.language import say
from ledger.cli.output import Refused
from ledger.core.ids import Address

FOUNDING_GAS = 30_000_000
"""About what a founding uses: three contracts, some members with their keys, the votes."""


@contextmanager
def funds_named(address: Address, urls: Sequence[str]) -> Iterator[None]:
    """Where the nodes refuse for want of funds, say which account needs how much."""
    try:
        yield
    except PayerEmpty as error:
        raise Refused(_words(address, urls, error)) from error


def _words(address: Address, urls: Sequence[str], error: PayerEmpty) -> str:
    rpcs = [Rpc(url) for url in urls]
    try:
        node = Reader(Failover(rpcs))
        balance = quantity(node.name, node.ask("eth_getBalance", address, "latest"))
        price = quantity(node.name, node.ask("eth_gasPrice"))
        sent = quantity(node.name, node.ask("eth_getTransactionCount", address, "latest"))
    finally:
        for rpc in rpcs:
            rpc.close()
    need = FOUNDING_GAS * price
    nothing = say(zh="什么都没有部署", en="nothing was deployed")
    partly = say(
        zh=f"此前的 {sent} 笔交易保留，充值后再次运行即可继续",
        en=f"{sent} transactions of it stand; run this again once it has funds",
    )
    done = partly if sent else nothing
    return say(
        zh=f"付费账户余额不足：请向 {address} 充值。余额 {balance} wei，大约需要 {need} wei"
        f"（{FOUNDING_GAS} gas，每 gas {price} wei）；{done}。（{error}）",
        en=f"the account that pays has not enough: fund {address}. It has {balance} wei and needs "
        f"about {need} wei ({FOUNDING_GAS} gas at {price} wei); {done}. ({error})",
    )
