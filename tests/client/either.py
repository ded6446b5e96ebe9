"""Both clients called in one way, so that each test is written once and holds for both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from inspect import isawaitable
from typing import Any

from ledger import AsyncClient, Client, Terms

KINDS = ("blocking", "asynchronous")
QUICK = Terms(
    connect=10.0,
    silence=60.0,
    timeout=60.0,
    slow_timeout=60.0,
    deadline=60.0,
    patience=60.0,
    first_pause=0.001,
    longest_pause=0.01,
    jitter=lambda: 0.0,
)
"""No pause worth mentioning; whatever a fault is to cost time is said by the test."""


class Blocking:
    """What does not block, behind a face that does: results are waited for, streams walked."""

    def __init__(self, inner: Any, run: Callable[[Any], Any]) -> None:
        self._inner, self._run = inner, run

    def __getattr__(self, name: str) -> Any:
        return self._wrapped(getattr(self._inner, name))

    def __iter__(self) -> Iterator[Any]:
        stream = aiter(self._inner)
        while True:
            try:
                yield self._run(anext(stream))
            except StopAsyncIteration:
                return

    def __enter__(self) -> Blocking:
        self._run(self._inner.__aenter__())
        return self

    def __exit__(self, *given: object) -> None:
        self._run(self._inner.__aexit__(*given))

    def _wrapped(self, found: Any) -> Any:
        if callable(found):
            return lambda *args, **named: self._result(found(*args, **named))
        return found if isinstance(found, str | None) else Blocking(found, self._run)

    def _result(self, made: Any) -> Any:
        if isawaitable(made):
            return self._run(_wait(made))
        return Blocking(made, self._run) if isinstance(made, AsyncIterator) else made


async def _wait(made: Any) -> Any:
    return await made


@contextmanager
def client_of(kind: str, url: str, **options: Any) -> Iterator[Any]:
    """A client of this kind, closed at the end. Whatever it offers is called as of `Client`."""
    options = {"terms": QUICK} | options
    if kind == "blocking":
        with Client(url, **options) as client:
            yield client
        return
    with asyncio.Runner() as runner:

        async def made() -> AsyncClient:
            return AsyncClient(url, **options)

        inner = runner.run(made())
        try:
            yield Blocking(inner, runner.run)
        finally:
            runner.run(inner.close())
