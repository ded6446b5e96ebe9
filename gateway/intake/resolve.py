"""Telling new records from those already there, in the order of the set (design 8.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from gateway.base.crypto import Vault
from gateway.intake.admission import Admission
from gateway.intake.corrected import corrected_of
from gateway.intake.drafts import Draft
from gateway.intake.lookup import Known, Standing, known_records, open_contents, standings
from gateway.records.content import Content
from ledger.records import schema as schemas


@dataclass(frozen=True, slots=True)
class Found:
    """A good row whose key is taken. earlier: where the record stored before stands, or the row
    of this set; None where the caller may not see it, and is not told whether it differs.
    changed: None for a duplicate; the codes in which a conflict differs, as far as known."""

    draft: Draft
    earlier: Standing | Draft | None
    changed: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Resolved:
    """new: rows to be stored, in order. found: the others. shared: places in the set of new rows
    whose document number also stands for another subject, as their caller may know. corrected: by
    place of a new row the record that it corrects. misled: rows that name none to be corrected."""

    new: Sequence[Draft]
    found: Sequence[Found]
    shared: frozenset[int]
    corrected: Mapping[int, Known]
    misled: Sequence[Draft]


def resolve(
    connection: sa.Connection, vault: Vault, drafts: Sequence[Draft], admission: Admission
) -> Resolved:
    """One query for all keys of the set; others only for what is there already."""
    meant = corrected_of(connection, drafts, admission)
    stored = known_records(connection, [draft.document_key for draft in drafts]) if drafts else []
    taken: dict[bytes, Known | Draft] = {
        known.record_key: known for known in stored if not known.superseded_by
    }
    documents: dict[bytes, list[Known | Draft]] = {}
    for known in stored:
        documents.setdefault(known.document_key, []).append(known)
    new: list[Draft] = []
    met: list[tuple[Draft, Known | Draft]] = []
    shared: set[int] = set()
    corrected: dict[int, Known] = {}
    misled: list[Draft] = []
    for draft in drafts:
        earlier = taken.get(draft.record_key)
        old = meant.get(draft.at)
        if earlier is not None and not _corrects(draft, earlier, old):
            met.append((draft, earlier))
            continue
        if draft.corrects:
            if old is None or old.id in {one.id for one in corrected.values()}:
                misled.append(draft)
                continue
            corrected[draft.at] = old
        others = documents.setdefault(draft.document_key, [])
        beside = [one for one in others if one.record_key != draft.record_key]
        if any(admission.may_see(draft, one) for one in beside):
            shared.add(draft.at)
            admission.tell(draft, None)
        others.append(draft)
        taken[draft.record_key] = draft
        new.append(draft)
    found = _compare(connection, vault, met, admission) if met else []
    return Resolved(new, found, frozenset(shared), corrected, misled)


def _corrects(draft: Draft, earlier: Known | Draft, old: Known | None) -> bool:
    """Whether a row takes the place of the one that holds its key: it says that it corrects this
    one, and says something else."""
    same = old is not None and isinstance(earlier, Known) and earlier.id == old.id
    return same and earlier.content_mac != draft.content_mac


def _compare(
    connection: sa.Connection,
    vault: Vault,
    met: Sequence[tuple[Draft, Known | Draft]],
    admission: Admission,
) -> list[Found]:
    seen: list[tuple[Draft, Known | Draft]] = []
    found: list[Found] = []
    for draft, earlier in met:
        same = earlier.content_mac == draft.content_mac
        if admission.may_see(draft, earlier, same=same):
            seen.append((draft, earlier))
        else:
            found.append(Found(draft, None, ()))
    known = {earlier.id: earlier for _, earlier in seen if isinstance(earlier, Known)}
    places = standings(connection, list(known)) if known else {}
    differing = {
        earlier.id: places[earlier.id].leaf
        for draft, earlier in seen
        if isinstance(earlier, Known) and earlier.content_mac != draft.content_mac
    }
    contents = open_contents(connection, vault, differing) if differing else {}
    for draft, earlier in seen:
        changed = None
        if earlier.content_mac != draft.content_mac:
            if isinstance(earlier, Draft):
                old: Content | None = earlier.open(vault)
            else:
                old = contents.get(earlier.id)
            changed = _changed(draft.open(vault), old) if old else ()
        place = earlier if isinstance(earlier, Draft) else places[earlier.id]
        admission.tell(draft, place.leaf)
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
