"""The commands against a gateway that serves: from filing to the chain, and what is refused."""

import hashlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from gateway.app import create_app
from gateway.node import Node
from ledger.chain.keys.keyfile import create
from ledger.cli.main import run
from tests.gateway.cases.desk import PDF, take_in
from tests.gateway.intake.material import OF_BEIJING, new_token
from tests.support.anvil import Anvil
from tests.support.member import SEED

SCOPES = ("submit", "read", "decide", "release")
Cli = Callable[..., tuple[int, Any]]


@contextmanager
def serving(node: Node) -> Iterator[str]:
    """The URL of the gateway, in a thread."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(node), log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@contextmanager
def sending(node: Node, anvil: Anvil) -> Iterator[None]:
    """What the thread of the gateway does, on a chain that mines."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.2):
            node.case_parts.sending.step()
            anvil.mine()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.fixture
def cli(
    node: Node,
    anvil: Anvil,
    capsysbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Cli]:
    """Runs a command of a clerk; exit code and JSON."""
    for name in ("TOKEN", "DIR", "LANG", "KEY_PASSWORD_FILE"):
        monkeypatch.delenv(f"CREDIT_LEDGER_{name}", raising=False)
    tokens = {
        name: new_token(node, *SCOPES, authorities=[OF_BEIJING], name=name)
        for name in ("clerk", "chief")
    }
    with serving(node) as url, sending(node, anvil):

        def call(*arguments: object, by: str = "clerk") -> tuple[int, Any]:
            capsysbinary.readouterr()
            to = ("--to", url, "--token", tokens[by], "--json")
            code = run([*map(str, arguments), *to])
            out = capsysbinary.readouterr().out
            return code, json.loads(out) if out else None

        yield call


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    path = tmp_path / "决定.pdf"
    path.write_bytes(PDF)
    return path


def test_a_repair(node: Node, anvil: Anvil, cli: Cli, pdf: Path) -> None:
    (leaf,) = take_in(node, anvil, 1)
    file = ("case", "file", leaf.hex(), "--kind", "repair", "--reason", "paid", "--doc", pdf)
    code, told = cli(*file)
    assert code == 0
    assert cli(*file) == (0, told)
    case = told["case"]
    assert cli("case", "ask", case, "--note", "more")[0] == 0
    assert cli("case", "supplement", case, "--doc", pdf)[0] == 0
    assert cli("case", "accept", case)[1]["state"] == "accepted"
    assert cli("case", "decline", case)[0] == 1
    decide = ("case", "decide", case, "grant", "--basis", 2, "--class", "general", "--doc", pdf)
    assert cli(*decide)[0] == 0
    assert cli("case", "release", case)[0] == 1, "the same person"
    code, told = cli("case", "release", case, by="chief")
    assert (code, told["status"]["outcome"]) == (0, "repaired")
    shown = cli("case", "show", case)[1]
    assert {"case", "record", "kind", "state", "stage", "steps", "status", "acknowledged"} <= set(
        shown
    )
    assert case in {one["case"] for one in cli("case", "list", "--state", "granted")[1]["cases"]}
    assert cli("case", "withdraw", case)[0] == 1, "it is closed"


def test_a_decision_signed_with_a_key_file(
    node: Node, anvil: Anvil, cli: Cli, pdf: Path, tmp_path: Path
) -> None:
    (leaf,) = take_in(node, anvil, 2)
    keys, key, password = node.signing.keys, tmp_path / "decide.json", tmp_path / "password"
    password.write_bytes(b"secret\n")
    password.chmod(0o600)
    secret = hashlib.sha256(f"{SEED}/decide".encode()).digest()
    create("DECIDE", key, b"secret", secret=secret)
    node.signing.use(replace(keys, decide=None))
    try:
        record = leaf.hex()
        assert cli("record", "withdraw", record, "--basis", 10, "--doc", pdf)[0] == 0
        assert cli("record", "release", record, by="chief")[0] == 1, "nobody signs"
        with_key = ("--key", key, "--password-file", password)
        code, told = cli("record", "release", record, *with_key, by="chief")
        assert (code, told["status"]["outcome"]) == (0, "withdrawn")
    finally:
        node.signing.use(keys)


def test_what_is_no_id(cli: Cli) -> None:
    assert cli("case", "show", "../records")[0] == 2
    assert cli("case", "show", "0" * 64)[0] == 1


def test_the_paper_and_its_code(
    node: Node, anvil: Anvil, cli: Cli, pdf: Path, tmp_path: Path
) -> None:
    (leaf,) = take_in(node, anvil, 3)
    filed = ("case", "file", leaf.hex(), "--kind", "objection", "--reason", "no", "--doc", pdf)
    case, out = cli(*filed)[1]["case"], tmp_path / "paper.pdf"
    assert cli("case", "receipt", case, "-o", out) == (0, {"file": str(out)})
    assert out.read_bytes().startswith(b"%PDF-")
    shown = cli("case", "show", case)[1]
    code = f"credit-ledger/case@1:{case}:{shown['steps'][0]['commitment']}"
    assert cli("case", "show", code) == (0, shown)
    assert cli("case", "show", f"credit-ledger/case@1:{case}:{'0' * 64}")[0] == 1, "another's"
    for wrong in (f"credit-ledger/case@1:{case}", f"x:{case}:{case}", f"{case}:{case}"):
        assert cli("case", "show", wrong)[0] == 2
    assert cli("case", "receipt", "0" * 64, "-o", tmp_path / "none.pdf")[0] == 1
    assert not (tmp_path / "none.pdf").exists()
