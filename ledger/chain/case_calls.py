"""What is written to CaseRegistry: digests to be signed wherever the key is, and calldata that
anybody may send."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ledger.chain.contracts.contract_abi import load
from ledger.core import eip712
from ledger.core.ids import Address, Digest, bytes32_ascii
from ledger.core.status import Act, RecordedAct, act_values, signed_acts

MAX_AHEAD = 7 * 86_400
"""Seconds for which signed acts may wait to be sent."""


class CaseDomain(NamedTuple):
    """Where signatures count: a chain and the CaseRegistry on it."""

    chain_id: int
    registry: Address

    @property
    def separator(self) -> Digest:
        """Of EIP-712."""
        return eip712.domain("CaseRegistry", self.chain_id, self.registry)


def acts_digest(domain: CaseDomain, member: str, acts: Sequence[Act], deadline: int) -> Digest:
    """What a key of the member signs: a CASE key where all acts are DISPUTE, a DECIDE key where
    none is. deadline: Unix seconds, at most seven days ahead."""
    values = signed_acts(bytes32_ascii(member), acts, deadline)
    return eip712.digest(domain.separator, "Acts", values)


def act_calldata(member: str, acts: Sequence[Act], deadline: int, signature: bytes) -> bytes:
    """1 … 64 acts in the order given, all or none."""
    function = load("CaseRegistry").functions["act"]
    values = [act_values(one) for one in acts]
    return function.encode(bytes32_ascii(member), values, deadline, signature)


def vote_calldata(acts: Sequence[Act], proposer: bytes, salt: bytes) -> bytes:
    """Acts that the provinces have passed. proposer: the word of its code."""
    function = load("CaseRegistry").functions["actByVote"]
    return function.encode([act_values(one) for one in acts], proposer, salt)


def undo_calldata(steps: Sequence[tuple[Digest, RecordedAct]]) -> bytes:
    """Undo acts of stolen keys: each the last one on its record, with the history before it."""
    function = load("CaseRegistry").functions["annulStolen"]
    values = [
        {
            "history": history,
            "member": acted.member,
            "act": act_values(acted.act),
            "recordedAt": acted.recorded_at,
            "signedBy": acted.signed_by,
        }
        for history, acted in steps
    ]
    return function.encode(values)


def ack_digest(domain: CaseDomain, member: str, count: int, head: Digest, deadline: int) -> Digest:
    """What a CASE key of the member signs to say that it has carried out all acts up to `count`,
    which fold to `head`."""
    values: dict[str, eip712.Value] = {
        "member": bytes32_ascii(member),
        "count": count,
        "head": head,
        "deadline": deadline,
    }
    return eip712.digest(domain.separator, "Ack", values)


def ack_calldata(member: str, count: int, head: Digest, deadline: int, signature: bytes) -> bytes:
    """The same, to be sent."""
    function = load("CaseRegistry").functions["acknowledge"]
    return function.encode(bytes32_ascii(member), count, head, deadline, signature)
