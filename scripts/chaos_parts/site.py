"""What is broken: a chain, PostgreSQL, a signing service, two gateways of one member, and the lines
between them. Each is started again as an init system would, and by nobody else."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
import sqlalchemy as sa

from gateway.base.db import open_engine
from gateway.base.revision import migrate
from gateway.devnet import plain, services
from gateway.devnet.layout import Layout, load_ports
from gateway.devnet.members import key_path
from gateway.devnet.processes import Detached, ended
from gateway.devnet.services import Network
from gateway.tokens.services import add_token
from scripts.bench_parts.material import CODE
from scripts.chaos_parts.lines import CUT, HOLD, MUTE, OPEN, Lines, Upstream, open_lines
from scripts.chaos_parts.load import sent
from scripts.chaos_parts.plan import BEHIND, GATEWAYS, Fault
from scripts.chaos_parts.signer import refer
from tests.support.postgres import Postgres, start_postgres

ROOT = Path(__file__).resolve().parent.parent.parent
COMMAND = Path(sys.executable).parent / "credit-ledger"
DATABASE = "chaos"
REMOTE = ("ANCHOR", "NOTE", "PRESENT")
"""Keys that the signing service holds."""
TOKEN = "chaos-signer"  # noqa: S105 - between two processes of this run
PATIENCE = 600.0
"""Seconds for what must happen on any machine."""
MODES = {"cut": CUT, "hold": HOLD, "mute": MUTE}
SETTINGS = """\
# Made by scripts/chaos.py: all that this gateway asks goes over a line that can be cut.
env = "development"
network = "../../network.json"
database_url = "{database}"
rpc = ["{chain}"]
keys = "{keys}"
key_password_file = "keys/password"

[node]
code = "{code}"
name = "天津市"
go_live = 2024-01-01

[http]
port = {port}
"""


class Site:
    """All of it, running. urls: of the gateways themselves; fronts: over their clients' lines.
    started: times that a process was found ended and started again."""

    def __init__(self, folder: Path, postgres: Postgres, lines: Lines) -> None:
        self.folder = folder
        self.postgres = postgres
        self.lines = lines
        self.file = services.up(folder, 0, lambda _step: None, nodes=[]).resolve()
        layout = Layout(folder.resolve())
        self.network = Network(layout, load_ports(layout))
        self.code = CODE
        self.member = layout.member(CODE)
        self.engine, self.token = self._database()
        port = self._signer_port()
        self.signer = self._detached(
            "signer",
            ["scripts.chaos_parts.signer", "--keys", str(folder / "signer"), "--port", str(port)],
        )
        self._move_keys()
        self.urls: dict[str, str] = {}
        self.fronts: dict[str, str] = {}
        self.gateways = {name: self._gateway(name, n, port) for n, name in enumerate(GATEWAYS)}
        self._down: set[str] = set()
        self.started: dict[str, int] = {}
        self.relatives: list[psutil.Process] = []
        """Processes that killed ones had started: none may stay."""
        self.processes = {**self.gateways, "chain": self.network.chain, "signer": self.signer}

    def start(self) -> None:
        """Start what does not run yet."""
        for name in ("signer", *self.gateways):
            self._start(name)

    def begin(self, fault: Fault) -> None:
        """Let it go wrong."""
        for target in fault.targets:
            if fault.kind == "kill":
                self._kill(target)
            elif fault.kind == "stop":
                self._down.add(target)
                _signal(self._tree(target)[:1], signal.SIGTERM)
            elif fault.kind == "pause":
                _signal(self._tree(target), signal.SIGSTOP)
            else:
                self.lines.set(target, MODES[fault.kind])

    def end(self, fault: Fault) -> None:
        """As it was: what was killed starts again."""
        for target in fault.targets:
            if fault.kind in ("kill", "stop"):
                self._await_end(target)
                self._down.discard(target)
                self._start(target)
            elif fault.kind == "pause":
                _signal(reversed(self._tree(target)), signal.SIGCONT)
            else:
                self.lines.set(target, OPEN)

    def revive(self) -> None:
        """Start what ended by itself, as an init system does."""
        for name, process in self.processes.items():
            if name not in self._down and process.find() is None:
                self.started[name] = self.started.get(name, 0) + 1
                self._start(name)

    def ready(self, name: str) -> str | None:
        """What a gateway says that keeps it from working; None: it works, chain and all."""
        try:
            answer = plain.get(f"{self.urls[name]}/readyz", timeout=10)
            told = answer.json()
        except (httpx.TransportError, ValueError) as error:
            return type(error).__name__
        if not answer.is_success:
            return str(told.get("reason", told.get("code")))
        found: str | None = told.get("chainError") or told.get("anchorError")
        return found

    def log(self, name: str) -> dict[str, Any]:
        """The member's log, as that gateway shows it."""
        answer = plain.get(f"{self.urls[name]}/v1/node", timeout=10)
        found: dict[str, Any] = answer.raise_for_status().json()["logs"][0]
        return found

    def sent(self, number: int) -> Mapping[str, Any]:
        """The fields of a record, as a client sent them."""
        return sent(number)

    def doctor(self, name: str) -> list[dict[str, Any]]:
        """What `gateway doctor` finds that is a problem, beside that gateway."""
        config = str(self.member / f"{name}.toml")
        command = [str(COMMAND), "gateway", "doctor", "--json", "--config", config]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
        try:
            found = json.loads(done.stdout)["findings"]
        except (ValueError, KeyError):
            return [{"code": "doctor-failed", "level": "problem", "text": {"en": done.stderr}}]
        return [one for one in found if one["level"] == "problem"]

    def left_behind(self) -> list[int]:
        """Ids of processes that outlive who started them."""
        return [one.pid for one in self.relatives if not ended(one, 30.0)]

    def close(self) -> None:
        """Stop everything. What stands still goes on first, or it would not hear of it."""
        for name in self.lines.names:
            self.lines.set(name, OPEN)
        for target in ("database", *self.processes):
            _signal(reversed(self._tree(target)), signal.SIGCONT)
        self.engine.dispose()
        for name in (*self.gateways, "signer"):
            self.processes[name].stop()

    def _kill(self, target: str) -> None:
        if target == "database":
            self.postgres.kill()
            return
        self._down.add(target)
        found = self.processes[target].find()
        if found is None:
            return
        self.relatives += found.children(recursive=True)
        found.kill()
        ended(found, PATIENCE)

    def _await_end(self, target: str) -> None:
        """What was asked to stop answers first what was under way."""
        if target != "database" and (found := self.processes[target].find()) is not None:
            ended(found, PATIENCE)

    def _start(self, target: str) -> None:
        if target == "database":
            self.postgres.start()
        else:
            self.processes[target].start({"PYTHONPATH": str(ROOT)} if target == "signer" else {})

    def _tree(self, target: str) -> list[psutil.Process]:
        if target == "database":
            return self.postgres.processes()
        found = self.processes[target].find()
        return [] if found is None else _tree(found)

    def _database(self) -> tuple[sa.Engine, str]:
        """The database with its tables, reached without a line, and a token."""
        url = sa.make_url(self.postgres.url)
        admin = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {DATABASE}")
        engine = open_engine(url.set(database=DATABASE).render_as_string(hide_password=False))
        migrate(engine)
        now = datetime.now(UTC)
        _, token = add_token(
            engine, name="chaos", scopes=("submit", "read"), department=None, now=now
        )
        return engine, token

    def _signer_port(self) -> int:
        """A port that no member's gateway uses here: there is one of a kind."""
        return next(port for code, port in self.network.ports.members.items() if code != CODE)

    def _move_keys(self) -> None:
        """The service gets the keys, the gateways what names it."""
        theirs = self.folder / "signer"
        theirs.mkdir(mode=0o700)
        shutil.copy(self.member / "keys" / "password", theirs / "password")
        _write(theirs / "token", TOKEN)
        for purpose in REMOTE:
            shutil.move(key_path(self.member, purpose), theirs)

    def _gateway(self, name: str, number: int, signer: int) -> Detached:
        """One gateway with lines of its own."""
        ports = self.network.ports
        others = [port for code, port in ports.members.items() if code != CODE and port != signer]
        port = ports.members[CODE] if number == 0 else others[0]
        ends: dict[str, Upstream] = {
            "clients": port,
            "database": self.postgres.socket,
            "chain": ports.chain,
            "signer": signer,
        }
        near = {end: self.lines.add(f"{name}/{end}", ends[end]) for end in BEHIND}
        self.urls[name] = f"http://127.0.0.1:{port}"
        self.fronts[name] = f"http://127.0.0.1:{near['clients']}"
        keys = self._keys(name, near["signer"])
        config = self.member / f"{name}.toml"
        _write(
            config,
            SETTINGS.format(
                database=f"postgresql://postgres@127.0.0.1:{near['database']}/{DATABASE}",
                chain=f"http://127.0.0.1:{near['chain']}",
                keys=keys.name,
                code=CODE,
                port=port,
            ),
        )
        return self._detached(
            name, ["ledger.cli.main", "gateway", "serve", "--config", str(config)]
        )

    def _keys(self, name: str, port: int) -> Path:
        """Its folder of keys: those of the service by its line, the others as they are."""
        folder = self.member / f"keys-{name}"
        shutil.copytree(self.member / "keys", folder)
        _write(folder / "signer.token", TOKEN)
        for purpose in REMOTE:
            name = f"{purpose.lower()}.json"
            url = f"http://127.0.0.1:{port}/sign"
            _write(folder / name, refer(self.folder / "signer" / name, url, "signer.token"))
        return folder

    def _detached(self, name: str, arguments: list[str]) -> Detached:
        layout = self.network.layout
        log = self.member / f"{name}.jsonl"
        return Detached(name=name, pid_file=layout.pid(name), log_file=log, arguments=arguments)


def wait(condition: Callable[[], bool], seconds: float = PATIENCE, pause: float = 0.2) -> bool:
    """Whether it becomes true within so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def _tree(process: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return [process, *process.children(recursive=True)]
    return []


def _signal(processes: Iterable[psutil.Process], number: int) -> None:
    for one in processes:
        with suppress(psutil.NoSuchProcess):
            one.send_signal(number)


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
    path.chmod(0o600)


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    """A fresh one in `folder`, stopped at the end whatever happens."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with ExitStack() as stack:
        lines = stack.enter_context(open_lines())
        postgres = stack.enter_context(start_postgres())
        stack.callback(services.down, folder)
        made = Site(folder, postgres, lines)
        stack.callback(made.close)
        made.start()
        yield made
