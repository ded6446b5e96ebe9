"""The product as outsiders see it: a command, URLs, files."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import httpx
from eth_hash.auto import keccak

from tests.acceptance.independent import bytes32, uscc

ROOT = Path(__file__).resolve().parents[2]
COMMAND = Path(sys.executable).parent / "credit-ledger"
SAMPLES = ROOT / "examples"
SECONDS = 900.0
"""How long anything may take: the machine may be busy."""

MEMBERS = ["110000", "120000", "130000", "140000", "demo-bureau", "demo-bank"]
TIANJIN = "120000"
ROW_KEYS = {
    *("row", "sheet", "verdict", "field", "code", "message", "errors", "notes"),
    *("leaf", "recordId", "promise", "changed"),
}
PROMISE_KEYS = {"_type", "log", "leavesRoot", "count", "issuedAt", "due", "signature"}
T = TypeVar("T")


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, Any]:
        """The one JSON document on stdout."""
        found: dict[str, Any] = json.loads(self.out)
        return found


def run(*arguments: object, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Done:
    """Run the command with an environment free of our variables."""
    clean = {key: value for key, value in os.environ.items() if "CREDIT_LEDGER" not in key}
    done = subprocess.run(
        [COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=SECONDS,
        env=clean | {"CREDIT_LEDGER_LANG": "en"} | dict(env or {}),
        cwd=cwd,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def until(condition: Callable[[], T], what: str) -> T:
    """Wait for something to become true."""
    deadline = time.monotonic() + SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what}: not in time"
        time.sleep(0.25)
    return found


def today() -> date:
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


def days_ago(days: int) -> str:
    return (today() - timedelta(days=days)).isoformat()


SERIAL = count(1)


def penalty(**changes: Any) -> dict[str, Any]:
    """A right penalty of today with a number of its own; `None` takes a field away."""
    serial = next(SERIAL)
    number = time.time_ns() // 1000 * 1000 + serial
    fields: dict[str, Any] = {
        "CF_XDR_MC": f"合成样例{serial}号科技有限公司",
        "CF_XDR_LB": "法人及非法人组织",
        "CF_XDR_SHXYM": uscc(serial + os.getpid() * 1000),
        "CF_FRDB": "样例人",
        "CF_WSH": f"验收罚〔{today().year}〕{number}号",
        "CF_WFXW": "未按规定公示年度报告",
        "CF_SY": "经查,当事人未按规定公示年度报告。",
        "CF_YJ": "《企业信息公示暂行条例》第十七条",
        "CF_CFLB": ["警告", "罚款"],
        "CF_NR": "警告、罚款",
        "CF_NR_FK": "0.2",
        "CF_JDRQ": today().isoformat(),
        "CF_YXQ": days_ago(-300),
        "CF_GSJZQ": days_ago(-300),
        "CF_CFJG": "天津市120118市场监督管理局",
        "CF_CFJGDM": uscc(7, start="11120118MA"),
        "CF_SJLY": "天津市120118市场监督管理局",
        "CF_SJLYDM": uscc(7, start="11120118MA"),
    }
    fields |= changes
    return {
        "type": "penalty",
        "schema": "1",
        "fields": {key: value for key, value in fields.items() if value is not None},
    }


@dataclass(frozen=True)
class Net:
    """A running network in a folder, and the ways to talk to it."""

    folder: Path
    file: Path
    urls: dict[str, str]
    chain: str

    def token(self, member: str = TIANJIN) -> str:
        return (self.folder / "members" / member / "token").read_text().strip()

    def auth(self, member: str = TIANJIN) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(member)}"}

    def config(self, member: str = TIANJIN) -> Path:
        return self.folder / "members" / member / "gateway.toml"

    @cached_property
    def http(self) -> httpx.Client:
        return httpx.Client(timeout=SECONDS, base_url=self.urls[TIANJIN])

    def node(self, member: str = TIANJIN) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get(f"{self.urls[member]}/v1/node").json()
        return found

    def post(self, record: object, **headers: str) -> httpx.Response:
        """Send one record to Tianjin."""
        return self.http.post("/v1/records", json=record, headers=self.auth() | headers)

    def post_lines(self, lines: list[bytes], member: str = TIANJIN) -> list[dict[str, Any]]:
        """Send NDJSON; the lines of the answer."""
        answer = self.http.post(
            f"{self.urls[member]}/v1/records",
            content=b"\n".join(lines) + b"\n",
            headers=self.auth(member) | {"Content-Type": "application/x-ndjson"},
        )
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("application/x-ndjson")
        return [json.loads(line) for line in answer.text.splitlines()]

    def rpc(self, method: str, *params: object) -> Any:
        """A call of the chain itself."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = self.http.post(self.chain, json=body).json()
        assert "error" not in answer, answer
        return answer["result"]

    def call(self, to: str, signature: str, *words: bytes) -> bytes:
        """Read a contract; the arguments are whole words."""
        data = keccak(signature.encode())[:4] + b"".join(words)
        result: str = self.rpc("eth_call", {"to": to, "data": "0x" + data.hex()}, "latest")
        return bytes.fromhex(result[2:])

    @cached_property
    def pinned(self) -> dict[str, Any]:
        """The network file."""
        found: dict[str, Any] = json.loads(self.file.read_bytes())
        return found

    @cached_property
    def log_anchor(self) -> str:
        """Address of LogAnchor, as Consortium knows it."""
        now = int(time.time()).to_bytes(32, "big")
        word = self.call(
            self.pinned["consortium"], "contractAt(bytes32,uint64)", bytes32("LogAnchor"), now
        )
        return "0x" + word[-20:].hex()

    def receipt(self, leaf: str, file: Path, *options: object, member: str = TIANJIN) -> Done:
        """Fetch a receipt, waiting until it is anchored."""
        source = ("--from", self.urls[member], "-o", file, "--wait", int(SECONDS))
        return run("receipt", leaf, *source, *options)

    def verify(self, *arguments: object, env: Mapping[str, str] | None = None) -> Done:
        return run("verify", *arguments, "--network", self.file, "--json", env=env)


def alive(pid: int) -> bool:
    """Running, and not just waiting to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def stop(net: Net, name: str) -> None:
    """Stop one process of the network: a member's or the chain's."""
    pid = int((net.folder / "run" / f"{name}.pid").read_text())
    if alive(pid):
        os.kill(pid, signal.SIGTERM)
    until(lambda: not alive(pid), f"{name} stops")
