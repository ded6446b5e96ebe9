"""Files that decide: taken in, shown, released."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Set
from contextlib import AbstractContextManager
from typing import Any

import orjson
import sqlalchemy as sa

from gateway.base.context import Context
from gateway.base.crash import crash_point
from gateway.base.crypto import Hmac, Vault
from gateway.base.db import begin_read, begin_write
from gateway.base.policy import ALWAYS, Caller, Purpose, Record, decide
from gateway.casefiles import store
from gateway.casefiles.reading import judged
from gateway.casefiles.words import SHOWN, told
from gateway.cases import materials
from gateway.cases.errors import CaseRefused
from gateway.cases.materials import Material
from gateway.cases.two_persons import TwoPersons
from gateway.cases.waiting import LAPSE
from gateway.tokens.services import Holders
from gateway.worklists.services import Worklists
from ledger.core.canonical import instant

TYPE = "credit-ledger/case-file@1"
MAX_ROWS = 10_000
"""Rows of one file."""
LISTED = 200
"""Rows that are shown at once."""
_REQUEST = b"case-file"
_ID_BYTES = 16
_PAGE = 500


class CaseFiles:
    """The files of this member that decide about many records; safe in threads."""

    def __init__(
        self, ctx: Context, *, vault: Vault, hmac: Hmac, holders: Holders, tables: Worklists
    ) -> None:
        self.ctx = ctx
        self.vault = vault
        self.hmac = hmac
        self.holders = holders
        self._tables = tables

    def place(self, caller: Caller) -> AbstractContextManager[None]:
        """A place for a table, to be taken before its body is read. Raises NotReady."""
        return self._tables.place(caller)

    # ---- proposing

    def take_in(self, caller: Caller, name: str, data: bytes) -> str:
        """Take in a file of national results; its id. The same file again is the same one, whoever
        of the department hands it in. Within a `place`. Raises FileFault, NotAllowed, NotReady."""
        decide(caller, Purpose.DECIDE).demand()
        digest = hashlib.sha256(data).digest()
        said = orjson.dumps(["national", caller.department, digest.hex()])
        request = self.hmac.fingerprint(_REQUEST, said)
        with begin_read(self.ctx.engine) as connection:
            known = store.file_of_request(connection, request)
        if known is not None:
            return known
        table = self._tables.entries(data, MAX_ROWS)
        today = self.ctx.clock.today()
        rows = [judged(entry, today) for entry in table.rows]
        with begin_write(self.ctx.engine, store.LOCK) as connection:
            known = store.file_of_request(connection, request)
            if known is not None:
                return known
            file = secrets.token_hex(_ID_BYTES)
            sent = Material(name=name or "-", data=data)
            box = materials.keep(connection, self.vault, [sent], file)
            store.put_file(
                connection,
                box,
                {"name": name, "by": caller.name, "sha256": digest.hex()},
                id=file,
                source="national",
                token=caller.id,
                department=caller.department,
                at=self.ctx.clock.seconds(),
                request=request,
            )
            store.put_rows(connection, box, file, rows)
            crash_point("case-file.taken", "before")
        crash_point("case-file.taken", "after")
        self.ctx.signals.ruled.set()
        return file

    # ---- releasing

    def release(self, caller: Caller, file: str, seen: int | None = None) -> None:
        """Release a file: all its rows that are proposed are then carried out. Released again it
        stays so. seen: how many rows the caller has seen proposed; None: whatever is. Raises
        CaseRefused (as `TwoPersons.demand`; `nothing-proposed`, also where it waited too long or
        whoever proposed it has no token any more; `not-looked-up` where rows still are;
        `case-moved` where there are others by now), NotAllowed."""
        row = self._found(caller, file, Purpose.RELEASE_CASE_FILE)
        with begin_read(self.ctx.engine) as connection:
            box = store.box_of(connection, self.vault, file)
            by = store.name_of(box, row)["by"]
            TwoPersons(self.ctx, self.holders).demand(connection, caller, row.token, by)
        with begin_write(self.ctx.engine, store.LOCK) as connection:
            if not _demand_releasable(connection, file, seen):
                return
            self._demand_waits(connection, row)
            store.change_file(
                connection,
                file,
                "proposed",
                state="released",
                released_by=caller.id,
                released_at=self.ctx.clock.seconds(),
            )
        self.ctx.signals.ruled.set()

    def _demand_waits(self, connection: sa.Connection, row: store.File) -> None:
        """As of every proposal: nobody remembers on what an old one rested, and what whoever left
        had proposed is nobody's word. Raises CaseRefused."""
        token = self.holders.known(connection, row.token)
        if row.at + LAPSE <= self.ctx.clock.seconds() or token is None or token.ended:
            raise CaseRefused("nothing-proposed", _LAPSED)

    # ---- showing

    def head(self, caller: Caller, file: str) -> dict[str, Any]:
        """How far a file is: its rows and its acts by state. Raises CaseRefused, NotAllowed."""
        return self._head(self._found(caller, file, Purpose.SEE_CASE_FILE))

    def listed(self, caller: Caller, limit: int) -> dict[str, Any]:
        """The files proposed last, the newest first: of the caller's department, or of all where
        it acts for the whole member."""
        all_ = caller.whole_member
        with begin_read(self.ctx.engine) as connection:
            rows = store.newest(connection, caller.department, all_=all_, limit=limit)
        return {"files": [self._head(row) for row in rows]}

    def rows(self, caller: Caller, file: str, state: str | None, after: int) -> dict[str, Any]:
        """The next rows of a file behind a number, at most `LISTED`, with what became of each."""
        self._found(caller, file, Purpose.SEE_CASE_FILE)
        found = self._page(file, state, after, LISTED)
        more = found[-1]["n"] if len(found) == LISTED else None
        return {"rows": found, "next": more}

    def every_row(self, caller: Caller, file: str) -> Iterator[dict[str, Any]]:
        """All rows, for the report."""
        self._found(caller, file, Purpose.SEE_CASE_FILE)
        after = -1
        while found := self._page(file, None, after, _PAGE):
            yield from found
            after = found[-1]["n"]

    def _page(self, file: str, state: str | None, after: int, limit: int) -> list[dict[str, Any]]:
        with begin_read(self.ctx.engine) as connection:
            box = store.box_of(connection, self.vault, file)
            rows = store.rows_of(connection, box, file, state=state, after=after, limit=limit)
            cases = [row.case for row in rows if row.case]
            acts = store.acts_by_case(connection, cases) if cases else {}
            closed = store.closed_records(connection, [row.record for row in rows if row.record])
        return [_shown(row, acts, closed) for row in rows]

    def _head(self, row: store.File) -> dict[str, Any]:
        with begin_read(self.ctx.engine) as connection:
            box = store.box_of(connection, self.vault, row.id)
            counts = store.counts_of(connection, row.id)
            acts = store.acts_of(connection, row.id)
        return {
            "_type": TYPE,
            "id": row.id,
            "source": row.source,
            "file": store.name_of(box, row)["name"],
            "state": row.state,
            "created": instant(row.at),
            "released": None if row.released_at is None else instant(row.released_at),
            "rows": sum(counts.values()),
            "counts": counts,
            "acts": acts,
        }

    def _found(self, caller: Caller, file: str, purpose: Purpose) -> store.File:
        with begin_read(self.ctx.engine) as connection:
            row = store.file_row(connection, file)
        if row is None:
            raise CaseRefused("not-found")
        decide(caller, purpose, Record(department=row.department, decided=ALWAYS)).demand()
        return row


def _demand_releasable(connection: sa.Connection, file: str, seen: int | None) -> bool:
    """Whether a file waits for its release; False: it has it. Raises CaseRefused."""
    row, counts = store.file_row(connection, file), store.counts_of(connection, file)
    if row is None or row.released_at is not None:
        return False
    if row.state == "reading":
        raise CaseRefused("not-looked-up", extra={"left": counts["new"]})
    if not counts["proposed"]:
        raise CaseRefused("nothing-proposed")
    if seen is not None and seen != counts["proposed"]:
        raise CaseRefused("case-moved", _UNSEEN, extra={"proposed": counts["proposed"]})
    return True


_LAPSED = {
    "zh": "文件提出已逾三十日，或提出人的令牌已撤销；请逐条另行提出决定",
    "en": "The file has waited for more than thirty days, or its proposer's token was revoked;"
    " propose what is still to be decided one by one",
}
_UNSEEN = {
    "zh": "文件中待放行的行已有变动，请重新查看后再放行",
    "en": "The file has other rows to be released by now; look at them again",
}


def _shown(
    row: store.FileRow, acts: dict[bytes, tuple[str, str | None]], closed: Set[bytes]
) -> dict[str, Any]:
    """What became of a row. Of a record that is closed by now it tells no more than its place in
    the file, which whoever sent it has."""
    text = told(row.code)
    act = acts.get(row.case or b"")
    said = row.said
    if row.record in closed:
        said = {"row": said.get("row"), "sheet": said.get("sheet")}
    return {
        "n": row.n,
        "row": said.get("row"),
        "sheet": said.get("sheet"),
        "number": said.get("number"),
        "authority": said.get("authority"),
        "result": said.get("result"),
        "day": said.get("day"),
        "state": row.state,
        "act": row.act,
        "field": SHOWN.get(row.field or "", row.field),
        "code": row.code,
        "message": None if text is None else dict(text),
        "record": row.record.hex() if row.record else None,
        "case": row.case.hex() if row.case else None,
        "onChain": act and {"state": act[0], "code": act[1]},
    }
