"""Four validators: a geth and a beacond each, and the lines on which they meet."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import combinations
from pathlib import Path

import httpx

from gateway.devnet import plain
from ledger.chain.keys.keyfile import public_key_of
from ledger.core.keys import Alg
from scripts.chaos_parts.lines import Lines
from scripts.consortium_parts import genesis
from scripts.consortium_parts.engine import Engine
from scripts.consortium_parts.genesis import Ports
from scripts.consortium_parts.process import Process

SECONDS = 120.0
"""For a command that ends by itself."""
FAILURE = b"CONSENSUS FAILURE"
"""What a beacond says last."""
BLOCKS, PEERS = "blocks", "peers"
"""Lines between beaconds, and between geths."""


class NotFounded(Exception):
    """The engine did not do what a chain begins with."""


class Validator:
    """One of them: its folders, its two processes."""

    def __init__(self, name: str, folder: Path, engine: Engine, ports: Ports) -> None:
        self.name = name
        self.ports = ports
        self.geth_folder = folder / "geth"
        self.home = folder / "beacond"
        self._engine = engine
        self._read = 0
        self._gave_up = False
        home, geth = str(self.home), str(self.geth_folder)
        self.geth = Process(
            [str(engine.geth), *genesis.geth_arguments(geth, ports)], folder / "geth.log"
        )
        setup = str(engine.trusted_setup)
        self.beacond = Process(
            [str(engine.beacond), *genesis.beacond_arguments(home, geth, ports, setup)],
            folder / "beacond.log",
            genesis.SPEC,
        )
        self.geth_folder.mkdir(parents=True)

    @property
    def processes(self) -> dict[str, Process]:
        """geth first: beacond asks it at its start."""
        return {"geth": self.geth, "beacond": self.beacond}

    @property
    def genesis_file(self) -> Path:
        """What all beacons must have alike."""
        return self.home / "config" / "genesis.json"

    @property
    def deposits(self) -> Path:
        """Folder of the stakes that the chain begins with."""
        return self.home / "config" / "premined-deposits"

    def begin(self) -> None:
        """Make its key and its stake."""
        self.beacond_command("init", self.name, "--chain-id", genesis.NETWORK)
        stake = (str(genesis.STAKE_GWEI), genesis.WITHDRAWALS)
        self.beacond_command("genesis", "add-premined-deposit", *stake)
        (self.geth_folder / "jwt.hex").write_text(f"0x{secrets.token_hex(32)}", "ascii")
        (self.geth_folder / "geth").mkdir()
        key = self.geth_folder / "geth" / "nodekey"
        key.write_text(secrets.token_hex(32), "ascii")
        key.chmod(0o600)

    def beacond_command(self, *arguments: str) -> str:
        """A command of beacond about its home."""
        command = [str(self._engine.beacond), *arguments, "--home", str(self.home)]
        return _run(command, genesis.SPEC)

    def geth_command(self, *arguments: str) -> str:
        """A command of geth about its folder."""
        where = ("--datadir", str(self.geth_folder), "--state.scheme", "hash")
        return _run([str(self._engine.geth), *where, *arguments])

    def beacond_id(self) -> str:
        """By which other beaconds know it."""
        return self.beacond_command("comet", "show-node-id").strip()

    def geth_key(self) -> str:
        """By which other geths know it."""
        text = (self.geth_folder / "geth" / "nodekey").read_text("ascii")
        return public_key_of(Alg.SECP256K1, bytes.fromhex(text)).hex()

    def start(self, kind: str) -> None:
        """Start one of its processes where it does not run."""
        process = self.processes[kind]
        if kind == "beacond" and not process.runs:
            self._read = process.log.stat().st_size if process.log.exists() else 0
            self._gave_up = False
        process.start()

    def stands(self) -> bool:
        """Whether its beacond has given up, and lives on without doing anything: so it does where
        geth gave no answer when a block was to be committed. A watchdog must start it again."""
        if self.beacond.runs and not self._gave_up:
            with self.beacond.log.open("rb") as log:
                log.seek(self._read)
                text = log.read()
            self._gave_up = FAILURE in text
            self._read += max(0, len(text) - len(FAILURE))  # it may come in two pieces
        return self.beacond.runs and self._gave_up

    def height(self) -> int | None:
        """The newest block that its geth has; None where it does not say."""
        return height(self.ports.url, "latest")


class Chain:
    """All validators, each on lines of its own to each other: what a line is named says whose two
    ends it has, so that provinces can be cut off from each other."""

    def __init__(self, validators: Sequence[Validator], lines: Lines) -> None:
        self.validators = {one.name: one for one in validators}
        self._lines = lines
        self._dials: dict[tuple[str, str, str], int] = {}
        for first, second in combinations(validators, 2):
            for kind, port in ((BLOCKS, second.ports.blocks), (PEERS, second.ports.peers)):
                name = line_name(kind, first.name, second.name)
                self._dials[kind, first.name, second.name] = lines.add(name, port)

    def found(self, funded: Iterable[str], engine: Engine) -> None:
        """Make keys, stakes and the beginning that all have alike. funded: accounts with money."""
        ones = list(self.validators.values())
        for one in ones:
            one.begin()
        first = ones[0]
        for one in ones[1:]:
            for stake in one.deposits.glob("*.json"):
                shutil.copy(stake, first.deposits)
        first.beacond_command("genesis", "collect-premined-deposits")
        given = json.loads(engine.beginning.read_bytes())
        plain_file = first.home.parent / "eth-genesis.json"
        plain_file.write_text(json.dumps(genesis.beginning(given, funded)), "utf-8")
        first.beacond_command("genesis", "set-deposit-storage", str(plain_file))
        execution = first.home / plain_file.name
        first.beacond_command("genesis", "execution-payload", str(execution))
        for one in ones:
            if one is not first:
                shutil.copy(first.genesis_file, one.genesis_file)
            one.geth_command("init", str(execution))
            self._settle(one)

    def start(self) -> None:
        """All, geths first."""
        for one in self.validators.values():
            for kind in one.processes:
                one.start(kind)

    @property
    def runs(self) -> bool:
        """Whether nothing has ended."""
        ones = self.validators.values()
        return all(process.runs for one in ones for process in one.processes.values())

    def stop(self) -> None:
        """Beacons first, then what they ask."""
        for kind in ("beacond", "geth"):
            for one in self.validators.values():
                one.processes[kind].stop()

    def heights(self) -> dict[str, int | None]:
        """The newest block of each geth."""
        return {name: one.height() for name, one in self.validators.items()}

    def _settle(self, one: Validator) -> None:
        """Its settings: whom it dials, over which lines."""
        blocks = [
            f"{self.validators[second].beacond_id()}@127.0.0.1:{port}"
            for (kind, first, second), port in self._dials.items()
            if kind == BLOCKS and first == one.name
        ]
        peers = [
            f"enode://{self.validators[second].geth_key()}@127.0.0.1:{port}"
            for (kind, first, second), port in self._dials.items()
            if kind == PEERS and first == one.name
        ]
        config = one.home / "config" / "config.toml"
        text = config.read_text("utf-8")
        config.write_text(genesis.between_beaconds(text, one.ports, blocks), "utf-8")
        settings = genesis.between_geths(one.ports, peers)
        (one.geth_folder / "settings.toml").write_text(settings, "utf-8")


def line_name(kind: str, first: str, second: str) -> str:
    """Of a line between two provinces."""
    return f"{kind}/{first}/{second}"


def height(url: str, tag: str) -> int | None:
    """Number of the block that a node calls so; None where it does not answer."""
    asked = {"jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber", "params": [tag, False]}
    with suppress(httpx.TransportError, ValueError, KeyError, TypeError):
        found = plain.post(url, json=asked, timeout=2).json()["result"]
        return int(found["number"], 16)
    return None


def _run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    env = {**os.environ, **(environment or {})}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=SECONDS, env=env
    )
    if done.returncode:
        text = " ".join(command[:4])
        raise NotFounded(f"{text} failed: {(done.stderr or done.stdout)[-1500:]}")
    return done.stdout
