"""Rows, and a judge of promises that uses none of our code: RFC 9162 by recursion, EIP-712 by
eth-account."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from eth_account import Account
from eth_account.messages import encode_typed_data

from gateway.intake.interfaces import RowInput
from gateway.log.models import entries, pending
from gateway.node import Node
from gateway.records.content import Content
from gateway.records.models import records
from gateway.records.store import WITH_KEYS, open_content
from gateway.tokens.services import add_token
from tests.records.examples import penalty
from tests.support.node import CHAIN_ID, LOG_ANCHOR, LOG_ID, MEMBER

OTHER_SUBJECT = "91110108551385082Q"
OF_BEIJING = "11110105MA700000XC"
"""An authority of the member's own region."""
PROMISE_TYPE = [
    {"name": "member", "type": "bytes32"},
    {"name": "logId", "type": "bytes32"},
    {"name": "leavesRoot", "type": "bytes32"},
    {"name": "count", "type": "uint64"},
    {"name": "issuedAt", "type": "uint64"},
    {"name": "due", "type": "uint64"},
]
DOMAIN_TYPE = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]


def number(n: int) -> str:
    return f"样市监罚〔2026〕{n}号"


def row(n: int = 1, at: int | None = None, **changes: object) -> RowInput:
    """A good penalty with document number `n`; `at` is its place."""
    fields = penalty(**{"CF_WSH": number(n), "CF_CFJGDM": OF_BEIJING, **changes})
    return RowInput(row=at, type="penalty", fields=fields)


def record(n: int = 1, **changes: object) -> dict[str, Any]:
    """The same as record JSON."""
    return {"type": "penalty", "schema": "1", "fields": penalty(CF_WSH=number(n), **changes)}


def new_token(
    node: Node,
    *scopes: str,
    department: str | None = "市监局",
    authorities: Sequence[str] = (),
    name: str = "test",
) -> str:
    return add_token(
        node.ctx.engine,
        name=name,
        scopes=scopes or ("submit",),
        department=department,
        authorities=authorities,
        now=node.ctx.clock.now(),
    )[1]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def plain_root(leaves: Sequence[bytes]) -> bytes:
    """RFC 9162 2.1.1 over leaf hashes."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\1" + plain_root(leaves[:half]) + plain_root(leaves[half:])).digest()


def climb(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that a path leads to, from the definition of PATH."""
    if size == 1:
        assert not path
        return leaf
    half = 1
    while half * 2 < size:
        half *= 2
    if index < half:
        pair = climb(leaf, index, half, path[:-1]) + path[-1]
    else:
        pair = path[-1] + climb(leaf, index - half, size - half, path[:-1])
    return hashlib.sha256(b"\1" + pair).digest()


def promise_signer(promise: dict[str, Any]) -> str:
    """The address that signed it, in lower case."""
    message = {
        "primaryType": "Promise",
        "types": {"EIP712Domain": DOMAIN_TYPE, "Promise": PROMISE_TYPE},
        "domain": {
            "name": "CreditLedger LogAnchor",
            "version": "1",
            "chainId": CHAIN_ID,
            "verifyingContract": LOG_ANCHOR,
        },
        "message": {
            "member": MEMBER.encode().ljust(32, b"\0"),
            "logId": bytes.fromhex(promise["log"]),
            "leavesRoot": bytes.fromhex(promise["leavesRoot"]),
            "count": promise["count"],
            "issuedAt": _seconds(promise["issuedAt"]),
            "due": _seconds(promise["due"]),
        },
    }
    signable = encode_typed_data(full_message=message)
    signer: str = Account.recover_message(signable, signature=promise["signature"])
    return signer.lower()


def check_promise(node: Node, promise: dict[str, Any], leaves: Sequence[str]) -> None:
    """The promise covers exactly these leaves (hex) in this order."""
    assert promise["_type"] == "credit-ledger/promise@1"
    assert promise["log"] == LOG_ID.hex()
    assert promise["count"] == len(leaves)
    assert promise["leavesRoot"] == plain_root([bytes.fromhex(leaf) for leaf in leaves]).hex()
    assert promise_signer(promise) == node.signing.keys.anchor.address


def stored(node: Node) -> dict[str, Content]:
    """leaf (hex) -> content of every record in the database."""
    with node.ctx.engine.connect() as connection:
        rows = connection.execute(
            WITH_KEYS.add_columns(entries.c.leaf).join(entries, records.c.id == entries.c.id)
        ).all()
    return {row.leaf.hex(): open_content(node.vault, row, row.leaf) for row in rows}


def count(node: Node, table: sa.Table) -> int:
    with node.ctx.engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def pending_entries(node: Node) -> dict[str, bytes]:
    """leaf (hex) -> entry, of what waits for the tree."""
    with node.ctx.engine.connect() as connection:
        rows = connection.execute(sa.select(pending.c.leaves, pending.c.entries)).all()
    found = {}
    for leaves, lines in rows:
        split = [leaves[at : at + 32] for at in range(0, len(leaves), 32)]
        for leaf, entry in zip(split, lines.split(b"\n"), strict=True):
            found[leaf.hex()] = entry
    return found


def _seconds(text: str) -> int:
    moment = datetime.fromisoformat(text)
    assert text.endswith("Z")
    return int(moment.timestamp())
