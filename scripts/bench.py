"""The figures of the data path, measured on a real network of this machine and checked.

    python scripts/bench.py            10 thousand to 1 million records, medians of three runs
    python scripts/bench.py --quick    2 and 10 thousand records, under two minutes
    python scripts/bench.py --check    the quick one for correctness alone, in build/bench/
    python scripts/bench.py --sizes 10000,100000 --runs 1 --out build/bench/mine

Writes results.json, a page and charts into docs/benchmarks/. One province: its gateway, its anvil,
clients in processes of their own, HTTP on loopback. Stops at the first thing that is not right: a
figure of something wrong means nothing.
"""

import argparse
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from scripts.bench_parts import eas
from scripts.bench_parts.acts import measure_acts
from scripts.bench_parts.audit import measure_replay
from scripts.bench_parts.batches import measure_batches
from scripts.bench_parts.book import MILLION, Book, CheckFailed
from scripts.bench_parts.gas import measure_gas
from scripts.bench_parts.load import Clients, measure_ndjson
from scripts.bench_parts.proofs import fetch, measure_command, measure_verify
from scripts.bench_parts.provinces import measure_provinces
from scripts.bench_parts.report import setting, table, write
from scripts.bench_parts.sheets import measure_xlsx
from scripts.bench_parts.singles import measure_singles
from scripts.bench_parts.site import Site, TooSlow, site
from scripts.bench_parts.soak_report import borrow

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "bench"
DOCS = ROOT / "docs" / "benchmarks"
ONCE_FROM = 500_000
"""Sizes from here on are measured in the first run only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much of everything. sizes: of the log, rising; singles: seconds at each size; receipts:
    verified at each size; commands: runs of `verify`; eas_calls 0: without that peer; acts: decided
    through the gateway, followed after a gap, records verified with a tenth of them acted on, and
    rounds of four provinces."""

    what: str
    out: Path
    sizes: tuple[int, ...]
    runs: int
    singles: float
    receipts: int
    commands: int
    xlsx_rows: tuple[int, ...]
    gas: int
    eas_calls: int
    acts: tuple[int, int, int, int]
    peers: bool


FULL = Plan(
    what="Full run.",
    out=DOCS,
    sizes=(10_000, 100_000, MILLION),
    runs=3,
    singles=15,
    receipts=2000,
    commands=7,
    xlsx_rows=(10_000, 100_000),
    gas=3,
    eas_calls=20,
    acts=(1000, 10_000, 10_000, 100),
    peers=True,
)
QUICK = Plan(
    what="Quick run: small sizes, which are start-up more than pace.",
    out=DOCS,
    sizes=(2_000, 10_000),
    runs=1,
    singles=4,
    receipts=200,
    commands=3,
    xlsx_rows=(2_000,),
    gas=1,
    eas_calls=20,
    acts=(100, 1000, 1000, 20),
    peers=True,
)
CHECK = Plan(
    what="Quick run for correctness; its times mean nothing.",
    out=BUILD / "check",
    sizes=(2_000, 6_000),
    runs=1,
    singles=2,
    receipts=100,
    commands=1,
    xlsx_rows=(2_000,),
    gas=1,
    eas_calls=0,
    acts=(10, 130, 100, 1),
    peers=True,
)


def say(text: str) -> None:
    """Progress."""
    print(f"bench: {text}", flush=True)


def one_run(book: Book, plan: Plan, sizes: tuple[int, ...]) -> None:
    """A fresh network, grown from size to size; everything measured at each."""
    clients = Clients()
    try:
        with site(BUILD / "network") as here:
            leaves: dict[str, int] = {}
            for size in sizes:
                leaves = at_size(book, plan, here, clients, size)
            for rows in plan.xlsx_rows:
                say(f"an XLSX file of {rows:,} rows")
                measure_xlsx(book, here, rows, peers=plan.peers)
            say("gas of anchors of 4,096 records")
            measure_gas(book, here, plan.gas)
            peer_chain(book, plan, here)
            decided, followed, verified, rounds = plan.acts
            say(f"acts: {decided:,} decided, {followed:,} followed, {verified:,} receipts")
            held = fetch(here, leaves, 2 * verified)
            measure_acts(book, here, held, decided, followed)
    finally:
        clients.close()
    say(f"acts acknowledged by four provinces, {rounds:,} rounds")
    measure_provinces(book, BUILD / "provinces", rounds)


def at_size(book: Book, plan: Plan, here: Site, clients: Clients, size: int) -> dict[str, int]:
    """Everything that depends on how long the log is; the leaves of the records just sent."""
    say(f"NDJSON up to {size:,} records")
    leaves = measure_ndjson(book, here, clients, size)
    book.put("bytes_per_record", size, here.bytes_per_record())
    say(f"receipts and replay at {size:,}")
    held = fetch(here, leaves, plan.receipts)
    measure_verify(book, here, held)
    measure_command(book, here, held[-1], plan.commands)
    measure_batches(book, here, leaves, 5 * plan.receipts)
    measure_replay(book, here, peers=plan.peers)
    say(f"single records and start at {size:,}")
    measure_singles(book, here, plan.singles)
    book.put("start_s_10m", size, here.restart())
    return leaves


def peer_chain(book: Book, plan: Plan, here: Site) -> None:
    """EAS, where its package can be had."""
    if not plan.eas_calls:
        return
    say("EAS on the same anvil")
    try:
        eas.measure_eas(book, here.rpc, eas.fetch(BUILD / "npm"), plan.eas_calls)
    except eas.Unavailable as error:
        book.notes.append(f"EAS was not measured: {error}")


def parse() -> Plan:
    """The plan that the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--quick", action="store_const", dest="plan", const=QUICK)
    kind.add_argument("--check", action="store_const", dest="plan", const=CHECK)
    parser.set_defaults(plan=FULL)
    parser.add_argument("--sizes", type=_sizes, metavar="N,N", help="rising sizes of the log")
    parser.add_argument("--runs", type=int, metavar="N")
    parser.add_argument("--out", type=Path, metavar="DIR")
    args = parser.parse_args()
    given = {name: getattr(args, name) for name in ("sizes", "runs", "out")}
    plan: Plan = args.plan
    return replace(plan, **{name: value for name, value in given.items() if value is not None})


def _sizes(text: str) -> tuple[int, ...]:
    found = tuple(int(part) for part in text.split(","))
    if list(found) != sorted(set(found)) or found[0] < 1:
        raise argparse.ArgumentTypeError("sizes rise")
    return found


def main() -> int:
    """Command line entry."""
    plan, book = parse(), Book()
    at = setting(datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), plan.what)
    try:
        for run in range(plan.runs):
            say(f"run {run + 1} of {plan.runs}")
            some = tuple(size for size in plan.sizes if run == 0 or size < ONCE_FROM)
            one_run(book, plan, some or plan.sizes)
    except (CheckFailed, TooSlow) as error:
        say(f"FAILED: {error}")
        return 1
    checked = sum(book.checks.values())
    borrow(book, DOCS / "soak")
    write(plan.out, book, at)
    print(table(book))
    say(f"checked {checked:,} things of {len(book.checks)} kinds, all hold")
    say(f"written to {plan.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
