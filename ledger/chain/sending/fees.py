"""What to pay for a transaction: EIP-1559 networks, legacy ones, and those without fees."""

from dataclasses import dataclass
from typing import Any

from ledger.chain.errors import RpcError
from ledger.chain.nodes.blocks import Block, amount
from ledger.chain.nodes.patience import insist
from ledger.chain.nodes.rpc import Caller

GWEI = 10**9

# Base fee may double six times in 12 blocks of full load; twice covers a few blocks, and a
# transaction that waits longer is sent again with more.
_HEADROOM = 2
# Nodes want at least 10 % more for a replacement; some 12.5 %.
_BUMP_NUMERATOR, _BUMP_DENOMINATOR = 9, 8


@dataclass(frozen=True, slots=True)
class Fees:
    """Wei per gas. `tip` None: a legacy transaction with gas price `most`."""

    most: int
    tip: int | None

    def capped(self, tip: int) -> "Fees":
        """With no more of a tip than this."""
        over = 0 if self.tip is None else max(0, self.tip - tip)
        return self if over == 0 else Fees(most=self.most - over, tip=tip)

    def bumped(self, now: "Fees") -> "Fees":
        """Enough to replace a transaction with these fees, and to be taken at today's.

        Where nothing was paid and nothing is asked, it stays nothing.
        """
        tip = None
        if self.tip is not None:
            tip = max(_more(self.tip), now.tip or 0)
        return Fees(most=max(_more(self.most), now.most, tip or 0), tip=tip)


def suggest(rpc: Caller, head: Block, *, legacy: bool = False) -> Fees:
    """Fees for the next blocks after `head`. `legacy`: the network has base fees, but does not
    take type-2 transactions."""
    if legacy or head.base_fee is None:
        return Fees(most=_amount(rpc, "eth_gasPrice"), tip=None)
    price = _amount(rpc, "eth_gasPrice")
    if price == head.base_fee == 0:  # a network without fees; some nodes suggest a tip all the same
        return Fees(most=0, tip=0)
    tip = _tip(rpc, head.base_fee, price)
    return Fees(most=_HEADROOM * head.base_fee + tip, tip=tip)


def _tip(rpc: Caller, base_fee: int, price: int) -> int:
    try:
        return _amount(rpc, "eth_maxPriorityFeePerGas")
    except RpcError:  # not every engine has it; the gas price holds both parts
        return max(0, price - base_fee)


def _amount(rpc: Caller, method: str) -> int:
    answer: Any = insist(lambda: rpc.call(method, []))
    return amount(method, answer)


def _more(fee: int) -> int:
    """An eighth more, rounded up."""
    return -(-fee * _BUMP_NUMERATOR // _BUMP_DENOMINATOR)
