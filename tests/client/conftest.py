"""A client of either kind for each test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Protocol

import pytest

from tests.client.either import KINDS, client_of


class Make(Protocol):
    """Makes a client, closed at the end of the test."""

    def __call__(self, url: str, **options: Any) -> Any: ...


@pytest.fixture(params=KINDS)
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    """For clients of both kinds, one after the other."""
    with ExitStack() as stack:

        def made(url: str, **options: Any) -> Any:
            return stack.enter_context(client_of(request.param, url, **options))

        yield made


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited, in place of waiting."""
    found: list[float] = []

    async def passed(seconds: float) -> None:
        found.append(seconds)

    for place in ("transport.time.sleep", "client.sleep"):
        monkeypatch.setattr(f"ledger.client.{place}", found.append)
    for place in ("transport.asyncio.sleep", "async_client.sleep"):
        monkeypatch.setattr(f"ledger.client.{place}", passed)
    return found
