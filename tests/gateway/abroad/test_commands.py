"""The commands between two members: the desk of one, the authority of the other."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.cases import inbox, whose
from ledger.cli.main import run
from tests.gateway.abroad.desk import BEIJING, TIANJIN, deliver, record
from tests.gateway.cases.desk import PDF, send_all
from tests.gateway.intake.material import new_token
from tests.records.examples import AUTHORITY
from tests.support.peers import Network

Cli = Callable[..., tuple[int, Any]]


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    path = tmp_path / "材料.pdf"
    path.write_bytes(PDF)
    return path


@pytest.fixture
def cli(
    network: Network,
    capsysbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> Cli:
    """Runs a command at a member; exit code and JSON, or text on stderr."""
    for name in ("TOKEN", "DIR", "KEY_PASSWORD_FILE"):
        monkeypatch.delenv(f"CREDIT_LEDGER_{name}", raising=False)
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "en")
    scopes = ("submit", "read", "decide", "release")
    tokens = {
        BEIJING: new_token(network[BEIJING].node, *scopes, department="窗口", name="desk"),
        TIANJIN: new_token(network[TIANJIN].node, *scopes, authorities=[AUTHORITY], name="clerk"),
    }

    def call(at: str, *arguments: object, as_json: bool = True) -> tuple[int, Any]:
        capsysbinary.readouterr()
        to = ("--to", network[at].url, "--token", tokens[at], *(["--json"] if as_json else []))
        code = run([*map(str, arguments), *to])
        captured = capsysbinary.readouterr()
        if not as_json:
            return code, (captured.out + captured.err).decode()
        return code, json.loads(captured.out) if captured.out else None

    return call


def test_from_the_desk_to_the_authority_and_back(network: Network, cli: Cli, pdf: Path) -> None:
    about = record(network).hex()
    file = ("case", "file", about, "--kind", "repair", "--reason", "已缴清", "--doc", pdf)
    code, told = cli(BEIJING, *file)
    assert code == 0, "nobody was named: the members were asked"
    assert cli(BEIJING, *file) == (0, told)
    case = told["case"]
    assert cli(TIANJIN, "case", "show", case)[0] == 1
    result = ("case", "national-result", case, "--national-no", "N-2026-1", "--doc", pdf)
    assert cli(BEIJING, *result)[0] == 0
    deliver(network[BEIJING], TIANJIN)
    assert cli(TIANJIN, "case", "accept", case)[1]["state"] == "accepted"
    deliver(network[TIANJIN], BEIJING)
    shown = cli(BEIJING, "case", "show", case)[1]
    assert [(step["act"], step["iss"]) for step in shown["steps"]] == [
        ("file-repair", BEIJING),
        ("national-result", BEIJING),
        ("accept", TIANJIN),
    ]
    assert (shown["owner"], shown["filer"], shown["displaced"]) == (TIANJIN, BEIJING, [])
    for at in (BEIJING, TIANJIN):
        code, text = cli(at, "case", "show", case, as_json=False)
        assert code == 0
        assert f"{BEIJING} → {TIANJIN}" in text
        assert case in {one["case"] for one in cli(at, "case", "list")[1]["cases"]}
    assert cli(BEIJING, "case", "accept", case)[0] == 1, "the owner's to make"
    assert cli(TIANJIN, "case", "withdraw", case)[0] == 1, "the filer's to make"
    assert cli(TIANJIN, "case", "national-result", case, "--national-no", "1")[0] == 1


def test_the_paper_is_printed_where_it_was_filed(
    network: Network, cli: Cli, pdf: Path, tmp_path: Path
) -> None:
    """At the desk where the firm stands, and at that of the owner."""
    about = record(network).hex()
    file = ("case", "file", about, "--kind", "repair", "--reason", "已缴清", "--doc", pdf)
    case = cli(BEIJING, *file)[1]["case"]
    deliver(network[BEIJING], TIANJIN)
    for at in (BEIJING, TIANJIN):
        paper = tmp_path / f"{at}.pdf"
        assert cli(at, "case", "receipt", case, "-o", paper)[0] == 0
        assert paper.read_bytes().startswith(b"%PDF-")
    lost = tmp_path / "no-such-folder" / "paper.pdf"
    assert cli(BEIJING, "case", "receipt", case, "-o", lost)[0] == 4, "no traceback"


def test_the_number_of_a_record_elsewhere(cli: Cli) -> None:
    file = ("case", "file", f"样罚〔2026〕1号@{AUTHORITY}", "--kind", "repair", "--reason", "x")
    code, text = cli(BEIJING, *file, as_json=False)
    assert code == 1
    assert "by its id or leaf" in text


def test_a_mark_is_shown_at_both(network: Network, cli: Cli) -> None:
    about = record(network).hex()
    file = ("case", "file", about, "--kind", "objection", "--reason", "金额有误")
    case = cli(BEIJING, *file, "--owner", TIANJIN, "--authority", AUTHORITY)[1]["case"]
    deliver(network[BEIJING], TIANJIN)
    send_all(network[TIANJIN].node, network[TIANJIN].anvil)
    for at in (BEIJING, TIANJIN):
        assert cli(at, "case", "show", case)[1]["status"]["flags"] == ["disputed"]


def test_what_is_displaced_is_told(network: Network, cli: Cli) -> None:
    about = record(network).hex()
    case = cli(BEIJING, "case", "file", about, "--kind", "repair", "--reason", "x")[1]["case"]
    deliver(network[BEIJING], TIANJIN)
    assert cli(BEIJING, "case", "withdraw", case)[0] == 0
    assert cli(TIANJIN, "case", "accept", case)[0] == 0
    deliver(network[TIANJIN], BEIJING)
    text = cli(BEIJING, "case", "show", case, as_json=False)[1]
    assert "file it anew" in text


def test_a_record_that_nobody_has(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as a province gives no answer that is not known: Shanxi has no gateway here."""
    monkeypatch.setattr(whose, "SILENT_LATER", 1)
    file = ("case", "file", "ab" * 32, "--kind", "repair", "--reason", "x")
    code, text = cli(BEIJING, *file, as_json=False)
    assert code == 4
    assert "owner" in text and "140000" in text


def test_a_filing_that_the_owner_refuses_is_told(
    network: Network, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And one that is on its way."""
    about = record(network).hex()
    file = ("case", "file", about, "--kind", "objection", "--reason", "x")
    case = cli(BEIJING, *file)[1]["case"]
    assert "on its way" in cli(BEIJING, "case", "show", case, as_json=False)[1]
    monkeypatch.setattr(inbox, "is_home", lambda *_: False)
    deliver(network[BEIJING], TIANJIN)
    (step,) = cli(BEIJING, "case", "show", case)[1]["steps"]
    assert step["sent"] | {"receivedAt": None} == {
        "to": TIANJIN,
        "state": "set-aside",
        "code": "not-granted",
        "receivedAt": None,
    }
    text = cli(BEIJING, "case", "show", case, as_json=False)[1]
    assert "where the subject is registered [not-granted]" in text
