"""The soak's memory of itself, what it calls flat, and what of it the benchmark borrows."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from scripts.bench_parts.book import Book
from scripts.bench_parts.report import Setting
from scripts.bench_parts.soak_end import Leaves, check_follower, compared
from scripts.bench_parts.soak_killed import Killed
from scripts.bench_parts.soak_people import FIRM, Touched, contested
from scripts.bench_parts.soak_report import Chunk, End, Mark, borrow, flat, write
from scripts.bench_parts.soak_state import State

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
KILLED = Killed(
    size=5_000_000,
    records=40_000,
    told=14_000,
    ready_s=1.5,
    answered_s=4.0,
    anchored_s=6.25,
    asked_again=2,
    checks={"each promise around the kill was kept in time": 20},
)
CHUNKS = [replace(CHUNK, size=n * 1_000_000) for n in range(1, 11)]
MARKS = [replace(MARK, mark=n * 1_000_000, size=n * 1_000_000 + 2000) for n in (1, 2, 5, 10)]


def test_what_was_done_survives(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    assert State.load(path) == State()
    state = State(
        reserved=17,
        contested=4,
        open=[(7, 10)],
        parts={"abc": 0},
        chunks=CHUNKS[:2],
        marks=MARKS[:1],
        touched=[Touched(leaf="ab", how="uphold", case="cd")],
        killed=KILLED,
    )
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


def test_the_page_tells_of_the_kill_the_people_and_who_followed(tmp_path: Path) -> None:
    behind = (0, 8192, 16_384)
    chunks = [replace(CHUNK, behind=number, follower_us=44.4) for number in behind]
    end = End(
        checks={"nothing that was promised is lost": 10_000_000},
        killed=asdict(KILLED),
        touched={"withdraw": 40, "case: dismiss": 4},
    )
    write(tmp_path, AT, chunks, MARKS, problem=None, end=end)
    page = (tmp_path / "README.md").read_text()
    assert "behind by 8,192 entries (median), 16,384 at most" in page
    assert "A copied entry took 44 µs" in page
    assert "case: dismiss 4, withdraw 40" in page
    assert "At 5,000,000 records the gateway was killed" in page
    assert "kept in time: 20 times" in page
    assert "nothing that was promised is lost: 10,000,000 times" in page
    write(tmp_path, AT, CHUNKS, MARKS, problem=None)
    assert "killed" not in (tmp_path / "README.md").read_text()


def leaf(number: int) -> bytes:
    """One that lies in a bucket of its own, or in that of another."""
    return bytes([number % 3]) + number.to_bytes(31, "big")


def test_leaves_are_compared_with_the_log(tmp_path: Path) -> None:
    told = Leaves(tmp_path / "told.bin")
    assert list(told.read()) == []
    told.add(leaf(number).hex() for number in range(8))
    told.add([leaf(3).hex()])
    whole = [leaf(number) for number in range(8)]
    good = {"told": 8, "lost": 0, "twice": 0, "others": 0}
    assert compared(told.read(), [b"".join(whole[:5]), b"".join(whole[5:])]) == good
    assert compared(told.read(), whole[1:]) == good | {"lost": 1}
    assert compared(told.read(), [*whole, leaf(6)]) == good | {"twice": 1}
    assert compared(told.read(), [*whole, leaf(9)]) == good | {"others": 1}


def test_contested_records_are_of_a_firm_of_the_other_province() -> None:
    one, two = (json.loads(line)["fields"] for line in contested(5, 2))
    assert one["CF_XDR_SHXYM"] == two["CF_XDR_SHXYM"] == FIRM
    assert one["CF_WSH"] != two["CF_WSH"]


class Following:
    """Two nodes that answer all alike."""

    def __init__(self, status: int) -> None:
        answer = httpx.Response(status, content=b"the same")
        self.http = httpx.Client(transport=httpx.MockTransport(lambda _: answer))

    def anchored(self) -> int:
        return 1000

    def await_follower(self, _size: int) -> float:
        return 0.0

    def mirrored(self) -> dict[str, Any]:
        return {"error": None, "url": "http://copy"}

    def log(self) -> dict[str, Any]:
        return {"url": "http://log"}


def test_two_refusals_are_no_copy() -> None:
    book = Book()
    check_follower(book, Following(200))  # type: ignore[arg-type]
    assert book.checks["the follower has the same bytes"] == 6
    with pytest.raises(httpx.HTTPStatusError):
        check_follower(book, Following(404))  # type: ignore[arg-type]
