"""How long a replay takes and how much memory it needs, with cases and their openings.

    python scripts/bench_audit.py                                100,000 entries with 1,000 cases,
                                                                 and ten times as many of both
    python scripts/bench_audit.py --sizes 20000:200 --out build/bench/audit

Writes results.json and a page into docs/benchmarks/audit/. The ledgers are made without gateways,
on a chain of their own; `credit-ledger audit replay` is measured as a whole process, which reads
tiles over HTTP on loopback. Every report is checked: clean, complete, and the same bytes each time.
"""

from __future__ import annotations

import argparse
import json
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import psutil

from scripts.bench_parts.audit_ledger import OWNER, filled, served
from scripts.bench_parts.book import CheckFailed
from scripts.bench_parts.ending import heed
from scripts.bench_parts.proofs import COMMAND
from scripts.bench_parts.report import setting
from scripts.bench_parts.site import PeakMemory

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs" / "benchmarks" / "audit"
SIZES = "100000:1000,1000000:10000"
PLAIN, OPENED = "chain and logs", "with openings"
KEPT, KILLED = "with openings, kept (`--resume`)", "killed half-way, and gone on"
AGAIN = "gone on behind its end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One replay. seconds: by the clock, cpu: of the processor; mib: the highest resident set;
    report: bytes."""

    entries: int
    cases: int
    what: str
    seconds: float
    cpu: float
    mib: float
    report: int


def say(text: str) -> None:
    """Progress."""
    print(f"bench: {text}", flush=True)


@dataclass(slots=True, kw_only=True)
class Bench:
    """One ledger. digests: of its reports, by whether openings were given."""

    folder: Path
    url: str
    entries: int
    cases: int
    digests: dict[bool, str]

    def runs(self) -> Iterator[Run]:
        """All of them."""
        opened = ["--openings", str(self.folder / "openings")]
        kept, again = (["--resume", str(self.folder / name)] for name in ("kept", "killed"))
        yield self._run(PLAIN, [])
        yield self._run(OPENED, opened)
        made = self._run(KEPT, [*opened, *kept])
        yield made
        yield self._run(AGAIN, [*opened, *kept])
        self._kill([*opened, *again], made.seconds / 2)
        yield self._run(KILLED, [*opened, *again])

    def _command(self, more: list[str]) -> list[str]:
        network, out = self.folder / "network.json", self.folder / "report.json"
        asked = ["audit", "replay", "--network", str(network), "-o", str(out)]
        return [str(COMMAND), *asked, "--mirror", f"{OWNER}={self.url}", *more]

    def _run(self, what: str, more: list[str]) -> Run:
        say(f"{self.entries:,} entries, {self.cases:,} cases: {what}")
        before, begun = _cpu(), time.monotonic()
        running = subprocess.Popen(
            self._command(more), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        with PeakMemory(psutil.Process(running.pid)) as memory:
            said, _ = running.communicate()
        seconds = time.monotonic() - begun
        if running.returncode:
            raise CheckFailed(f"a replay ended with {running.returncode}: {said[-2000:]!r}")
        return Run(
            entries=self.entries,
            cases=self.cases,
            what=what,
            seconds=round(seconds, 1),
            cpu=round(_cpu() - before, 1),
            mib=round(memory.mib, 1),
            report=self._checked(opened="--openings" in more),
        )

    def _kill(self, more: list[str], seconds: float) -> None:
        """End one by SIGKILL while it reads."""
        running = subprocess.Popen(
            self._command(more), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(seconds)
        running.send_signal(signal.SIGKILL)
        running.communicate()

    def _checked(self, *, opened: bool) -> int:
        """The report of all entries and cases, and the same as before; its bytes."""
        data = (self.folder / "report.json").read_bytes()
        told, digest = json.loads(data), sha256(data).hexdigest()
        read = sum(log["entriesRead"] for log in told["logs"])
        if (told["findings"], told["incomplete"], read) != ([], [], self.entries):
            raise CheckFailed(f"a report that is not clean, or of {read} entries")
        if opened and len(told["cases"]) != self.cases:
            raise CheckFailed(f"{len(told['cases'])} cases")
        if self.digests.setdefault(opened, digest) != digest:
            raise CheckFailed("another report than before")
        return len(data)


def _cpu() -> float:
    """Seconds of the processor that children have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(entries: int, cases: int) -> list[Run]:
    """Make a ledger, and replay it."""
    say(f"making {entries:,} entries with {cases:,} cases")
    with tempfile.TemporaryDirectory(prefix="credit-ledger-bench-") as name:
        folder = Path(name)
        with filled(folder, entries, cases) as made, served(folder) as url:
            size = len(made.entries)
            made.entries.clear()
            made.statements.clear()
            return [*Bench(folder=folder, url=url, entries=size, cases=cases, digests={}).runs()]


def page(runs: list[Run], where: str) -> str:
    """The figures in words."""
    rows = "\n".join(
        f"| {one.entries:,} | {one.cases:,} | {one.what} | {one.seconds} | {one.cpu} | {one.mib} |"
        f" {one.report:,} |"
        for one in runs
    )
    return f"""# Replay with cases

{where}

One log of records and statements, a quarter of the cases objections that were dismissed, the rest
repairs that were granted, each with its acts on the chain and the openings of its steps. Anchors of
10,000 entries, acts 64 to a transaction. `credit-ledger audit replay` as a whole process, tiles
over HTTP on loopback; memory is the highest resident set. Seconds are by the clock, while a chain
and a server of files share the machine; seconds of the processor are those of the replay alone.
Every report was clean, and the same bytes each time, also that of the replay that was killed.

| entries | cases | what | seconds | of the processor | MiB | bytes of the report |
|---|---|---|---|---|---|---|
{rows}

Made by `python scripts/bench_audit.py`.
"""


def main() -> int:
    """Command line entry."""
    heed()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--sizes", default=SIZES, metavar="ENTRIES:CASES,…")
    parser.add_argument("--out", type=Path, default=DOCS, metavar="DIR")
    asked = parser.parse_args()
    at = setting(datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "")
    runs: list[Run] = []
    try:
        for size in asked.sizes.split(","):
            entries, _, cases = size.partition(":")
            runs += measure(int(entries), int(cases))
    except CheckFailed as error:
        say(f"FAILED: {error}")
        return 1
    asked.out.mkdir(parents=True, exist_ok=True)
    told = {"setting": asdict(at), "runs": [asdict(one) for one in runs]}
    (asked.out / "results.json").write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    text = page(runs, f"{at.date}, commit {at.commit}. {at.machine}. Load before: {at.load:.0%}.")
    (asked.out / "README.md").write_text(text, "utf-8")
    say(f"written to {asked.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
