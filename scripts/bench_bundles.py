"""How long a bank waits for a bundle over four provinces, measured on a real network and checked.

    python scripts/bench_bundles.py --records 10000000 [--questions 200] [--out DIR]

Writes results.json and a page into docs/benchmarks/bundles/. The machine should have nothing else
to do.
"""

import argparse
import json
import shutil
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from scripts.bench_parts.book import CheckFailed
from scripts.bench_parts.bundles import AT_ONCE, OF_A_FIRM, Asked, measure
from scripts.bench_parts.ending import heed
from scripts.bench_parts.report import setting
from scripts.bench_parts.site import TooSlow

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "bench" / "bundles"
DOCS = ROOT / "docs" / "benchmarks" / "bundles"


def say(text: str) -> None:
    """Progress."""
    print(f"bench: {text}", flush=True)


def page(found: Asked, where: str) -> str:
    """The figures in words."""
    told = found.figures()
    spent = told["cpuSecondsOfAQuestion"]
    rows = [
        ("one question, p50", f"{told['p50_s']} s"),
        ("one question, p99", f"{told['p99_s']} s"),
        (f"questions a second, {AT_ONCE} at once", told["perSecond"]),
        ("processor time of a question: the bank's gateway", f"{spent['bank']} s"),
        ("the same: the four provinces' gateways", f"{spent['provinces']} s"),
        ("the same: the chain", f"{spent['chain']} s"),
        ("a bundle", f"{told['bytesOfABundle']:,} bytes, {told['itemsOfABundle']} records"),
    ]
    all_of_it = sum(spent.values())
    parts = {
        "the four provinces' gateways, which find the records, prove and sign them": "provinces",
        "the bank's gateway, which verifies": "bank",
        "the chain, which is asked for heads and status": "chain",
    }
    shares = {text: spent[name] / all_of_it for text, name in parts.items()}
    by_share = sorted(shares.items(), key=lambda one: one[1], reverse=True)
    told_shares = "; ".join(f"{text} ({share:.0%})" for text, share in by_share)
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    return f"""# A bundle over four provinces

{where}

{told["records"]:,} synthetic records in four logs, {OF_A_FIRM} of each of {told["firms"]:,} firms
in each; {told["questions"]} questions of a bank without an authorisation, each about another firm.
The bank's own node answers, which verifies all answers and receipts.

| what | value |
|---|---|
{table}

What the {all_of_it:.2f} s of processor time go to, most first: {told_shares}.
"""


def main() -> int:
    """Command line entry."""
    heed()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--records", type=int, default=10_000_000, metavar="N")
    parser.add_argument("--questions", type=int, default=200, metavar="N")
    parser.add_argument("--out", type=Path, default=DOCS, metavar="DIR")
    asked = parser.parse_args()
    at = setting(datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "")
    shutil.rmtree(FOLDER, ignore_errors=True)
    try:
        found = measure(FOLDER, asked.records, asked.questions, say)
    except (CheckFailed, TooSlow) as error:
        say(f"FAILED: {error}")
        return 1
    asked.out.mkdir(parents=True, exist_ok=True)
    told = {"setting": asdict(at), **found.figures()}
    (asked.out / "results.json").write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    text = page(found, f"{at.date}, commit {at.commit}. {at.machine}. Load before: {at.load:.0%}.")
    (asked.out / "README.md").write_text(text, "utf-8")
    say(f"written to {asked.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
