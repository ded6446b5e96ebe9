"""What waits for an anchor, in memory and beyond it, beside a plain list."""

from __future__ import annotations

import gc
import tracemalloc
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ledger.audit.noted import Noted
from ledger.audit.unproven import Unproven


def piece(first: int, count: int) -> Noted:
    commitments = [b"ab" * 32] * count
    return Noted(
        first=first, commitments=commitments, flags=bytes(count), names=[], records=[], bad=[]
    )


@given(
    st.integers(1, 4),
    st.lists(st.tuples(st.integers(1, 3), st.none() | st.integers(0, 60)), max_size=30),
)
def test_it_gives_what_a_list_would_give(most: int, steps: list[tuple[int, int | None]]) -> None:
    """Each step: a piece of so many entries, then what ends up to a size is taken out."""
    waiting, twin, at = Unproven(most), list[Noted](), 0
    for count, size in steps:
        waiting.add(piece(at, count))
        twin.append(piece(at, count))
        at += count
        if size is None:
            continue
        expected = [one for one in twin if one.end <= size]
        assert list(waiting.until(size)) == expected
        twin = twin[len(expected) :]
    assert list(waiting.until(None)) == twin
    assert list(waiting.until(None)) == []
    waiting.close()


def test_what_is_taken_out_by_half_goes_on() -> None:
    waiting = Unproven(2)
    for at in range(9):
        waiting.add(piece(at, 1))
    taken = waiting.until(None)
    assert [next(taken).first for _ in range(4)] == [0, 1, 2, 3]
    waiting.add(piece(9, 1))
    assert [one.first for one in waiting.until(None)] == [4, 5, 6, 7, 8, 9]
    waiting.close()


def test_memory_does_not_grow_with_what_waits() -> None:
    """Hundreds of thousands of entries between two anchors."""
    peaks = []
    for count in (600, 1_800):
        waiting = Unproven()
        gc.collect()
        tracemalloc.start()
        for at in range(count):
            waiting.add(piece(256 * at, 256))
        ends = [one.end for one in waiting.until(None)]
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        waiting.close()
        assert len(ends) == count
        assert all(after - before == 256 for before, after in pairwise(ends))
    assert peaks[1] < 1.2 * peaks[0]
