"""Two gateways of one member on one database. Either is killed or stopped under load, again and
again: nothing that was promised is lost, nothing is in the log twice, and the chain has one
history."""

import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import orjson
import psutil
import pytest
import sqlalchemy as sa

from gateway.anchoring.models import anchors
from gateway.base.db import open_engine
from gateway.base.settings import load
from gateway.devnet import plain
from gateway.devnet.processes import Detached
from ledger.chain.network import NetworkFile
from ledger.cli.main import run
from ledger.verify import Verifier, ask
from tests.e2e.member import Member, until
from tests.support.processes import runs

SET = 10
"""Records of one stream."""
LOAD_SECONDS = 2.0
"""Before each kill and after the last."""


class Pair:
    """The member's gateway and a second one, of the same settings but for the port."""

    def __init__(self, member: Member) -> None:
        self.member = member
        process, url = member.another("gateway-2")
        self.gateways: dict[str, Detached] = {member.url: member.process, url: process}
        self.start(url)

    def start(self, url: str) -> None:
        self.gateways[url].start({})
        until(lambda: plain.get(f"{url}/readyz", timeout=60).is_success, "readiness")

    def leads(self, url: str) -> bool:
        """Whether this gateway says that it integrates and anchors."""
        return "\ncredit_ledger_anchoring 1.0\n" in plain.get(f"{url}/metrics", timeout=60).text

    def leader(self) -> str:
        """The one that does, waited for."""
        return until(
            lambda: next((url for url in self.gateways if self.leads(url)), ""), "somebody to lead"
        )

    def kill(self, url: str) -> None:
        """SIGKILL."""
        process = self.gateways[url].find()
        assert process is not None
        process.kill()
        until(lambda: not runs(process.pid), "the kill")

    def stop(self, url: str) -> psutil.Process:
        """SIGSTOP: it holds what it held, and answers nobody."""
        process = self.gateways[url].find()
        assert process is not None
        process.suspend()
        return process

    def close(self) -> None:
        for process in self.gateways.values():
            process.stop()


@pytest.fixture
def pair(member: Member) -> Iterator[Pair]:
    pair = Pair(member)
    yield pair
    pair.close()
    member.up()


Work = Callable[[httpx.Client, Iterator[str]], None]


class Load:
    """Clients that send until they are told to stop. One that gets no answer, or "not now", sends
    the same again to the other gateway. leaves: by number of the record, all that were named."""

    def __init__(self, pair: Pair) -> None:
        self._pair = pair
        self._numbers = itertools.count()
        self._stop = threading.Event()
        self._failures: list[BaseException] = []
        self._threads = [
            threading.Thread(target=self._repeat, args=work)
            for work in 2 * [(self._single, 0.1), (self._stream, 1.0)]
        ]
        self.leaves: dict[int, set[str]] = {}

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        assert self._failures == []

    def _repeat(self, work: Work, pause: float) -> None:
        urls = itertools.cycle(self._pair.gateways)
        headers = {"authorization": f"Bearer {self._pair.member.token}"}
        try:
            with httpx.Client(timeout=300, headers=headers) as client:
                while not self._stop.is_set():
                    work(client, urls)
                    time.sleep(pause)
        except BaseException as error:
            self._failures.append(error)

    def _single(self, client: httpx.Client, urls: Iterator[str]) -> None:
        number = next(self._numbers)
        self.leaves[number] = set()
        body = orjson.dumps(self._pair.member.record(number))
        while True:
            try:
                answer = client.post(
                    f"{next(urls)}/v1/records",
                    content=body,
                    headers={"content-type": "application/json"},
                )
            except httpx.TransportError:
                continue
            if answer.status_code in (200, 201):
                self.leaves[number].add(answer.json()["leaf"])
                return
            assert answer.status_code == 503, answer.text
            time.sleep(0.05)

    def _stream(self, client: httpx.Client, urls: Iterator[str]) -> None:
        numbers = list(itertools.islice(self._numbers, SET))
        self.leaves |= {number: set() for number in numbers}
        body = b"\n".join(orjson.dumps(self._pair.member.record(number)) for number in numbers)
        while not self._answered(client, next(urls), body, numbers):
            time.sleep(0.05)

    def _answered(self, client: httpx.Client, url: str, body: bytes, numbers: list[int]) -> bool:
        """Whether the answer came whole. What came of it stands, however it ended."""
        headers = {"content-type": "application/x-ndjson"}
        last: dict[str, Any] = {}
        try:
            with client.stream(
                "POST", f"{url}/v1/records", content=body, headers=headers
            ) as answer:
                if answer.status_code != 200:
                    assert answer.status_code == 503
                    return False
                for line in answer.iter_lines():
                    last = json.loads(line)
                    if "verdict" in last:
                        assert last["verdict"] in ("accepted", "duplicate"), last
                        self.leaves[numbers[last["row"] - 1]].add(last["leaf"])
        except (httpx.TransportError, json.JSONDecodeError):
            return False
        return "counts" in last


def test_what_the_other_took_in_is_anchored(pair: Pair) -> None:
    """Nobody tells the one that anchors: it looks."""
    leader = pair.leader()
    follower = next(url for url in pair.gateways if url != leader)
    headers = {"authorization": f"Bearer {pair.member.token}"}
    with httpx.Client(headers=headers, timeout=300) as client:
        answer = client.post(f"{follower}/v1/records", json=pair.member.record(0)).json()
        path = f"{follower}/v1/receipts/{answer['leaf']}"
        until(lambda: client.get(path).status_code == 200, "the receipt")


def test_killed_and_stopped_under_load(pair: Pair, tmp_path: Path) -> None:
    with Load(pair) as load_:
        for victim in ("leader", "follower", "leader"):
            time.sleep(LOAD_SECONDS)
            leader = pair.leader()
            follower = next(url for url in pair.gateways if url != leader)
            assert not pair.leads(follower)
            killed, alive = (leader, follower) if victim == "leader" else (follower, leader)
            pair.kill(killed)
            until(partial(pair.leads, alive), "the take-over")
            pair.start(killed)
        time.sleep(LOAD_SECONDS)
        leader = pair.leader()
        follower = next(url for url in pair.gateways if url != leader)
        process = pair.stop(leader)
        try:
            until(partial(pair.leads, follower), "the take-over")
        finally:
            process.resume()
        until(lambda: not pair.leads(leader), "the one that was stopped to know it")
        time.sleep(LOAD_SECONDS)
    leaves = [leaf for (leaf,) in load_.leaves.values()]  # one, whoever said it
    check_receipts(pair, leaves)
    check_history(pair, leaves, tmp_path)


def check_receipts(pair: Pair, leaves: list[str]) -> None:
    """Every record has a receipt that verifies, whichever gateway is asked."""
    headers = {"authorization": f"Bearer {pair.member.token}"}
    urls = itertools.cycle(pair.gateways)

    def fetch(client: httpx.Client, leaf: str) -> bytes:
        def got() -> bytes | None:
            answer = client.get(f"{next(urls)}/v1/records/{leaf}/receipt")
            return answer.content if answer.status_code == 200 else None

        return until(got, "a receipt") or b""

    with httpx.Client(timeout=300, headers=headers) as client, ThreadPoolExecutor(2) as threads:
        receipts = list(threads.map(partial(fetch, client), leaves))
    verifier = Verifier(NetworkFile.load(pair.member.file))
    found = Counter(verifier.verify(receipt, ask()).verdict for receipt in receipts)
    verifier.close()
    assert found == {"valid": len(leaves)}


def check_history(pair: Pair, leaves: list[str], folder: Path) -> None:
    """The log holds what was sent, once; anybody may replay it; no anchor went astray."""
    assert pair.member.logged() == dict.fromkeys(leaves, 1)
    out = folder / "report.json"
    status = run(["audit", "replay", "--network", str(pair.member.file), "--out", str(out)])
    report = json.loads(out.read_text())
    assert report["findings"] == [], status
    for url in pair.gateways:
        assert plain.get(f"{url}/readyz", timeout=300).is_success
    engine = open_engine(load(pair.member.config).database_url)
    with engine.connect() as connection:
        rows = connection.execute(sa.select(anchors).order_by(anchors.c.id)).all()
    engine.dispose()
    assert {row.state for row in rows} == {"final"}
    assert [row.prev_size for row in rows] == [0, *(row.size for row in rows[:-1])]
