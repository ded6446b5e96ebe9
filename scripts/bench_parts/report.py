"""What was measured, written for programs (`results.json`) and people (`README.md`, charts)."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from scripts.bench_parts import growth
from scripts.bench_parts.book import FORMER, POSTGRESQL, Book, Row, medians
from scripts.bench_parts.svg import line_chart, many_lines

ROOT = Path(__file__).resolve().parent.parent.parent
MISSED = "missed.md"
"""Written by hand beside the figures."""
GROWTH = "growth.svg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where and how it was measured. load: of the machine before, as a share of its cores."""

    machine: str
    commit: str
    date: str
    load: float
    what: str


def setting(date: str, what: str) -> Setting:
    """Of this machine, now."""
    return Setting(
        machine=machine(),
        commit=commit(),
        date=date,
        load=os.getloadavg()[0] / (os.cpu_count() or 1),
        what=what,
    )


def machine() -> str:
    """Processor, cores, memory, system, Python."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        named = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = named[0].partition(":")[2].strip() if named else model
    memory = psutil.virtual_memory().total / (1 << 30)
    return (
        f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}, "
        f"Python {platform.python_version()}"
    )


def commit() -> str:
    """The commit measured; "unknown" where this is no checkout, "+" where files were changed."""
    try:
        head = _git("rev-parse", "--short=12", "HEAD")
        return head + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def described(revision: str) -> str:
    """A commit as people find it again: its hash, day and subject."""
    return _git("log", "-1", "--format=%h of %ad (%s)", "--abbrev=12", "--date=short", revision)


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def write(folder: Path, book: Book, at: Setting) -> None:
    """All files."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = book.rows()
    document = {"machine": at.machine, "commit": at.commit, "date": at.date}
    text = json.dumps({**document, "rows": [row.as_dict() for row in rows]}, indent=1)
    (folder / "results.json").write_text(text + "\n", "utf-8")
    for row in _charted(rows):
        (folder / f"{row.aim.name}.svg").write_text(_chart(row), "utf-8")
    if drawn := growth.relative(rows):
        chart = many_lines("what one costs, over the least it cost", "times", drawn)
        (folder / GROWTH).write_text(chart, "utf-8")
    page = markdown(book, at)
    if (folder / MISSED).exists():
        page += f"\nWhat was missed, why, and what was tried: [{MISSED}]({MISSED}).\n"
    (folder / "README.md").write_text(page, "utf-8")


def _charted(rows: Sequence[Row]) -> list[Row]:
    """Those that an aim was set for, or that were measured at several sizes."""
    return [row for row in rows if row.aim.aim is not None or growth.growth_of(row) is not None]


def _chart(row: Row) -> str:
    title = row.aim.title.replace("`", "")
    return line_chart(title, row.aim.unit, row.by_size, row.goal, others=row.beside)


def markdown(book: Book, at: Setting) -> str:
    """The page."""
    rows = book.rows()
    parts = [
        "# Benchmark",
        f"{at.date}, commit {at.commit}. {at.machine}.",
        f"{at.what} Load of the machine before the run: {at.load:.0%} of its cores.",
        table(book),
        TOLD,
        *_peers(book),
        "## By size",
        _by_size(book),
        *_growth(rows),
        "## Checked while measuring",
        "\n".join(f"- {what}: {times:,} times" for what, times in book.checks.items()),
    ]
    if book.notes:
        parts += ["## Notes", "\n".join(f"- {note}" for note in book.notes)]
    parts += [
        "## Charts",
        "\n".join(f"![{row.aim.name}]({row.aim.name}.svg)" for row in _charted(rows)),
    ]
    return "\n\n".join(parts) + "\n"


TOLD = (
    "*Reached* is told with the size at which it was. *Spread*: from the lowest to the highest of"
    " several measurements, as a share of their median; a dash where it was measured once. *Gain*:"
    " how many times better than the commit before, whose program was measured in turn with this"
    " one on this machine; less than the spread is noise."
)


def table(book: Book) -> str:
    """Reached beside aimed and beside the commit before; what was not measured is named."""
    lines = [
        "| what | aim | reached | met | spread | commit before | gain | first peer | ratio |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in book.rows():
        sign = "≥" if row.aim.more else "≤"
        aim = "–" if row.goal is None else f"{sign} {number(row.goal)} {row.aim.unit}"
        met = {True: "yes", False: "**no**", None: "–"}[row.met]
        spread = "–" if row.spread is None else f"{row.spread:.0%} of {row.times}"
        lines.append(
            f"| {row.aim.title} (`{row.aim.name}`) | {aim} | {_reached(row)} | {met} "
            f"| {spread} | {number(row.other(FORMER))} | {number(row.gain)} "
            f"| {number(row.peer)} | {number(row.ratio)} |"
        )
    missing = [f"`{aim.name}`" for aim in book.missing()]
    said = f"Not measured in this run at the size it is stated for: {', '.join(missing)}."
    return "\n".join(lines) + (f"\n\n{said}" if missing else "")


def _reached(row: Row) -> str:
    return "–" if row.reached is None else f"{number(row.reached)} of {row.at:,}"


def _growth(rows: Sequence[Row]) -> list[str]:
    """Which lines grow."""
    found = growth.table(rows)
    if not found:
        return []
    told = (
        "What one record, receipt or entry costs at the largest size, over what it cost at the"
        f" cheapest of those that are at most a {growth.SPAN}th of it. Up to {growth.NOISE} is"
        " flat; a logarithm of the size would have grown by the number beside it. *Lately*: over"
        " the largest of those sizes; what no longer grows there is flat by now."
    )
    return ["## Growth", told, found, f"![growth]({GROWTH})"]


def _peers(book: Book) -> list[str]:
    lines = [
        f"| `{name}` | {other} | {size:,} | {number(value)} |"
        for name, others in book.peers.items()
        for other, values in others.items()
        for size, value in medians(values).items()
    ]
    head = ["| row | peer, measured in the same run | of | value |", "|---|---|---|---|"]
    return ["## Peers", "\n".join([*head, *lines])] if lines else []


def _by_size(book: Book) -> str:
    """What was measured at several sizes of the log, then what was at one of its own."""
    found: dict[str, dict[int, float]] = {}
    once: dict[str, dict[int, float]] = {}
    for row in (row for row in book.rows() if not row.aim.of):
        into = found if row.aim.grows else once
        into[f"`{row.aim.name}` ({row.aim.unit})"] = row.by_size
        for which in (FORMER, POSTGRESQL):
            if which in row.beside:
                into[f"`{row.aim.name}`, {which}"] = row.beside[which]
    sizes = sorted({size for by_size in found.values() for size in by_size})
    for title, values in book.beside.items():
        into = found if set(values) <= set(sizes) else once
        into[title] = medians(values)
    lines = ["| row | " + " | ".join(f"{size:,}" for size in sizes) + " |"]
    lines += ["|---" * (len(sizes) + 1) + "|"]
    for title, by_size in found.items():
        shown = " | ".join(number(by_size.get(size)) for size in sizes)
        lines.append(f"| {title} | {shown} |")
    lines += ["", "| row | of | value |", "|---|---|---|"] if once else []
    for title, by_size in once.items():
        lines += [f"| {title} | {size:,} | {number(value)} |" for size, value in by_size.items()]
    return "\n".join(lines)


def number(value: float | None) -> str:
    """For people; a dash where nothing was measured."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004
