"""A network that runs ahead of the machine's clock, and one whose ports are taken."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner

from gateway.devnet import ahead, plain, services
from gateway.devnet.cli import network as command
from gateway.devnet.layout import NODES, Layout, load_ports
from gateway.devnet.processes import PortsTaken
from gateway.devnet.services import Network, chain_time
from ledger.core.errors import ConfigError
from tests.acceptance.outside import penalty
from tests.gateway.devnet.test_guard import until

WEEK = 604_800
TIANJIN = [member for member in NODES if member.code == "120000"]
SLACK = 120
"""Seconds between two blocks on a busy machine."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Of a network; whatever of it runs is stopped at the end."""
    monkeypatch.delenv("CREDIT_LEDGER_NOW", raising=False)
    monkeypatch.delenv("CREDIT_LEDGER_ENV", raising=False)
    try:
        yield tmp_path / "net"
    finally:
        services.down(tmp_path / "net")


def up(folder: Path) -> Network:
    services.up(folder, 0, lambda _: None, nodes=TIANJIN)
    layout = Layout(folder)
    return Network(layout, load_ports(layout))


def lead(network: Network) -> float:
    """How far the newest block is ahead of the machine's clock."""
    return chain_time(network) - time.time()


def issued(network: Network) -> str:
    """When a promise of Tianjin, made now, says that it was made."""
    token = (network.layout.member("120000") / "token").read_text().strip()
    answer = plain.post(
        network.ports.endpoint("120000") + "/v1/records",
        json=penalty(),
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["promise"]["issuedAt"])


def day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))


def test_a_network_is_moved_ahead(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = up(folder)
    assert abs(lead(network)) < SLACK
    first = network.gateway("120000").find()

    monkeypatch.setenv("CREDIT_LEDGER_NOW", f"+{WEEK}")
    up(folder)
    assert abs(lead(network) - WEEK) < SLACK
    before = time.time()
    assert day(before + WEEK) <= issued(network)[:10] <= day(time.time() + WEEK)
    second = network.gateway("120000").find()
    assert first is not None and second is not None and second.pid != first.pid
    up(folder)
    assert network.gateway("120000").find() == second, "nothing to do"

    monkeypatch.delenv("CREDIT_LEDGER_NOW")
    up(folder)
    assert network.gateway("120000").find() == second, "the folder remembers"
    guard = network.chain.find()
    assert guard is not None
    anvil = guard.children()[0]
    os.kill(anvil.pid, signal.SIGKILL)
    until(lambda: _child(guard) != anvil.pid and chain_time(network) > 0)
    assert abs(lead(network) - WEEK) < SLACK, "it came back where it was"

    monkeypatch.setenv("CREDIT_LEDGER_NOW", f"+{WEEK - 1}")
    with pytest.raises(ConfigError, match="back"):
        up(folder)
    services.down(folder)
    monkeypatch.setenv("CREDIT_LEDGER_NOW", f"+{2 * WEEK}")
    up(folder)
    assert abs(lead(network) - 2 * WEEK) < SLACK


def _child(guard: psutil.Process) -> int:
    return guard.children()[0].pid


def test_what_the_environment_asks_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDIT_LEDGER_ENV", raising=False)
    monkeypatch.setenv("CREDIT_LEDGER_NOW", "2026-01-01T00:00:00Z")
    assert ahead.follow_environment(tmp_path) == 0
    assert ahead.environment(60) == {}, "the user's clock stands"
    assert ahead.goes_with({"CREDIT_LEDGER_NOW": "2026-01-01T00:00:00Z"}, 60)
    monkeypatch.setenv("CREDIT_LEDGER_NOW", "+60")
    assert ahead.follow_environment(tmp_path) == ahead.read(tmp_path) == 60
    assert ahead.environment(60) == {"CREDIT_LEDGER_NOW": "+60"}
    assert not ahead.goes_with({}, 60)
    assert ahead.goes_with({}, 0) and ahead.goes_with({"CREDIT_LEDGER_NOW": "+60"}, 60)
    monkeypatch.setenv("CREDIT_LEDGER_NOW", "+1h")
    with pytest.raises(ConfigError):
        ahead.follow_environment(tmp_path)
    monkeypatch.setenv("CREDIT_LEDGER_NOW", "+90")
    monkeypatch.setenv("CREDIT_LEDGER_ENV", "production")
    with pytest.raises(ConfigError, match="production"):
        ahead.follow_environment(tmp_path)
    (tmp_path / "ahead").write_text("much")
    with pytest.raises(ConfigError):
        ahead.read(tmp_path)


def taken(stack: ExitStack) -> int:
    """A port on which somebody else listens."""
    listener = stack.enter_context(socket.socket())
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return int(listener.getsockname()[1])


@pytest.mark.parametrize("at", [0, 2, 6])
def test_taken_ports_are_named_with_their_member(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    monkeypatch.setattr(services, "PORT_SECONDS", 0.0)
    names = ["chain", *(member.code for member in NODES)]
    with ExitStack() as stack:
        base = taken(stack) - at
        with pytest.raises(PortsTaken) as caught:
            services.up(tmp_path / "net", base, lambda _: None)
        assert caught.value.ports[names[at]] == base + at
        assert f"{base + at} ({names[at]})" in str(caught.value)
        monkeypatch.setenv("CREDIT_LEDGER_LANG", "zh")
        options = ["up", "--dir", str(tmp_path / "net"), "--base-port", str(base)]
        done = CliRunner().invoke(command, options)
    assert done.exit_code == 1
    assert f"{base + at}（{names[at]}）" in done.stderr and "--base-port" in done.stderr
    assert not list((tmp_path / "net" / "run").glob("*.pid"))


def test_taken_ports_of_a_network_that_was_made(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only those it needs; and nothing of it is started."""
    network = up(folder)
    services.down(folder)
    monkeypatch.setattr(services, "PORT_SECONDS", 0.0)
    with socket.socket() as listener, socket.socket() as other:
        for one, name in ((listener, "120000"), (other, "demo-bank")):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(("127.0.0.1", network.port(name)))
            one.listen()
        with pytest.raises(PortsTaken) as caught:
            up(folder)
    assert caught.value.ports == {"120000": network.port("120000")}
    assert network.chain.find() is None
