"""Signatures of anchors and votes, checked again from the transactions that brought them.

A call may have been wrapped by another contract. A signature proves the same wherever it stands, so
the calldata is searched for the call; where it is not found, nobody has lied: it was not seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from ledger.chain.contracts.contract_abi import Method, Name, Undecodable, decode, load
from ledger.chain.network import Hash32
from ledger.chain.nodes.quorum import View
from ledger.core import eip712
from ledger.core.errors import EvidenceError
from ledger.core.ids import Address, KeyId, keccak256, key_id
from ledger.core.keys import Alg

Seen = Literal["valid", "invalid", "not-seen", "no-transaction"]
# Places of a transaction's calldata that are looked at for the call: a batch of so many.
_MOST_CALLS = 256
_AHEAD = 4  # transactions on their way at once
_PORTION = 256  # transactions held at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What an event says was signed. expected: members of the struct that it tells."""

    tx: str
    contract: Name
    address: Address
    function: str
    struct: str
    expected: Mapping[str, Any]
    key_id: KeyId


def check(view: View, chain_id: int, signed: Iterable[Signed]) -> Iterator[tuple[Signed, Seen]]:
    """Each with what its transaction shows, in their order. Raises CouldNotCheck."""
    pool = ThreadPoolExecutor(_AHEAD, thread_name_prefix="transactions")
    try:
        waiting = iter(signed)
        while portion := list(islice(waiting, _PORTION)):
            names = list(dict.fromkeys(one.tx for one in portion))
            found = pool.map(lambda tx: view.transaction(Hash32(tx)), names)
            calldata = {
                tx: None if transaction is None else transaction.input
                for tx, transaction in zip(names, found, strict=True)
            }
            for one in portion:
                data = calldata[one.tx]
                yield one, "no-transaction" if data is None else seen(one, chain_id, data)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def seen(signed: Signed, chain_id: int, data: bytes) -> Seen:
    """What the calldata of a transaction shows of a signature."""
    function = load(signed.contract).functions[signed.function]
    domain = eip712.domain(signed.contract, chain_id, signed.address)
    answer: Seen = "not-seen"
    for decoded in _calls(function, data):
        values = _members(signed.struct, decoded)
        if any(values[name] != value for name, value in signed.expected.items()):
            continue
        try:
            digest = eip712.digest(domain, signed.struct, values)
            signer = eip712.recover(digest, decoded[-1])
        except EvidenceError:
            answer = "invalid"
            continue
        if key_id(Alg.SECP256K1, signer.public_key) == signed.key_id:
            return "valid"
        answer = "invalid"
    return answer


def _members(struct: str, decoded: Sequence[Any]) -> dict[str, Any]:
    """The struct that a call's arguments make: the first of them, or they themselves in order, of
    data its hash."""
    if isinstance(decoded[0], dict):
        return decoded[0]
    values = dict(zip(eip712.members(struct), decoded, strict=False))
    return {
        name: keccak256(value) if name == "dataHash" else value for name, value in values.items()
    }


def _calls(function: Method, data: bytes) -> Iterator[list[Any]]:
    """Arguments of every call of a function in calldata."""
    at = data.find(function.selector)
    for _ in range(_MOST_CALLS):
        if at < 0:
            return
        with suppress(Undecodable):  # only looks like a call
            yield decode(function.inputs, data[at + len(function.selector) :])
        at = data.find(function.selector, at + 1)
