"""A stream is cut into lines and sets whatever its chunks are."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.intake.interfaces import MAX_SET
from gateway.intake.lines import IDLE_SECONDS, MAX_SET_BYTES, LineSplitter, RawSet, sets

texts = st.lists(st.sampled_from([b"", b"a", b"bc", b"\r", b"x" * 9, b"y" * 8]), max_size=8)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[a:b] for a, b in pairwise(edges)]


@given(lines=texts, ended=st.booleans(), places=st.lists(st.integers(0, 80), max_size=6))
def test_chunks_do_not_matter(lines: list[bytes], ended: bool, places: list[int]) -> None:
    data = b"\n".join(lines) + (b"\n" if ended and lines else b"")
    plain = data.split(b"\n")
    if plain[-1] == b"":
        plain.pop()
    splitter = LineSplitter(limit=8)
    found = [line for chunk in cut(data, places) for line in splitter.feed(chunk)]
    found += splitter.finish()
    assert found == [line if len(line) <= 8 else None for line in plain]


def test_an_endless_line_is_not_kept() -> None:
    splitter = LineSplitter(limit=1000)
    for _ in range(1000):
        assert splitter.feed(b"x" * 1000) == []
        assert sum(map(len, splitter._parts)) <= 1000
    assert splitter.feed(b"\nnext\n") == [None, b"next"]
    assert splitter.finish() == []


def gather(chunks: list[bytes | float]) -> list[RawSet]:
    """Sets of a stream in which a number is a pause."""

    async def stream() -> AsyncIterator[bytes]:
        for chunk in chunks:
            if isinstance(chunk, float):
                await asyncio.sleep(chunk)
            else:
                yield chunk

    async def run() -> list[RawSet]:
        return [raw async for raw in sets(stream())]

    return asyncio.run(run())


def test_sets_are_full_or_the_rest() -> None:
    found = gather([b"a\n" * (MAX_SET + 5), b"b\n" * (2 * MAX_SET), b"c"])
    assert [(raw.first, len(raw.lines)) for raw in found] == [
        (1, MAX_SET),
        (MAX_SET + 1, MAX_SET),
        (2 * MAX_SET + 1, MAX_SET),
        (3 * MAX_SET + 1, 6),
    ]
    assert found[-1].lines[-1] == b"c"


def test_a_pause_hands_on_what_is_there() -> None:
    found = gather([b"a\nb\nc", 50 * IDLE_SECONDS, b"d\n"])
    assert [(raw.first, raw.lines) for raw in found] == [(1, [b"a", b"b"]), (3, [b"cd"])]


def test_heavy_lines_make_smaller_sets() -> None:
    line = b"x" * 100_000 + b"\n"
    found = gather([line] * 100)
    assert all(len(raw.lines) <= MAX_SET_BYTES // 100_000 + 1 for raw in found)
    assert sum(len(raw.lines) for raw in found) == 100


def test_nothing_in_nothing_out() -> None:
    assert gather([]) == []
    assert gather([0.05]) == []
