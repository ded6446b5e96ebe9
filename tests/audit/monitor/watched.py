"""A network that is watched: a door for each province behind which its gateway stands, as much of
it as a monitor sees, and a monitor that makes a round whenever a test says so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson

from ledger.audit.monitor.lines import Lines
from ledger.audit.monitor.run import Asked, Monitor, opened
from ledger.audit.tiles import Missing
from ledger.chain.network import NetworkFile
from tests.audit.conftest import Ledger
from tests.support.chain import MEMBERS, PROVINCES
from tests.support.doors import Door, open_door
from tests.support.ledger import MemberLog
from tests.support.votes import set_endpoint

HEBEI = "130000"


@dataclass
class Gateway:
    """What a member serves. node: changes of what it says of itself; copies: logs of others by id,
    as it keeps them; promised: beyond what is in its log."""

    log: MemberLog
    network: str
    copies: dict[str, MemberLog] = field(default_factory=dict)
    node: dict[str, Any] = field(default_factory=dict)
    promised: int = 0
    checkpoints: dict[str, str] = field(default_factory=dict)  # of copies

    def answer(self, path: str) -> tuple[int, bytes]:
        """Status and body."""
        if path == "/v1/node":
            return 200, orjson.dumps(self._node())
        _, kind, log, rest = (*path.split("/", 3), "", "", "")[:4]
        own = self.log if log == self.log.log_id.hex() else None
        found = own if kind == "logs" else self.copies.get(log)
        try:
            if found is None:
                raise Missing(path)
            if kind == "mirrors" and rest == "checkpoint":
                return 200, self._checkpoint(found).encode()
            return 200, found.fetch(rest, 1 << 20)
        except Missing:
            return 404, b""

    def _node(self) -> dict[str, Any]:
        size = len(self.log.entries)
        told = {"log": self.log.log_id.hex(), "promisedSize": size + self.promised}
        return {"code": self.log.member, "network": self.network, "logs": [told], **self.node}

    def _checkpoint(self, copy: MemberLog) -> str:
        """Of the last anchored size, as a mirror has it, with its own line."""
        name = copy.log_id.hex()
        if name not in self.checkpoints:
            size = copy.anchors[-1].size if copy.anchors else 0
            return copy.cosigned(size, self.log.member)
        return self.checkpoints[name]


@dataclass
class Watched:
    """The network, its gateways and doors, and what was told in the last round."""

    ledger: Ledger
    folder: Path
    gateways: dict[str, Gateway]
    doors: dict[str, Door]
    told: list[dict[str, Any]] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    ahead: int = 0  # of the monitor's clock

    def now(self) -> float:
        return self.ledger.network.anvil.head_time() + self.ahead

    @property
    def file(self) -> NetworkFile:
        return self.ledger.network.file

    def asked(self, **more: Any) -> Asked:
        values: dict[str, Any] = {"state": self.folder / "state", "patience": 0}
        return Asked(**values | more)

    @contextmanager
    def monitor(self, *, network: NetworkFile | None = None, **more: Any) -> Iterator[Monitor]:
        """A process of its own, so to speak."""
        with opened(
            network or self.file,
            self.asked(**more),
            now=self.now,
            stop=self.stop,
            log=Lines(lambda line: self.told.append(orjson.loads(line))),
        ) as made:
            yield made

    def round(self, **more: Any) -> int:
        """One round of a new process; its exit code."""
        self.told.clear()
        with self.monitor(**more) as made:
            return made.once()

    def codes(self, kind: str = "finding") -> list[str]:
        """Told in the last round, in order."""
        return [one["code"] for one in self.told if one["event"] == f"monitor.{kind}"]

    def found(self, code: str) -> dict[str, Any]:
        """The only one of a code that was told in the last round."""
        [one] = [one for one in self.told if one.get("code") == code]
        return one

    def mine(self, seconds: int = 1) -> None:
        """What was done is final."""
        self.ledger.network.anvil.mine(2, seconds=seconds)


@contextmanager
def watch(ledger: Ledger, folder: Path) -> Iterator[Watched]:
    """Everybody is there, and keeps copies of the anchored logs."""
    network = ledger.network
    own = {log.member: log for log in (ledger.beijing, ledger.tianjin)}
    logs = {code: own.get(code) or MemberLog(network, code) for code in PROVINCES}
    anchored = {log.log_id.hex(): log for log in own.values()}
    with ExitStack() as stack:
        doors = {code: stack.enter_context(open_door()) for code in PROVINCES}
        gateways = {}
        for code, door in doors.items():
            copies = {
                name: replace(log, served={}, entries=list(log.entries), anchors=list(log.anchors))
                for name, log in anchored.items()
                if log.member != code
            }
            gateways[code] = Gateway(logs[code], network.file.reference, copies)
            door.answer = gateways[code].answer
        for member in MEMBERS:
            set_endpoint(network, member, doors[member].url if member in doors else "")
        network.anvil.mine(2)
        yield Watched(ledger, folder, gateways, doors)
