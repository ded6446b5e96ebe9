"""Decisions by vote, with the keys of enough provinces in one hand."""

import itertools
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ledger.chain.contracts.bindings import Consortium
from ledger.chain.contracts.structs import YES
from ledger.chain.errors import BlockGone
from ledger.chain.governing import requests
from ledger.chain.governing.actions import Action, proposal_id
from ledger.chain.governing.requests import Domain, Request
from ledger.chain.governing.tosign import ToSign, VotedOn
from ledger.chain.keys.signers import DigestSigner
from ledger.chain.nodes.blocks import Reader, TxReceipt, hex_bytes
from ledger.chain.nodes.rpc import Caller
from ledger.chain.sending.transactions import Sender
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
        """Propose, vote until it is passed, carry out. Go on where it was left.

        `carry_out`: where another contract than the Consortium does that; its address is the
        action's first word. Raises TxRefused where the contract refuses a step.
        """
        self.advance(action, carry_out)

    def advance(
        self,
        action: Action,
        carry_out: CarryOut | None = None,
        others: Sequence[str] = (),
        *,
        hold: bool = False,
    ) -> list[ToSign]:
        """As `decide`, as far as our keys go. Gives what is still to be signed by `others`,
        provinces whose keys are elsewhere; nothing where it was carried out, or, with `hold`, where
        it has passed and waits to be."""
        motion = self._found(action, others)
        if motion is None and not self._voters and others:
            return [self._unsigned(self._proposal(others[0], action))]
        proposer, salt, made = motion or self._proposed(action)
        for voter in self._voters:
            if self.consortium.passed(made):
                break
            if self.consortium.ballot(made, voter.member).choice == 0:
                self._vote(voter, made)
        if not self.consortium.passed(made):
            voted_on = VotedOn(proposer=proposer, action=action, salt=salt)
            if missing := self._missing(voted_on, others):
                return missing
        if hold:
            return []
        if carry_out is None:
            self._send("execute", requests.execute(made, action))
        else:
            to = Address(hex0x(action.data[12:32]))
            self._send("carry out", carry_out(bytes32_ascii(proposer), salt), to=to)
        return []

    def _found(self, action: Action, others: Sequence[str]) -> tuple[str, bytes, Digest] | None:
        """Proposer, salt and id of an open proposal of this action, whoever of us made it."""
        for proposer in (*(voter.member for voter in self._voters), *others):
            for number in itertools.count():
                salt = _salt(action, number)
                made = proposal_id(*self._domain, proposer, action, salt)
                found = self.consortium.proposal(made)
                if found is None:
                    break
                if not found.executed and found.expires_at > self._now() + DEADLINE:
                    return proposer, salt, made
        return None

    def _proposed(self, action: Action) -> tuple[str, bytes, Digest]:
        voter = self._voters[0]
        request = self._proposal(voter.member, action)
        self._send("propose", request.signed(self._domain, voter.signer))
        salt = request.arguments[3]
        return voter.member, salt, proposal_id(*self._domain, voter.member, action, salt)

    def _proposal(self, proposer: str, action: Action) -> Request:
        """Of a salt that this proposer has not used."""
        number = next(
            number
            for number in itertools.count()
            if self.consortium.proposal(
                proposal_id(*self._domain, proposer, action, _salt(action, number))
            )
            is None
        )
        now = self._now()
        return requests.propose(
            member=proposer,
            action=action,
            salt=_salt(action, number),
            expires_at=now + PROPOSAL_LIFE,
            deadline=now + PROPOSAL_LIFE,
        )

    def _missing(self, motion: VotedOn, others: Sequence[str]) -> list[ToSign]:
        """A vote of each of the others that has not voted."""
        made = proposal_id(*self._domain, motion.proposer, motion.action, motion.salt)
        found = self.consortium.proposal(made)
        if found is None:  # it was there a moment ago
            raise BlockGone(self._node.name, "latest")
        missing = [code for code in others if self.consortium.ballot(made, code).choice == 0]
        return [
            self._unsigned(
                requests.vote(member=code, proposal=made, choice=YES, deadline=found.expires_at),
                motion,
            )
            for code in missing
        ]

    def _unsigned(self, request: Request, voted_on: VotedOn | None = None) -> ToSign:
        return ToSign(domain=self._domain, request=request, voted_on=voted_on)

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


def _salt(action: Action, number: int) -> bytes:
    """Of the proposal of this number of an action: known to whoever goes on with it."""
    return keccak256(_SALT_TAG + word(action.kind) + action.data_hash + word(number))


def latest_call(rpc: Caller) -> Callable[[Address, bytes], bytes]:
    """For the contracts in `bindings`: reads the latest block of one node, which is believed."""

    def call(to: Address, data: bytes) -> bytes:
        wanted: dict[str, Any] = {"to": to, "data": hex0x(data)}
        return hex_bytes(rpc.name, rpc.call("eth_call", [wanted, "latest"]))

    return call
