"""Two versions of the gateway side by side on one PostgreSQL database, as in a rolling upgrade:
`python -m scripts.rolling COMMIT`. Needs the history of the repository; no part of `make test`.

The program of that commit runs a network with one gateway. While records are sent to it without a
pause, a gateway of this version starts on the same database and brings its tables up to date; both
take records; the old one is stopped, and does not start again. (Where a revision between the two
takes something away, the new one does not start before the old one is stopped.) Then every record
that was accepted stands in the public log once, and its receipt verifies.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from gateway.devnet import plain
from ledger.cli.main import run
from ledger.core.merkle import leaf_hash
from ledger.core.tiles import WIDTH, entries_path, parse_bundle
from scripts.demo_parts.today import now, penalty
from scripts.former_parts.checkout import Former, former
from scripts.old_database import MEMBER
from tests.support.postgres import USED, database_url, server_url

SECONDS = 600.0
EACH = 40
"""Records that each must have taken while both are there."""
_UP = """
import sys
from pathlib import Path
from gateway.devnet import services
from gateway.devnet.layout import NODES, Layout, choose_ports, load_ports, store_ports
from gateway.devnet.members import SETTINGS
folder, code, url = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
layout = Layout(folder)
layout.run.mkdir(parents=True)
store_ports(layout, choose_ports(0))
member = next(one for one in NODES if one.code == code)
home = layout.member(code)
home.mkdir(parents=True)
text = SETTINGS.format(code=code, name=member.name, port=load_ports(layout).members[code])
(home / "gateway.toml").write_text(text.replace("sqlite:///gateway.db", url), "utf-8")
services.up(folder, 0, lambda step: None, nodes=[member])
"""
_STOP = """
import sys
from pathlib import Path
from gateway.devnet import services
from gateway.devnet.layout import Layout, load_ports
layout = Layout(Path(sys.argv[1]))
network = services.Network(layout, load_ports(layout))
network.gateway(sys.argv[2]).stop()
"""
_DOWN = """
import sys
from pathlib import Path
from gateway.devnet import services
services.down(Path(sys.argv[1]))
"""


class Load:
    """Records sent to a gateway, one after the other; every answer is kept."""

    def __init__(self, url: str, token: str, start: int) -> None:
        self.leaves: list[str] = []
        self.failed = 0
        self._url, self._token, self._next = url, token, start
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Send no more."""
        self._stop.set()
        self._thread.join(SECONDS)

    def _send(self) -> None:
        headers = {
            "authorization": f"Bearer {self._token}",
            "content-type": "application/json",
        }
        while not self._stop.is_set():
            self._next += 1
            row = penalty(MEMBER, 0, now() - timedelta(days=30))
            row["fields"]["CF_WSH"] = f"样滚罚〔2026〕{self._next}号"
            content = json.dumps(row, ensure_ascii=False).encode()
            try:
                answer = plain.post(
                    f"{self._url}/v1/records", content=content, headers=headers, timeout=60
                )
            except httpx.HTTPError:
                self.failed += 1  # not answered: nobody was promised anything
                time.sleep(0.2)
                continue
            if answer.is_success:
                self.leaves.append(answer.json()["leaf"])
            else:
                self.failed += 1
                time.sleep(0.2)


def until(condition: Callable[[], Any], what: str) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"{what}: not in time")
        time.sleep(0.2)


def ready(url: str) -> bool:
    """Whether a gateway takes records."""
    try:
        return plain.get(f"{url}/readyz", timeout=30).is_success
    except httpx.HTTPError:
        return False


def logged(url: str) -> Counter[str]:
    """How often each leaf of a record stands in the public log."""
    log = plain.get(f"{url}/v1/node", timeout=60).json()["logs"][0]
    found: Counter[str] = Counter()
    for n in range(-(-log["size"] // WIDTH)):
        width = min(WIDTH, log["size"] - n * WIDTH)
        bundle = plain.get(f"{log['url']}/{entries_path(n, width)}", timeout=60).content
        records = [e for e in parse_bundle(bundle, width) if b'"kind":"record"' in e]
        found.update(leaf_hash(entry).hex() for entry in records)
    return found


def anchored(url: str) -> bool:
    """Whether all that was promised is anchored."""
    log = plain.get(f"{url}/v1/node", timeout=60).json()["logs"][0]
    return bool(log["anchoredSize"] == log["promisedSize"])


@contextmanager
def _here(config: Path) -> Iterator[subprocess.Popen[Any]]:
    """A gateway of this version."""
    with (config.parent / "new.jsonl").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ledger.cli.main", "gateway", "serve", "--config", config],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(SECONDS)


@dataclass(frozen=True)
class Site:
    """A member with two gateways on one database: of the former version, which runs, and of this
    one."""

    old: Former
    folder: Path
    before: str
    after: str

    @classmethod
    def begin(cls, old: Former, folder: Path, database: str) -> Site:
        """Found a network with the gateway of the former version."""
        old.python("-c", _UP, folder / "network", MEMBER, database)
        ports = json.loads((folder / "network" / "run" / "ports.json").read_text())["members"]
        here = ports["110000"]  # of a gateway that does not run here
        site = cls(old, folder, f"http://127.0.0.1:{ports[MEMBER]}", f"http://127.0.0.1:{here}")
        text = (site.home / "gateway.toml").read_text("utf-8")
        (site.home / "new.toml").write_text(text.replace(str(ports[MEMBER]), str(here)), "utf-8")
        return site

    @property
    def home(self) -> Path:
        """The folder of the member."""
        return self.folder / "network" / "members" / MEMBER

    @property
    def token(self) -> str:
        """Of who submits and reads."""
        return (self.home / "token").read_text().strip()

    def stop_former(self) -> None:
        """End the gateway of the former version."""
        self.old.python("-c", _STOP, self.folder / "network", MEMBER)

    def start_former(self) -> tuple[int, str]:
        """Start it again: its exit code and its last words."""
        log = self.folder / "again.log"
        config = self.home / "gateway.toml"
        code = self.old.start(["gateway", "serve", "--config", config], log).wait(SECONDS)
        return code, log.read_text().strip().splitlines()[-1]

    def verify(self, leaf: str) -> list[int]:
        """Exit codes of having a receipt and of verifying it."""
        out = self.folder / "receipt.json"
        have = ["receipt", leaf, "--from", self.after, "--token", self.token, "-o", str(out)]
        network = str(self.folder / "network" / "network.json")
        words = self.folder / "verdict.json"
        check = ["verify", str(out), "--network", network, "--out", str(words)]
        with redirect_stdout(io.StringIO()):
            return [run([*have, "--wait", "600"]), run(check)]


def _more(loads: Sequence[Load], what: str) -> None:
    """So many more records at each."""
    marks = [len(load.leaves) + EACH for load in loads]
    until(lambda: all(len(x.leaves) >= m for x, m in zip(loads, marks, strict=True)), what)


def _roll(site: Site) -> dict[str, Any]:
    """What was seen. A version that takes something away does not start beside the former one, and
    starts once that is stopped."""
    loads = [Load(site.before, site.token, 0)]
    _more(loads, "records at the former one alone")
    with _here(site.home / "new.toml") as process:
        until(lambda: process.poll() is not None or ready(site.after), "the new one")
        if process.poll() is None:
            return _go_on(site, loads, beside=True)
    refused = (site.home / "new.jsonl").read_text().strip().splitlines()[-1]
    _more(loads, "records at the former one, which goes on")
    loads[0].end()
    site.stop_former()
    with _here(site.home / "new.toml") as process:
        until(lambda: process.poll() is not None or ready(site.after), "the new one alone")
        return {"refusedBeside": refused} | _go_on(site, loads, beside=False)


def _go_on(site: Site, loads: list[Load], *, beside: bool) -> dict[str, Any]:
    """Records at the new one, beside the former one first; then what became of all of them."""
    loads.append(Load(site.after, site.token, 1_000_000))
    if beside:
        _more(loads, "records at both")
        loads[0].end()
        site.stop_former()
    _more(loads[1:], "records at the new one alone")
    loads[1].end()
    again = site.start_former()
    until(lambda: anchored(site.after), "everything anchored")
    taken, found = [leaf for load in loads for leaf in load.leaves], logged(site.after)
    return {
        "former": site.old.commit,
        "beside": beside,
        "taken": [len(load.leaves) for load in loads],
        "unanswered": [load.failed for load in loads],
        "notOnce": sum(found[leaf] != 1 for leaf in taken),
        "verify": site.verify(taken[-1]),
        "formerAgain": {"exit": again[0], "words": again[1]},
    }


def main() -> None:
    """Run it; exit code 1 where anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("commit")
    asked = parser.parse_args()
    with (
        server_url() as server,
        former(asked.commit) as old,
        tempfile.TemporaryDirectory(prefix="rolling-") as folder,
        _databases(server),
    ):
        try:
            seen = _roll(Site.begin(old, Path(folder), database_url(Path(folder))))
        finally:
            old.python("-c", _DOWN, Path(folder) / "network")
    print(json.dumps(seen, ensure_ascii=False, indent=1))
    if seen["notOnce"] or any(seen["verify"]) or not seen["formerAgain"]["exit"]:
        raise SystemExit(1)


@contextmanager
def _databases(server: str) -> Iterator[None]:
    """Databases are made there."""
    os.environ[USED] = server
    try:
        yield
    finally:
        del os.environ[USED]


if __name__ == "__main__":
    main()
