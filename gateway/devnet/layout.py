"""Where a network keeps its files, and which ports it uses (interfaces "Commands")."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from pathlib import Path

from gateway.devnet.files import write_atomic
from ledger.core.errors import ConfigError
from ledger.core.keys import Role

DEFAULT_BASE_PORT = 8545
CHAIN_ID = 31337
HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSpec:
    """A member of the demonstration network. offset: of its port from the base; None = no node."""

    code: str
    name: str
    region: str
    role: Role
    offset: int | None


MEMBERS = (
    MemberSpec(code="110000", name="北京市", region="110000", role=Role.PROVINCE, offset=1),
    MemberSpec(code="120000", name="天津市", region="120000", role=Role.PROVINCE, offset=2),
    MemberSpec(code="130000", name="河北省", region="130000", role=Role.PROVINCE, offset=3),
    MemberSpec(code="140000", name="山西省", region="140000", role=Role.PROVINCE, offset=4),
    MemberSpec(code="demo-bureau", name="示例征信机构", region="", role=Role.BUREAU, offset=5),
    MemberSpec(code="demo-bank", name="示例银行", region="", role=Role.INSTITUTION, offset=6),
    MemberSpec(code="demo-auditor", name="示例审计机构", region="", role=Role.AUDITOR, offset=None),
)
NODES = tuple(member for member in MEMBERS if member.offset is not None)


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths of one network directory."""

    root: Path

    @property
    def network(self) -> Path:
        """The network file."""
        return self.root / "network.json"

    @property
    def chain(self) -> Path:
        """State of the embedded chain."""
        return self.root / "chain"

    @property
    def run(self) -> Path:
        """Process ids."""
        return self.root / "run"

    @property
    def ports_file(self) -> Path:
        """Ports chosen when the network was made."""
        return self.run / "ports.json"

    def member(self, code: str) -> Path:
        """Settings, database, keys, token and log of one member."""
        return self.root / "members" / code

    def pid(self, name: str) -> Path:
        """`name`: `chain` or a member code."""
        return self.run / f"{name}.pid"

    def exists(self) -> bool:
        """Whether a network was made here."""
        return self.ports_file.exists()


@dataclass(frozen=True, slots=True)
class Ports:
    """TCP ports on 127.0.0.1: of the chain, and of each member that has a node."""

    chain: int
    members: dict[str, int]

    @property
    def rpc(self) -> str:
        """Address of the embedded chain."""
        return f"http://127.0.0.1:{self.chain}"

    def endpoint(self, code: str) -> str:
        """Address of a member's gateway."""
        return f"http://127.0.0.1:{self.members[code]}"


def choose_ports(base: int) -> Ports:
    """Ports from `base` on; 0: any free ones. Raises ConfigError where they do not fit."""
    if base == 0:
        chain, *others = free_ports(1 + len(NODES))
        return Ports(chain, {member.code: port for member, port in zip(NODES, others, strict=True)})
    if not 0 < base <= HIGHEST_PORT - len(NODES):
        raise ConfigError("base-port", f"{base} leaves no room for {1 + len(NODES)} ports")
    return Ports(base, {member.code: base + (member.offset or 0) for member in NODES})


def load_ports(layout: Layout) -> Ports:
    """The ports of a network that was made before. Raises ConfigError."""
    try:
        value = json.loads(layout.ports_file.read_text("utf-8"))
        return Ports(
            int(value["chain"]), {code: int(value["members"][code]) for code in value["members"]}
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(str(layout.ports_file), f"cannot be read: {error}") from error


def store_ports(layout: Layout, ports: Ports) -> None:
    """Remember the ports."""
    value = {"chain": ports.chain, "members": ports.members}
    write_atomic(layout.ports_file, json.dumps(value, indent=1).encode() + b"\n")


def port_is_free(port: int) -> bool:
    """Whether nobody listens on a port of this machine."""
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Ports that are free now. All are held while they are drawn, so that none comes twice."""
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in held]
    finally:
        for one in held:
            one.close()
