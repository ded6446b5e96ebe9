"""Records by what a table names: document number, authority and, where it says so, the subject."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from gateway.base.crypto import Hmac, Vault
from gateway.intake.draft import NEAR
from gateway.intake.lookup import Known, Standing, known_records, open_contents, standings
from gateway.records.content import Content
from gateway.records.models import records
from gateway.worklists.reading import Entry
from ledger.records.keys import Keys, authority_key, keys
from ledger.records.schema import Schema, all_schemas

AT_ONCE = 512
"""Records of one query."""
_STORED = sa.select(records.c.id, records.c.stored_at).where(
    records.c.id.in_(sa.bindparam("ids", expanding=True))
)
_NOBODY = "-"
"""Stands for the subject where a table names none; then only the document is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one row asks for. documents: keys of its document, one for each type it may be of.
    records: of its subject's records; empty: of any subject's."""

    entry: Entry
    authority: str
    documents: frozenset[bytes]
    records: frozenset[bytes]

    def means(self, known: Known) -> bool:
        """Whether this is the record, or one of them."""
        if known.document_key not in self.documents:
            return False
        return not self.records or known.record_key in self.records


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A record of ours. content: None where it was erased, or is lost or not at hand. stored_at:
    Unix seconds."""

    known: Known
    standing: Standing
    content: Content | None
    stored_at: int


@dataclass(slots=True)
class Finder:
    """Finds with the member's keys."""

    hmac: Hmac
    vault: Vault
    _marks: dict[str, bytes] = field(default_factory=dict)

    def mark(self, authority: str) -> bytes:
        """The mark of an authority, by its code."""
        if authority not in self._marks:
            self._marks[authority] = self.hmac.authority(authority_key(code=authority))
        return self._marks[authority]

    def wanted(self, entry: Entry, authority: str) -> Wanted:
        """What a row with a document number asks for."""
        documents, subjects = set(), set()
        for schema in _schemas(entry.families):
            found = _keys(schema, entry, authority)
            documents.add(self._document_key(authority, found))
            if "subject" in entry.texts:
                subjects.add(self.hmac.fingerprint(b"record", found.record))
        return Wanted(
            entry=entry,
            authority=authority,
            documents=frozenset(documents),
            records=frozenset(subjects),
        )

    def known(
        self, connection: sa.Connection, wanted: Sequence[Wanted]
    ) -> dict[bytes, list[Known]]:
        """What is in force of these documents, by the key of the document."""
        documents = sorted({key for one in wanted for key in one.documents})
        found: dict[bytes, list[Known]] = {}
        for known in known_records(connection, documents) if documents else ():
            if not known.superseded_by:
                found.setdefault(known.document_key, []).append(known)
        return found

    def open(self, connection: sa.Connection, some: Iterable[Known]) -> Mapping[int, Held]:
        """Records with their content, by row number."""
        by_id = {known.id: known for known in some}
        ids, found = list(by_id), dict[int, Held]()
        for start in range(0, len(ids), AT_ONCE):
            part = ids[start : start + AT_ONCE]
            places = standings(connection, part)
            leaves = {row_id: place.leaf for row_id, place in places.items()}
            contents = open_contents(connection, self.vault, leaves)
            for row_id, stored_at in connection.execute(_STORED, {"ids": part}):
                found[row_id] = Held(
                    known=by_id[row_id],
                    standing=places[row_id],
                    content=contents.get(row_id),
                    stored_at=stored_at,
                )
        return found

    def _document_key(self, authority: str, found: Keys) -> bytes:
        near = self.mark(authority)[:NEAR]
        return near + self.hmac.fingerprint(b"document", found.document)[NEAR:]


def matches(one: Wanted, known: Mapping[bytes, Sequence[Known]]) -> list[Known]:
    """The records that a row means."""
    return [
        record
        for document in sorted(one.documents)
        for record in known.get(document, ())
        if one.means(record)
    ]


def _schemas(families: frozenset[str]) -> list[Schema]:
    """A schema of each family whose records name their authority by its code."""
    found = {
        schema.family: schema
        for schema in all_schemas()
        if schema.authority.code is not None and (not families or schema.family in families)
    }
    return list(found.values())


def _keys(schema: Schema, entry: Entry, authority: str) -> Keys:
    fields = {
        schema.document: entry.texts.get("number", ""),
        schema.subject.code: entry.texts.get("subject", _NOBODY),
    }
    if schema.authority.code is not None:
        fields[schema.authority.code] = authority
    return keys(schema, fields)
