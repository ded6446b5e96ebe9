"""From a stored file to its answer."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from gateway.base.context import Context
from gateway.base.crypto import Hmac
from gateway.files.errors import FileFault
from gateway.files.reading import TEMPLATES, Reading, Sheet
from gateway.files.returned import GOES_BACK, Returned, pack, returned, unpack
from gateway.files.rows import Row
from gateway.files.store import File, FileStore
from gateway.files.workbook import build
from gateway.intake.interfaces import MAX_SET, SetAnswer
from gateway.intake.pool import Drafting, Rows
from gateway.intake.services import Intake
from gateway.tokens.services import holder

TYPE = "credit-ledger/file-answer@1"
ENDED = ("done", "failed")
ROWS_PER_SET = MAX_SET
"""Each set can be covered by one promise, whatever is accepted of it."""


class _Begun(NamedTuple):
    """A set of rows and what is being made of them."""

    rows: Sequence[Row]
    drafting: Drafting


class Files:
    """Answers files, row by row."""

    def __init__(self, ctx: Context, store: FileStore, intake: Intake, hmac: Hmac) -> None:
        self._ctx = ctx
        self._store = store
        self._intake = intake
        self._hmac = hmac

    def process(self, file: File, stop: threading.Event) -> bool:
        """Answer what is not yet answered of a file; False where `stop` came first.

        Sets stored before, by a process that died, keep their answers: the same bytes give the same
        rows, so as many as are answered are passed over. Raises NotReady, TakenOver, and whatever
        the database raises; the sets stored so far stand.
        """
        name, type_ = self._store.told(file.id)
        done = self._store.progress(file.id)
        sheets: list[Sheet] = []
        try:
            reading = Reading(self._store.content(file.id), name=name, type_=type_)
            sheets = reading.sheets
            promises = done.promises
            rows = islice(reading.rows(), done.rows, None)
            for n, begun in enumerate(self._begun(_sets(rows)), done.sets):
                if stop.is_set():
                    return False
                promises += self._submit(file, n, promises, begun).promise is not None
        except FileFault as fault:
            self._store.end(file.id, "failed", _head(sheets) | _told(fault))
        else:
            self._store.end(file.id, "done", _head(sheets))
        return True

    def give_up(self, file: File) -> None:
        """Set aside a file that cannot be processed."""
        self._store.end(file.id, "failed", _head(()) | _told(FileFault("gave-up")))

    def answer(self, file: File) -> Iterator[bytes]:
        """Give the file answer (interfaces "File answer") with the state in front, piece by piece.

        As long as a file is being worked on it has figures, and verdicts only when all of them
        are there.
        """
        ended = file.state in ENDED
        done = self._store.progress(file.id)
        told = {
            "id": file.id,
            "state": file.state,
            "_type": TYPE,
            "file": self._store.told(file.id)[0],
            "province": self._ctx.settings.node.code,
            **(self._store.head(file.id) or _head(())),
            "rows": done.rows,
            "counts": done.counts,
        }
        promises = self._store.promises(file.id) if ended else []
        yield orjson.dumps(told)[:-1] + b',"promises":[' + b",".join(promises) + b'],"verdicts":['
        for n in range(done.sets if ended else 0):
            yield (b"," if n else b"") + self._store.answers(file.id, n)[1:-1]
        yield b"]}"

    def report(self, file: File) -> bytes:
        """The workbook to correct and send again."""
        done = self._store.progress(file.id)
        rows = self._going_back(file.id, done.sets)
        return build(rows, name=self._store.told(file.id)[0], counts=done.counts)

    def _going_back(self, file: str, sets: int) -> Iterator[tuple[Returned, dict[str, Any]]]:
        for n in range(sets):
            answers = orjson.loads(self._store.answers(file, n))
            told = [answer for answer in answers if answer["verdict"] in GOES_BACK]
            yield from zip(unpack(self._store.back(file, n)), told, strict=True)

    def _begun(self, sets: Iterator[Sequence[Row]]) -> Iterator[_Begun]:
        """Set after set; the next ones are read and drafted while one is stored."""
        ahead: deque[_Begun] = deque()
        fault = None
        try:
            for rows in sets:
                ahead.append(_Begun(rows, self._intake.begin(Rows([row.input for row in rows]))))
                if len(ahead) > self._intake.ahead:
                    yield ahead.popleft()
        except FileFault as error:
            fault = error
        yield from ahead  # what was read before the fault stands
        if fault is not None:
            raise fault

    def _submit(self, file: File, n: int, promises: int, begun: _Begun) -> SetAnswer:
        """Store a set; its answer becomes durable with its records. promises: those before it."""

        def keep(connection: sa.Connection, answer: SetAnswer) -> None:
            pairs = zip(begun.rows, answer.rows, strict=True)
            self._store.keep_set(
                connection,
                file.id,
                n,
                counts=Counter(row.verdict for row in answer.rows),
                promise=answer.promise.as_dict() if answer.promise else None,
                answers=[row.as_dict(promises) for row in answer.rows],
                back=pack([returned(row) for row, told in pairs if told.verdict in GOES_BACK]),
            )

        caller = holder(self._ctx.engine, self._hmac, file.token)
        callers = [caller] * len(begun.rows)
        return self._intake.finish(begun.drafting, callers=callers, keep=keep)


def _sets(rows: Iterator[Row]) -> Iterator[Sequence[Row]]:
    while part := list(islice(rows, ROWS_PER_SET)):
        yield part


def _head(sheets: Sequence[Sheet]) -> dict[str, Any]:
    """What the sheets say of the file. type, template: of the first that was read."""
    read = [sheet.schema for sheet in sheets if sheet.schema]
    return {
        "type": read[0].family if read else None,
        "template": TEMPLATES.get(read[0].name) if read else None,
        "sheets": [_sheet(sheet) for sheet in sheets],
    }


def _sheet(sheet: Sheet) -> dict[str, Any]:
    told = _told(sheet.fault) if sheet.fault else {"code": None, "message": None}
    schema = sheet.schema.name if sheet.schema else None
    return {"name": sheet.name, "type": schema, "rows": sheet.rows, **told}


def _told(fault: FileFault) -> dict[str, Any]:
    return {"code": fault.code, "message": fault.message}
