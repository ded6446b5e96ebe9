"""Receipts and records, made from the durable log, the final anchors and the sealed content."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from gateway.accesses.services import Access, AccessLog
from gateway.anchoring.progress import first_final_anchor
from gateway.base.context import Context
from gateway.base.crypto import ContentLost, Vault
from gateway.base.db import begin_read
from gateway.base.errors import NotReady
from gateway.base.policy import CONTENT_CLOSED, Caller, NotAllowed, Purpose, Status, decide
from gateway.chain.signing import Signing
from gateway.log.located import Entries, Located, locate
from gateway.log.many import ManyEntries, in_order
from gateway.receipts.interfaces import (
    Audience,
    Disclose,
    FieldUnknown,
    Pending,
    Stranded,
    Unshown,
)
from gateway.receipts.parts import Parts, parts_of, parts_of_each
from gateway.receipts.stranded import is_stranded, logged_again
from gateway.records.content import Content
from gateway.records.errors import ContentErased
from gateway.records.store import known_of, open_content, record_row
from ledger.core import receipt as receipts
from ledger.core.canonical import hex0x, instant
from ledger.core.commitment import Commitment, Header, commit
from ledger.core.entry import parse_entry
from ledger.core.errors import EvidenceError
from ledger.core.ids import Digest, LogId
from ledger.core.presentation import bind, present
from ledger.records import schema as schemas
from ledger.records.persons import holding_person_ids
from ledger.records.schema import Schema


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a presentation will disclose. codes: in slot order, at least one."""

    content: Content
    schema: Schema
    codes: list[str]


class Receipts:
    """Hands out receipts and records."""

    def __init__(self, ctx: Context, vault: Vault, signing: Signing, accesses: AccessLog) -> None:
        self._ctx = ctx
        self._vault = vault
        self._signing = signing
        self._accesses = accesses

    def receipt(self, name: bytes, *, disclose: Disclose | None = None) -> bytes | Pending | None:
        """The receipt file of an entry by leaf or record id; None where we never promised it.

        disclose: None for a bare receipt, which holds no content and is anybody's; of a closed
        record there is no other. Raises
        NotAllowed, FieldUnknown, NotARecord; Stranded where there will be none; NotReady where no
        key may sign the presentation now, or the schema is not at hand any more.
        """
        if disclose is None:
            return self._receipt(name)
        access = self._admit(name, disclose.caller, Purpose.DISCLOSE)
        if access is None:
            return None
        try:
            made = self._receipt(name, show=True, fields=disclose.fields)
        except FieldUnknown:  # tells which fields are filled
            self._accesses.write(access)
            raise
        if not isinstance(made, Pending):  # asked for again and again, and tells nothing
            self._accesses.write(access)
        return made

    def bound(
        self, name: bytes, audience: Audience, fields: Sequence[str] | None = None
    ) -> bytes | Pending | None:
        """The receipt with these fields (None: every one that a receipt with
        `Disclose(fields=None)` shows), bound to another member. Whoever calls has asked policy, and
        writes the access log before the receipt leaves. Raises as `receipt`, and ContentErased."""
        return self._receipt(name, show=True, fields=fields, audience=audience)

    def shown(self, name: bytes) -> bytes | Pending | None:
        """The same without a binding, for files that hold many and are handed on; of a closed
        record it is bare. Whoever calls has asked policy, and writes the access log before it
        leaves."""
        return self._receipt(name, show=True)

    def _admit(self, name: bytes, caller: Caller, purpose: Purpose) -> Access | None:
        """What is to be logged before anything is handed out; None where we never promised it.

        Raises NotARecord; NotAllowed where policy refuses, which is logged then; Stranded as
        `_demand_in_place`.
        """
        with begin_read(self._ctx.engine) as connection:
            found = locate(connection, name)
            if found is None:
                return None
            record, status = known_of(record_row(connection, found.id))
            decision = decide(caller, purpose, record, status)
            if not decision.allowed and status is Status.SUPERSEDED:
                _demand_in_place(connection, found, caller, purpose)
        access = Access(token=caller.id, purpose=purpose, decision=decision, record=found.leaf)
        if not decision.allowed:
            self._accesses.write(access)
            decision.demand()
        return access

    def many(
        self, rows: Sequence[int], *, bare: Collection[int] = ()
    ) -> dict[int, bytes | Unshown | Pending | Stranded]:
        """The receipts of many records by row number, each as `shown` makes it or why it does not,
        in as many statements as for one; at most `gateway.log.many.PAGE` of them. bare: those of
        which nothing is to be shown. Whoever calls does as for `shown`."""
        with begin_read(self._ctx.engine) as connection:
            held = ManyEntries(connection)
            found = held.of_rows(rows)
            parts = parts_of(connection, list(found.values()), held, show=True)
        return {
            row: self._one_of_many(one, bare=row in bare)
            for row, one in zip(found, parts, strict=True)
        }

    def bare(
        self, names: Collection[bytes]
    ) -> dict[bytes, bytes | Pending | Stranded | EvidenceError]:
        """The bare receipts of many entries by leaf or record id, of those that we have promised:
        byte for byte what `receipt` gives of each, or what it raises. All stand as they did at one
        moment, and share what they have in common: tiles, bundles, anchors, checkpoints."""
        made = dict[Located, bytes | Pending | Stranded | EvidenceError]()
        with begin_read(self._ctx.engine) as connection:
            held = ManyEntries(connection)
            found = held.of_names(names)
            for page in in_order(set(found.values())):
                held.hold(page)
                for at, parts in parts_of_each(connection, page, held):
                    made[at] = self._bare_of(parts)
        return {name: made[at] for name, at in found.items()}

    def _bare_of(
        self, parts: Parts | Pending | Stranded | EvidenceError
    ) -> bytes | Pending | Stranded | EvidenceError:
        if not isinstance(parts, Parts):
            return parts
        try:
            return self._built(parts)
        except EvidenceError as error:
            return error

    def _one_of_many(
        self, parts: Parts | Pending | Stranded, *, bare: bool
    ) -> bytes | Unshown | Pending | Stranded:
        if not isinstance(parts, Parts):
            return parts
        if bare:
            return self._built(parts)
        try:
            return self._made(parts)
        except (FieldUnknown, ContentLost, ContentErased) as error:
            return Unshown(error, self._built(parts))

    def _receipt(
        self,
        name: bytes,
        *,
        show: bool = False,
        fields: Sequence[str] | None = None,
        audience: Audience | None = None,
    ) -> bytes | Pending | None:
        """The receipt; with a presentation of the fields, None = all, where they are shown."""
        with begin_read(self._ctx.engine) as connection:
            found = locate(connection, name)
            if found is None:
                return None
            (parts,) = parts_of(connection, [found], ManyEntries(connection), show=show)
        if isinstance(parts, Stranded):
            raise parts
        return parts if isinstance(parts, Pending) else self._made(parts, fields, audience)

    def _made(
        self, parts: Parts, fields: Sequence[str] | None = None, audience: Audience | None = None
    ) -> bytes:
        """The receipt with what its record says, where that was read and is not closed."""
        row, found = parts.row, parts.found
        # Of a closed record nothing is signed that anybody could pass on; and policy may have
        # been asked before it was closed.
        if row is not None and row.closed and audience is not None:
            raise NotAllowed(CONTENT_CLOSED)
        if row is None or row.closed:
            return self._built(parts)
        shown = _shown(open_content(self._vault, row, found.leaf), fields)
        presentation = self._present(found, parts.entry, shown)
        return self._built(parts, presentation, self._bind(presentation, audience))

    def _built(
        self, parts: Parts, presentation: str | None = None, binding: str | None = None
    ) -> bytes:
        anchor = parts.anchor
        return receipts.build(
            anchor=receipts.Anchor(
                block=anchor.block,
                block_hash=Digest(anchor.block_hash),
                time=anchor.block_time,
                tx=Digest(anchor.tx_hash),
            ),
            checkpoint=parts.checkpoint,
            entry=parts.entry,
            index=parts.index,
            network=self._ctx.network.reference,
            path=parts.path,
            presentation=presentation,
            binding=binding,
        )

    def record(self, name: bytes, caller: Caller) -> dict[str, Any] | None:
        """A record, by leaf or record id, and what is known of it, as JSON; None where we never
        promised it.

        Raises NotAllowed, NotARecord; Stranded where another stands in its place and only that
        one may be read.
        """
        access = self._admit(name, caller, Purpose.SHOW)
        if access is None:
            return None
        self._accesses.write(access)
        with begin_read(self._ctx.engine) as connection:
            found = locate(connection, name)
            if found is None:
                return None
            record_id = Entries(connection).record_id(found)
            row = record_row(connection, found.id)
            decide(caller, Purpose.SHOW, *known_of(row)).demand()  # closed since it was asked
            anchor = _anchor(connection, found)
            stranded = is_stranded(connection, found)
        content = open_content(self._vault, row, found.leaf)
        return {
            "leaf": found.leaf.hex(),
            "recordId": record_id and record_id.hex(),
            "log": found.log_id.hex(),
            "index": found.index,
            "state": "stranded" if stranded else _state(found, anchor),
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

    def _present(self, found: Located, entry: bytes, shown: _Shown) -> str:
        """The signed presentation. The commitment is made again from the sealed content, and must
        be the one that was logged."""
        made = self._commit(found, shown)
        if made.digest != parse_entry(entry).commitment:
            raise ContentLost("the sealed content is not what was committed")
        key = self._signing.present_key()
        return present(
            made.payload,
            [made.disclosures[code] for code in shown.codes],
            sign=key.sign,
            kid=key.key_id,
            alg=key.alg,
            iat=self._ctx.clock.seconds(),
        )

    def _bind(self, presentation: str, audience: Audience | None) -> str | None:
        if audience is None:
            return None
        key = self._signing.present_key()
        return bind(
            presentation,
            audience=audience.code,
            nonce=audience.nonce,
            authorisation=audience.authorisation,
            sign=key.sign,
            kid=key.key_id,
            alg=key.alg,
            iat=self._ctx.clock.seconds(),
        )

    def _commit(self, found: Located, shown: _Shown) -> Commitment:
        content, schema = shown.content, shown.schema
        header = Header(
            class_=content.class_,
            decided=date.fromisoformat(content.decided),
            iss=self._ctx.settings.node.code,
            log=LogId(found.log_id),
            rules=content.rules,
            schema=f"{content.schema}:{schema.sha256}",
            until=date.fromisoformat(content.until) if content.until else None,
        )
        return commit(schema.slots, content.fields, content.secret, header)


def _demand_in_place(
    connection: sa.Connection, found: Located, caller: Caller, purpose: Purpose
) -> None:
    """Raise Stranded where it is superseded only because it was logged again, and the caller may
    have the record that stands for it now. It holds nothing that the bare receipt does not tell
    anybody."""
    if not is_stranded(connection, found):
        return
    leaf = logged_again(connection, found)
    after = locate(connection, leaf) if leaf else None
    if after is None:
        return
    known = known_of(record_row(connection, after.id))
    if decide(caller, purpose, *known).allowed:
        raise Stranded(after.leaf)


def _state(found: Located, anchor: sa.Row[Any] | None) -> str:
    return "promised" if found.index is None else "anchored" if anchor else "integrated"


def _anchor_json(anchor: sa.Row[Any]) -> dict[str, Any]:
    return {
        "size": anchor.size,
        "block": anchor.block,
        "blockHash": hex0x(anchor.block_hash),
        "time": instant(anchor.block_time),
        "tx": hex0x(anchor.tx_hash),
    }


def _anchor(connection: sa.Connection, found: Located) -> sa.Row[Any] | None:
    if found.index is None:
        return None
    return first_final_anchor(connection, found.log, found.index)


def _shown(content: Content, fields: Sequence[str] | None) -> _Shown:
    """Refuse fields that the record's type does not have, and a choice that discloses nothing.
    Texts in which a person's identity number stands are shown only to who names the field."""
    name, _, version = content.schema.partition("@")
    schema = schemas.find(name, int(version))
    if schema is None:  # the operator took its file away
        raise NotReady("schema-missing", retry_after=60)
    wanted = schema.slots if fields is None else fields
    for code in wanted:
        if code not in schema.slots:
            raise FieldUnknown(code)
    chosen = content.fields.keys() & set(wanted)
    if fields is None:
        chosen -= holding_person_ids(content.fields)
    if not chosen:
        raise FieldUnknown(None)
    return _Shown(content, schema, [code for code in schema.slots if code in chosen])
