"""The public log, read with a reader of our own, against the chain."""

import json
from itertools import pairwise

import pytest

from tests.acceptance.independent import (
    Checkpoint,
    bytes32,
    check_tiles,
    leaf_hash,
    open_checkpoint,
    read_entries,
    tile_name,
    tree_root,
)
from tests.acceptance.outside import Net, penalty, until

SHANXI = "140000"
ENTRY = {"_type", "commitment", "kind", "log", "period", "schema", "suite", "timely"}


def read(net: Net, url: str, name: str) -> bytes:
    answer = net.http.get(f"{url}/{name}")
    assert answer.status_code == 200, (name, answer.text)
    return answer.content


def checkpoint(net: Net, log: dict[str, str]) -> Checkpoint:
    found = open_checkpoint(read(net, log["url"], "checkpoint").decode(), log["vkey"])
    assert found.origin == log["origin"] == f"credit-ledger/{log['log']}"
    return found


@pytest.fixture(scope="package")
def log(net: Net) -> dict[str, str]:
    """Shanxi's log with more than two tiles of leaves."""
    lines = [json.dumps(penalty()).encode() for _ in range(600)]
    answers = net.post_lines(lines, SHANXI)
    assert answers[-1]["counts"]["accepted"] == 600
    size = net.node(SHANXI)["logs"][0]["size"]
    until(lambda: net.node(SHANXI)["logs"][0]["anchoredSize"] >= max(size, 600), "anchored")
    (found,) = net.node(SHANXI)["logs"]
    return {key: found[key] for key in ("log", "origin", "vkey", "url")}


def test_node(net: Net) -> None:
    node = net.node()
    assert set(node) >= {"code", "name", "version", "network", "logs", "keys"}
    assert node["code"] == "120000"
    assert node["network"] == f"eip155:31337:{net.pinned['consortium']}"
    for log in node["logs"]:
        assert set(log) >= {"log", "origin", "vkey", "url", "size", "anchoredSize"}
    purposes = {key["purpose"] for key in node["keys"]}
    assert purposes >= {"ANCHOR", "GOVERN", "PRESENT", "NOTE"}
    for key in node["keys"]:
        assert set(key) >= {"purpose", "alg", "keyId"}
        assert ("address" in key) == (key["alg"] == 1)


def test_the_whole_log_reads_to_its_root(net: Net, log: dict[str, str]) -> None:
    head = checkpoint(net, log)
    leaves = check_tiles(lambda name: read(net, log["url"], name), head.size)
    assert tree_root(leaves) == head.root
    entries = read_entries(lambda name: read(net, log["url"], name), head.size)
    assert [leaf_hash(entry) for entry in entries] == leaves
    for raw in entries:
        entry = json.loads(raw)
        assert len(raw) <= 1024
        assert set(entry) == ENTRY
        assert entry["_type"] == "credit-ledger/entry@1"
        assert (entry["kind"], entry["log"], entry["suite"]) == ("record", log["log"], "sha256")
        assert entry["timely"] in {"yes", "no", "unknown"}


def test_leaves_of_a_batch_are_ordered_by_hash(net: Net, log: dict[str, str]) -> None:
    leaves = check_tiles(lambda name: read(net, log["url"], name), checkpoint(net, log).size)
    runs = 1 + sum(left > right for left, right in pairwise(leaves))
    assert runs < 60, "row order must not show"


def test_the_anchored_root_is_on_the_chain(net: Net, log: dict[str, str]) -> None:
    (state,) = net.node(SHANXI)["logs"]
    size = state["anchoredSize"]
    logged = bytes.fromhex(log["log"])
    latest = net.call(net.log_anchor, "latest(bytes32)", logged)
    assert int.from_bytes(latest[:32], "big") >= size
    on_chain = net.call(net.log_anchor, "rootAt(bytes32,uint64)", logged, size.to_bytes(32, "big"))
    leaves = check_tiles(lambda name: read(net, log["url"], name), checkpoint(net, log).size)
    assert tree_root(leaves[:size]) == on_chain
    key = net.call(net.pinned["consortium"], "member(bytes32)", bytes32(SHANXI))
    assert bytes32(SHANXI) in key


def test_tiles_are_immutable_and_cacheable(net: Net, log: dict[str, str]) -> None:
    size = checkpoint(net, log).size
    full = size // 256
    width = size % 256
    names = [tile_name(kind, 0, 256) for kind in ("0", "entries")]
    names += [tile_name(kind, full, width) for kind in ("0", "entries") if width]
    names.append(tile_name("1", 0, full))
    before = {name: read(net, log["url"], name) for name in names}
    for name in names:
        caching = net.http.get(f"{log['url']}/{name}").headers["cache-control"]
        assert "immutable" in caching
        assert "public" in caching
    assert "immutable" not in net.http.get(f"{log['url']}/checkpoint").headers["cache-control"]
    net.post_lines([json.dumps(penalty()).encode() for _ in range(3)], SHANXI)
    until(lambda: checkpoint(net, log).size >= size + 3, "the log grows")
    assert {name: read(net, log["url"], name) for name in names} == before
    grown = read(net, log["url"], tile_name("0", full, (width or 1) + 1)) if width < 255 else b""
    assert grown == b"" or grown.startswith(before[tile_name("0", full, width)][: 32 * width])


def test_tiles_that_are_not_there(net: Net, log: dict[str, str]) -> None:
    for name in (
        *("tile/0/999", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/0", "tile/64/000"),
        *("tile/0/000.p/01", "tile/x/000", "tile/0/-01", "tile/entries/999", "tile/3/000.p/1"),
    ):
        answer = net.http.get(f"{log['url']}/{name}")
        assert answer.status_code == 404, name
    assert net.http.get(f"/logs/{'0' * 64}/checkpoint").status_code == 404


def test_service_routes(net: Net) -> None:
    assert net.http.get("/healthz").status_code == 200
    assert net.http.get("/readyz").status_code == 200
    metrics = net.http.get("/metrics")
    assert metrics.status_code == 200
    assert metrics.headers["content-type"].startswith("text/plain")
    assert "# TYPE" in metrics.text
    api = net.http.get("/openapi.json").json()
    assert api["openapi"].startswith("3.")
    for route in (
        *("/v1/records", "/v1/receipts/{leaf}", "/v1/records/{leaf}", "/v1/node"),
        *("/v1/records/{leaf}/receipt", "/healthz", "/readyz", "/metrics"),
    ):
        assert route in api["paths"], route
    docs = net.http.get("/docs")
    assert docs.status_code == 200
    assert docs.headers["content-type"].startswith("text/html")
