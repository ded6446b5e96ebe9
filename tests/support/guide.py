"""The operators' guide, followed word for word on a chain of its own, with the number 4242.

Blocks: `sh` is run as it stands; others are not. Words behind it:
`exit=N`           it ends with that code (others with 0)
`background`       it serves until the end; one that serves already is ended before
`step=NAME`        other chapters begin with it
`after=7days`      it comes seven days later
`after=mirrored`   it comes once the other nodes have kept what is anchored of that one
`lost=CODE`        the gateway of that member is killed before
`lost=chain`       all gateways end, and the chain begins anew
`chain=stopped`    its node does not answer from here on; `chain=running` ends that

The shell finds Python, the commands that come with it, and `TOOLS`: what the guide needs, every
machine has.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from gateway.devnet import plain
from ledger.chain.keys.keyfile import WORK_LIGHT, KeyFile, create
from ledger.cli import member_folder
from ledger.cli.main import run
from ledger.core.keys import Role
from scripts.demo_parts.today import penalty
from tests.support.anvil import Anvil, start_anvil

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs" / "operators"
CHAIN = 4242
NO_FEES = ("--block-base-fee-per-gas", "0", "--disable-min-priority-fee", "--gas-price", "0")
PROVINCES = ("110000", "120000", "130000", "140000")
SECONDS = 900.0
LATER = 7 * 86_400 + 600
TOOLS = ("sh", "cp", "mkdir", "mv", "rm", "sleep")
EXAMPLE = "北京_行政处罚_gb18030.csv"
CHAIN_PORT = "8545"
FIRMS = 5
"""That records of a department are about."""
_PORT = re.compile(r"\b[89]5[45]\d\b")
_SERVES = re.compile(r"gateway serve --config (\S+)")


class Block(NamedTuple):
    """A fenced block: its language, the words behind it, its text."""

    language: str
    words: dict[str, str]
    text: str


def blocks(page: str, step: str | None = None) -> list[Block]:
    """Of a page, in order. step: those with that word alone."""
    text = (PAGES / page).read_text("utf-8")
    found = re.findall(r"^```(\w+)([^\n]*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    made = []
    for language, info, body in found:
        pairs = (word.partition("=") for word in info.split())
        made.append(Block(language, {name: value for name, _, value in pairs}, body))
    return made if step is None else [one for one in made if one.words.get("step") == step]


class Operator:
    """A shell in a folder; what is exported in one block is there in the next."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self._stack = stack
        self._ports: dict[str, int] = {}
        self._services: dict[str, subprocess.Popen[bytes]] = {}
        self._state = folder / "environment"
        self.anvil = self._new_chain(0)
        clean = {key: value for key, value in os.environ.items() if "CREDIT_LEDGER" not in key}
        path = f"{Path(sys.executable).parent}{os.pathsep}{_tools(folder)}"
        self.environment = clean | {"PATH": path, "CREDIT_LEDGER_LANG": "en"}
        # One node of one: what a machine on a desk has. In earnest there are several.
        self.environment |= {"CREDIT_LEDGER_ENV": "development", "RPC": self.anvil.url}

    def _new_chain(self, port: int) -> Anvil:
        return self._stack.enter_context(start_anvil(port=port, chain_id=CHAIN, args=NO_FEES))

    def follow_page(self, page: str, step: str | None = None) -> None:
        """All of a page, or the blocks of a step."""
        for block in blocks(page, step):
            self.follow(block)

    def follow(self, block: Block) -> None:
        """One block, with what its words say comes before."""
        if block.language != "sh":
            return
        words, text = block.words, self._ours(block.text)
        self._wait_for(words)
        self._lose(words.get("lost"))
        if "chain" in words:
            self._chain_answers(words["chain"] == "running")
        if "background" in words:
            self._serve(text)
        else:
            self._run(text, int(words.get("exit", 0)))

    def close(self) -> None:
        """End all gateways."""
        for config in list(self._services):
            self._end(config, signal.SIGTERM)

    # ---- what a chapter and its test look at

    def port(self, text: str) -> int:
        """The free port that stands for one of the guide."""
        if text == CHAIN_PORT:
            return self.anvil.port
        return self._ports.setdefault(text, _free_port())

    def node(self, code: str) -> dict[str, Any]:
        """What a gateway says of itself."""
        found: dict[str, Any] = plain.get(f"{self._url(code)}/v1/node", timeout=300).json()
        return found

    def figures(self, port: str = "9546") -> str:
        """`/metrics` of the gateway with that operator's port."""
        return plain.get(f"http://127.0.0.1:{self.port(port)}/metrics", timeout=300).text

    def ready(self, code: str) -> bool:
        """Whether the gateway of a member takes records."""
        try:
            return plain.get(f"{self._url(code)}/readyz", timeout=60).is_success
        except httpx.TransportError:
            return False

    def until(self, what: str, condition: Any) -> None:
        """Wait until that is so."""
        deadline = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"{what}: not in time"
            time.sleep(0.2)

    def command(self, *words: object) -> tuple[int, str]:
        """Another command in the folder: (exit code, what it printed)."""
        done = subprocess.run(
            [str(Path(sys.executable).parent / "credit-ledger"), *map(str, words)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return done.returncode, done.stdout or done.stderr

    def submit(self, file: str, code: str, receipts: str) -> None:
        """Hand a file in at the node of a member, and fetch the receipts into a folder."""
        add = ("gateway", "token", "add", "desk", "--scope", "submit", "--scope", "read")
        status, token = self.command(*add, "--config", f"{code}/gateway.toml")
        assert status == 0, token
        to = ("--to", self._url(code), "--token", token.split()[-1])
        status, told = self.command("submit", file, *to, "--wait", "--receipts", receipts)
        assert status == 0, told

    # ---- single steps

    def _url(self, code: str) -> str:
        settings = tomllib.loads((self.folder / code / "gateway.toml").read_text("utf-8"))
        return f"http://127.0.0.1:{settings['http']['port']}"

    def _ours(self, text: str) -> str:
        """Other ports than the usual, which may be taken."""
        return _PORT.sub(lambda found: str(self.port(found[0])), text)

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
        found = _SERVES.search(text)
        assert found, text
        if found[1] in self._services:
            self._end(found[1], signal.SIGTERM)
        self._start(found[1])

    def _start(self, config: str) -> None:
        log_file = self.folder / f"{config.partition('/')[0]}.jsonl"
        with log_file.open("ab") as log:
            process = subprocess.Popen(
                [Path(sys.executable).parent / "credit-ledger", *_serve_words(config)],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._services[config] = process

        def up() -> bool:
            assert process.poll() is None, log_file.read_text()[-5000:]
            return self.ready(config.partition("/")[0])

        self.until(f"{config} is ready", up)

    def _end(self, config: str, how: signal.Signals) -> None:
        process = self._services.pop(config)
        process.send_signal(how)
        process.wait(300)

    def _wait_for(self, words: dict[str, str]) -> None:
        match words.get("after"):
            case "7days":
                self._wait_a_week()
            case "mirrored":
                self._wait_until_mirrored(words["lost"])
            case other:
                assert other is None, other

    def _wait_a_week(self) -> None:
        """The chain and all clocks."""
        self.anvil.call("evm_increaseTime", LATER)
        self.anvil.mine()
        self.environment["CREDIT_LEDGER_NOW"] = f"+{LATER}"
        for config in list(self._services):
            self._end(config, signal.SIGTERM)
            self._start(config)

    def _wait_until_mirrored(self, code: str) -> None:
        log = self.node(code)["logs"][0]
        others = [c for c in self._services if not c.startswith(f"{code}/")]
        assert others and log["size"] > 0

        def kept() -> bool:
            held = [
                one["size"]
                for config in others
                for one in self.node(config.partition("/")[0])["mirrors"]
                if one["log"] == log["log"]
            ]
            return bool(held) and min(held) >= log["size"]

        self.until(f"the log of {code} is kept", kept)

    def _lose(self, what: str | None) -> None:
        if what == "chain":
            for config in list(self._services):
                self._end(config, signal.SIGTERM)
            self.anvil.kill()
            self.anvil = self._new_chain(self.anvil.port)
        elif what is not None:
            self._end(f"{what}/gateway.toml", signal.SIGKILL)

    def _chain_answers(self, running: bool) -> None:
        os.kill(self.anvil.pid, signal.SIGCONT if running else signal.SIGSTOP)
        node = f"http://127.0.0.1:{self.anvil.port}"
        up = f'credit_ledger_node_up{{node="{node}"}} {int(running)}.0'
        error = 'credit_ledger_chain_error{code="none"} 0.0'
        self.until(
            f"the node is {'up' if running else 'away'}",
            lambda: up in (text := self.figures()) and (error in text) == running,
        )


def _serve_words(config: str) -> tuple[str, ...]:
    return "gateway", "serve", "--config", config


def _tools(folder: Path) -> Path:
    """A folder with the programs that the guide may call, and no other."""
    made = folder.with_name(f"{folder.name}-tools")
    made.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        assert found, f"{name} is not in PATH"
        (made / name).symlink_to(found)
    return made


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def operator_in(folder: Path) -> Iterator[Operator]:
    """Somebody in a folder with nothing but an example, beside a chain without fees."""
    folder.mkdir()
    (folder / EXAMPLE).symlink_to(ROOT / "examples" / EXAMPLE)
    with ExitStack() as stack:
        operator = Operator(folder, stack)
        stack.callback(operator.close)
        yield operator


def found_network(operator: Operator) -> None:
    """What the chapter on founding leaves, made quickly: keys that cost little to open, and all
    votes at once."""
    folder = operator.folder
    (folder / "public").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(member_folder, "create", _light)
        for name, value in operator.environment.items():
            if name.startswith("CREDIT_LEDGER"):
                patch.setenv(name, value)
        for code in PROVINCES:
            password = _password(folder / f"{code}.password")
            file = member_folder.make_member(
                folder / code,
                code=code,
                region=code,
                roles=Role.PROVINCE,
                endpoint="",
                password=password,
            )
            shutil.copy(file, folder / "public")
        _light("payer", folder / "deployer.json", _password(folder / "deployer.password"))
        plan = [f"--members={code}:{code}:PROVINCE" for code in PROVINCES]
        assert run(["consortium", "plan", *plan, "-o", str(folder / "plan.toml")]) == 0
        words = ["consortium", "found", str(folder / "plan.toml"), "--rpc", operator.anvil.url]
        words += ["--deployer", str(folder / "deployer.json"), "-o", str(folder / "network.json")]
        for code in PROVINCES:
            words += ["--member", str(folder / code)]
        for name in (*PROVINCES, "deployer"):
            words += ["--password-file", str(folder / f"{name}.password")]
        assert run(words) == 0


def _light(*args: Any, **more: Any) -> KeyFile:
    return create(*args, **more, work=WORK_LIGHT)


def _password(path: Path) -> bytes:
    path.write_text(f"{path.name} of a test\n")
    path.chmod(0o600)
    return path.read_bytes().strip()


def write_records(path: Path, code: str, first: int, count: int = 5) -> None:
    """As a department hands them in."""
    rows = []
    for number in range(first, first + count):
        row = penalty(code, number % FIRMS, date.today() - timedelta(days=1))
        row["fields"]["CF_WSH"] = f"样运罚〔2026〕{number}号"
        rows.append(json.dumps(row, ensure_ascii=False) + "\n")
    path.write_text("".join(rows), "utf-8")
