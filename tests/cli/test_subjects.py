"""`subjects check`: what it shows, what it writes, exit codes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.cli import node as node_module
from tests.cli.conftest import Cli
from tests.cli.stub import Stub, stub, told

CHECK = "GET /v1/subjects/check?limit=100"
BOOK = "GET /v1/subjects/check.xlsx?limit=100"
MESSAGE = {"zh": "请更正错误的记录。", "en": "Correct the records that are wrong."}
CODES = ("91110000600037341L", "91110108551385082Q")


def party(code: str | None, name: str | None, records: int | None = 2) -> dict[str, Any]:
    return {
        "code": code,
        "name": name,
        "registration": None,
        "records": records,
        "latest": "2026-05",
        "registered": None,
        "leaves": ["00" * 32],
    }


def answer(*findings: dict[str, Any], more: bool = False) -> dict[str, Any]:
    return {"_type": "credit-ledger/subjects-check@1", "findings": [*findings], "more": more}


def double(what: str, *parties: dict[str, Any], same: bool = False) -> dict[str, Any]:
    return {
        "double": what,
        "sameDocument": same,
        "sameRegistration": same,
        "parties": [*parties],
        "message": MESSAGE,
    }


FOUND = answer(
    double("one-code-two-names", party(CODES[0], "甲公司"), party(CODES[0], "乙公司", None)),
    double("one-name-two-codes", party(CODES[0], "甲公司"), party(CODES[1], "甲公司"), same=True),
    more=True,
)


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Stub]:
    monkeypatch.setattr(node_module, "_PATIENCE", 0.2)
    monkeypatch.setattr(node_module, "_LONGEST_PAUSE", 0.1)
    monkeypatch.chdir(tmp_path)
    with stub() as made:
        yield made


def test_none(gateway: Stub, cli: Cli) -> None:
    gateway.on(CHECK, told(answer()))
    done = cli("subjects", "check", "--to", gateway.url, "--token", "secret")
    assert (done.exit, done.out.strip()) == (0, "")
    assert "No subject" in done.err
    assert gateway.asked[0].headers["authorization"] == "Bearer secret"


def test_some(gateway: Stub, cli: Cli) -> None:
    gateway.on(CHECK, told(FOUND))
    done = cli("subjects", "check", "--to", gateway.url)
    assert done.exit == 1
    for text in (*CODES, "甲公司", "乙公司", "one code, two names", "same document"):
        assert text in " ".join(done.out.split()), text
    assert MESSAGE["en"] in done.err
    assert "--limit" in done.err


def test_in_chinese(gateway: Stub, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "zh")
    gateway.on(CHECK, told(FOUND))
    done = cli("subjects", "check", "--to", gateway.url)
    assert "一码多名" in done.out and MESSAGE["zh"] in done.err


def test_as_json_and_as_a_workbook(gateway: Stub, cli: Cli, tmp_path: Path) -> None:
    gateway.on(CHECK, told(FOUND))
    gateway.on(BOOK, (200, b"PK...", {}))
    out = tmp_path / "doubles.xlsx"
    done = cli("subjects", "check", "--to", gateway.url, "--json", "-o", out)
    assert (done.exit, done.json(), out.read_bytes()) == (1, FOUND, b"PK...")
    assert out.stat().st_mode & 0o077 == 0  # it tells of people


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_node_that_refuses(gateway: Stub, cli: Cli, status: int) -> None:
    problem = {"code": "scope-missing", "text": {"zh": "没有权限", "en": "lacks the scope"}}
    gateway.on(CHECK, told(problem, status))
    done = cli("subjects", "check", "--to", gateway.url)
    assert done.exit == 1
    assert "scope-missing" in done.err


def test_a_node_that_is_away_or_busy(gateway: Stub, cli: Cli) -> None:
    assert cli("subjects", "check", "--to", "http://127.0.0.1:1").exit == 4
    gateway.on(CHECK, told({"code": "too-many-requests"}, 429, retry_after="5"))
    assert cli("subjects", "check", "--to", gateway.url).exit == 4


def test_a_node_cannot_steer_the_terminal(gateway: Stub, cli: Cli) -> None:
    found = double("one-code-two-names", party("\x1b[2J", "甲\x07"), party("x", "[red]"))
    gateway.on(CHECK, told(answer(found)))
    done = cli("subjects", "check", "--to", gateway.url)
    assert "\x1b[2J" not in done.out and "\x07" not in done.out
    assert "[red]" in done.out
