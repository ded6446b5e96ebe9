"""Make a database of a former version, with data of every kind that it kept, for the tests of
upgrades: `python -m scripts.old_database COMMIT NAME`.

The program of that commit runs a network with one gateway, takes records in, decides about them,
and keeps what else it can; then its database is written down as SQL, with the keys that open it and
what it must still say, in `tests/gateway/upgrades/NAME/`. Needs the history of the repository, and
is run once for a version; the tests need neither.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import sqlite3
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from scripts.demo_parts.today import now, penalty
from scripts.former_parts.checkout import ROOT, Former, former

MEMBER = "120000"
OUT = ROOT / "tests" / "gateway" / "upgrades"
PENALTIES = 6
ROWS = 4
"""Of the example, with its header."""
_UP = """
import sys
from pathlib import Path
from gateway.devnet import services
from gateway.devnet.layout import NODES
nodes = [one for one in NODES if one.code == sys.argv[2]]
services.up(Path(sys.argv[1]), 0, lambda step: None, nodes=nodes)
"""
_DOWN = """
import sys
from pathlib import Path
from gateway.devnet import services
services.down(Path(sys.argv[1]))
"""


class Making:
    """A network of a former version in a folder."""

    def __init__(self, old: Former, folder: Path) -> None:
        self.old = old
        self.folder = folder
        self.home = folder / "network" / "members" / MEMBER
        self.said: dict[str, Any] = {"commit": old.commit, "member": MEMBER}
        old.python("-c", _UP, folder / "network", MEMBER)
        ports = json.loads((folder / "network" / "run" / "ports.json").read_text())
        self.url = f"http://127.0.0.1:{ports['members'][MEMBER]}"

    def run(self, *words: object) -> Any:
        """A command at the gateway, as JSON."""
        token = (self.home / "token").read_text().strip()
        at = ("--to", self.url, "--token", self.said.get("token") or token)
        return json.loads(self.old.command(*words, *at, "--json"))

    def token(self, name: str, *scopes: str) -> str:
        """A token of these scopes."""
        words = [word for scope in scopes for word in ("--scope", scope)]
        config = ("--config", self.home / "gateway.toml")
        told = self.old.command("gateway", "token", "add", name, *words, *config)
        return told.strip().splitlines()[-1].split()[-1]

    def paper(self, name: str) -> Path:
        """A document to hand in."""
        path = self.folder / f"{name}.pdf"
        path.write_bytes(f"%PDF-1.7\n% synthetic: {name}\n%%EOF\n".encode())
        return path

    def records(self) -> None:
        """Taken in and anchored."""
        rows = [
            penalty(MEMBER, number, now() - timedelta(days=200 + number))
            for number in range(PENALTIES)
        ]
        path = self.folder / "records.ndjson"
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        path.write_text("".join(lines), "utf-8")
        told = self.run("submit", path, "--wait")
        self.said["records"] = [
            {"leaf": one["leaf"], "recordId": one.get("recordId"), "record": row}
            for one, row in zip(told["verdicts"], rows, strict=True)
        ]

    def file(self) -> None:
        """The first rows of a table of a department."""
        table = sorted((self.old.root / "examples").glob("*gb18030.csv"))[0]
        path = self.folder / table.name
        path.write_bytes(b"".join(table.read_bytes().splitlines(keepends=True)[:ROWS]))
        told = self.run("submit", path, "--wait")
        self.said["files"] = 1
        self.said["rows"] = len(told["verdicts"])

    def down(self) -> None:
        """Stop all of it."""
        self.old.python("-c", _DOWN, self.folder / "network")

    def write(self, name: str) -> None:
        """The database as SQL, and what opens it."""
        out = OUT / name
        shutil.rmtree(out, ignore_errors=True)
        (out / "keys").mkdir(parents=True)
        with sqlite3.connect(self.home / "gateway.db") as database:
            lines = "\n".join(database.iterdump())
        with gzip.GzipFile(out / "gateway.sql.gz", "wb", mtime=0) as file:
            file.write(lines.encode())
        for path in (self.home / "keys").iterdir():
            shutil.copy(path, out / "keys")
        shutil.copy(self.folder / "network" / "network.json", out)
        text = json.dumps(self.said, ensure_ascii=False, indent=1)
        (out / "said.json").write_text(text + "\n", "utf-8")


def steps(making: Making) -> None:
    """All that this version can keep; what it cannot is told and left out."""
    making.said |= {"token": making.token("desk", "submit", "read"), "closed": []}
    making.records()
    making.file()
    for step in (_decided, _case, _consent, _product, _report, _webhook):
        try:
            step(making)
        except Exception as error:
            sys.stderr.write(f"{step.__name__}: not in this version ({type(error).__name__})\n")


def _decided(making: Making) -> None:
    """A record that two persons withdrew."""
    record, paper = making.said["records"][0]["recordId"], making.paper("decided")
    desk = making.said["token"]
    for scope in ("decide", "release"):
        making.said[scope] = making.token(scope, "read", scope)
    making.said["token"] = making.said["decide"]
    making.run("record", "withdraw", record, "--basis", 8, "--doc", paper)
    making.said["token"] = making.said["release"]
    making.run("record", "release", record)
    making.said |= {"token": desk, "closed": [record]}


def _case(making: Making) -> None:
    """An objection that marks its record."""
    record, paper = making.said["records"][1]["recordId"], making.paper("objection")
    said = ("--kind", "objection", "--reason", "合成样例", "--owner", MEMBER, "--doc", paper)
    making.said["case"] = making.run("case", "file", record, *said)["case"]


def _consent(making: Making) -> None:
    desk = making.said["token"]
    making.said["token"] = making.said["consent"] = making.token("consent", "read", "consent")
    subject = making.said["records"][2]["record"]["fields"]["CF_XDR_SHXYM"]
    said = ("--subject", subject, "--grantee", "demo-bank", "--types", "penalty")
    more = ("--regions", MEMBER, "--purpose", "pre-loan", "--from", "2026-12-01")
    paper = ("--until", "2027-11-30", "--doc", making.paper("consent"))
    made = making.run("auth", "grant", *said, *more, *paper)
    making.said |= {"token": desk, "authorisation": made["authorisation"], "subject": subject}


def _product(making: Making) -> None:
    desk = making.said["token"]
    making.said["token"] = making.said["product"] = making.token("product", "read", "product")
    inputs = making.folder / "inputs.txt"
    inputs.write_text("".join(f"{one['recordId']}\n" for one in making.said["records"][2:4]))
    method = making.paper("method")
    made = making.run("product", "register", "--kind", "model", "--method", method)["product"]
    content = ("--content", making.paper("content"), "--records", inputs)
    making.run("product", "publish", made, *content)
    making.said |= {"token": desk, "made": made}


def _report(making: Making) -> None:
    subject = making.said["records"][2]["record"]["fields"]["CF_XDR_SHXYM"]
    words = ("report", "make", subject, "--from", "2024-01-01", "--to", "2026-12-01")
    making.said["report"] = making.run(*words, "-o", making.folder / "report.pdf")["number"]


def _webhook(making: Making) -> None:
    record = making.said["records"][3]["recordId"]
    words = ("webhooks", "add", "http://127.0.0.1:9/hook", "--record", record)
    making.said["webhook"] = making.run(*words)["id"]


def main() -> None:
    """Make one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("commit")
    parser.add_argument("name")
    asked = parser.parse_args()
    with former(asked.commit) as old, tempfile.TemporaryDirectory(prefix="old-") as folder:
        making = Making(old, Path(folder))
        try:
            steps(making)
        finally:
            making.down()
        making.write(asked.name)


if __name__ == "__main__":
    main()
