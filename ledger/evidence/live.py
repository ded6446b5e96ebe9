"""What nodes say, with the proof of each word: the source from which an archive is made.

Words of storage, code, headers and blocks prove themselves, so any node may give them; which blocks
have events, and which events there are, is what a quorum says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeVar

from ledger.chain.errors import RpcFailure, RpcNonsense
from ledger.chain.nodes.blocks import Block, LogEntry, Reader, hex_bytes
from ledger.chain.nodes.event_logs import LogQuery
from ledger.chain.nodes.quorum import View
from ledger.core.canonical import hex0x, unhex0x
from ledger.core.errors import CouldNotCheck, ProofMismatch
from ledger.core.ids import WORD, Address, Digest, keccak256
from ledger.evidence.account import MAX_SLOTS, Account, encode_account, read_account
from ledger.evidence.built import Trie, encode_receipt, encode_transaction
from ledger.evidence.header import Header, encode_header, parse_header
from ledger.evidence.told import encode_told, place_of
from ledger.evidence.trie import EMPTY_ROOT

T = TypeVar("T")

_PAGE: Final = 128
"""Places that are asked for in one call; nodes take 1,024."""


class Live:
    """A source for `ProvenView` that asks nodes, and keeps what it was given. See `view.Source`."""

    def __init__(self, view: View) -> None:
        """view: at the block whose header everything is to be proven against. Raises
        CouldNotCheck."""
        self._view = view
        self.data = self._header(view.block)
        self._parsed = parse_header(self.data)
        self._accounts: dict[Address, Account] = {}
        self._codes: dict[Address, bytes] = {}
        self._events: dict[int, set[str]] = {}

    @property
    def header(self) -> Header:
        """The header of that block."""
        return self._parsed

    def words(self, address: Address, slots: Sequence[bytes]) -> list[bytes]:
        """Words of a contract's storage. Raises CouldNotCheck."""
        held = self._account(address).slots
        missing = sorted({slot for slot in slots if slot not in held})
        for start in range(0, len(missing), _PAGE):
            self._prove(address, missing[start : start + _PAGE])
        held = self._accounts[address].slots
        return [held[slot].value for slot in slots]

    def code(self, address: Address) -> bytes:
        """The code of a contract. Raises CouldNotCheck."""
        if address not in self._codes:
            wanted = self._account(address).code_hash
            self._codes[address] = self._proven(
                f"code of {address}", lambda node: self._code(node, address, wanted)
            )
        return self._codes[address]

    def events(self, query: LogQuery) -> Sequence[LogEntry]:
        """Events, as a quorum has them. Raises CouldNotCheck."""
        found = self._view.logs(query.address, query.topics, first=query.first, last=query.last)
        for entry in found:
            self._events.setdefault(entry.block, set()).add(entry.tx)
        return found

    def block(self, number: int) -> Block:
        """A block, as a quorum has it. Raises CouldNotCheck."""
        self._events.setdefault(number, set())
        return self._view.block_at(number)

    # ---- what goes into an archive

    def accounts(self) -> Iterator[tuple[Address, bytes]]:
        """Address and document of each contract that was read, by address."""
        for address, account in sorted(self._accounts.items()):
            yield address, encode_account(account)

    def codes(self) -> Mapping[Digest, bytes]:
        """Code that was read, by its hash."""
        return {keccak256(code): code for code in self._codes.values() if code}

    def told(self) -> tuple[Digest, ...]:
        """Hashes of the blocks that were read, by number."""
        blocks = map(self._view.block_at, sorted(self._events))
        return tuple(Digest(unhex0x(block.hash, WORD)) for block in blocks)

    def blocks(self) -> Iterator[tuple[int, bytes]]:
        """Number and document of each block that was read, by number. Raises CouldNotCheck."""
        for number, names in sorted(self._events.items()):
            block = self._view.block_at(number)
            read = partial(_told, block=block, names=names)
            yield number, self._proven(f"block {number}", read)

    # ---- what nodes are asked

    def _proven(self, what: str, job: Callable[[Reader], T]) -> T:
        """As of `View.proven`; where an answer has no shape of one, the next node is asked."""
        return self._view.proven(what, partial(_sane, job))

    def _header(self, block: Block) -> bytes:
        return self._proven(
            f"header {block.number}", lambda node: _header_of(node, block, full=False)[0]
        )

    def _account(self, address: Address) -> Account:
        if address not in self._accounts:
            self._prove(address, [])
        return self._accounts[address]

    def _prove(self, address: Address, slots: Sequence[bytes]) -> None:
        """Have these places proven, beside those that are."""
        what = f"proof of {address}"
        found = self._proven(what, lambda node: self._proof(node, address, slots))
        held = self._accounts.get(address)
        if held is not None:
            found = replace(held, slots={**held.slots, **found.slots})
        if len(found.slots) > MAX_SLOTS:
            raise CouldNotCheck("evidence-too-large", f"{len(found.slots)} places of {address}")
        self._accounts[address] = found

    def _proof(self, node: Reader, address: Address, slots: Sequence[bytes]) -> Account:
        keys = [hex0x(slot) for slot in slots]
        said = node.ask("eth_getProof", address, keys, hex(self.header.number))
        return read_account(_document(said, address, keys), self.header.state_root)

    def _code(self, node: Reader, address: Address, wanted: Digest) -> bytes:
        said = node.ask("eth_getCode", address, hex(self.header.number))
        code = hex_bytes(node.name, said)
        if (actual := keccak256(code)) != wanted:
            raise ProofMismatch("code", expected=wanted, actual=actual, code="code-differs")
        return code


def _sane(job: Callable[[Reader], T], node: Reader) -> T:
    """What comes of a node's answer. One that cannot be read is a fault of the node: a number below
    zero, a list where a text should be, a transaction that is not in its block."""
    try:
        return job(node)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise RpcNonsense(node.name, "an answer is not what it should be") from error


def _document(said: Any, address: Address, keys: Sequence[str]) -> dict[str, Any]:
    """What a node answers to `eth_getProof`, in the one spelling of `account`."""
    return {
        "accountProof": [node.lower() for node in said["accountProof"]],
        "address": address,
        "balance": hex(int(said["balance"], 16)),
        "codeHash": said["codeHash"].lower(),
        "nonce": hex(int(said["nonce"], 16)),
        "storageHash": said["storageHash"].lower(),
        "storageProof": [
            {
                "key": key,
                "proof": _nodes(said["storageHash"], one["proof"]),
                "value": hex(int(one["value"], 16)),
            }
            for key, one in zip(keys, said["storageProof"], strict=True)
        ],
    }


def _nodes(root: str, nodes: Sequence[str]) -> list[str]:
    """An empty trie has no node, whatever a node calls one."""
    empty = root.lower() == hex0x(EMPTY_ROOT)
    return [] if empty else [node.lower() for node in nodes]


def _header_of(node: Reader, block: Block, *, full: bool) -> tuple[bytes, Mapping[str, Any]]:
    """The bytes of a header, and all that the node says of the block."""
    said = node.ask("eth_getBlockByNumber", hex(block.number), full)
    if not isinstance(said, dict):
        raise RpcNonsense(node.name, "a block is not an object")
    return encode_header(said, block.hash), said


def _told(node: Reader, block: Block, names: set[str]) -> bytes:
    """The document of a block, with the proofs of these transactions."""
    data, said = _header_of(node, block, full=bool(names))
    if not names:
        return encode_told(data, {})
    header, transactions = parse_header(data), said["transactions"]
    hashes = [one["hash"].lower() for one in transactions]
    receipts = node.ask_many([("eth_getTransactionReceipt", (name,)) for name in hashes])
    for one in receipts:
        if isinstance(one, RpcFailure):
            raise one
    made = Trie({place_of(n): encode_receipt(one) for n, one in enumerate(receipts)})
    raw = Trie({place_of(n): encode_transaction(one) for n, one in enumerate(transactions)})
    for trie, root in ((made, header.receipts_root), (raw, header.transactions_root)):
        if trie.root != root:
            raise ProofMismatch(
                "trie of a block", expected=root, actual=trie.root, code="proof-differs"
            )
    places = [hashes.index(name) for name in sorted(names)]
    return encode_told(data, {n: (made.proof(place_of(n)), raw.proof(place_of(n))) for n in places})
