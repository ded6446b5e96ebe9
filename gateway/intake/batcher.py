"""Group commit: single records that arrive together share a transaction, a flush and a promise.

Requests wait in a queue for the set under way; an idle queue waits only `WINDOW`. So one request
costs one flush when alone, and hundreds a second cost a few dozen.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa
import structlog
from anyio import CapacityLimiter, to_thread

from gateway.base.errors import NotReady
from gateway.base.policy import Caller
from gateway.base.transient import TRANSIENT
from gateway.intake.interfaces import RowAnswer, RowInput, SetAnswer, SignedPromise
from gateway.intake.promises import find_promise, with_path
from gateway.intake.services import Intake
from ledger.core.canonical import unhex32

WINDOW = 0.005
"""Seconds that the first record waits for company: as long as a flush takes. What a set costs
besides its records is then shared by more of them."""
MAX_BATCH = 256
"""Records of one set: each is answered with its own path, which costs a hash per leaf."""
MAX_WAITING = 4096
"""Records in the queue; beyond it a request is told to come again. Some seconds of work."""

_log = structlog.get_logger(__name__)

Proof = dict[str, Any]
_Answered = tuple[RowAnswer, Proof | None]


@dataclass(frozen=True, slots=True)
class _Waiting:
    row: RowInput
    caller: Caller
    done: asyncio.Future[_Answered]


class Batcher:
    """Belongs to one event loop; works on one set at a time, in a thread."""

    def __init__(self, engine: sa.Engine, intake: Intake) -> None:
        self._engine = engine
        self._intake = intake
        self._limiter = CapacityLimiter(1)
        self._queue: deque[_Waiting] = deque()
        self._task: asyncio.Task[None] | None = None

    async def submit(self, row: RowInput, caller: Caller) -> tuple[RowAnswer, Proof | None]:
        """The answer, and what proves that a promise covers its leaf (None where no leaf is
        named, or its entry came without a promise). Raises NotReady."""
        if len(self._queue) >= MAX_WAITING:
            raise NotReady("busy", retry_after=1)
        done: asyncio.Future[_Answered] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(row, caller, done))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain())
        return await done

    async def _drain(self) -> None:
        """Work until the queue is empty."""
        await asyncio.sleep(WINDOW)
        while self._queue:
            batch = [self._queue.popleft() for _ in range(min(len(self._queue), MAX_BATCH))]
            await self._take(batch)

    async def _take(self, batch: list[_Waiting], behind: Sequence[_Waiting] = ()) -> bool:
        """Answer a set. False where what failed would befall those `behind` it as well: then they,
        and all who wait in the queue, are told so at once. None of them waits for a signer that
        hangs once more."""
        work = partial(self._submit, batch)
        try:
            answers = await to_thread.run_sync(work, limiter=self._limiter)
        except TRANSIENT as error:
            _fail(batch, error)
            if isinstance(error, NotReady) and error.code == "busy":
                return True
            _fail([*behind, *self._queue], error)
            self._queue.clear()
            return False
        except Exception as error:
            if len(batch) == 1:
                _fail(batch, error)
            else:
                # Whatever one record broke, the others are not to suffer for it (design 8.12).
                _log.error("intake.batch-failed", records=len(batch), exc_info=True)
                await self._take_singly(batch)
        else:
            for waiting, answer in zip(batch, answers, strict=True):
                if not waiting.done.done():
                    waiting.done.set_result(answer)
        return True

    async def _take_singly(self, batch: list[_Waiting]) -> None:
        for at, waiting in enumerate(batch, 1):
            if not await self._take([waiting], behind=batch[at:]):
                return

    def _submit(self, batch: list[_Waiting]) -> list[_Answered]:
        answer = self._intake.submit_mixed(
            callers=[waiting.caller for waiting in batch],
            rows=[waiting.row for waiting in batch],
        )
        proofs = self._proofs(answer)
        return [(row, proofs.get(at)) for at, row in enumerate(answer.rows)]

    def _proofs(self, answer: SetAnswer) -> dict[int, Proof]:
        """By place in the set, for rows that name a leaf: the promise and the path. One promise at
        a time is held; a stored one is read once."""
        places: dict[int | None, list[tuple[int, int]]] = {}
        for at, row in enumerate(answer.rows):
            if row.covered is not None:
                promise_id, position = row.covered
                places.setdefault(promise_id, []).append((at, position))
        proofs: dict[int, Proof] = {}
        for promise_id, wanted in places.items():
            promise, leaves = self._covering(answer, promise_id)
            proofs |= {at: with_path(promise, leaves, position) for at, position in wanted}
        return proofs

    def _covering(
        self, answer: SetAnswer, promise_id: int | None
    ) -> tuple[SignedPromise, list[bytes]]:
        """A promise and its leaves: that of the set, or a stored one."""
        if promise_id is None and answer.promise is not None:
            fresh = [row.leaf for row in answer.rows if row.verdict == "accepted" and row.leaf]
            return answer.promise, [unhex32(leaf) for leaf in fresh]
        with self._engine.connect() as connection:
            return find_promise(connection, promise_id or 0)


def _fail(batch: Sequence[_Waiting], error: Exception) -> None:
    for waiting in batch:
        if not waiting.done.done():
            waiting.done.set_exception(error)
