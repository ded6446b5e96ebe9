"""The network file."""

import json
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.network import MAX_BYTES, Finality, NetworkFile, Rebuilt
from ledger.chain.nodes.quorum import QuorumReader
from ledger.core.errors import ConfigError
from ledger.verify import Verifier

GOOD: dict[str, Any] = {
    "_type": "credit-ledger/network@1",
    "name": "test",
    "chainId": 31337,
    "consortium": "0x" + "ab" * 20,
    "deployBlock": 7,
    "deployBlockHash": "0x" + "cd" * 32,
    "finality": {"rule": "confirmations", "depth": 2},
    "rpc": ["http://a:8545", "https://b/key", "https://c"],
    "quorum": 2,
    "maxHeadAge": 60,
}


def parse(*, development: bool | None = None, **changes: Any) -> NetworkFile:
    return NetworkFile.parse(json.dumps(GOOD | changes).encode(), development=development)


def test_what_is_read() -> None:
    network = parse()
    assert network.chain_id == 31337
    assert network.finality == Finality(rule="confirmations", depth=2)
    assert network.rpc == ("http://a:8545", "https://b/key", "https://c")
    assert network.reference == "eip155:31337:0x" + "ab" * 20
    assert network.quorum_is_majority
    assert not parse(quorum=1, development=True).quorum_is_majority


@pytest.mark.parametrize("rule", ["latest", "finalized"])
def test_rules_without_depth(rule: str) -> None:
    network = parse(finality={"rule": rule})
    assert NetworkFile.parse(network.encode()) == network


def test_spelling_does_not_change_the_digest() -> None:
    network = parse()
    spelled = NetworkFile.parse(json.dumps(GOOD, indent=3, sort_keys=True).encode())
    assert spelled == network
    assert spelled.digest == network.digest
    assert NetworkFile.parse(network.encode()) == network


@pytest.mark.parametrize("field", [name for name in GOOD if name != "_type"])
def test_every_field_is_in_the_digest(field: str) -> None:
    other: dict[str, Any] = {
        "name": "other", "chainId": 1, "consortium": "0x" + "00" * 20, "deployBlock": 8,
        "deployBlockHash": "0x" + "00" * 32, "finality": {"rule": "latest"},
        "rpc": ["http://b", "http://c"], "quorum": 3, "maxHeadAge": 61,
    }  # fmt: skip
    assert parse(**{field: other[field]}).digest != parse().digest


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("_type", "credit-ledger/network@2"),
        ("name", ""),
        ("name", 3),
        ("name", "a\nb"),
        ("name", "\ud800"),
        ("rpc", ["http://\ud800", "http://b"]),
        ("chainId", "31337"),
        ("chainId", 0),
        ("chainId", True),
        ("chainId", 2**53),
        ("consortium", "0x" + "AB" * 20),
        ("consortium", "ab" * 20),
        ("consortium", None),
        ("deployBlock", -1),
        ("deployBlockHash", "0x" + "cd" * 31),
        ("deployBlockHash", "0x" + "cd" * 32 + "\n"),
        ("finality", "latest"),
        ("finality", {"rule": "soon"}),
        ("finality", {"rule": ["latest"]}),
        ("finality", {"rule": "latest", "depth": 1}),
        ("finality", {"rule": "confirmations"}),
        ("finality", {"rule": "confirmations", "depth": 0}),
        ("finality", {"rule": "confirmations", "depth": 1, "tag": "safe"}),
        ("rpc", []),
        ("rpc", "http://a"),
        ("rpc", [1]),
        ("rpc", ["ftp://a", "http://b"]),
        ("rpc", ["a:8545", "http://b"]),
        ("rpc", ["http://", "http://b"]),
        ("rpc", ["http://a", "HTTP://A:80/"]),
        ("rpc", [f"http://n{i}" for i in range(17)]),
        ("quorum", 0),
        ("quorum", 4),
        ("maxHeadAge", 0),
        ("maxHeadAge", 10**9),
        ("extra", 1),
        ("formerly", None),
        ("formerly", []),
        ("formerly", "eip155:1:0x" + "ab" * 20),
        ("formerly", ["eip155:01:0x" + "ab" * 20]),
        ("formerly", ["eip155:1:0x" + "AB" * 20]),
        ("formerly", ["eip155:1:0x" + "ab" * 20] * 2),
        ("formerly", ["eip155:31337:0x" + "ab" * 20]),
        ("formerly", [f"eip155:{n + 1}:0x" + "ab" * 20 for n in range(17)]),
        ("rebuilt", None),
        ("rebuilt", {}),
        ("rebuilt", {"from": "2026-01-01T00:00:00Z"}),
        ("rebuilt", {"from": 1, "until": 2}),
        ("rebuilt", {"from": "2026-01-01", "until": "2026-01-02"}),
        ("rebuilt", {"from": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}),
        ("rebuilt", {"from": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z", "x": 1}),
    ],
)
def test_what_is_refused(field: str, value: Any) -> None:
    with pytest.raises(ConfigError):
        parse(**{field: value})


@pytest.mark.parametrize("field", GOOD)
def test_nothing_may_be_missing(field: str) -> None:
    data = json.dumps({name: value for name, value in GOOD.items() if name != field})
    with pytest.raises(ConfigError):
        NetworkFile.parse(data.encode())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 20_000,
        b"{" + b" " * MAX_BYTES + b"}",
        json.dumps(GOOD)[:-1].encode() + b',"quorum":2}',
        json.dumps(GOOD).replace("31337", "31337.0").encode(),
        json.dumps(GOOD).replace("31337", "NaN").encode(),
        json.dumps(GOOD).encode() + b"x",
    ],
    ids=["empty", "list", "binary", "deep", "long", "twice", "float", "nan", "trailing"],
)
def test_bytes_that_are_no_network_file(data: bytes) -> None:
    with pytest.raises(ConfigError):
        NetworkFile.parse(data)


def test_moves_and_rebuilding_are_read_and_written() -> None:
    formerly = ["eip155:1:0x" + "ab" * 20, "eip155:31337:0x" + "cd" * 20]
    times = {"from": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z"}
    network = parse(formerly=formerly, rebuilt=times)
    assert network.formerly == tuple(formerly)
    assert network.rebuilt == Rebuilt(since=1_767_225_600, until=1_767_312_000)
    assert NetworkFile.parse(network.encode()) == network
    assert len({parse().digest, parse(formerly=formerly).digest, network.digest}) == 3


LOOPBACK = (
    "http://127.0.0.1:8545",
    "http://localhost:8545",
    "http://LocalHost.:8545/",
    "http://127.1:8545",
    "http://127.9.9.9:8545",
    "http://[::1]:8545",
    "http://[::ffff:127.0.0.1]:8545",
    "http://[0:0:0:0:0:0:0:1]:8545",
    "http://2130706433:8545",
    "http://0x7f.1:8545",
    "http://0.0.0.0:8545",
    "http://a.localhost:8545",
    "http://127.0.0.1:8545/?a",
    "http://127.0.0.1:8545/#x",
    "http://user:pass@127.0.0.1:8545",
    "http://127.0.0.1:8545/./",
    "https://127.0.0.1:8545",
)
SAME = (
    *((LOOPBACK[0], other) for other in LOOPBACK[1:]),
    ("http://node.example", "http://NODE.example.:80/"),
    ("https://node.example", "https://node.example:443/?key=1"),
    ("https://node.example/v3/abc", "https://me:you@node.example/v3//abc/#x"),
    ("https://node.example/v3/abc", "https://node.example/v3/%61bc"),
    ("http://10.1:8545", "http://10.0.0.1:8545"),
    ("http://[2001:db8::1]", "http://[2001:DB8:0:0::1]"),
)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_one_node_by_many_spellings(one: str, other: str) -> None:
    with pytest.raises(ConfigError, match="one node"):
        parse(rpc=[one, other])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://127.0.0.1:8545", "http://127.0.0.1:8546"),
        ("https://node.example/a", "https://node.example/b"),
        ("https://node.example/a", "https://node.example/A"),
        ("http://10.0.0.1:8545", "http://10.0.0.2:8545"),
        ("http://node.example", "https://node.example"),
    ],
)
def test_two_nodes(one: str, other: str) -> None:
    assert parse(rpc=[one, other]).rpc == (one, other)


@pytest.mark.parametrize(("nodes", "quorum"), [(2, 1), (3, 1), (4, 2), (5, 2)])
def test_a_quorum_of_half_or_less_is_for_development(
    nodes: int, quorum: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rpc = [f"http://n{number}" for number in range(nodes)]
    for environment in ("", "production", "staging"):
        monkeypatch.setenv("CREDIT_LEDGER_ENV", environment)
        with pytest.raises(ConfigError, match=r"quorum: .*development"):
            parse(rpc=rpc, quorum=quorum)
        with pytest.raises(ConfigError, match="quorum"):
            QuorumReader(parse(rpc=rpc, quorum=quorum, development=True))
        with pytest.raises(ConfigError, match="quorum"):
            Verifier(parse(rpc=rpc, quorum=quorum, development=True))
    monkeypatch.setenv("CREDIT_LEDGER_ENV", "development")
    file = parse(rpc=rpc, quorum=quorum)
    QuorumReader(file).close()
    Verifier(file).close()
    with pytest.raises(ConfigError):
        parse(rpc=rpc, quorum=quorum, development=False)
    assert parse(rpc=rpc, quorum=nodes // 2 + 1, development=False).quorum_is_majority


def test_other_nodes_never_change_the_quorum() -> None:
    network = parse().with_rpc(["http://mine", "http://other"])
    assert network.rpc == ("http://mine", "http://other")
    assert network.quorum == 2
    with pytest.raises(ConfigError, match=r"rpc: fewer nodes \(1\) than the quorum of 2"):
        parse().with_rpc(["http://mine"])
    with pytest.raises(ConfigError, match=r"rpc: fewer nodes .* name at least 3"):
        parse(quorum=3, rpc=["http://mine", "http://other"])
    with pytest.raises(ConfigError):
        parse().with_rpc(["http://mine", "http://mine/"])


def test_load(tmp_path: Path) -> None:
    path = tmp_path / "network.json"
    with pytest.raises(ConfigError):
        NetworkFile.load(path)
    path.write_bytes(parse().encode())
    assert NetworkFile.load(path) == parse()
