"""NDJSON load: keep-alive clients in processes of their own, everything they got back checked."""

from __future__ import annotations

import http.client
import json
import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait as wait_for
from urllib.parse import urlsplit

from ledger.core import merkle
from ledger.core.ids import Digest
from scripts.bench_parts.book import Book
from scripts.bench_parts.material import SUBJECTS, lines
from scripts.bench_parts.site import PeakMemory, Site

CLIENTS = 2
BODY_ROWS = 16_384
"""Rows of one request: four full promises, and answers that the gateway can hold for us."""


def send(
    url: str,
    token: str,
    spans: Sequence[tuple[int, int]],
    start_at: float,
    firms: int = SUBJECTS,
) -> Sent:
    """Run in a client's process: one keep-alive connection, a request per span (first, count).

    firms: whom the records are about. Bodies are made before `start_at` (monotonic), answers are
    read after the clock has stopped.
    """
    bodies = [b"".join(lines(first, count, firms)) for first, count in spans]
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=600)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    connection.connect()
    time.sleep(max(0.0, start_at - time.monotonic()))
    begun = time.monotonic()
    answers = []
    for body in bodies:
        connection.request("POST", "/v1/records", body=body, headers=headers)
        answer = connection.getresponse()
        answers.append((answer.status, answer.read()))
    ended = time.monotonic()
    connection.close()
    leaves: list[str] = []
    promises = 0
    for (status, body), (_, count) in zip(answers, spans, strict=True):
        found, signed = check_answer(status, body, count)
        leaves += found
        promises += signed
    numbers = [n for first, count in spans for n in range(first, first + count)]
    return begun, ended, list(zip(leaves, numbers, strict=True)), promises


Sent = tuple[float, float, list[tuple[str, int]], int]
"""Begun, ended (monotonic), leaf and number of each record, promises."""


def check_answer(status: int, body: bytes, count: int) -> tuple[list[str], int]:
    """Leaves and number of promises of one answer. Raises ValueError unless every row was
    accepted, in order, and each promise covers exactly the leaves since the last one."""
    if status != http.client.OK:
        raise ValueError(f"status {status}: {body[:300]!r}")
    leaves: list[str] = []
    covered = promises = 0
    *rows, last = [json.loads(line) for line in body.splitlines()]
    for row in rows:
        if "verdict" not in row:
            fresh = [Digest(bytes.fromhex(leaf)) for leaf in leaves[covered:]]
            promise = row["promise"]
            if (len(fresh), merkle.root(fresh).hex()) != (promise["count"], promise["leavesRoot"]):
                raise ValueError("a promise that does not cover its leaves")
            covered, promises = len(leaves), promises + 1
        elif (row["verdict"], row["row"], row["promise"]) != (
            "accepted",
            len(leaves) + 1,
            promises,
        ):
            raise ValueError(f"not accepted, or out of order: {row}")
        else:
            leaves.append(row["leaf"])
    if not len(leaves) == covered == count == last["counts"]["accepted"]:
        raise ValueError(f"{count} rows sent, {len(leaves)} accepted, {covered} promised: {last}")
    return leaves, promises


def _end_with_parent() -> None:
    """Let a run that is killed leave no client that waits for ever."""
    parent = parent_process()
    if parent is None:
        raise RuntimeError("started by nobody")
    threading.Thread(target=_watch, args=(parent.sentinel,), daemon=True).start()


def _watch(sentinel: int) -> None:
    wait_for([sentinel])
    os._exit(1)


class Clients:
    """Processes that are up before anything is measured."""

    def __init__(self) -> None:
        context = get_context("spawn")
        self._pool = ProcessPoolExecutor(CLIENTS, context, initializer=_end_with_parent)
        for waiting in [self._pool.submit(time.sleep, 0.5) for _ in range(CLIENTS)]:
            waiting.result()

    def send(
        self, site: Site, spans: Sequence[tuple[int, int]], start_at: float
    ) -> list[Future[Sent]]:
        """Every client its share of the spans."""
        shares = [spans[n::CLIENTS] for n in range(CLIENTS)]
        return [
            self._pool.submit(send, site.url, site.token, share, start_at)
            for share in shares
            if share
        ]

    def close(self) -> None:
        """End them."""
        self._pool.shutdown(cancel_futures=True)


def spans_of(first: int, count: int) -> list[tuple[int, int]]:
    """Requests for records first … first + count - 1, at least one for each client."""
    step = min(BODY_ROWS, -(-count // CLIENTS))
    return [(at, min(step, first + count - at)) for at in range(first, first + count, step)]


def measure_ndjson(book: Book, site: Site, clients: Clients, size: int) -> dict[str, int]:
    """Grow the log to `size` records; the leaf of each new one, and its number.

    The clock runs from the first byte sent until the last record is under a final anchor.
    """
    first, count = site.taken, size - site.taken
    site.take(count)
    # Making a body takes some 2 us a record; the clients share the cores.
    start_at = time.monotonic() + 1 + count * 4e-6
    cpu = site.cpu_seconds()
    with PeakMemory(site.process()) as memory:
        sent = [one.result() for one in clients.send(site, spans_of(first, count), start_at)]
        final = site.wait_anchored(size)
    leaves = {leaf: number for one in sent for leaf, number in one[2]}
    rows = sum(len(one[2]) for one in sent)
    book.check("every NDJSON row accepted, in order", rows == count, rows, times=count)
    book.check("each promise covers exactly its leaves", True, times=sum(one[3] for one in sent))
    book.check("no leaf twice", len(leaves) == count, len(leaves))
    begun = min(one[0] for one in sent)
    book.put("ndjson_records_per_s", size, count / (final - begun))
    book.put("gateway_rss_mib_10m", size, memory.mib)
    used = 1e6 * (site.cpu_seconds() - cpu) / count
    book.aside("processor time of the gateway, µs per NDJSON record", size, used)
    promised = max(one[1] for one in sent)
    book.aside("NDJSON in → durable and promised, records/s", size, count / (promised - begun))
    return leaves
