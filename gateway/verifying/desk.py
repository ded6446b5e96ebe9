"""Judging for people: a file is taken in, judged behind the page, and what was said of it is kept
for a while, so that whoever left the page finds it again.

Strangers may, as those with a token do; they have places, threads and a budget of their own. The
file itself is dropped once it is judged.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from math import ceil
from types import TracebackType
from typing import Any, Final, Self

import orjson

from gateway.http.problems import Problem, retry_later
from gateway.http.rates import RateLimiter
from gateway.verifying.asking import demand_askable
from gateway.verifying.services import Verifying
from ledger.core.errors import CouldNotCheck
from ledger.core.history import act_json
from ledger.core.ids import sha256
from ledger.core.receipt import Receipt
from ledger.core.receipt import parse as parse_receipt
from ledger.core.verdict.facts import Question
from ledger.core.verdict.verdict import Verdict
from ledger.files.judge import MAX_BYTES, MAX_SINGLE, Found, not_asked
from ledger.files.report_check import ReportVerdict
from ledger.files.reports import is_report

STRANGER_BYTES: Final = 16 << 20
"""Of a file of somebody without a token: a report of a thousand lines has 10 MB."""
THREADS: Final = 2
"""Files that are judged at once, of those with a token and of strangers each."""
PACE: Final = 0.2
"""Files a second that one address may have judged for long."""
SAVED: Final = 10.0
"""Of them at once, after a pause."""
LARGE_COST: Final = 4.0
"""What a file that holds many receipts costs beyond one."""
FRESH_SECONDS: Final = 2.0
"""So old at most is what the chain said by which a file is judged: whoever comes to the page with a
report that was just made, or after a repair, must not be told of the time before."""
KEPT_SECONDS: Final = 1800.0
MOST, MOST_OF_ONE, MOST_BYTES = 256, 16, 64 << 20
"""Of what is kept: of all, of one who asks, and the bytes of it."""
_BEGINNING: Final = 8
"""Bytes by which a PDF is recognised."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose budget it is. key: of a token, or an address. most: bytes of a file."""

    key: str
    stranger: bool

    @property
    def most(self) -> int:
        """Bytes of a file."""
        return STRANGER_BYTES if self.stranger else MAX_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What was said of a file. name, size, digest: its own. asked: names and values of the
    question. document: that of `verify --json`. at: Unix seconds. acts: on the record of a receipt,
    as a history has them; None: not known, or it is of none. fetched: whether it was judged with a
    receipt that is not in the file."""

    name: str
    size: int
    digest: str
    asked: Mapping[str, str]
    at: int
    document: bytes
    exit: int
    acts: Sequence[Mapping[str, Any]] | None = None
    fetched: bool = False

    @property
    def told(self) -> dict[str, Any]:
        """The document as an object."""
        found: dict[str, Any] = orjson.loads(self.document)
        return found


@dataclass(frozen=True, slots=True)
class Job:
    """A file that is being judged, or was. began: by the desk's clock."""

    name: str
    asker: Asker
    began: float
    future: Future[Judged]

    @property
    def size(self) -> int:
        """Bytes that it takes to keep."""
        done = self.future.done() and self.future.exception() is None
        return len(self.future.result().document) if done else 0


class Desk:
    """Takes files and gives what was said of them. elapsed: seconds of a clock that is never set;
    now: Unix seconds. fresh: as `FRESH_SECONDS`. receipt_of: the bare receipt of an entry that this
    member logged, by its leaf. Safe in threads."""

    def __init__(
        self,
        verifying: Verifying,
        *,
        now: Callable[[], float],
        elapsed: Callable[[], float] = time.monotonic,
        fresh: float = FRESH_SECONDS,
        receipt_of: Callable[[bytes], bytes | None] = lambda leaf: None,
    ) -> None:
        self.verifying = verifying
        self._receipt_of = receipt_of
        self.rates = RateLimiter(PACE, saved=SAVED)
        self._now = now
        self._elapsed = elapsed
        self._fresh = fresh
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._pools = {
            stranger: ThreadPoolExecutor(THREADS, thread_name_prefix="verify")
            for stranger in (True, False)
        }

    def receive(self, asker: Asker) -> Receiving:
        """A place for a file that is about to come. Raises Problem, NotReady."""
        return Receiving(self, asker)

    def pay(self, asker: Asker, cost: float) -> None:
        """Take it from the budget of a stranger. Raises Problem."""
        if asker.stranger and (wait := self.rates.take(asker.key, cost)):
            raise retry_later("too-many-requests", ceil(wait))

    def find(self, key: str, asker: Asker) -> Job | None:
        """What was begun under this key. What somebody with a token had judged is shown to that
        token alone; what a stranger had, to whoever has the key."""
        with self._lock:
            self._forget()
            job = self._jobs.get(key)
        mine = job is not None and (job.asker.stranger or job.asker == asker)
        return job if mine else None

    def begin(self, asker: Asker, name: str, work: Callable[[], Judged]) -> tuple[str, Job]:
        """Have it done. The key is nobody's to guess."""
        key = secrets.token_hex(16)
        job = Job(name, asker, self._elapsed(), self._pools[asker.stranger].submit(work))
        with self._lock:
            self._jobs[key] = job
            self._forget()
        return key, job

    def judge(self, name: str, data: bytes, question: Question, asked: Mapping[str, str]) -> Judged:
        """What is to be said of a file. Raises NotReady."""
        found = self.verifying.verdict(data, question, older=self._fresh)
        receipt = self._receipt(found)
        if receipt is not None:
            found = self.verifying.verdict(data, question, receipt=receipt)
        return Judged(
            name=name,
            size=len(data),
            digest=sha256(data).hex(),
            asked=asked,
            at=int(self._now()),
            document=orjson.dumps(found.as_dict()),
            exit=found.exit,
            acts=self._acts(found),
            fetched=receipt is not None,
        )

    def _receipt(self, found: Found) -> Receipt | None:
        """That which a report of ours lacks once its promise is past its time: whoever has the PDF
        in a browser can run no command that fetches it."""
        if not isinstance(found, ReportVerdict) or found.file is None:
            return None
        if all(one.code != "report-overdue" for one in found.problems):
            return None
        made = self._receipt_of(found.file.opening.leaf)
        return None if made is None else parse_receipt(made)

    def _acts(self, found: Found) -> Sequence[Mapping[str, Any]] | None:
        if not isinstance(found, Verdict) or found.receipt is None or found.facts is None:
            return None
        try:
            return [act_json(one) for one in self.verifying.acts(found.receipt.record_id)]
        except CouldNotCheck:
            return None  # which the page says

    def _forget(self) -> None:
        """What is past its time, and what is too much: the oldest that is done."""
        now = self._elapsed()
        for key, job in list(self._jobs.items()):
            if job.future.done() and now - job.began > KEPT_SECONDS:
                del self._jobs[key]
        self._keep([*self._jobs], MOST)
        for asker in {job.asker for job in self._jobs.values()}:
            self._keep([k for k, job in self._jobs.items() if job.asker == asker], MOST_OF_ONE)
        while sum(job.size for job in self._jobs.values()) > MOST_BYTES:
            del self._jobs[next(key for key, job in self._jobs.items() if job.size)]

    def _keep(self, keys: Sequence[str], most: int) -> None:
        over = len(keys) - most
        for key in keys if over > 0 else ():
            if over and self._jobs[key].future.done():
                del self._jobs[key]
                over -= 1


class Receiving:
    """A file on its way in, and the places that it holds until it is judged."""

    def __init__(self, desk: Desk, asker: Asker) -> None:
        """Take a place. Raises Problem, NotReady."""
        self.asker = asker
        self._desk = desk
        self._held = ExitStack()
        self._large = False
        verifying = desk.verifying
        self._places = verifying.strangers if asker.stranger else verifying.places
        desk.pay(asker, 1.0)
        self._held.enter_context(self._places.hold(asker.key))

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the places, unless they went on with the file."""
        self._held.close()

    def look(self, data: bytearray) -> None:
        """At what has come so far: a long file takes a place more, as does a PDF of any length, for
        it may need much time. Raises Problem, NotReady."""
        if len(data) > self.asker.most:
            raise Problem("too-large")
        if not self._large and (len(data) > MAX_SINGLE or is_report(bytes(data[:_BEGINNING]))):
            self._held.enter_context(self._places.hold_large(self.asker.key))
            self._desk.pay(self.asker, LARGE_COST)
            self._large = True

    def judge(self, name: str, data: bytes, question: Question, asked: Mapping[str, str]) -> str:
        """Have the whole file judged; the key of what will be said. Raises InputError."""
        demand_askable(not_asked(data, question))
        key, job = self._desk.begin(
            self.asker, name, lambda: self._desk.judge(name, data, question, asked)
        )
        held = self._held.pop_all()
        job.future.add_done_callback(lambda _: held.close())
        return key
