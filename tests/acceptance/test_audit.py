"""`audit replay`: exit codes and equal bytes."""

import hashlib
import json
from pathlib import Path

from tests.acceptance.conftest import Kept
from tests.acceptance.independent import canonical, open_presentation
from tests.acceptance.outside import MEMBERS, TIANJIN, Net, run, stop, until

REPORT = {
    *("_type", "network", "block", "members", "keys", "catalogue", "logs"),
    *("counts", "findings"),
}


def settled(net: Net) -> int:
    """A final block by which all that was promised is anchored."""

    def quiet() -> int:
        for member in MEMBERS:
            if any(log["size"] != log["anchoredSize"] for log in net.node(member)["logs"]):
                return 0
        return int(net.rpc("eth_blockNumber"), 16) - 1

    return until(quiet, "all is anchored")


def test_the_same_bytes_wherever_it_runs(net: Net, valid: Kept, tmp_path: Path) -> None:
    block = ("--block", settled(net))
    first = tmp_path / "report.json"
    clean = run("audit", "replay", "--network", net.file, *block, "--out", first)
    assert clean.code == 0, clean.out + clean.err
    raw = first.read_bytes()
    for n, env in enumerate(
        [
            {"TZ": "America/New_York", "LANG": "C", "LC_ALL": "C", "PYTHONHASHSEED": "1"},
            {"TZ": "Asia/Shanghai", "LANG": "zh_CN.UTF-8", "PYTHONHASHSEED": "2"},
        ]
    ):
        out = tmp_path / f"again{n}.json"
        named = {"CREDIT_LEDGER_NETWORK": str(net.file), "CREDIT_LEDGER_LANG": "zh"}
        again = run("audit", "replay", *block, "--out", out, env=env | named, cwd=tmp_path)
        assert again.code == 0, again.err
        assert out.read_bytes() == raw
    check_report(net, raw, valid)


def check_report(net: Net, raw: bytes, valid: Kept) -> None:
    report = json.loads(raw)
    assert raw.rstrip(b"\n") == canonical(report)
    assert set(report) >= REPORT
    assert report["_type"] == "credit-ledger/audit@1"
    assert report["network"] == {"chainId": 31337, "consortium": net.pinned["consortium"]}
    assert set(report["block"]) == {"number", "hash"}
    assert report["findings"] == []
    assert str(net.folder).encode() not in raw
    codes = {member["code"] for member in report["members"]}
    assert codes == {*MEMBERS, "demo-auditor"}
    (log,) = [log for log in report["logs"] if log["member"] == TIANJIN]
    assert set(log) >= {"member", "log", "size", "root", "anchors"}
    size = log["size"].to_bytes(32, "big")
    logged = bytes.fromhex(log["log"])
    root = net.call(net.log_anchor, "rootAt(bytes32,uint64)", logged, size)
    assert root.hex() == log["root"]
    presented = json.loads(valid.file.read_bytes())["presentation"]
    (item,) = [item for item in report["catalogue"] if item["itemId"] == "penalty"]
    assert f"penalty@1:{item['contentHash']}" in payload_of(presented)


def payload_of(presentation: str) -> str:
    return str(open_presentation(presentation).payload["schema"])


def test_json_on_stdout_is_the_report(net: Net) -> None:
    done = run("audit", "replay", "--network", net.file, "--json")
    assert done.code == 0, done.err
    assert done.json()["_type"] == "credit-ledger/audit@1"


def test_a_chain_that_cannot_be_read(net: Net) -> None:
    done = run("audit", "replay", "--network", net.file, "--rpc", "http://127.0.0.1:9")
    assert done.code == 4


def test_a_mirror_of_another_log_is_no_pass(net: Net, valid: Kept) -> None:
    """Somebody else's tiles do not stand in for those of a member."""
    settled(net)
    mirror = f"{TIANJIN}={net.urls['110000']}"
    done = run("audit", "replay", "--network", net.file, "--mirror", mirror, "--json")
    assert done.code in {1, 4}, done.out
    codes = [finding["code"] for finding in done.json()["findings"]]
    assert codes
    for finding in done.json()["findings"]:
        assert set(finding) >= {"code", "severity", "member", "where", "evidence", "remedy"}
        assert finding["severity"] in {"error", "warning"}


def test_tiles_withheld(net: Net, valid: Kept, tmp_path: Path) -> None:
    """A member that is down, as are all that mirror its log, gives `tiles-missing` and 4; nothing
    else needs a gateway."""
    settled(net)
    try:
        for province in ("110000", TIANJIN, "130000", "140000"):
            stop(net, province)
        done = run("audit", "replay", "--network", net.file, "--json")
        assert done.code == 4, done.out
        (finding,) = [row for row in done.json()["findings"] if row["member"] == TIANJIN]
        assert finding["code"] == "tiles-missing"
        assert net.verify(valid.file).code == 0, "a receipt verifies with the gateway stopped"
    finally:
        assert run("network", "up", "--dir", net.folder).code == 0
    leaf = hashlib.sha256(b"\0" + canonical(json.loads(valid.bare.read_bytes())["entry"]))
    again = json.loads(net.http.get(f"/v1/receipts/{leaf.hexdigest()}").content)
    before = json.loads(valid.bare.read_bytes())
    # Witnesses may have cosigned its checkpoint since.
    assert again.pop("checkpoint").startswith(before.pop("checkpoint"))
    assert again == before
