"""What counts of what several nodes say about a transaction. Nodes are doubles: each says one
thing."""

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ledger.chain.errors import Disagreement, NoFunds, NoQuorum, Reverted, RpcError, RpcTimeout
from ledger.chain.network import Hash32
from ledger.chain.nodes.blocks import TxReceipt
from ledger.chain.nodes.order import LOOK_SECONDS
from ledger.chain.sending.broadcast import Gas, Nodes, Outcome
from ledger.chain.sending.fees import GWEI, Fees
from ledger.chain.sending.rawtx import tx_hash
from ledger.core.ids import Address

PAYER = Address("0x" + "11" * 20)
RAW = b"raw"
TX = tx_hash(RAW)
HASH = Hash32("0x" + "22" * 32)
HEAD = {
    "number": "0x5", "hash": HASH, "parentHash": HASH, "timestamp": "0x9",
    "baseFeePerGas": hex(GWEI), "gasLimit": hex(1000),
}  # fmt: skip
HONEST: Mapping[str, Any] = {
    "eth_blockNumber": "0x5",
    "eth_estimateGas": hex(500),
    "eth_getBalance": hex(10**18),
    "eth_getBlockByNumber": HEAD,
    "eth_gasPrice": hex(2 * GWEI),
    "eth_maxPriorityFeePerGas": hex(GWEI),
    "eth_getTransactionCount": "0x7",
    "eth_sendRawTransaction": TX,
    "eth_getTransactionReceipt": {
        "transactionHash": TX, "blockNumber": "0x5", "blockHash": HASH, "status": "0x1",
        "contractAddress": None, "gasUsed": "0x1", "logs": [],
    },
}  # fmt: skip


class Told:
    """A node that says what it was told to; an exception is raised, a function is called."""

    def __init__(self, name: str, **answers: Any) -> None:
        self.name = name
        self.asked = 0
        self._answers = {**HONEST, **answers}

    def says(self, **answers: Any) -> None:
        """From now on."""
        self._answers |= answers

    def call(self, method: str, params: Sequence[Any] = ()) -> Any:
        self.asked += 1
        answer = self._answers[method]
        if callable(answer):
            return answer()
        if isinstance(answer, Exception):
            raise answer
        return answer


def nodes(*lies: Mapping[str, Any], honest: int = 3) -> Nodes:
    """Four of which three are a quorum, unless said otherwise; liars first."""
    told = [Told(f"liar{n}", **lie) for n, lie in enumerate(lies)]
    told += [Told(f"honest{n}") for n in range(honest)]
    return Nodes(told, quorum=3)


def behind(**answers: Any) -> Mapping[str, Any]:
    """A node that stands still two blocks behind the others."""
    return {"eth_blockNumber": "0x3", **answers}


def refusal(payload: bytes) -> Reverted:
    return Reverted("node", number=3, text="reverted", payload=payload)


@pytest.mark.parametrize("answer", ["0x1", hex(2**62), refusal(b""), "nonsense", None])
def test_gas(answer: Any) -> None:
    assert nodes({"eth_estimateGas": answer}).estimate({}) == Gas(500, 1000)


@pytest.mark.parametrize(
    ("payloads", "expected"),
    [([b"a", b"a", b"a"], b"a"), ([b"b", b"a", b"a"], b"a"), ([b"c", b"b", b"a"], b"")],
)
def test_a_refusal_of_a_quorum(payloads: Sequence[bytes], expected: bytes) -> None:
    with pytest.raises(Reverted) as caught:
        nodes(*({"eth_estimateGas": refusal(p)} for p in payloads), honest=1).estimate({})
    assert caught.value.payload == expected


def test_a_refusal_of_half() -> None:
    with pytest.raises(Disagreement):
        nodes(*[{"eth_estimateGas": refusal(b"a")}] * 2, honest=2).estimate({})


def test_one_that_stands_still_is_not_believed_where_one_is_enough() -> None:
    """In development one node may be a quorum; then its refusal would stop everything."""
    still = Told("still", **behind(eth_estimateGas=refusal(b"a"), eth_getTransactionCount="0x9"))
    some = Nodes([still, *(Told(str(n)) for n in range(3))], quorum=1)
    assert some.estimate({}) == Gas(500, 1000)
    assert some.count(PAYER, "pending") == 7
    assert isinstance(some.receipt(TX), TxReceipt)
    still.says(eth_blockNumber="0x5", eth_estimateGas=hex(900), eth_getTransactionCount="0x8")
    time.sleep(LOOK_SECONDS)
    assert some.count(PAYER, "pending") == 8  # it is one of them again


def test_one_that_hangs_is_waited_for_no_longer_than_the_others_need() -> None:
    """The test ends though the node never answers."""
    never = threading.Event()
    hung = Told("hung", **dict.fromkeys(HONEST, never.wait))
    some = Nodes([hung, *(Told(str(n)) for n in range(3))], quorum=3)
    for _ in range(3):
        assert some.count(PAYER, "pending") == 7
    assert some.submit(RAW).outcome is Outcome.TAKEN
    never.set()


def test_the_others_are_asked_where_one_of_those_asked_first_hangs() -> None:
    """One that is behind is asked too where a quorum cannot be had without it."""
    never = threading.Event()
    hung = Told("hung", eth_getTransactionCount=never.wait)
    some = Nodes([hung, Told("a"), Told("b"), Told("late", **behind())], quorum=3)
    assert some.count(PAYER, "pending") == 7
    never.set()


def test_the_balance() -> None:
    assert nodes({"eth_getBalance": "0x0"}).balance(PAYER) == 10**18
    assert nodes({"eth_getBalance": hex(2**255)}).balance(PAYER) == 10**18


def test_no_funds_of_a_quorum() -> None:
    poor = {"eth_estimateGas": said("insufficient funds for transfer")}
    assert nodes(poor).estimate({}) == Gas(500, 1000)
    with pytest.raises(NoFunds, match="insufficient funds"):
        nodes(poor, poor, poor, honest=1).estimate({})
    with pytest.raises(Disagreement):
        nodes(poor, poor, honest=2).estimate({})


@pytest.mark.parametrize("price", [0, 1_999 * GWEI])
def test_fees(price: int) -> None:
    lie = {"eth_gasPrice": hex(price), "eth_maxPriorityFeePerGas": hex(price)}
    assert nodes(lie).fees(legacy=False) == Fees(most=3 * GWEI, tip=GWEI)
    assert nodes(lie).fees(legacy=True) == Fees(most=2 * GWEI, tip=None)
    old = {"eth_getBlockByNumber": {**HEAD, "baseFeePerGas": None}}
    assert nodes(old).fees(legacy=False) == Fees(most=3 * GWEI, tip=GWEI)
    assert nodes(old, old, old, honest=1).fees(legacy=False).tip is None


@pytest.mark.parametrize("answer", ["0x0", hex(10**6), RpcTimeout("node", "slow")])
def test_the_nonce(answer: Any) -> None:
    assert nodes({"eth_getTransactionCount": answer}).count(PAYER, "pending") == 7


def test_a_receipt() -> None:
    shown = HONEST["eth_getTransactionReceipt"]
    for lie in (None, {**shown, "status": "0x0"}, {**shown, "blockHash": TX}):
        found = nodes({"eth_getTransactionReceipt": lie}).receipt(TX)
        assert isinstance(found, TxReceipt)
        assert found.success
        assert nodes(*[{"eth_getTransactionReceipt": lie}] * 2, honest=2).receipt(TX) is None


def said(text: str) -> RpcError:
    return RpcError("node", number=-32000, text=text)


@pytest.mark.parametrize("answer", [HASH, 5, said("insufficient funds"), said("nonce too low")])
def test_what_one_node_says_of_a_transaction(answer: Any) -> None:
    lie = {"eth_sendRawTransaction": answer}
    assert nodes(lie).submit(RAW).outcome is Outcome.TAKEN
    assert nodes(lie, lie, honest=2).submit(RAW).outcome is Outcome.PERHAPS


def test_what_a_quorum_says_of_a_transaction() -> None:
    for text, outcome in (("no", Outcome.REJECTED), ("insufficient funds", Outcome.NO_FUNDS)):
        no = {"eth_sendRawTransaction": said(text)}
        answer = nodes(no, no, no, honest=1).submit(RAW)
        assert (answer.outcome, answer.text) == (outcome, text)


def test_a_silent_node_is_sent_to_and_asked_last() -> None:
    silent = Told("silent", **dict.fromkeys(HONEST, RpcTimeout("silent", "slow")))
    some = Nodes([silent, *(Told(str(n)) for n in range(3))], quorum=3)
    for _ in range(3):
        assert some.count(PAYER, "latest") == 7
    assert silent.asked == 1  # whether it answers, and then no more
    assert some.submit(RAW).outcome is Outcome.TAKEN
    two = Nodes([silent, Told("a"), Told("b")], quorum=3)
    with pytest.raises(NoQuorum):
        two.count(PAYER, "latest")


def test_one_node_speaks_for_itself() -> None:
    alone = Nodes([Told("a", eth_getTransactionCount=said("no"))], quorum=1)
    with pytest.raises(RpcError, match="no"):
        alone.count(PAYER, "latest")
    with pytest.raises(ValueError, match="2 of 1"):
        Nodes([Told("a")], quorum=2)
