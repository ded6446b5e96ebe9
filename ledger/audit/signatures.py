"""Signatures of anchors, votes and acts, checked again from the transactions that brought them.

A call may have been wrapped by another contract. A signature proves the same wherever it stands, so
the calldata is searched for the call; where it is not found, nobody has lied: it was not seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby, islice
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
    """What an event says was signed. expected: members of the struct that it tells. among: lists in
    it, with what stands somewhere in each."""

    tx: str
    contract: Name
    address: Address
    function: str
    struct: str
    expected: Mapping[str, Any]
    key_id: KeyId
    among: Mapping[str, Any] = field(default_factory=dict)


class _Call:
    """A call that was found in calldata; who signed it is computed where somebody asks."""

    def __init__(self, signed: Signed, domain: bytes, decoded: Sequence[Any]) -> None:
        self.values = _members(signed.struct, decoded)
        self._struct, self._domain, self._signature = signed.struct, domain, decoded[-1]

    def says(self, signed: Signed) -> bool:
        """Whether it is what an event tells."""
        told = self.values
        return all(told[name] == value for name, value in signed.expected.items()) and all(
            one in told[name] for name, one in signed.among.items()
        )

    @cached_property
    def signer(self) -> KeyId | None:
        """The key that signed; None: there is no such key."""
        try:
            digest = eip712.digest(self._domain, self._struct, self.values)
            return key_id(Alg.SECP256K1, eip712.recover(digest, self._signature).public_key)
        except EvidenceError:
            return None


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
            for _, same in groupby(portion, key=lambda one: (one.tx, one.address, one.function)):
                together = list(same)
                data = calldata[together[0].tx]
                calls = [] if data is None else _found(together[0], chain_id, data)
                for one in together:
                    yield one, "no-transaction" if data is None else _judged(one, calls)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def signed_call(signed: Signed, chain_id: int, data: bytes) -> Mapping[str, Any] | None:
    """What was signed, by the call in some calldata that an event tells of and whose signature is
    of the key that it names; None: there is none such in it."""
    calls = (call for call in _found(signed, chain_id, data) if call.says(signed))
    return next((call.values for call in calls if call.signer == signed.key_id), None)


def _found(signed: Signed, chain_id: int, data: bytes) -> list[_Call]:
    """Calls of the function in calldata."""
    function = load(signed.contract).functions[signed.function]
    domain = eip712.domain(signed.contract, chain_id, signed.address)
    return [_Call(signed, domain, decoded) for decoded in _calls(function, data)]


def _judged(signed: Signed, calls: Iterable[_Call]) -> Seen:
    """What the calls of a transaction show of a signature."""
    answer: Seen = "not-seen"
    for call in calls:
        if call.says(signed):
            if call.signer == signed.key_id:
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
