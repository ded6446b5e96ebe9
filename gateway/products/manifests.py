"""Manifests as this member keeps them: sealed, and found by the records in them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa

from gateway.base.crypto import Hmac, Vault
from gateway.log.generations import near_records
from gateway.log.located import Entries, of_row
from gateway.log.models import entries, logs
from gateway.products import store
from gateway.sealing.services import Boxes, Kind, drop, number
from ledger.core.canonical import hex32, unhex32
from ledger.core.entry import parse_entry
from ledger.core.errors import Malformed
from ledger.core.ids import Digest, RecordId, sha256
from ledger.core.manifest import Manifest, parse_manifest

_INPUT, _REQUEST = b"product-input", b"product-version"
_MANIFEST, _FIRSTS = b"manifest", b"firsts"
_SALT: Final = 32
_SOME: Final = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A manifest that was opened. firsts: of those of its records that this member logged again,
    the first of the chain, on which the acts are."""

    manifest: Manifest
    firsts: Mapping[RecordId, RecordId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A manifest that is to be kept. data: the file. root: of its tree. firsts: as in `Held`.
    marks: fingerprints of its records and of these, ascending."""

    manifest: Manifest
    data: bytes
    root: Digest
    firsts: Mapping[RecordId, RecordId]
    marks: Sequence[bytes]


class Manifests:
    """Keeps and opens them."""

    def __init__(self, vault: Vault, hmac: Hmac) -> None:
        self._vault = vault
        self._hmac = hmac

    def mark(self, record: bytes) -> bytes:
        """The fingerprint of an input."""
        return self._hmac.fingerprint(_INPUT, record)

    def request(self, content: bytes, method: bytes, record_ids: Iterable[bytes]) -> bytes:
        """The fingerprint of what is to be published."""
        said = sha256(content + method + b"".join(sorted(record_ids)))
        return self._hmac.fingerprint(_REQUEST, said)

    def prepare(self, connection: sa.Connection, manifest: Manifest) -> Prepared:
        """All that is to be kept of a manifest, made before the write transaction: of many records
        it takes seconds."""
        firsts = firsts_of(connection, manifest.record_ids)
        return Prepared(
            manifest=manifest,
            data=manifest.encode(),
            root=manifest.inputs_root,
            firsts=firsts,
            marks=sorted({self.mark(one) for one in (*manifest.record_ids, *firsts.values())}),
        )

    def put(
        self, connection: sa.Connection, product: int, prepared: Prepared, **values: Any
    ) -> int:
        """Keep a manifest as that of a version within the caller's write transaction; the number of
        the version."""
        box_id = secrets.token_hex(16)
        box = Boxes(self._vault).make(connection, Kind.MANIFEST, box_id)
        told = {hex32(record): hex32(first) for record, first in prepared.firsts.items()}
        return store.put_version(
            connection,
            prepared.marks,
            product=product,
            version=prepared.manifest.version,
            inputs_root=prepared.root,
            inputs=len(prepared.manifest.record_ids),
            box=box_id,
            manifest=box.seal(prepared.data, _MANIFEST),
            firsts=box.seal(orjson.dumps(told), _FIRSTS),
            **values,
        )

    def open(self, connection: sa.Connection, row: store.Row) -> Held:
        """The manifest of a version. Raises ContentLost, ContentKeyMissing."""
        box = Boxes(self._vault).open(connection, Kind.MANIFEST, row.box)
        told = orjson.loads(box.open(row.firsts, _FIRSTS))
        return Held(
            manifest=parse_manifest(box.open(row.manifest, _MANIFEST)),
            firsts={
                RecordId(Digest(unhex32(record))): RecordId(Digest(unhex32(first)))
                for record, first in told.items()
            },
        )

    def drop(self, connection: sa.Connection, row: store.Row) -> None:
        """Forget a version that the chain did not take, and destroy its manifest."""
        drop(connection, Kind.MANIFEST, [number(row.box)])
        store.drop_version(connection, row.n)


def new_salt() -> bytes:
    """Draw the salt of one version."""
    return secrets.token_bytes(_SALT)


def firsts_of(
    connection: sa.Connection, record_ids: Sequence[RecordId]
) -> dict[RecordId, RecordId]:
    """Of those of these records that this member logged again behind a closed log, the first of the
    chain: acts are on that one, and count for both. Of other members' records nobody can tell."""
    if (connection.scalar(sa.select(sa.func.count()).select_from(logs)) or 0) < 2:  # noqa: PLR2004
        return {}  # as everywhere but where a log was lost
    held, found = Entries(connection), dict[RecordId, RecordId]()
    for at in range(0, len(record_ids), _SOME):
        wanted = {bytes(record): record for record in record_ids[at : at + _SOME]}
        for row in _entries(connection, wanted):
            where = of_row(connection, row, held)
            record = held.record_id(where)
            first = _replaced(held.get(where))
            if record is not None and first is not None and bytes(record) in wanted:
                found[record] = first
    return found


def _entries(connection: sa.Connection, wanted: Mapping[bytes, RecordId]) -> Iterator[int]:
    """Rows of entries whose record id begins like one of these."""
    query = near_records(sa.select(entries.c.id), wanted)
    yield from connection.scalars(query.order_by(entries.c.id)).all()


def _replaced(data: bytes | None) -> RecordId | None:
    """What an entry says that it was logged again for."""
    try:
        replaces = None if data is None else parse_entry(data).replaces
    except Malformed:
        return None
    return None if replaces is None else RecordId(Digest(replaces))
