"""Following a real chain: what is news, what is wrong, and that each is told once."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.audit.codes import CODES
from ledger.audit.compare_codes import DIVERGENCES
from ledger.audit.incomplete_codes import INCOMPLETE
from ledger.audit.monitor.codes import MONITOR_CODES
from ledger.audit.monitor.items import about
from ledger.chain.contracts.bindings import LOG_ANCHOR
from ledger.chain.keys.keyfile import new_secret
from ledger.chain.keys.signers import LocalSigner
from ledger.core.keys import Alg, Purpose
from ledger.core.status import Action
from tests.audit.monitor.watched import HEBEI, Watched
from tests.support.cases import act, make_act
from tests.support.ledger import make_record
from tests.support.proxy import error, lie, start_proxy
from tests.support.votes import (
    add_key,
    close_log,
    compromise,
    put_item,
    register,
    revoke,
    set_endpoint,
    stand_in,
    suspend,
)

DAY = 86_400


def test_a_clean_network_tells_nothing(watched: Watched) -> None:
    for _ in range(2):
        assert watched.round() == 0
        assert [one["event"] for one in watched.told] == ["round.done"]
    before = watched.told[-1]["block"]
    watched.ledger.tianjin.put(make_record(watched.ledger.tianjin, decided=date(2025, 10, 12)))
    watched.ledger.tianjin.anchor()
    watched.mine()
    assert watched.round() == 0
    assert watched.codes() == watched.codes("news") == []
    assert watched.told[-1]["block"] > before


def test_news_are_told_once_whatever_ends_between(watched: Watched) -> None:
    network = watched.ledger.network
    assert watched.round() == 0
    added = LocalSigner(Alg.SECP256K1, new_secret())
    add_key(network, HEBEI, Purpose.ANCHOR, added)
    revoke(network, HEBEI, network.keys[HEBEI, Purpose.NOTE].key_id)
    put_item(network, "penalty-new", since=network.anvil.head_time() + DAY)
    set_endpoint(network, "demo-bank", "https://bank.example")
    suspend(network, "demo-bank")
    watched.mine()
    assert watched.round() == 0
    assert watched.codes() == []
    news = watched.codes("news")
    assert {name: news.count(name) for name in news} == {
        **{"key-added": 1, "key-ended": 1, "endpoint-changed": 1, "member-status": 1},
        **{"catalogue-changed": 1, "proposal-made": 2, "vote-cast": 6, "proposal-carried-out": 1},
    }
    told = watched.found("key-added")
    assert (told["member"], told["severity"], told["level"]) == (HEBEI, "note", "info")
    assert added.key_id.hex() in told["where"]
    assert watched.found("member-status")["evidence"]["status"] == "suspended"
    assert watched.round() == 0
    assert watched.codes("news") == []
    # Who wants findings alone is told none of it.
    put_item(network, "penalty-newer", since=network.anvil.head_time() + DAY)
    watched.mine()
    assert watched.round(news=False) == 0
    assert watched.codes("news") == []
    assert watched.round() == 0
    assert watched.codes("news") == []


def test_a_flood_of_news_hides_nothing(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is paid one member can make any number: they are told in one, behind what is
    wrong."""
    monkeypatch.setattr("ledger.audit.monitor.chain.MOST_NEWS", 3)
    network = watched.ledger.network
    assert watched.round() == 0
    for number in range(5):
        set_endpoint(network, "demo-bank", f"https://{number}.example")
    compromise(network, network.keys[HEBEI, Purpose.ANCHOR].key_id, 1)
    watched.mine()
    assert watched.round() == 1
    told = [one["code"] for one in watched.told if one["event"].startswith("monitor.")]
    assert (told[0], told.count("endpoint-changed")) == ("key-compromised", 3)
    found = watched.found("news-left-out")
    assert (found["member"], found["evidence"]) == (
        "demo-bank",
        {"code": "endpoint-changed", "count": 2},
    )
    watched.round()
    assert watched.codes("news") == []


def test_a_stolen_key_and_what_it_anchored(watched: Watched) -> None:
    network, log = watched.ledger.network, watched.ledger.tianjin
    assert watched.round() == 0
    log.put(make_record(log))
    anchored = log.anchor()
    key = log.key(Purpose.ANCHOR).key_id
    compromise(network, key, anchored.time)
    watched.mine()
    assert watched.round() == 1
    assert sorted(watched.codes()) == ["anchor-key-disputed", "key-compromised"]
    found = watched.found("anchor-key-disputed")
    assert found["where"] == f"log/{log.log_id.hex()}/anchor/4"
    assert found["evidence"]["tx"] == anchored.tx
    assert watched.round() == 0  # told, and it does not last


def test_an_anchor_before_the_theft_is_not_disputed(watched: Watched) -> None:
    network, log = watched.ledger.network, watched.ledger.tianjin
    assert watched.round() == 0
    log.put(make_record(log))
    anchored = log.anchor()
    watched.mine()
    compromise(network, log.key(Purpose.ANCHOR).key_id, anchored.time + 1)
    watched.mine()
    assert watched.round() == 1
    assert watched.codes() == ["key-compromised"]


def test_a_log_that_is_closed_and_a_contract_that_is_not_ours(watched: Watched) -> None:
    network, log = watched.ledger.network, watched.ledger.tianjin
    assert watched.round() == 0
    close_log(network, log.log_id, 3)
    register(network, LOG_ANCHOR, stand_in(network, LOG_ANCHOR))
    watched.mine()
    assert watched.round() == 1
    assert sorted(watched.codes()) == ["contract-not-ours", "contract-replaced", "log-closed"]
    assert "log-opened" in watched.codes("news")
    assert watched.found("log-closed")["evidence"]["trustedSize"] == 3
    assert watched.round() == 0
    # Whoever begins to watch now is told of the contract, and not of the past.
    assert watched.round(state=watched.folder / "another") == 1
    assert sorted(watched.codes()) == ["contract-not-ours", "contract-replaced"]
    assert watched.codes("news") == []


def test_provinces_that_do_not_acknowledge(watched: Watched) -> None:
    network, log = watched.ledger.network, watched.ledger.tianjin
    assert watched.round() == 0
    commitment = log.records[0].commitment.digest
    act(network, log.member, make_act(network, Action.REPAIR, log.log_id, commitment))
    watched.mine()
    assert watched.round() == 0
    network.anvil.mine(2, seconds=DAY)
    assert watched.round() == 1
    late = [one for one in watched.told if one.get("code") == "ack-late"]
    assert [one["member"] for one in late] == ["110000", "120000", "130000", "140000"]
    assert {one["evidence"]["behind"] for one in late} == {1}
    assert watched.round() == 1  # it lasts, and is not told again
    assert watched.codes() == []


def test_a_chain_that_was_rewritten(watched: Watched) -> None:
    anvil, log = watched.ledger.network.anvil, watched.ledger.tianjin
    snapshot = anvil.snapshot()
    log.put(make_record(log))
    log.anchor()
    watched.mine()
    assert watched.round() == 0
    anvil.revert(snapshot)
    watched.ledger.network.forget_sent()
    del log.anchors[-1]
    for _ in range(4):
        anvil.mine(2, seconds=7)
    assert watched.round() == 1
    assert sorted(watched.codes()) == ["block-differs", "log-shrank"]
    found = watched.found("log-shrank")
    assert (found["member"], found["evidence"]["now"]) == ("120000", "")
    assert found["where"] == f"log/{log.log_id.hex()}/anchor/4"
    # It goes on with the chain that there is.
    assert watched.round() == 0
    suspend(watched.ledger.network, "demo-bank")
    watched.mine()
    watched.round()
    assert "member-status" in watched.codes("news")


def test_nodes_that_are_behind_make_nothing_forgotten(watched: Watched) -> None:
    """The one that was ahead is away, so a quorum has less than was final: nothing is followed and
    nobody is accused, until it is there again; and what was signed before still counts then."""
    network, log = watched.ledger.network, watched.ledger.tianjin
    with start_proxy(network.anvil.url) as one, start_proxy(network.anvil.url) as other:
        file = network.with_rpc([network.anvil.url, one.url, other.url], 2)
        old = network.anvil.call("eth_getBlockByNumber", "latest", False)
        log.put(make_record(log))
        network.anvil.mine(8)
        assert watched.round(network=file) == 0
        for proxy in (one, other):
            proxy.on(
                "eth_getBlockByNumber",
                lie(lambda params, result: old if params[0] == "latest" else result),
            )
        assert watched.round(network=file) == 1
        assert watched.codes() == ["head-went-back"]
        one.clear()
        other.clear()
        log.entries[-1] = make_record(log, decided=date(2025, 10, 12)).entry
        assert watched.round(network=file) == 1
        assert (watched.codes(), watched.codes("over")) == (
            ["checkpoint-differs"],
            ["head-went-back"],
        )


# ---- nodes


def test_nodes_that_are_down_behind_elsewhere_or_lie(watched: Watched) -> None:
    network = watched.ledger.network
    with start_proxy(network.anvil.url) as good, start_proxy(network.anvil.url) as other:
        urls = [network.anvil.url, good.url, other.url]
        file = network.with_rpc(urls, 2)
        name = f"node/{other.url}"
        assert watched.round(network=file) == 0
        faults = {
            "node-down": ("eth_getBlockByNumber", error(-32000, "no")),
            "node-other-chain": ("eth_chainId", lie(lambda params, result: "0x1")),
        }
        for code, (method, fault) in faults.items():
            other.on(method, fault)
            assert watched.round(network=file) == 1, code
            assert (watched.codes(), watched.found(code)["where"]) == ([code], name)
            assert watched.round(network=file) == 1
            assert watched.codes() == []
            other.clear()
            assert watched.round(network=file) == 0
            assert (watched.codes(), watched.codes("over")) == ([], [code])
        # Behind by two minutes.
        old = network.anvil.call("eth_getBlockByNumber", "latest", False)
        network.anvil.mine(2, seconds=120)
        other.on(
            "eth_getBlockByNumber",
            lie(lambda params, result: old if params[0] == "latest" else result),
        )
        assert watched.round(network=file) == 1
        assert watched.codes() == ["node-behind"]
        other.clear()
        # Another block where the head is.
        other.on(
            "eth_getBlockByNumber",
            lie(
                lambda params, result: (
                    result
                    if params[0] == hex(network.file.deploy_block)
                    else {**result, "hash": "0x" + "ab" * 32}
                )
            ),
        )
        assert watched.round(network=file) == 1
        assert set(watched.codes()) == {"node-disagrees"}
        assert watched.codes("over") == ["node-behind"]


def test_a_chain_that_cannot_be_read_or_halts(watched: Watched) -> None:
    network = watched.ledger.network
    assert watched.round() == 0
    with start_proxy(network.anvil.url) as proxy:
        file = network.with_rpc([proxy.url], 1)
        proxy.on(None, error(-32000, "no"))
        assert watched.round(network=file, patience=60) == 4
        assert watched.codes() == []  # not yet
        watched.ahead = 60
        assert watched.round(network=file, patience=60) == 1
        assert sorted(watched.codes()) == ["chain-unreadable", "node-down"]
        proxy.clear()
        assert watched.round(network=file) == 0
        assert sorted(watched.codes("over")) == ["chain-unreadable", "node-down"]
    watched.ahead = network.file.max_head_age + 1
    assert watched.round(patience=DAY) == 1
    assert watched.codes() == ["head-too-old"]
    watched.ahead = -3600
    assert watched.round(patience=DAY) == 1
    assert (watched.codes(), watched.codes("over")) == (["head-in-future"], ["head-too-old"])


def test_a_full_replay_that_gives_no_report(watched: Watched) -> None:
    """It is told, and over once one does."""
    command = ["audit", "replay", "--network", str(watched.folder / "nowhere.json")]
    assert watched.round(replay=3600, command=command) == 1
    assert watched.codes() == ["replay-failed"]
    assert watched.found("replay-failed")["evidence"] == {"exit": 2}
    watched.ahead = 1800
    assert watched.round(replay=3600, command=command) == 1
    assert watched.codes() == []  # not due, and it lasts


# ---- codes


@pytest.mark.parametrize("code", sorted({*MONITOR_CODES, *DIVERGENCES, *INCOMPLETE, *CODES}))
def test_every_code_has_words(code: str) -> None:
    means = about(code)
    for text in (means.message, means.remedy):
        assert set(text) == {"zh", "en"} and all(text.values())
    assert means.severity in ("error", "warning", "note")


def test_codes_of_its_own_are_nobody_elses() -> None:
    assert not MONITOR_CODES.keys() & {*CODES, *DIVERGENCES, *INCOMPLETE}
