"""Entries and exits of lists in the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from gateway.base.crypto import ContentLost, Vault
from gateway.log.models import entries
from gateway.records.errors import ContentErased
from gateway.records.models import LISTED, records, subjects
from gateway.records.store import CLOSED, WITH_KEYS, open_content
from ledger.records.lists import Exit, ListType, exit_of
from ledger.records.schema import known_schemas

Row = sa.Row[Any]
_LEAVES = WITH_KEYS.add_columns(entries.c.leaf).join(entries, entries.c.id == records.c.id)


def page_of(connection: sa.Connection, kind: ListType, start: int, limit: int) -> Sequence[Row]:
    """Entries of a list by their number, in the order in which they were promised: records with
    their keys and `leaf`, whatever has become of them. A number never changes."""
    query = _LEAVES.where(LISTED, records.c.schema.in_(_schemas(kind.entry)))
    query = query.order_by(records.c.id).offset(start).limit(limit)
    return connection.execute(query).all()


def exits_of(
    connection: sa.Connection, vault: Vault, kind: ListType, wanted: Collection[int]
) -> Mapping[int, Sequence[Exit] | None]:
    """Exits that are in force, of the subjects with these row numbers and of all that share their
    codes; None where one does not open, so that nothing is certain."""
    twins = subjects.alias()
    query = (
        _LEAVES.add_columns(twins.c.id.label("of"))
        .join(subjects, subjects.c.id == records.c.subject)
        .join(twins, twins.c.code == subjects.c.code)
        .where(
            LISTED,
            records.c.schema.in_(_schemas(kind.exit)),
            records.c.superseded_by == b"",
            sa.not_(CLOSED),
            twins.c.id.in_(wanted),
        )
    )
    found: dict[int, list[Exit] | None] = {}
    for row in connection.execute(query):
        held = found.setdefault(row.of, [])
        if held is None:
            continue
        try:
            content = open_content(vault, row, row.leaf)
        except ContentErased:
            continue
        except ContentLost:
            found[row.of] = None
            continue
        held.append(exit_of(kind, content.fields, date.fromisoformat(content.decided)))
    return found


def _schemas(name: str) -> list[str]:
    """All versions of a type."""
    return [schema.id for schema in known_schemas() if schema.name == name]
