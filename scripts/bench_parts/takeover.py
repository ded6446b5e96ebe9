"""How long nobody integrates after the gateway that did was killed, where a second one runs."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from statistics import median

import httpx

from gateway.devnet import plain
from gateway.devnet.processes import Detached, ended
from ledger.core.note import parse_checkpoint
from scripts.bench_parts.book import Book
from scripts.bench_parts.material import CODE, lines
from scripts.bench_parts.site import PATIENCE, Site, TooSlow

POLL = 0.005
LEADS = "\ncredit_ledger_anchoring 1.0\n"


@dataclass(frozen=True, slots=True)
class _Gateway:
    """One of the two."""

    process: Detached
    url: str

    def leads(self) -> bool:
        """Whether it says that it integrates and anchors."""
        return LEADS in plain.get(f"{self.url}/metrics", timeout=PATIENCE).text

    def ready(self) -> bool:
        """Whether it answers and takes records."""
        try:
            return plain.get(f"{self.url}/readyz", timeout=5).is_success
        except httpx.TransportError:
            return False

    def size(self, log: str) -> int:
        """Of the log as it shows it."""
        found = plain.get(f"{self.url}/logs/{log}/checkpoint", timeout=PATIENCE)
        return parse_checkpoint(found.text).size


def measure_takeover(book: Book, site: Site, rounds: int) -> None:
    """Kill whichever holds the lease, so many times: from the kill until a record that the other
    then promised stands in its log."""
    size = site.taken
    with _second(site) as second:
        pair = (_Gateway(site.network.gateway(CODE), site.url), second)
        taken = [_one(site, pair) for _ in range(rounds)]
    _until(site.ready, "the gateway of before")
    site.wait_anchored(site.taken)
    book.check("taken over after a kill", True, times=rounds)
    book.put("takeover_s", size, median(taken))
    book.aside("the longest take-over after a kill, s", size, max(taken))


def _one(site: Site, pair: tuple[_Gateway, _Gateway]) -> float:
    _until(lambda: any(one.leads() for one in pair), "somebody to lead")
    killed, alive = pair if pair[0].leads() else (pair[1], pair[0])
    site.wait_anchored(site.taken)
    body = next(iter(lines(site.take(1), 1))).rstrip()
    log = str(site.log()["log"])
    before, process = alive.size(log), killed.process.find()
    if process is None:
        raise TooSlow("the gateway has ended: " + killed.process.tail())
    begun = time.monotonic()
    process.kill()
    _promise(site, alive, body)
    _until(lambda: alive.size(log) > before, "the take-over")
    seconds = time.monotonic() - begun
    ended(process, PATIENCE)
    killed.process.start({})
    _until(killed.ready, "the gateway's start")
    return seconds


def _promise(site: Site, gateway: _Gateway, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {site.token}", "Content-Type": "application/json"}
    answer = plain.post(
        f"{gateway.url}/v1/records", content=body, headers=headers, timeout=PATIENCE
    )
    if answer.status_code != httpx.codes.CREATED:
        raise ValueError(f"status {answer.status_code}: {answer.text[:300]!r}")


@contextmanager
def _second(site: Site) -> Iterator[_Gateway]:
    """A further gateway on the same database."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    first, config = site.network.gateway(CODE), site.member / "second.toml"
    text = (site.member / "gateway.toml").read_text("utf-8")
    config.write_text(text.replace(str(site.network.ports.members[CODE]), str(port)), "utf-8")
    process = replace(
        first,
        name="second",
        pid_file=first.pid_file.with_name("second.pid"),
        log_file=first.log_file.with_name("second.jsonl"),
        arguments=[*first.arguments[:-1], str(config)],
    )
    gateway = _Gateway(process, f"http://127.0.0.1:{port}")
    process.start({})
    try:
        _until(gateway.ready, "the second gateway")
        yield gateway
    finally:
        process.stop()


def _until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise TooSlow(what)
        time.sleep(POLL)
