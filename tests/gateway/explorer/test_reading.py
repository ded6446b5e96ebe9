"""The chain read for whoever looks: once for many, bounded, and in words where it fails."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any, cast

import pytest

from gateway.explorer import reading
from gateway.explorer.errors import BUSY, CHAIN_TEXTS, OTHER, SLOW, NotRead
from gateway.explorer.reading import ChainReads
from ledger.chain.errors import NoQuorum
from ledger.chain.nodes.quorum import QuorumReader, View


class Nodes:
    """In place of a reader: gives no view, or fails."""

    def __init__(self) -> None:
        self.asked = 0
        self.fails = False
        self.closed = False

    def head(self) -> View:
        self.asked += 1
        if self.fails:
            raise NoQuorum("head", needed=1, causes={})
        return cast(View, None)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def nodes() -> Nodes:
    return Nodes()


@pytest.fixture
def reads(nodes: Nodes) -> Iterator[ChainReads]:
    found = ChainReads(cast(QuorumReader, nodes))
    yield found
    found.close()
    assert nodes.closed


def test_many_who_ask_at_once_are_one(reads: ChainReads, nodes: Nodes) -> None:
    begun = threading.Event()

    def read(_view: View) -> int:
        begun.wait(300)
        return 7

    async def ask() -> list[int]:
        asking = [asyncio.create_task(reads.ask("x", read, seconds=60)) for _ in range(20)]
        await asyncio.sleep(0)
        begun.set()
        return list(await asyncio.gather(*asking))

    assert asyncio.run(ask()) == [7] * 20
    assert nodes.asked == 1
    assert asyncio.run(reads.ask("x", read, seconds=60)) == 7
    assert nodes.asked == 1, "it is kept"
    assert asyncio.run(reads.ask("y", read, seconds=60)) == 7
    assert nodes.asked == 2


def test_what_is_old_is_read_again(reads: ChainReads, nodes: Nodes) -> None:
    for _ in range(2):
        asyncio.run(reads.ask("x", lambda _view: 1, seconds=0))
    assert nodes.asked == 2


def test_what_fails_is_told_and_not_asked_at_once(
    reads: ChainReads, nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes.fails = True
    monkeypatch.setattr(reading, "FAILED_SECONDS", 3600.0)
    for _ in range(2):
        with pytest.raises(NotRead) as told:
            asyncio.run(reads.ask("x", lambda _view: 1, seconds=60))
        assert told.value.code == "no-node"
    assert nodes.asked == 1
    monkeypatch.setattr(reading, "FAILED_SECONDS", 0.0)
    with pytest.raises(NotRead):
        asyncio.run(reads.ask("y", lambda _view: 1, seconds=60))
    nodes.fails = False
    assert asyncio.run(reads.ask("y", lambda _view: 1, seconds=60)) == 1


def test_too_many_are_sent_away(reads: ChainReads, monkeypatch: pytest.MonkeyPatch) -> None:
    """And who waits too long; what was kept is there for all the others."""
    monkeypatch.setattr(reading, "MOST_WAITING", 2)
    monkeypatch.setattr(reading, "PATIENCE_SECONDS", 0.01)
    asyncio.run(reads.ask("kept", lambda _view: 1, seconds=3600))
    held = threading.Event()
    try:
        for key in ("a", "b"):
            with pytest.raises(NotRead) as slow:
                asyncio.run(reads.ask(key, lambda _view: held.wait(300), seconds=60))
            assert slow.value.code == SLOW
        with pytest.raises(NotRead) as busy:
            asyncio.run(reads.ask("c", lambda _view: 1, seconds=60))
        assert busy.value.code == BUSY
        assert asyncio.run(reads.ask("kept", lambda _view: 2, seconds=60)) == 1
    finally:
        held.set()


def test_answers_are_bounded(reads: ChainReads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_KEPT", 3)
    for key in range(10):
        asyncio.run(reads.ask(key, lambda _view: 1, seconds=3600))
    assert list(reads._held) == [7, 8, 9]


def test_every_code_has_its_words() -> None:
    assert NotRead("never-heard-of").message == CHAIN_TEXTS[OTHER]
    for code, text in CHAIN_TEXTS.items():
        found: Any = NotRead(code).message
        assert found == text and set(text) == {"zh", "en"}
