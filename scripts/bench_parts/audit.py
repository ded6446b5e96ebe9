"""Replay of the whole ledger, beside a plain pass over the same log that looks into no entry."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

import httpx
import psutil

from gateway.log.tile_places import STATE
from ledger.core import merkle
from ledger.core.ids import Digest
from ledger.core.note import parse_checkpoint
from ledger.core.tiles import WIDTH, entries_path, parse_bundle, tile_path
from scripts.bench_parts.book import Book
from scripts.bench_parts.proofs import COMMAND
from scripts.bench_parts.site import PATIENCE, PeakMemory, Site, TooSlow

PEER = "plain Python over bundles and tiles, not looking into the entries"
OF_FILES = "replay with `[tiles] folder`, entries/s"


def measure_replay(book: Book, site: Site, *, peers: bool) -> None:
    """`credit-ledger audit replay`, whole process; tiles over HTTP from the gateway."""
    size, (seconds, mib) = site.taken, _replayed(book, site)
    book.put("replay_entries_per_s", size, size / seconds)
    book.put("replay_rss_mib_10m", size, mib)
    if peers:
        with get_context("spawn").Pool(1) as pool:
            found, taken = pool.apply(_plain, (str(site.log()["url"]),))
        book.check("plain pass comes to the same size", found == size, found)
        book.peer("replay_entries_per_s", PEER, size, size / taken)


def measure_replay_of_files(book: Book, site: Site) -> None:
    """The same from a gateway that keeps full tiles as files, once they are written."""
    folder = site.folder / "tiles"
    site.restart({"CREDIT_LEDGER_TILES__FOLDER": str(folder)})
    state = folder / site.log()["log"] / STATE
    deadline = time.monotonic() + PATIENCE
    while _written(state) < site.taken // WIDTH * WIDTH:
        if time.monotonic() > deadline:
            raise TooSlow("tiles as files")
        time.sleep(0.2)
    book.aside(OF_FILES, site.taken, site.taken / _replayed(book, site)[0])
    site.restart()
    shutil.rmtree(folder)


def _written(state: Path) -> int:
    """Entries whose tiles are files."""
    return int(json.loads(state.read_bytes())["done"]) if state.exists() else 0


def _replayed(book: Book, site: Site) -> tuple[float, float]:
    """Seconds and MiB of one replay, which is checked."""
    size, out = site.taken, site.folder / "audit.json"
    command = [str(COMMAND), "audit", "replay", "--network", str(site.file), "--out", str(out)]
    # The other members of the network have no gateway here and no entries either.
    begun = time.monotonic()
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    with PeakMemory(psutil.Process(running.pid)) as memory:
        said, _ = running.communicate()
    seconds = time.monotonic() - begun
    book.check("replay exits with 0", running.returncode == 0, said)
    report = json.loads(out.read_bytes())
    read = sum(log["entriesRead"] for log in report["logs"])
    book.check("replay read every entry", read == size, read, times=size)
    book.check("replay finds nothing", not report["findings"], report["findings"])
    return seconds, memory.mib


def _plain(url: str) -> tuple[int, float]:
    """Every bundle hashed and compared with its tile, then the root with the checkpoint."""
    begun = time.monotonic()
    with httpx.Client(timeout=60, trust_env=False) as client:
        checkpoint = parse_checkpoint(client.get(f"{url}/checkpoint").raise_for_status().text)
        leaves: list[Digest] = []
        for n in range(-(-checkpoint.size // WIDTH)):
            width = min(WIDTH, checkpoint.size - n * WIDTH)
            bundle = client.get(f"{url}/{entries_path(n, width)}").raise_for_status().content
            tile = client.get(f"{url}/{tile_path(0, n, width)}").raise_for_status().content
            made = [Digest(sha256(b"\0" + entry).digest()) for entry in parse_bundle(bundle, width)]
            if b"".join(made) != tile:
                raise ValueError(f"tile {n} is not that of its bundle")
            leaves += made
    if merkle.root(leaves) != checkpoint.root:
        raise ValueError("another root")
    return len(leaves), time.monotonic() - begun
