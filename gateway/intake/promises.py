"""Promises: signing one over a set of leaves, and finding the one that covers a leaf."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from gateway.chain.interfaces import MemberFacts
from gateway.intake.interfaces import SignedPromise
from gateway.log.models import entries, logs, promises
from ledger.chain.keys.signers import DigestSigner
from ledger.core import merkle
from ledger.core.canonical import hex0x, unhex0x, unhex32
from ledger.core.promise import digest

SIGNATURE_BYTES = 65

# Made once: building a statement costs more than SQLite takes to answer it.
_INSERT = sa.insert(promises).returning(promises.c.id)
_PROMISE = (
    sa.select(promises, logs.c.log_id)
    .join(logs, logs.c.id == promises.c.log)
    .where(promises.c.id == sa.bindparam("promise_id"))
)
_LEAVES = (
    sa.select(entries.c.leaf)
    .where(entries.c.id.between(sa.bindparam("first"), sa.bindparam("last")))
    .order_by(entries.c.id)
)


def make_promise(
    facts: MemberFacts,
    log_id: bytes,
    leaves: Sequence[bytes],
    issued_at: int,
    *,
    due_in: int,
    signer: DigestSigner,
) -> SignedPromise:
    """A promise over these leaves in this order. due_in: seconds. signer: an ANCHOR key valid at
    `issued_at`. Raises NotReady where it gives no signature."""
    due = issued_at + due_in
    leaves_root = merkle.root(leaves)
    signed = digest(
        chain_id=facts.chain_id,
        log_anchor=facts.log_anchor,
        member=facts.member,
        log=log_id,
        leaves_root=leaves_root,
        count=len(leaves),
        issued_at=issued_at,
        due=due,
    )
    signature = signer.sign_digest(signed)
    return SignedPromise(
        log=log_id.hex(),
        leaves_root=leaves_root.hex(),
        count=len(leaves),
        issued_at=issued_at,
        due=due,
        signature=hex0x(signature),
    )


def insert_promise(
    connection: sa.Connection, promise: SignedPromise, *, log: int, key_id: bytes
) -> int:
    """Store it; returns its row number."""
    row = {
        "log": log,
        "leaves_root": unhex32(promise.leaves_root),
        "count": promise.count,
        "issued_at": promise.issued_at,
        "due": promise.due,
        "signature": unhex0x(promise.signature, SIGNATURE_BYTES),
        "key_id": key_id,
    }
    return int(connection.execute(_INSERT, row).scalar_one())


def with_path(promise: SignedPromise, leaves: Sequence[bytes], index: int) -> dict[str, Any]:
    """The proof that a promise covers one leaf: what the answer to a single record holds."""
    path = merkle.inclusion_path(leaves, index)
    return {"promise": promise.as_dict(), "index": index, "path": [node.hex() for node in path]}


def find_promise(connection: sa.Connection, promise_id: int) -> tuple[SignedPromise, list[bytes]]:
    """A stored promise and the leaves that it covers, in order."""
    row = connection.execute(_PROMISE, {"promise_id": promise_id}).one()
    last = row.first_entry + row._mapping["count"] - 1
    leaves = connection.scalars(_LEAVES, {"first": row.first_entry, "last": last}).all()
    promise = SignedPromise(
        log=row.log_id.hex(),
        leaves_root=row.leaves_root.hex(),
        count=len(leaves),
        issued_at=row.issued_at,
        due=row.due,
        signature=hex0x(row.signature),
    )
    return promise, list(leaves)
