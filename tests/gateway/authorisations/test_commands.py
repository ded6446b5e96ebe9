"""`credit-ledger auth` against gateways that serve: exit codes, JSON, both languages."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.main import run
from ledger.core.opening import parse_opening
from tests.gateway.abroad.desk import deliver
from tests.gateway.authorisations.desk import (
    BANK,
    BEIJING,
    OTHER,
    SUBJECT,
    TIANJIN,
    day,
    opening,
    parts,
    refusal,
    state,
)
from tests.gateway.cases.desk import PDF
from tests.gateway.intake.material import new_token
from tests.support.peers import Member, Network

Cli = Callable[..., tuple[int, Any]]


@pytest.fixture
def cli(
    network: Network,
    capsysbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> Cli:
    """Runs a command at a member; exit code and JSON."""
    for name in ("TOKEN", "DIR", "LANG"):
        monkeypatch.delenv(f"CREDIT_LEDGER_{name}", raising=False)
    tokens = {
        code: new_token(network[code].node, "consent", department=None, name="cli")
        for code in (BEIJING, BANK)
    }

    def call(code: str, *arguments: object) -> tuple[int, Any]:
        words = [str(one) for one in arguments]
        at = ["--to", network[code].url, "--token", tokens[code], "--json"]
        done = run(["auth", *words, *at])
        out = capsysbinary.readouterr().out
        return done, json.loads(out) if out else None

    return call


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    found = tmp_path / "授权书.pdf"
    found.write_bytes(PDF + str(tmp_path).encode())
    return found


def grant(member: Member, paper: Path, **changes: str) -> list[str]:
    said = {
        "--subject": SUBJECT,
        "--grantee": BANK,
        "--types": "penalty, licence",
        "--regions": f"{TIANJIN}，{BEIJING}",
        "--purpose": "pre-loan",
        "--from": day(member),
        "--until": day(member, 30),
        "--doc": str(paper),
    }
    words = [part for pair in (said | changes).items() for part in pair]
    return ["grant", *words]


@contextmanager
def sending(member: Member) -> Iterator[None]:
    """What the thread of the gateway does, on a chain that mines."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.2):
            parts(member).sending.step()
            member.anvil.mine()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_from_the_desk_to_the_bank_and_back(
    network: Network, cli: Cli, paper: Path, tmp_path: Path
) -> None:
    custodian, bank = network[BEIJING], network[BANK]
    code, told = cli(BEIJING, *grant(custodian, paper))
    assert code == 0
    name = told["authorisation"]
    assert told["promise"]["_type"] == "credit-ledger/promise@1"
    assert cli(BEIJING, *grant(custodian, paper)) == (0, told), "the same again"

    code, listed = cli(BEIJING, "list")
    assert (code, name in [one["authorisation"] for one in listed["authorisations"]]) == (0, True)
    code, listed = cli(BEIJING, "list", "--subject", SUBJECT.lower(), "--limit", "1")
    assert [one["subject"] for one in listed["authorisations"]] == [SUBJECT]
    assert cli(BEIJING, "list", "--subject", OTHER)[1]["authorisations"] == []

    written, folder = tmp_path / "paper.json", tmp_path / "docs"
    code, shown = cli(BEIJING, "show", name, "-o", written, "--docs", folder)
    assert (code, shown["state"], shown["types"]) == (0, "in-force", ["licence", "penalty"])
    assert parse_opening(written.read_bytes()) == opening(custodian, bytes.fromhex(name))
    assert written.stat().st_mode & 0o777 == 0o600
    assert [Path(path).read_bytes() for path in shown["files"]] == [paper.read_bytes()]

    assert cli(BANK, "show", name)[0] == 1, "it has not come"
    code, taken = cli(BANK, "take", written)
    assert (code, taken["authorisation"], taken["role"]) == (0, name, "held")
    assert cli(BANK, "show", name)[1]["custodian"] == BEIJING
    assert cli(BANK, "revoke", name)[0] == 1, "its custodian's to do"
    deliver(custodian, BANK)

    code, told = cli(BEIJING, "revoke", name)
    assert (code, told["state"]) == (0, "revoking")
    with sending(custodian):
        code, told = cli(BEIJING, "revoke", name, "--wait")
    assert (code, told["state"]) == (0, "revoked")
    assert cli(BANK, "show", name)[1]["state"] == "revoked"
    held = parts(bank).held.opening(bytes.fromhex(name))
    assert held is not None
    assert refusal(network, held) == "authorisation-revoked"


def test_what_is_refused(network: Network, cli: Cli, paper: Path, tmp_path: Path) -> None:
    custodian = network[BEIJING]
    for changes in (
        {"--subject": OTHER[:-1] + "0"},
        {"--grantee": "nobody"},
        {"--grantee": BEIJING},
        {"--types": "penalties"},
        {"--regions": "310000"},
        {"--purpose": "regulation"},
        {"--until": "2099-12-31"},
        {"--from": day(custodian, 9), "--until": day(custodian, 8)},
    ):
        assert cli(BEIJING, *grant(custodian, paper, **changes)) == (1, None), changes
    text = tmp_path / "a.pdf"
    text.write_bytes(b"no pdf")
    assert cli(BEIJING, *grant(custodian, text))[0] == 1
    assert cli(BANK, *grant(custodian, paper))[0] == 1, "no custodian"
    assert cli(BANK, "take", text)[0] == 1
    assert cli(BEIJING, "show", "00" * 32)[0] == 1
    assert cli(BEIJING, "revoke", "00" * 32)[0] == 1


def test_wrong_usage(network: Network, cli: Cli, paper: Path, tmp_path: Path) -> None:
    custodian = network[BEIJING]
    for words in (
        ["show", "xyz"],
        ["take", str(tmp_path / "none")],
        ["grant"],
        grant(custodian, paper, **{"--types": "penalty,,licence"}),
        grant(custodian, paper, **{"--until": "tomorrow"}),
        grant(custodian, tmp_path / "none.pdf"),
    ):
        assert cli(BEIJING, *words) == (2, None), words


def test_a_node_that_is_not_there() -> None:
    assert run(["auth", "list", "--to", "http://127.0.0.1:1", "--token", "x"]) == 4


@pytest.mark.parametrize("language", ["zh", "en"])
def test_in_words(
    network: Network,
    paper: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
    language: str,
) -> None:
    """Whatever is shown without --json, a revocation without a key with what to do."""
    monkeypatch.setenv("CREDIT_LEDGER_LANG", language)
    custodian = network[BEIJING]
    token = new_token(custodian.node, "consent", department=None, name=language)
    at = ["--to", custodian.url, "--token", token]
    assert run(["auth", *grant(custodian, paper, **{"--purpose": "guarantee"}), *at]) == 0
    name = capsysbinary.readouterr().out.decode().strip()
    assert len(name) == 64
    assert run(["auth", "list", *at]) == 0
    assert run(["auth", "show", name, *at]) == 0
    out = capsysbinary.readouterr().out.decode()
    assert ("担保" if language == "zh" else "guarantee") in out
    assert ("有效" if language == "zh" else "in force") in out
    assert run(["auth", "revoke", name, *at]) == 0
    told = capsysbinary.readouterr()
    assert told.out.decode().strip() == ("撤回中" if language == "zh" else "being taken back")
    assert ("等待签名" if language == "zh" else "waits for a signature") in told.err.decode()
    assert state(custodian, bytes.fromhex(name)) == "revoking"
