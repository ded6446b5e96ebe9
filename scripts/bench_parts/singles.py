"""Single records at a fixed rate: time to the promise, and to the final receipt.

Open loop: a record is due at its instant whether or not the ones before were answered, and its time
counts from then, so that a gateway that stalls cannot hide it.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import SimpleQueue
from urllib.parse import urlsplit

from scripts.bench_parts.book import Book
from scripts.bench_parts.flushes import flush_times
from scripts.bench_parts.material import lines
from scripts.bench_parts.site import PATIENCE, Site

RATE = 200
CONNECTIONS = 16
FOLLOWED = 10
"""One record in so many is asked for its receipt; asking for all would be what is measured."""
ASK_EVERY = 0.05


def quantile(values: list[float], share: float) -> float:
    """The smallest value that `share` of all are not above."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass
class _Run:
    """What the sending threads share."""

    site: Site
    bodies: list[bytes]
    begun: float
    left: SimpleQueue[int] = field(default_factory=SimpleQueue)
    promised: dict[int, float] = field(default_factory=dict)
    followed: SimpleQueue[tuple[float, str] | None] = field(default_factory=SimpleQueue)

    def work(self) -> None:
        """One keep-alive connection; takes the next record that is due."""
        connection = http.client.HTTPConnection(urlsplit(self.site.url).netloc, timeout=PATIENCE)
        headers = {"Authorization": f"Bearer {self.site.token}", "Content-Type": "application/json"}
        while (number := self.left.get()) >= 0:
            due = self.begun + number / RATE
            time.sleep(max(0.0, due - time.monotonic()))
            connection.request("POST", "/v1/records", body=self.bodies[number], headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            self.promised[number] = time.monotonic() - due
            found = json.loads(body)
            if answer.status != http.client.CREATED or found["promise"]["count"] < 1:
                raise ValueError(f"status {answer.status}: {body[:300]!r}")
            if number % FOLLOWED == 0:
                self.followed.put((due, found["leaf"]))
        connection.close()

    def follow(self, finals: list[float]) -> None:
        """Ask for the receipts of the followed records until each is there."""
        connection = http.client.HTTPConnection(urlsplit(self.site.url).netloc, timeout=PATIENCE)
        waiting: list[tuple[float, str]] = []
        more, deadline = True, time.monotonic() + PATIENCE
        while (more or waiting) and time.monotonic() < deadline:
            while not self.followed.empty():
                one = self.followed.get()
                more = more and one is not None
                waiting += [one] if one else []
            for due, leaf in list(waiting):
                connection.request("GET", f"/v1/receipts/{leaf}")
                answer = connection.getresponse()
                answer.read()
                if answer.status != http.client.OK:
                    break  # the ones behind it are not anchored either
                finals.append(time.monotonic() - due)
                waiting.remove((due, leaf))
            time.sleep(ASK_EVERY)
        connection.close()


def measure_singles(book: Book, site: Site, seconds: float, *, first: int | None = None) -> None:
    """`RATE` records a second for so long, against the log as it is. first: number of the first
    of them; None: the next one of the site's."""
    count, size = int(RATE * seconds), site.taken
    taken = site.take(count)
    first = taken if first is None else first
    bodies = [line.rstrip() for line in lines(first, count)]
    flushes = flush_times(site.folder, seconds / 2)
    run = _Run(site, bodies, time.monotonic() + 0.2)
    for number in [*range(count), *[-1] * CONNECTIONS]:
        run.left.put(number)
    finals: list[float] = []
    follower = threading.Thread(target=run.follow, args=(finals,))
    follower.start()
    try:
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            for working in [pool.submit(run.work) for _ in range(CONNECTIONS)]:
                working.result()
    finally:
        run.followed.put(None)
        follower.join()
    site.wait_anchored(site.taken)
    book.check("every single record accepted with a promise", len(run.promised) == count, count)
    expected = -(-count // FOLLOWED)
    book.check("final receipt of each followed record", len(finals) == expected, finals)
    flushes += flush_times(site.folder, seconds / 2)
    promised = list(run.promised.values())
    promise, flush = (1000 * quantile(times, 0.99) for times in (promised, flushes))
    book.put("promise_p99_ms", size, promise)
    book.put("flush_p99_ms", size, flush)
    book.put("promise_beyond_flush_ms", size, max(0.0, promise - flush))
    book.aside("one record: submit → promise, p50, ms", size, 1000 * quantile(promised, 0.5))
    book.put("final_p99_s", size, quantile(finals, 0.99))
