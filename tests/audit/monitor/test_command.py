"""The command as an operator runs it: a process that is killed, started again and ended; figures;
full replays; and what it does not take."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import orjson
import pytest

from ledger.cli.main import run
from ledger.core.canonical import instant
from ledger.hooks.messages import new_secret
from tests.audit.monitor.watched import Watched
from tests.support.doors import nobody
from tests.support.ledger import make_record
from tests.support.receiver import Receiver, hang_up, start_receiver
from tests.support.votes import suspend

SECONDS = 120
"""For what takes a second or two."""


@dataclass
class Running:
    """A monitor in a process of its own."""

    process: subprocess.Popen[bytes]
    log: Path
    lines: list[dict[str, Any]] = field(default_factory=list)

    def read(self) -> list[dict[str, Any]]:
        """All whole lines so far, but for what people are told of the clock."""
        whole = self.log.read_bytes().split(b"\n")[:-1]
        return [orjson.loads(line) for line in whole if line.startswith(b"{")]

    def until(self, done: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        end = time.monotonic() + SECONDS
        while not done(lines := self.read()):
            assert self.process.poll() is None, lines
            assert time.monotonic() < end, lines
            time.sleep(0.05)
        return lines

    def rounds(self, count: int) -> list[dict[str, Any]]:
        return self.until(lambda lines: events(lines).count("round.done") >= count)


def events(lines: list[dict[str, Any]]) -> list[str]:
    return [one["event"] for one in lines]


@dataclass
class Operator:
    """Whoever starts it, in a folder."""

    watched: Watched
    folder: Path
    started: int = 0

    def command(self, *more: str) -> list[str]:
        (self.folder / "network.json").write_bytes(self.watched.file.encode())
        return ["audit", "monitor", "--network", str(self.folder / "network.json"), *more]

    def environment(self) -> dict[str, str]:
        ahead = self.watched.ledger.network.anvil.head_time() - int(time.time())
        return {
            **os.environ,
            "CREDIT_LEDGER_NOW": f"+{max(0, ahead)}",
            "CREDIT_LEDGER_LANG": "en",
            "PYTHONPATH": str(Path(__file__).parents[3]),
        }

    @contextmanager
    def start(self, *more: str) -> Iterator[Running]:
        self.started += 1
        log = self.folder / f"log-{self.started}"
        words = self.command("--every", "0.2", "--patience", "0", *more)
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "ledger.cli.main", *words],
                cwd=self.folder,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            yield Running(process, log)
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def operator(watched: Watched, tmp_path: Path) -> Operator:
    return Operator(watched, tmp_path)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with start_receiver() as made:
        yield made


def test_killed_and_started_again_it_loses_nothing_and_repeats_nothing(
    operator: Operator, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed with messages that wait; then one more thing happens; then it is started again."""
    watched = operator.watched
    monkeypatch.setenv("CREDIT_LEDGER_WEBHOOK_SECRET", new_secret())
    sends = ("--webhook", receiver.url)
    receiver.on(hang_up)
    with operator.start(*sends) as running:
        running.rounds(1)
        watched.doors["110000"].answer = nobody
        suspend(watched.ledger.network, "demo-bank")
        watched.mine()
        lines = running.until(
            lambda found: {"endpoint-down", "member-status"} <= {one.get("code") for one in found}
        )
        running.until(lambda found: "webhook.failed" in events(found))
        running.process.send_signal(signal.SIGKILL)
        running.process.wait(SECONDS)
    told = {one["id"] for one in lines if one["event"] in ("monitor.finding", "monitor.news")}
    suspend(watched.ledger.network, "demo-bureau")
    watched.mine()
    receiver.clear()
    with operator.start(*sends) as running:
        # What failed a moment ago is tried again after its pause.
        lines = running.until(lambda _: len(receiver.taken) >= len(told) + 5)
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(SECONDS) == 0
    again = {one["id"] for one in lines if one["event"] in ("monitor.finding", "monitor.news")}
    assert not told & again
    ids = [got.id for got in receiver.taken]
    assert set(ids) >= told | again
    assert len(ids) == len(set(ids))
    statuses = [one for one in receiver.values() if one["data"]["code"] == "member-status"]
    assert [one["data"]["member"] for one in statuses] == ["demo-bank", "demo-bureau"]


def test_one_folder_is_one_monitor_s_and_is_free_when_it_ends(operator: Operator) -> None:
    with operator.start() as running:
        running.rounds(1)
        with operator.start() as second:
            assert second.process.wait(SECONDS) == 2
            assert "another monitor uses it" in second.log.read_text()
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(SECONDS) == 0
        assert running.read()[-1]["event"] == "round.done"
    with operator.start() as running:
        running.rounds(1)


def test_figures_on_a_port_and_in_a_file(operator: Operator) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    operator.watched.doors["110000"].answer = nobody
    words = ("--metrics", f"127.0.0.1:{port}", "--textfile", "figures.prom")
    with operator.start(*words) as running:
        running.rounds(2)
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=SECONDS) as answer:
            text = answer.read().decode()
    assert figures(text).keys() == figures((operator.folder / "figures.prom").read_text()).keys()
    found = {name.removeprefix("credit_ledger_monitor_"): at for name, at in figures(text).items()}
    tianjin = operator.watched.ledger.tianjin.log_id.hex()
    assert found['findings{code="endpoint-down",severity="warning"}'] == 1
    assert found['endpoint_up{member="110000"}'] == 0
    assert found['endpoint_up{member="120000"}'] == 1
    assert found[f'anchored_size{{log="{tianjin}",member="120000"}}'] == 3
    assert found[f'log_size{{log="{tianjin}",member="120000"}}'] == 3
    assert found[f'copy_size{{log="{tianjin}",member="130000"}}'] == 3
    assert found['told_total{code="endpoint-down",kind="finding"}'] == 1
    assert (found["chain_readable"], found["webhooks_waiting"]) == (1, 0)
    assert found[f'node_up{{node="{operator.watched.ledger.network.anvil.url}"}}'] == 1


def figures(text: str) -> dict[str, float]:
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def test_full_replays_and_what_they_find(operator: Operator) -> None:
    """Told once like everything else, and over when the next one does not find it."""
    watched, anvil = operator.watched, operator.watched.ledger.network.anvil
    log = watched.ledger.tianjin
    right = list(log.entries)
    log.entries[1] = make_record(log, secret=b"other234" * 4).entry
    replays = ("--replay-every", "1", "--once")
    with operator.start(*replays) as running:
        assert running.process.wait(SECONDS) == 1
        lines = running.read()
    codes = [one["code"] for one in lines if one["event"] == "monitor.finding"]
    assert codes.count("root-mismatch") == 1
    assert {"replay.began", "replay.done"} <= set(events(lines))
    report = orjson.loads((operator.folder / "audit-monitor" / "replay.json").read_bytes())
    assert "root-mismatch" in {one["code"] for one in report["findings"]}
    assert next(one for one in lines if one["event"] == "replay.done")["exit"] == 1
    with operator.start(*replays) as running:  # not due
        assert running.process.wait(SECONDS) == 1
        assert "replay.began" not in events(running.read())
    log.entries[:] = right
    anvil.mine(2, seconds=3600)
    with operator.start(*replays) as running:
        running.process.wait(SECONDS)
        lines = running.read()
    assert "root-mismatch" in [one["code"] for one in lines if one["event"] == "monitor.over"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--webhook", "http://alerts.example/x"), "--webhook-secret"),
        (("--webhook", "https://me:word@alerts.example/x"), "--webhook"),
        (("--webhook", "ftp://alerts.example/x"), "--webhook"),
        (("--webhook", "https://alerts.example/x", "--webhook-secret", "bad"), "--webhook-secret"),
        (("--metrics", "0.0.0.0:9650"), "--metrics"),
        (("--metrics", "192.0.2.1:9650"), "--metrics"),
        (("--metrics", "127.0.0.1"), "--metrics"),
        (("--metrics", "127.0.0.1:99999"), "--metrics"),
        (("--private-network", "10.0.0.7/8"), "--private-network"),
        (("--private-network", "127.0.0.0/8"), "--private-network"),
        (("--state", "network.json"), "--state"),
        (("--every", "0"), "--every"),
        (("--replay-every", "0"), "--replay-every"),
    ],
)
def test_what_it_does_not_take(
    operator: Operator,
    words: tuple[str, ...],
    told: str,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(operator.folder)
    Path("bad").write_text("whsec_AAAA\n")
    assert run(operator.command("--once", *words)) == 2
    assert told in capfd.readouterr().err


def test_in_production_members_may_not_point_inward(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Their endpoints are on this machine: nobody is asked there."""
    monkeypatch.chdir(operator.folder)
    anvil = operator.watched.ledger.network.anvil
    monkeypatch.setattr("ledger.cli.monitor.production", lambda: True)
    for door in operator.watched.doors.values():
        door.asked.clear()
    monkeypatch.setenv("CREDIT_LEDGER_NOW", instant(anvil.head_time()))
    assert run(operator.command("--once", "--patience", "0", "--no-news")) == 1
    lines = [orjson.loads(line) for line in capfd.readouterr().err.splitlines() if line[0] == "{"]
    assert {"endpoint-down", "tiles-unreachable"} == {
        one["code"] for one in lines if one["event"] == "monitor.finding"
    }
    assert all(not door.asked for door in operator.watched.doors.values())
