"""Several nodes through which we send, of which fewer than `quorum` may lie, lag or keep silent.

A refusal, a receipt and a rejection count where a quorum says so; numbers are taken so that no
minority moves them out of what honest nodes say; a transaction goes to every node, and is known by
the hash that we compute. With one node it is believed: it is all there is.
"""

import contextlib
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

from ledger.chain.errors import (
    BlockGone,
    Disagreement,
    NoFunds,
    Reverted,
    RpcError,
    RpcNonsense,
)
from ledger.chain.network import Hash32
from ledger.chain.nodes.blocks import Reader, TxReceipt, amount, quantity
from ledger.chain.nodes.order import HURRY_SECONDS, NodeOrder
from ledger.chain.nodes.parallel import Answers, Terms, ask_all
from ledger.chain.nodes.rpc import Caller
from ledger.chain.nodes.view import too_few
from ledger.chain.sending import rawtx
from ledger.chain.sending.fees import Fees, suggest
from ledger.core.canonical import hex0x
from ledger.core.errors import LedgerError
from ledger.core.ids import Address

T = TypeVar("T")


class Outcome(Enum):
    """What a node said to a raw transaction."""

    TAKEN = "taken"
    KNOWN = "known"  # it has it already
    PERHAPS = "perhaps"  # no answer, or none that counts
    NONCE_USED = "nonce used"  # by this transaction or by another
    NOT_MORE = "not more"  # another of this nonce is waiting, and this pays too little more
    TOO_CHEAP = "too cheap"  # for the network as it is now
    NO_TYPE_2 = "no type 2"
    NO_FUNDS = "no funds"  # the payer cannot pay for it
    REJECTED = "rejected"  # no word is known


# The words of geth, Erigon, Nethermind, Besu, Reth, anvil, OpenEthereum. First match wins.
_WORDS: tuple[tuple[Outcome, str], ...] = (
    (
        Outcome.KNOWN,
        r"already ?known|known transaction|already imported|same hash|already in (the|mempool)",
    ),
    (Outcome.NOT_MORE, r"replacement|replace existing|to replace|same nonce"),
    (Outcome.NONCE_USED, r"nonce (is )?too low|oldnonce|invalid nonce|nonce.*already"),
    (Outcome.NO_TYPE_2, r"type.*(not supported|unsupported|invalid|not allowed)"),
    (Outcome.NO_TYPE_2, r"(unsupported|unknown|invalid).*type|1559.*not supported"),
    (Outcome.NO_FUNDS, r"insufficient ?(funds|balance)|enough (funds|balance)|up-?front ?cost"),
    (Outcome.TOO_CHEAP, r"underpriced|base fee|fee ?too ?low|fee cap"),
    (Outcome.TOO_CHEAP, r"gas ?price.*(low|minimum|below)"),
)


@dataclass(frozen=True, slots=True)
class Said:
    """An outcome; `text`: the node's own words where it did not take the transaction."""

    outcome: Outcome
    text: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Of the contract; or for want of funds, in the node's own words."""

    payload: bytes
    no_funds: str = ""


@dataclass(frozen=True, slots=True)
class Gas:
    """An estimate, and what a block holds."""

    needed: int
    limit: int


class Nodes:
    """Nodes of one chain to send through. Safe to share between threads."""

    def __init__(self, rpcs: Sequence[Caller], *, quorum: int, patience: float = 0.0) -> None:
        """`patience`: seconds for which a node is asked again that refuses for the moment."""
        if not 0 < quorum <= len(rpcs):
            raise ValueError(f"{quorum} of {len(rpcs)} nodes")
        self._nodes = [Reader(rpc) for rpc in rpcs]
        self._quorum = quorum
        self._patience = patience
        self._standing = NodeOrder(self._nodes, quorum)

    def estimate(self, transaction: dict[str, str]) -> Gas:
        """Medians. Raises Reverted or NoFunds where a quorum refuses, CouldNotCheck."""

        def job(node: Reader) -> Gas | _Refusal:
            try:
                needed = quantity(node.name, node.ask("eth_estimateGas", transaction))
            except Reverted as refusal:
                return _Refusal(refusal.payload)
            except RpcError as error:
                if outcome_of(error.text) is not Outcome.NO_FUNDS:
                    raise
                return _Refusal(b"", error.text)
            return Gas(needed, _gas_limit(node))

        def decided(answers: Answers[Gas | _Refusal]) -> bool:
            refused = len(_refusals(answers))
            return self._quorum <= max(refused, len(answers.values) - refused)

        answers = self._ask("eth_estimateGas", job, decided)
        refusals = _refusals(answers)
        if len(refusals) >= self._quorum:
            raise self._refused(refusals)
        found = [value for value in answers.values.values() if isinstance(value, Gas)]
        if len(found) < self._quorum:
            told = {node.name: value for node, value in answers.values.items()}
            raise Disagreement("eth_estimateGas", told)
        return Gas(_median([gas.needed for gas in found]), _median([gas.limit for gas in found]))

    def fees(self, *, legacy: bool) -> Fees:
        """Medians of what the nodes suggest for the next blocks. Raises CouldNotCheck."""

        def job(node: Reader) -> Fees:
            head = node.block("latest")
            if head is None:
                raise BlockGone(node.name, "latest")
            return suggest(node.rpc, head, legacy=legacy)

        found = list(self._ask("fees", job, self._answered).values.values())
        tips = [fees.tip for fees in found if fees.tip is not None]
        if 2 * len(tips) > len(found):
            found = [fees for fees in found if fees.tip is not None]
            return Fees(most=_median([fees.most for fees in found]), tip=_median(tips))
        return Fees(most=_median([fees.most for fees in found if fees.tip is None]), tip=None)

    def count(self, address: Address, which: str) -> int:
        """Number of transactions of `address` that a quorum has seen. Raises CouldNotCheck."""
        method = "eth_getTransactionCount"

        def job(node: Reader) -> int:
            return quantity(node.name, node.ask(method, address, which))

        return self._reached(method, job)

    def balance(self, address: Address) -> int:
        """Wei that a quorum says `address` has at least. Raises CouldNotCheck."""
        method = "eth_getBalance"

        def job(node: Reader) -> int:
            return amount(node.name, node.ask(method, address, "latest"))

        return self._reached(method, job)

    def receipt(self, tx: Hash32) -> TxReceipt | None:
        """What a quorum shows alike, each in a block that it has on its chain; else None.

        Raises CouldNotCheck where fewer than a quorum answer.
        """

        def job(node: Reader) -> TxReceipt | None:
            receipt = node.receipt(tx)
            if receipt is None:
                return None
            block = node.block(receipt.block)
            return receipt if block is not None and block.hash == receipt.block_hash else None

        def decided(answers: Answers[TxReceipt | None]) -> bool:
            return answers.alike() >= self._quorum

        answers = self._ask(f"receipt {tx}", job, decided)
        group = max(answers.groups, key=len)
        return answers.values[group[0]] if len(group) >= self._quorum else None

    def submit(self, raw: bytes) -> Said:
        """Send it to every node; what a quorum says of it, else PERHAPS."""
        expected = rawtx.tx_hash(raw)

        def job(node: Reader) -> Said:
            try:
                answer = node.ask("eth_sendRawTransaction", hex0x(raw))
            except Reverted:  # Ganache says so of a transaction that it has mined
                return Said(Outcome.PERHAPS)
            except RpcError as error:
                if error.transient:
                    raise
                return Said(outcome_of(error.text), error.text)
            if not isinstance(answer, str) or answer.lower() != expected:
                raise RpcNonsense(node.name, "the hash of another transaction")
            return Said(Outcome.TAKEN)

        first, rest = self._standing.answering()
        for node in rest:  # nobody waits for their answer
            threading.Thread(target=_try, args=(job, node), daemon=True).start()
        answers = ask_all(
            first,
            job,
            Terms(enough=self._quorum, grace=HURRY_SECONDS, alike=True, patience=self._patience),
        )
        group = max(answers.groups, key=len, default=[])
        return answers.values[group[0]] if len(group) >= self._quorum else Said(Outcome.PERHAPS)

    def _answered(self, answers: Answers[Any]) -> bool:
        return len(answers.values) >= self._quorum

    def _ask(
        self,
        what: str,
        job: Callable[[Reader], T],
        decided: Callable[[Answers[T]], bool],
    ) -> Answers[T]:
        """What at least a quorum answers. Who was silent lately, or is behind, is asked only where
        the others do not decide it."""
        first, rest = self._standing.order()
        terms = Terms(
            enough=self._quorum,
            grace=HURRY_SECONDS,
            decided=decided,
            hedge=HURRY_SECONDS,
            patience=self._patience,
        )
        answers: Answers[T] = ask_all(first, job, terms, reserve=rest)
        if len(answers.values) < self._quorum:
            raise self._failure(what, answers)
        return answers

    def _reached(self, what: str, job: Callable[[Reader], int]) -> int:
        """The highest number that a quorum reaches."""
        answers: Answers[int] = self._ask(what, job, self._answered)
        return sorted(answers.values.values(), reverse=True)[self._quorum - 1]

    def _failure(self, what: str, answers: Answers[Any]) -> LedgerError:
        """Of the one node its own word."""
        if len(self._nodes) == 1:
            return next(iter(answers.failures.values()))
        return too_few(what, self._quorum, answers)

    def _refused(self, refusals: Sequence[_Refusal]) -> RpcError:
        """Why: what more nodes say than may lie; no reason where none is."""
        liars = len(self._nodes) - self._quorum
        poor = [refusal.no_funds for refusal in refusals if refusal.no_funds]
        if len(poor) > liars:
            return NoFunds("nodes", number=-32000, text=poor[0])
        payloads = [refusal.payload for refusal in refusals]
        likeliest = max(payloads, key=payloads.count)
        payload = likeliest if payloads.count(likeliest) > liars else b""
        return Reverted("nodes", number=3, text="reverted", payload=payload)


def _try(job: Callable[[Reader], Any], node: Reader) -> None:
    with contextlib.suppress(LedgerError):
        job(node)


def outcome_of(text: str) -> Outcome:
    """What a node means that does not take a transaction."""
    for outcome, words in _WORDS:
        if re.search(words, text.lower()):
            return outcome
    return Outcome.REJECTED


def _refusals(answers: Answers[Gas | _Refusal]) -> list[_Refusal]:
    return [value for value in answers.values.values() if isinstance(value, _Refusal)]


def _gas_limit(node: Reader) -> int:
    head = node.ask("eth_getBlockByNumber", "latest", False)
    if not isinstance(head, dict):
        raise BlockGone(node.name, "latest")
    return quantity(node.name, head.get("gasLimit"))


def _median(values: Sequence[int]) -> int:
    """The lower one of two: never one that only a minority reaches."""
    return sorted(values)[(len(values) - 1) // 2]
