"""Four provinces, each with a gateway and a database of its own, two of them on PostgreSQL; and the
people who work there, with the command line."""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.devnet import services
from gateway.devnet.layout import NODES, Layout, Ports, choose_ports, load_ports, store_ports
from gateway.devnet.members import SETTINGS
from gateway.devnet.services import Network
from ledger.chain.contracts.bindings import CASE_REGISTRY, CaseRegistry, Consortium
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.quorum import QuorumReader
from ledger.core.ids import Address
from ledger.core.receipt import parse
from ledger.core.status import Act
from scripts.demo_parts.today import PLACES, complete, penalty
from tests.e2e.member import SECONDS, until
from tests.support.postgres import USED, database_url, drop_databases, server_url

BEIJING, TIANJIN, HEBEI, SHANXI = PLACES
ON_POSTGRESQL = (TIANJIN, HEBEI)
DAY = 86_400
AHEAD = "CREDIT_LEDGER_NOW"

Run = Callable[..., tuple[int, str]]
"""Runs a command line; (exit code, what it printed)."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A record that was filed, and the receipt that a bank holds of it."""

    owner: str
    record: str
    leaf: str
    receipt: Path


class Provinces:
    """The network in a folder, and whoever works with it."""

    def __init__(self, folder: Path, run: Run, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._run = run
        self._patch = patch
        self._numbers = 0
        self._days = 0
        layout = Layout(folder)
        layout.run.mkdir(parents=True)
        store_ports(layout, choose_ports(0))
        self.network = Network(layout, load_ports(layout))
        for code in ON_POSTGRESQL:
            _write_settings(layout, self.network.ports, code)
        self.file = self.up(*PLACES)
        self._officers = {
            (code, scope): self._new_token(code, scope)
            for code in (BEIJING, TIANJIN, HEBEI)
            for scope in ("decide", "release")
        }

    # ---- the network

    def up(self, *codes: str) -> Path:
        """Start these, with the chain."""
        nodes = [member for member in NODES if member.code in codes]
        return services.up(self.folder, 0, lambda _step: None, nodes=nodes)

    def stop(self, code: str) -> None:
        """A province goes away."""
        self.network.gateway(code).stop()

    def next_day(self, *codes: str, days: int = 1) -> None:
        """The chain, and these gateways, and every command line, so many days on."""
        self._days += days
        self._patch.setenv(AHEAD, f"+{self._days * DAY}")
        self.up(*codes)

    def config(self, code: str) -> Path:
        return self.folder / "members" / code / "gateway.toml"

    def registry(self) -> Address:
        """Of the statuses of records."""
        with self._chain() as registry:
            return registry.address

    def acknowledged(self) -> tuple[int, dict[str, int]]:
        """(acts on the chain, how many of them each province says to have carried out)."""
        with self._chain() as registry:
            said = {code: registry.acknowledged(code).count for code in PLACES}
            return registry.latest().count, said

    @contextmanager
    def _chain(self) -> Iterator[CaseRegistry]:
        network = NetworkFile.load(self.file)
        with closing(QuorumReader(network, max_ahead=None)) as reader:
            view = reader.head()
            found = Consortium(network.consortium, view.call, view.calls).current(CASE_REGISTRY)
            assert found is not None
            yield CaseRegistry(found, view.call, view.calls)

    # ---- the command line

    def run(self, *words: object, expect: tuple[int, ...] = (0,)) -> str:
        """What a command printed."""
        code, told = self._run(*words)
        assert code in expect, (words, code, told)
        return told

    def json(self, *words: object, expect: tuple[int, ...] = (0,)) -> Any:
        return json.loads(self.run(*words, "--json", expect=expect))

    def at(self, code: str, scope: str = "submit") -> tuple[str, ...]:
        """The options by which a command is told its node, and who asks: the clerk, or the officer
        who decides or releases."""
        clerk = self.folder / "members" / code / "token"
        token = clerk.read_text().strip() if scope == "submit" else self._officers[code, scope]
        return ("--to", self.network.ports.endpoint(code), "--token", token)

    def _new_token(self, code: str, scope: str) -> str:
        scopes = ("--scope", "read", "--scope", scope, "--config", self.config(code))
        return self.run("gateway", "token", "add", f"{scope}-officer", *scopes).splitlines()[-1]

    def paper(self, name: str) -> tuple[str, Path]:
        """A document to hand in."""
        path = self.folder / f"{name}.pdf"
        path.write_bytes(f"%PDF-1.7\n% synthetic: {name}\n%%EOF\n".encode())
        return "--doc", path

    # ---- records

    def submit(self, owner: str, rows: dict[str, dict[str, Any]]) -> dict[str, Kept]:
        """File records, anchored when it returns, and fetch their receipts; by the same names."""
        self._numbers += 1
        path = self.folder / f"{owner}-{self._numbers}.ndjson"
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows.values()]
        path.write_text("".join(lines), "utf-8")
        answers = self.json("submit", path, *self.at(owner), "--wait")["verdicts"]
        assert {one["verdict"] for one in answers} == {"accepted"}, answers
        found = {}
        for name, answer in zip(rows, answers, strict=True):
            receipt = self.folder / f"{name}.receipt.json"
            (_, url, *token), out = self.at(owner), ("-o", receipt, "--wait", f"{SECONDS:.0f}")
            self.run("receipt", answer["leaf"], "--from", url, *token, *out)
            found[name] = Kept(owner, answer["recordId"], answer["leaf"], receipt)
        return found

    def verdict(self, kept: Kept, *more: object) -> dict[str, Any]:
        """What a bank learns of a receipt; with the exit code."""
        command = ("verify", kept.receipt, "--network", self.file, "--json", *more)
        code, told = self._run(*command)
        return {**json.loads(told), "exit": code}

    def word(self, kept: Kept) -> tuple[str, int, bool | None]:
        """(verdict, exit code, usable)."""
        found = self.verdict(kept)
        return found["verdict"], found["exit"], found["usable"]

    def becomes(self, kept: Kept, word: str) -> None:
        """Wait for a verdict that nobody waits for at the command line."""
        until(lambda: self.word(kept)[0] == word, f"{word} of {kept.record[:8]}")

    # ---- decisions

    def file_case(self, home: str, kept: Kept, kind: str, *more: object) -> str:
        """File at the firm's home, and see it arrive at the owner; the case."""
        said = ("--owner", kept.owner, "--kind", kind, "--reason", "申请（合成样例）", *more)
        paper = self.paper(f"{kind}-{kept.record[:8]}")
        told = self.json("case", "file", kept.record, *said, *paper, *self.at(home))
        case = str(told["case"])
        there = ("case", "show", case, *self.at(kept.owner))
        until(lambda: self._run(*there)[0] == 0, f"case {case[:8]} at {kept.owner}")
        return case

    def decide(self, kept: Kept, case: str, act: str, *more: object) -> None:
        """One person of the owner decides a case, another one releases it."""
        paper = self.paper(f"{act}-{case[:8]}")
        officer = self.at(kept.owner, "decide")
        self.run("case", "decide", case, act, *more, *paper, *officer)
        self.run("case", "release", case, *self.at(kept.owner, "release"))

    def own(self, kept: Kept, act: str, basis: int) -> None:
        """The owner decides about its record without a filing, by two persons."""
        paper = self.paper(f"{act}-{kept.record[:8]}")
        said = ("--basis", basis, *paper)
        self.run("record", act, kept.record, *said, *self.at(kept.owner, "decide"))
        self.run("record", "release", kept.record, *self.at(kept.owner, "release"))

    def release_file(self, owner: str, file: str) -> None:
        """Another person releases all that a file proposes."""
        told = self.json("files", "release", file, *self.at(owner, "release"))
        assert (told["counts"]["done"], told["acts"]["recorded"]) == (1, 1), told

    def state(self, owner: str, case: str) -> str:
        return str(self.json("case", "show", case, *self.at(owner))["state"])

    def vote(self, acts: list[dict[str, Any]], voters: tuple[str, ...]) -> None:
        """Provinces decide about records whose owner does not."""
        path = self.folder / "acts.json"
        path.write_text(json.dumps(acts))
        first, *_, last = voters
        values = (f"registry={self.registry()}", f"acts=@{path}")
        made = self.json("govern", "propose", "act", *values, "--config", self.config(first))
        for code in voters:
            self.run("govern", "vote", made["proposal"], "yes", "--config", self.config(code))
        self.run("govern", "execute", made["proposal"], "--config", self.config(last))


def penal(owner: str, home: str, number: int, *, age: int = 200, **changes: str) -> dict[str, Any]:
    """A penalty against a firm of `home`, so many days old, as its owner files it."""
    row: dict[str, Any] = penalty(owner, number, today() - timedelta(days=age))
    row["fields"] |= {
        "CF_XDR_MC": f"合成样例四省{number}号有限公司",
        "CF_XDR_SHXYM": complete(f"91{PLACES[home]}", f"MAFR{number:04}"),
        "CF_WSH": f"样四罚〔2026〕{number}号",
        **changes,
    }
    return row


def act_on(kept: Kept, **words: Any) -> Act:
    """An act on a record, as its receipt names it."""
    receipt = parse(kept.receipt.read_bytes())
    return Act(log=receipt.log, commitment=receipt.entry.commitment, **words)


def midnight() -> int:
    """Unix seconds at which this day began in China, by the clock of the command lines."""
    now = int(time.time()) + int(os.environ.get(AHEAD, "+0"))
    zone = 8 * 3600
    return (now + zone) // DAY * DAY - zone


def today() -> date:
    """The day that the command lines are in."""
    return datetime.fromtimestamp(midnight(), ZoneInfo("Asia/Shanghai")).date()


def _write_settings(layout: Layout, ports: Ports, code: str) -> None:
    """As `network up` writes them, but for the database."""
    folder = layout.member(code)
    folder.mkdir(parents=True)
    name = next(member.name for member in NODES if member.code == code)
    text = SETTINGS.format(code=code, name=name, port=ports.members[code])
    url = database_url(folder)
    assert url.startswith("postgresql")
    (folder / "gateway.toml").write_text(text.replace("sqlite:///gateway.db", url), "utf-8")


@contextmanager
def founded(folder: Path, run: Run) -> Iterator[Provinces]:
    """The network, stopped at the end whatever happens."""
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        if not os.environ.get(USED):
            patch.setenv(USED, stack.enter_context(server_url()))
        stack.callback(drop_databases, folder)
        stack.callback(services.down, folder)
        yield Provinces(folder, run, patch)
