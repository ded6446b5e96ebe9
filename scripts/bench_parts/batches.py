"""Bare receipts in batches: `POST /v1/receipts`, over one connection, leaves of the whole log."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from ledger.core import receipt
from scripts.bench_parts.book import Book
from scripts.bench_parts.site import PATIENCE, Site

AT_ONCE = 1000
"""Leaves of a request, as many as a gateway takes."""


def measure_batches(book: Book, site: Site, leaves: Iterable[str], count: int) -> None:
    """The receipts of up to `count` of the leaves, spread over all; the clock runs from the first
    request until the last answer was read. Each receipt is checked afterwards."""
    known = list(leaves)
    wanted = known[:: max(1, len(known) // count)][:count]
    connection = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=PATIENCE)
    try:
        _ask(book, connection, wanted[:1])  # nobody waits for a connection twice
        used, begun = site.cpu_seconds(), time.perf_counter()
        answers = [
            _ask(book, connection, wanted[at : at + AT_ONCE])
            for at in range(0, len(wanted), AT_ONCE)
        ]
        seconds = time.perf_counter() - begun
        used = site.cpu_seconds() - used
    finally:
        connection.close()
    found = [line for answer in answers for line in answer.splitlines(keepends=True)]
    book.check("each leaf has its line", len(found) == len(wanted), len(found))
    for leaf, line in zip(wanted, found, strict=True):
        problem = _problem(leaf, line)
        book.check("every receipt of a batch is that of its leaf, and holds", not problem, problem)
    book.put("receipts_per_s", site.taken, len(wanted) / seconds)
    title = "processor time of the gateway, µs per receipt of a batch"
    book.aside(title, site.taken, 1e6 * used / len(wanted))


def _ask(book: Book, connection: http.client.HTTPConnection, leaves: Sequence[str]) -> bytes:
    headers = {"Content-Type": "application/json"}
    connection.request("POST", "/v1/receipts", json.dumps({"leaves": leaves}), headers)
    answer = connection.getresponse()
    body = answer.read()
    book.check("batches are answered", answer.status == http.client.OK, body[:300])
    return body


def _problem(leaf: str, line: bytes) -> str | None:
    """What is wrong with a receipt; None: nothing that can be told without the chain."""
    found = receipt.parse(line)
    if found.leaf.hex() != leaf:
        return f"asked for {leaf}, got {found.leaf.hex()}"
    wrong = [check.id for check in receipt.internal_checks(found) if check.error is not None]
    return f"{leaf}: {wrong}" if wrong else None
