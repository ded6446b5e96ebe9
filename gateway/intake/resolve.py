"""Telling new records from those already there, in the order of the set (design, invariant 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from gateway.crypto import Vault
from gateway.intake.judge import Good
from gateway.intake.lookup import Known, known_documents, known_records, open_contents
from ledger.records.validate import Fields


@dataclass(frozen=True, slots=True)
class Found:
    """A good row whose key is taken. earlier: the record stored before, or the row of this set.
    changed: None for a duplicate; the codes in which a conflict differs, as far as known."""

    good: Good
    earlier: Known | Good
    changed: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Resolved:
    """new: rows to be stored, in order. found: the others. shared: places in the set of new rows
    whose document number also stands for another subject."""

    new: Sequence[Good]
    found: Sequence[Found]
    shared: frozenset[int]


def resolve(connection: sa.Connection, vault: Vault, goods: Sequence[Good]) -> Resolved:
    """Two queries for the whole set, a third one where there are conflicts with stored records."""
    taken: dict[bytes, Known | Good] = {}
    taken.update(known_records(connection, {good.record_key for good in goods}))
    fresh = {good.document_key for good in goods if good.record_key not in taken}
    documents = known_documents(connection, fresh) if fresh else set()
    new: list[Good] = []
    met: list[tuple[Good, Known | Good]] = []
    shared: set[int] = set()
    for good in goods:
        earlier = taken.get(good.record_key)
        if earlier is not None:
            met.append((good, earlier))
            continue
        if good.document_key in documents:
            shared.add(good.at)
        documents.add(good.document_key)
        taken[good.record_key] = good
        new.append(good)
    return Resolved(new, _compare(connection, vault, met), frozenset(shared))


def _compare(
    connection: sa.Connection, vault: Vault, met: Sequence[tuple[Good, Known | Good]]
) -> list[Found]:
    wanted = {
        earlier.id: earlier.leaf
        for good, earlier in met
        if isinstance(earlier, Known) and earlier.content_mac != good.content_mac
    }
    contents = open_contents(connection, vault, wanted) if wanted else {}
    found = []
    for good, earlier in met:
        if earlier.content_mac == good.content_mac:
            found.append(Found(good, earlier, None))
            continue
        if isinstance(earlier, Good):
            old = (earlier.checked.class_, earlier.checked.fields)
        elif earlier.id in contents:
            content = contents[earlier.id]
            old = (content.class_, dict(content.fields))
        else:
            found.append(Found(good, earlier, ()))
            continue
        found.append(Found(good, earlier, _changed(good, *old)))
    return found


def _changed(good: Good, class_: str | None, fields: Mapping[str, object]) -> tuple[str, ...]:
    """Codes in which the row differs from what is there, in the order of the standard's table;
    `class` last."""
    now: Fields = good.checked.fields
    order = [*good.schema.by_code, *(code for code in fields if code not in good.schema.by_code)]
    codes = [code for code in order if now.get(code) != fields.get(code)]
    return (*codes, "class") if good.checked.class_ != class_ else tuple(codes)
