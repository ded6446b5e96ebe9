"""The soak's memory of itself, what it calls flat, and what of it the benchmark borrows."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from scripts.bench_parts.book import Book
from scripts.bench_parts.report import Setting
from scripts.bench_parts.soak_report import Chunk, Mark, borrow, flat, write
from scripts.soak import State

AT = Setting(machine="m", commit="c", date="2026-11-23T00:00:00Z", load=0.0, what="Soak.")
CHUNK = Chunk(size=1_000_000, records_per_s=9000.0, cpu_us=50.0, rss_mib=300.0)
MARK = Mark(
    mark=1_000_000,
    size=1_002_000,
    start_s=1.5,
    bytes_per_record=470.0,
    promise_p99_ms=40.0,
    final_p99_s=2.0,
    replay_entries_per_s=90_000.0,
    replay_rss_mib=75.0,
    checks={"replay finds nothing": 1},
)
CHUNKS = [replace(CHUNK, size=n * 1_000_000) for n in range(1, 11)]
MARKS = [replace(MARK, mark=n * 1_000_000, size=n * 1_000_000 + 2000) for n in (1, 2, 5, 10)]


def test_what_was_done_survives(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    assert State.load(path) == State()
    state = State(reserved=17, parts={"abc": 0}, chunks=CHUNKS[:2], marks=MARKS[:1])
    state.save(path)
    assert State.load(path) == state
    assert [entry.name for entry in tmp_path.iterdir()] == ["state.json"]


def test_flat() -> None:
    assert flat(CHUNKS, MARKS) is None
    assert flat(CHUNKS[:1], MARKS[:1]) is None


@pytest.mark.parametrize(
    ("chunk", "mark", "said"),
    [
        ({"rss_mib": 460.0}, {}, "the gateway grew from 300 to 460 MiB"),
        ({}, {"replay_rss_mib": 120.0}, "replay grew from 75 to 120 MiB"),
        ({}, {"replay_rss_mib": 1100.0}, "more than 1024 MiB"),
    ],
)
def test_not_flat(chunk: dict[str, float], mark: dict[str, float], said: str) -> None:
    chunks = [*CHUNKS[:-1], Chunk(**(asdict(CHUNKS[-1]) | chunk))]
    marks = [*MARKS[:-1], Mark(**(asdict(MARKS[-1]) | mark))]
    assert said in (flat(chunks, marks) or "")


def test_the_benchmark_borrows_what_it_does_not_reach(tmp_path: Path) -> None:
    book = Book()
    book.put("start_s_10m", 1_000_000, 1.0)
    borrow(book, tmp_path)
    assert book.notes == []
    write(tmp_path, AT, CHUNKS, MARKS, problem=None)
    borrow(book, tmp_path)
    assert book.values["start_s_10m"] == {
        1_000_000: [1.0],
        2_000_000: [1.5],
        5_000_000: [1.5],
        10_000_000: [1.5],
    }
    assert book.values["gateway_rss_mib_10m"][10_000_000] == [300.0]
    assert "soak of 2026-11-23T00:00:00Z, commit c" in book.notes[0]


def test_what_is_reached_is_of_the_run_itself() -> None:
    """But for the rows that are stated for ten million."""
    book = Book()
    for name in ("ndjson_records_per_s", "start_s_10m"):
        book.put(name, 1_000_000, 5.0)
        book.put(name, 10_000_000, 7.0)
    found = {row.aim.name: row.reached for row in book.rows()}
    assert (found["ndjson_records_per_s"], found["start_s_10m"]) == (5.0, 7.0)
