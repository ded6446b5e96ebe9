"""What the indexes of entries and records cost as a SQLite file grows, before and now, in one run.

    python scripts/bench_index.py --records 10000000 [--only WORD] [--out DIR]

Writes results.json and a page into docs/benchmarks/index/; with `--only` what is there of others is
kept. Ten million records take some 3 GB of the temporary folder (TMPDIR) and half an hour. The
machine should have nothing else to do.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from scripts.bench_parts.ending import heed
from scripts.bench_parts.indexes import KINDS, SET, SETS, measure
from scripts.bench_parts.report import setting

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs" / "benchmarks" / "index"
SIZES: Final = (10_000, 1_000_000, 5_000_000, 10_000_000)
COLUMNS: Final = (
    ("wall_us", "µs to store"),
    ("cpu_us", "of these processor"),
    ("ahead", "bytes written ahead"),
    ("found_us", "µs to find a leaf"),
    ("missing_us", "µs to find none"),
)


def say(text: str) -> None:
    """Progress."""
    print(f"bench: {text}", flush=True)


def sizes_until(records: int) -> list[int]:
    """The sizes up to this one, and it."""
    return [size for size in SIZES if size < records] + [records]


def page(kinds: dict[str, Any]) -> str:
    """The figures of `results.json` in words."""
    parts = [
        f"""# Indexes of entries and records

One process puts sets of {SET:,} random rows into a SQLite file of the gateway's tables, a
transaction each, and looks leaves up (`python scripts/bench_index.py`). A figure is that of one
record, the mean of {SETS} sets around the size; of look-ups the middle of 200, with SQLAlchemy's
part. What is written ahead is written to the file once more, when it is moved there. Where others
use the machine, processor time and bytes tell, and the time until it is stored does not.
"""
    ]
    for title, told in kinds.items():
        at, points = told["setting"], told["points"]
        columns = [one for one in COLUMNS if points[0][one[0]] is not None]
        parts += [
            f"## {title[0].upper()}{title[1:]}\n",
            f"{at['date']}, commit {at['commit']}. {at['machine']}."
            f" Load before: {at['load']:.0%}.{_note(at['what'])}\n",
            f"| records | {' | '.join(name for _, name in columns)} |",
            "|---" * (len(columns) + 1) + "|",
            *(
                f"| {one['records']:,} | {' | '.join(_shown(one[key]) for key, _ in columns)} |"
                for one in points
            ),
            "",
        ]
    return "\n".join(parts)


def _note(what: str) -> str:
    """What somebody wrote into the file about a run that did not come to its end."""
    return f" {what[0].upper()}{what[1:]}." if what else ""


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"  # noqa: PLR2004 - for people


def main() -> int:
    """Command line entry."""
    heed()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--records", type=int, default=10_000_000, metavar="N")
    parser.add_argument("--only", default="", metavar="WORD", help="kinds whose title has it")
    parser.add_argument("--out", type=Path, default=DOCS, metavar="DIR")
    asked = parser.parse_args()
    told = asked.out / "results.json"
    kinds = json.loads(told.read_bytes()) if asked.only and told.exists() else {}
    asked.out.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        if asked.only not in kind.title:
            continue
        at = setting(datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "")
        with tempfile.TemporaryDirectory() as folder:
            points = measure(kind, Path(folder), sizes_until(asked.records), say)
        kinds[kind.title] = {"setting": asdict(at), "points": [asdict(one) for one in points]}
        in_order = {one.title: kinds[one.title] for one in KINDS if one.title in kinds}
        told.write_text(json.dumps(in_order, indent=1) + "\n", "utf-8")
        (asked.out / "README.md").write_text(page(in_order), "utf-8")
    say(f"written to {asked.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
