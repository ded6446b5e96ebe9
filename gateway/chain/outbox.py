"""Transactions of this gateway: stored in its database, paid by its payer key."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from gateway.base.db import begin_write
from gateway.base.metrics import TIMEOUTS
from gateway.chain.models import transactions
from ledger.chain.contracts.contract_abi import NAMES, load
from ledger.chain.errors import NonceTaken, TxRefused, TxReverted
from ledger.chain.keys.signers import DigestSigner
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.rpc import FAILOVER_SECONDS, Rpc
from ledger.chain.sending.broadcast import Nodes
from ledger.chain.sending.fees import Fees
from ledger.chain.sending.transactions import MAX_TIP, Sender, StoredTx
from ledger.core.canonical import unhex0x
from ledger.core.ids import Address
from ledger.core.tiles import bundle_entries, encode_bundle

PUSH_SECONDS = 15.0
"""After so long without being mined a transaction is sent again, if need be with more to pay."""
LOCK = "outbox"


class Store:
    """`ledger.chain.sending.transactions.TxStore` over the table."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def get(self, key: str) -> StoredTx | None:
        """See TxStore."""
        query = sa.select(transactions).where(transactions.c.key == key)
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _stored(row)

    def open(self, sender: Address, chain_id: int) -> Sequence[StoredTx]:
        """See TxStore."""
        query = sa.select(transactions).where(
            transactions.c.sender == sender, transactions.c.chain_id == chain_id
        )
        with self._engine.connect() as connection:
            return [_stored(row) for row in connection.execute(query)]

    def save(self, tx: StoredTx) -> None:
        """See TxStore."""
        row = _row(tx)
        try:
            with begin_write(self._engine, LOCK) as connection:
                connection.execute(sa.delete(transactions).where(transactions.c.key == tx.key))
                connection.execute(sa.insert(transactions).values(row))
        except sa.exc.IntegrityError as error:
            raise NonceTaken(tx.key, tx.nonce) from error

    def remove(self, key: str) -> None:
        """See TxStore."""
        with begin_write(self._engine, LOCK) as connection:
            connection.execute(sa.delete(transactions).where(transactions.c.key == key))


class Outbox:
    """Sends each thing once, however often it is asked, and keeps pushing what is not mined."""

    def __init__(
        self,
        engine: sa.Engine,
        network: NetworkFile,
        payer: DigestSigner,
        *,
        max_tip: int = MAX_TIP,
    ) -> None:
        """`max_tip`: wei per gas."""
        timed_out = TIMEOUTS.labels("chain").inc
        self._rpcs = [Rpc(url, on_timeout=timed_out) for url in network.rpc]
        self._store = Store(engine)
        nodes = Nodes(self._rpcs, quorum=network.quorum, patience=FAILOVER_SECONDS)
        self._sender = Sender(nodes, payer, self._store, chain_id=network.chain_id, max_tip=max_tip)
        self._pushed: dict[str, float] = {}

    def send(self, key: str, to: Address, data: bytes) -> bytes:
        """Send it, or see to it that it gets on; returns the hash of the newest attempt.

        Raises TxRefused where the contract would refuse it, TxReverted where it has, TxRejected
        where the nodes do not take it, each on the word of a quorum; CouldNotCheck where there is
        none.
        """
        last = self._pushed.get(key)
        if last is not None and time.monotonic() - last < PUSH_SECONDS:
            stored = self._store.get(key)
            if stored is not None:
                return _hash(stored)
        stored = self._sender.send(key, to, data) if last is None else self._push(key, to, data)
        self._pushed[key] = time.monotonic()
        return _hash(stored)

    def balance(self) -> int:
        """Wei that the payer has, as a quorum says. Raises CouldNotCheck."""
        return self._sender.balance()

    def done(self, key: str) -> None:
        """Forget it: final, or not wanted any more."""
        self._pushed.pop(key, None)
        self._sender.done(key)

    def close(self) -> None:
        """Drop the connections."""
        for rpc in self._rpcs:
            rpc.close()

    def _push(self, key: str, to: Address, data: bytes) -> StoredTx:
        if self._store.get(key) is None:  # the chain it was for is gone
            return self._sender.send(key, to, data)
        receipt = self._sender.poll(key)
        if receipt is not None and not receipt.success:
            raise TxReverted(key, hash_=receipt.tx, block=receipt.block)
        return self._sender.push(key)


def refusal(error: TxRefused) -> tuple[str, dict[str, Any]]:
    """The name of the contract's error and its values; `reverted` where it is none of ours."""
    for name in NAMES:
        found = load(name).refusal(error.payload)
        if found is not None:
            return found
    return "reverted", {}


def _hash(stored: StoredTx) -> bytes:
    return unhex0x(stored.hashes[0], 32)


def _stored(row: sa.Row[Any]) -> StoredTx:
    tip = None if row.tip is None else int(row.tip)
    return StoredTx(
        key=row.key,
        sender=Address(row.sender),
        chain_id=row.chain_id,
        to=None if row.to_address is None else Address(row.to_address),
        data=row.data,
        gas=row.gas,
        nonce=row.nonce,
        fees=Fees(most=int(row.max_fee), tip=tip),
        raws=tuple(bundle_entries(row.raws)),
    )


def _row(tx: StoredTx) -> dict[str, Any]:
    return {
        "key": tx.key,
        "sender": tx.sender,
        "chain_id": tx.chain_id,
        "to_address": tx.to,
        "data": tx.data,
        "gas": tx.gas,
        "nonce": tx.nonce,
        "max_fee": str(tx.fees.most),
        "tip": None if tx.fees.tip is None else str(tx.fees.tip),
        "raws": encode_bundle(tx.raws),
    }
