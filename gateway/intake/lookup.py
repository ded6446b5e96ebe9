"""What is already there under the keys of a set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import repeat
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from gateway.base.crypto import ContentKeyMissing, ContentLost, Sealed, Vault, Wrapped
from gateway.base.policy import Days
from gateway.log.models import entries, logs, promises
from gateway.log.store import Entries
from gateway.records.content import Content
from gateway.records.models import records
from gateway.records.period import days_of
from gateway.sealing.models import content_keys
from gateway.sealing.services import Kind, opens


class Known(NamedTuple):
    """A stored record. superseded_by: leaf, b"" = it is in force. department, authority,
    visibility, period: what policy asks for."""

    id: int
    document_key: bytes
    record_key: bytes
    superseded_by: bytes
    content_mac: bytes
    department: str | None
    authority: bytes
    visibility: int
    period: int

    @property
    def decided(self) -> Days:
        """The days among which it was."""
        return days_of(self.period)


class Standing(NamedTuple):
    """Where a known record stands in the log. record_id: None where its entry cannot be read.
    covered: as in `RowAnswer`."""

    leaf: bytes
    record_id: bytes | None
    covered: tuple[int, int]


FEW, MANY = 8, 512
"""Keys of one query to SQLite: of two lengths only, so that it is prepared once."""
_COLUMNS = [records.c[name] for name in Known._fields]
_BY_DOCUMENT = sa.select(*_COLUMNS).where(
    records.c.document_key == sa.any_(sa.bindparam("keys", type_=ARRAY(sa.LargeBinary)))
)
_earlier = promises.alias()
_START = (
    sa.select(_earlier.c.first_entry)
    .where(_earlier.c.first_entry <= entries.c.id)
    .order_by(_earlier.c.first_entry.desc())
    .limit(1)
    .correlate(entries)
    .scalar_subquery()
)
_STANDING = (
    sa.select(
        entries.c.id,
        entries.c.log,
        entries.c.leaf,
        logs.c.log_id,
        promises.c.id.label("promise"),
        promises.c.first_entry,
        promises.c.start,
        promises.c.width,
    )
    .join(logs, logs.c.id == entries.c.log)
    .join(promises, promises.c.first_entry == _START)
    .where(entries.c.id.in_(sa.bindparam("ids", expanding=True)))
)
_CONTENTS = (
    sa.select(
        records.c.id, content_keys.c.wrapped_by, content_keys.c.wrapped_key, records.c.content
    )
    .join(content_keys, opens(Kind.RECORD, records.c.id))
    .where(records.c.id.in_(sa.bindparam("ids", expanding=True)))
)


def known_records(connection: sa.Connection, documents: Sequence[bytes]) -> list[Known]:
    """All records, in force or not, of the documents with these keys; at least one key."""
    dialect, count = connection.dialect, FEW if len(documents) <= FEW else MANY
    found: list[Known] = []
    for at in range(0, len(documents), count):
        some = documents[at : at + count]
        keys: Any = {"keys": list(some)}
        if dialect.name == "sqlite":
            keys = (*some, *repeat(some[-1], count - len(some)))
        rows = connection.exec_driver_sql(_text(dialect, count), keys)
        found += [Known(*row) for row in rows]
    return found


@cache
def _text(dialect: sa.Dialect, count: int) -> str:
    """The query as the driver takes it: SQLAlchemy's part costs more than SQLite's answer."""
    query = _BY_DOCUMENT
    if dialect.name == "sqlite":
        names = [sa.bindparam(f"k{n}", type_=sa.LargeBinary) for n in range(count)]
        query = sa.select(*_COLUMNS).where(records.c.document_key.in_(names))
    return str(query.compile(dialect=dialect))


def standings(connection: sa.Connection, ids: Sequence[int]) -> dict[int, Standing]:
    """Where these records stand, by row number."""
    found, held = {}, Entries(connection)
    for row in connection.execute(_STANDING, {"ids": ids}).all():
        at = held.place(row)
        found[at.id] = Standing(at.leaf, held.record_id(at), (at.promise, at.position))
    return found


def open_contents(
    connection: sa.Connection, vault: Vault, wanted: Mapping[int, bytes]
) -> dict[int, Content]:
    """Contents of records by row number, given their leaves. One erased or lost is left out, or
    whose content key is not at hand: intake goes on without it."""
    found = {}
    for row_id, by, key, content in connection.execute(_CONTENTS, {"ids": list(wanted)}):
        try:
            plain = vault.open(Sealed(Wrapped(by, key), content), wanted[row_id])
        except (ContentLost, ContentKeyMissing):
            continue
        found[row_id] = Content.decode(plain)
    return found
