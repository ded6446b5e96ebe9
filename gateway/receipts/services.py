"""Receipts and records, made from the durable log, the final anchors and the sealed content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from gateway.anchoring.models import anchors
from gateway.base.crypto import ContentLost, Sealed
from gateway.base.db import begin_read
from gateway.chain.signing import present_key
from gateway.log.store import Entries, Located, TileStore, locate
from gateway.node import Node
from gateway.receipts.interfaces import (
    ContentErased,
    Disclose,
    FieldUnknown,
    NotARecord,
    Pending,
)
from gateway.records.content import Content
from gateway.records.models import records
from ledger.core import receipt as receipts
from ledger.core.canonical import hex0x, instant
from ledger.core.commitment import Commitment, Header, commit
from ledger.core.entry import parse_entry
from ledger.core.ids import Digest, LogId
from ledger.core.presentation import present
from ledger.core.tiles import inclusion_path_at
from ledger.records import schema as schemas
from ledger.records.schema import Schema


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a presentation will disclose. codes: in slot order, at least one."""

    content: Content
    schema: Schema
    codes: list[str]


def receipt(node: Node, name: bytes, *, disclose: Disclose | None = None) -> bytes | Pending | None:
    """The receipt file of an entry by leaf or record id; None where we never promised it.

    disclose: None for a bare receipt. Raises FieldUnknown, ContentErased, NotARecord; NotReady
    where no key may sign the presentation now.
    """
    with begin_read(node.engine) as connection:
        found = locate(connection, name)
        if found is None:
            return None
        shown = None
        if disclose is not None:
            shown = _shown(_open(node, found, _row(connection, found)), disclose)
        anchor = _first_final_anchor(connection, found)
        if found.index is None or anchor is None:
            return Pending()
        source = TileStore(connection, found.log)
        (entry,) = source.entries(found.index, found.index + 1)
        path = inclusion_path_at(source, found.index, anchor.size)
    return receipts.build(
        anchor=receipts.Anchor(
            block=anchor.block,
            block_hash=Digest(anchor.block_hash),
            time=anchor.block_time,
            tx=Digest(anchor.tx_hash),
        ),
        checkpoint=anchor.note,
        entry=entry,
        index=found.index,
        network=node.network.reference,
        path=path,
        presentation=_present(node, found, entry, shown) if shown else None,
    )


def record(node: Node, name: bytes) -> dict[str, Any] | None:
    """A record, by leaf or record id, and what is known of it, as JSON; None where we never
    promised it.

    Raises ContentErased, NotARecord.
    """
    with begin_read(node.engine) as connection:
        found = locate(connection, name)
        if found is None:
            return None
        record_id = Entries(connection).record_id(found)
        row = _row(connection, found)
        anchor = _first_final_anchor(connection, found)
    content = _open(node, found, row)
    state = "promised" if found.index is None else "anchored" if anchor else "integrated"
    return {
        "leaf": found.leaf.hex(),
        "recordId": record_id and record_id.hex(),
        "log": found.log_id.hex(),
        "index": found.index,
        "state": state,
        "anchor": anchor and _anchor_json(anchor),
        "storedAt": instant(row.stored_at),
        "department": row.department,
        "supersededBy": row.superseded_by.hex() or None,
        "type": content.schema.partition("@")[0],
        "schema": content.schema.partition("@")[2],
        "class": content.class_,
        "decided": content.decided,
        "until": content.until,
        "fields": dict(content.fields),
    }


def _anchor_json(anchor: sa.Row[Any]) -> dict[str, Any]:
    return {
        "size": anchor.size,
        "block": anchor.block,
        "blockHash": hex0x(anchor.block_hash),
        "time": instant(anchor.block_time),
        "tx": hex0x(anchor.tx_hash),
    }


def _first_final_anchor(connection: sa.Connection, found: Located) -> sa.Row[Any] | None:
    """The anchor with prev_size ≤ index < size. The chain has exactly one, since each anchor
    starts where the one before ended."""
    if found.index is None:
        return None
    query = (
        sa.select(anchors)
        .where(
            anchors.c.log == found.log,
            anchors.c.size > found.index,
            anchors.c.prev_size <= found.index,
            anchors.c.state == "final",
        )
        .order_by(anchors.c.size)
        .limit(1)
    )
    return connection.execute(query).one_or_none()


def _row(connection: sa.Connection, found: Located) -> sa.Row[Any]:
    row = connection.execute(sa.select(records).where(records.c.id == found.id)).one_or_none()
    if row is None:
        raise NotARecord("this leaf is no record")
    return row


def _open(node: Node, found: Located, row: sa.Row[Any]) -> Content:
    if row.wrapped_key is None:
        raise ContentErased("the content of this record was erased")
    return Content.decode(node.vault.open(Sealed(row.wrapped_key, row.content), found.leaf))


def _shown(content: Content, disclose: Disclose) -> _Shown:
    """Refuses fields that the record's type does not have, and a choice that discloses nothing."""
    name, _, version = content.schema.partition("@")
    schema = schemas.load(name, int(version))
    wanted = schema.slots if disclose.fields is None else disclose.fields
    for code in wanted:
        if code not in schema.slots:
            raise FieldUnknown(code)
    chosen = content.fields.keys() & set(wanted)
    if not chosen:
        raise FieldUnknown(None)
    return _Shown(content, schema, [code for code in schema.slots if code in chosen])


def _present(node: Node, found: Located, entry: bytes, shown: _Shown) -> str:
    """The signed presentation. The commitment is made again from the sealed content, and must be
    the one that was logged."""
    made = _commit(node, found, shown)
    if made.digest != parse_entry(entry).commitment:
        raise ContentLost("the sealed content is not what was committed")
    key = present_key(node)
    return present(
        made.payload,
        [made.disclosures[code] for code in shown.codes],
        sign=key.sign,
        kid=key.key_id,
        alg=key.alg,
        iat=node.clock.seconds(),
    )


def _commit(node: Node, found: Located, shown: _Shown) -> Commitment:
    content, schema = shown.content, shown.schema
    header = Header(
        class_=content.class_,
        decided=date.fromisoformat(content.decided),
        iss=node.settings.node.code,
        log=LogId(found.log_id),
        rules=content.rules,
        schema=f"{content.schema}:{schema.sha256}",
        until=date.fromisoformat(content.until) if content.until else None,
    )
    return commit(schema.slots, content.fields, content.secret, header)
