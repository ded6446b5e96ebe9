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
from ledger.cli.case_parts import file_name
from ledger.cli.main import run
from tests.gateway.cases.desk import PDF, take_in
from tests.gateway.intake.material import OF_BEIJING, new_token, number
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
    decide = ("case", "decide", case, "grant", "--basis", 2, "--class", "severe", "--doc", pdf)
    assert cli(*decide)[0] == 0
    assert cli("case", "release", case)[0] == 1, "the same person"
    code, told = cli("case", "release", case, by="chief")
    assert (code, told["status"]["outcome"]) == (0, "repaired")
    shown = cli("case", "show", case)[1]
    assert {"case", "record", "kind", "state", "stage", "steps", "status", "acknowledged"} <= set(
        shown
    )
    files = cli("case", "show", case, "--docs", pdf.parent / "材料")[1]["files"]
    assert [Path(name).name for name in files] == ["1-1-决定.pdf", "3-1-决定.pdf", "5-1-决定.pdf"]
    assert {Path(name).read_bytes() for name in files} == {PDF}
    assert case in {one["case"] for one in cli("case", "list", "--state", "granted")[1]["cases"]}
    assert cli("case", "withdraw", case)[0] == 1, "it is closed"


def test_read_first_and_released_by_number(
    node: Node, anvil: Anvil, cli: Cli, pdf: Path, tmp_path: Path
) -> None:
    (leaf,) = take_in(node, anvil, 3)
    record, folder = leaf.hex(), tmp_path / "审阅"
    assert cli("record", "release", record, "--docs", folder, by="chief")[0] == 1, "nothing there"
    withdraw = ("record", "withdraw", record, "--basis", 10, "--doc", pdf)
    proposal = cli(*withdraw, "--known", "2026-06-01")[1]["proposal"]
    waits = [
        one
        for one in cli("case", "list", "--overdue", "--mine")[1]["cases"]
        if one["record"] == cli("record", "status", record)[1]["record"]
    ]
    assert [(one["state"], one["proposed"], one["stage"]["name"]) for one in waits] == [
        ("proposed", "withdraw", "correction")
    ]
    assert waits[0]["stage"]["deadline"] == "2026-06-04", "three working days"
    read = ("record", "release", record, "--docs", folder)
    code, told = cli(*read, by="chief")
    assert (code, told["proposal"], told["proposed"]["act"]) == (0, proposal, "withdraw")
    assert [Path(name).read_bytes() for name in told["files"]] == [PDF]
    assert cli(*read, by="chief")[0] == 0, "the same again does no harm"
    Path(told["files"][0]).write_bytes(b"notes of a reader")
    assert cli(*read, by="chief")[0] == 2, "nothing is written over"
    assert cli("record", "status", record)[1]["outcome"] == "none", "and nothing was released"
    assert cli("record", "release", record, "--proposal", proposal + 1, by="chief")[0] == 1
    code, told = cli("record", "release", record, "--proposal", proposal, by="chief")
    assert (code, told["status"]["outcome"]) == (0, "withdrawn")


def test_a_national_result(node: Node, anvil: Anvil, cli: Cli, pdf: Path) -> None:
    leaf, other = (leaf.hex() for leaf in take_in(node, anvil, 4, 5))
    case = cli("case", "file", leaf, "--kind", "repair", "--reason", "paid")[1]["case"]
    noted = ("case", "national-result", case, "--national-no", "XYXF1", "--doc", pdf)
    assert cli(*noted)[1]["state"] == "filed"
    assert cli("case", "show", case)[1]["stage"]["name"] == "national-result"
    assert cli("case", "accept", case)[0] == 0
    decide = ("case", "decide", case, "grant", "--basis", 4, "--class", "severe", "--doc", pdf)
    assert cli(*decide)[0] == 0
    listed = cli("case", "list", "--state", "proposed")[1]["cases"]
    assert [one["proposed"] for one in listed if one["case"] == case] == ["grant"]
    assert cli("case", "release", case, by="chief")[1]["status"]["outcome"] == "repaired"
    grant = ("record", "grant", other, "--basis", 4, "--national-no", "XYXF2", "--doc", pdf)
    assert cli(*grant)[0] == 0
    assert cli("record", "release", other, by="chief")[1]["status"]["outcome"] == "repaired"


def test_what_may_be_applied_for(
    node: Node, anvil: Anvil, cli: Cli, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    (leaf,) = take_in(node, anvil, 6)
    code, told = cli("repairs", "due")
    assert code == 0
    assert leaf.hex() in {one["leaf"] for one in told["items"]}
    assert told["more"] is False
    code, early = cli("repairs", "due", "--on", "2020-01-01")
    assert (code, early["items"], early["on"]) == (0, [], "2020-01-01")
    assert cli("repairs", "due", "--on", "yesterday")[0] == 2
    assert cli("repairs", "due", "--limit", 1)[1]["more"] in (True, len(told["items"]) > 1)


def test_a_record_by_its_number(node: Node, anvil: Anvil, cli: Cli, pdf: Path) -> None:
    leaf, _ = take_in(node, anvil, 7, 8)
    name, other = (f"{number(n)}@{OF_BEIJING}" for n in (7, 8))
    case = cli("case", "file", name, "--kind", "objection", "--reason", "wrong")[1]["case"]
    record = cli("case", "show", case)[1]["record"]
    assert cli("record", "status", name)[1]["record"] == record
    assert record == cli("record", "status", leaf.hex())[1]["record"]
    uphold = ("case", "decide", case, "uphold", "--basis", 7, "--correct-to", other, "--doc", pdf)
    assert cli(*uphold)[0] == 0
    code, told = cli("case", "release", case, by="chief")
    assert (code, told["status"]) == (0, {"flags": [], "outcome": "corrected", "version": 3})
    corrected = cli("record", "status", name)
    assert cli("record", "end", other, "--basis", 11, "--doc", pdf)[0] == 0
    assert cli("record", "release", other, by="chief")[1]["status"]["outcome"] == "ended"
    assert corrected[0] == 0
    assert cli("record", "status", f"{number(99)}@{OF_BEIJING}")[0] == 1
    assert cli("record", "end", f"{number(99)}@X", "--basis", 11)[0] == 2


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("决定书.pdf", "决定书.pdf"),
        ("../../.ssh/authorized_keys", "authorized_keys"),
        ("C:\\autoexec.bat", "autoexec.bat"),
        ("a\x1b[2Jb\n.pdf", "a__2Jb_.pdf"),
        ("...", "document"),
        ("名" * 200 + ".pdf", "名" * 56 + ".pdf"),
    ],
)
def test_names_of_documents_lead_nowhere(name: str, kept: str) -> None:
    assert file_name(name) == kept


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
        with_key = ("--key", key, "--password-file", password, "--yes")
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
    (leaf,) = take_in(node, anvil, 9)
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
