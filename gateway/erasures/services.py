"""Carrying out what was ordered, and what is told of it.

1. The act is final on the chain, is ours, was proposed by one and released by another, and this
   gateway has obeyed it. Until then nothing is destroyed, and nothing ever is because of the chain
   alone: whoever stole a key erases nothing.
2. One transaction destroys keys and content of the record, wherever it was logged again, and the
   documents of its cases, what files that decide say of it, and notes that it did
   (`record.erased`).
3. Files are forgotten whose answers hold a row that stood beside it.
4. What the database left behind is overwritten (`record.swept`).

A process that is killed anywhere goes on with the next step; each is harmless when done twice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
import structlog

from gateway.accesses.services import Access, AccessLog
from gateway.base.context import Context
from gateway.base.crash import crash_point
from gateway.base.db import begin_read, begin_write, lock
from gateway.base.policy import Caller, Purpose, decide
from gateway.cases.store import LOCK as CASES
from gateway.chain.signing import Signing
from gateway.erasures import store
from gateway.erasures.models import erasures
from gateway.erasures.sweeping import sweep
from gateway.files.beside import beside
from gateway.files.store import FileStore
from gateway.log.located import locate
from gateway.records.store import known_of, record_row
from gateway.statuses.store import LOCK as STATUSES
from ledger.core.ids import Digest, LogId, RecordId
from ledger.core.jws import sign_statement
from ledger.records.erasure import TYP, Erasure

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class NotErased:
    """Why there is no certificate: a code of problems. `not-found`: the caller may not know it."""

    code: str


Forget = Callable[[sa.Connection, Collection[bytes]], None]
"""Destroys what is kept about records, by their ids, within the caller's transaction."""


class Erasures:
    """Destroys what is to be destroyed. Its step belongs to one thread."""

    def __init__(
        self,
        ctx: Context,
        files: FileStore,
        signing: Signing,
        accesses: AccessLog,
        *,
        forget: Forget,
    ) -> None:
        """forget: what else is kept of a record than the record and its cases."""
        self._ctx = ctx
        self._files = files
        self._signing = signing
        self._accesses = accesses
        self._forget = forget

    # ---- carrying out

    def step(self) -> bool:
        """Carry out what is ordered; whether nothing is left to do."""
        with begin_read(self._ctx.engine) as connection:
            ordered = store.ordered(connection)
        for row in ordered:
            self._destroy(row)
        return self._sweep()

    def _destroy(self, act: store.Row) -> None:
        engine = self._ctx.engine
        with begin_write(engine, STATUSES) as connection:
            lock(connection, CASES)
            rows = store.rows_of(connection, act.record)
            if not rows or not store.is_ordered(connection, act.record):
                return
            values = self._noted(connection, act, rows)
            sets = store.documents_about(connection, rows, act.step)
            store.destroy_records(connection, rows)
            values["documents"] = store.destroy_documents(connection, sets)
            self._forget(connection, store.ids_of(connection, rows))
            connection.execute(sa.insert(erasures).values(values))
            crash_point("record.erased", "before")
        crash_point("record.erased", "after")
        _log.info("record.erased", act=act.id, rows=len(rows), documents=values["documents"])

    def _noted(self, connection: sa.Connection, act: store.Row, rows: list[int]) -> dict[str, Any]:
        keys = store.content_keys_since(connection, rows)
        return {
            "record": act.record,
            "leaf": act.leaf,
            "log": act.log,
            "commitment": act.commitment,
            "case": act.case,
            "step": act.step,
            "proposed_by": act.token,
            "released_by": act.released_by,
            "basis": act.basis,
            "doc": act.doc,
            "block": act.block,
            "effective_at": act.effective_at,
            "rows": len(rows),
            "files": "",
            "content_keys": ",".join(key.hex() for key in keys),
            "destroyed_at": self._ctx.clock.seconds(),
        }

    def _sweep(self) -> bool:
        engine = self._ctx.engine
        with begin_read(engine) as connection:
            left = store.unswept(connection)
        if not left:
            return True
        if not all([self._forget_files(row) for row in left]) or not sweep(engine):
            return False
        with begin_write(engine) as connection:
            done = sa.update(erasures).where(
                erasures.c.record.in_([row.record for row in left]), erasures.c.swept_at.is_(None)
            )
            connection.execute(done.values(swept_at=self._ctx.clock.seconds()))
            crash_point("record.swept", "before")
        crash_point("record.swept", "after")
        return True

    def _forget_files(self, row: store.Row) -> bool:
        """Forget files with rows beside a record that was erased; False where one is still being
        answered: its rows are somebody's who waits."""
        with begin_read(self._ctx.engine) as connection:
            leaves = store.leaves_of(connection, store.rows_of(connection, row.record))
        ended, waiting = beside(self._ctx.engine, self._files, leaves)
        if ended:
            with begin_write(self._ctx.engine, "files") as connection:
                store.note_files(connection, row, ended)
                store.destroy_files(connection, ended)
        return not waiting

    # ---- telling

    def certificate(self, caller: Caller, name: bytes) -> str | NotErased:
        """The signed certificate of an erasure, by record id or leaf: for whoever may see the cases
        of the record, logged as any access. It holds no content. Raises NotReady where no key may
        sign it now."""
        with begin_read(self._ctx.engine) as connection:
            at = locate(connection, name)
            known = None if at is None else known_of(record_row(connection, at.id))[0]
            row = None if at is None else store.erasure_by(connection, name, at)
        if at is None or known is None:
            return NotErased("not-found")
        decision = decide(caller, Purpose.SEE_CASE, known)
        self._accesses.write(
            Access(token=caller.id, purpose=Purpose.SEE_CASE, decision=decision, record=at.leaf)
        )
        decision.demand()
        if row is None or row.swept_at is None:
            return NotErased("not-erased")
        key, now = self._signing.present_key(), self._ctx.clock.seconds()
        document = self._document(row).encode()
        return sign_statement(TYP, document, sign=key.sign, kid=key.key_id, alg=key.alg, iat=now)

    def _document(self, row: store.Row) -> Erasure:
        return Erasure(
            member=self._ctx.settings.node.code,
            network=self._ctx.network.reference,
            record=RecordId(Digest(row.record)),
            leaf=row.leaf,
            log=LogId(Digest(row.log)),
            commitment=Digest(row.commitment),
            case=row.case,
            step=Digest(row.step),
            proposed_by=f"token-{row.proposed_by}",
            released_by=f"token-{row.released_by}",
            basis=row.basis,
            doc=Digest(row.doc),
            block=row.block,
            effective_at=row.effective_at,
            rows=row.rows,
            documents=row.documents,
            files=len(_names(row.files)),
            content_keys=tuple(_names(row.content_keys)),
            destroyed_at=row.destroyed_at,
            swept_at=row.swept_at,
        )


def listed(connection: sa.Connection) -> list[Mapping[str, Any]]:
    """What was erased, for the operator: record, when, how far, and the content keys under which a
    backup may still hold its own."""
    return [
        {
            "record": row.record.hex(),
            "destroyedAt": row.destroyed_at,
            "sweptAt": row.swept_at,
            "documents": row.documents,
            "files": len(_names(row.files)),
            "contentKeys": _names(row.content_keys),
        }
        for row in store.all_erasures(connection)
    ]


def _names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]
