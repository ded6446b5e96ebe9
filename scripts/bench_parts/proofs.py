"""Receipts: every one fetched is verified; how many a second, and how long the command takes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median

from ledger.chain.network import NetworkFile
from ledger.verify import Verifier, ask
from scripts.bench_parts.book import Book
from scripts.bench_parts.material import subject
from scripts.bench_parts.site import Site

COMMAND = Path(sys.executable).parent / "credit-ledger"


@dataclass(frozen=True, slots=True)
class Held:
    """A receipt with all fields, and whom it is about."""

    data: bytes
    subject: str


def fetch(site: Site, leaves: Mapping[str, int], count: int) -> list[Held]:
    """Receipts of up to `count` of the leaves (with the number of each record), spread over
    all."""
    step = max(1, len(leaves) // count)
    headers = {"Authorization": f"Bearer {site.token}"}
    found = []
    for leaf in list(leaves)[::step][:count]:
        answer = site.http.get(f"{site.url}/v1/records/{leaf}/receipt", headers=headers)
        found.append(Held(answer.raise_for_status().content, subject(leaves[leaf])))
    return found


def measure_verify(book: Book, site: Site, held: Sequence[Held]) -> None:
    """Verify all of them once, which also fills the caches, every second one against the clock;
    then all of them again, against the clock."""
    with get_context("spawn").Pool(1) as pool:
        verdicts, fresh, seconds = pool.apply(_verify_all, (site.file, held))
    good = bool(held) and verdicts == {"valid": 2 * len(held)}
    book.check("every receipt fetched verifies as valid", good, verdicts, times=len(held))
    book.put("verify_per_s", site.taken, len(held) / seconds)
    book.put("verify_fresh_per_s", site.taken, len(held[1::2]) / fresh)


def _verify_all(file: Path, held: Sequence[Held]) -> tuple[Counter[str], float, float]:
    """Count the verdicts, time those on receipts that are new and on all again. Runs in a process
    of its own."""
    verifier = Verifier(NetworkFile.load(file))

    def verdicts(some: Sequence[Held]) -> tuple[Counter[str], float]:
        begun = time.perf_counter()
        found = [verifier.verify(one.data, ask(subject=one.subject)) for one in some]
        seconds = time.perf_counter() - begun
        return Counter(verdict.verdict for verdict in found), seconds

    try:
        (warm, _), (new, fresh), (again, seconds) = map(verdicts, (held[::2], held[1::2], held))
    finally:
        verifier.close()
    return warm + new + again, fresh, seconds


def measure_command(book: Book, site: Site, one: Held, times: int) -> None:
    """`credit-ledger verify` as a bank runs it: interpreter, imports, chain, verdict."""
    path = site.folder / "receipt.json"
    path.write_bytes(one.data)
    command = [str(COMMAND), "verify", str(path), "--network", str(site.file)]
    command += ["--subject", one.subject, "--json"]
    taken = []
    for _ in range(times):
        begun = time.monotonic()
        done = subprocess.run(command, capture_output=True, check=False)
        taken.append(time.monotonic() - begun)
        said = done.stdout + done.stderr
        book.check("`credit-ledger verify` exits with 0", done.returncode == 0, said)
    book.put("verify_process_s", site.taken, median(taken))
