"""A network of one gateway in a folder of a test, driven as its users drive it."""

import json
import socket
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import httpx

from gateway.devnet import plain, services
from gateway.devnet.layout import NODES, Layout, load_ports
from gateway.devnet.processes import Detached
from gateway.devnet.services import Network
from ledger.cli.main import run
from ledger.core.merkle import leaf_hash
from ledger.core.tiles import WIDTH, entries_path, parse_bundle
from scripts.demo_parts.today import penalty

SECONDS = 600.0
T = TypeVar("T")


def until(condition: Callable[[], T], what: str = "it") -> T:
    """Wait for something to become true; what it gave."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            found = condition()
            if found:
                return found
        except httpx.TransportError as error:  # not listening yet: looked at again
            what = f"{what} ({error})"[:200]
        assert time.monotonic() < deadline, f"{what} did not happen in time"
        time.sleep(0.1)


class Member:
    """The network and its one gateway, of Tianjin."""

    code = "120000"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = self.up()
        self.network = Network(Layout(folder), load_ports(Layout(folder)))
        self.url = self.network.ports.endpoint(self.code)
        self.token = (folder / "members" / self.code / "token").read_text().strip()

    def up(self) -> Path:
        """Start what is down."""
        nodes = [member for member in NODES if member.code == self.code]
        return services.up(self.folder, 0, lambda _step: None, nodes=nodes)

    @property
    def process(self) -> Detached:
        return self.network.gateway(self.code)

    @property
    def config(self) -> Path:
        return self.folder / "members" / self.code / "gateway.toml"

    def another(self, name: str) -> tuple[Detached, str]:
        """A further gateway on the same database, not started yet, and its URL."""
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
        config = self.config.with_name(f"{name}.toml")
        text = self.config.read_text("utf-8")
        config.write_text(text.replace(str(self.network.ports.members[self.code]), str(port)))
        process = replace(
            self.process,
            name=name,
            pid_file=self.process.pid_file.with_name(f"{name}.pid"),
            log_file=self.process.log_file.with_name(f"{name}.jsonl"),
            arguments=[*self.process.arguments[:-1], str(config)],
        )
        return process, f"http://127.0.0.1:{port}"

    def restart(self, environment: dict[str, str]) -> None:
        """The gateway again, with an environment."""
        self.process.stop()
        self.process.start(environment)
        until(self.ready, "readiness")

    def ready(self) -> bool:
        return plain.get(f"{self.url}/readyz", timeout=60).is_success

    def record(self, number: int) -> dict[str, Any]:
        """A record of today, the same for the same number."""
        today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
        made = penalty(self.code, 0, today - timedelta(days=1))
        made["fields"]["CF_WSH"] = f"样测罚〔2026〕{number}号"
        return made

    def submit(self, record: dict[str, Any]) -> dict[str, Any]:
        """The answer to one record. Raises httpx.TransportError where the gateway dies."""
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        content = json.dumps(record, ensure_ascii=False).encode()
        answer = plain.post(f"{self.url}/v1/records", content=content, headers=headers, timeout=300)
        found: dict[str, Any] = answer.json()
        return found

    def receipt(self, leaf: str, to: Path) -> Path:
        """The receipt with all fields, waited for."""
        command = ["receipt", leaf, "--from", self.url, "--token", self.token, "-o", str(to)]
        assert run([*command, "--wait", str(SECONDS)]) == 0
        return to

    def logged(self) -> Counter[str]:
        """How often each leaf of a record stands in the public log; statements come daily."""
        log = plain.get(f"{self.url}/v1/node", timeout=300).json()["logs"][0]
        found: Counter[str] = Counter()
        for n in range(-(-log["size"] // WIDTH)):
            width = min(WIDTH, log["size"] - n * WIDTH)
            bundle = plain.get(f"{log['url']}/{entries_path(n, width)}", timeout=300).content
            for entry in parse_bundle(bundle, width):
                if b'"kind":"record"' in entry:
                    found[leaf_hash(entry).hex()] += 1
        return found


def verdict(receipt: Path, network: Path, out: Path, *more: str) -> tuple[int, dict[str, Any]]:
    """(exit code, verdict) of `credit-ledger verify`."""
    command = ["verify", str(receipt), "--network", str(network), "--out", str(out), *more]
    status = run(command)
    found: dict[str, Any] = json.loads(out.read_text("utf-8"))
    return status, found
