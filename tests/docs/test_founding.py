"""The operators' guide is followed word for word on a chain of its own, with the number 4242.

Blocks: `sh` is run as it stands, `exit=N` ends with that code (others with 0), `background` runs
until the end, `after=7days` comes seven days later. The shell finds Python, the commands that come
with it, and `TOOLS`: what the guide needs, every machine has.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from gateway.devnet import plain
from ledger.chain.network import NetworkFile
from tests.support.anvil import Anvil, start_anvil

ROOT = Path(__file__).resolve().parent.parent.parent
GUIDES = ("README.md", "README.zh-CN.md")
CHAIN = 4242
NO_FEES = ("--block-base-fee-per-gas", "0", "--disable-min-priority-fee")
SECONDS = 900.0
LATER = 7 * 86_400 + 600
TOOLS = ("sh", "cp", "mkdir", "mv", "sleep")
EXAMPLE = "北京_行政处罚_gb18030.csv"


class Block(NamedTuple):
    """A fenced block: its language, the words behind it, its text."""

    language: str
    words: dict[str, str]
    text: str


def blocks(name: str) -> list[Block]:
    text = (ROOT / "docs/operators" / name).read_text("utf-8")
    found = re.findall(r"^```(\w+)([^\n]*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    made = []
    for language, info, body in found:
        pairs = (word.partition("=") for word in info.split())
        made.append(Block(language, {name: value for name, _, value in pairs}, body))
    return made


def test_both_languages_show_the_same_commands() -> None:
    assert blocks(GUIDES[0]) == blocks(GUIDES[1])


class Operator:
    """A shell in an empty folder; what is exported in one block is there in the next."""

    def __init__(self, folder: Path, anvil: Anvil, ports: tuple[int, int], tools: Path) -> None:
        self.folder = folder
        self.anvil = anvil
        self.port, self.operator_port = ports
        self._services: list[tuple[subprocess.Popen[bytes], str]] = []
        clean = {key: value for key, value in os.environ.items() if "CREDIT_LEDGER" not in key}
        path = f"{Path(sys.executable).parent}{os.pathsep}{tools}"
        self.environment = clean | {"PATH": path, "CREDIT_LEDGER_LANG": "en"}
        # One node of one: what a machine on a desk has. In earnest there are several.
        self.environment["CREDIT_LEDGER_ENV"] = "development"
        self._state = folder / "environment"

    def follow(self, block: Block) -> None:
        text = self._ours(block.text)
        assert block.language == "sh", block
        if "background" in block.words:
            self._serve(text)
        else:
            if "after" in block.words:
                self._wait_a_week()
            self._run(text, int(block.words.get("exit", 0)))

    def close(self) -> None:
        for process, _ in self._services:
            process.terminate()
        for process, _ in self._services:
            process.wait(300)

    def _ours(self, text: str) -> str:
        """Other ports than the usual, which may be taken."""
        ours = {"8545": self.anvil.port, "8546": self.port, "9546": self.operator_port}
        return re.sub(r"\b[89]54[56]\b", lambda found: str(ours[found[0]]), text)

    def _run(self, text: str, code: int) -> None:
        before = f'[ -f "{self._state}" ] && . "{self._state}"\nset -a -e\n'
        script = f'{before}{text}\nexport -p > "{self._state}"\n'
        done = subprocess.run(
            ["sh", "-c", script],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == code, f"{text}\n{done.stdout}\n{done.stderr}"

    def _serve(self, text: str) -> None:
        with (self.folder / "log.jsonl").open("ab") as log:
            process = subprocess.Popen(
                ["sh", "-c", f"exec {text}"],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._services.append((process, text))
        deadline = time.monotonic() + SECONDS
        while not self._ready():
            assert process.poll() is None, (self.folder / "log.jsonl").read_text()
            assert time.monotonic() < deadline, "not ready in time"
            time.sleep(0.2)

    def _ready(self) -> bool:
        try:
            return plain.get(f"http://127.0.0.1:{self.port}/readyz", timeout=60).is_success
        except httpx.TransportError:
            return False

    def _wait_a_week(self) -> None:
        """The chain and all clocks."""
        self.anvil.call("evm_increaseTime", LATER)
        self.anvil.mine()
        self.environment["CREDIT_LEDGER_NOW"] = f"+{LATER}"


@pytest.fixture
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the programs that the guide may call, and no other."""
    folder = tmp_path_factory.mktemp("tools")
    for name in TOOLS:
        found = shutil.which(name)
        assert found, f"{name} is not in PATH"
        (folder / name).symlink_to(found)
    return folder


def free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1]), int(other.getsockname()[1])


@pytest.fixture
def operator(tmp_path: Path, tools: Path) -> Iterator[Operator]:
    (tmp_path / EXAMPLE).symlink_to(ROOT / "examples" / EXAMPLE)
    with start_anvil(chain_id=CHAIN, args=NO_FEES) as anvil:
        operator = Operator(tmp_path, anvil, free_ports(), tools)
        try:
            yield operator
        finally:
            operator.close()


def test_the_guide_is_followed(operator: Operator) -> None:
    for block in blocks(GUIDES[0]):
        operator.follow(block)
    network = NetworkFile.load(operator.folder / "network.json", development=True)
    assert network.chain_id == CHAIN
