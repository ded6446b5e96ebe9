"""`verify`: verdicts, exit codes, JSON."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Kept, keep
from tests.acceptance.independent import canonical
from tests.acceptance.outside import Net, days_ago, penalty, run, today

VERDICT = {
    *("_type", "verdict", "authentic", "usable", "asOf", "leaf", "recordId", "issuer", "record"),
    *("undisclosed", "status", "correctedBy", "later", "now", "network", "head"),
    *("receiptDigest", "checks"),
}


def judge(net: Net, *arguments: object, code: int, verdict: str) -> dict[str, Any]:
    done = net.verify(*arguments)
    assert done.code == code, done.out + done.err
    found = done.json()
    assert found["verdict"] == verdict, done.out
    assert set(found) >= VERDICT
    assert found["usable"] == {0: True, 1: False, 3: False, 4: None}[code]
    return found


def test_valid(net: Net, valid: Kept, tmp_path: Path) -> None:
    out = tmp_path / "verdict.json"
    asked = ("--subject", valid.subject, "--type", "penalty", "--issuer", "120000")
    found = judge(net, valid.file, *asked, "--out", out, code=0, verdict="valid")
    assert json.loads(out.read_bytes()) == found
    assert found["_type"] == "credit-ledger/verdict@1"
    assert found["authentic"] is True
    assert (found["leaf"], found["recordId"]) == (valid.leaf, valid.answer["recordId"])
    assert found["issuer"] == "120000"
    assert found["record"] == valid.record["fields"]
    assert not set(found["undisclosed"]) & set(found["record"])
    assert len(found["undisclosed"]) + len(found["record"]) == 29
    assert found["status"] == {"flags": [], "outcome": "NONE", "version": 0}
    assert (found["correctedBy"], found["later"]) == (None, [])
    assert found["now"] == {"verdict": "valid", "usable": True}
    assert found["network"]["name"] == net.pinned["name"]
    assert len(found["network"]["digest"]) == 64
    assert found["receiptDigest"] == hashlib.sha256(valid.file.read_bytes()).hexdigest()
    head = net.rpc("eth_getBlockByNumber", hex(found["head"]["number"]), False)
    assert found["head"]["hash"] == head["hash"]
    assert [check["n"] for check in found["checks"]] == list(range(1, len(found["checks"]) + 1))
    for check in found["checks"]:
        assert set(check) >= {"n", "id", "result", "code", "message"}
        assert check["result"] in {"pass", "fail", "unknown", "not-run"}
        assert set(check["message"]) == {"zh", "en"}


def test_expired(net: Net, expired: Kept) -> None:
    found = judge(net, expired.file, code=3, verdict="expired")
    assert found["authentic"] is True


def test_subject_not_shown(net: Net, valid: Kept, tmp_path: Path) -> None:
    found = judge(net, valid.bare, code=4, verdict="anchored")
    assert found["record"] is None
    assert found["authentic"] is True
    some = tmp_path / "some.json"
    options = ("--fields", "CF_WSH,CF_NR", "--token", net.token())
    assert net.receipt(valid.leaf, some, *options).code == 0
    found = judge(net, some, code=4, verdict="anchored")
    assert set(found["record"]) == {"CF_WSH", "CF_NR"}


@pytest.mark.parametrize(
    "asked",
    [
        ("--subject", "91110000600037341L"),
        ("--type", "licence"),
        ("--issuer", "110000"),
    ],
)
def test_not_what_was_asked_for(net: Net, valid: Kept, asked: tuple[str, str]) -> None:
    judge(net, valid.file, *asked, code=3, verdict="other-subject")


@pytest.mark.parametrize("place", ["index", "path", "commitment", "checkpoint", "tail", "shown"])
def test_one_changed_character(net: Net, valid: Kept, tmp_path: Path, place: str) -> None:
    raw = bytearray(valid.file.read_bytes())
    marks = {
        "index": b'"index":',
        "path": b'"path":["',
        "commitment": b'"commitment":"',
        "checkpoint": b"\\n\\n",
        "tail": b'"size":',
        "shown": b'~"',
    }
    mark = marks[place]
    if place == "path" and mark not in raw:
        mark = b'"time":"'
    at = raw.find(mark) + (-5 if place in {"shown", "checkpoint"} else len(mark))
    raw[at] = ord("7") if raw[at] != ord("7") else ord("8")
    changed = tmp_path / "changed.json"
    changed.write_bytes(raw)
    done = net.verify(changed)
    moved = mark == b'"time":"'
    assert done.code == (4 if moved else 1), done.out
    assert moved or done.json()["authentic"] is False


def test_what_is_no_receipt(net: Net, valid: Kept, tmp_path: Path) -> None:
    file = tmp_path / "file.json"
    for body in (b"", b"{}", b"\0" * 100, valid.file.read_bytes()[:-1], b"[" * 100_000):
        file.write_bytes(body)
        judge(net, file, code=1, verdict="malformed")


def test_another_network(net: Net, valid: Kept, tmp_path: Path) -> None:
    """The network is what the user names: a receipt of another one is refused."""
    other = tmp_path / "other.json"
    other.write_bytes(canonical(net.pinned | {"consortium": "0x" + "11" * 20}))
    done = run("verify", valid.file, "--network", other, "--json")
    assert done.code == 1
    assert done.json()["verdict"] == "other-network"


def test_another_chain_behind_the_same_address(net: Net, valid: Kept, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_bytes(canonical(net.pinned | {"deployBlockHash": "0x" + "22" * 32}))
    done = run("verify", valid.file, "--network", other, "--json")
    assert done.code == 4
    assert done.json()["verdict"] == "undetermined"
    assert done.json()["authentic"] is None
    assert "other-chain" in done.out


def test_the_network_is_named_by_flag_or_variable(net: Net, valid: Kept, tmp_path: Path) -> None:
    """Never picked up from the current folder."""
    (tmp_path / "network.json").write_bytes(net.file.read_bytes())
    assert run("verify", valid.file, cwd=tmp_path).code == 2
    assert run("audit", "replay", cwd=tmp_path).code == 2
    env = {"CREDIT_LEDGER_NETWORK": str(net.file)}
    assert run("verify", valid.file, env=env).code == 0


def test_a_node_that_is_down(net: Net, valid: Kept) -> None:
    found = judge(net, valid.file, "--rpc", "http://127.0.0.1:9", code=4, verdict="undetermined")
    assert found["authentic"] is None
    by_variable = net.verify(valid.file, env={"CREDIT_LEDGER_RPC": "http://127.0.0.1:9"})
    assert by_variable.code == 4
    replaced = net.verify(
        valid.file, "--rpc", net.chain, env={"CREDIT_LEDGER_RPC": "http://x.invalid"}
    )
    assert replaced.code == 0, "the flag stands above the variable"


def test_another_service_in_place_of_a_node(net: Net, valid: Kept) -> None:
    judge(net, valid.file, "--rpc", net.urls["110000"], code=4, verdict="undetermined")


def test_quorum_is_never_replaced(net: Net, valid: Kept, tmp_path: Path) -> None:
    two = tmp_path / "two.json"
    nodes = [net.chain, "http://127.0.0.1:9"]
    two.write_bytes(canonical(net.pinned | {"rpc": nodes, "quorum": 2}))
    for more in ((), ("--rpc", net.chain)):
        done = run("verify", valid.file, "--network", two, "--json", *more)
        assert done.code in {2, 4}, done.out


def test_as_of(net: Net, valid: Kept, expired: Kept) -> None:
    early = ("--as-of", days_ago(30))
    found = judge(net, valid.file, *early, code=3, verdict="not-yet-anchored")
    assert found["asOf"] == days_ago(30)
    assert found["now"] == {"verdict": "valid", "usable": True}
    now = ("--as-of", today().isoformat())
    assert judge(net, valid.file, *now, code=0, verdict="valid")["asOf"] == today().isoformat()
    judge(net, expired.file, *now, code=3, verdict="expired")


def test_without_class_and_end(net: Net, folder: Path) -> None:
    """Usable up to the shortest maximum, undetermined until the longest, expired after it."""
    for days, code, verdict in ((0, 0, "valid"), (150, 4, "undetermined"), (1500, 3, "expired")):
        day = {"CF_JDRQ": days_ago(days), "CF_YXQ": days_ago(-300), "CF_GSJZQ": None}
        kept = keep(net, folder, penalty(**day))
        judge(net, kept.file, code=code, verdict=verdict)


def test_class_bounds_the_end(net: Net, folder: Path) -> None:
    """The earlier of the stated end and the statutory maximum of the class."""
    day = {"CF_JDRQ": days_ago(120), "CF_YXQ": days_ago(-300), "CF_GSJZQ": days_ago(-300)}
    minor = keep(net, folder, penalty(**day) | {"class": "minor"})
    judge(net, minor.file, code=3, verdict="expired")
    general = keep(net, folder, penalty(**day) | {"class": "general"})
    judge(net, general.file, code=0, verdict="valid")


def test_the_worst_of_several_counts(net: Net, valid: Kept, expired: Kept, tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_bytes(b"{}")
    rows = [
        ([valid.file, valid.bare], 4),
        ([valid.file, valid.bare, expired.file], 3),
        ([valid.file, valid.bare, expired.file, bad], 1),
        ([valid.file, valid.file], 0),
    ]
    for files, code in rows:
        done = net.verify(*files)
        assert done.code == code, done.out
        verdicts = done.json()["verdicts"]
        assert [row["file"] for row in verdicts] == [str(file) for file in files]
        assert all(set(row) >= VERDICT for row in verdicts)


def test_people_read_their_language(net: Net, valid: Kept) -> None:
    texts = {
        lang: run("verify", valid.file, "--network", net.file, env={"CREDIT_LEDGER_LANG": lang}).out
        for lang in ("zh", "en")
    }
    assert texts["zh"] != texts["en"]
    assert "valid" in texts["en"].lower()
    assert any("一" <= c <= "鿿" for c in texts["zh"].replace("合成样例", ""))
