"""Every command against a real gateway on a real chain; then the gateway is gone."""

import csv
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.tokens.services import add_token
from tests.cli.conftest import Cli
from tests.records.examples import penalty
from tests.support.anvil import start_anvil
from tests.support.child import ROOT
from tests.support.member import Member, found_member

SERVE = """
import sys
from pathlib import Path
from gateway.base import logging_setup as logs
from gateway.app import create_app
from gateway.node import make_node
from gateway.serve import listen, serve
from ledger.chain.network import NetworkFile
from tests.support.member import SEED
from tests.support.node import make_keys, make_settings
logs.configure()
folder = Path(sys.argv[1])
network = NetworkFile.load(folder / "network.json")
node = make_node(make_settings(folder), network, make_keys(SEED))
node.start()
listener = listen("127.0.0.1", 0)
listener.listen()
print("port", listener.getsockname()[1], flush=True)
serve(create_app(node), listener)
node.stop()
node.close()
"""
START_SECONDS = 300.0
DECIDED = (datetime.now(UTC) - timedelta(days=40)).date().isoformat()


@contextmanager
def running(folder: Path, log: Path) -> Iterator[str]:
    """The gateway in `folder` in a process of its own; its URL."""
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            cwd=ROOT,
        )
    try:
        assert process.stdout
        found = re.fullmatch(r"port (\d+)\n", process.stdout.readline())
        assert found, log.read_text()
        _wait(int(found[1]))
        yield f"http://127.0.0.1:{found[1]}"
    finally:
        process.kill()
        process.wait()
        process.communicate()


def _wait(port: int) -> None:
    """Until it listens: the port is known a little earlier."""
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), START_SECONDS).close()
            return
        except ConnectionRefusedError:
            assert time.monotonic() < end, "the gateway does not listen"
            time.sleep(0.05)


def prepare(member: Member, folder: Path) -> str:
    """A token that may submit and read."""
    node = member.node(folder)
    _, token = add_token(
        node.ctx.engine,
        name="test",
        scopes=("submit", "read"),
        department=None,
        now=node.ctx.clock.now(),
    )
    node.close()
    return token


def record(number: int) -> dict[str, Any]:
    fields = penalty(CF_WSH=f"样市监罚〔2026〕{number}号", CF_JDRQ=DECIDED)
    return {"type": "penalty", "schema": "1", "class": "severe", "fields": fields}


def test_from_a_file_to_a_verdict(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    with start_anvil(args=("--block-time", "1")) as anvil:
        member = found_member(anvil)
        folder = tmp_path / "node"
        token = prepare(member, folder)
        monkeypatch.setenv("CREDIT_LEDGER_NETWORK", str(folder / "network.json"))
        with running(folder, tmp_path / "log") as url:
            monkeypatch.setenv("CREDIT_LEDGER_TOKEN", token)
            leaf = _submit(cli, tmp_path, url)
            shown, bare = tmp_path / "shown.json", tmp_path / "bare.json"
            some = tmp_path / "some.json"
            common = ["receipt", leaf, "--from", url, "--wait", "30", "-o"]
            assert cli(*common, shown).exit == 0
            assert cli(*common, bare, "--bare").exit == 0
            assert cli(*common, some, "--fields", "CF_XDR_SHXYM,CF_WSH").exit == 0
            assert cli("receipt", "00" * 32, "--from", url, "-o", bare).exit == 1
            _replay(cli, url)
        for file, code in ((shown, 0), (some, 0), (bare, 4)):
            done = cli("verify", file, "--subject", "91110000600037341L", "--json")
            assert (done.exit, done.json()["leaf"]) == (code, leaf)
        assert cli("verify", shown, "--type", "licence").exit == 3
        assert cli("audit", "replay").exit == 4


def _submit(cli: Cli, folder: Path, url: str) -> str:
    """One record, then five lines of which one is bad and one there already; a leaf."""
    one, many = folder / "one.json", folder / "many.ndjson"
    one.write_text(json.dumps(record(1)), "utf-8")
    done = cli("submit", one, "--to", url, "--wait", "--json")
    assert done.exit == 0, done.err
    leaf = str(done.json()["leaf"])
    assert cli("submit", one, "--to", url, "--json").json()["verdict"] == "duplicate"
    records = [record(number) for number in (1, 2, 3, 4)]
    lines = [json.dumps(found, ensure_ascii=False) for found in records]
    many.write_text("\n".join([*lines, "{"]), "utf-8")
    done = cli("submit", many, "--to", url, "--wait", "--json")
    assert done.exit == 1, done.err
    verdicts = [row["verdict"] for row in done.json()["verdicts"]]
    assert verdicts == ["duplicate", "accepted", "accepted", "accepted", "rejected"]
    assert sum(promise["count"] for promise in done.json()["promises"]) == 3
    _submit_table(cli, folder, url)
    return leaf


def _submit_table(cli: Cli, folder: Path, url: str) -> None:
    """A CSV of two rows, one of them without its document number."""
    table, report = folder / "处罚.csv", folder / "again.xlsx"
    good = {**penalty(CF_WSH="表1号", CF_JDRQ=DECIDED), "CF_NR": "警告"}
    with table.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(good))
        writer.writeheader()
        writer.writerows([good, {**good, "CF_WSH": ""}])
    done = cli("submit", table, "--to", url, "--report", report, "--json")
    assert done.exit == 1, done.err
    told = [(row["verdict"], row["field"]) for row in done.json()["verdicts"]]
    assert told == [("accepted", None), ("rejected", "CF_WSH")]
    assert report.read_bytes().startswith(b"PK")
    file, leaf = done.json()["id"], done.json()["verdicts"][0]["leaf"]
    with table.open("w", encoding="utf-8-sig", newline="") as file_:
        writer = csv.DictWriter(file_, list(good))
        writer.writeheader()
        writer.writerows({**good, "CF_WSH": f"表{number}号"} for number in range(1, 5))
    first, second = folder / "by-submit", folder / "by-file"
    done = cli("submit", table, "--to", url, "--receipts", first, "--json")
    assert (done.exit, done.json()["counts"]["duplicate"]) == (0, 1)
    known = [row["leaf"] for row in done.json()["verdicts"]]
    assert sorted(path.stem for path in first.iterdir()) == sorted(known)
    done = cli("receipt", "--file", file, "--from", url, "-o", second, "--wait", "30", "--json")
    assert (done.exit, [one["leaf"] for one in done.json()["receipts"]]) == (0, [leaf])
    both = [*first.iterdir(), *second.iterdir()]
    done = cli("verify", *both, "--json")
    assert (done.exit, len(done.json()["verdicts"])) == (0, 5)
    listed = cli("files", "list", "--to", url, "--json").json()["files"]
    assert {one["id"]: one["rows"] for one in listed}[file] == 2
    assert leaf in cli("files", "show", file, "--to", url, "--json").out


def _replay(cli: Cli, url: str) -> None:
    done = cli("audit", "replay", "--mirror", f"110000={url}", "--json")
    report = done.json()
    assert (done.exit, report["findings"]) == (0, [])
    assert report["counts"]["entries"] >= 4
