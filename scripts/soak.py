"""Ten million records through one gateway, with looks at what must not grow on the way.

    python scripts/soak.py                 10 million, about half an hour
    python scripts/soak.py --records 2000000 --folder build/soak-small --out build/soak-small-out

Goes on where an earlier run stopped, however it stopped: the network stays in the folder until
`make clean`, and so does what was measured. Every answer is checked as it comes; at each mark some
receipts are verified, single records sent, the gateway restarted and the whole ledger replayed. At
the end the result is written with its date, and the network is stopped.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.devnet import services
from scripts.bench_parts.audit import measure_replay
from scripts.bench_parts.book import Book, CheckFailed
from scripts.bench_parts.load import Clients, spans_of
from scripts.bench_parts.proofs import fetch, measure_verify
from scripts.bench_parts.report import commit, setting
from scripts.bench_parts.singles import RATE, measure_singles
from scripts.bench_parts.site import PeakMemory, Site, TooSlow
from scripts.bench_parts.soak_report import Chunk, Mark, flat, write

ROOT = Path(__file__).resolve().parent.parent
CHUNK = 250_000
"""Records between two figures."""
MARKS = (1, 2, 5)
"""Looks are taken after so many million records, and at the end."""
MILLION = 1_000_000
RECEIPTS = 200
SINGLES = 5.0


@dataclass
class State:
    """What was done so far. reserved: numbers of records handed out; those of a chunk that was
    interrupted are not used again, so that no record is sent twice. parts: size at which each
    commit went on."""

    reserved: int = 0
    parts: dict[str, int] = field(default_factory=dict)
    chunks: list[Chunk] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)

    @classmethod
    def load(cls, path: Path) -> State:
        """As saved; empty where nothing was."""
        if not path.exists():
            return cls()
        held = json.loads(path.read_bytes())
        return cls(
            reserved=held["reserved"],
            parts=held["parts"],
            chunks=[Chunk(**item) for item in held["chunks"]],
            marks=[Mark(**item) for item in held["marks"]],
        )

    def save(self, path: Path) -> None:
        """Whole, or not at all."""
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(self), indent=1), "utf-8")
        fresh.replace(path)


class Soak:
    """One run on the network in `folder`."""

    def __init__(self, folder: Path, records: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.records = records
        self.path = folder.resolve() / "state.json"
        self.state = State.load(self.path)
        self.site = Site(folder.resolve() / "network")
        self.clients = Clients()
        self.leaves: dict[str, int] = {}
        """Some leaves of the last chunk, with the numbers of their records."""

    def size(self) -> int:
        """Entries that are finally anchored, once all promised ones are."""
        wanted = int(self.site.log()["size"])
        self.site.wait_anchored(wanted)
        return wanted

    def run(self) -> None:
        """Until the records are in."""
        marks = sorted({n * MILLION for n in MARKS if n * MILLION < self.records} | {self.records})
        console = Console(stderr=True)
        columns = (TextColumn("soak"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
            task = bar.add_task("records", total=self.records)
            size = self.size()
            self.state.parts.setdefault(commit(), size)
            self.state.save(self.path)
            while size < self.records or not self._done(self.records):
                due = [m for m in marks if size >= m and not self._done(m)]
                if due:
                    self._look(due[-1])
                    size = self.size()
                    continue
                size = self._grow(min(CHUNK, self.records - size))
                bar.update(task, completed=size)
                if not console.is_terminal:
                    say(f"{size:,} records, {self.state.chunks[-1].records_per_s:,.0f} a second")

    def _done(self, mark: int) -> bool:
        return any(item.mark == mark for item in self.state.marks)

    def _grow(self, count: int) -> int:
        """One chunk; the size afterwards."""
        first = self._reserve(count)
        before = int(self.site.log()["size"])
        cpu = self.site.cpu_seconds()
        start_at = time.monotonic() + 1 + count * 4e-6
        with PeakMemory(self.site.process()) as memory:
            sent = [
                one.result()
                for one in self.clients.send(self.site, spans_of(first, count), start_at)
            ]
            final = self.site.wait_anchored(before + count)
        seconds = final - min(one[0] for one in sent)
        self.state.chunks.append(
            Chunk(
                size=before + count,
                records_per_s=count / seconds,
                cpu_us=1e6 * (self.site.cpu_seconds() - cpu) / count,
                rss_mib=memory.mib,
            )
        )
        self.state.save(self.path)
        step = max(1, count // RECEIPTS)
        self.leaves = {leaf: number for one in sent for leaf, number in one[2][::step]}
        return before + count

    def _reserve(self, count: int) -> int:
        first = self.state.reserved
        self.state.reserved += count
        self.state.save(self.path)
        return first

    def _look(self, mark: int) -> None:
        """What must not grow, measured at the size of now."""
        book = Book()
        size = self.site.taken = self.size()
        say(f"a look at {size:,}")
        count = int(SINGLES * RATE)
        bytes_per_record = self.site.bytes_per_record()
        if not self.leaves:  # an earlier run took them
            size = self.site.taken = self._grow(1000)
        measure_verify(book, self.site, fetch(self.site, self.leaves, RECEIPTS))
        measure_replay(book, self.site, peers=False)
        self._reserve(count)
        measure_singles(book, self.site, SINGLES, first=self.state.reserved - count)
        start = self.site.restart()
        found = {name: values[size][0] for name, values in book.values.items()}
        self.state.marks.append(
            Mark(
                mark=mark,
                size=size,
                start_s=start,
                bytes_per_record=bytes_per_record,
                checks=book.checks,
                promise_p99_ms=found["promise_p99_ms"],
                final_p99_s=found["final_p99_s"],
                replay_entries_per_s=found["replay_entries_per_s"],
                replay_rss_mib=found["replay_rss_mib_10m"],
            )
        )
        self.state.save(self.path)

    def stop(self) -> None:
        """Stop the network; its files stay."""
        self.clients.close()
        self.site.http.close()
        services.down(self.site.folder)


def say(text: str) -> None:
    """Progress."""
    print(f"soak: {text}", flush=True)


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--records", type=int, default=10 * MILLION, metavar="N")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "soak", metavar="DIR")
    parser.add_argument("--note", default="", help="a sentence for the page", metavar="TEXT")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "docs" / "benchmarks" / "soak", metavar="DIR"
    )
    args = parser.parse_args()
    soak = Soak(args.folder, args.records)
    try:
        soak.run()
    except (CheckFailed, TooSlow) as error:
        say(f"FAILED: {error}")
        return 1
    finally:
        soak.stop()
    at = setting(datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "Soak.")
    problem = flat(soak.state.chunks, soak.state.marks)
    state = soak.state
    parts = [f"From {size:,} records on by commit {one}." for one, size in state.parts.items()]
    notes = [*(parts if len(parts) > 1 else ()), *filter(None, [args.note])]
    print(write(args.out, at, state.chunks, state.marks, problem=problem, notes=notes))
    say(problem or "memory is flat, every replay is clean")
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
