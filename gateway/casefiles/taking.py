"""Records that decide about others, kept as they are taken in."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import sqlalchemy as sa

from gateway.base.db import lock
from gateway.base.policy import Caller
from gateway.casefiles import store
from gateway.casefiles.exits import CORRECT, EXITS
from gateway.casefiles.services import CaseFiles
from gateway.casefiles.store import NewRow
from gateway.files.store import File, FileStore
from gateway.intake.interfaces import RowAnswer, SetAnswer


def take(
    files: CaseFiles,
    names: FileStore,
    connection: sa.Connection,
    file: File,
    rows: Sequence[RowAnswer],
) -> None:
    """Keep the exits and corrections among the rows of a set within the transaction that stores
    their records, so that none is lost. names: of the files."""
    new = [row for answer in rows if (row := _decides(answer)) is not None]
    if not new:
        return
    if store.file_row(connection, file.id) is None:
        box = store.new_box(connection, files.vault, file.id)
        store.put_file(
            connection,
            box,
            {
                "name": names.told(file.id)[0],
                "by": files.holders.holder(file.token).name,
                "sha256": "",
            },
            id=file.id,
            source="import",
            token=file.token,
            department=file.department,
            at=files.ctx.clock.seconds(),
            request=files.hmac.fingerprint(b"case-file-import", file.id.encode()),
        )
    box = store.box_of(connection, files.vault, file.id)
    store.put_rows(connection, box, file.id, new, store.count_rows(connection, file.id))


def take_single(
    files: CaseFiles, connection: sa.Connection, callers: Sequence[Caller], answer: SetAnswer
) -> None:
    """The same for records that came without a file: those of one token and day are as one, until
    it is released. callers: of the rows, in order."""
    found: dict[int, list[NewRow]] = {}
    by_id = {caller.id: caller for caller in callers}
    for caller, row in zip(callers, answer.rows, strict=True):
        new = _decides(row)
        if new is not None:
            found.setdefault(caller.id, []).append(new)
    for token, rows in found.items():
        lock(connection, store.LOCK)
        file = _of_the_day(files, connection, by_id[token])
        box = store.box_of(connection, files.vault, file)
        store.put_rows(connection, box, file, rows, store.count_rows(connection, file))


def _of_the_day(files: CaseFiles, connection: sa.Connection, caller: Caller) -> str:
    """The file that takes today's single records of a token; a new one where it was released."""
    day = files.ctx.clock.today().isoformat()
    n, request = 0, _single(files, caller, day, 0)
    while (known := store.file_of_request(connection, request)) is not None:
        row = store.file_row(connection, known)
        if row is not None and row.state in ("reading", "proposed"):
            store.change_file(connection, known, "proposed", state="reading")
            return known
        n, request = n + 1, _single(files, caller, day, n + 1)
    file = secrets.token_hex(16)
    store.put_file(
        connection,
        store.new_box(connection, files.vault, file),
        {"name": f"逐条报送 {day}", "by": caller.name, "sha256": ""},
        id=file,
        source="import",
        token=caller.id,
        department=caller.department,
        at=files.ctx.clock.seconds(),
        request=request,
    )
    return file


def _single(files: CaseFiles, caller: Caller, day: str, n: int) -> bytes:
    return files.hmac.fingerprint(b"case-file-single", f"{caller.id}\0{day}\0{n}".encode())


def _decides(answer: RowAnswer) -> NewRow | None:
    """What an accepted row proposes about another record. An exit that corrects an exit does only
    that: the end of the entry was proposed by the first."""
    said = {"row": answer.row, "sheet": answer.sheet, "leaf": answer.leaf}
    if answer.verdict != "accepted":
        return None
    if answer.corrects is not None:
        return NewRow({**said, "corrects": answer.corrects}, act=CORRECT)
    return NewRow(said, act="end") if answer.kind in EXITS else None
