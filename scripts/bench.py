"""The figures of the data path, measured on a real network of this machine and checked.

    python scripts/bench.py            10 thousand to 1 million records in turn with the commit
                                       before, then to 10 million, then PostgreSQL; 50 minutes
    python scripts/bench.py --quick    2 and 10 thousand records, under two minutes
    python scripts/bench.py --check    the quick one for correctness alone, in build/bench/
    python scripts/bench.py --against v0.3 --sizes 10000,100000 --runs 1 --alone 0 --postgresql 0

Writes results.json, a page and charts into docs/benchmarks/. One province: its gateway, its anvil,
clients in processes of their own, HTTP on loopback. The commit before runs its own program in the
same way on a network of its own, line by line in turn with this one. Stops at the first thing that
is not right: a figure of something wrong means nothing. Ten million records take some 15 GB in
build/bench/, the commit before 2 GB more, five million on PostgreSQL 10 GB in the temporary folder.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripts.bench_parts import tessera
from scripts.bench_parts.book import BY_NAME, FORMER, POSTGRESQL, Book, CheckFailed
from scripts.bench_parts.ending import heed
from scripts.bench_parts.plans import BUILD, DOCS, LARGE, Plan, parse
from scripts.bench_parts.report import described, setting, table, write
from scripts.bench_parts.sides import ROOT, Side, Sides, Tree, open_sides, tree_of
from scripts.bench_parts.soak_report import borrow

THIS = "this tree"


def say(text: str) -> None:
    """Progress."""
    print(f"bench: {text}", flush=True)


def enter(book: Book, told: Mapping[str, Any], which: str = "", at: int | None = None) -> None:
    """Put down what a side found. which: `FORMER` or `POSTGRESQL`; "": this tree. at: the size that
    all of it is told for."""
    for name, size, value in flat(told["values"]):
        if which and name in BY_NAME:
            book.other(which, name, at or size, value)
        elif not which:
            book.put(name, at or size, value)
    for what, times in told["checks"].items():
        book.check(what, True, times=times)
    for note in told["notes"]:
        book.note(f"{which}: {note}" if which else note)
    if which == FORMER:
        return
    for title, size, value in flat(told["beside"]):
        book.aside(f"{title}, {which}" if which else title, at or size, value)
    for name, peers in told["peers"].items():
        for peer, size, value in flat(peers):
            book.peer(name, peer, size, value)


def flat(values: Mapping[str, Mapping[str, Sequence[float]]]) -> Iterator[tuple[str, int, float]]:
    """Name, size and value of every measurement."""
    for name, by_size in values.items():
        for size, found in by_size.items():
            for value in found:
                yield name, int(size), value


@dataclass
class Bench:
    """One benchmark. trees: this one, and the commit before."""

    book: Book
    plan: Plan
    trees: list[Tree]
    runs: int = 0

    def run(self) -> None:
        """All of it. Raises CheckFailed."""
        for number in range(self.plan.runs):
            say(f"run {number + 1} of {self.plan.runs}")
            large = number < self.plan.large_runs
            sizes = [size for size in self.plan.sizes if large or size < LARGE]
            last = number == min(self.plan.runs, self.plan.large_runs) - 1
            alone = self.plan.alone if last else ()
            self._one(sizes or list(self.plan.sizes), alone, first=number == 0)
        if self.plan.postgresql:
            self._postgresql()
        if self.plan.tessera:
            say(f"tessera, {self.plan.tessera:,} entries")
            tessera.measure_tessera(self.book, BUILD / "tessera", self.plan.tessera)

    def _fresh(self) -> Path:
        """An empty folder for the networks of a run."""
        self.runs += 1
        folder = BUILD / f"run-{self.runs}"
        shutil.rmtree(folder, ignore_errors=True)
        return folder

    def _one(self, sizes: list[int], alone: tuple[int, ...], *, first: bool) -> None:
        """Fresh networks, grown from size to size; everything measured at each."""
        folder = self._fresh()
        with open_sides(self.trees, folder) as sides:
            own = sides.by_name[THIS]
            for side in sides.in_turn("begin"):
                side.do("begin", folder=str(side.folder / "network"))
            for size in sizes:
                self._at_size(sides, size)
            for rows in self.plan.xlsx_rows:
                say(f"an XLSX file of {rows:,} rows")
                self._each(sides, "xlsx", {"rows": rows}, peers=self.plan.peers)
            if first:
                say(f"take-over after a kill, {self.plan.takeovers} times")
                self._each(sides, "takeover", {"rounds": self.plan.takeovers})
            say("gas of anchors of 4,096 records")
            self._each(sides, "gas", {"wanted": self.plan.gas})
            self._end(sides)
            for size in alone:
                self._at_size(sides, size)
            if first:
                self._once(own)
            own.do("end")
            self._witnessed(own)
        shutil.rmtree(folder, ignore_errors=True)

    def _end(self, sides: Sides) -> None:
        """Part with the commit before."""
        if (other := sides.by_name.pop(FORMER, None)) is not None:
            other.do("end")
            self._witnessed(other)
            other.close()

    def _witnessed(self, side: Side) -> None:
        say(side.witnessed())
        if self.trees[1:]:
            self.book.note(f"Run {self.runs}: {side.witnessed()}")
        for step, why in side.absent.items():
            self.book.note(f"{side.tree.name}: no {step} ({why})")

    def _at_size(self, sides: Sides, size: int) -> None:
        """Everything that depends on how long the log is."""
        plan, own = self.plan, sides.by_name[THIS]
        repeats = plan.repeats if LARGE <= size <= max(plan.sizes) else 1
        say(f"NDJSON up to {size:,} records")
        self._each(sides, "ndjson", {"size": size}, at=size)
        say(f"receipts and replay at {size:,}")
        self._each(sides, "receipts", {"count": plan.receipts})
        for _ in range(repeats):
            self._each(sides, "verify", {}, at=size)
        self._each(sides, "command", {"times": plan.commands}, at=size)
        for _ in range(repeats):
            self._each(sides, "batches", {"count": 5 * plan.receipts}, at=size)
        for number in range(repeats):
            self._each(sides, "replay", {}, peers=plan.peers and not number, at=size)
        if size == max(plan.sizes):
            self._enter(own, own.do("replay_files"), size)
        say(f"single records and start at {size:,}")
        for _ in range(repeats):
            self._each(sides, "singles", {"seconds": plan.singles}, at=size)
        self._each(sides, "start", {}, at=size)

    def _once(self, own: Side) -> None:
        """What is measured at one size, with peers on the same chain."""
        decided, followed, verified, rounds = self.plan.acts
        if self.plan.eas_calls:
            say("EAS on the same anvil")
            found = own.do("eas", folder=str(BUILD / "npm"), calls=self.plan.eas_calls)
            self._enter(own, found)
        say(f"acts: {decided:,} decided, {followed:,} followed, {verified:,} receipts")
        self._enter(own, own.do("acts", decided=decided, followed=followed, verified=verified))
        say(f"acts acknowledged by four provinces, {rounds:,} rounds")
        self._enter(own, own.do("provinces", folder=str(BUILD / "provinces"), rounds=rounds))

    def _postgresql(self) -> None:
        """This tree on the other database, by itself."""
        folder = self._fresh()
        with open_sides([Tree(POSTGRESQL, ROOT)], folder) as sides:
            side = sides.by_name[POSTGRESQL]
            side.do("begin", folder=str(folder / "network"), kind="on_postgresql")
            for size in self.plan.postgresql:
                say(f"PostgreSQL, up to {size:,} records")
                self._enter(side, side.do("ndjson", size=size), size)
                self._enter(side, side.do("singles", seconds=self.plan.singles), size)
                self._enter(side, side.do("start"), size)
            self._enter(side, side.do("replay", peers=False), self.plan.postgresql[-1])
            side.do("end")
            self._witnessed(side)

    def _each(
        self,
        sides: Sides,
        step: str,
        arguments: Mapping[str, Any],
        *,
        peers: bool | None = None,
        at: int | None = None,
    ) -> None:
        """One step on all sides, one after the other. peers: whether this tree's has peers beside
        it."""
        for side in sides.in_turn(step):
            more = {} if peers is None else {"peers": peers and side.tree.name == THIS}
            self._enter(side, side.do(step, **arguments, **more), at)

    def _enter(self, side: Side, told: Mapping[str, Any] | None, at: int | None = None) -> None:
        which = "" if side.tree.name == THIS else side.tree.name
        if told is not None:
            enter(self.book, told, which, at)
        elif which != FORMER:
            raise CheckFailed(f"{side.tree.name} cannot be measured: {side.absent}")


def trees(plan: Plan, book: Book, stack: ExitStack) -> list[Tree]:
    """This tree, and the one that it is measured against."""
    found = [Tree(THIS, ROOT)]
    if plan.against is not None:
        found.append(stack.enter_context(tree_of(plan.against, FORMER)))
        book.note(f"The commit before is {described(plan.against)}.")
    return found


def main() -> int:
    """Command line entry."""
    heed()
    plan, book = parse(__doc__), Book()
    at = setting(datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), plan.what)
    out, failed = plan.out, ""
    try:
        with ExitStack() as stack:
            Bench(book, plan, trees(plan, book, stack)).run()
    except (CheckFailed, subprocess.CalledProcessError) as error:
        say(f"FAILED: {error}")
        # What was measured until then took its time; it is no benchmark.
        failed, out = str(error), BUILD / "failed"
        book.note(f"This run FAILED: {error}")
    if not book.values:
        return 1
    if not failed:
        borrow(book, DOCS / "soak")
    write(out, book, at)
    print(table(book))
    checked = sum(book.checks.values())
    say(f"checked {checked:,} things of {len(book.checks)} kinds, all hold")
    say(f"written to {out}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
