"""Four provinces with a gateway each, and people who work there before a browser."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway.devnet import services
from gateway.devnet.layout import NODES, Layout, load_ports
from gateway.devnet.services import Network
from ledger.cli.main import run
from scripts.demo_parts.today import PLACES, complete, penalty
from tests.e2e.provinces import today

CODES = tuple(PLACES)
BEIJING, TIANJIN, HEBEI, SHANXI = CODES
AGE = 200
"""Days since a penalty: behind the minimum of the class `general`, before its maximum."""


@dataclass
class Desks:
    """The network in a folder. Each person has a token of their own."""

    folder: Path
    network: Network
    _tokens: dict[tuple[str, str], str] = field(default_factory=dict)
    _numbers: int = 0

    def url(self, code: str) -> str:
        return self.network.ports.endpoint(code)

    def token(self, code: str, name: str, *scopes: str) -> str:
        """Of a person of the centre of a province; the same one for the same name."""
        if (code, name) not in self._tokens:
            words = ["gateway", "token", "add", name]
            for scope in scopes:
                words += ["--scope", scope]
            config = self.folder / "members" / code / "gateway.toml"
            told = call(*words, "--config", config)
            self._tokens[code, name] = told.splitlines()[-1]
        return self._tokens[code, name]

    def penalties(self, owner: str, home: str, count: int = 1) -> list[str]:
        """Record ids of penalties against firms of `home`, anchored."""
        rows = []
        for _ in range(count):
            self._numbers += 1
            row: dict[str, Any] = penalty(owner, self._numbers, today() - timedelta(days=AGE))
            row["fields"] |= {
                "CF_XDR_MC": f"合成样例工作台{self._numbers}号有限公司",
                "CF_XDR_SHXYM": complete(f"91{PLACES[home]}", f"MADE{self._numbers:04}"),
                "CF_WSH": f"样台罚〔2026〕{owner[:2]}{self._numbers}号",
            }
            rows.append(json.dumps(row, ensure_ascii=False))
        path = self.folder / f"{owner}-{self._numbers}.ndjson"
        path.write_text("\n".join(rows) + "\n", "utf-8")
        token = (self.folder / "members" / owner / "token").read_text().strip()
        told = call("submit", path, "--to", self.url(owner), "--token", token, "--wait", "--json")
        return [str(one["recordId"]) for one in json.loads(told)["verdicts"]]

    def paper(self, name: str) -> Path:
        """A document to hand in."""
        path = self.folder / f"{name}.pdf"
        path.write_bytes(f"%PDF-1.7\n% synthetic: {name}\n%%EOF\n".encode())
        return path


def call(*words: object) -> str:
    """What a command printed; it must do what it is asked."""
    bare = io.BytesIO()
    out = io.TextIOWrapper(bare, "utf-8", write_through=True)
    with redirect_stdout(out):
        code = run([str(word) for word in words])
    told = bare.getvalue().decode()
    assert code == 0, (words, code, told)
    return told


@contextmanager
def four(folder: Path) -> Iterator[Desks]:
    """The network, stopped at the end whatever happens."""
    try:
        nodes = [one for one in NODES if one.code in CODES]
        services.up(folder, 0, lambda _step: None, nodes=nodes)
        layout = Layout(folder)
        yield Desks(folder, Network(layout, load_ports(layout)))
    finally:
        services.down(folder)
