"""Exit code 2 for wrong usage everywhere; keys; tokens of a gateway."""

import json
import stat
from pathlib import Path

import pytest

from tests.acceptance.outside import Net, penalty, run, until

WRONG = [
    "--no-such-option",
    "nonsense",
    "network up extra",
    "submit missing.csv --to http://127.0.0.1:9",
    "verify FILE --network FILE --bad",
    "audit replay --network missing.json",
    "gateway serve --config missing.toml",
    "keys show",
]
"""One of each kind and group of commands: all are in `tests/cli/test_usage.py`, without a process
of their own."""


@pytest.mark.parametrize("line", WRONG)
def test_wrong_usage(line: str, tmp_path: Path) -> None:
    (tmp_path / "file.json").write_text("{}")
    words = {"FILE": str(tmp_path / "file.json")}
    done = run(*(words.get(word, word) for word in line.split()), cwd=tmp_path)
    assert done.code == 2, done.err
    assert done.err
    assert done.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["file.json"]


def test_help_has_examples() -> None:
    """Of the others see `tests/cli/test_usage.py`."""
    done = run("audit", "replay", "--help")
    assert done.code == 0
    assert "credit-ledger audit replay" in done.out


@pytest.mark.parametrize(
    ("purpose", "alg"), [("ANCHOR", 1), ("note", 2), ("present", 3), ("govern", 1)]
)
def test_keys(purpose: str, alg: int, tmp_path: Path) -> None:
    password, file = tmp_path / "password", tmp_path / "key.json"
    password.write_text("correct horse\n")
    env = {"CREDIT_LEDGER_KEY_PASSWORD_FILE": str(password)}
    made = run("keys", "new", "--purpose", purpose, "--out", file, "--json", env=env)
    assert made.code == 0, made.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    shown = run("keys", "show", file, "--json")
    assert shown.code == 0
    assert shown.json()["keyId"] == made.json()["keyId"]
    assert shown.json()["alg"] == alg
    assert shown.json()["purpose"] == purpose.upper()
    kept = file.read_bytes()
    again = run("keys", "new", "--purpose", purpose, "--out", file, env=env)
    assert again.code == 1, "keys are never written over"
    assert file.read_bytes() == kept


def test_what_is_no_key(tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    file.write_text("{}")
    done = run("keys", "show", file)
    assert done.code == 1
    assert done.err


def test_tokens(net: Net) -> None:
    """Added, listed without their secret, revoked; each scope opens its own doors."""
    where = ("--config", net.config())
    added = {
        scope: run("gateway", "token", "add", scope, "--scope", scope, "--json", *where)
        for scope in ("submit", "read", "admin")
    }
    assert [done.code for done in added.values()] == [0, 0, 0]
    tokens = {scope: done.json()["token"] for scope, done in added.items()}
    listed = run("gateway", "token", "list", "--json", *where)
    assert listed.code == 0
    assert not any(token in listed.out for token in tokens.values())
    for scope, done in added.items():
        entry = next(row for row in listed.json()["tokens"] if row["id"] == done.json()["id"])
        assert entry["scopes"] == [scope]
        assert entry["revoked"] is None

    def codes(token: str) -> tuple[int, int]:
        auth = {"Authorization": f"Bearer {token}"}
        posted = net.http.post("/v1/records", json=penalty(), headers=auth)
        read = net.http.get(f"/v1/records/{'0' * 64}", headers=auth)
        return posted.status_code, read.status_code

    assert codes(tokens["submit"]) == (201, 403)
    assert codes(tokens["read"]) == (403, 404)
    revoked = run("gateway", "token", "revoke", added["submit"].json()["id"], *where)
    assert revoked.code == 0
    until(lambda: codes(tokens["submit"]) == (401, 401), "revoked within seconds")
    assert run("gateway", "token", "revoke", 999999, *where).code == 1


def test_tokens_are_kept_hashed(net: Net) -> None:
    secret = net.token().encode()
    database = net.config().parent
    for path in database.glob("gateway.db*"):
        assert secret not in path.read_bytes()
    assert secret not in (database / "log.jsonl").read_bytes()


def test_production_refuses_stand_ins(net: Net) -> None:
    serve = ("gateway", "serve", "--config", net.config("demo-bank"))
    production = {"CREDIT_LEDGER_ENV": "production", "CREDIT_LEDGER_HTTP__PORT": "0"}
    for stand_in, more in (
        ("31337", {}),
        ("CREDIT_LEDGER_NOW", {"CREDIT_LEDGER_NOW": "2026-01-01T00:00:00Z"}),
        ("CRASH_AT", {"CREDIT_LEDGER_CRASH_AT": "anchor.sent:before"}),
    ):
        done = run(*serve, env=production | more)
        assert done.code == 1
        assert stand_in in done.err


def test_json_goes_to_stdout_alone(net: Net, tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    file.write_text(json.dumps(penalty()))
    done = run("submit", file, "--to", net.urls["120000"], "--token", net.token(), "--json")
    assert done.code == 0, done.err
    assert done.json()["verdict"] == "accepted"
