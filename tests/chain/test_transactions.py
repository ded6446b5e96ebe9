"""Transactions that must neither be lost nor forgotten. Faults come in pairs: without effect, and
with effect."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from ledger.chain.contracts.structs import AnchoredSize
from ledger.chain.errors import (
    BlockGone,
    NonceTaken,
    RpcFailure,
    RpcUnreachable,
    TxPending,
    TxRefused,
    TxRejected,
    TxReverted,
)
from ledger.chain.keys.keyfile import new_secret
from ledger.chain.keys.signers import LocalSigner
from ledger.chain.nodes.blocks import Reader
from ledger.chain.nodes.failover import Failover
from ledger.chain.nodes.rpc import Rpc
from ledger.chain.sending.broadcast import Outcome, outcome_of
from ledger.chain.sending.fees import Fees, suggest
from ledger.chain.sending.rawtx import tx_hash
from ledger.chain.sending.transactions import MAX_TIP, MemoryTxStore, Sender, StoredTx
from ledger.core.ids import Address, Digest
from ledger.core.keys import Alg
from tests.support.anvil import CHAIN_ID, Anvil, start_anvil
from tests.support.chain import TestNetwork
from tests.support.proxy import (
    Fault,
    Proxy,
    drop_request,
    drop_response,
    error,
    error_after,
    honest,
    lie,
    start_proxy,
)

NOBODY = Address("0x" + "99" * 20)
SEND = "eth_sendRawTransaction"
ROOT = Digest(b"\x77" * 32)


class Wallet:
    """A funded account that sends through a proxy; its store survives "restarts"."""

    def __init__(self, anvil: Anvil, proxy: Proxy, rpc: Rpc) -> None:
        self.anvil = anvil
        self.proxy = proxy
        self.rpc = rpc
        self.signer = LocalSigner(Alg.SECP256K1, new_secret())
        self.store = MemoryTxStore()
        anvil.fund(self.signer.address)
        self.sender = self.restarted()

    def restarted(self, **options: Any) -> Sender:
        """A sender that knows only what is stored."""
        self.sender = Sender(self.rpc, self.signer, self.store, chain_id=CHAIN_ID, **options)
        return self.sender

    def mined(self, which: str = "latest") -> int:
        count = self.anvil.call("eth_getTransactionCount", self.signer.address, which)
        return int(count, 16)

    def manual(self) -> None:
        """From now on only `anvil.mine` makes blocks."""
        self.anvil.call("evm_setAutomine", False)

    def wait(self, key: str, **options: Any) -> Any:
        return self.sender.wait(key, **({"seconds": 300.0, "every": 0.02} | options))


@pytest.fixture
def wallet(anvil: Anvil, proxy: Proxy) -> Iterator[Wallet]:
    rpc = Rpc(proxy.url, timeout=60)
    yield Wallet(anvil, proxy, rpc)
    rpc.close()
    anvil.call("anvil_dropAllTransactions")
    anvil.call("evm_setAutomine", True)


# --- The plain way --------------------------------------------------------------------------------


def test_send_and_wait(wallet: Wallet) -> None:
    sent = wallet.sender.send("a", NOBODY, b"hello")
    receipt = wallet.wait("a")
    assert receipt.tx == sent.hashes[0]
    assert receipt.success
    wallet.sender.done("a")
    assert wallet.store.get("a") is None
    assert wallet.sender.send("b", NOBODY, b"").nonce == 1


def test_the_same_key_is_the_same_transaction(wallet: Wallet) -> None:
    wallet.manual()
    first = wallet.sender.send("a", NOBODY, b"hello")
    assert wallet.sender.send("a", NOBODY, b"other") == first
    assert wallet.restarted().send("a", NOBODY, b"hello") == first
    wallet.anvil.mine()
    assert wallet.mined() == 1
    assert wallet.sender.send("a", NOBODY, b"hello") == first  # nonce too low: it landed
    assert wallet.wait("a").tx == first.hashes[0]


def test_several_at_once(wallet: Wallet) -> None:
    wallet.manual()
    keys = [f"k{number}" for number in range(5)]
    with ThreadPoolExecutor(len(keys)) as pool:
        for sent in [pool.submit(wallet.sender.send, key, NOBODY, b"") for key in keys]:
            sent.result()
    wallet.anvil.mine()
    assert {wallet.wait(key).block for key in keys} == {
        int(wallet.anvil.call("eth_blockNumber"), 16)
    }
    assert wallet.mined() == 5


def test_an_unknown_key(wallet: Wallet) -> None:
    for ask in (wallet.sender.poll, wallet.sender.push):
        with pytest.raises(KeyError):
            ask("nothing")
    wallet.sender.done("nothing")


# --- Faults in pairs ------------------------------------------------------------------------------


class Recorder(MemoryTxStore):
    """Notes how often the node was asked to send before each save."""

    def __init__(self, proxy: Proxy) -> None:
        super().__init__()
        self.proxy = proxy
        self.sent_before_save: list[int] = []

    def save(self, tx: StoredTx) -> None:
        self.sent_before_save.append(self.proxy.count(SEND))
        super().save(tx)


def test_stored_before_sent(wallet: Wallet) -> None:
    store = Recorder(wallet.proxy)
    wallet.store = store
    wallet.restarted().send("a", NOBODY, b"")
    assert store.sent_before_save == [0]
    assert wallet.proxy.count(SEND) == 1


@pytest.mark.parametrize("fault", [drop_request(), drop_response()], ids=["without", "with"])
def test_the_line_is_cut_while_sending(wallet: Wallet, fault: Fault) -> None:
    wallet.proxy.on(SEND, fault, times=1)
    sent = wallet.sender.send("a", NOBODY, b"hello")
    wallet.restarted()
    assert wallet.wait("a", push_after=0.1).tx in sent.hashes
    assert wallet.mined() == 1


@pytest.mark.parametrize(
    "fault",
    [error(-32603, "nonce too low"), error_after(-32603, "nonce too low")],
    ids=["without", "with"],
)
def test_nonce_too_low(wallet: Wallet, fault: Fault) -> None:
    wallet.proxy.on(SEND, fault, times=1)
    wallet.sender.send("a", NOBODY, b"hello")
    assert wallet.wait("a", push_after=0.1).success
    assert wallet.mined() == 1


@pytest.mark.parametrize(
    "fault",
    [error(-32000, "already known"), error_after(-32000, "already known")],
    ids=["without", "with"],
)
def test_already_known(wallet: Wallet, fault: Fault) -> None:
    wallet.proxy.on(SEND, fault, times=1)
    wallet.sender.send("a", NOBODY, b"hello")
    assert wallet.wait("a", push_after=0.1).success
    assert wallet.mined() == 1


@pytest.mark.parametrize(
    "fault",
    [error(-32000, "VM Exception: revert"), error_after(-32000, "VM Exception: revert")],
    ids=["without", "with"],
)
def test_a_node_that_tells_of_a_revert_when_sent_to(wallet: Wallet, fault: Fault) -> None:
    wallet.proxy.on(SEND, fault, times=1)
    wallet.sender.send("a", NOBODY, b"hello")
    assert wallet.wait("a", push_after=0.1).success
    assert wallet.mined() == 1


def test_a_node_without_a_latest_block(wallet: Wallet) -> None:
    wallet.proxy.on("eth_getBlockByNumber", lie(lambda params, result: None), times=1)
    with pytest.raises(BlockGone):
        wallet.sender.send("a", NOBODY, b"")


@pytest.mark.parametrize("method", ["eth_getTransactionCount", "eth_estimateGas", "eth_gasPrice"])
def test_the_chain_is_down_beforehand(wallet: Wallet, method: str) -> None:
    wallet.proxy.on(method, drop_request())
    with pytest.raises(RpcUnreachable):
        wallet.sender.send("a", NOBODY, b"")
    assert wallet.store.get("a") is None
    wallet.proxy.clear()
    wallet.sender.send("a", NOBODY, b"")
    assert wallet.wait("a").success


@pytest.mark.parametrize("method", ["eth_getTransactionReceipt", "eth_getBlockByNumber"])
def test_the_chain_is_down_while_waiting(wallet: Wallet, method: str) -> None:
    wallet.sender.send("a", NOBODY, b"")
    wallet.proxy.on(method, drop_request(), times=3)
    assert wallet.wait("a").success
    wallet.proxy.on(method, drop_request())
    with pytest.raises(TxPending) as caught:
        wallet.wait("a", seconds=0.2)
    assert isinstance(caught.value.__cause__, RpcFailure)


def test_killed_between_store_and_send(wallet: Wallet) -> None:
    wallet.proxy.on(SEND, drop_request())
    sent = wallet.sender.send("a", NOBODY, b"hello")
    wallet.proxy.clear()
    assert wallet.mined() == 0
    assert wallet.restarted().send("a", NOBODY, b"hello") == sent
    assert wallet.wait("a").tx == sent.hashes[0]


def test_a_queue_that_forgets(wallet: Wallet) -> None:
    wallet.manual()
    sent = wallet.sender.send("a", NOBODY, b"")
    wallet.anvil.call("anvil_dropAllTransactions")
    pushed = wallet.sender.push("a")
    assert pushed.raws == sent.raws  # forgotten, so the same once more
    wallet.anvil.mine()
    assert wallet.wait("a").tx == sent.hashes[0]


# --- Paying more ----------------------------------------------------------------------------------


def test_push_pays_more(wallet: Wallet) -> None:
    wallet.manual()
    sent = wallet.sender.send("a", NOBODY, b"")
    pushed = wallet.sender.push("a")
    assert pushed.nonce == sent.nonce
    assert pushed.raws[0] == sent.raws[0]
    assert pushed.fees.most * 8 >= sent.fees.most * 9
    wallet.anvil.mine()
    assert wallet.wait("a").tx == tx_hash(pushed.raws[-1])
    assert wallet.mined() == 1


def test_the_older_attempt_may_be_the_one(wallet: Wallet) -> None:
    wallet.manual()
    sent = wallet.sender.send("a", NOBODY, b"")
    wallet.proxy.on(SEND, honest(), times=1)  # "already known"
    wallet.proxy.on(SEND, drop_request())  # the better offer is lost
    pushed = wallet.sender.push("a")
    assert len(pushed.raws) == 2
    wallet.anvil.mine()
    assert wallet.wait("a").tx == tx_hash(sent.raws[0])


def test_a_base_fee_that_rose() -> None:
    # On an anvil of its own: going back to a snapshot leaves its fees where they are.
    with start_anvil() as anvil, start_proxy(anvil.url) as proxy:
        rpc = Rpc(proxy.url, timeout=60)
        wallet = Wallet(anvil, proxy, rpc)
        wallet.manual()
        anvil.call("anvil_setNextBlockBaseFeePerGas", hex(10**10))
        low = anvil.call("eth_getBlockByNumber", "latest", False)
        anvil.mine()
        proxy.on("eth_getBlockByNumber", lie(lambda params, result: low), times=1)
        sent = wallet.sender.send("a", NOBODY, b"", gas=50_000)
        assert len(sent.raws) == 2
        anvil.mine()
        assert wallet.wait("a").success
        rpc.close()


def test_our_own_limit(wallet: Wallet) -> None:
    wallet.restarted(max_fee=1)
    with pytest.raises(TxRejected, match="above 1"):
        wallet.sender.send("a", NOBODY, b"")
    assert wallet.store.get("a") is None
    wallet.manual()
    sent = wallet.restarted().send("a", NOBODY, b"")
    most = sent.fees.most * 13 // 10  # room for two eighths
    wallet.restarted(max_fee=most)
    for _ in range(4):
        wallet.sender.push("a")
    stored = wallet.store.get("a")
    assert stored is not None
    assert len(stored.raws) == 3
    assert stored.fees.most <= most


def test_a_node_that_wants_our_purse(wallet: Wallet) -> None:
    greedy = lie(lambda params, result: hex(10**18))
    wallet.proxy.on("eth_maxPriorityFeePerGas", greedy)
    sent = wallet.sender.send("a", NOBODY, b"")
    assert sent.fees.tip == MAX_TIP
    assert sent.fees.most < 10**18
    assert wallet.wait("a").success
    wallet.proxy.on("eth_gasPrice", greedy)
    wallet.restarted()
    wallet.proxy.on(SEND, error(-32000, "transaction type not supported"), times=1)
    with pytest.raises(TxRejected, match="above"):  # a legacy one has no tip to be capped
        wallet.sender.send("b", NOBODY, b"")


def test_a_tip_is_not_raised_beyond_our_limit(wallet: Wallet) -> None:
    wallet.restarted(max_tip=10**9)
    wallet.manual()
    sent = wallet.sender.send("a", NOBODY, b"")
    assert wallet.sender.push("a") == sent


def test_an_estimate_beyond_the_block(wallet: Wallet) -> None:
    wallet.proxy.on("eth_estimateGas", lie(lambda params, result: hex(2**40)))
    head = wallet.anvil.call("eth_getBlockByNumber", "latest", False)
    wallet.anvil.call("evm_setAutomine", False)
    assert wallet.sender.send("a", NOBODY, b"").gas == int(head["gasLimit"], 16)


def test_no_funds(wallet: Wallet) -> None:
    wallet.anvil.call("anvil_setBalance", wallet.signer.address, "0x0")
    with pytest.raises(TxRejected, match="unds"):
        wallet.sender.send("a", NOBODY, b"", gas=50_000)
    assert wallet.store.get("a") is not None
    wallet.anvil.fund(wallet.signer.address)
    wallet.sender.push("a")
    assert wallet.wait("a").success


# --- Nonces ---------------------------------------------------------------------------------------


def other_process(wallet: Wallet) -> Sender:
    """The same account, another store: it knows nothing of ours."""
    return Sender(wallet.rpc, wallet.signer, MemoryTxStore(), chain_id=CHAIN_ID)


def test_another_process_is_in_the_queue(wallet: Wallet) -> None:
    wallet.manual()
    other_process(wallet).send("x", NOBODY, b"x")
    assert wallet.sender.send("a", NOBODY, b"a").nonce == 1
    wallet.anvil.mine()
    assert wallet.mined() == 2


def test_another_process_took_the_nonce_unseen(wallet: Wallet) -> None:
    """A node that does not count what waits: both choose 0, and the second is told."""
    latest_only = lie(
        lambda params, result: wallet.anvil.call("eth_getTransactionCount", params[0], "latest")
    )
    wallet.manual()
    other_process(wallet).send("x", NOBODY, b"x")
    wallet.proxy.on("eth_getTransactionCount", latest_only, times=1)
    sent = wallet.sender.send("a", NOBODY, b"a")
    assert sent.nonce == 1
    wallet.anvil.mine()
    assert wallet.wait("a").success
    assert wallet.mined() == 2


def test_the_nonce_was_used_up_by_another(wallet: Wallet) -> None:
    wallet.manual()
    wallet.proxy.on(SEND, drop_request(), times=1)
    first = wallet.sender.send("a", NOBODY, b"a")
    other_process(wallet).send("x", NOBODY, b"x")
    wallet.anvil.mine()
    assert wallet.sender.poll("a") is None
    pushed = wallet.sender.push("a")
    assert (first.nonce, pushed.nonce) == (0, 1)
    wallet.anvil.mine()
    assert wallet.wait("a").tx == tx_hash(pushed.raws[-1])


def test_a_nonce_that_was_used_up_by_our_own(wallet: Wallet) -> None:
    """Mined, and asked again before anybody looked: no second one is made."""
    sent = wallet.sender.send("a", NOBODY, b"a")
    assert wallet.wait("a").success
    assert wallet.sender.push("a") == sent
    assert wallet.mined() == 1


def test_a_chain_that_was_rebuilt(wallet: Wallet) -> None:
    """All nonces begin again; what is stored with a high one gets a new one."""
    for number in range(3):
        wallet.sender.send(f"old{number}", NOBODY, b"")
        wallet.sender.done(f"old{number}")
    wallet.manual()
    wallet.proxy.on(SEND, drop_request(), times=1)
    assert wallet.sender.send("a", NOBODY, b"").nonce == 3
    wallet.anvil.call("anvil_setNonce", wallet.signer.address, "0x0")
    pushed = wallet.sender.push("a")
    assert pushed.nonce == 0
    wallet.anvil.mine()
    assert wallet.wait("a").success


def test_a_gap_is_filled_by_the_next(wallet: Wallet) -> None:
    wallet.manual()
    wallet.proxy.on(SEND, drop_request(), times=1)
    wallet.sender.send("never", NOBODY, b"")
    assert wallet.sender.send("a", NOBODY, b"").nonce == 1
    wallet.sender.done("never")
    assert wallet.sender.send("b", NOBODY, b"").nonce == 0
    wallet.anvil.mine()
    assert wallet.wait("a").success


def test_a_race_for_a_nonce_in_one_store(wallet: Wallet) -> None:
    class Racy(MemoryTxStore):
        """Another process saves just before us, twice."""

        races = 2

        def save(self, tx: StoredTx) -> None:
            if self.races:
                self.races -= 1
                others = StoredTx(
                    **{n: getattr(tx, n) for n in StoredTx.__dataclass_fields__ if n != "key"},
                    key=f"other{self.races}",
                )
                super().save(others)
            super().save(tx)

    wallet.store = Racy()
    assert wallet.restarted().send("a", NOBODY, b"").nonce == 2


def test_a_store_in_which_every_nonce_is_taken(
    wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(tx: StoredTx) -> None:
        raise NonceTaken(tx.key, tx.nonce)

    monkeypatch.setattr(wallet.store, "save", taken)
    with pytest.raises(TxRejected, match="no free nonce"):
        wallet.sender.send("a", NOBODY, b"")


def test_one_nonce_for_one_key() -> None:
    store = MemoryTxStore()
    tx = stored_tx("a")
    store.save(tx)
    store.save(tx)
    with pytest.raises(NonceTaken):
        store.save(stored_tx("b"))
    store.save(stored_tx("c", sender=NOBODY))
    store.save(stored_tx("d", chain_id=2))
    assert [t.key for t in store.open(tx.sender, 1)] == ["a"]


def stored_tx(key: str, sender: str = "0x" + "11" * 20, chain_id: int = 1) -> StoredTx:
    return StoredTx(
        key=key,
        sender=Address(sender),
        chain_id=chain_id,
        to=None,
        data=b"",
        gas=1,
        nonce=0,
        fees=Fees(most=0, tip=None),
        raws=(),
    )


# --- Contracts that refuse, blocks that vanish ----------------------------------------------------


def test_what_the_contract_would_refuse_is_not_sent(network: TestNetwork) -> None:
    data = network.anchor_calldata("110000", prev_size=3, size=5, root=ROOT)
    with pytest.raises(TxRefused) as caught:
        network.sender.send("anchor", network.deployment.log_anchor, data)
    name, values = network.log_anchor.abi.refusal(caught.value.payload) or ("", {})
    assert name == "LogAnchor_SizeMismatch"
    assert (values["latest"], values["prevSize"]) == (0, 3)


def test_what_fails_on_the_chain_is_told(network: TestNetwork) -> None:
    data = network.anchor_calldata("110000", prev_size=3, size=5, root=ROOT)
    network.sender.send("anchor", network.deployment.log_anchor, data, gas=200_000)
    with pytest.raises(TxReverted) as caught:
        network.sender.wait("anchor")
    assert caught.value.block > 0


@pytest.mark.parametrize("fault", [drop_request(), drop_response()], ids=["without", "with"])
def test_an_anchor_is_anchored_once(network: TestNetwork, proxy: Proxy, fault: Fault) -> None:
    rpc = Rpc(proxy.url, timeout=60)
    sender = Sender(rpc, network.payer, MemoryTxStore(), chain_id=CHAIN_ID)
    data = network.anchor_calldata("110000", prev_size=0, size=5, root=ROOT)
    proxy.on(SEND, fault, times=1)
    sender.send("anchor", network.deployment.log_anchor, data)
    assert sender.wait("anchor", seconds=300, push_after=0.1).success
    log = network.log_id("110000")
    assert network.log_anchor.latest(log) == AnchoredSize(size=5, root=ROOT)
    rpc.close()


def test_a_block_that_was_replaced(wallet: Wallet) -> None:
    snapshot = wallet.anvil.snapshot()
    wallet.sender.send("a", NOBODY, b"")
    assert wallet.wait("a").success
    wallet.anvil.revert(snapshot)
    assert wallet.sender.poll("a") is None
    wallet.sender.push("a")
    assert wallet.wait("a").success


def test_a_receipt_of_a_block_that_is_not_on_the_chain(wallet: Wallet) -> None:
    wallet.sender.send("a", NOBODY, b"")
    assert wallet.wait("a").success
    stale = lie(lambda params, result: {**result, "blockHash": "0x" + "00" * 32})
    wallet.proxy.on("eth_getTransactionReceipt", stale)
    assert wallet.sender.poll("a") is None
    with pytest.raises(TxPending):
        wallet.wait("a", seconds=0.2)


# --- Several nodes --------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [drop_request(), drop_response()], ids=["without", "with"])
def test_the_next_node_is_asked(wallet: Wallet, fault: Fault) -> None:
    with ExitStack() as stack:
        second = stack.enter_context(start_proxy(wallet.anvil.url))
        rpc = Rpc(second.url, timeout=60)
        stack.callback(rpc.close)
        both = Failover([wallet.rpc, rpc])
        sender = Sender(both, wallet.signer, wallet.store, chain_id=CHAIN_ID)
        wallet.proxy.on(SEND, fault)
        sender.send("a", NOBODY, b"hello")
        assert sender.wait("a", seconds=300).success
        assert wallet.mined() == 1


# --- Networks of every kind -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "funded", "tip"),
    [
        (("--hardfork", "berlin"), True, None),
        (("--hardfork", "berlin", "--gas-price", "0"), False, None),
        (("--base-fee", "0", "--gas-price", "0", "--disable-min-priority-fee"), False, 0),
        (("--hardfork", "london"), True, 10**9),
    ],
    ids=["legacy", "legacy-free", "free", "london"],
)
def test_fees_of_other_networks(args: Sequence[str], funded: bool, tip: int | None) -> None:
    with start_anvil(args=args) as anvil:
        signer = LocalSigner(Alg.SECP256K1, new_secret())
        if funded:
            anvil.fund(signer.address)
        sender = Sender(anvil.rpc, signer, MemoryTxStore(), chain_id=CHAIN_ID)
        anvil.call("evm_setAutomine", False)
        sent = sender.send("a", NOBODY, b"hello")
        assert sent.fees.tip == tip
        pushed = sender.push("a")
        assert (len(pushed.raws) == 1) is (not funded)  # nothing to pay more where all is free
        anvil.mine()
        assert sender.wait("a", seconds=300).success


def test_a_network_that_has_base_fees_but_not_the_type(wallet: Wallet) -> None:
    wallet.proxy.on(SEND, error(-32000, "transaction type not supported"), times=1)
    sent = wallet.sender.send("a", NOBODY, b"")
    assert sent.fees.tip is None
    assert wallet.wait("a").success
    assert wallet.sender.send("b", NOBODY, b"").fees.tip is None
    assert wallet.proxy.count(SEND) == 3


def test_an_engine_without_tips(wallet: Wallet) -> None:
    wallet.proxy.on("eth_maxPriorityFeePerGas", error(-32601, "method not found"))
    sent = wallet.sender.send("a", NOBODY, b"")
    assert sent.fees.tip is not None
    assert wallet.wait("a").success


def test_suggestions(anvil: Anvil) -> None:
    head = Reader(anvil.rpc).block("latest")
    assert head is not None
    assert head.base_fee is not None
    fees = suggest(anvil.rpc, head)
    assert fees == Fees(most=2 * head.base_fee + 10**9, tip=10**9)
    assert suggest(anvil.rpc, head, legacy=True).tip is None


@pytest.mark.parametrize(
    ("old", "now", "expected"),
    [
        (Fees(800, 80), Fees(100, 10), Fees(900, 90)),
        (Fees(800, 80), Fees(2000, 10), Fees(2000, 90)),
        (Fees(800, 80), Fees(100, 5000), Fees(5000, 5000)),
        (Fees(1, None), Fees(0, None), Fees(2, None)),
        (Fees(0, 0), Fees(0, 0), Fees(0, 0)),
        (Fees(0, None), Fees(0, None), Fees(0, None)),
        (Fees(0, None), Fees(7, None), Fees(7, None)),
    ],
)
def test_bumps(old: Fees, now: Fees, expected: Fees) -> None:
    assert old.bumped(now) == expected


# Words of real nodes, from their sources.
@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        ("already known", Outcome.KNOWN),
        ("known transaction: 0xab", Outcome.KNOWN),
        ("transaction already imported", Outcome.KNOWN),
        ("AlreadyKnown", Outcome.KNOWN),
        ("Known transaction", Outcome.KNOWN),
        ("Transaction with the same hash was already imported.", Outcome.KNOWN),
        ("already in mempool", Outcome.KNOWN),
        ("nonce too low: next nonce 5, tx nonce 4", Outcome.NONCE_USED),
        ("nonce too low", Outcome.NONCE_USED),
        ("Nonce too low", Outcome.NONCE_USED),
        ("OldNonce, Current nonce: 5, nonce of rejected tx: 4", Outcome.NONCE_USED),
        ("Transaction nonce is too low. Try incrementing the nonce.", Outcome.NONCE_USED),
        ("replacement transaction underpriced", Outcome.NOT_MORE),
        ("Replacement transaction underpriced", Outcome.NOT_MORE),
        ("ReplacementNotAllowed", Outcome.NOT_MORE),
        ("There is another transaction with same nonce in the queue.", Outcome.NOT_MORE),
        ("could not replace existing tx", Outcome.NOT_MORE),
        ("transaction underpriced", Outcome.TOO_CHEAP),
        ("max fee per gas less than block base fee: address 0x", Outcome.TOO_CHEAP),
        ("FeeTooLow, MaxFeePerGas too low.", Outcome.TOO_CHEAP),
        ("Gas price below configured minimum gas price", Outcome.TOO_CHEAP),
        ("transaction type not supported", Outcome.NO_TYPE_2),
        ("Invalid transaction type", Outcome.NO_TYPE_2),
        ("EIP-1559 style fee params received but they are not supported", Outcome.NO_TYPE_2),
        ("insufficient funds for gas * price + value", Outcome.NO_FUNDS),
        ("Insufficient funds for gas * price + value", Outcome.NO_FUNDS),
        ("InsufficientFunds, Account balance: 0, cumulative cost: 5", Outcome.NO_FUNDS),
        ("Upfront cost exceeds account balance", Outcome.NO_FUNDS),
        (
            "transaction up-front cost 0x5 exceeds transaction sender account balance 0x0",
            Outcome.NO_FUNDS,
        ),
        ("sender doesn't have enough funds to send tx", Outcome.NO_FUNDS),
    ],
)
def test_words_of_nodes(words: str, outcome: Outcome) -> None:
    assert outcome_of(words) is outcome


@pytest.mark.parametrize("words", ["exceeds block gas limit", "intrinsic gas too low", ""])
def test_words_that_mean_no(words: str) -> None:
    assert outcome_of(words) is Outcome.REJECTED
