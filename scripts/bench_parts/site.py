"""A real network of one province for a measurement: anvil with its guard, and one gateway."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

from gateway.base.settings import IntakeSettings
from gateway.devnet import plain, services
from gateway.devnet.layout import NODES, Layout, MemberSpec, load_ports
from gateway.devnet.services import Network
from scripts.bench_parts.material import CODE

PATIENCE = 600.0
"""Seconds for anything; a machine on which this is too short is not fit for measuring."""
RATE_LIMIT = 100_000
"""Requests a second and token that the gateway of a measurement allows: its bound guards against
strangers, not against us."""
SEALED_OVERHEAD = 48
"""Bytes of sealed content that are not the sender's: the record's secret (32), GCM's tag (16)."""
MIB = 1 << 20


class TooSlow(Exception):
    """Something did not happen within `PATIENCE`."""


class Site:
    """One network in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = self._up()
        self.network = Network(Layout(folder), load_ports(Layout(folder)))
        self.url = self.network.ports.endpoint(CODE)
        self.member = Layout(folder).member(CODE)
        self.token = (self.member / "token").read_text("ascii").strip()
        self.http = httpx.Client(timeout=PATIENCE, trust_env=False)
        self.taken = 0

    def take(self, count: int) -> int:
        """The number of the first of `count` records that were never sent: also the size that
        the log has before them, once all taken ones are in it."""
        self.taken += count
        return self.taken - count

    def _up(self) -> Path:
        os.environ["CREDIT_LEDGER_HTTP__REQUESTS_PER_SECOND"] = str(RATE_LIMIT)
        # As a gateway has it that is alone on its machine, and not as `network up` writes it.
        os.environ["CREDIT_LEDGER_INTAKE__PROCESSES"] = str(IntakeSettings().processes)
        return services.up(self.folder, 0, lambda _step: None, nodes=self._nodes()).resolve()

    def _nodes(self) -> list[MemberSpec]:
        """The members whose gateways run."""
        return [member for member in NODES if member.code == CODE]

    @property
    def rpc(self) -> str:
        """Address of the chain."""
        return self.network.ports.rpc

    def log(self) -> dict[str, Any]:
        """The member's log as `/v1/node` shows it."""
        found: dict[str, Any] = self.http.get(f"{self.url}/v1/node").json()["logs"][0]
        return found

    def wait_anchored(self, size: int) -> float:
        """The monotonic instant at which the first `size` entries were seen finally anchored."""
        deadline = time.monotonic() + PATIENCE
        while self.log()["anchoredSize"] < size:
            if time.monotonic() > deadline:
                raise TooSlow(f"{size} entries anchored")
            time.sleep(0.05)
        return time.monotonic()

    def process(self) -> psutil.Process:
        """The gateway's."""
        found = self.network.gateway(CODE).find()
        if found is None:
            raise TooSlow("the gateway has ended: " + self.network.gateway(CODE).tail())
        return found

    def cpu_seconds(self) -> float:
        """Processor time of the gateway so far."""
        used = self.process().cpu_times()
        return float(used.user + used.system)

    def restart(self, environment: Mapping[str, str] | None = None) -> float:
        """Stop the gateway and start it again, with such settings; seconds from its start until it
        is ready."""
        gateway = self.network.gateway(CODE)
        gateway.stop()
        started = time.monotonic()
        gateway.start(dict(environment or {}))
        while not self.ready():
            if time.monotonic() - started > PATIENCE:
                raise TooSlow("the gateway's start")
            time.sleep(0.01)
        return time.monotonic() - started

    def ready(self) -> bool:
        """Whether the gateway answers."""
        try:
            return plain.get(f"{self.url}/readyz", timeout=5).is_success
        except httpx.TransportError:
            return False

    def bytes_per_record(self) -> float:
        """Bytes of the database beyond what senders wrote, by record."""
        with closing(sqlite3.connect(self.member / "gateway.db", timeout=60)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            count, content = database.execute(
                "SELECT count(*), sum(length(content)) FROM contents"
            ).fetchone()
        held = sum(path.stat().st_size for path in self.member.glob("gateway.db*"))
        beyond: int = held - (content - SEALED_OVERHEAD * count)
        return beyond / int(count)

    def close(self) -> None:
        """Stop everything; what it wrote goes too."""
        self.http.close()
        services.down(self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    """A fresh network, stopped at the end whatever happens."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        made = Site(folder)
    except BaseException:
        services.down(folder)
        raise
    try:
        yield made
    finally:
        made.close()


class PeakMemory:
    """Highest resident set of a process while the block runs, looked at 20 times a second."""

    def __init__(self, process: psutil.Process) -> None:
        self.mib = 0.0
        self._process = process
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(0.05):
            try:
                self.mib = max(self.mib, self._process.memory_info().rss / MIB)
            except psutil.NoSuchProcess:
                return
