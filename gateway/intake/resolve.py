"""Telling new records from those already there, in the order of the set (design 8.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from gateway.base.crypto import Vault
from gateway.intake.draft import Draft
from gateway.intake.lookup import Known, Standing, known_records, open_contents, standings
from gateway.records.content import Content
from ledger.records import schema as schemas


@dataclass(frozen=True, slots=True)
class Found:
    """A good row whose key is taken. earlier: where the record stored before stands, or the row
    of this set. changed: None for a duplicate; the codes in which a conflict differs, as far as
    known."""

    draft: Draft
    earlier: Standing | Draft
    changed: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Resolved:
    """new: rows to be stored, in order. found: the others. shared: places in the set of new rows
    whose document number also stands for another subject."""

    new: Sequence[Draft]
    found: Sequence[Found]
    shared: frozenset[int]


def resolve(connection: sa.Connection, vault: Vault, drafts: Sequence[Draft]) -> Resolved:
    """One query for all keys of the set; others only for what is there already."""
    stored = known_records(connection, [draft.document_key for draft in drafts]) if drafts else []
    taken: dict[bytes, Known | Draft] = {
        known.record_key: known for known in stored if not known.superseded_by
    }
    documents = {known.document_key for known in stored}
    new: list[Draft] = []
    met: list[tuple[Draft, Known | Draft]] = []
    shared: set[int] = set()
    for draft in drafts:
        earlier = taken.get(draft.record_key)
        if earlier is not None:
            met.append((draft, earlier))
            continue
        if draft.document_key in documents:
            shared.add(draft.at)
        documents.add(draft.document_key)
        taken[draft.record_key] = draft
        new.append(draft)
    return Resolved(new, _compare(connection, vault, met) if met else [], frozenset(shared))


def _compare(
    connection: sa.Connection, vault: Vault, met: Sequence[tuple[Draft, Known | Draft]]
) -> list[Found]:
    known = {earlier.id: earlier for _, earlier in met if isinstance(earlier, Known)}
    places = standings(connection, list(known)) if known else {}
    differing = {
        earlier.id: places[earlier.id].leaf
        for draft, earlier in met
        if isinstance(earlier, Known) and earlier.content_mac != draft.content_mac
    }
    contents = open_contents(connection, vault, differing) if differing else {}
    found = []
    for draft, earlier in met:
        changed = None
        if earlier.content_mac != draft.content_mac:
            if isinstance(earlier, Draft):
                old: Content | None = earlier.open(vault)
            else:
                old = contents.get(earlier.id)
            changed = _changed(draft.open(vault), old) if old else ()
        place = earlier if isinstance(earlier, Draft) else places[earlier.id]
        found.append(Found(draft, place, changed))
    return found


def _changed(now: Content, before: Content) -> tuple[str, ...]:
    """Codes in which the row differs from what is there, in the order of the standard's table;
    `class` last."""
    name, _, version = now.schema.partition("@")
    table = schemas.load(name, int(version)).by_code
    order = [*table, *(code for code in before.fields if code not in table)]
    codes = [code for code in order if now.fields.get(code) != before.fields.get(code)]
    return (*codes, "class") if now.class_ != before.class_ else tuple(codes)
