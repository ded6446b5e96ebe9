"""Sending transactions so that none is lost and none is forgotten.

    sender.send("anchor/17", to, data)      # stored, then sent; again: the same transaction
    sender.poll("anchor/17")                # its receipt once it is on the chain
    sender.push("anchor/17")                # not mined for long: send again, pay more
    sender.done("anchor/17")                # never to be sent again

What is sent is stored first. An answer that was lost means "perhaps": the receipt decides. Of
several nodes a minority may lie (`broadcast`).
Contracts must bear a transaction twice (ours compare and swap): a key whose nonce was used up by
somebody else is signed again with another nonce.
"""

import itertools
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from ledger.chain.errors import (
    FeeTooHigh,
    NoFunds,
    NonceTaken,
    PayerEmpty,
    Reverted,
    TxPending,
    TxRefused,
    TxRejected,
    TxReverted,
)
from ledger.chain.keys.signers import DigestSigner
from ledger.chain.network import Hash32
from ledger.chain.nodes.blocks import TxReceipt
from ledger.chain.nodes.rpc import Caller
from ledger.chain.sending import rawtx
from ledger.chain.sending.broadcast import Nodes, Outcome
from ledger.chain.sending.fees import GWEI, Fees
from ledger.core.canonical import hex0x
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import Address

# Wei per gas above which we do not go, whatever a node suggests: it must not empty the payer.
MAX_FEE = 2_000 * GWEI
MAX_TIP = 50 * GWEI
# Estimates are for the state now; another transaction may come before ours.
_GAS_NUMERATOR, _GAS_DENOMINATOR = 5, 4
_MOST_GAS = 1 << 24  # of one transaction (EIP-7825); the margin must not cross it
_MAX_ATTEMPTS = 32  # kept per key; older ones have long been replaced
_NONCE_TRIES = 100  # processes that choose a nonce at the same instant


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTx:
    """A transaction as stored. `raws`: every signed attempt, the newest last; any of them may be
    mined. `nonce` and `fees` are those of the newest."""

    key: str
    sender: Address
    chain_id: int
    to: Address | None
    data: bytes
    gas: int
    nonce: int
    fees: Fees
    raws: tuple[bytes, ...]

    @property
    def hashes(self) -> tuple[Hash32, ...]:
        """Of all attempts, the newest first: the likeliest."""
        return tuple(rawtx.tx_hash(raw) for raw in reversed(self.raws))


class TxStore(Protocol):
    """Where transactions outlive the process. Each call is durable when it returns."""

    def get(self, key: str) -> StoredTx | None:
        """None where there is none of this key."""

    def open(self, sender: Address, chain_id: int) -> Sequence[StoredTx]:
        """All that are stored."""

    def save(self, tx: StoredTx) -> None:
        """Add, or replace the one of the same key. Raises NonceTaken where another key of this
        sender and chain has the nonce."""

    def remove(self, key: str) -> None:
        """Also where there is none."""


class MemoryTxStore:
    """For what can be started again from the beginning: deployment, tests."""

    def __init__(self) -> None:
        self._stored: dict[str, StoredTx] = {}

    def get(self, key: str) -> StoredTx | None:
        return self._stored.get(key)

    def open(self, sender: Address, chain_id: int) -> Sequence[StoredTx]:
        return [
            tx for tx in self._stored.values() if (tx.sender, tx.chain_id) == (sender, chain_id)
        ]

    def save(self, tx: StoredTx) -> None:
        others = self.open(tx.sender, tx.chain_id)
        if any(other.nonce == tx.nonce and other.key != tx.key for other in others):
            raise NonceTaken(tx.key, tx.nonce)
        self._stored[tx.key] = tx

    def remove(self, key: str) -> None:
        self._stored.pop(key, None)


class Sender:
    """Sends from one account. Safe to share between threads."""

    def __init__(
        self,
        rpc: Caller | Nodes,
        signer: DigestSigner,
        store: TxStore,
        *,
        chain_id: int,
        max_fee: int = MAX_FEE,
        max_tip: int = MAX_TIP,
    ) -> None:
        """`rpc`: one node, or several as `Nodes`. `signer`: the account that pays. `max_fee`:
        wei per gas. `max_tip`: of that what a block's maker gets; no suggestion goes beyond."""
        self.address = signer.address
        self._nodes = rpc if isinstance(rpc, Nodes) else Nodes([rpc], quorum=1)
        self._signer = signer
        self._store = store
        self._chain_id = chain_id
        self._max_fee = max_fee
        self._max_tip = max_tip
        self._legacy = False
        self._lock = threading.Lock()

    def send(
        self, key: str, to: Address | None, data: bytes, *, gas: int | None = None
    ) -> StoredTx:
        """Store and send; where `key` is stored already, that one is sent once more.

        `gas` None: estimated. Returns also where the answer was lost. Raises TxRefused where the
        contract would refuse it (nothing is stored), TxRejected where the nodes do not take it
        (what was signed stays stored: `push` later, or `done`), CouldNotCheck where too few answer
        beforehand.
        """
        with self._lock:
            stored = self._store.get(key) or self._prepare(key, to, data, gas)
            return self._deliver(stored)

    def poll(self, key: str) -> TxReceipt | None:
        """The receipt where a quorum shows an attempt on the chain; else None."""
        stored = self._stored(key)
        for hash_ in stored.hashes:
            receipt = self._nodes.receipt(hash_)
            if receipt is not None:
                return receipt
        return None

    def push(self, key: str) -> StoredTx:
        """For one that is not mined for long: sends it again, with more to pay where the node has
        it already, with another nonce where its own is used up or leaves a gap before it (a chain
        that was rebuilt). Raises as `send`."""
        with self._lock:
            stored = self._stored(key)
            if self._misplaced(stored):
                if self.poll(key) is None:
                    return self._deliver(self._sign_anew(stored))
                return stored
            outcome = self._submit(stored)
            if outcome is not Outcome.KNOWN:
                return self._mend(stored, outcome)
            raised = self._raise_fees(stored)
            if raised != stored:
                self._submit(raised)
            return raised

    def balance(self) -> int:
        """Wei that the account has to pay with. Raises CouldNotCheck."""
        return self._nodes.balance(self.address)

    def done(self, key: str) -> None:
        """Forget it: mined and final, or not wanted any more."""
        self._store.remove(key)

    def wait(
        self,
        key: str,
        *,
        seconds: float = 60.0,
        every: float = 0.1,
        push_after: float = 15.0,
    ) -> TxReceipt:
        """Poll until it is mined, pushing now and then. Raises TxReverted, TxPending.

        every: seconds between two looks; the first come sooner, for a chain that mines at once.
        """
        pause = every / 16
        end = time.monotonic() + seconds
        next_push = time.monotonic() + push_after
        down: CouldNotCheck | None = None
        while True:
            try:
                receipt = self.poll(key)
                if receipt is None and time.monotonic() >= next_push:
                    next_push = time.monotonic() + push_after
                    self.push(key)
                down = None
            except CouldNotCheck as failure:  # it may be mined all the same
                receipt, down = None, failure
            if receipt is not None:
                if not receipt.success:
                    raise TxReverted(key, hash_=receipt.tx, block=receipt.block)
                return receipt
            if time.monotonic() >= end:
                raise TxPending(key, f"not mined within {seconds:g} seconds") from down
            time.sleep(pause)
            pause = min(every, 2 * pause)

    def _stored(self, key: str) -> StoredTx:
        stored = self._store.get(key)
        if stored is None:
            raise KeyError(key)
        return stored

    def _prepare(self, key: str, to: Address | None, data: bytes, gas: int | None) -> StoredTx:
        blank = StoredTx(
            key=key,
            sender=self.address,
            chain_id=self._chain_id,
            to=to,
            data=data,
            gas=self._estimate(key, to, data) if gas is None else gas,
            nonce=0,
            fees=Fees(most=0, tip=None),
            raws=(),
        )
        return self._sign_anew(blank)

    def _estimate(self, key: str, to: Address | None, data: bytes) -> int:
        wanted = {"from": self.address, "data": hex0x(data)} | ({} if to is None else {"to": to})
        try:
            gas = self._nodes.estimate(wanted)
        except Reverted as refusal:
            raise TxRefused(key, refusal.payload) from refusal
        except NoFunds as refusal:
            raise PayerEmpty(key, payer=self.address, text=refusal.text) from refusal
        roomy = min(_MOST_GAS, gas.needed * _GAS_NUMERATOR // _GAS_DENOMINATOR)
        return min(gas.limit, max(gas.needed, roomy))

    def _fees(self) -> Fees:
        return self._nodes.fees(legacy=self._legacy).capped(self._max_tip)

    def _count(self, which: str) -> int:
        """Number of our transactions on the chain, or with those waiting in line behind them."""
        return self._nodes.count(self.address, which)

    def _taken(self) -> set[int]:
        return {tx.nonce for tx in self._store.open(self.address, self._chain_id)}

    def _sign_anew(self, tx: StoredTx) -> StoredTx:
        """With the first nonce that nothing of ours and nothing in the node's queue has."""
        fees = self._fees()
        for _ in range(_NONCE_TRIES):
            taken = self._taken()
            nonce = next(n for n in itertools.count(self._count("pending")) if n not in taken)
            try:
                return self._sign(replace(tx, nonce=nonce), fees)
            except NonceTaken:  # another process was faster
                continue
        raise TxRejected(tx.key, "no free nonce")

    def _sign(self, tx: StoredTx, fees: Fees) -> StoredTx:
        """One attempt more, stored."""
        if fees.most > self._max_fee:
            raise FeeTooHigh(tx.key, fee=fees.most, limit=self._max_fee)
        raw = rawtx.sign(
            self._signer,
            chain_id=tx.chain_id,
            nonce=tx.nonce,
            to=tx.to,
            data=tx.data,
            gas=tx.gas,
            fees=fees,
        )
        signed = replace(tx, fees=fees, raws=(*tx.raws, raw)[-_MAX_ATTEMPTS:])
        self._store.save(signed)
        return signed

    def _misplaced(self, tx: StoredTx) -> bool:
        """Whether its nonce is used up, or one before it will never come."""
        if self._count("latest") > tx.nonce:
            return True
        taken = self._taken()
        return any(n not in taken for n in range(self._count("pending"), tx.nonce))

    def _raise_fees(self, tx: StoredTx) -> StoredTx:
        fees = tx.fees.bumped(self._fees())
        if fees == tx.fees or fees.most > self._max_fee or (fees.tip or 0) > self._max_tip:
            return tx  # a network without fees, or more than we are ready to pay: wait on
        return self._sign(tx, fees)

    def _deliver(self, tx: StoredTx) -> StoredTx:
        """Submit the newest attempt."""
        return self._mend(tx, self._submit(tx))

    def _mend(self, tx: StoredTx, outcome: Outcome) -> StoredTx:
        """What can be done at once about an attempt that was not taken."""
        if outcome is Outcome.NO_TYPE_2 and not self._legacy:
            self._legacy = True
            tx = self._sign(tx, self._fees())
        elif outcome is Outcome.NOT_MORE and len(tx.raws) == 1:
            tx = self._sign_anew(tx)  # somebody else with our key is in the queue
        elif outcome in (Outcome.TOO_CHEAP, Outcome.NOT_MORE):
            tx = self._raise_fees(tx)
        else:
            return tx
        self._submit(tx)
        return tx

    def _submit(self, tx: StoredTx) -> Outcome:
        said = self._nodes.submit(tx.raws[-1])
        if said.outcome is Outcome.NO_FUNDS:
            raise PayerEmpty(tx.key, payer=self.address, text=said.text)
        if said.outcome is Outcome.REJECTED:
            raise TxRejected(tx.key, said.text)
        return said.outcome
