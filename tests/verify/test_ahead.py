"""One node is ahead of the others: what it shows names no verdict, and is not passed over."""

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from ledger.chain.governing.requests import FOREVER
from ledger.core.keys import Purpose
from ledger.core.verdict.facts import Question
from ledger.core.verdict.verdict import Verdict
from ledger.verify import Verifier
from tests.support.chain import KEY_START
from tests.support.ledger import make_record
from tests.support.proxy import (
    Exchange,
    Proxy,
    Reply,
    drop_request,
    error,
    honest,
    lie,
    start_proxy,
)
from tests.support.votes import close_log, compromise, register, revoke, stand_in
from tests.verify.conftest import Ledger


@pytest.fixture
def proxies(ledger: Ledger) -> Iterator[list[Proxy]]:
    url = ledger.network.anvil.url
    with start_proxy(url) as a, start_proxy(url) as b, start_proxy(url) as c:
        yield [a, b, c]


@pytest.fixture
def four(ledger: Ledger, proxies: list[Proxy]) -> Iterator[list[Proxy]]:
    with start_proxy(ledger.network.anvil.url) as fourth:
        yield [*proxies, fourth]


def hold(ledger: Ledger, proxies: Sequence[Proxy]) -> None:
    """These nodes know of no block after the latest of now."""
    latest = ledger.network.anvil.call("eth_getBlockByNumber", "latest", False)
    height = int(latest["number"], 16)

    def block(params: Sequence[Any], result: Any) -> Any:
        if params[0] == "latest":
            return latest
        return None if int(params[0], 16) > height else result

    for proxy in proxies:
        proxy.on("eth_getBlockByNumber", lie(block))


def release(proxies: Sequence[Proxy]) -> None:
    """They go on."""
    for proxy in proxies:
        proxy.clear()


def verdict(ledger: Ledger, proxies: Sequence[Proxy], data: bytes, *, wait: float = 0.0) -> Verdict:
    file = ledger.network.with_rpc([proxy.url for proxy in proxies], len(proxies) - 1)
    verifier = Verifier(file, now=ledger.network.anvil.head_time, wait=wait)
    try:
        return verifier.verify(data, Question())
    finally:
        verifier.close()


def unconfirmed(found: Verdict) -> bool:
    """Whether it is open, for that reason alone."""
    codes = [check.code for check in found.standing.checks if check.verdict]
    return (found.verdict, codes) == ("undetermined", ["act-unconfirmed"])


def revoke_now(ledger: Ledger) -> None:
    """The PRESENT key ends, before the presentation was made by its own word."""
    revoke(ledger.network, "110000", ledger.beijing.key(Purpose.PRESENT).key_id)


ADVERSE: dict[str, tuple[Callable[[Ledger], None], str]] = {
    "the anchor key is stolen": (
        lambda ledger: compromise(
            ledger.network,
            ledger.beijing.key(Purpose.ANCHOR).key_id,
            ledger.beijing.anchors[0].time,
        ),
        "key-disputed",
    ),
    "the presentation's key has ended": (revoke_now, "key-not-valid-at"),
    "the log is closed": (
        lambda ledger: close_log(ledger.network, ledger.beijing.log_id, 1),
        "log-closed",
    ),
    "a registry is there": (
        lambda ledger: register(
            ledger.network, "CaseRegistry", stand_in(ledger.network, "CaseRegistry")
        ),
        "undetermined",
    ),
}


@pytest.mark.parametrize("name", ADVERSE)
def test_what_one_node_shows_names_no_verdict(
    ledger: Ledger, proxies: list[Proxy], name: str
) -> None:
    change, expected = ADVERSE[name]
    data = ledger.beijing.receipt(1, iat=ledger.network.anvil.head_time() + 55)
    hold(ledger, proxies[:2])
    assert verdict(ledger, proxies, data).verdict == "valid"
    change(ledger)
    found = verdict(ledger, proxies, data)
    assert unconfirmed(found)
    assert (found.exit, found.notes) == (4, ())
    for proxy in proxies[:2]:
        proxy.clear()
    assert verdict(ledger, proxies, data).verdict == expected


@pytest.mark.parametrize("name", ADVERSE)
def test_it_counts_as_soon_as_the_others_have_seen_it(
    ledger: Ledger, proxies: list[Proxy], name: str
) -> None:
    change, expected = ADVERSE[name]
    data = ledger.beijing.receipt(1, iat=ledger.network.anvil.head_time() + 55)
    hold(ledger, proxies[:2])
    change(ledger)
    timer = threading.Timer(1.0, lambda: release(proxies[:2]))
    timer.start()
    found = verdict(ledger, proxies, data, wait=120)
    timer.join()
    assert found.verdict == expected
    assert found.notes == ()


def invented(ledger: Ledger, key_id: bytes) -> Callable[[Proxy], None]:
    """A node that shows a block which will never be, in which the key has ended long ago."""
    anvil = ledger.network.anvil
    head = anvil.call("eth_getBlockByNumber", "latest", False)
    number = int(head["number"], 16) + 1
    block = {
        **head,
        "number": hex(number),
        "hash": "0x" + "77" * 32,
        "parentHash": head["hash"],
    }

    def blocks(params: Sequence[Any], result: Any) -> Any:
        return block if params[0] in ("latest", hex(number)) else result

    def calls(exchange: Exchange) -> Reply:
        to, at = exchange.params
        if at != {"blockHash": block["hash"]}:
            return honest()(exchange)
        result = anvil.call("eth_call", to, {"blockHash": head["hash"]})
        before, found, behind = result.partition(key_id.hex())  # in the set of keys
        if found:
            ends = FOREVER.to_bytes(32, "big").hex()
            behind = behind.replace(ends, KEY_START.to_bytes(32, "big").hex(), 1)
        return exchange.reply(result=before + found + behind)

    def lies(proxy: Proxy) -> None:
        proxy.on("eth_getBlockByNumber", lie(blocks))
        proxy.on("eth_call", calls)

    return lies


@pytest.mark.parametrize("liar", range(4))
def test_a_block_that_never_came_was_a_lie(ledger: Ledger, four: list[Proxy], liar: int) -> None:
    """The liar of the issue: it ends a key where nobody else can look yet, to have a bank call a
    genuine record a forgery. When the others have another block there, it is named."""
    data = ledger.beijing.receipt(1)
    invented(ledger, ledger.beijing.key(Purpose.ANCHOR).key_id)(four[liar])
    found = verdict(ledger, four, data)
    assert unconfirmed(found)
    timer = threading.Timer(1.0, ledger.network.anvil.mine)
    timer.start()
    found = verdict(ledger, four, data, wait=120)
    timer.join()
    assert found.verdict == "valid"
    assert [(note.code, note.node) for note in found.notes] == [("node-disagrees", four[liar].url)]


def test_a_node_that_is_ahead_and_then_silent_says_nothing(
    ledger: Ledger, proxies: list[Proxy]
) -> None:
    data = ledger.beijing.receipt(1)
    hold(ledger, proxies[:2])
    compromise(
        ledger.network,
        ledger.beijing.key(Purpose.ANCHOR).key_id,
        ledger.beijing.anchors[0].time,
    )
    proxies[2].on("eth_call", drop_request())
    assert verdict(ledger, proxies, data).verdict == "valid"


def test_a_node_that_is_ahead_and_silent_once_is_asked_again(
    ledger: Ledger, proxies: list[Proxy]
) -> None:
    """What could not be looked at for one receipt is looked at for the next."""
    data = ledger.beijing.receipt(1)
    hold(ledger, proxies[:2])
    compromise(
        ledger.network,
        ledger.beijing.key(Purpose.ANCHOR).key_id,
        ledger.beijing.anchors[0].time,
    )
    proxies[2].on("eth_call", error(-32000, "busy"))
    file = ledger.network.with_rpc([proxy.url for proxy in proxies], 2)
    verifier = Verifier(file, now=ledger.network.anvil.head_time, wait=0)
    assert verifier.verify(data, Question()).verdict == "valid"
    proxies[2].clear()
    assert unconfirmed(verifier.verify(data, Question()))
    asked = proxies[2].count("eth_call")
    assert unconfirmed(verifier.verify(data, Question()))
    assert proxies[2].count("eth_call") == asked
    verifier.close()


def test_an_anchor_that_one_node_shows_is_not_there_yet(
    ledger: Ledger, proxies: list[Proxy]
) -> None:
    log = ledger.beijing
    hold(ledger, proxies[:2])
    index = log.put(make_record(log, CF_WSH="新号"))
    log.anchor()
    ledger.network.anvil.mine(3)
    found = verdict(ledger, proxies, log.receipt(index))
    assert found.verdict == "undetermined"
    assert "head-behind-receipt" in [check.code for check in found.standing.checks]
    for proxy in proxies[:2]:
        proxy.clear()
    assert verdict(ledger, proxies, log.receipt(index)).verdict == "valid"


def test_a_theft_told_without_its_event_counts_on_any_day(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that dropped old events still tells the state."""
    from ledger.chain.holders import Holders  # noqa: PLC0415

    log = ledger.beijing
    compromise(ledger.network, log.key(Purpose.ANCHOR).key_id, log.anchors[0].time)
    monkeypatch.setattr(Holders, "_events", lambda *_: [])
    verifier = Verifier(ledger.network.file, now=ledger.network.anvil.head_time)
    found = verifier.verify(log.receipt(0), Question())
    verifier.close()
    assert found.verdict == "key-disputed"
    assert found.facts is not None
    key = found.facts.keys[log.key(Purpose.ANCHOR).key_id]
    assert [said.recorded for said in key.compromises] == [0]
