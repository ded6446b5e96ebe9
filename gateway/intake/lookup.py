"""What is already there under the keys of a set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from gateway.base.crypto import ContentKeyMissing, ContentLost, Sealed, Vault, Wrapped
from gateway.base.db import rows_having
from gateway.base.policy import Days, Status
from gateway.log.many import PAGE, ManyEntries
from gateway.records.content import Content
from gateway.records.models import contents, records
from gateway.records.period import days_of
from gateway.records.store import CONTENT, closed_among
from gateway.sealing.models import content_keys
from gateway.sealing.services import Kind, opens


class Known(NamedTuple):
    """A stored record. superseded_by: leaf, b"" = it is in force. department, authority,
    visibility, period, closed: what policy asks for."""

    id: int
    document_key: bytes
    record_key: bytes
    superseded_by: bytes
    content_mac: bytes
    department: str | None
    authority: bytes
    visibility: int
    period: int
    closed: bool = False

    @property
    def status(self) -> Status:
        """As policy asks for it, of one that is not known to be erased."""
        if self.closed:
            return Status.CLOSED
        return Status.SUPERSEDED if self.superseded_by else Status.IN_FORCE

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


COLUMNS = tuple(records.c[name] for name in Known._fields if name != "closed")
"""Of `records`, as `known` takes them."""
_CONTENTS = (
    sa.select(records.c.id, content_keys.c.wrapped_by, content_keys.c.wrapped_key, CONTENT)
    .join(content_keys, opens(Kind.RECORD, records.c.id))
    .outerjoin(contents, contents.c.id == records.c.id)
    .where(records.c.id.in_(sa.bindparam("ids", expanding=True)), CONTENT.is_not(None))
)


def known_records(connection: sa.Connection, documents: Sequence[bytes]) -> list[Known]:
    """All records, in force or not, of the documents with these keys; at least one key."""
    return known(connection, rows_having(connection, COLUMNS, records.c.document_key, documents))


def known(connection: sa.Connection, rows: Iterable[Sequence[Any]]) -> list[Known]:
    """Rows of `COLUMNS`, with whether they are closed."""
    found = [Known(*row) for row in rows]
    closed = closed_among(connection, [one.id for one in found])
    return [one._replace(closed=True) if one.id in closed else one for one in found]


def standings(connection: sa.Connection, ids: Sequence[int]) -> dict[int, Standing]:
    """Where these records stand, by row number."""
    found, held = {}, ManyEntries(connection)
    for start in range(0, len(ids), PAGE):
        for at in held.of_rows(ids[start : start + PAGE]).values():
            found[at.id] = Standing(at.leaf, held.record_id(at), (at.promise, at.position))
    return found


def open_contents(
    connection: sa.Connection, vault: Vault, wanted: Mapping[int, bytes]
) -> dict[int, Content]:
    """Contents of records by row number, given their leaves. One erased, archived or lost is left
    out, or whose content key is not at hand: intake goes on without it."""
    found = {}
    for row_id, by, key, content in connection.execute(_CONTENTS, {"ids": list(wanted)}):
        try:
            plain = vault.open(Sealed(Wrapped(by, key), content), wanted[row_id])
        except (ContentLost, ContentKeyMissing):
            continue
        found[row_id] = Content.decode(plain)
    return found
