"""What is already there under the keys of a set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from gateway.crypto import ContentLost, Sealed, Vault
from gateway.intake.content import Content
from gateway.intake.models import records
from gateway.log.models import entries, logs, promises


class Known(NamedTuple):
    """A stored record. superseded_by: leaf, b"" = it is in force."""

    id: int
    document_key: bytes
    record_key: bytes
    superseded_by: bytes
    content_mac: bytes


class Standing(NamedTuple):
    """Where a known record stands in the log. covered: as in `RowAnswer`."""

    leaf: bytes
    log_id: bytes
    covered: tuple[int, int]


KEYS = 512
"""Of one query: its text is always the same, so that the database prepares it once."""
_COLUMNS = [records.c[name] for name in Known._fields]
_BY_DOCUMENT: dict[str, sa.Select[Any]] = {
    "sqlite": sa.select(*_COLUMNS).where(
        records.c.document_key.in_([sa.bindparam(f"k{n}") for n in range(KEYS)])
    ),
    "postgresql": sa.select(*_COLUMNS).where(
        records.c.document_key == sa.any_(sa.bindparam("keys", type_=ARRAY(sa.LargeBinary)))
    ),
}
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
    sa.select(entries.c.id, entries.c.leaf, logs.c.log_id, promises.c.id, promises.c.first_entry)
    .join(logs, logs.c.id == entries.c.log)
    .join(promises, promises.c.first_entry == _START)
    .where(entries.c.id.in_(sa.bindparam("ids", expanding=True)))
)
_CONTENTS = sa.select(records.c.id, records.c.wrapped_key, records.c.content).where(
    records.c.id.in_(sa.bindparam("ids", expanding=True)), records.c.wrapped_key.is_not(None)
)


def known_records(connection: sa.Connection, documents: Sequence[bytes]) -> list[Known]:
    """All records, in force or not, of the documents with these keys; at least one key."""
    text = _text(connection.dialect)
    found: list[Known] = []
    for at in range(0, len(documents), KEYS):
        some = documents[at : at + KEYS]
        keys = _padded(some) if connection.dialect.name == "sqlite" else {"keys": list(some)}
        found += [Known(*row) for row in connection.exec_driver_sql(text, keys)]
    return found


def _padded(keys: Sequence[bytes]) -> tuple[bytes, ...]:
    return (*keys, *repeat(keys[-1], KEYS - len(keys)))


_texts: dict[str, str] = {}


def _text(dialect: sa.Dialect) -> str:
    """The query as the driver takes it: SQLAlchemy's part costs more than SQLite's answer."""
    if dialect.name not in _texts:
        _texts[dialect.name] = str(_BY_DOCUMENT[dialect.name].compile(dialect=dialect))
    return _texts[dialect.name]


def standings(connection: sa.Connection, ids: Sequence[int]) -> dict[int, Standing]:
    """Where these records stand, by row number."""
    return {
        row_id: Standing(leaf, log_id, (promise, row_id - first))
        for row_id, leaf, log_id, promise, first in connection.execute(_STANDING, {"ids": ids})
    }


def open_contents(
    connection: sa.Connection, vault: Vault, wanted: Mapping[int, bytes]
) -> dict[int, Content]:
    """Contents of records by row number, given their leaves. One erased or lost is left out."""
    found = {}
    for row_id, wrapped_key, content in connection.execute(_CONTENTS, {"ids": list(wanted)}):
        try:
            plain = vault.open(Sealed(wrapped_key, content), wanted[row_id])
        except ContentLost:
            continue
        found[row_id] = Content.decode(plain)
    return found
