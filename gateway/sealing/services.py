"""Wrapped keys in the database: kept with what they open, found, dropped.

A content key that was retired (`gateway rewrap`) wraps nothing any more. Whoever stores holds the
row of the key that it wraps under until its transaction ends, and retiring waits for that: what is
wrapped anew after a key was retired is all there will ever be of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from typing import Any

import sqlalchemy as sa

from gateway.base.crypto import (
    Box,
    ContentKeyMissing,
    ContentKeyRetired,
    ContentLost,
    Vault,
    Wrapped,
)
from gateway.base.db import insert_rows, insert_unless_there, lock
from gateway.sealing.models import content_keys, wrapping_keys

LOCK = "content-keys"
"""Name of the lock under which content keys are noted and retired."""

_COLUMNS = ("kind", "id", "wrapped_by", "wrapped_key")
_SOME = 512
"""Ids of one query."""


class Kind(IntEnum):
    """What a key opens. The numbers stand in the database."""

    RECORD = 1
    """A record, by its row number. aad: its leaf."""
    FILE = 2
    """A file as sent, by `number`."""
    ANSWER = 3
    """Its name, its answer and the rows that go back, by the same number."""
    REPORT = 4
    """The workbook to correct, by the same number."""
    STATEMENT = 5
    """A statement, by its row number. aad: its commitment."""
    RECEIVED = 6
    """An opening that another member sent, by `number`."""
    SENT = 7
    """An opening on its way to another member, by `number`."""
    MATERIAL = 8
    """The documents of one step of a case with what is proposed on them, by `number`; or a file
    that decides about many records, with its rows."""
    USE = 9
    """A question to other members, by `number`."""
    MANIFEST = 10
    """Which records a version of a product was made of, by `number`."""
    BUNDLE = 11
    """What was answered to such a question, by `number`."""
    WATCHED = 14
    """Whom somebody follows, by `number`."""
    WEBHOOK = 15
    """Where events are sent and the secrets by which they are signed, by `number`."""
    CREDIT_REPORT = 16
    """A special credit report and the copy that its QR unseals, by `number`."""


NewKey = tuple[int, bytes, bytes, bytes]
"""A key to be kept: id as in the table, the aad that it is bound to, and both parts of `Wrapped`. A
plain tuple: there is one for each record that is taken in."""


def number(hex_id: str) -> int:
    """The number of something that has an id of 32 random hex digits: its first 60 bits, by which
    a million of them meet with odds of 10^-6."""
    return int(hex_id[:15], 16)


def aad_of(kind: Kind, id_: int) -> bytes:
    """What the key of a file, answer or report is bound to."""
    return f"credit-ledger/key/1\0{kind.name}\0{id_}".encode()


def put(connection: sa.Connection, vault: Vault, kind: Kind, new: Sequence[NewKey]) -> None:
    """Keep keys within the caller's transaction. Those under a key that was retired meanwhile are
    wrapped anew. Raises ContentKeyMissing where the newer one is not at hand."""
    under = {by for _, _, by, _ in new}
    if retired := {by for by in under if is_retired(connection, vault, by)}:
        demand_good(connection, vault)
        new = [
            (id_, aad, *vault.rewrap(Wrapped(by, key), aad))
            if by in retired
            else (id_, aad, by, key)
            for id_, aad, by, key in new
        ]
    what = int(kind)
    rows = [(what, id_, by, key) for id_, _, by, key in new]
    insert_rows(connection, content_keys, _COLUMNS, rows)


_HELD = (
    sa.select(wrapping_keys.c.retired_at)
    .where(wrapping_keys.c.key_id == sa.bindparam("wanted", type_=sa.LargeBinary))
    .with_for_update(read=True)
)


def is_retired(connection: sa.Connection, vault: Vault, key_id: bytes) -> bool:
    """Whether a content key wraps nothing any more; if not, that stays so until the transaction
    ends. It is noted where it never wrapped before."""
    wanted = {"wanted": key_id}
    found = connection.execute(_HELD, wanted).one_or_none()
    if found is None:
        register(connection, vault, key_id)
        found = connection.execute(_HELD, wanted).one()
    return found.retired_at is not None


def register(connection: sa.Connection, vault: Vault, key_id: bytes) -> None:
    """Note a content key that is at hand; nothing happens where it is known. One that comes after
    its successor is retired from the start."""
    lock(connection, LOCK)
    version, now = vault.version(key_id), int(time.time())
    later = sa.select(wrapping_keys.c.key_id).where(wrapping_keys.c.version > version).limit(1)
    late = connection.execute(later).first() is not None
    values = {
        "key_id": key_id,
        "version": version,
        "since": now,
        "retired_at": now if late else None,
    }
    connection.execute(insert_unless_there(connection, wrapping_keys).values(**values))


def demand_good(connection: sa.Connection, vault: Vault) -> None:
    """Require that the newest key at hand still wraps. Raises ContentKeyMissing, which names the
    one that does; ContentKeyRetired where none is known that is not at hand."""
    if not is_retired(connection, vault, vault.newest.id):
        return
    good = sa.select(wrapping_keys.c.key_id).where(wrapping_keys.c.retired_at.is_(None))
    known = connection.scalars(good.order_by(wrapping_keys.c.version.desc()))
    for key_id in known.all():
        if key_id not in vault.ids:
            raise ContentKeyMissing(key_id)
    raise ContentKeyRetired(vault.newest.id)


def newest_is_retired(connection: sa.Connection, key_id: bytes) -> bool:
    """Whether this key, the newest at hand, wraps nothing any more; for who only looks."""
    query = sa.select(wrapping_keys.c.retired_at).where(wrapping_keys.c.key_id == key_id)
    return connection.scalar(query) is not None


def opens(kind: Kind, id_: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """The condition under which a row of `content_keys` is the key of this row."""
    return sa.and_(content_keys.c.kind == int(kind), content_keys.c.id == id_)


def key_in(row: sa.Row[Any]) -> Wrapped | None:
    """The key in a row that was joined with `opens`; None: there is none."""
    return None if row.wrapped_key is None else Wrapped(row.wrapped_by, row.wrapped_key)


def find(connection: sa.Connection, kind: Kind, ids: Iterable[int]) -> Mapping[int, Wrapped]:
    """The keys of these, by id; those that were erased are left out."""
    wanted, found = list(ids), {}
    for at in range(0, len(wanted), _SOME):
        query = sa.select(content_keys).where(
            content_keys.c.kind == int(kind), content_keys.c.id.in_(wanted[at : at + _SOME])
        )
        for row in connection.execute(query):
            found[row.id] = Wrapped(row.wrapped_by, row.wrapped_key)
    return found


def hold(connection: sa.Connection, kind: Kind, ids: Sequence[int]) -> bool:
    """Keep these from being erased until the transaction ends; False where one was."""
    held, ids = 0, sorted(ids)
    for at in range(0, len(ids), _SOME):
        query = sa.select(content_keys.c.id).where(
            content_keys.c.kind == int(kind), content_keys.c.id.in_(ids[at : at + _SOME])
        )
        query = query.order_by(content_keys.c.id)
        held += len(connection.execute(query.with_for_update(read=True)).all())
    return held == len(ids)


def drop(connection: sa.Connection, kind: Kind, ids: Sequence[int]) -> None:
    """Destroy keys, and with them what they open; in the order of ids, as all who lock them."""
    ids = sorted(ids)
    for at in range(0, len(ids), _SOME):
        connection.execute(
            sa.delete(content_keys).where(
                content_keys.c.kind == int(kind), content_keys.c.id.in_(ids[at : at + _SOME])
            )
        )


class Boxes:
    """The keys of what has an id of 32 hex digits; each seals and opens many pieces."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def make(self, connection: sa.Connection, kind: Kind, hex_id: str) -> Box:
        """A new key, kept within the caller's transaction."""
        id_ = number(hex_id)
        aad = aad_of(kind, id_)
        wrapped, box = self._vault.new_box(aad)
        put(connection, self._vault, kind, [(id_, aad, *wrapped)])
        return box

    def open(self, connection: sa.Connection, kind: Kind, hex_id: str) -> Box:
        """The key that was made. Raises ContentLost where there is none any more,
        ContentKeyMissing."""
        return self.open_all(connection, kind, [hex_id])[hex_id]

    def open_all(
        self, connection: sa.Connection, kind: Kind, hex_ids: Sequence[str]
    ) -> Mapping[str, Box]:
        """The same for several."""
        found = find(connection, kind, map(number, hex_ids))
        boxes = {}
        for hex_id in hex_ids:
            id_ = number(hex_id)
            if id_ not in found:
                raise ContentLost("content without a key")
            boxes[hex_id] = self._vault.open_box(found[id_], aad_of(kind, id_))
        return boxes


def missing(connection: sa.Connection, held: frozenset[bytes]) -> tuple[bytes, ...]:
    """Ids of content keys that something may be wrapped under and that are not at hand. held: ids
    of those that are."""
    query = sa.select(wrapping_keys.c.key_id).where(wrapping_keys.c.emptied_at.is_(None))
    return tuple(sorted((in_use(connection) | set(connection.scalars(query))) - held))


def in_use(connection: sa.Connection) -> frozenset[bytes]:
    """Ids of the content keys that a row names, whatever else is noted of them; one look into the
    index for each."""
    by, found = content_keys.c.wrapped_by, b""
    query, used = sa.select(by).order_by(by).limit(1), set()
    while (following := connection.scalar(query.where(by > found))) is not None:
        used.add(found := following)
    return frozenset(used)
