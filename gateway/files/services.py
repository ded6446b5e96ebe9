"""From a stored file to its answer, and to the workbook to correct."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from gateway.base.child import Bounds, Children, Stopped, TooCostly
from gateway.base.context import Context
from gateway.base.errors import NotReady
from gateway.base.settings import FileSettings
from gateway.files.closed import closed_among, leaves_of, left
from gateway.files.errors import FileFault
from gateway.files.returned import GOES_BACK, pack, returned
from gateway.files.sets import Ended, RowSet, head, opened, read_sets, told
from gateway.files.store import File, FileStore
from gateway.files.workbook import build_pieces
from gateway.intake.interfaces import MAX_SET, RowAnswer, SetAnswer
from gateway.intake.pool import Drafting
from gateway.intake.services import Intake
from gateway.intake.worker import Pickled
from gateway.jobs.errors import NotBegun
from gateway.jobs.services import Job
from gateway.records.models import closings
from gateway.statuses.unclosed import begun, closed_since, while_unclosed
from gateway.tokens.services import Holders

TYPE = "credit-ledger/file-answer@1"
ENDED = ("done", "failed")
ROWS_PER_SET = MAX_SET
"""Each set can be covered by one promise, whatever is accepted of it."""
SILENCE = 900.0
"""Seconds without a set after which the process that reads a file is given up."""


Follow = Callable[[sa.Connection, File, Sequence[RowAnswer]], None]
"""Takes the answers to a set of a file, within the transaction that
stores the set: for whoever goes on with what was taken in."""


class _Begun(NamedTuple):
    """A set of rows and what is being made of them."""

    rows: RowSet
    drafting: Drafting


class Files:
    """Answers files, row by row."""

    def __init__(self, ctx: Context, store: FileStore, intake: Intake, holders: Holders) -> None:
        self._ctx = ctx
        self._store = store
        self._intake = intake
        self._holders = holders
        self._children = Children(_bounds(ctx.settings.files))
        self._follow: Follow | None = None

    def tell(self, follow: Follow) -> None:
        """Have somebody told of every set that is taken in."""
        self._follow = follow

    def close(self) -> None:
        """End the processes that read files."""
        self._children.close()

    def process(self, job: Job, stop: threading.Event) -> bool:
        """Answer what is not yet answered of a file; False where `stop` came first.

        Sets stored before, by a process that died, keep their answers: the same bytes give the same
        rows, so as many as are answered are passed over. Raises NotReady, TakenOver, ChildDied and
        whatever the database raises; the sets stored so far stand.
        """
        if (file := self._store.find(job.subject)) is None:
            return True  # forgotten meanwhile
        if job.waits:
            self._demand_ready()
        try:
            ended = self._answer_sets(job, file, stop)
        except TooCostly as error:
            ended = Ended(head=head(()), fault=FileFault(f"too-much-{error.what}"))
        except Stopped:
            return False
        if ended is None:
            return False
        if ended.fault is None:
            self._store.end(job, "done", ended.head)
        else:
            self._store.end(job, "failed", {**ended.head, **told(ended.fault)})
        return True

    def make_report(self, job: Job, stop: threading.Event) -> bool:
        """Make the workbook to correct and send again; False where `stop` came first."""
        file = job.subject
        if self._store.find(file) is None:
            return True  # forgotten meanwhile
        done = self._store.progress(file)
        arguments = (self._store.told(file)[0], done.counts)
        place = begun(self._ctx.engine)
        sent = self._going_back(file, done.sets)
        try:
            with closing(
                self._children.run(build_pieces, *arguments, sent=sent, stop=stop)
            ) as made:
                self._store.keep_report(job, made, lambda used: not closed_since(used, place))
        except TooCostly as error:
            self._store.fail_report(job, f"too-much-{error.what}")
        except Stopped:
            return False
        return True

    def answer(self, file: File) -> Iterator[bytes]:
        """Give the file answer (interfaces "File answer") with the state in front, piece by piece.

        As long as a file is being worked on it has figures, and verdicts only when all of them
        are there.
        """
        ended = file.state in ENDED
        done = self._store.progress(file.id)
        first = {
            "id": file.id,
            "state": file.state,
            "_type": TYPE,
            "file": self._store.told(file.id)[0],
            "province": self._ctx.settings.node.code,
            **head_of(self._store, file),
            "rows": done.rows,
            "counts": done.counts,
        }
        promises = self._store.promises(file.id) if ended else []
        yield orjson.dumps(first)[:-1] + b',"promises":[' + b",".join(promises) + b'],"verdicts":['
        for n in range(done.sets if ended else 0):
            yield (b"," if n else b"") + self._store.answers(file.id, n)[1:-1]
        yield b"]}"

    def report(self, file: str) -> Iterator[bytes]:
        """The workbook, until a record is closed while it is taken: then it is broken off."""
        return while_unclosed(self._ctx.engine, begun(self._ctx.engine), self._store.report(file))

    def fresh_report(self, file: str, job: Job) -> Job:
        """The job of a workbook, opened anew where a record that a row of it stands beside was
        closed since it was made."""
        closed = self._closed(file)
        if not closed or job.ended_at is None or job.ended_at > max(closed.values()):
            return job
        self._store.forget_report(file)
        return self._store.report_job(file)

    def _closed(self, file: str) -> Mapping[bytes, int]:
        """The closed records that rows of a file were told of, with since when."""
        with self._ctx.engine.connect() as connection:
            if connection.scalar(sa.select(closings.c.entry).limit(1)) is None:
                return {}
        leaves: set[bytes] = set()
        for n in range(self._store.progress(file).sets):
            answers = orjson.loads(self._store.answers(file, n))
            leaves |= leaves_of([one for one in answers if one["verdict"] in GOES_BACK])
        with self._ctx.engine.connect() as connection:
            return closed_among(connection, leaves)

    def _demand_ready(self) -> None:
        """Raise NotBegun where what the file waited for is in the way still: it is not read anew
        to find out."""
        try:
            self._intake.ready()
        except NotReady as error:
            raise NotBegun(error.code, error.retry_after) from error

    def _going_back(self, file: str, sets: int) -> Iterator[bytes]:
        """Set after set, what `build_pieces` takes."""
        closed = self._closed(file)
        for n in range(sets):
            answers = orjson.loads(self._store.answers(file, n))
            back = [answer for answer in answers if answer["verdict"] in GOES_BACK]
            if back:
                yield orjson.dumps(left(self._store.back(file, n), back, closed))

    def _answer_sets(self, job: Job, file: File, stop: threading.Event) -> Ended | None:
        """Answer what is left; None where `stop` came first."""
        name, type_ = self._store.told(file.id)
        done = self._store.progress(file.id)
        arguments = (name, type_, done.rows, ROWS_PER_SET)
        sent = self._store.content(file.id)
        promises, n = done.promises, done.sets
        with closing(self._children.run(read_sets, *arguments, sent=sent, stop=stop)) as pieces:
            for item in self._begun(map(opened, pieces)):
                if isinstance(item, Ended):
                    return item
                if stop.is_set():
                    return None
                made = self._submit(job, file, n, promises, item)
                promises += made.promise is not None
                n += 1
        return None

    def _begun(self, items: Iterator[RowSet | Ended]) -> Iterator[_Begun | Ended]:
        """Set after set; the next ones are read and drafted while one is stored. What was read
        before a fault stands."""
        ahead: deque[_Begun] = deque()
        costly = None
        try:
            for item in items:
                if isinstance(item, Ended):
                    # Nothing comes after it but that the work is done: whose process is not waited
                    # for to its end is not kept for the next file.
                    for _ in items:
                        pass
                    yield from ahead
                    yield item
                    return
                ahead.append(_Begun(item, self._intake.begin(Pickled(item.inputs, item.count))))
                if len(ahead) > self._intake.ahead:
                    yield ahead.popleft()
        except TooCostly as error:
            costly = error
        yield from ahead
        if costly is not None:
            raise costly

    def _submit(self, job: Job, file: File, n: int, promises: int, begun: _Begun) -> SetAnswer:
        """Store a set; its answer becomes durable with its records. promises: those before it."""

        def keep(connection: sa.Connection, answer: SetAnswer) -> None:
            goes_back = any(row.verdict in GOES_BACK for row in answer.rows)
            pairs = zip(begun.rows.rows(), answer.rows, strict=True) if goes_back else ()
            self._store.keep_set(
                connection,
                job,
                n,
                counts=Counter(row.verdict for row in answer.rows),
                promise=answer.promise.as_dict() if answer.promise else None,
                answers=[row.as_dict(promises) for row in answer.rows],
                back=pack([returned(row) for row, told in pairs if told.verdict in GOES_BACK]),
            )
            if self._follow is not None:
                self._follow(connection, file, answer.rows)

        caller = self._holders.holder(file.token)
        callers = [caller] * begun.rows.count
        return self._intake.finish(begun.drafting, callers=callers, keep=keep)


def _bounds(settings: FileSettings) -> Bounds | None:
    if settings.processes == 0:
        return None
    return Bounds(memory=settings.memory_mib << 20, cpu=settings.cpu_seconds, silence=SILENCE)


def head_of(store: FileStore, file: File) -> dict[str, Any]:
    """Members of the answer to a file that follow from how it looked."""
    return store.head(file.id) or _without_head(file)


def _without_head(file: File) -> dict[str, Any]:
    """The same of one that was not read to its end."""
    if file.state != "failed":
        return head(())
    return head(()) | told(FileFault("dropped" if file.code == "dropped" else "set-aside"))
