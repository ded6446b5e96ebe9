"""Reading and writing the files that decide and their rows, within the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from gateway.base.crypto import Box, Vault
from gateway.base.db import insert_rows
from gateway.casefiles.models import case_file_rows, case_files
from gateway.cases.models import acts, materials
from gateway.log.located import locate
from gateway.records.store import closed_among
from gateway.sealing.services import Boxes, Kind

LOCK = "case-files"
"""Name of the lock under which files and rows change that are not decided: deciding has that of the
cases."""
STATES = ("new", "proposed", "refused", "done")
"""Of rows."""
_SOME = 512
_COLUMNS = ("file", "n", "state", "code", "field", "act", "content")
_ACT_STATES = ("waiting", "signed", "sent", "recorded", "needless", "refused")

File = sa.Row[Any]
Said = Mapping[str, Any]
"""What a row says: `row`, `sheet`, and of a national result the texts by role of their column; of
an import the leaf of the record that was taken in."""


class NewRow(NamedTuple):
    """A row to be kept. code, field: why it is refused from the start; None: it is looked up."""

    said: Said
    act: str | None = None
    code: str | None = None
    field: str | None = None


class FileRow(NamedTuple):
    """A row, opened."""

    n: int
    state: str
    code: str | None
    field: str | None
    act: str | None
    record: bytes | None
    said: Said
    case: bytes | None


def file_row(connection: sa.Connection, file: str) -> File | None:
    """A file; None where there is none."""
    return connection.execute(sa.select(case_files).where(case_files.c.id == file)).one_or_none()


def file_of_request(connection: sa.Connection, request: bytes) -> str | None:
    """The file that the same content became."""
    query = sa.select(case_files.c.id).where(case_files.c.request == request)
    found: str | None = connection.scalar(query)
    return found


def put_file(connection: sa.Connection, box: Box, name: Mapping[str, Any], **values: Any) -> None:
    """Keep a file. name: what is sealed of it."""
    kept = box.seal(orjson.dumps(name), aad(values["id"], "name"))
    connection.execute(sa.insert(case_files).values(name=kept, state="reading", **values))


def put_rows(
    connection: sa.Connection, box: Box, file: str, rows: Iterable[NewRow], first: int = 0
) -> None:
    """Keep rows of a file, in order."""
    values = [
        (
            file,
            n,
            "refused" if row.code else "new",
            row.code,
            row.field,
            row.act,
            sealed(box, file, n, row.said),
        )
        for n, row in enumerate(rows, first)
    ]
    insert_rows(connection, case_file_rows, _COLUMNS, values)


def sealed(box: Box, file: str, n: int, said: Said) -> bytes:
    """What a row says, as it is kept."""
    return box.seal(orjson.dumps(said), aad(file, f"row/{n}"))


def count_rows(connection: sa.Connection, file: str) -> int:
    """How many rows a file has."""
    query = sa.select(sa.func.count()).where(case_file_rows.c.file == file)
    return connection.scalar(query) or 0


def box_of(connection: sa.Connection, vault: Vault, file: str) -> Box:
    """The key of a file. Raises ContentLost, ContentKeyMissing."""
    return Boxes(vault).open(connection, Kind.MATERIAL, file)


def new_box(connection: sa.Connection, vault: Vault, file: str) -> Box:
    """A key for a new file."""
    return Boxes(vault).make(connection, Kind.MATERIAL, file)


def rows_of(
    connection: sa.Connection,
    box: Box,
    file: str,
    *,
    state: str | None = None,
    after: int = -1,
    limit: int = 100,
) -> list[FileRow]:
    """The next rows behind a number, of one state or of all."""
    table = case_file_rows.c
    query = sa.select(case_file_rows).where(table.file == file, table.n > after)
    if state is not None:
        query = query.where(table.state == state)
    found = connection.execute(query.order_by(table.n).limit(limit))
    return [
        FileRow(
            n=row.n,
            state=row.state,
            code=row.code,
            field=row.field,
            act=row.act,
            record=row.record,
            said=_said(box, row),
            case=row.case,
        )
        for row in found
    ]


def _said(box: Box, row: sa.Row[Any]) -> Said:
    """What a row says; nothing of a record that was erased since."""
    if not row.content:
        return {}
    found: dict[str, Any] = orjson.loads(box.open(row.content, aad(row.file, f"row/{row.n}")))
    return found


def change_row(connection: sa.Connection, file: str, n: int, was: str, **values: Any) -> bool:
    """Note what became of a row; False where it stands otherwise already."""
    table = case_file_rows.c
    change = sa.update(case_file_rows).where(table.file == file, table.n == n, table.state == was)
    return connection.execute(change.values(**values)).rowcount == 1


def forget_records(connection: sa.Connection, wanted: Collection[bytes]) -> None:
    """Destroy what rows say about these records, with the files as they came; what became of each
    row stays. Those that are not decided yet are refused."""
    about = case_file_rows.c.record.in_(wanted)
    files = list(connection.scalars(sa.select(case_file_rows.c.file).where(about).distinct()))
    change = sa.update(case_file_rows).where(about)
    connection.execute(change.values(content=b""))
    ended = change.where(case_file_rows.c.state == "proposed")
    connection.execute(ended.values(state="refused", code="content-erased"))
    for at in range(0, len(files), _SOME):
        some = files[at : at + _SOME]
        connection.execute(sa.delete(materials).where(materials.c.id.in_(some)))


def taken_records(connection: sa.Connection, file: str, records: Iterable[bytes]) -> set[bytes]:
    """Those of the records that a row of the file means already."""
    table = case_file_rows.c
    query = sa.select(table.record).where(table.file == file, table.record.in_(list(records)))
    return {bytes(found) for found in connection.scalars(query.where(table.state != "refused"))}


def closed_records(connection: sa.Connection, records: Iterable[bytes]) -> frozenset[bytes]:
    """Those of these records of ours that are closed."""
    found = {at.id: record for record in set(records) if (at := locate(connection, record))}
    return frozenset(found[id_] for id_ in closed_among(connection, list(found)))


def counts_of(connection: sa.Connection, file: str) -> dict[str, int]:
    """Rows by state."""
    table = case_file_rows.c
    query = sa.select(table.state, sa.func.count()).where(table.file == file).group_by(table.state)
    found = {state: int(n) for state, n in connection.execute(query)}
    return {state: found.get(state, 0) for state in STATES}


def acts_of(connection: sa.Connection, file: str) -> dict[str, int]:
    """What goes to the chain with the rows of a file, by state."""
    steps = (
        sa.select(case_file_rows.c.case, case_file_rows.c.record)
        .where(case_file_rows.c.file == file, case_file_rows.c.state == "done")
        .subquery()
    )
    query = sa.select(acts.c.state, sa.func.count()).join(steps, acts.c.case == steps.c.case)
    found = {state: int(n) for state, n in connection.execute(query.group_by(acts.c.state))}
    return {state: found.get(state, 0) for state in _ACT_STATES}


def acts_by_case(
    connection: sa.Connection, cases: Sequence[bytes]
) -> dict[bytes, tuple[str, str | None]]:
    """The state and code of the last act of each of these cases."""
    query = sa.select(acts.c.case, acts.c.state, acts.c.code).where(acts.c.case.in_(cases))
    found = connection.execute(query.order_by(acts.c.id))
    return {bytes(row.case): (row.state, row.code) for row in found}


def in_state(connection: sa.Connection, state: str) -> Sequence[File]:
    """Files in a state, the oldest first."""
    query = sa.select(case_files).where(case_files.c.state == state)
    return connection.execute(query.order_by(case_files.c.at, case_files.c.id)).all()


def newest(connection: sa.Connection, department: str | None, *, all_: bool, limit: int) -> Any:
    """The files proposed last: of a department, or of all."""
    query = sa.select(case_files).order_by(case_files.c.at.desc(), case_files.c.id).limit(limit)
    if not all_:
        query = query.where(case_files.c.department == department)
    return connection.execute(query).all()


def change_file(connection: sa.Connection, file: str, was: str, **values: Any) -> bool:
    """Note how a file stands; False where it stands otherwise already."""
    change = sa.update(case_files).where(case_files.c.id == file, case_files.c.state == was)
    return connection.execute(change.values(**values)).rowcount == 1


def name_of(box: Box, row: File) -> dict[str, Any]:
    """What is sealed of a file."""
    found: dict[str, Any] = orjson.loads(box.open(row.name, aad(row.id, "name")))
    return found


def aad(file: str, place: str) -> bytes:
    """What a piece is bound to."""
    return f"credit-ledger/case-file/1\0{file}\0{place}".encode()
