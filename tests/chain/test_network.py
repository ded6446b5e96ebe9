"""The network file."""

import json
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.network import MAX_BYTES, Finality, NetworkFile
from ledger.core.errors import ConfigError

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


def parse(**changes: Any) -> NetworkFile:
    return NetworkFile.parse(json.dumps(GOOD | changes).encode())


def test_what_is_read() -> None:
    network = parse()
    assert network.chain_id == 31337
    assert network.finality == Finality(rule="confirmations", depth=2)
    assert network.rpc == ("http://a:8545", "https://b/key", "https://c")
    assert network.reference == "eip155:31337:0x" + "ab" * 20
    assert network.quorum_is_majority
    assert not parse(quorum=1).quorum_is_majority


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
        "rpc": ["http://b", "http://c"], "quorum": 1, "maxHeadAge": 61,
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


def test_other_nodes_never_change_the_quorum() -> None:
    network = parse().with_rpc(["http://mine"])
    assert network.rpc == ("http://mine",)
    assert network.quorum == 2
    with pytest.raises(ConfigError):
        parse().with_rpc(["http://mine", "http://mine/"])


def test_load(tmp_path: Path) -> None:
    path = tmp_path / "network.json"
    with pytest.raises(ConfigError):
        NetworkFile.load(path)
    path.write_bytes(parse().encode())
    assert NetworkFile.load(path) == parse()
