"""Decisions by vote, with the keys of enough provinces in one hand."""

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ledger.chain import requests
from ledger.chain.actions import Action, proposal_id
from ledger.chain.bindings import Consortium
from ledger.chain.blocks import Reader, TxReceipt, hex_bytes
from ledger.chain.errors import BlockGone
from ledger.chain.requests import Domain
from ledger.chain.rpc import Caller
from ledger.chain.signers import DigestSigner
from ledger.chain.structs import YES
from ledger.chain.transactions import Sender
from ledger.core.canonical import hex0x
from ledger.core.ids import Address, Digest, bytes32_ascii, keccak256, word

# Seconds for which a signature of ours may be used and a proposal be voted on: enough for a slow
# chain. The contract allows proposals 90 days.
DEADLINE = 3_600
PROPOSAL_LIFE = 7 * 86_400
_SALT_TAG = b"credit-ledger/decision/1\0"

# Calldata for the contract that carries an action out, from proposer (a word) and salt.
CarryOut = Callable[[bytes, bytes], bytes]


class Voter(NamedTuple):
    """A province and its GOVERN key."""

    member: str
    signer: DigestSigner


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
        self._voters = list(voters)
        self._seconds = seconds
        self._domain = Domain(chain_id, consortium)

    def decide(self, action: Action, carry_out: CarryOut | None = None) -> None:
        """Proposes, votes until it is passed, carries out. Goes on where it was left.

        `carry_out`: where another contract than the Consortium does that; its address is the
        action's first word. Raises TxRefused where the contract refuses a step.
        """
        salt, proposal = self._proposed(action)
        for voter in self._voters:
            if self.consortium.passed(proposal):
                break
            if self.consortium.ballot(proposal, voter.member).choice == 0:
                self._vote(voter, proposal)
        if carry_out is None:
            self._send("execute", requests.execute(proposal, action))
        else:
            proposer = bytes32_ascii(self._voters[0].member)
            to = Address(hex0x(action.data[12:32]))
            self._send("carry out", carry_out(proposer, salt), to=to)

    def _proposed(self, action: Action) -> tuple[bytes, Digest]:
        """Salt and id of an open proposal of this action, made if there is none."""
        number = 0
        proposer = self._voters[0].member
        while True:
            salt = keccak256(_SALT_TAG + word(action.kind) + action.data_hash + word(number))
            made = proposal_id(*self._domain, proposer, action, salt)
            found = self.consortium.proposal(made)
            if found is None:
                self._propose(action, salt)
                return salt, made
            if not found.executed and found.expires_at > self._now() + DEADLINE:
                return salt, made
            number += 1

    def _propose(self, action: Action, salt: bytes) -> None:
        voter, now = self._voters[0], self._now()
        request = requests.propose(
            member=voter.member,
            action=action,
            salt=salt,
            expires_at=now + PROPOSAL_LIFE,
            deadline=now + DEADLINE,
        )
        self._send("propose", request.signed(self._domain, voter.signer))

    def _vote(self, voter: Voter, proposal: bytes) -> None:
        deadline = self._now() + DEADLINE
        request = requests.vote(
            member=voter.member, proposal=proposal, choice=YES, deadline=deadline
        )
        self._send("vote", request.signed(self._domain, voter.signer))

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
