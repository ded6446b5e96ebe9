"""What a chain begins with, and whom its nodes dial: each other on this machine, nobody else."""

import tomllib

import pytest

from scripts.consortium_parts.genesis import (
    CHAIN_ID,
    GAS_LIMIT,
    Ports,
    beacond_arguments,
    beginning,
    between_beaconds,
    between_geths,
    geth_arguments,
    set_values,
)
from tests.docs.test_chain import LATER_ON

PORTS = Ports(rpc=1, engine=2, peers=3, blocks=4, status=5)
GIVEN = {
    "config": {"chainId": 1, "cancunTime": 0},
    "gasLimit": "0x1",
    "timestamp": "0x0",
    "alloc": {"0xaa": {"balance": "0x5"}, "0xbb": {"balance": "0x0", "code": "0x60"}},
}
COMET = """\
moniker = "x"

[rpc]
# where it answers
laddr = "tcp://127.0.0.1:26657"
pprof_laddr = "localhost:6060"

[p2p]
laddr = "tcp://0.0.0.0:26656"
seeds = "somebody@203.0.113.1:26656"
persistent_peers = ""
persistent_peers_max_dial_period = "0s"
addr_book_strict = true
allow_duplicate_ip = false
pex = true

[consensus]
timeout_commit = "500ms"

[instrumentation]
prometheus = true
"""


def test_the_money_of_others_is_not_taken_over() -> None:
    made = beginning(GIVEN, ["0xcc"])
    assert made["alloc"].keys() == {"0xbb", "0xcc"}
    assert int(made["alloc"]["0xcc"]["balance"], 16) > 10**20
    assert made["config"] == {"chainId": CHAIN_ID, "cancunTime": 0}
    assert int(made["gasLimit"], 16) == GAS_LIMIT > LATER_ON
    assert GIVEN["gasLimit"] == "0x1", "as it was"


def test_a_beacond_knows_its_peers_alone() -> None:
    text = between_beaconds(COMET, PORTS, ["id@127.0.0.1:9", "other@127.0.0.1:8"])
    made = tomllib.loads(text)
    assert made["p2p"]["persistent_peers"] == "id@127.0.0.1:9,other@127.0.0.1:8"
    assert (made["p2p"]["pex"], made["p2p"]["seeds"]) == (False, "")
    assert (made["p2p"]["laddr"], made["rpc"]["laddr"]) == (
        "tcp://127.0.0.1:4",
        "tcp://127.0.0.1:5",
    )
    assert made["moniker"] == "x"
    assert "# where it answers" in text


def test_a_setting_that_is_gone_is_told() -> None:
    with pytest.raises(KeyError, match=r"p2p\.pex"):
        between_beaconds(COMET.replace("pex = true\n", ""), PORTS, [])


def test_what_is_not_there_may_be_added() -> None:
    text = set_values(
        "a = 1\n\n[log]\n# b = 2\n\n[c]\nd = 3\n", {("", "e"): [4], ("log", "b"): 5}, new=True
    )
    assert tomllib.loads(text) == {"a": 1, "e": [4], "log": {"b": 5}, "c": {"d": 3}}


def test_a_geth_dials_nobody_else() -> None:
    made = tomllib.loads(between_geths(PORTS, ["enode://aa@127.0.0.1:7"]))["Node"]["P2P"]
    assert made["StaticNodes"] == ["enode://aa@127.0.0.1:7"]
    assert (made["NoDiscovery"], made["BootstrapNodes"]) == (True, [])
    assert made["NetRestrict"] == ["127.0.0.0/8"]
    assert made["ListenAddr"] == "127.0.0.1:3"


def test_all_listen_on_this_machine_alone() -> None:
    words = geth_arguments("/f", PORTS) + beacond_arguments("/h", "/f", PORTS, "/s")
    named = [word for word in words if word.count(".") == 3]
    assert named == ["127.0.0.0/8", "127.0.0.1", "127.0.0.1", "http://127.0.0.1:2"]
    assert words[words.index("--netrestrict") + 1] == "127.0.0.0/8"
    assert words[words.index("--bootnodes") + 1] == ""
    assert "--nodiscover" in words
