"""How much of everything a benchmark measures."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

from scripts.bench_parts.book import MILLION, TEN_MILLION

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build" / "bench"
DOCS = ROOT / "docs" / "benchmarks"
BEFORE = "e881a8c"
"""The commit whose figures issue 14 was written from."""
NONE = "none"
LARGE = 500_000
"""Sizes from here on are measured in some runs only, several times in each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """sizes: of the log, rising. runs: from a fresh network each; large_runs: of these, so many
    reach the sizes from `LARGE` on, where what is quick is measured `repeats` times. against: the
    commit beside; None: none. alone: further sizes that this tree reaches by itself in the last of
    the large runs. postgresql: sizes there. singles: seconds at each size; receipts: verified at
    each size; commands: runs of `verify`. Once only: eas_calls, 0 without that peer; acts: decided
    through the gateway, followed after a gap, records verified with a tenth of them acted on, and
    rounds of four provinces; takeovers: of a gateway that was killed; tessera: entries, 0 without
    that peer."""

    what: str
    out: Path
    sizes: tuple[int, ...]
    runs: int
    large_runs: int
    repeats: int
    against: str | None
    alone: tuple[int, ...]
    postgresql: tuple[int, ...]
    singles: float
    receipts: int
    commands: int
    xlsx_rows: tuple[int, ...]
    gas: int
    eas_calls: int
    acts: tuple[int, int, int, int]
    takeovers: int
    tessera: int
    peers: bool


FULL = Plan(
    what="Full run.",
    out=DOCS,
    sizes=(10_000, 100_000, MILLION),
    runs=3,
    large_runs=2,
    repeats=2,
    against=BEFORE,
    alone=(5_000_000, TEN_MILLION),
    postgresql=(10_000, 100_000, MILLION, 5_000_000),
    singles=10,
    receipts=1000,
    commands=5,
    xlsx_rows=(10_000, 100_000),
    gas=1,
    eas_calls=20,
    acts=(300, 10_000, 3_000, 50),
    takeovers=3,
    tessera=500_000,
    peers=True,
)
QUICK = Plan(
    what="Quick run: small sizes, which are start-up more than pace.",
    out=DOCS,
    sizes=(2_000, 10_000),
    runs=1,
    large_runs=1,
    repeats=1,
    against=None,
    alone=(),
    postgresql=(),
    singles=4,
    receipts=200,
    commands=3,
    xlsx_rows=(2_000,),
    gas=1,
    eas_calls=20,
    acts=(100, 1000, 1000, 20),
    takeovers=1,
    tessera=0,
    peers=True,
)
CHECK = replace(
    QUICK,
    what="Quick run for correctness; its times mean nothing.",
    out=BUILD / "check",
    sizes=(2_000, 6_000),
    singles=2,
    receipts=100,
    commands=1,
    eas_calls=0,
    acts=(10, 130, 100, 1),
)


def parse(description: str) -> Plan:
    """The plan that the command line asks for."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawTextHelpFormatter
    )
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--quick", action="store_const", dest="plan", const=QUICK)
    kind.add_argument("--check", action="store_const", dest="plan", const=CHECK)
    parser.set_defaults(plan=FULL)
    parser.add_argument("--sizes", type=rising, metavar="N,N", help="rising sizes of the log")
    parser.add_argument("--runs", type=int, metavar="N")
    parser.add_argument("--large-runs", type=int, metavar="N", help=f"from {LARGE:,} records on")
    parser.add_argument("--against", metavar="COMMIT", help=f"measured in turn; or {NONE}")
    parser.add_argument("--alone", type=rising, metavar="N,N", help="then sizes by itself; 0: none")
    parser.add_argument("--postgresql", type=rising, metavar="N,N", help="sizes there; 0: none")
    parser.add_argument("--tessera", type=int, metavar="N", help="entries of that peer; 0: none")
    parser.add_argument("--out", type=Path, metavar="DIR")
    args = vars(parser.parse_args())
    plan: Plan = args.pop("plan")
    found = replace(plan, **{name: value for name, value in args.items() if value is not None})
    return replace(found, against=None if found.against == NONE else found.against)


def rising(text: str) -> tuple[int, ...]:
    """Sizes; none of them for 0. Raises ArgumentTypeError."""
    if text == "0":
        return ()
    found = tuple(int(one) for one in text.split(","))
    if list(found) != sorted(set(found)) or found[0] < 1:
        raise argparse.ArgumentTypeError("sizes rise")
    return found
