"""Of four nodes, of which three must agree, one lies about everything in turn, or does not answer:
the verdict is as without it, and the lie is told by whom."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson
import pytest

from ledger.chain.nodes.quorum import QuorumReader
from ledger.core.keys import Purpose
from ledger.core.verdict.facts import Question
from ledger.core.verdict.verdict import Verdict
from ledger.verify import Verifier
from tests.support.ledger import make_record
from tests.support.proxy import (
    Exchange,
    Fault,
    Proxy,
    Reply,
    at_times,
    delay,
    drop_request,
    drop_response,
    error,
    huge,
    lie,
    one_of,
    raw,
    start_proxy,
)
from tests.support.votes import compromise
from tests.verify.conftest import Ledger

TIMEOUT = 2.0  # seconds for one call
PATIENCE = 20.0  # seconds for which a call is asked again

Json = Any
Lie = Callable[[Ledger], tuple[str | None, Fault]]


@pytest.fixture
def four(ledger: Ledger) -> Iterator[list[Proxy]]:
    url = ledger.network.anvil.url
    with (
        start_proxy(url) as a,
        start_proxy(url) as b,
        start_proxy(url) as c,
        start_proxy(url) as d,
    ):
        yield [a, b, c, d]


def verify(
    ledger: Ledger, proxies: Sequence[Proxy], data: bytes, *, timeout: float = TIMEOUT
) -> Verdict:
    file = ledger.network.with_rpc([proxy.url for proxy in proxies], len(proxies) * 3 // 4 or 1)
    now = ledger.network.anvil.head_time
    reader = QuorumReader(file, now=now, timeout=timeout, patience=PATIENCE)
    verifier = Verifier(file, now=now, reader=reader, wait=0)
    try:
        return verifier.verify(data, Question())
    finally:
        verifier.close()


def said(found: Verdict) -> dict[str, Any]:
    """The verdict but for the notes and what names the nodes asked."""
    return {
        name: value for name, value in found.as_dict().items() if name not in ("notes", "network")
    }


def words(change: Callable[[str], str]) -> Fault:
    return lie(lambda params, result: change(result) if isinstance(result, str) else result)


def block(which: Callable[[Ledger], str], **changes: str) -> Lie:
    """Another block where the question is `which`."""

    def made(ledger: Ledger) -> tuple[str, Fault]:
        asked = which(ledger)

        def change(params: Sequence[Json], result: Json) -> Json:
            return {**result, **changes} if result and asked in (params[0], "any") else result

        return "eth_getBlockByNumber", lie(change)

    return made


def head(change: Callable[[dict[str, Json]], dict[str, Json]]) -> Lie:
    """Another latest block."""

    def made(ledger: Ledger) -> tuple[str, Fault]:
        def changed(params: Sequence[Json], result: Json) -> Json:
            return {**result, **change(result)} if params[0] == "latest" else result

        return "eth_getBlockByNumber", lie(changed)

    return made


def number(result: dict[str, Json], more: int) -> str:
    return hex(int(result["number"], 16) + more)


def events(change: Callable[[list[Json]], list[Json]]) -> Lie:
    return lambda ledger: (
        "eth_getLogs",
        lie(lambda params, result: change(result) if result else result),
    )


def deployed(ledger: Ledger) -> str:
    return hex(ledger.network.file.deploy_block)


def own(method: str | None, fault: Fault) -> Lie:
    return lambda ledger: (method, fault)


def wrong_id(exchange: Exchange) -> Reply:
    answer = exchange.forward()
    return Reply(orjson.dumps({**answer, "id": 10**6}))


FAKE = "0x" + "77" * 32
LIES: dict[str, Lie] = {
    "chain id": own("eth_chainId", words(lambda result: "0x1")),
    "deployment block": block(deployed, hash=FAKE),
    "no deployment block": own(
        "eth_getBlockByNumber",
        lie(lambda params, result: None if params[0] == "0x1" else result),
    ),
    "hash of the head": head(lambda result: {"hash": FAKE}),
    "time of the head": head(lambda result: {"timestamp": "0x6fffffff"}),
    "head far ahead": head(lambda result: {"number": hex(10**9), "hash": FAKE}),
    "next head": head(lambda result: {"number": number(result, 1), "hash": FAKE}),
    "next but one": head(lambda result: {"number": number(result, 2), "hash": FAKE}),
    "older head": head(lambda result: {"number": number(result, -1), "hash": FAKE}),
    "head in the future": head(
        lambda result: {
            "number": number(result, 1),
            "parentHash": result["hash"],
            "hash": FAKE,
            "timestamp": number({"number": result["timestamp"]}, 10**6),
        }
    ),
    "all blocks": block(lambda ledger: "any", hash=FAKE),
    "all times": block(lambda ledger: "any", timestamp="0x1"),
    "no code": own("eth_getCode", words(lambda result: "0x")),
    "other code": own("eth_getCode", words(lambda result: "0x6001")),
    "zeros": own("eth_call", words(lambda result: "0x" + "00" * (len(result) // 2 - 1))),
    "ones": own("eth_call", words(lambda result: "0x" + "01" * (len(result) // 2 - 1))),
    "nothing": own("eth_call", words(lambda result: "0x")),
    "last word": own("eth_call", words(lambda result: result[:-1] + "7")),
    "no hex": own("eth_call", words(lambda result: "0xzz")),
    "refusal": own("eth_call", error(3, "execution reverted", "0x12345678")),
    "events dropped": events(lambda found: []),
    "last event dropped": events(lambda found: found[:-1]),
    "event added": events(lambda found: [*found, {**found[0], "logIndex": "0x9"}]),
    "event twice": events(lambda found: [*found, *found]),
    "event changed": events(lambda found: [{**event, "data": FAKE * 3} for event in found]),
    "event elsewhere": events(lambda found: [{**event, "blockHash": FAKE} for event in found]),
    "event of another transaction": events(
        lambda found: [{**event, "transactionHash": FAKE} for event in found]
    ),
    "events of others": events(
        lambda found: [{**event, "address": "0x" + "77" * 20} for event in found]
    ),
    "no events": own("eth_getLogs", lie(lambda params, result: None)),
    "empty object": own(None, raw(b"{}")),
    "list": own(None, lie(lambda params, result: [])),
    "null": own(None, lie(lambda params, result: None)),
    "wrong ids": own(None, wrong_id),
    "huge": own("eth_call", huge(40 << 20)),
}
# No lie, and nobody to be named; some are asked again, some at once given up.
SILENT: dict[str, Lie] = {
    "events in another order": events(lambda found: found[::-1]),
    "gone": own(None, drop_request()),
    "cut": own(None, drop_response()),
    "slow": own(None, delay(60)),
    "page": own(None, raw(b"<html>bad gateway</html>")),
    "429": own(None, raw(b"", status=429)),
    "429 for an hour": own(None, raw(b"", status=429, retry_after="3600")),
    "503": own(None, raw(b"", status=503)),
    "401": own(None, raw(b"", status=401)),
    "no such method": own("eth_call", error(-32601, "method not found")),
    "limit": own(None, error(-32005, "limit exceeded")),
    "behind": own("eth_call", error(-32000, "header not found")),
    "internal": own("eth_getLogs", error(-32603, "internal error")),
}


@pytest.mark.parametrize("liar", range(4))
@pytest.mark.parametrize("name", LIES)
def test_one_liar_of_four_changes_nothing_and_is_named(
    ledger: Ledger, four: list[Proxy], name: str, liar: int
) -> None:
    data = ledger.beijing.receipt(1)
    expected = said(verify(ledger, four, data))
    assert expected["verdict"] == "valid"
    four[liar].on(*LIES[name](ledger))
    found = verify(ledger, four, data)
    assert said(found) == expected
    assert {note.node for note in found.notes} == {four[liar].url}
    [told, *_] = found.as_dict()["notes"]
    assert told["node"] == four[liar].url
    assert told["code"] in ("node-disagrees", "node-pruned")
    assert all(four[liar].url in text for text in told["message"].values())


@pytest.mark.parametrize("liar", [0, 3])
@pytest.mark.parametrize("name", SILENT)
def test_one_silent_of_four_changes_nothing(
    ledger: Ledger, four: list[Proxy], name: str, liar: int
) -> None:
    data = ledger.beijing.receipt(1)
    four[liar].on(*SILENT[name](ledger))
    found = verify(ledger, four, data)
    assert (found.verdict, found.notes) == ("valid", ())


@pytest.mark.parametrize("name", ["zeros", "ones", "hash of the head", "chain id"])
def test_a_liar_makes_no_bad_receipt_good(ledger: Ledger, four: list[Proxy], name: str) -> None:
    log = ledger.beijing
    log.put(make_record(log, CF_WSH="从未存证"))
    never = log.receipt(
        2,
        anchored=log.anchors[-1].__class__(
            **{**log.anchors[-1].__dict__, "prev_size": 2, "size": 3}
        ),
    )
    expected = said(verify(ledger, four, never))
    assert expected["verdict"] == "not-anchored"
    for proxy in four:
        proxy.on(*LIES[name](ledger))
        found = verify(ledger, four, never)
        assert said(found) == expected
        assert {note.node for note in found.notes} == {proxy.url}
        proxy.clear()


@pytest.mark.parametrize("name", ["zeros", "events dropped", "no code", "all times"])
def test_two_liars_of_four_are_too_many(ledger: Ledger, four: list[Proxy], name: str) -> None:
    for proxy in four[1:3]:
        proxy.on(*LIES[name](ledger))
    found = verify(ledger, four, ledger.beijing.receipt(1))
    assert (found.verdict, found.exit) == ("undetermined", 4)


# ---- refused for the moment


REFUSALS = (
    raw(b"slow down", status=429),
    raw(b"slow down", status=429, retry_after="1"),
    raw(b"", status=502),
    raw(b"", status=503),
    raw(b"", status=504),
    raw(b"<html>"),
    error(-32005, "limit exceeded"),
    error(-32000, "header not found"),
    drop_request(),
    drop_response(),
)


def test_every_refusal_for_the_moment_is_asked_again(ledger: Ledger, four: list[Proxy]) -> None:
    """Each once for every method, from the only node that there is."""
    for fault in REFUSALS:
        for method in ("eth_chainId", "eth_getBlockByNumber", "eth_call", "eth_getLogs"):
            four[0].on(method, fault, times=1)
        found = verify(ledger, four[:1], ledger.beijing.receipt(1), timeout=30)
        assert found.verdict == "valid"
        four[0].clear()


@pytest.mark.parametrize("nodes", [1, 4])
def test_one_call_of_twenty_is_refused(ledger: Ledger, four: list[Proxy], nodes: int) -> None:
    for number_, proxy in enumerate(four):
        proxy.on(None, at_times(one_of(*REFUSALS, seed=number_), 0.05, seed=number_))
    for index in range(20):
        found = verify(ledger, four[:nodes], ledger.beijing.receipt(index % 2), timeout=30)
        assert (found.exit, found.notes) == (0, ())


def test_a_load_balancer_two_blocks_behind(ledger: Ledger, four: list[Proxy]) -> None:
    """Every other answer comes from a node that does not know the newest blocks yet."""
    anvil = ledger.network.anvil
    anvil.mine(3)
    late = int(anvil.call("eth_blockNumber"), 16) - 2

    def behind(exchange: Exchange) -> Reply:
        if exchange.method == "eth_getBlockByNumber":
            which = exchange.params[0]
            if which == "latest":
                exchange.request["params"][0] = hex(late)
            elif int(which, 16) > late:
                return exchange.reply(result=None)
        elif exchange.method in ("eth_call", "eth_getCode"):
            return error(-32000, "header not found")(exchange)
        return Reply(orjson.dumps(exchange.forward()))

    for proxy in four:
        proxy.on(None, at_times(behind, 0.3))
    for _ in range(3):
        found = verify(ledger, four, ledger.beijing.receipt(1), timeout=30)
        assert (found.verdict, found.notes) == ("valid", ())


# ---- old data thrown away


PRUNED: dict[str, Lie] = {
    "says so": own("eth_getLogs", error(4444, "pruned history unavailable")),
    "state": own("eth_getLogs", error(-32000, "missing trie node 0xab (path )")),
    "gives nothing": events(lambda found: []),
}


def without_hint(ledger: Ledger) -> bytes:
    """A receipt for which all events of the log are read: a key is held to be stolen."""
    log = ledger.beijing
    compromise(ledger.network, log.key(Purpose.ANCHOR).key_id, log.anchors[-1].time + 1)
    ledger.network.anvil.mine(3)
    return log.receipt(1)


@pytest.mark.parametrize("name", PRUNED)
def test_one_of_four_has_thrown_old_events_away(
    ledger: Ledger, four: list[Proxy], name: str
) -> None:
    data = without_hint(ledger)
    for proxy in four:
        proxy.on(*PRUNED[name](ledger))
        found = verify(ledger, four, data)
        assert found.verdict == "valid"
        assert [(note.code, note.node) for note in found.notes] == [("node-pruned", proxy.url)]
        proxy.clear()


@pytest.mark.parametrize("count", [2, 4])
@pytest.mark.parametrize("name", PRUNED)
def test_too_many_have_thrown_old_events_away(
    ledger: Ledger, four: list[Proxy], name: str, count: int
) -> None:
    data = without_hint(ledger)
    for proxy in four[:count]:
        proxy.on(*PRUNED[name](ledger))
    found = verify(ledger, four, data)
    codes = [check.code for check in found.standing.checks if check.verdict]
    assert (found.verdict, codes) == ("undetermined", ["node-pruned"])
