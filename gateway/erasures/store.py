"""What is to be erased, and destroying it, within the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from gateway.cases.models import acts, case_steps, cases, materials, proposals
from gateway.erasures.models import erasures
from gateway.files.store import drop as drop_file
from gateway.log.located import Entries, Located, of_row
from gateway.log.models import entries
from gateway.records.models import closings, records
from gateway.records.store import drop_contents
from gateway.sealing.models import content_keys, wrapping_keys
from gateway.sealing.services import Kind, drop, number
from gateway.statuses.models import statuses
from gateway.statuses.store import first_of
from ledger.core.status import Action, Flag

_SOME = 512

Row = sa.Row[Any]


def ordered(connection: sa.Connection) -> Sequence[Row]:
    """Acts of ours that erase and are final, of which nothing was destroyed yet: proposed by one
    token, released by another, and obeyed by this gateway. What stands on the chain alone, by
    whatever key, is none of them."""
    query = (
        sa.select(
            acts,
            case_steps.c.commitment.label("step"),
            case_steps.c.token,
            case_steps.c.released_by,
            cases.c.leaf,
        )
        .join(cases, cases.c.id == acts.c.case)
        .join(case_steps, case_steps.c.case == acts.c.case)
        .join(statuses, statuses.c.record == acts.c.record)
        .outerjoin(erasures, erasures.c.record == acts.c.record)
        .where(
            acts.c.action == int(Action.ERASE),
            acts.c.state == "recorded",
            case_steps.c.act == "erase",
            case_steps.c.released_by.is_not(None),
            case_steps.c.released_by != case_steps.c.token,
            statuses.c.flags.op("&")(int(Flag.ERASED)) != 0,
            erasures.c.record.is_(None),
        )
        .order_by(acts.c.id)
    )
    return connection.execute(query).all()


def is_ordered(connection: sa.Connection, record: bytes) -> bool:
    """Whether this is still to be done; asked again under the locks."""
    return any(row.record == record for row in ordered(connection))


def rows_of(connection: sa.Connection, record: bytes) -> list[int]:
    """The rows that hold the content of a record: those that its status closes, which are its own
    and those of the whole chain where it was logged again."""
    query = sa.select(closings.c.entry).where(closings.c.record == record)
    return sorted(connection.scalars(query))


def leaves_of(connection: sa.Connection, rows: Sequence[int]) -> frozenset[bytes]:
    """Their leaves."""
    return frozenset(connection.scalars(sa.select(entries.c.leaf).where(entries.c.id.in_(rows))))


def content_keys_since(connection: sa.Connection, rows: Sequence[int]) -> list[bytes]:
    """Ids of all content keys that wrapped anything while one of these rows was there: under any of
    them its key may lie in a backup."""
    first = connection.scalar(sa.select(sa.func.min(records.c.stored_at)).where(_of(rows)))
    named = sa.select(content_keys.c.wrapped_by).where(
        content_keys.c.kind == int(Kind.RECORD), content_keys.c.id.in_(rows)
    )
    later = sa.or_(wrapping_keys.c.retired_at.is_(None), wrapping_keys.c.retired_at >= (first or 0))
    known = sa.select(wrapping_keys.c.key_id).where(later)
    return sorted({*connection.scalars(named), *connection.scalars(known)} - {b""})


def destroy_records(connection: sa.Connection, rows: Sequence[int]) -> None:
    """Destroy keys and sealed content of these rows, and what ties them to their subject. Their
    fingerprints stay: by them the same record sent again is known, and not taken in anew."""
    drop(connection, Kind.RECORD, rows)
    drop_contents(connection, rows)
    connection.execute(sa.update(records).where(_of(rows)).values(subject=None))


def documents_about(connection: sa.Connection, rows: Sequence[int], but: bytes) -> list[str]:
    """Sets of documents handed in or proposed about a record, but for those of the step `but`."""
    ids = ids_of(connection, rows)
    leaves = leaves_of(connection, rows)
    about = sa.select(cases.c.id).where(sa.or_(cases.c.leaf.in_(leaves), cases.c.record.in_(ids)))
    kept = connection.scalar(
        sa.select(case_steps.c.materials).where(case_steps.c.commitment == but)
    )
    handed = sa.select(case_steps.c.materials).where(
        case_steps.c.case.in_(about), case_steps.c.materials.is_not(None)
    )
    said = sa.select(proposals.c.materials).where(
        sa.or_(proposals.c.record.in_(ids), proposals.c.case.in_(about)),
        sa.or_(proposals.c.step.is_(None), proposals.c.step != but),
    )
    found = {*connection.scalars(handed), *connection.scalars(said)} - {kept}
    return sorted(one for one in found if one is not None)


def destroy_documents(connection: sa.Connection, sets: Sequence[str]) -> int:
    """Destroy keys and content of these sets of documents, and end what was proposed with them; how
    many documents there were."""
    drop(connection, Kind.MATERIAL, [number(one) for one in sets])
    count = 0
    for at in range(0, len(sets), _SOME):
        some = sets[at : at + _SOME]
        gone = connection.execute(sa.delete(materials).where(materials.c.id.in_(some)))
        count += gone.rowcount
        said = sa.update(proposals).where(proposals.c.materials.in_(some))
        connection.execute(said.values(content=b""))
        connection.execute(said.where(proposals.c.state == "proposed").values(state="replaced"))
    return count


def ids_of(connection: sa.Connection, rows: Sequence[int]) -> set[bytes]:
    """Ids of the records of these rows; of one whose entry does not read back there is none."""
    held = Entries(connection)
    found = {held.record_id(of_row(connection, row, held)) for row in rows}
    return {one for one in found if one is not None}


def destroy_files(connection: sa.Connection, files: Collection[str]) -> None:
    """Forget these files, in the order in which whoever changes keys takes them."""
    for file in sorted(files, key=number):
        drop_file(connection, file)


def unswept(connection: sa.Connection) -> Sequence[Row]:
    """Erasures of which something may be left behind in this database's files."""
    return connection.execute(sa.select(erasures).where(erasures.c.swept_at.is_(None))).all()


def erasure_by(connection: sa.Connection, name: bytes, at: Located) -> Row | None:
    """The erasure of a record, by its id or leaf: of any of its chain where it was logged again,
    for acts are on the first. at: the entry that it names."""
    acted = first_of(Entries(connection), at)
    named = sa.or_(
        erasures.c.record.in_([name, *([] if acted is None else [acted])]),
        erasures.c.leaf.in_([name, at.leaf]),
    )
    return connection.execute(sa.select(erasures).where(named)).one_or_none()


def all_erasures(connection: sa.Connection) -> Sequence[Row]:
    """All, the oldest first."""
    order = (erasures.c.destroyed_at, erasures.c.record)
    return connection.execute(sa.select(erasures).order_by(*order)).all()


def note_files(connection: sa.Connection, row: Row, files: Collection[str]) -> None:
    """Note which files went with an erasure."""
    named = sorted({*row.files.split(","), *files} - {""})
    change = sa.update(erasures).where(erasures.c.record == row.record)
    connection.execute(change.values(files=",".join(named)))


def _of(rows: Sequence[int]) -> sa.ColumnElement[bool]:
    return records.c.id.in_(rows)
