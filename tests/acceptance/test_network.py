"""`network up`, `status`, `down` and the folder they keep."""

import json
import os
import signal
import stat
from pathlib import Path

from tests.acceptance.conftest import Kept
from tests.acceptance.outside import MEMBERS, Net, penalty, run, stop, until

NETWORK_KEYS = {
    *("_type", "name", "chainId", "consortium", "deployBlock", "deployBlockHash"),
    *("finality", "rpc", "quorum", "maxHeadAge"),
}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_status_has_the_shape_promised(net: Net) -> None:
    done = run("network", "status", "--dir", net.folder, "--json")
    assert done.code == 0
    found = done.json()
    assert set(found) == {"network", "chain", "members"}
    assert Path(found["network"]) == net.file == net.folder / "network.json"
    assert set(found["chain"]) == {"url", "up"}
    assert found["chain"]["up"] is True
    assert [member["code"] for member in found["members"]] == MEMBERS
    for member in found["members"]:
        assert set(member) == {"code", "endpoint", "up"}
        assert member["up"] is True


def test_directory_of_the_network(net: Net) -> None:
    members = [net.folder / "members" / code for code in MEMBERS]
    for member in members:
        for name in ("gateway.toml", "gateway.db", "token", "log.jsonl"):
            assert (member / name).is_file(), member / name
        assert (member / "keys").is_dir()
        assert mode(member / "token") == 0o600
        assert all(mode(key) == 0o600 for key in (member / "keys").iterdir())
        for line in (member / "log.jsonl").read_text().splitlines():
            json.loads(line)
    for name in ["chain", *MEMBERS]:
        os.kill(int((net.folder / "run" / f"{name}.pid").read_text()), 0)
    assert (net.folder / "chain").is_dir()


def test_network_file(net: Net) -> None:
    pinned = net.pinned
    assert set(pinned) == NETWORK_KEYS
    assert pinned["_type"] == "credit-ledger/network@1"
    assert pinned["chainId"] == 31337
    assert pinned["finality"] == {"rule": "confirmations", "depth": 1}
    assert pinned["rpc"] == [net.chain]
    assert pinned["quorum"] == 1
    assert net.rpc("eth_chainId") == hex(31337)
    block = net.rpc("eth_getBlockByNumber", hex(pinned["deployBlock"]), False)
    assert block["hash"] == pinned["deployBlockHash"]
    assert net.rpc("eth_getCode", pinned["consortium"], block["number"]) != "0x"


def test_up_again_changes_nothing(net: Net) -> None:
    before = net.file.read_bytes()
    pids = {path.name: path.read_text() for path in (net.folder / "run").glob("*.pid")}
    again = run("network", "up", "--dir", net.folder)
    assert again.code == 0, again.err
    assert again.out.strip() == str(net.file)
    assert net.file.read_bytes() == before
    assert {p.name: p.read_text() for p in (net.folder / "run").glob("*.pid")} == pids


def test_what_is_down_is_seen_and_started_again(net: Net) -> None:
    pid = int((net.folder / "run" / "demo-bank.pid").read_text())
    os.kill(pid, signal.SIGKILL)

    def status() -> list[str]:
        done = run("network", "status", "--dir", net.folder, "--json")
        down = [member["code"] for member in done.json()["members"] if not member["up"]]
        assert done.code == (1 if down else 0)
        return down

    assert until(status, "status sees it") == ["demo-bank"]
    up = run("network", "up", "--dir", net.folder)
    assert up.code == 0, up.err
    assert status() == []
    assert net.node("demo-bank")["code"] == "demo-bank"


def test_a_chain_that_is_down(net: Net, valid: Kept) -> None:
    """Nothing can be told without it, records are still taken, and nothing is lost."""
    before = net.file.read_bytes()
    stop(net, "chain")
    try:
        status = run("network", "status", "--dir", net.folder, "--json")
        assert (status.code, status.json()["chain"]["up"]) == (1, False)
        judged = net.verify(valid.file)
        assert judged.code == 4
        assert judged.json()["verdict"] == "undetermined"
        promised = net.post(penalty())
        assert promised.status_code == 201, promised.text
        waiting = net.http.get(f"/v1/receipts/{promised.json()['leaf']}")
        assert waiting.status_code == 202
        assert int(waiting.headers["retry-after"]) > 0
    finally:
        assert run("network", "up", "--dir", net.folder).code == 0
    assert net.file.read_bytes() == before
    assert net.verify(valid.file).code == 0
    url = f"/v1/receipts/{promised.json()['leaf']}"
    until(lambda: net.http.get(url).status_code == 200, "anchored after all")


def test_a_folder_without_network(tmp_path: Path) -> None:
    down = run("network", "status", "--dir", tmp_path / "none", "--json")
    assert down.code in {1, 2}
    assert not (tmp_path / "none").exists()


def test_ports_that_are_taken(net: Net, tmp_path: Path) -> None:
    """Not started: 1, and nothing is left running."""
    port = net.chain.rsplit(":", 1)[1]
    done = run("network", "up", "--dir", tmp_path / "net", "--base-port", port)
    assert done.code == 1
    assert port in done.err
    assert not list((tmp_path / "net").glob("run/*.pid"))
    assert net.node()["code"] == "120000"


def test_fund_an_account(net: Net) -> None:
    address = "0x" + "Ab" * 20
    before = int(net.rpc("eth_getBalance", address, "latest"), 16)
    assert run("network", "fund", address, "--ether", "3", "--dir", net.folder).code == 0
    assert int(net.rpc("eth_getBalance", address, "latest"), 16) == before + 3 * 10**18
    assert run("network", "fund", address[:-1], "--dir", net.folder).code == 2
    assert run("network", "fund", address, "--dir", net.folder / "nowhere").code == 1
