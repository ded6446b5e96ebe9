"""Nodes that answer and stand still, made of a proxy before a node that goes on.

proxy.on(None, frozen(anvil))     # has no block above the one of now; passes transactions on
proxy.on(None, isolated(anvil))   # the same, and what is sent to it never gets out
"""

from collections.abc import Callable, Sequence
from typing import Any

from ledger.chain.sending.rawtx import tx_hash
from tests.support.anvil import Anvil
from tests.support.proxy import Exchange, Fault, Reply

Json = Any
# Method: place of the block among its parameters.
_AT_BLOCK = {
    "eth_call": 1, "eth_getCode": 1, "eth_getBalance": 1, "eth_getTransactionCount": 1,
    "eth_estimateGas": 1, "eth_getBlockByNumber": 0,
}  # fmt: skip
_OF_A_BLOCK = ("eth_getTransactionReceipt", "eth_getTransactionByHash")


def frozen(anvil: Anvil, number: int | None = None) -> Fault:
    """It has no block above `number`, by default the latest one of now."""
    return _Still(anvil, number).fault


def isolated(anvil: Anvil, number: int | None = None) -> Fault:
    """As `frozen`, and it keeps to itself what is sent to it."""
    still = _Still(anvil, number)
    pool: set[str] = set()

    def fault(exchange: Exchange) -> Reply:
        if exchange.method != "eth_sendRawTransaction":
            return still.fault(exchange)
        tx = tx_hash(bytes.fromhex(exchange.params[0][2:]))
        if tx in pool:
            return exchange.reply(error={"code": -32000, "message": "already known"})
        pool.add(tx)
        return exchange.reply(result=tx)

    return fault


class _Still:
    def __init__(self, anvil: Anvil, number: int | None) -> None:
        self._anvil = anvil
        self._number = int(anvil.call("eth_blockNumber"), 16) if number is None else number

    def fault(self, exchange: Exchange) -> Reply:
        method, params = exchange.method, list(exchange.params)
        if method == "eth_blockNumber":
            return exchange.reply(result=hex(self._number))
        if method in _AT_BLOCK:
            return self._at_block(exchange, params, _AT_BLOCK[method])
        if method == "eth_getLogs":
            return self._events(exchange, params)
        return self._sent_on(exchange, params, self._known if method in _OF_A_BLOCK else None)

    def _at_block(self, exchange: Exchange, params: list[Json], place: int) -> Reply:
        params += ["latest"] * (place + 1 - len(params))
        where = params[place]
        if isinstance(where, dict):  # by hash (EIP-1898)
            found = self._anvil.call("eth_getBlockByHash", where["blockHash"], False)
            where = hex(self._number + 1) if found is None else found["number"]
        number = int(where, 16) if where.startswith("0x") else self._number
        if where == "finalized":
            number = min(number, self._finalized())
        if number > self._number and exchange.method == "eth_getBlockByNumber":
            return exchange.reply(result=None)
        if number > self._number:
            return exchange.reply(error={"code": -32000, "message": "header not found"})
        params[place] = hex(number)
        return self._sent_on(exchange, params)

    def _finalized(self) -> int:
        return int(self._anvil.call("eth_getBlockByNumber", "finalized", False)["number"], 16)

    def _events(self, exchange: Exchange, params: list[Json]) -> Reply:
        wanted = dict(params[0])
        if int(wanted["fromBlock"], 16) > self._number:
            return exchange.reply(result=[])
        wanted["toBlock"] = hex(min(int(wanted["toBlock"], 16), self._number))
        return self._sent_on(exchange, [wanted])

    def _known(self, found: Json) -> Json:
        block = None if found is None else found.get("blockNumber")
        return None if block is not None and int(block, 16) > self._number else found

    def _sent_on(
        self,
        exchange: Exchange,
        params: Sequence[Json],
        change: Callable[[Json], Json] | None = None,
    ) -> Reply:
        asked = Exchange({**exchange.request, "params": list(params)}, exchange.upstream)
        answer = asked.forward()
        if "error" in answer:
            return exchange.reply(error=answer["error"])
        found = answer.get("result")
        return exchange.reply(result=change(found) if change else found)
