"""What a chain of four validators begins with, as texts: nothing here runs or asks anything."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tomlkit

CHAIN_ID = 80_087
"""beacond's rules for a network of one's own (`CHAIN_SPEC=devnet`) know this one alone."""
NETWORK = "credit-ledger-consortium"
"""How beacond calls it."""
SPEC = {"CHAIN_SPEC": "devnet"}
STAKE_GWEI = 32_000_000_000
BETWEEN_BLOCKS = "1500ms"
"""Wait after a block before the next is proposed. The time of a block is at least one second after
that of its parent: blocks that come faster run ahead of the clock."""
REDIAL = "5s"
ANSWER = "10s"
"""For an answer of geth. A beacond that has none when it commits a block stands for good, until it
is started again."""
HERE = "127.0.0.0/8"
"""Where a geth may dial."""
GAS_LIMIT = 60_000_000
MONEY = hex(10**24)
WITHDRAWALS = "0x" + "00" * 19 + "01"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Of one validator, all on 127.0.0.1. rpc: where gateways ask. engine: where beacond tells geth
    what to do. blocks: where beaconds meet. status: of beacond. peers: where geths meet."""

    rpc: int
    engine: int
    peers: int
    blocks: int
    status: int

    @property
    def url(self) -> str:
        """Of its geth."""
        return f"http://127.0.0.1:{self.rpc}"


def beginning(given: Mapping[str, Any], funded: Iterable[str]) -> dict[str, Any]:
    """The genesis of the execution chain. given: beacon-kit's own for tests, of which the rules and
    the accounts with code are taken and none of the money. funded: who has some."""
    alloc = {address: account for address, account in given["alloc"].items() if "code" in account}
    alloc |= {address: {"balance": MONEY} for address in funded}
    config = given["config"] | {"chainId": CHAIN_ID}
    return {**given, "config": config, "gasLimit": hex(GAS_LIMIT), "alloc": alloc}


def between_beaconds(text: str, ports: Ports, peers: Sequence[str]) -> str:
    """`config.toml` of one beacond. text: as `beacond init` wrote it. peers: ID@HOST:PORT of those
    that it dials; it looks for no others. Raises KeyError where a setting is not there."""
    wanted = {
        ("rpc", "laddr"): f"tcp://127.0.0.1:{ports.status}",
        ("rpc", "pprof_laddr"): "",
        ("p2p", "laddr"): f"tcp://127.0.0.1:{ports.blocks}",
        ("p2p", "persistent_peers"): ",".join(peers),
        ("p2p", "persistent_peers_max_dial_period"): REDIAL,
        ("p2p", "addr_book_strict"): False,
        ("p2p", "allow_duplicate_ip"): True,
        ("p2p", "pex"): False,
        ("p2p", "seeds"): "",
        ("consensus", "timeout_commit"): BETWEEN_BLOCKS,
        ("instrumentation", "prometheus"): False,
    }
    return set_values(text, wanted)


def set_values(text: str, wanted: Mapping[tuple[str, str], Any], *, new: bool = False) -> str:
    """TOML with these values in place of its own; comments stay. wanted: by table and key. new:
    whether a key may be one that is not there; else that raises KeyError."""
    document = tomlkit.parse(text)
    for (table, key), value in wanted.items():
        place: Any = document.setdefault(table, tomlkit.table()) if table else document
        if not new and key not in place:
            raise KeyError(f"{table}.{key}")
        place[key] = value
    return tomlkit.dumps(document)


def between_geths(ports: Ports, peers: Sequence[str]) -> str:
    """Settings of one geth: it listens on 127.0.0.1 and dials `peers` there, and nobody else
    anywhere. peers: enode://KEY@HOST:PORT."""
    return (
        "[Node.P2P]\n"
        f'ListenAddr = "127.0.0.1:{ports.peers}"\n'
        "NoDiscovery = true\n"
        "MaxPeers = 8\n"
        "BootstrapNodes = []\n"
        f"StaticNodes = {json.dumps(list(peers))}\n"
        f'NetRestrict = ["{HERE}"]\n'
    )


def geth_arguments(folder: str, ports: Ports) -> list[str]:
    """All state is written with each block (`archive`), so that a geth that was killed knows what
    it said before."""
    return [
        *("--datadir", folder, "--config", f"{folder}/settings.toml"),
        *("--networkid", str(CHAIN_ID), "--syncmode", "full"),
        *("--gcmode", "archive", "--state.scheme", "hash", "--cache", "128"),
        *("--nodiscover", "--nat", "none", "--discovery.dns", "", "--bootnodes", ""),
        *("--netrestrict", HERE, "--ipcdisable"),
        *("--http", "--http.addr", "127.0.0.1", "--http.port", str(ports.rpc)),
        *("--http.api", "eth,net", "--http.vhosts", "localhost"),
        *("--authrpc.addr", "127.0.0.1", "--authrpc.port", str(ports.engine)),
        *("--authrpc.jwtsecret", f"{folder}/jwt.hex", "--verbosity", "2"),
    ]


def beacond_arguments(home: str, geth: str, ports: Ports, trusted_setup: str) -> list[str]:
    """It is told where its geth is; it answers nobody but on `ports.status`."""
    return [
        *("start", "--home", home, "--pruning", "nothing"),
        *("--beacon-kit.engine.jwt-secret-path", f"{geth}/jwt.hex"),
        *("--beacon-kit.engine.rpc-dial-url", f"http://127.0.0.1:{ports.engine}"),
        *("--beacon-kit.kzg.trusted-setup-path", trusted_setup),
        *("--beacon-kit.engine.rpc-timeout", ANSWER, "--beacon-kit.node-api.enabled=false"),
    ]
