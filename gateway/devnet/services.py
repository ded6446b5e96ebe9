"""`network up`, `down` and `status`: what must run, in which order, and when it is ready."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from filelock import FileLock

from gateway.devnet import ahead, plain
from gateway.devnet.deployment import deploy_if_needed
from gateway.devnet.guard import HEARTBEAT
from gateway.devnet.layout import (
    DEFAULT_BASE_PORT,
    MEMBERS,
    NODES,
    Layout,
    MemberSpec,
    Ports,
    choose_ports,
    load_ports,
    port_is_free,
    store_ports,
)
from gateway.devnet.members import prepare, prepare_token
from gateway.devnet.processes import Detached, PortsTaken, wait_until
from ledger.chain.nodes.blocks import amount
from ledger.chain.nodes.rpc import Rpc
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import Address

CHAIN_SECONDS = 300.0
GATEWAY_SECONDS = 600.0
"""For all gateways together, on a slow and busy machine: one that ended is not waited for."""
ASK_SECONDS = 10.0
PORT_SECONDS = 30.0
"""A process that was just killed may hold its port so long."""

Progress = Callable[[str], None]
"""Told what is being done, in words for people."""


@dataclass(frozen=True, slots=True)
class Network:
    """A network directory with its ports and processes."""

    layout: Layout
    ports: Ports

    @property
    def chain(self) -> Detached:
        """The guard of the embedded chain."""
        folder, port = self.layout.chain, self.ports.chain
        arguments = ["gateway.devnet.guard", "--chain", str(folder), "--port", str(port)]
        return Detached(
            name="chain",
            pid_file=self.layout.pid("chain"),
            log_file=folder / "log.jsonl",
            arguments=arguments,
        )

    @property
    def processes(self) -> list[Detached]:
        """All, the chain last."""
        return [*(self.gateway(member.code) for member in NODES), self.chain]

    def port(self, name: str) -> int:
        """Port of a process, by its name."""
        return self.ports.chain if name == self.chain.name else self.ports.members[name]

    def gateway(self, code: str) -> Detached:
        """The gateway of one member."""
        folder = self.layout.member(code)
        config = str(folder / "gateway.toml")
        return Detached(
            name=code,
            pid_file=self.layout.pid(code),
            log_file=folder / "log.jsonl",
            arguments=["ledger.cli.main", "gateway", "serve", "--config", config],
        )


def up(
    directory: Path,
    base_port: int | None,
    progress: Progress,
    *,
    nodes: Sequence[MemberSpec] = NODES,
) -> Path:
    """Make or start a network; returns the path of its network file when all is ready.

    nodes: whose gateways to start. Raises NotStarted, ConfigError or CouldNotCheck; then what this
    call started is stopped again. What already runs is left alone, unless CREDIT_LEDGER_NOW moves
    the network on: then its chain is moved, and its gateways start again with that clock.
    """
    layout = Layout(directory.resolve())
    layout.run.mkdir(parents=True, exist_ok=True)
    layout.chain.mkdir(exist_ok=True)
    with FileLock(layout.run / "up.lock"):
        network = _open(layout, base_port)
        down = [process for process in network.processes if process.find() is None]
        wanted = [network.chain, *(network.gateway(member.code) for member in nodes)]
        _await_ports(network, [process for process in wanted if process in down])
        offset = ahead.follow_environment(layout.chain)
        try:
            for member in MEMBERS:
                prepare(layout, member, network.ports)
            progress("chain")
            _start_chain(network, offset)
            progress("contracts")
            changed = deploy_if_needed(layout, network.ports)
            progress("gateways")
            _start_gateways(network, nodes, restart=changed, offset=offset)
        except BaseException:
            _stop(down)
            raise
    return layout.network


def _open(layout: Layout, base_port: int | None) -> Network:
    if layout.exists():
        return Network(layout, load_ports(layout))
    ports = choose_ports(DEFAULT_BASE_PORT if base_port is None else base_port)
    network = Network(layout, ports)
    _await_ports(network, network.processes)  # before they are kept: others may be tried next
    store_ports(layout, ports)
    return network


def _start_chain(network: Network, offset: int) -> None:
    """offset: seconds that its clock runs ahead; at the end it does, give or take two blocks."""
    if network.chain.find() is None:
        _await_ports(network, [network.chain])
        network.chain.start({})
    since = time.time() + offset - 2 * HEARTBEAT
    wait_until(lambda _: chain_time(network) >= since, CHAIN_SECONDS, [network.chain])


def _start_gateways(
    network: Network, nodes: Sequence[MemberSpec], *, restart: bool, offset: int
) -> None:
    """All at once. restart: the network file changed, and a gateway reads it at its start."""
    processes = [network.gateway(member.code) for member in nodes]
    for member, process in zip(nodes, processes, strict=True):
        if restart or not ahead.goes_with(process.environment(), offset):
            process.stop()
        if process.find() is None:
            _await_ports(network, [process])
            prepare_token(network.layout, member)
            process.start(ahead.environment(offset))
    wait_until(lambda process: _ready(network, process.name), GATEWAY_SECONDS, processes)


def _await_ports(network: Network, processes: Sequence[Detached]) -> None:
    """Wait until nobody listens where these shall; PortsTaken names all that stay taken.

    A stranger on the port would be taken for ours: its chain would be written to.
    """
    deadline = time.monotonic() + PORT_SECONDS
    wanted = {process.name: network.port(process.name) for process in processes}
    while taken := {name: port for name, port in wanted.items() if not port_is_free(port)}:
        if time.monotonic() > deadline:
            raise PortsTaken(taken)
        time.sleep(0.1)


def chain_time(network: Network) -> float:
    """Unix seconds of the newest block of the embedded chain; -1 where it does not answer."""
    rpc = Rpc(network.ports.rpc, timeout=ASK_SECONDS)
    try:
        block = rpc.call("eth_getBlockByNumber", ["latest", False])
        return int(str(block["timestamp"]), 16) if isinstance(block, dict) else -1
    except CouldNotCheck:
        return -1
    finally:
        rpc.close()


def _ready(network: Network, code: str) -> bool:
    try:
        answer = plain.get(network.ports.endpoint(code) + "/readyz", timeout=ASK_SECONDS)
    except httpx.HTTPError:
        return False
    return answer.is_success


def down(directory: Path, *, chain: bool = True) -> list[str]:
    """Stop what runs, gateways first; their names. chain: the chain too."""
    layout = Layout(directory.resolve())
    if not layout.exists():
        return []
    network = Network(layout, load_ports(layout))
    with FileLock(layout.run / "up.lock"):
        return _stop(network.processes if chain else network.processes[:-1])


def _stop(processes: Sequence[Detached]) -> list[str]:
    """Stop all at once; the names of those that ran."""
    with ThreadPoolExecutor(max(1, len(processes))) as pool:
        stopped = list(pool.map(Detached.stop, processes))
    return [process.name for process, was in zip(processes, stopped, strict=True) if was]


def fund(directory: Path, address: Address, wei: int) -> int | None:
    """Give an account of the embedded chain so much more; returns what it has then, in wei. None
    where no network was made. Raises CouldNotCheck where the chain does not answer."""
    layout = Layout(directory.resolve())
    if not layout.exists():
        return None
    rpc = Rpc(load_ports(layout).rpc, timeout=ASK_SECONDS)
    try:
        balance = amount(rpc.name, rpc.call("eth_getBalance", [address, "latest"])) + wei
        rpc.call("anvil_setBalance", [address, hex(balance)])
    finally:
        rpc.close()
    return balance


def status(directory: Path) -> dict[str, Any] | None:
    """As `network status --json` prints it; None where no network was made."""
    layout = Layout(directory.resolve())
    if not layout.exists():
        return None
    network = Network(layout, load_ports(layout))
    chain = network.chain.find() is not None and chain_time(network) >= 0
    members = [
        {
            "code": member.code,
            "endpoint": network.ports.endpoint(member.code),
            "up": network.gateway(member.code).find() is not None and _ready(network, member.code),
        }
        for member in NODES
    ]
    return {
        "network": str(layout.network),
        "chain": {"url": network.ports.rpc, "up": chain},
        "members": members,
    }


def is_up(found: dict[str, Any]) -> bool:
    """Whether everything in a status is up."""
    return bool(found["chain"]["up"] and all(member["up"] for member in found["members"]))
