"""Taking authorisations back: what is signed and sent to `Revocations`, and what it says."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.chain.contracts.bindings import REVOCATIONS, Consortium, Revocations
from ledger.chain.contracts.contract_abi import load
from ledger.chain.nodes.quorum import View
from ledger.core import eip712
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import Address, Digest, bytes32_ascii


def revoke_digest(
    chain_id: int, contract: Address, custodian: str, commitment: bytes, deadline: int
) -> Digest:
    """What a CONSENT key of the custodian signs. deadline: Unix seconds, the last
    at which a block may take it."""
    values: dict[str, eip712.Value] = {
        "custodian": bytes32_ascii(custodian),
        "commitment": commitment,
        "deadline": deadline,
    }
    return eip712.digest(eip712.domain(REVOCATIONS, chain_id, contract), "Revoke", values)


def revoke_calldata(custodian: str, commitment: bytes, deadline: int, signature: bytes) -> bytes:
    """The same, to be sent by anybody."""
    function = load("Revocations").functions["revoke"]
    return function.encode(bytes32_ascii(custodian), commitment, deadline, signature)


def revoked_at(
    view: View, consortium: Address, custodian: str, commitments: Sequence[bytes]
) -> tuple[int | None, ...]:
    """Since when each authorisation of a custodian is taken back, None: it is not; by every
    contract that ever had the role, the earliest time of all. Raises CouldNotCheck, also where none
    has it: nothing is known then."""
    found: list[int | None] = [None] * len(commitments)
    for one in contracts(view, consortium):
        times = Revocations(one, view.call, view.calls).revoked_at(custodian, commitments)
        found = [_earlier(was, now) for was, now in zip(found, times, strict=True)]
    return tuple(found)


def contracts(view: View, consortium: Address) -> tuple[Address, ...]:
    """Every contract that ever had the role, the one that takes revocations now last. Raises
    CouldNotCheck where none has."""
    registered = Consortium(consortium, view.call, view.calls).contract_history(REVOCATIONS)
    if not registered:
        raise CouldNotCheck("no-revocations", "no Revocations is registered")
    return tuple(one.account for one in registered)


def _earlier(one: int | None, other: int | None) -> int | None:
    return min((time for time in (one, other) if time is not None), default=None)
