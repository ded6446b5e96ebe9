"""A gateway that is killed while clients wait for its answers, and what became of these."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from gateway.chain.reading import read_facts
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.quorum import QuorumReader
from ledger.core.promise import from_json
from scripts.bench_parts.book import Book
from scripts.bench_parts.material import CODE, lines
from scripts.bench_parts.site import PATIENCE, TooSlow
from scripts.bench_parts.soak_site import SoakSite
from scripts.chaos_parts.checks import check_set
from scripts.chaos_parts.load import Material, Sender, Told

ROWS = 2_000
"""Of one request."""
CLIENTS = 2
SHARE = 3
"""It is killed once a record in so many is answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Killed:
    """What it took. size: of the log before. records: sent; told: answered when it was killed.
    ready_s: from its start until it was ready; answered_s, anchored_s: from the kill until every
    record was answered, and until all of them were finally anchored. asked_again: requests that got
    no answer, or none yet. checks: what held, how many times."""

    size: int
    records: int
    told: int
    ready_s: float
    answered_s: float
    anchored_s: float
    asked_again: int
    checks: Mapping[str, int]


class Askers:
    """Clients that send the same again until each record is answered."""

    def __init__(self, site: SoakSite, first: int, count: int, material: Material = lines) -> None:
        self._material = material
        self.told = Told(leaves={number: set() for number in range(first, first + count)})
        self._spans: SimpleQueue[tuple[int, int]] = SimpleQueue()
        for at in range(first, first + count, ROWS):
            self._spans.put((at, min(ROWS, first + count - at)))
        self._site = site
        self._abandoned = threading.Event()

    def __enter__(self) -> Askers:
        self._pool = ThreadPoolExecutor(CLIENTS)
        self._working = [self._pool.submit(self._work) for _ in range(CLIENTS)]
        return self

    def __exit__(self, *_: object) -> None:
        self._abandoned.set()
        self._pool.shutdown()

    def _work(self) -> None:
        fronts = {CODE: self._site.url}
        sender = Sender(fronts, self._site.token, self.told, self._abandoned, self._material)
        with closing(sender):
            while True:
                try:
                    first, count = self._spans.get_nowait()
                except Empty:
                    return
                sender.stream(first, count)

    def answered(self) -> int:
        """Records that have a leaf by now."""
        return sum(map(bool, list(self.told.leaves.values())))

    def wait(self, count: int) -> None:
        """Until so many are answered. Raises TooSlow."""
        end = time.monotonic() + PATIENCE
        while self.answered() < count:
            ended = all(one.done() for one in self._working)
            if time.monotonic() > end or ended or self.told.wrong:
                break
            time.sleep(0.02)
        if self.answered() < count:
            raise TooSlow(f"{count} answers: {self.told.counts}, {self.told.wrong}")

    def finish(self, book: Book) -> Mapping[int, str]:
        """When all are answered: the leaf of each."""
        self.wait(len(self.told.leaves))
        for working in self._working:
            working.result()
        twice = [number for number, ones in self.told.leaves.items() if len(ones) != 1]
        book.check("each record that was sent again has one leaf", not twice, twice[:5])
        book.check("no answer but leaves and not now", not self.told.wrong, self.told.wrong)
        return {number: next(iter(ones)) for number, ones in self.told.leaves.items()}


def ask_all(
    book: Book, site: SoakSite, first: int, count: int, material: Material = lines
) -> Mapping[int, str]:
    """Send records that may have been sent before; the leaf of each."""
    with Askers(site, first, count, material) as askers:
        return askers.finish(book)


def kill_amid(
    book: Book, site: SoakSite, first: int, count: int
) -> tuple[Killed, Mapping[int, str]]:
    """Send so many records and kill the gateway among them; also the leaf of each."""
    size = int(site.log()["size"])
    with Askers(site, first, count) as askers:
        askers.wait(count // SHARE)
        told = askers.answered()
        begun = time.monotonic()
        site.kill()
        ready = site.revive()
        leaves = askers.finish(book)
        answered = time.monotonic() - begun
    site.anchored()
    anchored, now = time.monotonic() - begun, time.time()
    network = NetworkFile.load(site.file)
    with closing(QuorumReader(network, max_ahead=None)) as reader:
        facts = read_facts(reader.head(), network, CODE)
    for given, covered in askers.told.sets:
        wrong = check_set(given, covered, facts)
        book.check(
            "each promise around the kill is signed and covers its records", not wrong, wrong
        )
    late = [one for one, _ in askers.told.sets if from_json(one).due < now]
    book.check("each promise around the kill was kept in time", not late, late[:1])
    counts = askers.told.counts
    return (
        Killed(
            size=size,
            records=count,
            told=told,
            ready_s=ready,
            answered_s=answered,
            anchored_s=anchored,
            asked_again=counts["no answer"] + counts["not now"],
            checks=book.checks,
        ),
        leaves,
    )
