"""The wrapped keys of a backup, `keys.db`: those of everything that can be opened, and the leaves
of the records that were erased, the commitments of such statements, the numbers of such documents.

    keys           kind, subject (of a record its leaf, of a statement its commitment, else its
                   number in 8 bytes), wrapped_by, wrapped_key; NULL: erased
    wrapping_keys  the content keys, as in the database

By the names of the erased a record that these keys never had is told from one that was erased: it
may have come after them, on a database that was lost since. Files and what belongs to them leave
nothing behind when they are forgotten; one without a key was forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from gateway.authorisations.models import authorisations, held_openings
from gateway.base.crypto import Wrapped
from gateway.base.db import Row, insert_rows
from gateway.casefiles.models import case_files
from gateway.cases.models import case_steps, proposals
from gateway.files.models import files
from gateway.files.store import drop as drop_file
from gateway.files.store import forget_job, forget_report
from gateway.jobs.services import drop as drop_job
from gateway.jobs.services import find as find_job
from gateway.log.models import entries
from gateway.peers.models import peer_inbox, peer_outbox
from gateway.products.models import product_versions
from gateway.queries.models import uses
from gateway.records.models import records
from gateway.reports.models import credit_reports
from gateway.sealing.models import content_keys, wrapping_keys
from gateway.sealing.services import Kind, find, in_use, number, opens
from gateway.statements.models import statements
from gateway.watching.models import watched_subjects
from gateway.watching.subjects import forget as forget_subject
from gateway.webhooks.models import webhook_endpoints
from gateway.webhooks.store import remove as remove_endpoint

ROWS = 4096
"""Rows that are held at a time."""
_SOME = 512
"""Subjects of one query."""

_of_keys = sa.MetaData()
keys = sa.Table(
    "keys",
    _of_keys,
    sa.Column("kind", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("subject", sa.LargeBinary(32), primary_key=True),
    sa.Column("wrapped_by", sa.LargeBinary(8)),
    sa.Column("wrapped_key", sa.LargeBinary(48)),
    sqlite_with_rowid=False,
)
wrapping = wrapping_keys.to_metadata(_of_keys)

_COLUMNS = ("kind", "subject", "wrapped_by", "wrapped_key")
_INTO = ("kind", "id", "wrapped_by", "wrapped_key")
_LASTING: Mapping[Kind, tuple[sa.Column[int], sa.Column[bytes], sa.FromClause]] = {
    Kind.RECORD: (
        records.c.id,
        entries.c.leaf,
        records.join(entries, entries.c.id == records.c.id),
    ),
    Kind.STATEMENT: (statements.c.id, statements.c.commitment, statements),
}
"""What is never forgotten, but erased: row number, the name in `keys.db`, and where both stand."""
_NUMBERED: Mapping[Kind, sa.Column[str]] = {
    Kind.RECEIVED: peer_inbox.c.id,
    Kind.SENT: peer_outbox.c.id,
    Kind.MANIFEST: product_versions.c.box,
    Kind.USE: uses.c.id,
    Kind.BUNDLE: uses.c.bundle_box,
    Kind.CREDIT_REPORT: credit_reports.c.box,
}
"""Openings of other members, those on their way to them, manifests of products, what was asked
and answered about subjects, and reports about them."""
_LOST = Wrapped(b"", b"")
"""What stands for a key that no backup had; where another one has it, it is found again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the keys gave; statements count as records. erased: records that were erased. lost:
    records of which no key was found, though nobody is known to have erased them. forgotten: files
    that were forgotten, or answered, after the backup was made. beyond: records that the keys know
    of, erased or not, and that did not come back; backups of what was restored will not know of
    them."""

    erased: int = 0
    lost: int = 0
    forgotten: int = 0
    beyond: int = 0


def create_keys(engine: sa.Engine) -> None:
    """Make the tables of `keys.db`."""
    _of_keys.create_all(engine)


def portions(source: sa.Connection, query: sa.Select[Any]) -> Iterator[list[Row]]:
    """The rows of a query, `ROWS` at a time."""
    result = source.execution_options(yield_per=ROWS).execute(query)
    for some in result.partitions(ROWS):
        yield [tuple(row) for row in some]


def keep_keys(source: sa.Connection, target: sa.Connection) -> int:
    """Fill `keys.db`; returns how many rows have a key."""
    for some in portions(source, sa.select(*wrapping_keys.columns)):
        insert_rows(target, wrapping, wrapping.columns.keys(), some)
    kept = 0
    for kind, (id_, subject, lasting) in _LASTING.items():
        query = (
            sa.select(
                sa.literal(int(kind)),
                subject,
                content_keys.c.wrapped_by,
                content_keys.c.wrapped_key,
            )
            .select_from(lasting)
            .outerjoin(content_keys, opens(kind, id_))
        )
        for some in portions(source, query):
            insert_rows(target, keys, _COLUMNS, some)
            kept += sum(row[-1] is not None for row in some)
    of_others = sa.select(*content_keys.columns).where(content_keys.c.kind.not_in(_LASTING))
    for some in portions(source, of_others):
        named = [(kind, _subject(id_), *key) for kind, id_, *key in some]
        insert_rows(target, keys, _COLUMNS, named)
        kept += len(some)
    gone = [(int(Kind.MATERIAL), _subject(id_), None, None) for id_ in erased_documents(source)]
    insert_rows(target, keys, _COLUMNS, gone)
    return kept


def erased_documents(source: sa.Connection) -> list[int]:
    """Numbers of the sets of documents of cases that were handed in and have no key any more."""
    known = set(map(number, _sets(source)))
    return sorted(known - find(source, Kind.MATERIAL, known).keys())


def _sets(source: sa.Connection) -> set[str]:
    """Sets of documents that were ever handed in or proposed, files that decide, and openings of
    authorisations that came as files."""
    sets = (case_steps.c.materials, authorisations.c.materials, held_openings.c.materials)
    handed = [
        one for column in sets for one in source.scalars(sa.select(column)) if one is not None
    ]
    proposed = source.scalars(sa.select(proposals.c.materials))
    return {*handed, *proposed, *source.scalars(sa.select(case_files.c.id))}


def give_keys(kept: Sequence[sa.Connection], target: sa.Connection) -> Given:
    """Give what was restored its keys. kept: the keys to be believed first, and those of the backup
    itself where they are others."""
    for source in kept:
        known = set(target.scalars(sa.select(wrapping_keys.c.key_id)))
        rows = [row for row in source.execute(sa.select(wrapping)) if row.key_id not in known]
        insert_rows(target, wrapping_keys, wrapping.columns.keys(), [tuple(row) for row in rows])
    given = Given(forgotten=_to_files(kept[0], target))
    _to_numbered(kept, target, Kind.MATERIAL, map(number, _sets(target)))
    for kind, id_ in _NUMBERED.items():
        _to_numbered(kept, target, kind, map(number, target.scalars(sa.select(id_))))
    _to_watching(kept[0], target)
    for kind in _LASTING:
        more = _to_lasting(kept, target, kind)
        given = replace(
            given,
            erased=given.erased + more.erased,
            lost=given.lost + more.lost,
            beyond=given.beyond + more.beyond,
        )
    again = sa.update(wrapping_keys).where(wrapping_keys.c.key_id.in_(in_use(target)))
    target.execute(again.values(emptied_at=None))
    return given


def _to_lasting(kept: Sequence[sa.Connection], target: sa.Connection, kind: Kind) -> Given:
    last = erased = lost = matched = 0
    of_kind = keys.c.kind == int(kind)
    known = kept[0].scalar(sa.select(sa.func.count()).select_from(keys).where(of_kind)) or 0
    id_, subject, lasting = _LASTING[kind]
    wanted = sa.select(id_.label("id"), subject.label("subject")).select_from(lasting)
    while True:
        query = wanted.where(id_ > last).order_by(id_).limit(ROWS)
        rows = target.execute(query).all()
        if not rows:
            return Given(erased=erased, lost=lost, beyond=known - matched)
        last = rows[-1].id
        found: dict[bytes, Wrapped | None] = {}
        for source in kept:
            left = [row.subject for row in rows if found.get(row.subject, _LOST) == _LOST]
            found |= _find(source, kind, left)
            matched += len(found) if source is kept[0] else 0
        keyed = [(row.id, found.get(row.subject, _LOST)) for row in rows]
        erased += sum(key is None for _, key in keyed)
        lost += sum(key == _LOST for _, key in keyed)
        into = [(int(kind), row_id, *key) for row_id, key in keyed if key is not None]
        insert_rows(target, content_keys, _INTO, into)


def _to_numbered(
    kept: Sequence[sa.Connection], target: sa.Connection, kind: Kind, ids: Iterable[int]
) -> None:
    """Give documents, messages and manifests their keys. One that these keys know as erased is,
    however old the backup is; one that was in no backup stays sealed, as lost."""
    subjects = {_subject(id_): id_ for id_ in ids}
    found: dict[bytes, Wrapped | None] = {}
    for source in kept:
        left = [subject for subject in subjects if subject not in found]
        found |= _find(source, kind, left)
    into = [(int(kind), subjects[name], *key) for name, key in found.items() if key]
    insert_rows(target, content_keys, _INTO, into)


def _to_watching(source: sa.Connection, target: sa.Connection) -> None:
    """Give followed subjects and endpoints their keys. One that these keys do not have was taken
    away by its holder since, and goes."""
    for kind, column, forget in (
        (Kind.WEBHOOK, webhook_endpoints.c.id, remove_endpoint),
        (Kind.WATCHED, watched_subjects.c.id, forget_subject),
    ):
        subjects = {_subject(number(one)): one for one in target.scalars(sa.select(column))}
        found = _find(source, kind, list(subjects))
        into = [(int(kind), number(subjects[name]), *key) for name, key in found.items() if key]
        insert_rows(target, content_keys, _INTO, into)
        for name in subjects.keys() - found.keys():
            forget(target, subjects[name])


def _to_files(source: sa.Connection, target: sa.Connection) -> int:
    """Drop what the keys have forgotten; how many were forgotten or given up. No workbook to
    correct is kept: the keys may be of another than these pieces are; it is made again."""
    restored = list(target.scalars(sa.select(files.c.id)))
    forgotten = 0
    for at in range(0, len(restored), _SOME):
        some = {number(file): file for file in restored[at : at + _SOME]}
        subjects = {_subject(id_): id_ for id_ in some}
        for kind in (Kind.FILE, Kind.ANSWER):
            found = _find(source, kind, list(subjects))
            into = [(int(kind), subjects[name], *key) for name, key in found.items() if key]
            insert_rows(target, content_keys, _INTO, into)
        forgotten += sum(_settle(target, file) for file in some.values())
    return forgotten


def settle_files(target: sa.Connection) -> int:
    """Drop of every file what has no key any more; how many senders may have to send again."""
    return sum(_settle(target, file) for file in list(target.scalars(sa.select(files.c.id))))


def _settle(target: sa.Connection, file: str) -> bool:
    """Drop of a file what does not open any more; whether its sender may have to send it again."""
    has = {kind for kind in Kind if find(target, kind, [number(file)])}
    if Kind.ANSWER not in has:
        drop_file(target, file)
        return True
    forget_report(target, file)
    if Kind.FILE in has:
        return False
    job = find_job(target, file)
    waited = drop_job(target, file)
    if job is not None:
        forget_job(target, job)
    return waited


def _find(
    source: sa.Connection, kind: Kind, subjects: Sequence[bytes]
) -> dict[bytes, Wrapped | None]:
    """Keys by subject; None: erased."""
    found: dict[bytes, Wrapped | None] = {}
    for at in range(0, len(subjects), _SOME):
        query = sa.select(keys).where(
            keys.c.kind == int(kind), keys.c.subject.in_(subjects[at : at + _SOME])
        )
        for row in source.execute(query):
            key = None if row.wrapped_key is None else Wrapped(row.wrapped_by, row.wrapped_key)
            found[row.subject] = key
    return found


def _subject(id_: int) -> bytes:
    return id_.to_bytes(8, "big")
