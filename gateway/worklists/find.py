"""Records by what a table names: document number, authority and, where it says so, the subject."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

import sqlalchemy as sa

from gateway.base.crypto import Hmac, Vault
from gateway.files.errors import FileFault
from gateway.intake.judging import NEAR
from gateway.intake.lookup import Known, Standing, known_records, open_contents, standings
from gateway.records.content import Content
from gateway.records.models import records
from gateway.worklists.reading import Entry
from ledger.records import schema as schemas
from ledger.records.keys import Keys, authority_key, keys
from ledger.records.schema import Schema, known_schemas
from ledger.records.uscc import FILLER

AT_ONCE = 512
"""Records of one query."""
MAX_KEYS = 200_000
"""Keys that one table may ask for: rows, for each authority and type that they may be of. Each
costs some ten millionths of a second in the gateway's own process."""
MAX_MARKS = 10_000
"""Authorities whose marks are remembered: tables name them, so there may be any number."""
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
    """A record of ours. content: None where it was erased, is withheld, or is lost or not at hand,
    or its type is in the operator's folder no more. stored_at: Unix seconds."""

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
        found = self._marks.get(authority)
        if found is None:
            if len(self._marks) >= MAX_MARKS:
                self._marks.clear()
            found = self.hmac.authority(authority_key(code=authority))
            self._marks[authority] = found
        return found

    def wanted(self, entry: Entry, authority: str) -> Wanted:
        """What a row with a document number asks for."""
        documents, subjects = set(), set()
        for schema in _schemas(entry.families):
            found = _keys(schema, entry, authority)
            documents.add(self._document_key(authority, found))
            if _subject(entry) != _NOBODY:
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

    def open(
        self, connection: sa.Connection, some: Iterable[Known], withheld: Set[int] = frozenset()
    ) -> Mapping[int, Held]:
        """Records with their content, by row number; without that of those withheld."""
        by_id = {known.id: known for known in some}
        ids, found = list(by_id), dict[int, Held]()
        for start in range(0, len(ids), AT_ONCE):
            part = ids[start : start + AT_ONCE]
            places = standings(connection, part)
            leaves = {
                row_id: place.leaf for row_id, place in places.items() if row_id not in withheld
            }
            contents = open_contents(connection, self.vault, leaves)
            for row_id, stored_at in connection.execute(_STORED, {"ids": part}):
                found[row_id] = Held(
                    known=by_id[row_id],
                    standing=places[row_id],
                    content=_known_type(contents.get(row_id)),
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


def demand_few(asked: Iterable[tuple[Entry, int]]) -> None:
    """Raise FileFault where rows, each with the number of authorities whose it may be, ask for
    more than `MAX_KEYS`; before any key is made."""
    types: dict[frozenset[str], int] = {}
    room = MAX_KEYS
    for entry, authorities in asked:
        if entry.families not in types:
            types[entry.families] = len(_schemas(entry.families))
        room -= authorities * types[entry.families]
        if room < 0:
            raise FileFault("too-much-asked")


def schema_of(content: Content) -> Schema | None:
    """The schema of a record. None: its file was in the operator's folder, and is there no more."""
    name, _, version = content.schema.partition("@")
    return schemas.find(name, int(version))


def _known_type(content: Content | None) -> Content | None:
    return content if content is not None and schema_of(content) is not None else None


def _subject(entry: Entry) -> str:
    """The code of the row's subject. The filler names nobody: such a record is told apart by a name
    and a registration number, which these tables do not have."""
    code = entry.texts.get("subject", _NOBODY)
    return _NOBODY if code == FILLER else code


def _schemas(families: frozenset[str]) -> list[Schema]:
    """A schema of each family whose records name their authority by its code."""
    found = {
        schema.family: schema
        for schema in known_schemas()
        if schema.authority.code is not None and (not families or schema.family in families)
    }
    return list(found.values())


def _keys(schema: Schema, entry: Entry, authority: str) -> Keys:
    fields = {
        schema.document: entry.texts.get("number", ""),
        schema.subject.code: _subject(entry),
    }
    if schema.authority.code is not None:
        fields[schema.authority.code] = authority
    return keys(schema, fields)
