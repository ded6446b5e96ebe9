"""An account and places of its storage, proven against the state root of a header (EIP-1186).

The document is what a node answers to `eth_getProof`, in one spelling: whoever has another program
that checks such answers can check ours with it, one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger.core import canonical
from ledger.core.canonical import hex0x, unhex, unhex0x
from ledger.core.errors import Malformed, ProofMismatch
from ledger.core.ids import ADDRESS_SIZE, WORD, Address, Digest, address_bytes, keccak256
from ledger.evidence.items import decode, number_of, strings
from ledger.evidence.trie import EMPTY_ROOT, value_at

NO_CODE: Final = keccak256(b"")
"""Hash of the code of an account that has none."""
MAX_SLOTS: Final = 1 << 15
"""Places of one contract: a member with a thousand keys has five thousand."""
MAX_NODES: Final = 65
"""Nodes of a proof: a key of a trie has 64 half bytes."""
MAX_PARTS: Final = 1 << 21
"""Of a document: as many places with forty nodes each."""
_TYPE = {
    "accountProof", "address", "balance", "codeHash", "nonce", "storageHash", "storageProof",
}  # fmt: skip
_PLACE = {"key", "proof", "value"}
_ZERO = bytes(WORD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One place of the storage: the word there, and the nodes that prove it."""

    value: bytes
    nodes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account as the state has it, and those places of its storage that are proven. One that is
    not there has no code, and zero everywhere."""

    address: Address
    nonce: int
    balance: int
    code_hash: Digest
    storage_hash: Digest
    nodes: tuple[bytes, ...]
    slots: Mapping[bytes, Proof]


def parse_account(data: bytes, state_root: Digest, most: int) -> Account:
    """The account of such a document, every proof of which was checked against the state root.
    most: bytes. Raises Malformed and ProofMismatch, with their codes."""
    demand_few(data, "proof")
    try:
        value = canonical.parse(data, max_bytes=most, max_depth=4)
    except Malformed as error:
        raise Malformed("proof", error.problem, code="proof-malformed") from error
    return read_account(value, state_root)


def demand_few(data: bytes, what: str) -> None:
    """Raise Malformed where a document has more parts than any of ours, each of which takes many
    times its bytes in memory, before it is parsed."""
    if sum(map(data.count, (b",", b"[", b"{"))) > MAX_PARTS:
        raise Malformed(what, f"more than {MAX_PARTS} parts", code="proof-malformed")


def read_account(value: Any, state_root: Digest) -> Account:
    """The same, of the parsed document."""
    said = _object(value, _TYPE)
    address = Address(hex0x(_bytes(said["address"], ADDRESS_SIZE)))
    nodes = _nodes(said["accountProof"])
    found = value_at(state_root, keccak256(address_bytes(address)), nodes)
    nonce, balance, storage, code = _account(found)
    told = (_number(said["nonce"]), _number(said["balance"]))
    _demand("nonce and balance", (nonce, balance), told)
    _demand("storageHash", storage, _bytes(said["storageHash"], WORD))
    _demand("codeHash", code, _bytes(said["codeHash"], WORD))
    return Account(
        address=address,
        nonce=nonce,
        balance=balance,
        code_hash=code,
        storage_hash=storage,
        nodes=nodes,
        slots=_slots(said["storageProof"], storage),
    )


def encode_account(account: Account) -> bytes:
    """The document of an account, in its one spelling."""
    return canonical.encode(
        {
            "accountProof": [hex0x(node) for node in account.nodes],
            "address": account.address,
            "balance": hex(account.balance),
            "codeHash": hex0x(account.code_hash),
            "nonce": hex(account.nonce),
            "storageHash": hex0x(account.storage_hash),
            "storageProof": [
                {
                    "key": hex0x(slot),
                    "proof": [hex0x(node) for node in proof.nodes],
                    "value": hex(int.from_bytes(proof.value, "big")),
                }
                for slot, proof in sorted(account.slots.items())
            ],
        }
    )


def _account(found: bytes | None) -> tuple[int, int, Digest, Digest]:
    """Nonce, balance, root of the storage, hash of the code."""
    if found is None:
        return 0, 0, EMPTY_ROOT, NO_CODE
    nonce, balance, storage, code = strings(decode(found, "account"), "account", 4)
    if len(storage) != WORD or len(code) != WORD:
        raise Malformed("account", "a hash is not 32 bytes", code="proof-malformed")
    return (
        number_of(nonce, "account", 64),
        number_of(balance, "account", 256),
        Digest(storage),
        Digest(code),
    )


def _slots(value: Any, root: Digest) -> dict[bytes, Proof]:
    """The places, which ascend."""
    found: dict[bytes, Proof] = {}
    last = b""
    for one in _list(value, MAX_SLOTS):
        place = _object(one, _PLACE)
        slot = _bytes(place["key"], WORD)
        if slot <= last:
            raise Malformed("proof", "places that do not ascend", code="proof-malformed")
        last = slot
        nodes = _nodes(place["proof"])
        word = _word(value_at(root, keccak256(slot), nodes))
        _demand("value of a place", int.from_bytes(word, "big"), _number(place["value"]))
        found[slot] = Proof(value=word, nodes=nodes)
    return found


def _word(found: bytes | None) -> bytes:
    """The word of a place. Nothing there is zero; a zero that stands there, which chains for
    development write, is one too."""
    if found is None:
        return _ZERO
    return number_of(decode(found, "word"), "word", 8 * WORD).to_bytes(WORD, "big")


def _demand(what: str, expected: object, actual: object) -> None:
    if expected != actual:
        raise ProofMismatch(what, expected=expected, actual=actual, code="proof-differs")


def _object(value: Any, names: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != names:
        raise Malformed("proof", "members missing or unknown", code="proof-malformed")
    return value


def _list(value: Any, most: int) -> Sequence[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise Malformed("proof", f"not a list of at most {most}", code="proof-malformed")
    return value


def _nodes(value: Any) -> tuple[bytes, ...]:
    return tuple(_any_bytes(one) for one in _list(value, MAX_NODES))


def _any_bytes(value: Any) -> bytes:
    return _bytes(value, (len(value) - 2) // 2 if isinstance(value, str) else 0)


def _bytes(value: Any, size: int) -> bytes:
    try:
        return unhex0x(value if isinstance(value, str) else "", size)
    except Malformed as error:
        raise Malformed("proof", error.problem, code="proof-malformed") from error


def _number(value: Any) -> int:
    """A number as nodes write it: hex, without zeros in front."""
    digits = value[2:] if isinstance(value, str) and value.startswith("0x") else ""
    data = digits.rjust(len(digits) + len(digits) % 2, "0")
    try:
        number = int.from_bytes(unhex(data, len(data) // 2), "big")
    except Malformed as error:
        raise Malformed("proof", "a number is not one", code="proof-malformed") from error
    if hex(number) != value:
        raise Malformed("proof", "a number with another spelling", code="proof-malformed")
    return number
