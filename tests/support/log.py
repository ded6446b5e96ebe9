"""Entries for a log, and a reader of it that knows nothing of our code.

The reader is written from the C2SP texts (tlog-checkpoint, tlog-tiles, signed-note) and RFC 9162.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.base.db import begin_write
from gateway.log.located import locate
from gateway.log.models import entries, pending, promises
from gateway.log.services import enqueue, log_row
from gateway.node import Node
from ledger.core.ids import record_id
from tests.support.node import LOG_ID

REPLACES = f'"replaces":"{"ab" * 32}",'


def make_entries(count: int, seed: str = "", log_id: bytes = LOG_ID) -> list[bytes]:
    """Entries without records, of unequal length; the same for the same arguments."""
    digests = (hashlib.sha256(f"{seed}/{i}".encode()).hexdigest() for i in range(count))
    return [
        f'{{"_type":"credit-ledger/entry@1","commitment":"{digest}","kind":"statement",'
        f'"log":"{log_id.hex()}",{REPLACES * (i % 2)}"suite":"sha256"}}'.encode()
        for i, digest in enumerate(digests)
    ]


def commitment_of(entry: bytes) -> bytes:
    """What an entry commits to."""
    return bytes.fromhex(json.loads(entry)["commitment"])


def _record_id(log_id: bytes, entry: bytes) -> bytes:
    """Zeros where the entry is none: it is to be refused for that."""
    try:
        return record_id(log_id, commitment_of(entry))
    except (ValueError, KeyError):
        return bytes(32)


def promise_entries(node: Node, batch: Sequence[bytes], log_id: bytes = LOG_ID) -> range:
    """Store entries as intake does, without records."""
    leaves = [hashlib.sha256(b"\0" + entry).digest() for entry in batch]
    with begin_write(node.ctx.engine) as connection:
        log = log_row(connection, log_id)
        values = {
            "log": log,
            "leaves_root": bytes(32),
            "count": len(batch),
            "issued_at": 1,
            "due": 2,
            "signature": bytes(65),
            "key_id": bytes(32),
        }
        promise = connection.execute(
            sa.insert(promises).values(values).returning(promises.c.id)
        ).scalar_one()
        rows = enqueue(
            connection,
            log=log,
            promise=promise,
            leaves=leaves,
            record_ids=[_record_id(log_id, entry) for entry in batch],
            entry_bytes=batch,
        )
    node.ctx.signals.promised.set()
    return rows


def stored_indexes(node: Node) -> dict[bytes, int | None]:
    """leaf -> index, as the database has it."""
    with node.ctx.engine.connect() as connection:
        found = [locate(connection, leaf) for leaf in connection.scalars(sa.select(entries.c.leaf))]
    return {item.leaf: item.index for item in found if item is not None}


def pending_count(node: Node) -> int:
    """How many entries are promised and not published."""
    with node.ctx.engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.sum(pending.c.count))) or 0


# ---- the independent reader

Fetch = Callable[[str], bytes]
"""path below the log's URL -> body; raises where the status is not 200."""


@dataclass(frozen=True)
class ReadLog:
    """A whole log as a stranger reads it."""

    size: int
    root: bytes
    entries: list[bytes]


def read_log(fetch: Fetch, *, origin: str, note_key: bytes) -> ReadLog:
    """Fetch checkpoint, every tile and every bundle, and check all of it against each other."""
    size, root = _checkpoint(fetch("checkpoint"), origin, note_key)
    leaves: list[bytes] = []
    found: list[bytes] = []
    for n in range(-(-size // 256)):
        width = min(256, size - 256 * n)
        leaves += _split(fetch(f"tile/0/{_path(n, width)}"), width)
        found += _bundle(fetch(f"tile/entries/{_path(n, width)}"), width)
    assert [hashlib.sha256(b"\0" + entry).digest() for entry in found] == leaves
    assert mth(leaves) == root
    level = 1
    while size >> 8 * level:
        above = size >> 8 * level
        for n in range(-(-above // 256)):
            width = min(256, above - 256 * n)
            hashes = _split(fetch(f"tile/{level}/{_path(n, width)}"), width)
            span = 256**level
            for i, node in enumerate(hashes):
                first = (256 * n + i) * span
                assert node == mth(leaves[first : first + span])
        level += 1
    return ReadLog(size, root, found)


def _checkpoint(note: bytes, origin: str, key: bytes) -> tuple[int, bytes]:
    text, _, signatures = note.decode().partition("\n\n")
    text += "\n"
    name, size, root = text.splitlines()
    assert name == origin
    dash, signer, blob = signatures.rstrip("\n").split(" ")
    assert (dash, signer) == ("\N{EM DASH}", origin)
    raw = base64.b64decode(blob, validate=True)
    assert raw[:4] == hashlib.sha256(origin.encode() + b"\n\x01" + key).digest()[:4]
    Ed25519PublicKey.from_public_bytes(key).verify(raw[4:], text.encode())
    return int(size), base64.b64decode(root, validate=True)


def _path(n: int, width: int) -> str:
    digits = str(n).zfill(-(-len(str(n)) // 3) * 3)
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    path = "/".join(["x" + group for group in groups[:-1]] + [groups[-1]])
    return path if width == 256 else f"{path}.p/{width}"


def _split(data: bytes, width: int) -> list[bytes]:
    assert len(data) == 32 * width
    return [data[i : i + 32] for i in range(0, len(data), 32)]


def _bundle(data: bytes, width: int) -> list[bytes]:
    found = []
    while data:
        length = int.from_bytes(data[:2], "big")
        assert len(data) >= 2 + length
        found.append(data[2 : 2 + length])
        data = data[2 + length :]
    assert len(found) == width
    return found


def mth(leaves: Sequence[bytes]) -> bytes:
    """RFC 9162 2.1.1, over leaf hashes."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + mth(leaves[:k]) + mth(leaves[k:])).digest()
