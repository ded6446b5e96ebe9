"""Four provinces: a validator and a gateway each, the lines between them, and what befalls them."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import combinations
from pathlib import Path
from typing import Any

import httpx
import psutil
import sqlalchemy as sa

from gateway.base.db import open_engine
from gateway.devnet import plain
from gateway.devnet.layout import free_ports
from gateway.devnet.processes import ended
from scripts.chaos_parts.lines import CUT, OPEN, Lines, open_lines
from scripts.chaos_parts.site import wait
from scripts.consortium_parts import material
from scripts.consortium_parts.engine import Engine
from scripts.consortium_parts.founding import COMMAND, OURS, Founding
from scripts.consortium_parts.genesis import Ports
from scripts.consortium_parts.plan import BEACOND, GATEWAY, GETH, KILL, PAUSE, PROVINCES, Fault
from scripts.consortium_parts.process import Process
from scripts.consortium_parts.validators import Chain, Validator, line_name

NODES = "nodes"
"""Lines from a gateway to the node of another province."""
BEHIND = 2
"""Blocks that a node may be behind the newest one and count as well."""
READY_SECONDS = 300.0
LATE_SECONDS = 15.0
"""For which a beacond may be behind before the watchdog starts it again."""

Progress = Callable[[str], None]


class NotStarted(Exception):
    """Something did not come up; its last words."""


class Province:
    """One of four, and what its clients need. See `scripts.chaos_parts.checks.Place`."""

    def __init__(self, code: str, validator: Validator, folder: Path, url: str) -> None:
        self.code = code
        self.validator = validator
        self.file = folder / "network.json"
        self.urls = {code: url}
        self.folder = folder / code
        self.token = ""
        config = str(self.folder / "gateway.toml")
        command = [*COMMAND, "gateway", "serve", "--config", config]
        self.gateway = Process(command, folder / f"{code}.jsonl", OURS)

    def open(self, token: str) -> None:
        """Know what clients send, and read the database beside the gateway."""
        self.token = token
        self.engine: sa.Engine = open_engine(f"sqlite:///{self.folder / 'gateway.db'}")

    @property
    def processes(self) -> Mapping[str, Process]:
        """In the order in which they start."""
        return {**self.validator.processes, GATEWAY: self.gateway}

    def sent(self, number: int) -> Mapping[str, Any]:
        """The fields of a record, as a client sent them."""
        return material.fields(self.code, number)

    def log(self, name: str) -> dict[str, Any]:
        """Its log, as the gateway shows it."""
        answer = plain.get(f"{self.urls[name]}/v1/node", timeout=10)
        found: dict[str, Any] = answer.raise_for_status().json()["logs"][0]
        return found

    def ready(self) -> str | None:
        """What keeps the gateway from working; None: it works, chain and all."""
        try:
            answer = plain.get(f"{self.urls[self.code]}/readyz", timeout=10)
            told = answer.json()
        except (httpx.TransportError, ValueError) as error:
            return type(error).__name__
        if not answer.is_success:
            return str(told.get("reason", told.get("code")))
        found: str | None = told.get("chainError") or told.get("anchorError")
        return found


class Site:
    """All of it, running. started: times that a process was found ended, or standing, and was
    started again, as an init system with a watchdog does."""

    def __init__(self, folder: Path, engine: Engine, lines: Lines, progress: Progress) -> None:
        self.folder = folder
        self._lines = lines
        ports = free_ports(7 * len(PROVINCES))
        ours = {code: [ports.pop() for _ in range(7)] for code in PROVINCES}
        validators = [
            Validator(code, folder / "validators" / code, engine, _ports(ours[code]))
            for code in PROVINCES
        ]
        self.chain = Chain(validators, lines)
        self.urls = {code: f"http://127.0.0.1:{ours[code][5]}" for code in PROVINCES}
        members = folder / "members"
        members.mkdir()
        self.provinces = {
            one.name: Province(one.name, one, members, self.urls[one.name]) for one in validators
        }
        self.file = members / "network.json"
        self.started: dict[str, int] = {}
        self.relatives: list[psutil.Process] = []
        """Processes that killed ones had started: none may stay."""
        self.watchdog = Watchdog()
        self._down: set[Process] = set()
        self._found(Founding(members), engine, ours, progress)

    def _found(
        self,
        founding: Founding,
        engine: Engine,
        ours: Mapping[str, list[int]],
        progress: Progress,
    ) -> None:
        """Chain, contracts, settings of the gateways; what runs is stopped where that fails."""
        progress("keys of four members")
        funded = founding.make_keys(self.urls)
        progress("the beginning of the chain")
        self.chain.found(funded, engine)
        try:
            self.chain.start()
            if not wait(lambda: self._begins() or not self.chain.runs) or not self._begins():
                raise NotStarted(f"no blocks: {self._last_words()}")
            progress("contracts, members, catalogue")
            nodes = {code: one.validator.ports for code, one in self.provinces.items()}
            founding.found([ports.url for ports in nodes.values()])
            progress("gateways")
            for code, one in self.provinces.items():
                rpc = [nodes[code].url, *self._roads(code, nodes)]
                config = founding.settle(code, self.urls[code], ours[code][5], ours[code][6], rpc)
                one.open(founding.token(config))
        except BaseException:
            self.close()
            raise

    def _begins(self) -> bool:
        """Whether all nodes have blocks."""
        return level(self.heights(), 0)

    def _roads(self, code: str, nodes: Mapping[str, Ports]) -> list[str]:
        """To the nodes of the others, each over a line of its own."""
        others = [other for other in nodes if other != code]
        ports = [
            self._lines.add(line_name(NODES, code, other), nodes[other].rpc) for other in others
        ]
        return [f"http://127.0.0.1:{port}" for port in ports]

    def start(self) -> None:
        """The gateways; the chain runs. Raises NotStarted."""
        for one in self.provinces.values():
            one.gateway.start()
        if not wait(lambda: not any(self.waits_for().values()), READY_SECONDS, pause=1):
            raise NotStarted(str(self.waits_for()))

    def waits_for(self) -> dict[str, str | None]:
        """By province, what keeps its gateway from working."""
        return {code: one.ready() for code, one in self.provinces.items()}

    def heights(self) -> dict[str, int | None]:
        """The newest block of each node."""
        return self.chain.heights()

    def begin(self, fault: Fault) -> None:
        """Let it go wrong, everywhere at once."""
        for code in fault.where:
            ones = [self.provinces[code].processes[part] for part in fault.parts]
            if fault.kind == KILL:
                self._down |= set(ones)
                self.relatives += [child for one in ones for child in one.children()]
            for one in ones:
                if fault.kind == KILL:
                    one.kill()
                elif fault.kind == PAUSE:
                    one.signal(signal.SIGSTOP)
        self._set_lines(fault, CUT)

    def end(self, fault: Fault) -> None:
        """As it was: what was killed starts again."""
        for code in fault.where:
            for part in fault.parts:
                one = self.provinces[code].processes[part]
                if fault.kind == PAUSE:
                    one.signal(signal.SIGCONT)
                self._down.discard(one)
                self._start(code, part)
        self._set_lines(fault, OPEN)

    def revive(self) -> None:
        """Start what ended by itself, a beacond that stands although its geth answers, and one that
        stays behind: it takes one block at a time from the others, and more slowly than they make
        them, while one that starts takes all at once."""
        heights = self.heights()
        late = self.watchdog.late(heights, time.monotonic())
        for code, province in self.provinces.items():
            for part, one in province.processes.items():
                if one in self._down:
                    continue
                given_up = heights[code] is not None and province.validator.stands()
                if part == BEACOND and (given_up or code in late):
                    one.kill()
                if not one.runs:
                    self._count(part, code, late=part == BEACOND and code in late)
                    self._start(code, part)

    def _count(self, part: str, code: str, *, late: bool) -> None:
        name = f"{part} {code}" + (" (behind)" if late else "")
        self.started[name] = self.started.get(name, 0) + 1

    def left_behind(self) -> list[int]:
        """Ids of processes that outlive who started them."""
        return [one.pid for one in self.relatives if not ended(one, 30.0)]

    def close(self) -> None:
        """Stop everything, gateways first."""
        for name in self._lines.names:
            self._lines.set(name, OPEN)
        for one in self.provinces.values():
            one.gateway.stop()
            if hasattr(one, "engine"):
                one.engine.dispose()
        self.chain.stop()

    def _start(self, code: str, part: str) -> None:
        if part in (GETH, BEACOND):
            self.chain.validators[code].start(part)
        else:
            self.provinces[code].gateway.start()

    def _set_lines(self, fault: Fault, mode: str) -> None:
        """Both ways, between those that the fault separates."""
        known = set(self._lines.names)
        for first, second in combinations(PROVINCES, 2):
            if not fault.cuts(first, second):
                continue
            for kind in ("blocks", "peers", NODES):
                for pair in ((first, second), (second, first)):
                    if (name := line_name(kind, *pair)) in known:
                        self._lines.set(name, mode)

    def _last_words(self) -> str:
        ones = self.chain.validators.values()
        return "\n".join(one.beacond.tail() + one.geth.tail() for one in ones)[-4000:]


def level(heights: Mapping[str, int | None], beyond: int) -> bool:
    """Whether all nodes have blocks beyond that one, and none is far behind the newest. heights:
    None where a node does not answer."""
    found = [height for height in heights.values() if height is not None]
    if len(found) < len(heights):
        return False
    return min(found) > beyond and max(found) - min(found) <= BEHIND


def _ports(numbers: list[int]) -> Ports:
    rpc, engine, peers, blocks, status = numbers[:5]
    return Ports(rpc=rpc, engine=engine, peers=peers, blocks=blocks, status=status)


class Watchdog:
    """Knows since when a node is behind."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    def late(self, heights: Mapping[str, int | None], now: float) -> set[str]:
        """Whose nodes are behind the newest by more than `BEHIND` for `LATE_SECONDS`; each is named
        once in so long. One that does not answer is not behind: it is away."""
        newest = max((one for one in heights.values() if one is not None), default=0)
        behind = {
            code for code, one in heights.items() if one is not None and newest - one > BEHIND
        }
        self._since = {code: self._since.get(code, now) for code in behind}
        found = {code for code, since in self._since.items() if now - since >= LATE_SECONDS}
        self._since |= dict.fromkeys(found, now)
        return found


@contextmanager
def site(folder: Path, engine: Engine, progress: Progress) -> Iterator[Site]:
    """A fresh one in `folder`, stopped at the end whatever happens."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with ExitStack() as stack:
        lines = stack.enter_context(open_lines())
        made = Site(folder, engine, lines, progress)
        stack.callback(made.close)
        made.start()
        yield made
