"""tessera beside us: another log of C2SP tiles, with its driver for files.

Built from its Go module of a pinned hash, as the consortium's engine is. It takes bytes in, brings
them to the disk and into the tree and signs a checkpoint: what of our line is the log. It looks
into nothing, seals, promises and anchors nothing.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from ledger.core.entry import record_entry
from ledger.core.ids import Digest, LogId
from scripts.bench_parts.book import Book
from scripts.consortium_parts.engine import CannotBuild, Module, build_module, go_version

TESSERA = Module(
    path="github.com/transparency-dev/tessera",
    version="v1.0.4",
    sum="h1:IXjGowubcLR0T3zUQrysSMKgtTh9KGKQ0iajUiubyP4=",
    program="./cmd/credit-ledger-bench",
    added={"cmd/credit-ledger-bench/main.go": Path(__file__).with_suffix(".go")},
)
BATCHES = (4096, 256)
"""Entries integrated together: as many as of ours under one promise, and its default."""
ROW = "ndjson_records_per_s"


def measure_tessera(book: Book, folder: Path, count: int) -> None:
    """Entries as long as ours, a second, durable and integrated. Noted where it cannot be built."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        go_version()
        build_module(TESSERA, folder)
    except CannotBuild as error:
        book.note(f"tessera was not measured: {error}")
        return
    for batch in BATCHES:
        found = _run(folder / TESSERA.name, folder / "log", count, batch)
        name = f"tessera {TESSERA.version}, files, {batch:,} in a batch"
        whole = found["indexes"] == found["size"] == count
        book.check(f"{name}: every entry once in the tree", whole, found, times=count)
        book.peer(ROW, name, count, count / found["published"])


def entry_size() -> int:
    """Bytes of an entry of ours."""
    zero = Digest(bytes(32))
    made = record_entry(
        commitment=zero, log=LogId(zero), period="2026-01", schema="penalty@1", timely="yes"
    )
    return len(made)


def _run(program: Path, log: Path, count: int, batch: int) -> dict[str, float]:
    """What it says of itself. The log is gone afterwards."""
    shutil.rmtree(log, ignore_errors=True)
    said = [f"-folder={log}", f"-count={count}", f"-size={entry_size()}", f"-batch={batch}"]
    done = subprocess.run([str(program), *said], capture_output=True, text=True, check=True)
    shutil.rmtree(log)
    found: dict[str, float] = json.loads(done.stdout)
    return found
