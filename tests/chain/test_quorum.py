"""Three nodes, two of which must agree, and what one of them can do about it: nothing good."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from ledger.chain.contracts.events import Anchored, topic
from ledger.chain.errors import (
    BadHead,
    BlockGone,
    Disagreement,
    NoQuorum,
    OtherChain,
    Reverted,
    RpcTimeout,
)
from ledger.chain.network import Finality, Hash32, NetworkFile
from ledger.chain.nodes import order
from ledger.chain.nodes.blocks import Block
from ledger.chain.nodes.quorum import MAX_AHEAD, QuorumReader, View
from ledger.chain.nodes.runs import OnNote
from ledger.core.errors import ConfigError, CouldNotCheck
from ledger.core.ids import Address
from ledger.core.verdict.facts import Note
from tests.support.anvil import Anvil
from tests.support.chain import TestNetwork
from tests.support.proxy import (
    Fault,
    Proxy,
    delay,
    drip,
    drop_request,
    error,
    hold,
    huge,
    lie,
    raw,
    start_proxy,
)

PATIENT = 60.0
IMPATIENT = 4.0  # seconds; still long for the local nodes, waited for where one is silent
PATIENCE = 1.0  # seconds for which a refused call is asked again
ROOT = b"\x77" * 32
Open = Callable[..., QuorumReader]


@pytest.fixture
def reader(network: TestNetwork, proxies: list[Proxy]) -> Iterator[Open]:
    """Opens readers on the three proxies with a quorum of two."""
    with ExitStack() as stack:

        def open_reader(
            *,
            now: Callable[[], float] = time.time,
            timeout: float = PATIENT,
            on_note: OnNote = lambda note: None,
            hurry: float | None = None,
            max_ahead: float | None = MAX_AHEAD,
            **changes: Any,
        ) -> QuorumReader:
            file = network.with_rpc([proxy.url for proxy in proxies], quorum=2)
            file = NetworkFile(**{**fields(file), **changes})
            made = QuorumReader(
                file,
                timeout=timeout,
                now=now,
                patience=PATIENCE,
                on_note=on_note,
                hurry=hurry,
                max_ahead=max_ahead,
            )
            stack.callback(made.close)
            return made

        yield open_reader


def fields(file: NetworkFile) -> dict[str, Any]:
    return {name: getattr(file, name) for name in NetworkFile.__dataclass_fields__}


@pytest.fixture
def anchored(network: TestNetwork) -> TestNetwork:
    """One anchor of size 5 by Beijing, and a block above it."""
    data = network.anchor_calldata("110000", prev_size=0, size=5, root=ROOT)
    network.sender.send("anchor", network.deployment.log_anchor, data)
    network.sender.wait("anchor")
    network.anvil.mine()
    return network


def stuck_at(anvil: Anvil, number: int) -> Fault:
    """A node that has no block above `number`."""

    def change(params: Any, result: Any) -> Any:
        if params[0] == "latest":
            return anvil.call("eth_getBlockByNumber", hex(number), False)
        return None if int(params[0], 16) > number else result

    return lie(change)


def head_number(anvil: Anvil) -> int:
    return int(anvil.call("eth_blockNumber"), 16)


def read_root(view: View, network: TestNetwork) -> bytes | None:
    contract = network.log_anchor
    contract = type(contract)(contract.address, view.call)
    return contract.root_at(network.log_id("110000"), 5)


# --- Everybody honest ----------------------------------------------------------------------------


def test_the_head_and_its_values(anchored: TestNetwork, reader: Open) -> None:
    view, others = reader().heads()
    assert view.block.number == head_number(anchored.anvil)
    assert len(view.sources) == 3
    assert others == ()
    assert read_root(view, anchored) == ROOT
    assert view.code(anchored.deployment.consortium) != b""
    assert view.code(Address("0x" + "00" * 19 + "99")) == b""
    [event] = view.logs(anchored.deployment.log_anchor, [topic(Anchored)], first=0)
    receipt = view.receipt(event.tx)
    assert receipt is not None
    assert receipt.logs == (event,)
    assert view.block_at(event.block).hash == event.block_hash
    assert view.receipt(Hash32("0x" + "00" * 32)) is None


def test_values_are_asked_once(anchored: TestNetwork, reader: Open, proxies: list[Proxy]) -> None:
    view = reader().head()
    for _ in range(3):
        read_root(view, anchored)
        view.block_at(1)
    assert proxies[0].count("eth_call") == 1


def test_code_and_the_events_of_a_block_are_asked_once(
    anchored: TestNetwork, reader: Open, proxies: list[Proxy]
) -> None:
    view, address = reader().head(), anchored.deployment.log_anchor
    every = view.logs(address, [topic(Anchored)], first=0)
    [event] = every
    for _ in range(3):
        assert view.code(address) != b""
        assert view.logs(address, [topic(Anchored)], first=event.block, last=event.block) == every
        assert view.logs(address, [bytes(32)], first=event.block, last=event.block) == ()
        assert view.logs(address, [topic(Anchored)], first=0, last=0) == ()
    assert proxies[0].count("eth_getCode") == 1
    # One more tells whether the node still has the events of the deployment.
    assert proxies[0].count("eth_getLogs") == 1 + 1 + 3
    # Those of many blocks may be many, and are not kept.
    assert view.logs(address, [topic(Anchored)], first=0) == every
    assert proxies[0].count("eth_getLogs") == 1 + 1 + 3 + 1


def test_no_more_is_kept_than_there_is_room_for(
    anchored: TestNetwork, reader: Open, proxies: list[Proxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.chain.nodes.view.KEPT", 2)
    view, address = reader().head(), anchored.deployment.log_anchor
    for number in (1, 2, 3, 1):
        assert view.logs(address, [topic(Anchored)], first=number, last=number) is not None
    assert proxies[0].count("eth_getLogs") == 4
    view.logs(address, [topic(Anchored)], first=1, last=1)
    assert proxies[0].count("eth_getLogs") == 4


def test_what_could_not_be_read_is_asked_again(
    anchored: TestNetwork, reader: Open, proxies: list[Proxy]
) -> None:
    view, address = reader().head(), anchored.deployment.log_anchor
    for proxy in proxies[:2]:
        proxy.on("eth_getCode", error(-32000, "busy"))
    with pytest.raises(NoQuorum):
        view.code(address)
    for proxy in proxies[:2]:
        proxy.clear()
    assert view.code(address) != b""


def test_values_stay_those_of_the_head(anchored: TestNetwork, reader: Open) -> None:
    view = reader().head()
    anchored.anvil.mine(3)
    assert read_root(view, anchored) == ROOT
    with pytest.raises(ValueError, match="above"):
        view.block_at(view.block.number + 1)
    with pytest.raises(ValueError, match="above"):
        view.logs(anchored.deployment.log_anchor, first=0, last=view.block.number + 1)


def test_a_receipt_above_the_head_is_not_there(network: TestNetwork, reader: Open) -> None:
    view = reader().head()
    network.sender.send("a", network.payer.address, b"")
    receipt = network.sender.wait("a")
    assert view.receipt(receipt.tx) is None
    assert reader().head().receipt(receipt.tx) is not None


def test_a_refusal_is_an_answer(network: TestNetwork, reader: Open) -> None:
    view = reader().head()
    with pytest.raises(Reverted) as caught:
        view.call(network.deployment.consortium, b"\x00\x00\x00\x00")
    assert caught.value.payload == b""


# --- One liar ------------------------------------------------------------------------------------


def other_word(params: Any, result: Any) -> Any:
    return "0x" + "99" * 32


LIES: dict[str, tuple[str, Callable[[View, TestNetwork], Any], Fault]] = {
    "root": ("eth_call", read_root, lie(other_word)),
    "no root": ("eth_call", read_root, lie(lambda params, result: "0x" + "00" * 32)),
    "refusal": ("eth_call", read_root, error(3, "execution reverted", "0x12345678")),
    "code": ("eth_getCode", lambda v, n: v.code(n.deployment.consortium), lie(other_word)),
    "event left out": (
        "eth_getLogs",
        lambda v, n: v.logs(n.deployment.log_anchor, first=0),
        lie(lambda params, result: []),
    ),
    "event changed": (
        "eth_getLogs",
        lambda v, n: v.logs(n.deployment.log_anchor, first=0),
        lie(lambda params, result: [{**result[0], "data": "0x" + "11" * 96}]),
    ),
    "event elsewhere": (
        "eth_getLogs",
        lambda v, n: v.logs(n.deployment.log_anchor, first=0),
        lie(lambda params, result: [{**result[0], "blockHash": "0x" + "11" * 32}]),
    ),
    "no receipt": (
        "eth_getTransactionReceipt",
        lambda v, n: v.receipt(v.logs(n.deployment.log_anchor, first=0)[0].tx),
        lie(lambda params, result: None),
    ),
    "failed receipt": (
        "eth_getTransactionReceipt",
        lambda v, n: v.receipt(v.logs(n.deployment.log_anchor, first=0)[0].tx),
        lie(lambda params, result: {**result, "status": "0x0"}),
    ),
}


@pytest.mark.parametrize("name", LIES)
@pytest.mark.parametrize("liar", [0, 2])
def test_a_lie_about_a_value(
    anchored: TestNetwork, reader: Open, proxies: list[Proxy], name: str, liar: int
) -> None:
    method, read, fault = LIES[name]
    honest = read(reader().head(), anchored)
    proxies[liar].on(method, fault)
    told: list[Note] = []
    view = reader(on_note=told.append).head()
    assert read(view, anchored) == honest
    assert {note.node for note in view.run.notes} == {proxies[liar].url}
    assert told == list(view.run.notes)
    # Not asked again in this run, and heard again in the next.
    proxies[liar].clear()
    asked = len(proxies[liar].calls)
    assert view.block_at(3).number == 3
    if told[0].code == "node-disagrees":
        assert proxies[liar].url not in view.sources
        assert len(proxies[liar].calls) == asked
    assert proxies[liar].url in reader().head().sources


NONSENSE: dict[str, tuple[str, Callable[[View, TestNetwork], Any], Fault]] = {
    "another block": (
        "eth_getBlockByNumber",
        lambda v, n: v.block_at(1),
        lie(lambda params, result: {**result, "number": "0x7"}),
    ),
    "another receipt": (
        "eth_getTransactionReceipt",
        lambda v, n: v.receipt(v.logs(n.deployment.log_anchor, first=0)[0].tx),
        lie(lambda params, result: {**result, "transactionHash": "0x" + "22" * 32}),
    ),
    "receipt in no block": (
        "eth_getTransactionReceipt",
        lambda v, n: v.receipt(v.logs(n.deployment.log_anchor, first=0)[0].tx),
        lie(lambda params, result: {**result, "blockHash": "0x" + "22" * 32}),
    ),
    "bytes": ("eth_call", read_root, lie(lambda params, result: "0x123")),
    "events": (
        "eth_getLogs",
        lambda v, n: v.logs(n.deployment.log_anchor, first=0),
        lie(lambda params, result: result + result),
    ),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_no_answer(
    anchored: TestNetwork, reader: Open, proxies: list[Proxy], name: str
) -> None:
    method, read, fault = NONSENSE[name]
    view = reader().head()
    honest = read(reader().head(), anchored)
    proxies[0].on(method, fault)
    assert read(view, anchored) == honest
    proxies[1].on(method, fault)
    with pytest.raises(CouldNotCheck):
        read(reader().head(), anchored)


def test_a_lone_liar_far_ahead_cannot_keep_us(
    anchored: TestNetwork, reader: Open, proxies: list[Proxy]
) -> None:
    """It claims block 10^9, and has none of those on the way there."""
    proxies[0].on("eth_getBlockByNumber", lie(HEADS["far ahead"]))
    proxies[0].on("eth_getLogs", lie(lambda params, result: []))
    head, others = reader().heads()
    assert others == ()
    assert [note.node for note in head.run.notes] == [proxies[0].url]


def test_a_lie_about_an_old_block(
    anchored: TestNetwork, reader: Open, proxies: list[Proxy]
) -> None:
    view = reader().head()

    def change(params: Any, result: Any) -> Any:
        return {**result, "timestamp": "0x1"} if params[0] == "0x2" else result

    proxies[1].on("eth_getBlockByNumber", lie(change))
    assert view.block_at(2).time > 1
    assert [note.node for note in view.run.notes] == [proxies[1].url]


HEADS: dict[str, Callable[[Any, Any], Any]] = {
    "far ahead": lambda params, result: (
        {**result, "number": hex(10**9), "hash": "0x" + "11" * 32}
        if params[0] == "latest"
        else result
    ),
    "one ahead": lambda params, result: (
        {**result, "number": hex(int(result["number"], 16) + 1), "hash": "0x" + "11" * 32}
        if params[0] == "latest"
        else result
    ),
    "other hash": lambda params, result: (
        {**result, "hash": "0x" + "11" * 32} if params[0] == "latest" else result
    ),
    "other time": lambda params, result: (
        {**result, "timestamp": "0x6fffffff"} if params[0] == "latest" else result
    ),
}


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("liar", [0, 2])
def test_a_lie_about_the_head(
    anchored: TestNetwork, reader: Open, proxies: list[Proxy], name: str, liar: int
) -> None:
    proxies[liar].on("eth_getBlockByNumber", lie(HEADS[name]))
    view, others = reader().heads()
    assert view.block.number == head_number(anchored.anvil)
    assert view.block.hash != "0x" + "11" * 32
    assert read_root(view, anchored) == ROOT
    # A block that holds not our head shows nothing.
    assert others == ()
    assert [note.node for note in view.run.notes] == [proxies[liar].url]


FAULTS: dict[str, Fault] = {
    "gone": drop_request(),
    "silent": delay(3600),
    "drip": drip(60),
    "garbage": raw(b"<html>"),
    "huge": huge(40 << 20),
    "error": error(-32603, "internal error"),
    "too many": raw(b"", status=429),
    "null": lie(lambda params, result: None),
    "list": lie(lambda params, result: []),
}


@pytest.mark.parametrize("name", FAULTS)
def test_one_that_gives_no_answer(
    anchored: TestNetwork, reader: Open, proxies: list[Proxy], name: str
) -> None:
    proxies[1].on(None, FAULTS[name])
    view, others = reader(timeout=IMPATIENT).heads()
    assert read_root(view, anchored) == ROOT
    assert len(view.logs(anchored.deployment.log_anchor, first=0)) == 1
    assert others == ()


def test_one_that_falls_silent_costs_one_time_out(
    anchored: TestNetwork, reader: Open, proxies: list[Proxy]
) -> None:
    view = reader(timeout=IMPATIENT).head()
    proxies[1].on(None, delay(3600))
    asked = len(proxies[1].calls)
    for number in range(1, 8):
        view.block_at(number)
    assert len(proxies[1].calls) == asked + 1
    assert len(view.sources) == 2


def test_a_liar_and_a_silent_one(anchored: TestNetwork, reader: Open, proxies: list[Proxy]) -> None:
    """One honest answer and one lie are never two that agree."""
    view = reader().head()
    proxies[0].on("eth_call", lie(other_word))
    proxies[1].on("eth_call", drop_request())
    with pytest.raises(Disagreement):
        read_root(view, anchored)


# --- Too few --------------------------------------------------------------------------------------


def test_two_that_give_no_answer(anchored: TestNetwork, reader: Open, proxies: list[Proxy]) -> None:
    view = reader().head()
    proxies[0].on(None, drop_request())
    proxies[1].on(None, error(-32603, "internal error"))
    with pytest.raises(NoQuorum) as caught:
        read_root(view, anchored)
    assert set(caught.value.causes) == {proxies[0].url, proxies[1].url}
    with pytest.raises(NoQuorum):
        reader().head()


def test_fewer_nodes_than_the_quorum(network: TestNetwork) -> None:
    with pytest.raises(ConfigError, match="rpc: fewer nodes"):
        QuorumReader(network.with_rpc([network.anvil.url], quorum=2))


def test_all_silent_is_bounded(reader: Open, proxies: list[Proxy]) -> None:
    for proxy in proxies:
        proxy.on(None, delay(3600))
    with pytest.raises(NoQuorum) as caught:
        reader(timeout=IMPATIENT).head()
    assert all(isinstance(cause, RpcTimeout) for cause in caught.value.causes.values())


# --- Which head -----------------------------------------------------------------------------------


def test_the_highest_that_two_have(
    anchored: TestNetwork, reader: Open, proxies: list[Proxy]
) -> None:
    anvil = anchored.anvil
    anvil.mine(6)
    top = head_number(anvil)
    proxies[0].on("eth_getBlockByNumber", stuck_at(anvil, top - 2))
    proxies[1].on("eth_getBlockByNumber", stuck_at(anvil, top - 5))
    view, others = reader().heads()
    assert view.block.number == top - 2
    assert set(view.sources) == {proxies[0].url, proxies[2].url}
    assert [other.block.number for other in others] == [top]
    assert others[0].sources == (proxies[2].url,)


def test_a_higher_head_seen_by_one_shows_adverse_facts(
    network: TestNetwork, reader: Open, proxies: list[Proxy]
) -> None:
    before = head_number(network.anvil)
    data = network.anchor_calldata("110000", prev_size=0, size=5, root=ROOT)
    network.sender.send("anchor", network.deployment.log_anchor, data)
    network.sender.wait("anchor")
    for proxy in proxies[:2]:
        proxy.on("eth_getBlockByNumber", stuck_at(network.anvil, before))
    view, (higher,) = reader().heads()
    assert read_root(view, network) is None
    assert read_root(higher, network) == ROOT


def fork_from(anvil: Anvil, number: int) -> Fault:
    """A node on a fork that leaves the chain above `number`."""

    def change(params: Any, result: Any) -> Any:
        if result is None or int(result["number"], 16) <= number:
            return result
        return {**result, "hash": "0x" + "f0" * 24 + result["hash"][-16:]}

    return lie(change)


def test_two_on_forks_share_an_older_block(
    anchored: TestNetwork, reader: Open, proxies: list[Proxy]
) -> None:
    anvil = anchored.anvil
    anvil.mine(5)
    top = head_number(anvil)
    proxies[0].on("eth_getBlockByNumber", fork_from(anvil, top - 3))
    proxies[1].on(None, drop_request())
    view, others = reader().heads()
    assert view.block.number == top - 3
    assert len(others) == 2
    assert view.run.notes == ()  # which of them is right, nobody knows yet


def test_a_split_network_is_not_read(
    network: TestNetwork, reader: Open, proxies: list[Proxy]
) -> None:
    network.anvil.mine(80)
    proxies[0].on("eth_getBlockByNumber", fork_from(network.anvil, 5))
    proxies[1].on(None, drop_request())
    with pytest.raises(Disagreement, match="head"):
        reader().head()


def test_two_halves_that_each_are_a_quorum(network: TestNetwork, proxies: list[Proxy]) -> None:
    network.anvil.mine(5)
    with start_proxy(network.anvil.url) as fourth:
        urls = [proxy.url for proxy in (*proxies, fourth)]
        for proxy in proxies[:2]:
            proxy.on("eth_getBlockByNumber", fork_from(network.anvil, 5))
        file = network.with_rpc(urls, quorum=2)
        reader = QuorumReader(file, timeout=PATIENT, development=True)
        with pytest.raises(Disagreement, match="head"):
            reader.head()
        reader.close()


def test_the_age_of_the_head(network: TestNetwork, reader: Open) -> None:
    head, limit = network.anvil.head_time(), network.file.max_head_age
    for now in (head - 60, head, head + limit):
        assert reader(now=lambda now=now: now).head().block.time == head
    with pytest.raises(BadHead) as caught:
        reader(now=lambda: head + limit + 1).head()
    assert caught.value.code == "head-too-old"
    with pytest.raises(BadHead) as caught:
        reader(now=lambda: head - 61).head()
    assert caught.value.code == "head-in-future"


def test_who_writes_is_only_told_that_the_chain_is_ahead(
    anchored: TestNetwork, reader: Open, proxies: list[Proxy]
) -> None:
    """Nor is a node that is a block further than the others taken for a liar."""
    notes: list[Note] = []
    clock = anchored.anvil.head_time() - 65
    writer = reader(now=lambda: clock, max_ahead=None, on_note=notes.append)
    for proxy in proxies[:2]:
        proxy.on("eth_getBlockByNumber", stuck_at(anchored.anvil, head_number(anchored.anvil) - 1))
    for _ in range(2):
        assert len(writer.head().run.notes) == 0
    assert [(note.code, note.node) for note in notes] == [("head-in-future", "")]
    with pytest.raises(BadHead):
        reader(now=lambda: clock).head()


# --- Who writes does not wait for one of them -----------------------------------------------------


def test_one_that_hangs_is_asked_last_and_probed(
    anchored: TestNetwork, reader: Open, proxies: list[Proxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a quorum of two of three, the test ends though the node never answers."""
    monkeypatch.setattr(order, "PROBE_SECONDS", 0)
    monkeypatch.setattr(order, "HURRY_SECONDS", PATIENT)
    writer = reader(timeout=3600.0, hurry=0.5)
    release = threading.Event()
    proxies[0].on(None, hold(release))
    assert read_root(writer.head(), anchored) == ROOT
    asked = len(proxies[0].calls)
    for _ in range(3):
        assert len(writer.head().sources) == 2
    assert {name for name, _ in proxies[0].calls[asked:]} <= {"eth_blockNumber"}
    release.set()
    proxies[0].clear()
    end = time.monotonic() + PATIENT
    while len(writer.head().sources) < 3:  # it answers the probe, and is one of them again
        assert time.monotonic() < end


def test_spares_are_asked_while_one_hangs(
    anchored: TestNetwork, reader: Open, proxies: list[Proxy]
) -> None:
    """The third node did not have the head; now it has."""
    proxies[2].on("eth_getBlockByNumber", stuck_at(anchored.anvil, head_number(anchored.anvil) - 1))
    view = reader(timeout=3600.0, hurry=0.5).head()
    assert len(view.sources) == 2
    release = threading.Event()
    proxies[0].on(None, hold(release))
    proxies[2].clear()
    assert read_root(view, anchored) == ROOT
    release.set()


# --- Another chain --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"chain_id": 1},
        {"deploy_block_hash": Hash32("0x" + "00" * 32)},
        {"deploy_block": 10**6},
        {"deploy_block": 0},
    ],
)
def test_another_chain(reader: Open, changes: dict[str, Any]) -> None:
    with pytest.raises(OtherChain) as caught:
        reader(**changes).head()
    assert caught.value.code == "other-chain"


def test_one_node_on_another_chain_is_left_out(
    anchored: TestNetwork, reader: Open, proxies: list[Proxy]
) -> None:
    proxies[0].on("eth_chainId", lie(lambda params, result: "0x1"))
    view = reader().head()
    assert proxies[0].url not in view.sources
    assert [note.node for note in view.run.notes] == [proxies[0].url]
    assert read_root(view, anchored) == ROOT
    proxies[1].on(None, drop_request())
    with pytest.raises(NoQuorum):  # one says so, one says nothing: not known
        reader().head()


# --- Nodes of other kinds -------------------------------------------------------------------------


def no_hashes() -> Fault:
    """A node that does not know EIP-1898."""

    def answer(exchange: Any) -> Any:
        if isinstance(exchange.params[1], dict):
            return error(-32602, "invalid argument 1: json: cannot unmarshal object")(exchange)
        return raw_forward(exchange)

    return answer


def raw_forward(exchange: Any) -> Any:
    answer = exchange.forward()
    return exchange.reply(**{k: v for k, v in answer.items() if k in ("result", "error")})


def test_a_node_without_block_hashes(
    anchored: TestNetwork, reader: Open, proxies: list[Proxy]
) -> None:
    for method in ("eth_call", "eth_getCode"):
        proxies[0].on(method, no_hashes())
    view = reader().head()
    assert read_root(view, anchored) == ROOT
    assert view.code(anchored.deployment.consortium) != b""
    assert len(view.sources) == 3
    assert proxies[0].count("eth_call") == 2  # tried once, then never again
    assert proxies[0].count("eth_getCode") == 1


def test_a_refusal_by_a_node_without_block_hashes(
    network: TestNetwork, reader: Open, proxies: list[Proxy]
) -> None:
    proxies[0].on("eth_call", no_hashes())
    with pytest.raises(Reverted):
        reader().head().call(network.deployment.consortium, b"\x00\x00\x00\x00")


def test_a_block_that_is_replaced_while_we_read(
    anchored: TestNetwork, reader: Open, proxies: list[Proxy]
) -> None:
    for proxy in proxies:
        proxy.on("eth_call", no_hashes())
    snapshot = anchored.anvil.snapshot()
    anchored.anvil.mine(1)
    view = reader().head()
    anchored.anvil.revert(snapshot)
    anchored.anvil.mine(1, seconds=7)
    with pytest.raises(BlockGone):
        read_root(view, anchored)
    with pytest.raises(BlockGone):
        view.logs(anchored.deployment.log_anchor, first=0)
    with pytest.raises(BlockGone):
        view.block_at(1)


# --- Finality -------------------------------------------------------------------------------------


def final(reader: QuorumReader) -> Block | None:
    return reader.final_block(reader.head())


def test_latest(network: TestNetwork, reader: Open) -> None:
    found = final(reader(finality=Finality(rule="latest")))
    assert found is not None
    assert found.number == head_number(network.anvil)


@pytest.mark.parametrize("depth", [1, 3])
def test_confirmations(network: TestNetwork, reader: Open, depth: int) -> None:
    found = final(reader(finality=Finality(rule="confirmations", depth=depth)))
    assert found is not None
    assert found.number == head_number(network.anvil) - depth


def test_deeper_than_the_chain(reader: Open) -> None:
    assert final(reader(finality=Finality(rule="confirmations", depth=10_000))) is None


def finalized_at(anvil: Anvil, number: int) -> Fault:
    def change(params: Any, result: Any) -> Any:
        if params[0] != "finalized":
            return result
        return {**anvil.call("eth_getBlockByNumber", "0x1", False), "number": hex(number)}

    return lie(change)


@pytest.mark.parametrize(
    ("heights", "expected"), [((5, 3, 4), 4), ((9, 3, 3), 3), ((0, 6, 6), 6), ((10**9, 4, 2), 4)]
)
def test_the_finalized_tag(
    network: TestNetwork,
    reader: Open,
    proxies: list[Proxy],
    heights: tuple[int, ...],
    expected: int,
) -> None:
    """The highest that two nodes call final: one that runs ahead makes nothing final."""
    for proxy, height in zip(proxies, heights, strict=True):
        proxy.on("eth_getBlockByNumber", finalized_at(network.anvil, height))
    found = final(reader(finality=Finality(rule="finalized")))
    assert found is not None
    assert found.number == expected


def test_nodes_without_the_finalized_tag(reader: Open, proxies: list[Proxy]) -> None:
    def change(params: Any, result: Any) -> Any:
        return None if params[0] == "finalized" else result

    for proxy in proxies[:2]:
        proxy.on("eth_getBlockByNumber", lie(change))
    with pytest.raises(CouldNotCheck):
        final(reader(finality=Finality(rule="finalized")))


def test_finality_never_beyond_the_head(
    network: TestNetwork, reader: Open, proxies: list[Proxy]
) -> None:
    opened = reader(finality=Finality(rule="finalized"))
    view = opened.head()
    network.anvil.mine(3)
    for proxy in proxies:
        proxy.on("eth_getBlockByNumber", finalized_at(network.anvil, head_number(network.anvil)))
    assert opened.final_block(view) == view.block


# --- Names ----------------------------------------------------------------------------------------


def test_nodes_of_one_host_are_told_apart(network: TestNetwork, proxy: Proxy) -> None:
    url = proxy.url  # which answers on any path
    reader = QuorumReader(network.with_rpc([url + "/a", url + "/b"], quorum=2))
    assert reader.head().sources == (url + "#1", url + "#2")
    reader.close()
