"""A network of four on that chain, founded with our own commands as the guide tells it."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ledger.chain.keys.keyfile import KeyFile
from scripts.consortium_parts.genesis import set_values
from scripts.consortium_parts.plan import PROVINCES

ROOT = Path(__file__).resolve().parent.parent.parent
COMMAND = (sys.executable, "-m", "ledger.cli.main")
OURS = {"PYTHONPATH": str(ROOT), "CREDIT_LEDGER_LANG": "en"}
NAMES = {"110000": "北京市", "120000": "天津市", "130000": "河北省", "140000": "山西省"}
NETWORK, DEPLOYER = "network.json", "deployer"
SECONDS = 900.0
MAX_HEAD_AGE = 5400
THRESHOLD = QUORUM = 3
LOG = {"anchor_interval": 5.0, "anchor_deadline": MAX_HEAD_AGE, "promise_due": 86_400}
"""As docs/operators/chain.md tells it."""


class CommandFailed(Exception):
    """One of our commands ended otherwise than it should."""


class Founding:
    """The folder in which all members lie beside each other, as they never do in earnest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / NETWORK

    def make_keys(self, endpoints: dict[str, str]) -> list[str]:
        """Of all members and of who deploys; the accounts that pay. endpoints: of the gateways."""
        for code, endpoint in endpoints.items():
            password = self._password(code)
            self._run("consortium", "keys", code, "-o", code, "--endpoint", endpoint, *password)
        made = ("keys", "new", "--purpose", "payer", "--out", f"{DEPLOYER}.json")
        password_file = self._password(DEPLOYER)[1]
        self._run(*made, environment={"CREDIT_LEDGER_KEY_PASSWORD_FILE": password_file})
        files = [f"{DEPLOYER}.json", *(f"{code}/keys/payer.json" for code in endpoints)]
        return [str(KeyFile.load(self.folder / name).address) for name in files]

    def found(self, urls: Sequence[str]) -> None:
        """Plan, deploy and vote. urls: of all nodes; their quorum is pinned."""
        members = [f"--members={code}:{code}:PROVINCE" for code in PROVINCES]
        self._run("consortium", "plan", *members, "-o", "plan.toml")
        plan = self.folder / "plan.toml"
        agreed = {
            ("", "threshold"): THRESHOLD,
            ("", "max_head_age"): MAX_HEAD_AGE,
            ("", "quorum"): QUORUM,
            ("finality", "rule"): "finalized",
        }
        plan.write_text(set_values(plan.read_text("utf-8"), agreed, new=True), "utf-8")
        passwords = [word for code in (DEPLOYER, *PROVINCES) for word in self._password(code)]
        folders = [word for code in PROVINCES for word in ("--member", code)]
        nodes = [word for url in urls for word in ("--rpc", url)]
        deployer = ("--deployer", f"{DEPLOYER}.json", *passwords)
        self._run("consortium", "found", "plan.toml", *deployer, *folders, *nodes, "-o", NETWORK)

    def settle(
        self, code: str, url: str, port: int, operator_port: int, rpc: Sequence[str]
    ) -> Path:
        """The settings of a gateway. rpc: its own node first, then those of the others."""
        init = ("gateway", "init", "--dir", code, "--code", code, "--name", NAMES[code])
        ports = ("--port", str(port), "--operator-port", str(operator_port))
        files = ("--network", NETWORK, *self._password(code))
        self._run(*init, "--url", url, *ports, *files)
        config = self.folder / code / "gateway.toml"
        wanted = {
            ("", "env"): "development",  # members call each other on this machine
            ("", "rpc"): list(rpc),
            ("intake", "processes"): 1,
            ("files", "processes"): 1,
            **{("log", key): value for key, value in LOG.items()},
        }
        config.write_text(set_values(config.read_text("utf-8"), wanted, new=True), "utf-8")
        return config

    def token(self, config: Path) -> str:
        """Of a department that submits and reads."""
        scopes = ("--scope", "submit", "--scope", "read")
        return self._run(
            "gateway", "token", "add", "consortium", *scopes, "--config", str(config)
        ).strip()

    def _password(self, name: str) -> tuple[str, str]:
        """The option that names a password, made at the first call."""
        path = self.folder / f"{name}.password"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe() + "\n", "ascii")
        return "--password-file", path.name

    def _run(self, *arguments: str, environment: dict[str, str] | None = None) -> str:
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env={**os.environ, **OURS, **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        if done.returncode:
            text = " ".join(arguments[:3])
            raise CommandFailed(f"{text} ended with {done.returncode}: {done.stderr[-1500:]}")
        return done.stdout
