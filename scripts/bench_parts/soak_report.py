"""What a soak found, for programs (`results.json`) and people (`README.md`)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from scripts.bench_parts.book import MILLION, Book
from scripts.bench_parts.report import Setting, number
from scripts.bench_parts.svg import line_chart

FLAT = 1.5
"""The last quarter may take so many times the memory of the second one, not more."""
LIMIT_MIB = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Records that were sent in a row. size: of the log behind them. records_per_s: from the first
    byte sent until the last record is finally anchored. cpu_us: of the gateway's own process per
    record. rss_mib: its peak. behind: entries that the follower did not have yet at that moment;
    None where nobody followed. follower_us: processor time of the follower's gateway for each entry
    that it copied meanwhile."""

    size: int
    records_per_s: float
    cpu_us: float
    rss_mib: float
    behind: int | None = None
    follower_us: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """What was looked at when all was there. checks: what held, how many times. killed: what the
    kill of the gateway took (`soak_killed.Killed`), where there was one. touched: records that
    people did something about, by how that ended."""

    checks: Mapping[str, int] = field(default_factory=dict)
    killed: Mapping[str, Any] | None = None
    touched: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A look at a size. mark: the size at which it was due. checks: what held, how many times."""

    mark: int
    size: int
    start_s: float
    bytes_per_record: float
    promise_p99_ms: float
    final_p99_s: float
    replay_entries_per_s: float
    replay_rss_mib: float
    checks: Mapping[str, int]


def flat(chunks: Sequence[Chunk], marks: Sequence[Mark]) -> str | None:
    """What has grown that must not; None: nothing has."""
    quarter = max(1, len(chunks) // 4)
    before = max(chunk.rss_mib for chunk in chunks[quarter : 2 * quarter] or chunks)
    last = max(chunk.rss_mib for chunk in chunks[-quarter:])
    replay = max(mark.replay_rss_mib for mark in marks)
    if last > FLAT * before:
        return f"the gateway grew from {before:,.0f} to {last:,.0f} MiB"
    if max(last, replay) > LIMIT_MIB:
        return f"more than {LIMIT_MIB} MiB: gateway {last:,.0f}, replay {replay:,.0f}"
    if replay > FLAT * marks[0].replay_rss_mib:
        return f"replay grew from {marks[0].replay_rss_mib:,.0f} to {replay:,.0f} MiB"
    return None


def write(
    folder: Path,
    at: Setting,
    chunks: Sequence[Chunk],
    marks: Sequence[Mark],
    *,
    problem: str | None,
    end: End | None = None,
    notes: Sequence[str] = (),
) -> str:
    """All files; returns the table of the looks."""
    folder.mkdir(parents=True, exist_ok=True)
    document = {
        "machine": at.machine,
        "commit": at.commit,
        "date": at.date,
        "problem": problem,
        "notes": notes,
        "chunks": [asdict(chunk) for chunk in chunks],
        "marks": [asdict(mark) for mark in marks],
        "end": None if end is None else asdict(end),
    }
    (folder / "results.json").write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    charts = (
        ("records_per_s", "records a second, finally anchored", "records/s", 10_000),
        ("rss_mib", "peak memory of the gateway", "MiB", LIMIT_MIB),
        ("cpu_us", "processor time of the gateway's own process per record", "µs", 100),
    )
    for name, title, unit, aim in charts:
        by_size = {chunk.size: float(getattr(chunk, name)) for chunk in chunks}
        (folder / f"{name}.svg").write_text(line_chart(title, unit, by_size, aim), "utf-8")
    checks: Counter[str] = Counter()
    for mark in marks:
        checks.update(mark.checks)
    if end is not None:
        checks.update(end.checks)
        checks.update((end.killed or {}).get("checks", {}))
    found = table(marks)
    parts = [
        "# Soak",
        f"{at.date}, commit {at.commit}. {at.machine}.",
        f"{chunks[-1].size:,} records, the chain on the same machine.",
        problem or "Memory is flat and every replay is clean.",
        found,
        *(told_at_the_end(end, chunks) if end is not None else ()),
        *notes,
        "Every answer to every record was checked: accepted, in order, covered by its promise.",
        "\n".join(f"- {what}: {times:,} times" for what, times in checks.items()),
        "\n".join(f"![{name}]({name}.svg)" for name, *_ in charts),
    ]
    (folder / "README.md").write_text("\n\n".join(parts) + "\n", "utf-8")
    return found


def told_at_the_end(end: End, chunks: Sequence[Chunk]) -> list[str]:
    """What else happened, in words."""
    parts = []
    if end.touched:
        what = ", ".join(f"{how} {times:,}" for how, times in sorted(end.touched.items()))
        parts.append(
            "Meanwhile the owner withdrew records, and firms objected in another province, by cases"
            f" that were decided or stayed open: {what}."
        )
    behind = [chunk.behind for chunk in chunks if chunk.behind is not None]
    if behind:
        parts.append(
            "That province follows the log: when a chunk was finally anchored it was behind by"
            f" {median(behind):,.0f} entries (median), {max(behind):,} at most; at the end by none."
        )
    used = [chunk.follower_us for chunk in chunks if chunk.follower_us is not None]
    if used:
        parts[-1] += f" A copied entry took {median(used):,.0f} µs of its processor (median)."
    if (killed := end.killed) is not None:
        parts.append(
            f"At {killed['size']:,.0f} records the gateway was killed (SIGKILL) with"
            f" {killed['told']:,.0f} of {killed['records']:,.0f} records answered. Started at once,"
            f" it was ready after {number(killed['ready_s'])} s; clients asked"
            f" {killed['asked_again']:,.0f} times again; {number(killed['answered_s'])} s after the"
            f" kill every record was answered, {number(killed['anchored_s'])} s after it anchored."
        )
    return parts


def table(marks: Sequence[Mark]) -> str:
    """The looks, one column each."""
    rows = (
        ("gateway start until ready, s", "start_s"),
        ("bytes per record beyond its content", "bytes_per_record"),
        ("one record: promise p99 at 200 a second, ms", "promise_p99_ms"),
        ("one record: final receipt p99, s", "final_p99_s"),
        ("replay, entries/s", "replay_entries_per_s"),
        ("replay, MiB", "replay_rss_mib"),
    )
    lines = [
        "| at | " + " | ".join(f"{mark.size:,}" for mark in marks) + " |",
        "|---" * (len(marks) + 1) + "|",
    ]
    for title, name in rows:
        values = " | ".join(number(float(getattr(mark, name))) for mark in marks)
        lines.append(f"| {title} | {values} |")
    return "\n".join(lines)


def borrow(book: Book, folder: Path) -> None:
    """Enter what the committed soak found at sizes that a benchmark does not reach, and say so."""
    path = folder / "results.json"
    if not path.exists():
        return
    held = json.loads(path.read_bytes())
    largest = max((size for found in book.values.values() for size in found), default=0)
    marks = [mark for mark in held["marks"] if mark["mark"] > max(largest, MILLION)]
    for mark in marks:
        near = [c for c in held["chunks"] if 0.8 * mark["mark"] <= c["size"] <= mark["mark"]]
        found = {
            "ndjson_records_per_s": median(chunk["records_per_s"] for chunk in near),
            "gateway_rss_mib_10m": max(chunk["rss_mib"] for chunk in near),
            "start_s_10m": mark["start_s"],
            "replay_entries_per_s": mark["replay_entries_per_s"],
            "replay_rss_mib_10m": mark["replay_rss_mib"],
            "bytes_per_record": mark["bytes_per_record"],
            "promise_p99_ms": mark["promise_p99_ms"],
            "final_p99_s": mark["final_p99_s"],
        }
        for name, value in found.items():
            book.put(name, mark["mark"], value)
    if marks:
        sizes = ", ".join(f"{mark['mark']:,}" for mark in marks)
        book.notes.append(
            f"The figures at {sizes} records are those of the soak of {held['date']}, commit"
            f" {held['commit']} (`soak/`), not of this run."
        )
