"""`credit-ledger gateway token …` as an operator uses it, and how it fails."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from gateway.accesses.services import Access, write
from gateway.base.clock import Clock
from gateway.base.crypto import Hmac
from gateway.base.db import begin_write, open_engine
from gateway.base.policy import ALWAYS, VERSION, Caller, Decision, Purpose, decide
from gateway.base.who import WhoFiles, WhoPaths
from gateway.cli import gateway
from gateway.tokens.services import MAX_AUTHORITIES, Holders
from ledger.records.keys import keys
from ledger.records.schema import load
from tests.records.examples import AUTHORITY, OLD_PENALTY, PENALTY, code

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


def holders(engine: sa.Engine, hmac: Hmac | None = None) -> Holders:
    return Holders(engine, hmac or Hmac(bytes(32)), WhoFiles(WhoPaths()), Clock())


def test_add_list_revoke(config: Path) -> None:
    added = run(config, "token", "add", "市监局", "--scope", "submit", "--scope", "read")
    assert added.exit_code == 0
    token = added.stdout.strip()
    assert "not shown again" in added.stderr
    engine = open_engine(f"sqlite:///{config.parent / 'gateway.db'}")
    caller = holders(engine).find(token)
    assert caller is not None
    assert (caller.name, caller.department) == ("市监局", None)
    assert caller.scopes == {"submit", "read"}
    listed = run(config, "token", "list")
    assert listed.exit_code == 0
    assert "市监局" in listed.stdout
    assert "in force" in listed.stdout
    assert token not in listed.stdout
    head, line = listed.stdout.splitlines()
    assert head == "Id\tName\tScopes\tDepartment\tAuthorities\tState (revoked)"
    assert len(head.split("\t")) == len(line.split("\t"))
    assert run(config, "token", "revoke", "1").exit_code == 0
    assert holders(engine).find(token) is None
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


def test_a_token_of_authorities(config: Path) -> None:
    added = run(
        config,
        *("token", "add", "交通局", "--scope", "submit", "--json"),
        *("--authority", AUTHORITY, "--authority", f" {AUTHORITY.lower()} "),
    )
    assert added.exit_code == 0
    (row,) = json.loads(run(config, "token", "list", "--json").stdout)["tokens"]
    assert row["authorities"] == [AUTHORITY]
    assert row["department"] == "交通局"  # its name stands for it
    assert AUTHORITY in run(config, "token", "list").stdout
    hmac = Hmac(bytes(32))
    engine = open_engine(f"sqlite:///{config.parent / 'gateway.db'}")
    caller = holders(engine, hmac).find(json.loads(added.stdout)["token"])
    engine.dispose()
    assert caller is not None
    assert caller.authorities == {AUTHORITY}
    # The marks are those of the keys of records.
    penalty = keys(load("penalty"), PENALTY | {"CF_CFJGDM": AUTHORITY}).authority  # type: ignore[arg-type]
    old = OLD_PENALTY | {"CF_XZJG": "交通局"}
    by_name = keys(load("penalty-2015"), old).authority  # type: ignore[arg-type]
    assert caller.marks == {hmac.authority(mark): [ALWAYS] for mark in (penalty, by_name)}


@pytest.mark.parametrize("wrong", ["", "1112", AUTHORITY[:-1] + "0", "00000000000000000X"])
def test_an_authority_that_is_no_uscc(config: Path, wrong: str) -> None:
    refused = run(config, "token", "add", "a", "--scope", "submit", "--authority", wrong)
    assert refused.exit_code == 1
    assert "authority: uscc-" in refused.stderr
    assert json.loads(run(config, "token", "list", "--json").stdout) == {"tokens": []}


def test_too_many_authorities(config: Path) -> None:
    codes = [code("11120101", f"MA{n:06}") for n in range(MAX_AUTHORITIES + 1)]
    options = [option for one in codes for option in ("--authority", one)]
    refused = run(config, "token", "add", "a", "--scope", "submit", *options)
    assert (refused.exit_code, "too-large" in refused.stderr) == (1, True)


def test_the_access_log(config: Path, tmp_path: Path) -> None:
    run(config, "token", "add", "甲", "--scope", "read", "--department", "甲局")
    engine = open_engine(f"sqlite:///{config.parent / 'gateway.db'}")
    at = int(datetime(2026, 11, 23, 16, tzinfo=UTC).timestamp())  # the 24th in China
    refused = decide(Caller(id=1, name="甲", scopes=frozenset(), department=None), Purpose.DISCLOSE)
    lines = [
        Access(token=1, purpose=Purpose.SHOW, decision=Decision(None), record=bytes(32)),
        Access(token=9, purpose=Purpose.DISCLOSE, decision=refused),
    ]
    with begin_write(engine) as connection:
        for n, line in enumerate(lines):
            write(connection, [line], at - 1 + n)
    engine.dispose()
    listed = json.loads(run(config, "accesses", "list", "--json").stdout)["accesses"]
    assert listed[1] == {
        "id": 1,
        "at": "2026-11-23T15:59:59Z",
        "token": 1,
        "name": "甲",
        "department": "甲局",
        "purpose": "show",
        "record": "00" * 32,
        "count": 1,
        "answer": "allowed",
        "rules": VERSION,
        "member": None,
        "use": None,
        "authorisation": None,
    }
    assert (listed[0]["token"], listed[0]["name"]) == (9, None)
    shown = run(config, "accesses", "list", "--refused")
    head, cells = [told.split("\t") for told in shown.stdout.splitlines()]
    assert head[:3] == ["Id", "Time", "Token"]
    assert cells[5:] == ["disclose", "-", "1", "scope-missing", str(VERSION), "-", "-", "-"]
    assert cells[1] == "2026-11-24 00:00:00 +08:00"  # of the day that people know
    assert len(head) == len(cells)
    for options, expected in (
        ((), ["1", "2"]),
        (("--since", "2026-11-24"), ["2"]),
        (("--until", "2026-11-24"), ["1"]),
        (("--token", "1"), ["1"]),
        (("--record", "00" * 32), ["1"]),
        (("--record", "11" * 32), []),
    ):
        out = tmp_path / "log.csv"
        assert run(config, "accesses", "export", "-o", str(out), *options).exit_code == 0
        with out.open(encoding="utf-8", newline="") as file:
            assert [line["id"] for line in csv.DictReader(file)] == expected


@pytest.mark.parametrize(
    "arguments",
    [
        ("token", "add", "a"),
        ("accesses", "list", "--record", "xyz"),
        ("accesses", "list", "--since", "yesterday"),
        ("accesses", "list", "--limit", "0"),
        ("accesses", "export"),
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
    assert "submit|read|decide|release|consent|product|admin" in shown.stdout
