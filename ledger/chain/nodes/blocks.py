"""Blocks, event logs and receipts as nodes tell them, read strictly and only as far as we need.

Header fields that engines fill in their own way (extraData of proof-of-authority, difficulty,
withdrawals …) are not looked at. Every reader raises RpcNonsense.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ledger.chain.errors import RpcError, RpcFailure, RpcNonsense, RpcPruned, RpcTimeout
from ledger.chain.network import Hash32
from ledger.chain.nodes.patience import insist
from ledger.chain.nodes.rpc import Caller, Rpc
from ledger.core.ids import Address

_HEX = re.compile(r"0x[0-9a-f]*")
_QUANTITY = re.compile(r"0x[0-9a-f]{1,64}")
_MAX_NUMBER = 1 << 63  # what databases hold; block numbers, times and gas stay far below
_HASH_LENGTH = 66  # 0x and 64 digits
_ADDRESS_LENGTH = 42
_MAX_TOPICS = 4  # EVM: LOG0 … LOG4
MAX_BATCH = 50  # calls in one request; public nodes take a hundred

T = TypeVar("T")
Question = tuple[str, Sequence[Any]]
"""Method and parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """`time` in Unix seconds; `base_fee` in wei, None where the network has none (EIP-1559)."""

    number: int
    hash: Hash32
    parent: Hash32
    time: int
    base_fee: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One event. `index` is its place in the block."""

    address: Address
    topics: tuple[bytes, ...]
    data: bytes
    block: int
    block_hash: Hash32
    tx: Hash32
    index: int

    @property
    def place(self) -> tuple[int, int]:
        """What orders events as they happened."""
        return self.block, self.index


@dataclass(frozen=True, slots=True, kw_only=True)
class TxReceipt:
    """What became of a transaction. `contract`: the one it created. `gas_used` in gas."""

    tx: Hash32
    block: int
    block_hash: Hash32
    success: bool
    contract: Address | None
    gas_used: int
    logs: tuple[LogEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A mined transaction, as much of it as an audit reads. `to` None: it creates a contract."""

    tx: Hash32
    block: int
    block_hash: Hash32
    to: Address | None
    input: bytes


class Reader:
    """One node, with its answers read into the shapes above."""

    def __init__(self, rpc: Caller) -> None:
        self.rpc = rpc
        self.name = rpc.name
        # None: not known yet whether the node takes block hashes in eth_call (EIP-1898).
        self.takes_hashes: bool | None = None
        self.takes_batches = isinstance(rpc, Rpc)
        # Blocks of a page of events that the node gave where it had refused a larger one.
        self.page: int | None = None
        # By time.monotonic(): it kept silent, and is asked last until then (`standing`).
        self.rests_until = 0.0

    def ask(self, method: str, *params: Any, tries: int = 0) -> Any:
        """The bare result; asked again for as long as the thread is patient, at most `tries` times
        where that is not 0."""
        return insist(lambda: self.rpc.call(method, params), tries=tries)

    def ask_many(self, calls: Sequence[Question]) -> list[Any]:
        """The results of several calls; an RpcError or RpcPruned in place of each that failed.

        In few requests where the node takes batches, else one by one.
        """
        found: list[Any] = []
        for start in range(0, len(calls), MAX_BATCH):
            part = calls[start : start + MAX_BATCH]
            found += self._batch(part) or [self._single(*call) for call in part]
        return found

    def _batch(self, calls: Sequence[Question]) -> list[Any] | None:
        """None where the node takes no batches. One that is refused for the moment, as a whole or
        in part, is asked again."""
        rpc = self.rpc
        if not self.takes_batches or not isinstance(rpc, Rpc) or len(calls) == 1:
            return None

        def once() -> list[Any]:
            found = rpc.batch(calls)
            for item in found:
                if isinstance(item, RpcFailure) and item.transient:
                    raise item
            return found

        try:
            return insist(once, tries=2)
        except RpcTimeout:
            raise
        except RpcFailure as failure:  # one by one they may come, or their failure tells more
            self.takes_batches = failure.transient
            return None

    def _single(self, method: str, params: Sequence[Any]) -> Any:
        try:
            return self.ask(method, *params)
        except (RpcError, RpcPruned) as failure:
            return failure

    def chain_id(self) -> int:
        return quantity(self.name, self.ask("eth_chainId"))

    def chain_and_blocks(self, *which: int | str) -> tuple[int, list[Block | None]]:
        """The chain id, and blocks by number or tag; None for those that the node has not."""
        found = self.ask_many([("eth_chainId", ()), *(_block(one) for one in which)])
        for item in found:
            if isinstance(item, RpcFailure):
                raise item
        blocks = [self._parsed(one, item) for one, item in zip(which, found[1:], strict=True)]
        return quantity(self.name, found[0]), blocks

    def blocks(self, *which: int | str) -> list[Block | None]:
        """Blocks by number or tag; None for those that the node has not."""
        found = self.ask_many([_block(one) for one in which])
        for item in found:
            if isinstance(item, RpcFailure):
                raise item
        return [self._parsed(one, item) for one, item in zip(which, found, strict=True)]

    def block(self, which: int | str) -> Block | None:
        """A block by number or tag; None where the node has none such."""
        method, params = _block(which)
        return self._parsed(which, self.ask(method, *params))

    def _parsed(self, which: int | str, found: Any) -> Block | None:
        if found is None:
            return None
        block = parse_block(self.name, found)
        if isinstance(which, int) and block.number != which:
            raise RpcNonsense(self.name, f"block {block.number} in place of {which}")
        return block

    def receipt(self, tx: str) -> TxReceipt | None:
        """None where the transaction is not mined, or not known."""
        found = self.ask("eth_getTransactionReceipt", tx)
        receipt = None if found is None else parse_receipt(self.name, found)
        if receipt is not None and receipt.tx != tx:
            raise RpcNonsense(self.name, "receipt of another transaction")
        return receipt

    def transaction(self, tx: str) -> Transaction | None:
        """None where the transaction is not mined, or not known."""
        found = self.ask("eth_getTransactionByHash", tx)
        if found is None or (isinstance(found, dict) and found.get("blockHash") is None):
            return None
        transaction = parse_transaction(self.name, found)
        if transaction.tx != tx:
            raise RpcNonsense(self.name, "another transaction")
        return transaction


def _block(which: int | str) -> Question:
    return "eth_getBlockByNumber", (hex(which) if isinstance(which, int) else which, False)


def quantity(name: str, value: Any, limit: int = _MAX_NUMBER) -> int:
    """A number below `limit`."""
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value) or int(value, 16) >= limit:
        raise RpcNonsense(name, "a number is not what it should be")
    return int(value, 16)


def amount(name: str, value: Any) -> int:
    """A number of wei."""
    return quantity(name, value, 1 << 256)


def hex_bytes(name: str, value: Any) -> bytes:
    """Any number of bytes."""
    text = value.lower() if isinstance(value, str) else ""
    if not _HEX.fullmatch(text) or len(text) % 2:
        raise RpcNonsense(name, "bytes are not what they should be")
    return bytes.fromhex(text[2:])


def parse_block(name: str, value: Any) -> Block:
    """A block or header."""
    get = _fields(name, value)
    fee = value.get("baseFeePerGas")
    return Block(
        number=quantity(name, get("number")),
        hash=_hash(name, get("hash")),
        parent=_hash(name, get("parentHash")),
        time=quantity(name, get("timestamp")),
        base_fee=None if fee is None else amount(name, fee),
    )


def parse_log(name: str, value: Any) -> LogEntry:
    """An event of a mined block."""
    get = _fields(name, value)
    topics = get("topics")
    if not isinstance(topics, list) or len(topics) > _MAX_TOPICS or value.get("removed", False):
        raise RpcNonsense(name, "an event is not what it should be")
    return LogEntry(
        address=_address(name, get("address")),
        topics=tuple(bytes.fromhex(_hash(name, topic)[2:]) for topic in topics),
        data=hex_bytes(name, get("data")),
        block=quantity(name, get("blockNumber")),
        block_hash=_hash(name, get("blockHash")),
        tx=_hash(name, get("transactionHash")),
        index=quantity(name, get("logIndex")),
    )


def parse_receipt(name: str, value: Any) -> TxReceipt:
    """A receipt (of Byzantium or later: with a status)."""
    get = _fields(name, value)
    created = value.get("contractAddress")
    logs = get("logs")
    if not isinstance(logs, list):
        raise RpcNonsense(name, "a receipt is not what it should be")
    return TxReceipt(
        tx=_hash(name, get("transactionHash")),
        block=quantity(name, get("blockNumber")),
        block_hash=_hash(name, get("blockHash")),
        success=quantity(name, get("status")) == 1,
        contract=None if created is None else _address(name, created),
        gas_used=quantity(name, get("gasUsed")),
        logs=tuple(parse_log(name, log) for log in logs),
    )


def parse_transaction(name: str, value: Any) -> Transaction:
    """A mined transaction."""
    get = _fields(name, value)
    to = value.get("to")
    return Transaction(
        tx=_hash(name, get("hash")),
        block=quantity(name, get("blockNumber")),
        block_hash=_hash(name, get("blockHash")),
        to=None if to is None else _address(name, to),
        input=hex_bytes(name, get("input")),
    )


def _fields(name: str, value: Any) -> Callable[[str], Any]:
    if not isinstance(value, dict):
        raise RpcNonsense(name, "not an object")

    def get(field: str) -> Any:
        if field not in value:
            raise RpcNonsense(name, f"{field} is missing")
        return value[field]

    return get


def _hash(name: str, value: Any) -> Hash32:
    return Hash32(_fixed(name, value, _HASH_LENGTH))


def _address(name: str, value: Any) -> Address:
    return Address(_fixed(name, value, _ADDRESS_LENGTH))


def _fixed(name: str, value: Any, length: int) -> str:
    text = value.lower() if isinstance(value, str) else ""
    if len(text) != length or not _HEX.fullmatch(text):
        raise RpcNonsense(name, "a hash or address is not what it should be")
    return text
