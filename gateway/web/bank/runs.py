"""What goes on behind a page: a question, or a check of many. It can be left and found again.

A run lives in the process that began it and is forgotten some time after its end; what it asked is
kept as every question is, in one's own log.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from gateway.http.problems import Problem, problem_of, retry_later
from ledger.core.texts import Text

MAX_RUNS: Final = 256
"""Of one gateway; each holds what a page of it shows."""
MAX_OF_TOKEN: Final = 16
"""Of one token, those that have ended with them."""
MAX_AT_ONCE: Final = 4
"""Of one token under way; the interface bounds what each does."""
KEPT_SECONDS: Final = 3600.0
"""After its end."""

_GONE: Final[Text] = {
    "zh": "这里没有这次查询的进度：结束一小时后不再保留，网关重启后也不保留；本成员有多个网关的，"
    "可能在另一个网关上。已提出的查询和已有的结果在“查询记录”中，批量核查请重新提交名单。",
    "en": "How this goes on is not known here: it is kept for an hour after its end and ends with"
    " the gateway; where this member has several gateways it may be at another one. Questions that"
    " were asked, and what came of them, are in the query log; a list is handed in anew.",
}

_log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Run:
    """One of them. token: whose it is. told: what its page shows, by kind. use: of a question that
    has come to its end. problem: in which it ended."""

    id: str
    token: int
    kind: str
    told: dict[str, Any]
    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    use: str | None = None
    problem: dict[str, Any] | None = None
    ended_at: float | None = None
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    """That the first thing was told, or all is over."""
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def failed(self) -> list[dict[str, Any]]:
        """Of a check, subjects that could not be asked about."""
        return [line for line in self.lines if line["problem"] is not None]


class Runs:
    """Those of this process. On the loop alone."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(
        self, token: int, kind: str, told: dict[str, Any], work: Callable[[Run], Awaitable[None]]
    ) -> Run:
        """Begin one. Raises Problem where this token, or all together, have enough under way."""
        self._forget()
        mine = self.of(token)
        if sum(one.ended_at is None for one in mine) >= MAX_AT_ONCE or len(mine) >= MAX_OF_TOKEN:
            self._make_room(mine)
        if len(self._runs) >= MAX_RUNS:
            self._drop_oldest(
                list(self._runs.values()), retry_later("not-ready", 10, reason="busy")
            )
        run = Run(id=secrets.token_hex(16), token=token, kind=kind, told=told)
        self._runs[run.id] = run
        task = asyncio.create_task(self._run(run, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return run

    def of(self, token: int, kind: str | None = None) -> list[Run]:
        """Those of a token, the newest first."""
        mine = [one for one in self._runs.values() if one.token == token]
        return [one for one in reversed(mine) if kind in (None, one.kind)]

    def find(self, token: int, name: str) -> Run:
        """One of them. Raises Problem `not-found`, for another's too."""
        run = self._runs.get(name)
        if run is None or run.token != token:
            raise Problem("not-found", _GONE)
        return run

    async def _run(self, run: Run, work: Callable[[Run], Awaitable[None]]) -> None:
        try:
            await work(run)
        except Exception as error:
            problem = problem_of(error)
            run.problem = problem.as_dict() | {"title": dict(problem.title)}
            _log.error("bank.run-failed", kind=run.kind, code=problem.code, exc_info=error)
        finally:
            run.ended_at = time.monotonic()
            run.heard.set()
            run.over.set()

    def _forget(self) -> None:
        old = time.monotonic() - KEPT_SECONDS
        for name, run in list(self._runs.items()):
            if run.ended_at is not None and run.ended_at < old:
                del self._runs[name]

    def _make_room(self, mine: list[Run]) -> None:
        """Forget the oldest that has ended. Raises Problem where too many are under way."""
        if sum(one.ended_at is None for one in mine) >= MAX_AT_ONCE:
            raise retry_later("too-many-requests", 10)
        self._drop_oldest(mine[::-1], retry_later("too-many-requests", 10))

    def _drop_oldest(self, runs: list[Run], otherwise: Problem) -> None:
        """Forget the first that has ended, whosever: what it asked stands in the log. otherwise: to
        raise where none has."""
        oldest = next((one for one in runs if one.ended_at is not None), None)
        if oldest is None:
            raise otherwise
        del self._runs[oldest.id]
