"""`credit-ledger gateway token …` as an operator uses it, and how it fails."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.base.db import open_engine
from gateway.cli import gateway
from gateway.tokens.services import find_token

TOML = """
env = "development"
network = "network.json"
[node]
code = "110000"
[http]
port = {port}
"""


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "en")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text(TOML.format(port=0), "utf-8")
    return path


def run(config: Path | None, *arguments: str) -> Result:
    options = () if config is None else ("--config", str(config))
    return CliRunner().invoke(gateway, [*arguments, *options])


def test_add_list_revoke(config: Path) -> None:
    added = run(config, "token", "add", "市监局", "--scope", "submit", "--scope", "read")
    assert added.exit_code == 0
    token = added.stdout.strip()
    assert "not shown again" in added.stderr
    engine = open_engine(f"sqlite:///{config.parent / 'gateway.base.db'}")
    caller = find_token(engine, token)
    assert caller is not None
    assert (caller.name, caller.department) == ("市监局", None)
    assert caller.scopes == {"submit", "read"}
    listed = run(config, "token", "list")
    assert listed.exit_code == 0
    assert "市监局" in listed.stdout
    assert "in force" in listed.stdout
    assert token not in listed.stdout
    assert run(config, "token", "revoke", "1").exit_code == 0
    assert find_token(engine, token) is None
    assert run(config, "token", "revoke", "1").exit_code == 1
    engine.dispose()


def test_json(config: Path) -> None:
    added = run(
        config, "token", "add", "a", "--scope", "submit,read", "--department", "d", "--json"
    )
    document = json.loads(added.stdout)
    assert document["id"] == 1
    assert document["scopes"] == ["submit", "read"]
    (row,) = json.loads(run(config, "token", "list", "--json").stdout)["tokens"]
    assert (row["name"], row["department"], row["revoked"]) == ("a", "d", None)
    assert row["created"].endswith("Z")


@pytest.mark.parametrize(
    "arguments",
    [
        ("token", "add", "a"),
        ("token", "add", "a", "--scope", "write"),
        ("token", "add", "--scope", "read"),
        ("token", "revoke", "x"),
        ("token", "revoke", "0"),
        ("token",),
        ("serve", "extra"),
        ("nothing",),
    ],
)
def test_wrong_usage_is_2(config: Path, arguments: tuple[str, ...]) -> None:
    assert run(config, *arguments).exit_code == 2


def test_without_a_config(monkeypatch: pytest.MonkeyPatch, config: Path) -> None:
    assert run(None, "token", "list").exit_code == 2
    monkeypatch.setenv("CREDIT_LEDGER_CONFIG", str(config))
    assert run(None, "token", "list").exit_code == 0


@pytest.mark.parametrize(
    ("text", "named"),
    [("[node", "gateway.toml"), ("network = 1", "network"), ('[node]\ncode = "1"', "network")],
)
def test_a_config_that_cannot_work_is_1(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(text)
    result = run(path, "token", "list")
    assert result.exit_code == 1
    assert named in result.stderr
    assert run(path, "serve").exit_code == 1


def test_serve_without_a_network_file(config: Path) -> None:
    result = run(config, "serve")
    assert result.exit_code == 1
    assert "network.json" in result.stderr


def test_help_in_both_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts are fixed at import, as the command line runs once."""
    shown = CliRunner().invoke(gateway, ["token", "add", "--help"])
    assert shown.exit_code == 0
    assert "submit|read|admin" in shown.stdout
