"""`receipt`, `submit` and `keys`: what they send, what they make of answers, exit codes."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.keyfile import create
from ledger.cli import node as node_module
from ledger.core.receipt import parse
from tests.cli.conftest import Cli
from tests.cli.stub import Request, Stub, lines, stub, told
from tests.verify.conftest import Ledger


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Stub]:
    """A stub; the client's patience is short, and no token lies about."""
    monkeypatch.setattr(node_module, "_PATIENCE", 0.5)
    monkeypatch.setattr(node_module, "_LONGEST_PAUSE", 0.1)
    monkeypatch.chdir(tmp_path)
    with stub() as made:
        yield made


# ---- receipt


@pytest.fixture
def shown(ledger: Ledger) -> bytes:
    return ledger.beijing.receipt(0)


@pytest.fixture
def bare(ledger: Ledger) -> bytes:
    return ledger.beijing.receipt(0, bare=True)


def test_a_receipt_without_a_token_is_bare(
    gateway: Stub, cli: Cli, bare: bytes, tmp_path: Path
) -> None:
    leaf, out = parse(bare).leaf.hex(), tmp_path / "r.json"
    gateway.on(f"GET /v1/receipts/{leaf}", (200, bare, {}))
    done = cli("receipt", leaf, "--from", gateway.url, "-o", out)
    assert (done.exit, out.read_bytes()) == (0, bare)
    assert "authorization" not in gateway.asked[0].headers


def test_a_receipt_with_a_token_shows_fields(
    gateway: Stub, cli: Cli, shown: bytes, bare: bytes, tmp_path: Path
) -> None:
    leaf, out = parse(shown).leaf.hex(), tmp_path / "r.json"
    gateway.on(f"GET /v1/records/{leaf}/receipt", (200, shown, {}))
    gateway.on(f"GET /v1/records/{leaf}/receipt?fields=A%2CB", (200, shown, {}))
    gateway.on(f"GET /v1/receipts/{leaf}", (200, bare, {}))
    common = ["receipt", leaf, "--from", gateway.url, "-o", out, "--token", "secret"]
    done = cli(*common, "--json")
    assert (done.exit, done.json()["disclosed"], out.read_bytes()) == (0, True, shown)
    assert gateway.asked[0].headers["authorization"] == "Bearer secret"
    assert cli(*common, "--fields", "A,B").exit == 0
    assert cli(*common, "--bare").exit == 0
    assert out.read_bytes() == bare


def test_a_receipt_is_waited_for(gateway: Stub, cli: Cli, bare: bytes, tmp_path: Path) -> None:
    leaf, out = parse(bare).leaf.hex(), tmp_path / "r.json"
    later = told({"state": "promised"}, 202, Retry_After="1")
    gateway.on(f"GET /v1/receipts/{leaf}", later)
    done = cli("receipt", leaf, "--from", gateway.url, "-o", out)
    assert (done.exit, out.exists()) == (4, False)
    assert "not anchored yet" in done.err
    assert cli("receipt", leaf, "--from", gateway.url, "-o", out, "--wait", "0.3").exit == 4
    gateway.on(f"GET /v1/receipts/{leaf}", later, later, (200, bare, {}))
    assert cli("receipt", leaf, "--from", gateway.url, "-o", out, "--wait", "20").exit == 0


def test_receipts_that_do_not_come(
    gateway: Stub, cli: Cli, ledger: Ledger, bare: bytes, tmp_path: Path
) -> None:
    leaf, out = parse(bare).leaf.hex(), tmp_path / "r.json"
    common = ["receipt", leaf, "--from", gateway.url, "-o", out]
    assert cli(*common).exit == 1
    path = f"GET /v1/receipts/{leaf}"
    gateway.on(path, told({"text": {"en": "no right", "zh": "无权"}, "code": "scope"}, 403))
    done = cli(*common)
    assert (done.exit, "no right [scope]" in done.err) == (1, True)
    gateway.on(path, told({"detail": "busy"}, 503, Retry_After="1"))
    assert cli(*common).exit == 4
    gateway.on(path, (200, b"<html>", {}))
    assert cli(*common).exit == 4
    gateway.on(path, (200, ledger.beijing.receipt(1, bare=True), {}))
    assert cli(*common).exit == 4
    assert cli("receipt", leaf, "--from", "http://127.0.0.1:1", "-o", out).exit == 4
    assert not out.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["xyz", "-o", "OUT"],
        ["AB" * 32, "-o", "OUT"],
        ["ab" * 32],
        ["ab" * 32, "-o", "OUT", "--bare", "--fields", "A"],
        ["ab" * 32, "-o", "OUT", "--fields", "A"],
        ["ab" * 32, "-o", "OUT", "--wait", "-1"],
    ],
)
def test_wrong_usage_of_receipt(
    gateway: Stub, cli: Cli, tmp_path: Path, arguments: list[str]
) -> None:
    arguments = [str(tmp_path / "o") if item == "OUT" else item for item in arguments]
    assert cli("receipt", *arguments, "--from", gateway.url).exit == 2


def test_the_token_of_a_network_on_this_machine(
    gateway: Stub, cli: Cli, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare, out = ledger.beijing.receipt(0, bare=True), tmp_path / "r.json"
    leaf = parse(bare).leaf.hex()
    gateway.on(f"GET /v1/records/{leaf}/receipt", (200, ledger.beijing.receipt(0), {}))
    gateway.on(f"GET /v1/receipts/{leaf}", (200, bare, {}))
    port = int(gateway.url.rpartition(":")[2])
    for code, at in (("110000", port), ("120000", port + 1)):
        folder = tmp_path / "net" / "members" / code
        folder.mkdir(parents=True)
        (folder / "gateway.toml").write_text(f"[http]\nport = {at}\n")
        (folder / "token").write_text(f"token-of-{code}\n")
    broken = tmp_path / "net" / "members" / "130000"
    broken.mkdir()
    (broken / "gateway.toml").write_text("[http")
    (broken / "token").write_text("x")
    common = ["receipt", leaf, "-o", out, "--from"]

    assert cli(*common, gateway.url).exit == 0
    assert "authorization" not in gateway.asked[-1].headers
    monkeypatch.setenv("CREDIT_LEDGER_DIR", str(tmp_path / "net"))
    assert cli(*common, gateway.url.replace("127.0.0.1", "localhost")).exit == 0
    assert gateway.asked[-1].headers["authorization"] == "Bearer token-of-110000"
    monkeypatch.setenv("CREDIT_LEDGER_TOKEN", "mine")
    assert cli(*common, gateway.url).exit == 0
    assert gateway.asked[-1].headers["authorization"] == "Bearer mine"
    assert cli(*common, gateway.url, "--token", "flag").exit == 0
    assert gateway.asked[-1].headers["authorization"] == "Bearer flag"


# ---- submit


def answer(row: int | None, verdict: str = "accepted", **changes: Any) -> dict[str, Any]:
    """A row answer."""
    bad = verdict in ("rejected", "conflict")
    return {
        "row": row,
        "sheet": None,
        "verdict": verdict,
        "field": "CF_WSH" if bad else None,
        "code": "required" if bad else None,
        "message": {"zh": "必填", "en": "must be there"} if bad else None,
        "errors": [],
        "notes": [],
        "leaf": None if verdict == "rejected" else f"{row or 0:064x}",
        "recordId": None,
        "promise": 0 if verdict == "accepted" else None,
        "changed": [],
    } | changes


def table_answer(state: str, *rows: dict[str, Any], **more: Any) -> Any:
    """A file answer."""
    return told({"state": state, "rows": len(rows), "promises": [], "verdicts": rows} | more)


def test_a_table_is_read_and_reported(gateway: Stub, cli: Cli, tmp_path: Path) -> None:
    file, report = tmp_path / "处罚.csv", tmp_path / "again.xlsx"
    file.write_bytes("甲,乙\n".encode())
    gateway.on("POST /v1/files", told({"id": "7"}, 202, Location="/v1/files/7"))
    gateway.on(
        "GET /v1/files/7",
        table_answer("queued"),
        table_answer("running"),
        table_answer("done", answer(2), answer(3, "rejected", sheet="甲")),
    )
    gateway.on("GET /v1/files/7/report.xlsx", (200, b"PK", {}))
    common = ["submit", file, "--to", gateway.url, "--token", "t"]
    done = cli(*common, "--type", "penalty", "--report", report)
    assert done.exit == 1
    assert report.read_bytes() == b"PK"
    assert "must be there [required]" in done.out
    sent = gateway.asked[0].body
    assert "甲,乙".encode() in sent and b"penalty" in sent
    done = cli(*common, "--json")
    assert (done.exit, len(done.json()["verdicts"])) == (1, 2)
    gateway.on("GET /v1/files/7", table_answer("done", answer(2), answer(3, "duplicate")))
    assert cli(*common).exit == 0


def test_a_table_that_cannot_be_read(gateway: Stub, cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "x.xlsx"
    file.write_bytes(b"PK")
    gateway.on("POST /v1/files", told({"id": "7"}, 202, Location="/v1/files/7"))
    text = {"zh": "不是工作簿", "en": "no workbook"}
    gateway.on("GET /v1/files/7", table_answer("failed", code="too-large", message=text))
    done = cli("submit", file, "--to", gateway.url, "--json")
    assert (done.exit, done.json()["state"]) == (1, "failed")
    assert "no workbook [too-large]" in done.err
    gateway.on("GET /v1/files/7", table_answer("done"))
    assert cli("submit", file, "--to", gateway.url).exit == 1
    gateway.on("POST /v1/files", told({"title": "no", "code": "token-missing"}, 401))
    done = cli("submit", file, "--to", gateway.url)
    assert (done.exit, "[token-missing]" in done.err) == (1, True)


def test_one_record(gateway: Stub, cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    file.write_text("{}")
    gateway.on("POST /v1/records", told(answer(None), 201))
    done = cli("submit", file, "--to", gateway.url)
    assert done.exit == 0
    assert "0" * 64 in done.out
    assert gateway.asked[0].headers["content-type"] == "application/json"
    gateway.on("POST /v1/records", told(answer(None, "rejected"), 422))
    assert cli("submit", file, "--to", gateway.url).exit == 1
    gateway.on("POST /v1/records", told({"title": "too large", "code": "too-large"}, 413))
    done = cli("submit", file, "--to", gateway.url)
    assert (done.exit, "too large [too-large]" in done.err) == (1, True)


def ndjson(request: Request) -> Any:
    """Accepts every line but those that say "bad"; one promise over all of them."""
    rows = [
        answer(number, "rejected" if b"bad" in line else "accepted")
        for number, line in enumerate(request.body.splitlines(), 1)
    ]
    promise = {"promise": {"count": len(rows)}}
    return lines(*rows, promise, {"counts": {}})


def test_many_lines_go_in_sets_and_come_back_as_one(
    gateway: Stub, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.cli.submit.MAX_LINES", 3)
    file = tmp_path / "many.ndjson"
    file.write_text("\n".join(["ok", "bad", "ok", "ok", "", "ok", "bad"]))
    gateway.on("POST /v1/records", ndjson)
    done = cli("submit", file, "--to", gateway.url, "--json")
    assert done.exit == 1
    told_ = done.json()
    assert [row["row"] for row in told_["verdicts"]] == [1, 2, 3, 4, 5, 6, 7]
    assert [row["promise"] for row in told_["verdicts"]] == [0, None, 0, 1, 1, 1, None]
    assert len(told_["promises"]) == 3
    assert told_["counts"] == {"accepted": 5, "duplicate": 0, "conflict": 0, "rejected": 2}
    assert [request.body.count(b"\n") for request in gateway.asked] == [3, 3, 0]
    file.write_text("ok\n")
    assert cli("submit", file, "--to", gateway.url).exit == 0
    file.write_text("")
    assert cli("submit", file, "--to", gateway.url).exit == 1


@pytest.mark.parametrize(
    "reply",
    [
        lines(answer(1)),
        lines(),
        (200, b"{broken\n", {}),
        lines(answer(1), {"problem": {"detail": "the disk is full", "code": "not-ready"}}),
        told({"detail": "busy"}, 503),
    ],
)
def test_an_answer_that_broke_off(gateway: Stub, cli: Cli, tmp_path: Path, reply: Any) -> None:
    file = tmp_path / "x.ndjson"
    file.write_text("ok\n")
    gateway.on("POST /v1/records", reply)
    done = cli("submit", file, "--to", gateway.url, "--json")
    assert (done.exit, done.out) == (4, "")


def test_a_node_that_asks_for_patience(gateway: Stub, cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "x.ndjson"
    file.write_text("ok\n")
    gateway.on("POST /v1/records", told({}, 429, Retry_After="1"), ndjson)
    assert cli("submit", file, "--to", gateway.url).exit == 0
    assert len(gateway.asked) == 2


def test_waiting_until_all_is_anchored(
    gateway: Stub, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "x.ndjson"
    file.write_text("ok\nbad\nok\n")
    gateway.on("POST /v1/records", ndjson)
    later = told({"state": "promised"}, 202, Retry_After="1")
    gateway.on(f"GET /v1/receipts/{1:064x}", later, (200, b"{}", {}))
    gateway.on(f"GET /v1/receipts/{3:064x}", (200, b"{}", {}))
    assert cli("submit", file, "--to", gateway.url, "--wait").exit == 1
    asked = [request.path for request in gateway.asked if request.method == "GET"]
    assert len(asked) == 3
    monkeypatch.setattr("ledger.cli.submit._ANCHOR_PATIENCE", 0.2)
    gateway.on(f"GET /v1/receipts/{3:064x}", later)
    done = cli("submit", file, "--to", gateway.url, "--wait")
    assert (done.exit, "anchored for long" in done.err) == (4, True)


def test_wrong_usage_of_submit(gateway: Stub, cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "x.ndjson"
    file.write_text("ok\n")
    odd = tmp_path / "x.pdf"
    odd.write_text("")
    to = ["--to", gateway.url]
    assert cli("submit", odd, *to).exit == 2
    assert cli("submit", file, *to, "--type", "penalty").exit == 2
    assert cli("submit", file, *to, "--report", tmp_path / "r.xlsx").exit == 2
    assert cli("submit", tmp_path / "none.json", *to).exit == 2
    assert cli("submit", file).exit == 2
    assert cli("submit", file, "--to", "http://127.0.0.1:1").exit == 4
    assert cli("submit", file, "--to", "nonsense").exit == 4


# ---- keys


def test_keys_are_made_and_shown(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.cli.keys.create", partial(create, work=1 << 4))
    password = tmp_path / "password"
    password.write_text("correct horse\n")
    monkeypatch.setenv("CREDIT_LEDGER_KEY_PASSWORD_FILE", str(password))
    out = tmp_path / "anchor.json"
    done = cli("keys", "new", "--purpose", "anchor", "--out", out, "--json")
    assert done.exit == 0
    made = done.json()
    assert made["purpose"] == "ANCHOR"
    assert made["address"].startswith("0x")
    assert out.stat().st_mode & 0o777 == 0o600
    shown = cli("keys", "show", out)
    assert (shown.exit, made["keyId"] in shown.out) == (0, True)
    assert cli("keys", "show", out, "--json").json() == made
    again = cli("keys", "new", "--purpose", "anchor", "--out", out)
    assert again.exit == 1
    secret = tmp_path / "content.json"
    assert cli("keys", "new", "--purpose", "content", "--out", secret, "--json").json() == {
        "purpose": "content", "file": str(secret),
    }  # fmt: skip


def test_keys_that_cannot_be_made_or_shown(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("keys", "new", "--purpose", "nonsense", "--out", tmp_path / "k").exit == 2
    assert cli("keys", "show", tmp_path / "k").exit == 2
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps({"_type": "something"}))
    assert cli("keys", "show", wrong).exit == 1
    monkeypatch.setenv("CREDIT_LEDGER_KEY_PASSWORD_FILE", str(tmp_path / "none"))
    assert cli("keys", "new", "--purpose", "NOTE", "--out", tmp_path / "k").exit == 1
    empty = tmp_path / "empty"
    empty.write_text("\n")
    monkeypatch.setenv("CREDIT_LEDGER_KEY_PASSWORD_FILE", str(empty))
    assert cli("keys", "new", "--purpose", "NOTE", "--out", tmp_path / "k").exit == 1
