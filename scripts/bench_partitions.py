"""Tables of PostgreSQL cut by month beside the same in one piece: sizes, look-ups, sets, archive.

    python scripts/bench_partitions.py --records 20000000 [--parts 60] [--whole N] [--out DIR]

Writes results.json and a page into docs/benchmarks/partitions/. A million records take some
700 MB of the temporary folder (TMPDIR) while it runs. The machine should have nothing else to do.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from scripts.bench_parts.ending import heed
from scripts.bench_parts.partitions import CONTENT, SET, Measured, measure, server
from scripts.bench_parts.report import setting
from tests.support.postgres import USED

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs" / "benchmarks" / "partitions"
LEAST_FREE = 30 << 30
"""Bytes that stay free on the disk: what other programs need."""
OF_A_RECORD = 900
"""Bytes of a record here at the most, with what the server writes ahead."""
REAL = 788
"""Bytes of the content of a record of `make bench`, sealed."""
STOCK: Final = 500_000_000
TOLD: Final = (
    ("leaf_ms", "one entry by its leaf, ms"),
    ("nothing_ms", "a leaf or record id that is nowhere, ms"),
    ("record_ms", "a record with its content, ms"),
    ("page_of_100_ms", "100 records with their content, ms"),
    ("subject_ms", "all records of a firm with content, ms"),
    ("duplicates_of_4096_ms", f"which of {SET:,} documents are there, ms"),
    ("store_records_per_s", f"storing sets of {SET:,}, records/s"),
    ("detach_s", "a month into the archive, s"),
    ("attach_s", "back from it, s"),
    ("drop_s", "dropped, s"),
    ("delete_s", "the same by DELETE and VACUUM, s"),
)


def say(text: str) -> None:
    """Progress."""
    print(f"bench: {text}", flush=True)


def page(found: list[Measured], where: str) -> str:
    """The figures in words."""
    head = " | ".join(f"{one.rows:,} in {_pieces(one)}" for one in found)
    rows = [
        f"| {title} | {' | '.join(_shown(one.values.get(name)) for one in found)} |"
        for name, title in TOLD
        if any(name in one.values for one in found)
    ]
    sizes = [
        f"| `{name}` | {' | '.join(_shown(one.sizes.get(name)) for one in found)} |"
        for name in found[0].sizes
    ]
    line = "|---" * (len(found) + 1) + "|"
    return f"""# Tables cut by month

{where}

A PostgreSQL with 1 GB of shared buffers, fsync on, on the machine that asks as well. Its rows are
synthetic and were made by the server itself (`scripts/bench_parts/partitions.py`): as many bytes as
real ones but for content, of which they have {CONTENT} bytes and not {REAL}. What does not fit the
page cache of the machine is read from its disk. Look-ups are the middle of 400 of the gateway's own
functions over one connection; sets are stored with content of the real size, one transaction each.

| what | {head} |
{line}
{chr(10).join(rows)}

Bytes a row:

| table or index | {head} |
{line}
{chr(10).join(sizes)}

{_reckoned(found[0])}
"""


def _reckoned(one: Measured) -> str:
    total = sum(one.sizes.values())
    real = total - CONTENT + REAL
    return (
        f"Together {total:,.0f} bytes a record; with content of {REAL} bytes {real:,.0f}, which for"
        f" {STOCK:,} is {real * STOCK / 1e9:,.0f} GB (multiplied, not measured)."
    )


def _pieces(one: Measured) -> str:
    return f"{one.parts} parts" if one.parts > 1 else "one part"


def _shown(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 - for people


def main() -> int:
    """Command line entry."""
    heed()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--records", type=int, default=20_000_000, metavar="N")
    parser.add_argument("--parts", type=int, default=60, metavar="N")
    parser.add_argument("--whole", type=int, metavar="N", help="rows in one part; 0: not at all")
    parser.add_argument("--out", type=Path, default=DOCS, metavar="DIR")
    asked = parser.parse_args()
    whole = asked.records if asked.whole is None else asked.whole
    need = LEAST_FREE + max(asked.records, whole) * OF_A_RECORD
    if shutil.disk_usage(tempfile.gettempdir()).free < need:
        say(f"FAILED: {need >> 30} GiB must be free in {tempfile.gettempdir()}")
        return 1
    at = setting(datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "")
    found = [measured(asked.records, asked.parts, say)]
    if whole:
        found.append(measured(whole, 1, say))
    asked.out.mkdir(parents=True, exist_ok=True)
    told = {"setting": asdict(at), "layouts": [asdict(one) for one in found]}
    (asked.out / "results.json").write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    text = page(found, f"{at.date}, commit {at.commit}. {at.machine}. Load before: {at.load:.0%}.")
    (asked.out / "README.md").write_text(text, "utf-8")
    say(f"written to {asked.out}")
    return 0


def measured(rows: int, count: int, say: Callable[[str], None]) -> Measured:
    """In a server of its own, whose files go before the next one begins."""
    say(f"{rows:,} records in {count} parts")
    with server() as running, tempfile.TemporaryDirectory() as folder:
        before = os.environ.get(USED)
        os.environ[USED] = running.url
        try:
            found = measure(Path(folder), rows, count, say)
        finally:
            os.environ.pop(USED)
            if before is not None:
                os.environ[USED] = before
    say(", ".join(f"{name} {_shown(value)}" for name, value in found.values.items()))
    return found


if __name__ == "__main__":
    sys.exit(main())
