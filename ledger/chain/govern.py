"""What members of the consortium sign, and decisions by vote."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ledger.chain.bindings import Consortium
from ledger.chain.blocks import Reader, TxReceipt, hex_bytes
from ledger.chain.contract_abi import Param, encode, load
from ledger.chain.errors import BlockGone
from ledger.chain.rpc import Caller
from ledger.chain.signers import DigestSigner
from ledger.chain.structs import (
    PUT_NATIONAL,
    REGISTER_CONTRACT,
    YES,
    CatalogueItem,
    item_values,
)
from ledger.chain.transactions import Sender
from ledger.core import eip712
from ledger.core.canonical import hex0x
from ledger.core.ids import Address, Digest, bytes32_ascii, keccak256, word

# Seconds for which a signature of ours may be used and a proposal be voted on: enough for a slow
# chain. The contract allows proposals 90 days.
DEADLINE = 3_600
PROPOSAL_LIFE = 7 * 86_400
_SALT_TAG = b"credit-ledger/decision/1\0"

_ADDRESS = Param("address", "", False, ())
_NUMBER = Param("uint8", "", False, ())
_BYTES = Param("bytes", "", False, ())
_WORD = Param("bytes32", "", False, ())


class Voter(NamedTuple):
    """A province and its GOVERN key."""

    member: str
    signer: DigestSigner


@dataclass(frozen=True, slots=True)
class Action:
    """What is voted on: a kind of `contracts/lib/Codes.sol` and its ABI-encoded data."""

    kind: int
    data: bytes

    @property
    def hash(self) -> Digest:
        """keccak256(abi.encode(uint8 kind, bytes data))."""
        return keccak256(encode((_NUMBER, _BYTES), (self.kind, self.data)))


def register_contract(role: str, account: Address) -> Action:
    """`account` takes over `role`."""
    return Action(REGISTER_CONTRACT, encode((_WORD, _ADDRESS), (bytes32_ascii(role), account)))


def put_national(catalogue: Address, items: Sequence[CatalogueItem]) -> Action:
    """`items` go into the catalogue. Carried out by `Catalogue.putNational`, not by `execute`."""
    list_ = load("Catalogue").functions["putNational"].inputs[0]
    values = [item_values(item) for item in items]
    return Action(PUT_NATIONAL, encode((_ADDRESS, list_), (catalogue, values)))


def proposal_id(chain_id: int, consortium: Address, action: Action, salt: bytes) -> Digest:
    """keccak256(abi.encode(chainId, consortium, actionHash, salt))."""
    return keccak256(word(chain_id) + encode((_ADDRESS,), (consortium,)) + action.hash + salt)


class Council:
    """Brings about decisions with the keys of enough provinces in one hand: for founding a network,
    and for development."""

    def __init__(
        self,
        sender: Sender,
        rpc: Caller,
        *,
        chain_id: int,
        consortium: Address,
        voters: Sequence[Voter],
        seconds: float = 60.0,
    ) -> None:
        """`sender` pays. `seconds`: for each transaction to be mined."""
        self.consortium = Consortium(consortium, latest_call(rpc))
        self._sender = sender
        self._node = Reader(rpc)
        self._chain_id = chain_id
        self._voters = list(voters)
        self._seconds = seconds
        self._domain = eip712.domain("Consortium", chain_id, consortium)

    def decide(self, action: Action, carry_out: Callable[[bytes], bytes] | None = None) -> None:
        """Proposes, votes until it is passed, carries out. Goes on where it was left.

        `carry_out`: calldata for the contract that carries it out instead of the Consortium, from
        the salt; its address is the action's first word. Raises TxRefused where the contract
        refuses a step.
        """
        salt, proposal = self._proposed(action)
        for voter in self._voters:
            if self.consortium.passed(proposal):
                break
            if self.consortium.ballot(proposal, voter.member).choice == 0:
                self._vote(voter, proposal)
        if carry_out is None:
            execute = self.consortium.abi.functions["execute"]
            self._send("execute", execute.encode(action.kind, action.data, salt))
        else:
            to = Address(hex0x(action.data[12:32]))
            self._send("carry out", carry_out(salt), to=to)

    def _proposed(self, action: Action) -> tuple[bytes, Digest]:
        """Salt and id of an open proposal of this action, made if there is none."""
        number = 0
        while True:
            salt = keccak256(_SALT_TAG + action.hash + word(number))
            made = proposal_id(self._chain_id, self.consortium.address, action, salt)
            found = self.consortium.proposal(made)
            if found is None:
                self._propose(action, salt)
                return salt, made
            if not found.executed and found.expires_at > self._now() + DEADLINE:
                return salt, made
            number += 1

    def _propose(self, action: Action, salt: bytes) -> None:
        voter, now = self._voters[0], self._now()
        values: dict[str, int | bytes] = {
            "member": bytes32_ascii(voter.member),
            "actionHash": action.hash,
            "salt": salt,
            "expiresAt": now + PROPOSAL_LIFE,
            "deadline": now + DEADLINE,
        }
        self._signed("propose", "Propose", voter, values)

    def _vote(self, voter: Voter, proposal: bytes) -> None:
        values: dict[str, int | bytes] = {
            "member": bytes32_ascii(voter.member),
            "proposalId": proposal,
            "choice": YES,
            "deadline": self._now() + DEADLINE,
        }
        self._signed("vote", "Vote", voter, values)

    def _signed(
        self, function: str, struct: str, voter: Voter, values: dict[str, int | bytes]
    ) -> None:
        """Sends a call whose arguments are the members of the struct and then the signature."""
        signature = voter.signer.sign_digest(eip712.digest(self._domain, struct, values))
        spec = self.consortium.abi.functions[function]
        self._send(function, spec.encode(*values.values(), signature))

    def _send(self, what: str, data: bytes, *, to: Address | None = None) -> TxReceipt:
        key = f"{what}/{keccak256(data).hex()}"
        self._sender.send(key, to or self.consortium.address, data)
        receipt = self._sender.wait(key, seconds=self._seconds)
        self._sender.done(key)
        return receipt

    def _now(self) -> int:
        """Time of the latest block, or ours where that is later: the next block's is neither."""
        head = self._node.block("latest")
        if head is None:
            raise BlockGone(self._node.name, "latest")
        return max(head.time, int(time.time()))


def latest_call(rpc: Caller) -> Callable[[Address, bytes], bytes]:
    """For the contracts in `bindings`: reads the latest block of one node, which is believed."""

    def call(to: Address, data: bytes) -> bytes:
        wanted: dict[str, Any] = {"to": to, "data": hex0x(data)}
        return hex_bytes(rpc.name, rpc.call("eth_call", [wanted, "latest"]))

    return call
