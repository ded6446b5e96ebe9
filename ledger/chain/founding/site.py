"""The chain on which contracts are created: what lies where, and putting something there."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ledger.chain.contracts.bindings import (
    CaseRegistry,
    Catalogue,
    LogAnchor,
    Products,
    Revocations,
)
from ledger.chain.contracts.contract_abi import Name, encode, load
from ledger.chain.contracts.events import ThresholdSet, topic
from ledger.chain.errors import BlockGone, TxPending
from ledger.chain.founding.founded import check_code
from ledger.chain.governing.govern import latest_call
from ledger.chain.nodes.blocks import Block, LogEntry, Reader, hex_bytes, quantity
from ledger.chain.nodes.event_logs import LogQuery, read_logs
from ledger.chain.sending.rawtx import created_address
from ledger.chain.sending.transactions import Sender
from ledger.core.errors import ConfigError
from ledger.core.ids import Address

ROLE_CONTRACTS = (LogAnchor, Catalogue, CaseRegistry, Revocations, Products)
"""Those that a role names, in the order in which a founding creates them."""
_POLL = 0.2  # seconds
# Bytes of a creation with its arguments (EIP-3860); a key takes 320 of them.
_MAX_INITCODE = 49_152


def fits_creation(name: Name, arguments: list[Any]) -> bool:
    """Whether chains take a creation with these arguments."""
    return len(_creation(name, arguments)) <= _MAX_INITCODE


def _creation(name: Name, arguments: list[Any]) -> bytes:
    abi = load(name)
    return abi.bytecode + encode(abi.constructor, arguments)


class Site:
    """The chain on which is built."""

    def __init__(self, node: Reader, sender: Sender, seconds: float) -> None:
        self._node = node
        self._sender = sender
        self._seconds = seconds

    def create_all(self, places: dict[Name, Address], founding: Callable[[], list[Any]]) -> None:
        """Every contract at its place, Consortium with what `founding` gives, the others for it."""
        consortium = [places["Consortium"]]
        for nonce, (name, place) in enumerate(places.items()):
            self.create(name, place, nonce, (lambda: consortium) if nonce else founding)

    def create(
        self, name: Name, address: Address, nonce: int, arguments: Callable[[], list[Any]]
    ) -> None:
        """The contract at its address, unless something is there."""
        if self._settled(address, nonce):
            return
        if (made := self.create_next(name, arguments())) != address:
            raise ConfigError("deployer", f"{name} is at {made}, not at {address}")

    def create_next(self, name: Name, arguments: list[Any]) -> Address:
        """A new contract, wherever it comes to lie. Raises TxError, ConfigError."""
        key, code = f"create/{name}", _creation(name, arguments)
        if len(code) > _MAX_INITCODE:
            raise ConfigError(
                "founders",
                f"{len(code)} bytes to create {name}, and chains take {_MAX_INITCODE}: found with "
                "fewer keys (GOVERN is enough), members add the others themselves",
            )
        self._sender.send(key, None, code)
        made = self._sender.wait(key, seconds=self._seconds).contract
        self._sender.done(key)
        if made is None:
            raise ConfigError("deployer", f"no contract came of {name}")
        return made

    def made(self, last: int) -> list[Address]:
        """Places of what the account may have created with its last transactions, so many at the
        most, the newest first. Waits for one that an earlier run left in the queue."""
        end = time.monotonic() + self._seconds
        while (sent := self._count("latest")) != self._count("pending"):
            if time.monotonic() > end:
                raise TxPending("create", f"not mined within {self._seconds:g} seconds")
            time.sleep(_POLL)
        numbers = range(sent - 1, max(-1, sent - 1 - last), -1)
        return [created_address(self._sender.address, nonce) for nonce in numbers]

    def check(self, places: dict[Name, Address]) -> None:
        """What lies at the addresses is what would have been created. Raises ConfigError."""
        check_code(places, self.code)
        call = latest_call(self._node.rpc)
        for kind in ROLE_CONTRACTS:
            contract, role = kind(places[kind.name], call), kind.name
            if contract.consortium() != places["Consortium"] or contract.role() != role:
                raise ConfigError(role, f"{contract.address} is another contract")

    def founded(self, consortium: Address) -> tuple[Block, list[LogEntry]]:
        """The block of the constructor, by its event, and the events of the contract in it."""
        last = self._block("latest").number
        first = LogQuery(address=consortium, topics=(topic(ThresholdSet),), first=0, last=last)
        found = read_logs(self._node, first)
        if not found:
            raise ConfigError("consortium", f"{consortium} is another contract")
        number = found[0].block
        own = LogQuery(address=consortium, topics=(), first=number, last=number)
        return self._block(number), list(read_logs(self._node, own))

    def code(self, address: Address) -> bytes:
        """What lies there; b"": nothing."""
        return hex_bytes(self._node.name, self._node.ask("eth_getCode", address, "latest"))

    def _settled(self, address: Address, nonce: int) -> bool:
        """Whether the contract is there; False: its creation is the deployer's next transaction.

        Waits for one that an earlier run left in the queue.
        """
        end = time.monotonic() + self._seconds
        while not self._has_code(address):
            mined, queued = self._count("latest"), self._count("pending")
            if mined > nonce or queued < nonce:
                raise ConfigError(
                    "deployer", f"sent {mined} transactions; its number {nonce} made no {address}"
                )
            if queued == nonce:
                return False
            if time.monotonic() > end:
                raise TxPending(f"create/{address}", f"not mined within {self._seconds:g} seconds")
            time.sleep(_POLL)
        return True

    def _count(self, which: str) -> int:
        answer = self._node.ask("eth_getTransactionCount", self._sender.address, which)
        return quantity(self._node.name, answer)

    def _has_code(self, address: Address) -> bool:
        return self.code(address) != b""

    def _block(self, which: int | str) -> Block:
        found = self._node.block(which)
        if found is None:
            raise BlockGone(self._node.name, which)
        return found
