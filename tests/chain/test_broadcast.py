"""What counts of what several nodes say about a transaction. Nodes are doubles: each says one
thing."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ledger.chain.errors import Disagreement, NoQuorum, Reverted, RpcError, RpcTimeout
from ledger.chain.network import Hash32
from ledger.chain.nodes.blocks import TxReceipt
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
    "eth_estimateGas": hex(500),
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
    """A node that says what it was told to; an exception is raised."""

    def __init__(self, name: str, **answers: Any) -> None:
        self.name = name
        self.asked = 0
        self._answers = {**HONEST, **answers}

    def call(self, method: str, params: Sequence[Any] = ()) -> Any:
        self.asked += 1
        answer = self._answers[method]
        if isinstance(answer, Exception):
            raise answer
        return answer


def nodes(*lies: Mapping[str, Any], honest: int = 3) -> Nodes:
    """Four of which three are a quorum, unless said otherwise; liars first."""
    told = [Told(f"liar{n}", **lie) for n, lie in enumerate(lies)]
    told += [Told(f"honest{n}") for n in range(honest)]
    return Nodes(told, quorum=3)


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
    no = {"eth_sendRawTransaction": said("insufficient funds")}
    answer = nodes(no, no, no, honest=1).submit(RAW)
    assert (answer.outcome, answer.text) == (Outcome.REJECTED, "insufficient funds")


def test_a_silent_node_is_sent_to_and_asked_last() -> None:
    silent = Told("silent", **dict.fromkeys(HONEST, RpcTimeout("silent", "slow")))
    some = Nodes([silent, *(Told(str(n)) for n in range(3))], quorum=3)
    for _ in range(3):
        assert some.count(PAYER, "latest") == 7
    assert silent.asked == 1
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
