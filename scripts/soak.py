"""Ten million records through one gateway, with looks at what must not grow on the way.

    python scripts/soak.py                 10 million, half an hour or a little more
    python scripts/soak.py --records 20000 --folder build/soak-small --out build/soak-small-out

While records come in, people withdraw some and object to others in a second province, which also
follows the log; half-way the gateway is killed (SIGKILL) amid its answers. Every answer is checked
as it comes; at each mark some receipts are verified, single records sent, the gateway restarted
and the whole ledger replayed. At the end every leaf that a client was told is looked for in the
log, every act and case in both provinces, and the copy is compared with the log.

Goes on where an earlier run stopped, however it stopped: the network stays in the folder until
`make clean`, and so does what was measured. The result is written with its date, and the network
is stopped. Ten million records take some 15 GB in the folder.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.devnet import services
from scripts.bench_parts.audit import measure_replay
from scripts.bench_parts.book import Book, CheckFailed
from scripts.bench_parts.ending import heed
from scripts.bench_parts.load import Clients, spans_of
from scripts.bench_parts.material import lines
from scripts.bench_parts.proofs import fetch, measure_verify
from scripts.bench_parts.report import commit, setting
from scripts.bench_parts.singles import RATE, measure_singles
from scripts.bench_parts.site import PeakMemory, TooSlow
from scripts.bench_parts.soak_end import (
    Leaves,
    check_follower,
    check_people,
    check_records,
    statements,
)
from scripts.bench_parts.soak_killed import ask_all, kill_amid
from scripts.bench_parts.soak_people import CONTESTED, OUTCOMES, People, contested
from scripts.bench_parts.soak_report import Chunk, End, Mark, flat, write
from scripts.bench_parts.soak_site import SoakSite
from scripts.bench_parts.soak_state import State

ROOT = Path(__file__).resolve().parent.parent
CHUNK = 250_000
"""Records between two figures."""
CHUNKS = 8
"""So many of them at least."""
KILL = 40_000
"""Records that are under way when the gateway is killed."""
MARKS = (1, 2, 5)
"""Looks are taken after so many million records, and at the end."""
MILLION = 1_000_000
RECEIPTS = 200
SINGLES = 5.0


class Soak:
    """One run on the network in `folder`."""

    def __init__(self, folder: Path, records: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.records = records
        self.chunk = min(CHUNK, -(-records // CHUNKS))
        self.path = folder.resolve() / "state.json"
        self.state = State.load(self.path)
        self.told = Leaves(folder.resolve() / "told.bin")
        self.site = SoakSite(folder.resolve() / "network")
        self.people = People(self.site)
        self.clients = Clients()
        self.lock = threading.Lock()
        self.leaves: dict[str, int] = {}
        """Some leaves of the last chunk, with the numbers of their records."""

    def size(self) -> int:
        """Entries that are finally anchored, once all promised ones are."""
        return self.site.anchored()

    def run(self) -> Book:
        """Until the records are in; what held at the end."""
        marks = sorted({n * MILLION for n in MARKS if n * MILLION < self.records} | {self.records})
        console = Console(stderr=True)
        columns = (TextColumn("soak"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
            task = bar.add_task("records", total=self.records)
            size = self.size()
            self.state.parts.setdefault(commit(), size)
            self.state.save(self.path)
            self._send_again()
            while size < self.records or not self._done(self.records):
                due = [m for m in marks if size >= m and not self._done(m)]
                if due:
                    self._look(due[-1])
                    size = self.size()
                    continue
                size = self._further(size)
                bar.update(task, completed=size)
                if not console.is_terminal:
                    say(f"{size:,} records, {self.state.chunks[-1].records_per_s:,.0f} a second")
        return self._end()

    def _done(self, mark: int) -> bool:
        return any(item.mark == mark for item in self.state.marks)

    def _further(self, size: int) -> int:
        """The next chunk, and the kill where it is due; the size afterwards."""
        if self.state.chunks and self.state.killed is None and 2 * size >= self.records:
            self._kill(min(self.chunk, KILL, max(1, self.records - size)))
        return self._grow(min(self.chunk, max(1, self.records - self.size())))

    def _grow(self, count: int) -> int:
        """One chunk, with people at work beside it; the size afterwards."""
        first = self._reserve(count)
        before = self.leaves
        cpu, theirs = self.site.cpu_seconds(), self.site.follower_seconds()
        copied = int(self.site.mirrored().get("size", 0))
        start_at = time.monotonic() + 1 + count * 4e-6
        with PeakMemory(self.site.process()) as memory, ThreadPoolExecutor(1) as beside:
            working = beside.submit(self._people, before)
            sent = [
                one.result()
                for one in self.clients.send(self.site, spans_of(first, count), start_at)
            ]
            size, final = self.site.anchored(), time.monotonic()
            working.result()
        seconds = final - min(one[0] for one in sent)
        now = int(self.site.mirrored().get("size", 0))
        theirs = 1e6 * (self.site.follower_seconds() - theirs)
        self.state.chunks.append(
            Chunk(
                size=size,
                records_per_s=count / seconds,
                cpu_us=1e6 * (self.site.cpu_seconds() - cpu) / count,
                rss_mib=memory.mib,
                behind=max(0, size - now),
                follower_us=theirs / (now - copied) if now > copied else None,
            )
        )
        self._keep(first, count, (leaf for one in sent for leaf, _ in one[2]))
        step = max(1, count // RECEIPTS)
        self.leaves = {leaf: number for one in sent for leaf, number in one[2][::step]}
        return self.size()

    def _people(self, leaves: Mapping[str, int]) -> None:
        """What people do during a chunk, about records of the one before."""
        found = self.people.withdraw(leaves) if leaves else []
        first = self._reserve(len(OUTCOMES), contested=True)
        found += self.people.object_to(first)
        with self.lock:
            self.state.touched += found
        cased = [one.leaf for one in found if one.case]
        self._keep(first, len(OUTCOMES), cased)

    def _kill(self, count: int) -> None:
        """Kill the gateway while it answers so many records."""
        first, book = self._reserve(count), Book()
        self.state.killed, leaves = kill_amid(book, self.site, first, count)
        say(f"killed: {self.state.killed}")
        self._keep(first, count, leaves.values())

    def _send_again(self) -> None:
        """What an earlier run sent and did not hear the end of."""
        for first, count in list(self.state.open):
            say(f"{count:,} records again, of a run that was stopped")
            material = contested if first >= CONTESTED else lines
            found = ask_all(Book(), self.site, first, count, material)
            self._keep(first, count, found.values())

    def _reserve(self, count: int, *, contested: bool = False) -> int:
        with self.lock:
            if contested:
                first = CONTESTED + self.state.contested
                self.state.contested += count
            else:
                first = self.state.reserved
                self.state.reserved += count
            self.state.open.append((first, count))
            self.state.save(self.path)
        return first

    def _keep(self, first: int, count: int, leaves: Iterable[str]) -> None:
        """Put down what was told of these records, and then that it is."""
        with self.lock:
            self.told.add(leaves)
            self.state.open.remove((first, count))
            self.state.save(self.path)

    def _look(self, mark: int) -> None:
        """What must not grow, measured at the size of now."""
        book = Book()
        size = self.site.taken = self.size()
        say(f"a look at {size:,}")
        count = int(SINGLES * RATE)
        bytes_per_record = self.site.bytes_per_record()
        if not self.leaves:  # an earlier run took them
            size = self.site.taken = self._grow(min(self.chunk, 1000))
        measure_verify(book, self.site, fetch(self.site, self.leaves, RECEIPTS))
        measure_replay(book, self.site, peers=False)
        first = self._reserve(count)
        measure_singles(book, self.site, SINGLES, first=first)
        self._keep(first, count, ask_all(book, self.site, first, count).values())
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

    def _end(self) -> Book:
        """What must hold once all is there."""
        say("the end: every leaf, act and case")
        book = Book()
        check_people(book, self.site, self.people, self.state.touched)
        check_follower(book, self.site)
        self.site.taken = self.size()
        measure_replay(book, self.site, peers=False)
        records = self.state.reserved + self.state.contested
        check_records(book, self.site, self.told, records, statements(self.site))
        return book

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
    heed()
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
        book = soak.run()
    except (CheckFailed, TooSlow) as error:
        say(f"FAILED: {error}")
        return 1
    finally:
        soak.stop()
    at = setting(datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "Soak.")
    state = soak.state
    problem = flat(state.chunks, state.marks)
    parts = [f"From {size:,} records on by commit {one}." for one, size in state.parts.items()]
    how = Counter(f"{'case: ' if one.case else ''}{one.how or 'open'}" for one in state.touched)
    killed = None if state.killed is None else asdict(state.killed)
    end = End(checks=book.checks, killed=killed, touched=dict(how))
    notes = [*(parts if len(parts) > 1 else ()), *filter(None, [args.note])]
    print(write(args.out, at, state.chunks, state.marks, end=end, problem=problem, notes=notes))
    say(problem or "memory is flat, every replay is clean, nothing is lost or there twice")
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
