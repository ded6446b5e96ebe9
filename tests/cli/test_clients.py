"""`receipt`, `submit` and `keys`: what they send, what they make of answers, exit codes."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.keys.keydir import PublicKey
from ledger.chain.keys.keyfile import create
from ledger.cli import node as node_module
from ledger.cli.member_file import encode_member
from ledger.core.keys import Purpose, Role
from ledger.core.receipt import parse
from tests.cli.conftest import Cli
from tests.cli.stub import Request, Stub, lines, stub, told
from tests.support.chain import make_keys
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


def test_many_receipts_go_into_a_folder(
    gateway: Stub, cli: Cli, ledger: Ledger, tmp_path: Path
) -> None:
    """One that cannot be had stops no other; the worst decides the exit code."""
    parts = [ledger.beijing.receipt(number, bare=True) for number in (0, 1)]
    leaves = [parse(data).leaf.hex() for data in parts]
    for leaf, data in zip(leaves, parts, strict=True):
        gateway.on(f"GET /v1/receipts/{leaf}", (200, data, {}))
    out = tmp_path / "receipts"
    common = ["--from", gateway.url, "-o", out, "--json"]
    done = cli("receipt", *leaves, leaves[0], *common)
    files = [out / f"{leaf}.json" for leaf in leaves]
    assert done.exit == 0
    assert done.json() == {
        "receipts": [
            {"leaf": leaf, "file": str(file), "disclosed": False}
            for leaf, file in zip(leaves, files, strict=True)
        ]
    }
    assert [file.read_bytes() for file in files] == parts
    assert "wrote 2 receipts" in done.err

    later, unknown = "ab" * 32, "cd" * 32
    gateway.on(f"GET /v1/receipts/{later}", told({}, 202, Retry_After="1"))
    done = cli("receipt", leaves[0], later, *common)
    assert done.exit == 4
    [good, bad] = done.json()["receipts"]
    assert (good["file"], bad["file"]) == (str(files[0]), None)
    assert "not anchored yet" in bad["problem"] and f"{later}: " in done.err
    assert cli("receipt", later, unknown, *common).exit == 1
    assert cli("receipt", leaves[0], *common).json()["file"] == str(files[0]), "a folder: LEAF.json"
    record_id = parse(parts[0]).record_id.hex()
    gateway.on(f"GET /v1/receipts/{record_id}", (200, parts[0], {}))
    assert cli("receipt", record_id, "--from", gateway.url, "-o", tmp_path / "r.json").exit == 0


def test_bare_receipts_are_asked_for_together(
    gateway: Stub, cli: Cli, ledger: Ledger, tmp_path: Path
) -> None:
    """Each line is judged as the answer for it alone would be."""
    parts = [ledger.beijing.receipt(number, bare=True) for number in (0, 1)]
    leaves = [*(parse(data).leaf.hex() for data in parts), "ab" * 32, "cd" * 32, "ef" * 32]
    out = tmp_path / "receipts"
    none, broken = (
        json.dumps({"status": status, "code": code, "text": {"en": f"{code}!"}}).encode() + b"\n"
        for status, code in ((404, "not-found"), (500, "internal"))
    )
    waits = b'{"state":"promised"}\n'
    more = {"Retry-After": "1"}
    gateway.on(
        "POST /v1/receipts",
        (200, parts[0] + waits + none + broken + waits, more),
        (200, parts[1] + waits, more),
        (200, waits, more),
    )
    common = ["receipt", *leaves, "--from", gateway.url, "-o", out, "--json"]
    done = cli(*common, "--wait", "1")
    found = done.json()["receipts"]
    assert done.exit == 1, "the worst"
    assert [one["leaf"] for one in found] == leaves
    assert [(out / f"{leaf}.json").read_bytes() for leaf in leaves[:2]] == parts
    assert "no such leaf" in found[2]["problem"]
    assert "internal! [internal]" in found[3]["problem"]
    assert "not anchored yet" in found[4]["problem"]
    asked = [json.loads(one.body)["leaves"] for one in gateway.asked]
    assert asked[:2] == [leaves, [leaves[1], leaves[4]]]

    gateway.on("POST /v1/receipts", told({"detail": "busy"}, 503, Retry_After="1"))
    assert cli(*common).exit == 4, "nothing is known of any"
    gateway.on("POST /v1/receipts", (200, parts[0], {}))
    assert cli(*common).exit == 4, "an answer that broke off"


def test_receipts_of_a_file(gateway: Stub, cli: Cli, ledger: Ledger, tmp_path: Path) -> None:
    """All of its rows that are in, by this file or before, and none of the others."""
    parts = [ledger.beijing.receipt(number) for number in (0, 1)]
    leaves = [parse(data).leaf.hex() for data in parts]
    for leaf, data in zip(leaves, parts, strict=True):
        gateway.on(f"GET /v1/records/{leaf}/receipt", (200, data, {}))
    rows = [answer(2, leaf=leaves[0]), answer(3, "rejected"), answer(4, leaf=leaves[1])]
    file, out = "0f" * 16, tmp_path / "receipts"
    gateway.on(f"GET /v1/files/{file}", table_answer("running"))
    common = ["receipt", "--file", file, "--from", gateway.url, "-o", out, "--token", "t"]
    assert cli(*common).exit == 4
    rows[2] = answer(4, "duplicate", leaf=leaves[1])
    gateway.on(f"GET /v1/files/{file}", table_answer("done", *rows))
    assert cli(*common).exit == 0
    assert sorted(path.name for path in out.iterdir()) == sorted(f"{leaf}.json" for leaf in leaves)
    gateway.on(f"GET /v1/files/{file}", table_answer("done", answer(3, "rejected")))
    assert cli(*common).exit == 1
    gateway.on(f"GET /v1/files/{file}", told({"code": "not-found"}, 404))
    assert cli(*common).exit == 1
    (tmp_path / "blocked").write_text("")
    assert cli(*common[:-4], "-o", tmp_path / "blocked" / "in", "--token", "t").exit == 1


# ---- files


def test_files_are_listed_and_shown(
    gateway: Stub, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = "0f" * 16
    listed: dict[str, Any] = {
        "id": file,
        "file": "处罚.csv",
        "state": "done",
        "created": "2026-11-20T08:00:00Z",
        "rows": 2,
        "counts": {"accepted": 1, "duplicate": 0, "conflict": 0, "rejected": 1},
    }
    gateway.on("GET /v1/files?limit=7", told({"files": [listed]}))
    common = ["--to", gateway.url, "--token", "t"]
    monkeypatch.setenv("COLUMNS", "80")
    listed["file"] = "北京市法人行政处罚信息2026.csv"
    gateway.on("GET /v1/files?limit=7", told({"files": [listed]}))
    done = cli("files", "list", *common, "--limit", "7")
    words = " ".join(done.out.split())
    assert "北京市法人行政处" in words and "done" in words and "accepted 1, rejected 1" in words
    assert len(done.out.splitlines()) < 9 and "2026-11-20 16:00:00" in words
    listed["file"] = "处罚.csv"
    gateway.on("GET /v1/files?limit=7", told({"files": [listed]}))
    done = cli("files", "list", *common, "--limit", "7")
    assert (done.exit, file in done.out, "处罚.csv" in done.out) == (0, True, True)
    assert cli("files", "list", *common, "--limit", "7", "--json").json() == {"files": [listed]}
    told_ = table_answer("done", answer(2), answer(3, "rejected"), id=file, file="处罚.csv")
    gateway.on(f"GET /v1/files/{file}", told_)
    gateway.on("GET /v1/node", told({"code": "110000", "name": "北京市"}))
    done = cli("files", "show", file, *common)
    assert done.exit == 0
    assert file in done.out and "must be there [required]" in done.out
    assert f"北京市 110000 {gateway.url}" in done.out
    assert cli("files", "show", file, *common, "--json").json()["id"] == file
    text = {"zh": "不是工作簿", "en": "no workbook"}
    failed = table_answer("failed", code="too-large", message=text, file="处罚.csv")
    gateway.on(f"GET /v1/files/{file}", failed)
    done = cli("files", "show", file, *common)
    assert (done.exit, "no workbook [too-large]" in done.err) == (1, True)
    assert cli("files", "show", "ab" * 16, *common).exit == 1
    assert cli("files", "show", "x", *common).exit == 2
    assert cli("files", "list", "--to", "http://127.0.0.1:1").exit == 4


@pytest.mark.parametrize(
    "arguments",
    [
        ["xyz", "-o", "OUT"],
        ["AB" * 32, "-o", "OUT"],
        ["ab" * 32],
        ["ab" * 32, "-o", "OUT", "--bare", "--fields", "A"],
        ["ab" * 32, "-o", "OUT", "--fields", "A"],
        ["ab" * 32, "-o", "OUT", "--wait", "-1"],
        ["-o", "OUT"],
        ["ab" * 32, "xyz", "-o", "OUT"],
        ["ab" * 32, "--file", "0" * 32, "-o", "OUT"],
        ["--file", "xyz", "-o", "OUT"],
        ["ab" * 32, "cd" * 32, "-o", "FILE"],
    ],
)
def test_wrong_usage_of_receipt(
    gateway: Stub, cli: Cli, tmp_path: Path, arguments: list[str]
) -> None:
    (tmp_path / "file").write_text("")
    named = {"OUT": str(tmp_path / "o"), "FILE": str(tmp_path / "file")}
    arguments = [named.get(item, item) for item in arguments]
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
    being_made = told({"id": "7", "state": "done"}, 202)
    gateway.on("GET /v1/files/7/report.xlsx", being_made, being_made, (200, b"PK", {}))
    common = ["submit", file, "--to", gateway.url, "--token", "t"]
    done = cli(*common, "--type", "penalty", "--report", report)
    assert done.exit == 1
    assert report.read_bytes() == b"PK"
    assert "must be there [required]" in done.out
    [sent] = [request.body for request in gateway.asked if request.method == "POST"]
    assert "甲,乙".encode() in sent and b"penalty" in sent
    done = cli(*common, "--json")
    assert (done.exit, len(done.json()["verdicts"])) == (1, 2)
    gateway.on("GET /v1/files/7", table_answer("done", answer(2), answer(3, "duplicate")))
    assert cli(*common).exit == 0


@pytest.mark.parametrize("state", ["done", "failed"])
def test_no_workbook_where_nothing_is_to_be_corrected(
    gateway: Stub, cli: Cli, tmp_path: Path, state: str
) -> None:
    file, report = tmp_path / "x.xlsx", tmp_path / "again.xlsx"
    file.write_bytes(b"PK")
    gateway.on("POST /v1/files", told({"id": "7"}, 202, Location="/v1/files/7"))
    text = {"zh": "不是工作簿", "en": "no workbook"}
    rows = () if state == "failed" else (answer(2), answer(3, "duplicate"))
    gateway.on("GET /v1/files/7", table_answer(state, *rows, code="too-large", message=text))
    gateway.on("GET /v1/files/7/report.xlsx", (200, b"PK", {}))
    done = cli("submit", file, "--to", gateway.url, "--report", report)
    assert done.exit == (1 if state == "failed" else 0)
    assert not report.exists()
    assert "workbook to correct:" not in done.err
    assert "No rows to correct" in done.err


def passed_over(row: int | None) -> dict[str, Any]:
    """A note on a row that is no record, or on more of them."""
    text = f"Row “{row or '… +3'}” is a total"
    note = {"field": None, "code": "footer-skipped", "message": {"zh": text, "en": text}}
    return note if row is None else note | {"row": row}


def test_rows_passed_over_are_named_themselves(gateway: Stub, cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "x.xlsx"
    file.write_bytes(b"PK")
    gateway.on("POST /v1/files", told({"id": "7"}, 202, Location="/v1/files/7"))
    rows = (
        answer(38, sheet="甲", notes=[passed_over(39), passed_over(40), passed_over(None)]),
        answer(70, sheet="乙", notes=[passed_over(71)]),
    )
    gateway.on("GET /v1/files/7", table_answer("done", *rows))
    told_ = cli("submit", file, "--to", gateway.url).out
    [line] = [line.split() for line in told_.splitlines() if "Totals, signatures" in line]
    assert line[-4:] == ["甲", "39–40,", "乙", "71"]
    assert line[-5] == "3"
    [more] = [line for line in told_.splitlines() if "… +3" in line]
    assert "38" not in more


def test_a_sheet_that_was_not_read_is_named(gateway: Stub, cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "x.xlsx"
    file.write_bytes(b"PK")
    gateway.on("POST /v1/files", told({"id": "7"}, 202, Location="/v1/files/7"))
    sheets = [
        {"name": name, "type": type_, "rows": 1, "unread": unread, "code": None, "message": None}
        for name, type_, unread in (("甲", "penalty", 0), ("十一月", None, 4), ("空", None, 0))
    ]
    gateway.on("GET /v1/files/7", table_answer("done", answer(2), sheets=sheets))
    done = cli("submit", file, "--to", gateway.url)
    assert done.exit == 0
    [line] = [line for line in done.out.splitlines() if "not read" in line]
    assert line.startswith("! Sheet “十一月”: 4 rows")


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
    assert gateway.asked[1].headers["content-type"] == "application/json"
    gateway.on("POST /v1/records", told(answer(None, "rejected"), 422))
    assert cli("submit", file, "--to", gateway.url).exit == 1
    gateway.on("POST /v1/records", told({"title": "too large", "code": "too-large"}, 413))
    done = cli("submit", file, "--to", gateway.url)
    assert (done.exit, "too large [too-large]" in done.err) == (1, True)


def test_a_node_cannot_steer_the_terminal(gateway: Stub, cli: Cli, tmp_path: Path) -> None:
    """Neither by its name, nor by an error of its own wording."""
    file = tmp_path / "x.csv"
    file.write_text("a\n")
    evil = "\x1b[2J\u202eevil"
    gateway.on("GET /v1/node", told({"code": "110000", "name": evil, "logs": []}))
    gateway.on("POST /v1/files", told({"id": "7"}, 202, Location="/v1/files/7"))
    gateway.on("GET /v1/files/7", table_answer("done", answer(2)))
    done = cli("submit", file, "--to", gateway.url)
    assert "evil" in done.out and "evil" in done.err
    refused = told({"text": {"zh": evil, "en": evil}, "code": "x"}, 422)
    gateway.on("POST /v1/files", refused)
    other = cli("submit", file, "--to", gateway.url)
    assert "evil" in other.err
    for text in (done.out, done.err, other.err):
        assert "\x1b[2J" not in text and "\u202e" not in text


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
    sent = [request.body for request in gateway.asked if request.method == "POST"]
    assert [body.count(b"\n") for body in sent] == [3, 3, 0]
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
    assert [request.method for request in gateway.asked] == ["GET", "POST", "POST"]


def sizes(anchored: int, promised: int | None = 5, size: int = 5) -> Any:
    """What /v1/node says of two logs, of which the first takes no more."""
    closed = {"log": "0a" * 32, "size": 9, "anchoredSize": 7, "promisedSize": 9}
    log = {"log": "0b" * 32, "size": size, "anchoredSize": anchored}
    more = {} if promised is None else {"promisedSize": promised}
    return told({"code": "110000", "name": "北京市", "logs": [closed, log | more]})


def promised(request: Request) -> Any:
    """As `ndjson`, with a promise that names its log."""
    status, body, headers = ndjson(request)
    return status, body.replace(b'"count": 3', b'"count": 3, "log": "' + b"0b" * 32 + b'"'), headers


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Anchors are looked for often."""
    monkeypatch.setattr("ledger.cli.anchored._POLL", 0.01)


def test_waiting_until_all_is_anchored(
    gateway: Stub, cli: Cli, tmp_path: Path, quick: None
) -> None:
    """By the size that covers all of it, with a few questions however many rows there are; what
    was taken is told before, so that it is known even if the wait ends badly."""
    file = tmp_path / "x.ndjson"
    file.write_text("ok\nbad\nok\n")
    gateway.on("POST /v1/records", promised)
    gateway.on("GET /v1/node", sizes(0), sizes(0), sizes(2), sizes(4, 6), sizes(5, 7))
    gateway.on(f"GET /v1/receipts/{3:064x}", (200, b"{}", {}))
    assert cli("submit", file, "--to", gateway.url, "--wait").exit == 1
    asked = [request.path for request in gateway.asked if request.method == "GET"]
    assert asked == ["/v1/node"] * 5 + [f"/v1/receipts/{3:064x}"]

    gateway.on("GET /v1/node", sizes(4))
    common = ["submit", file, "--to", gateway.url, "--wait", "--json", "--patience", "0.2"]
    done = cli(*common)
    assert (done.exit, "anchored for long" in done.err) == (4, True)
    assert done.json()["counts"]["accepted"] == 2
    file.write_text("bad\n")
    assert cli("submit", file, "--to", gateway.url, "--wait").exit == 1


@pytest.fixture
def unready(gateway: Stub, quick: None, monkeypatch: pytest.MonkeyPatch) -> Stub:
    """A node that says why it stands still, and is asked soon."""
    monkeypatch.setattr("ledger.cli.patience._ASK_AFTER", 0.0)
    monkeypatch.setattr("ledger.cli.patience._NOT_READY", 0.5)
    text = {"zh": "存证密钥无效", "en": "no anchor key"}
    problem = {"text": text, "code": "anchor-key-not-valid"}
    gateway.on("GET /readyz", told(problem, 503, Retry_After="1"))
    gateway.on("GET /v1/node", sizes(4))
    gateway.on("POST /v1/files", told({"id": "0f"}, 202, Location="/v1/files/0f"))
    return gateway


def test_a_file_that_nobody_reads_is_not_waited_for_for_ever(
    unready: Stub, cli: Cli, tmp_path: Path
) -> None:
    """The node's reason is told once, and how to ask for the file later."""
    file = tmp_path / "x.csv"
    file.write_text("a\n")
    unready.on("GET /v1/files/0f", table_answer("queued"))
    done = cli("submit", file, "--to", unready.url, "--wait")
    assert (done.exit, done.out) == (4, "")
    assert done.err.count("not ready: no anchor key [anchor-key-not-valid]") == 1
    assert f"files show 0f --to {unready.url}" in done.err
    unready.on("GET /readyz", told({"ready": True}))
    done = cli("submit", file, "--to", unready.url, "--patience", "0.3")
    assert (done.exit, "not ready" in done.err, "files show 0f" in done.err) == (4, False, True)


def test_a_file_that_moves_is_waited_for(
    unready: Stub, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a node says of itself ends no wait while rows come in."""
    monkeypatch.setattr("ledger.cli.patience._NOT_READY", 120.0)
    file = tmp_path / "x.csv"
    file.write_text("a\n")
    states = [table_answer("queued")] * 2 + [table_answer("running", rows=n) for n in (1, 2)]
    unready.on("GET /v1/files/0f", *states, table_answer("done", answer(2)))
    done = cli("submit", file, "--to", unready.url)
    assert (done.exit, "anchor-key-not-valid" in done.err) == (0, True)


def test_anchors_that_do_not_come(unready: Stub, cli: Cli, tmp_path: Path) -> None:
    """The reason, and how to get the receipts later."""
    file = tmp_path / "x.csv"
    file.write_text("a\n")
    unready.on("GET /v1/files/0f", table_answer("done", answer(2)))
    done = cli("submit", file, "--to", unready.url, "--wait")
    assert done.exit == 4
    assert done.err.count("not ready: no anchor key [anchor-key-not-valid]") == 1
    assert f"receipt --file 0f --from {unready.url}" in done.err


def test_waiting_for_a_node_that_tells_less(
    gateway: Stub, cli: Cli, tmp_path: Path, quick: None
) -> None:
    """Without `promisedSize` the receipt of the last row decides."""
    file = tmp_path / "x.ndjson"
    file.write_text("ok\nok\nok\n")
    gateway.on("POST /v1/records", promised)
    gateway.on("GET /v1/node", sizes(2, None, 2), sizes(2, None, 2), sizes(5, None))
    later = told({"state": "promised"}, 202, Retry_After="1")
    gateway.on(f"GET /v1/receipts/{3:064x}", later, (200, b"{}", {}))
    assert cli("submit", file, "--to", gateway.url, "--wait").exit == 0


def test_receipts_for_every_accepted_row(
    gateway: Stub, cli: Cli, ledger: Ledger, tmp_path: Path, quick: None
) -> None:
    file, out = tmp_path / "x.csv", tmp_path / "receipts"
    file.write_text("a\n")
    parts = {bare: ledger.beijing.receipt(0, bare=bare) for bare in (False, True)}
    leaf = parse(parts[True]).leaf.hex()
    rows = [answer(2, leaf=leaf), answer(3, "rejected"), answer(4, "duplicate", leaf=leaf)]
    gateway.on("POST /v1/files", told({"id": "7"}, 202, Location="/v1/files/7"))
    gateway.on("GET /v1/files/7", table_answer("done", *rows))
    gateway.on("GET /v1/node", sizes(5))
    gateway.on(f"GET /v1/receipts/{leaf}", (200, parts[True], {}))
    gateway.on(f"GET /v1/records/{leaf}", told({}))
    gateway.on(f"GET /v1/records/{leaf}/receipt", (200, parts[False], {}))
    common = ["submit", file, "--to", gateway.url, "--token", "t", "--receipts", out]
    done = cli(*common)
    assert (done.exit, "wrote 1 receipts" in done.err) == (1, True)
    assert [path.name for path in out.iterdir()] == [f"{leaf}.json"]
    assert (out / f"{leaf}.json").read_bytes() == parts[False]
    gateway.on(f"GET /v1/records/{leaf}", told({"code": "scope-missing"}, 403))
    done = cli(*common)
    assert (done.exit, "show no fields" in done.err) == (1, True)
    assert (out / f"{leaf}.json").read_bytes() == parts[True]
    gateway.on(f"GET /v1/receipts/{leaf}", (200, parts[True], {}), (200, b"<html>", {}))
    gateway.on("GET /v1/files/7", table_answer("done", rows[0]))
    assert cli(*common).exit == 4


def test_receipts_of_a_file_sent_again(
    gateway: Stub, cli: Cli, ledger: Ledger, tmp_path: Path, quick: None
) -> None:
    """Rows that were there already have their receipts too."""
    file, out = tmp_path / "x.csv", tmp_path / "receipts"
    file.write_text("a\n")
    data = ledger.beijing.receipt(0, bare=True)
    leaf = parse(data).leaf.hex()
    gateway.on("POST /v1/files", told({"id": "7"}, 202, Location="/v1/files/7"))
    gateway.on("GET /v1/files/7", table_answer("done", answer(2, "duplicate", leaf=leaf)))
    gateway.on("GET /v1/node", sizes(5))
    gateway.on(f"GET /v1/receipts/{leaf}", (200, data, {}))
    done = cli("submit", file, "--to", gateway.url, "--receipts", out)
    assert (done.exit, "wrote 1 receipts" in done.err) == (0, True)
    assert "1 rows were there already" in done.err
    assert (out / f"{leaf}.json").read_bytes() == data


def test_what_is_told_of_a_file(gateway: Stub, cli: Cli, tmp_path: Path) -> None:
    """The node, the file id, all errors of a row, notes by kind with their rows."""
    file = tmp_path / "x.csv"
    file.write_text("a\n")

    def remark(code: str, field: str) -> dict[str, Any]:
        return {"field": field, "code": code, "message": {"zh": "中", "en": f"about {field}"}}

    late = remark("late", "CF_JDRQ")
    away = remark("authority-elsewhere", "CF_CFJGDM")
    errors = [remark("required", "CF_WSH"), remark("too-long", "CF_NR")]
    rows = [answer(number, notes=[late]) for number in (2, 3, 4, 7)]
    rows += [answer(9, "rejected", errors=errors), answer(10, "conflict", changed=["CF_NR"])]
    rows += [answer(2, sheet="乙", notes=[late, away])]
    gateway.on("POST /v1/files", told({"id": "0f"}, 202, Location="/v1/files/0f"))
    gateway.on("GET /v1/files/0f", table_answer("done", *rows))
    gateway.on("GET /v1/node", sizes(5))
    done = cli("submit", file, "--to", gateway.url)
    assert f"北京市 110000 {gateway.url}" in " ".join(done.out.split()) and "0f" in done.out
    assert f"北京市 110000 {gateway.url} took the file 0f" in done.err
    told_ = {line.strip() for line in done.out.splitlines()}
    assert "about CF_WSH [required]" in done.out and "about CF_NR [too-long]" in done.out
    assert "differs in CF_NR" in done.out
    assert any("[late]" in line and "5" in line and "2–4, 7, 乙 2" in line for line in told_)
    told_node = cli("submit", file, "--to", gateway.url, "--json").json()["node"]
    assert told_node == {"code": "110000", "name": "北京市", "url": gateway.url}
    notes = [line for line in done.out.splitlines() if "[late]" in line or "elsewhere]" in line]
    assert "authority-elsewhere" in notes[0], "what may be misdirected stands first"


def test_the_leaf_of_every_row_that_is_in(gateway: Stub, cli: Cli, tmp_path: Path) -> None:
    """In text too, with what comes next; of many rows the first."""
    file = tmp_path / "x.csv"
    file.write_text("a\n")
    rows = [answer(2), answer(3, "rejected"), answer(4, "duplicate"), answer(5, sheet="乙")]
    gateway.on("POST /v1/files", told({"id": "0f"}, 202, Location="/v1/files/0f"))
    gateway.on("GET /v1/files/0f", table_answer("done", *rows))
    gateway.on("GET /v1/node", sizes(5))
    common = ["submit", file, "--to", gateway.url]
    done = cli(*common)
    found = [line.split() for line in done.out.splitlines()]
    for where in ("2", "4", "乙 5"):
        assert [*where.split(), f"{int(where[-1]):064x}"] in found
    assert f"{3:064x}" not in done.out
    assert f"credit-ledger receipt LEAF --from {gateway.url} -o FILE" in done.out
    assert f"credit-ledger receipt --file 0f --from {gateway.url} -o DIR" in done.out

    rows = [answer(number) for number in range(2, 60)]
    gateway.on("GET /v1/files/0f", table_answer("done", *rows))
    done = cli(*common)
    assert f"{51:064x}" in done.out and f"{52:064x}" not in done.out
    assert "8 more rows, see --json" in done.out
    gateway.on("GET /v1/files/0f", table_answer("done", answer(3, "rejected")))
    assert "credit-ledger receipt" not in cli(*common).out


def test_leaves_fit_a_narrow_terminal(
    gateway: Stub, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    file = tmp_path / "x.csv"
    file.write_text("a\n")
    gateway.on("POST /v1/files", told({"id": "0f"}, 202, Location="/v1/files/0f"))
    gateway.on(
        "GET /v1/files/0f", table_answer("done", answer(2, sheet="法人行政处罚信息"), answer(3))
    )
    done = cli("submit", file, "--to", gateway.url)
    assert f"{2:064x}" in done.out and f"{3:064x}" in done.out


@pytest.mark.parametrize("name", ["表.xls", "表.TSV", "表.txt", "表.et", "表.ods", "表.xlsm"])
def test_tables_of_all_kinds_go_to_the_node(
    gateway: Stub, cli: Cli, tmp_path: Path, name: str
) -> None:
    """It tells by their bytes what they are."""
    file = tmp_path / name
    file.write_bytes(b"x")
    gateway.on("POST /v1/files", told({"id": "0f"}, 202, Location="/v1/files/0f"))
    gateway.on("GET /v1/files/0f", table_answer("done", answer(2)))
    assert cli("submit", file, "--to", gateway.url, "--type", "penalty").exit == 0


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


def test_the_ids_of_a_member_are_shown(cli: Cli, tmp_path: Path) -> None:
    """They are read out to others; a file that names a key otherwise is refused."""
    made_keys = make_keys(["110000"])
    signers = {purpose: made_keys["110000", purpose] for purpose in (Purpose.GOVERN, Purpose.NOTE)}
    keys = [
        PublicKey(tmp_path, purpose.name, signer.alg, signer.public_key)
        for purpose, signer in signers.items()
    ]
    file = tmp_path / "a-bank.json"
    made = encode_member(code="a-bank", region="", roles=Role.INSTITUTION, endpoint="", keys=keys)
    file.write_bytes(made)
    ids = [(purpose.name, signer.key_id.hex()) for purpose, signer in signers.items()]
    shown = cli("keys", "show", file)
    assert [tuple(line.split()) for line in shown.out.splitlines()] == ids
    told = cli("keys", "show", file, "--json").json()
    assert told == {
        "member": "a-bank",
        "keys": [{"purpose": purpose, "keyId": id_} for purpose, id_ in ids],
    }
    file.write_bytes(made.replace(ids[0][1].encode(), ids[1][1].encode()))
    assert cli("keys", "show", file).exit == 1


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
