"""`record status`: what it shows, exit codes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.cli import node as node_module
from tests.cli.conftest import Cli
from tests.cli.stub import Stub, stub, told

RECORD, OTHER = "ab" * 32, "cd" * 32
WHERE = f"GET /v1/records/{RECORD}/status"
NOTHING: dict[str, Any] = {
    "record": RECORD,
    "flags": [],
    "outcome": "none",
    "version": 0,
    "recordedAt": None,
    "effectiveAt": None,
    "correctedBy": None,
    "closed": False,
}
CORRECTED = NOTHING | {
    "flags": ["disputed"],
    "outcome": "corrected",
    "version": 2,
    "recordedAt": "2026-11-23T08:00:00Z",
    "effectiveAt": "2026-11-22T16:00:00Z",
    "correctedBy": OTHER,
    "closed": True,
}


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Stub]:
    monkeypatch.setattr(node_module, "_PATIENCE", 0.2)
    monkeypatch.setattr(node_module, "_LONGEST_PAUSE", 0.1)
    monkeypatch.chdir(tmp_path)
    with stub() as made:
        yield made


def test_no_act(gateway: Stub, cli: Cli) -> None:
    gateway.on(WHERE, told(NOTHING))
    done = cli("record", "status", RECORD, "--to", gateway.url)
    assert (done.exit, done.out) == (0, f"{RECORD}  no outcome\n")


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ["disputed, corrected", "act 2", "2026-11-22T16:00:00Z", OTHER, "closed"]),
        ("zh", ["有异议, 已更正", "第 2 次处置", "2026-11-22T16:00:00Z", OTHER, "停止提供"]),
    ],
)
def test_all_that_is_told(
    gateway: Stub, cli: Cli, monkeypatch: pytest.MonkeyPatch, lang: str, words: list[str]
) -> None:
    monkeypatch.setenv("CREDIT_LEDGER_LANG", lang)
    gateway.on(WHERE, told(CORRECTED))
    done = cli("record", "status", RECORD, "--to", gateway.url)
    assert done.exit == 0
    for word in words:
        assert word in done.out


def test_as_json(gateway: Stub, cli: Cli) -> None:
    gateway.on(WHERE, told(CORRECTED))
    done = cli("record", "status", RECORD, "--to", gateway.url, "--json")
    assert (done.exit, done.json()) == (0, CORRECTED)


def test_one_that_is_not_there(gateway: Stub, cli: Cli) -> None:
    problem = {"code": "not-found", "text": {"zh": "没有此资源", "en": "There is nothing here"}}
    gateway.on(WHERE, told(problem, 404))
    done = cli("record", "status", RECORD, "--to", gateway.url)
    assert done.exit == 1
    assert "nothing here" in done.err


def test_nobody_answers(cli: Cli) -> None:
    assert cli("record", "status", RECORD, "--to", "http://127.0.0.1:1").exit == 4


def test_a_name_is_no_path(gateway: Stub, cli: Cli) -> None:
    assert cli("record", "status", "../../node", "--to", gateway.url).exit in (1, 4)
    assert gateway.asked[0].path.startswith("/v1/records/")
