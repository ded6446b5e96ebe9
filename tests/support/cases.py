"""Acts on records, on a real chain: signed by a member or passed by vote, and sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from ledger.chain.case_calls import (
    CaseDomain,
    ack_calldata,
    ack_digest,
    act_calldata,
    acts_digest,
    undo_calldata,
    vote_calldata,
)
from ledger.chain.contracts.contract_abi import load
from ledger.chain.errors import TxRefused
from ledger.chain.governing import actions
from ledger.chain.keys.signers import LocalSigner
from ledger.chain.nodes.blocks import TxReceipt
from ledger.core.ids import Digest, LogId, keccak256
from ledger.core.keys import Purpose
from ledger.core.status import NO_LOG, ZERO, Act, Action, Basis, RecordedAct
from tests.support.chain import TestNetwork, council

DOC = Digest(b"\x0d" * 32)
_SHANGHAI = 8 * 3600
_DAY = 86_400


def midnight(time: int, days: int = 0) -> int:
    """00:00 in Asia/Shanghai of the day of `time`, `days` later."""
    return (time + _SHANGHAI) // _DAY * _DAY - _SHANGHAI + days * _DAY


def make_act(
    network: TestNetwork,
    action: Action,
    log: LogId,
    commitment: bytes,
    *,
    other: tuple[LogId, bytes] | None = None,
    **changes: Any,
) -> Act:
    """An act that the registry takes now, effective today. other: log and commitment of the record
    that corrects it."""
    act = Act(
        log=log,
        commitment=Digest(commitment),
        action=action,
        expected_version=0,
        basis=Basis.COURT,
        doc=DOC,
        effective_at=midnight(network.anvil.head_time()),
        other_log=NO_LOG if other is None else other[0],
        other_commitment=ZERO if other is None else Digest(other[1]),
    )
    if "expected_version" not in changes:
        [state] = network.case_registry.stored([act.record])
        changes["expected_version"] = state.word.version
    return replace(act, **changes)


def send(network: TestNetwork, data: bytes) -> TxReceipt:
    """A transaction to the registry, mined. Raises TxRefused where it refuses."""
    key = f"case/{keccak256(data).hex()}"
    network.sender.send(key, network.case_registry.address, data)
    mined = network.sender.wait(key)
    network.sender.done(key)
    return mined


def act(
    network: TestNetwork, member: str, *acts: Act, signer: LocalSigner | None = None
) -> TxReceipt:
    """Acts of a member, signed by the key that it takes."""
    purpose = Purpose.CASE if acts[0].action == Action.DISPUTE else Purpose.DECIDE
    deadline = network.anvil.head_time() + 3600
    domain = CaseDomain(network.file.chain_id, network.case_registry.address)
    digest = acts_digest(domain, member, acts, deadline)
    signature = (signer or network.keys[member, purpose]).sign_digest(digest)
    return send(network, act_calldata(member, acts, deadline, signature))


def act_by_vote(network: TestNetwork, *acts: Act) -> None:
    """Acts that the provinces pass."""
    council(network, network.voters()).decide(
        actions.act(network.case_registry.address, acts),
        lambda proposer, salt: vote_calldata(acts, proposer, salt),
    )


def undo(network: TestNetwork, *steps: tuple[Digest, RecordedAct]) -> TxReceipt:
    """What thieves did is undone."""
    return send(network, undo_calldata(steps))


def acknowledge(
    network: TestNetwork,
    *members: str,
    count: int | None = None,
    head: bytes | None = None,
    signer: LocalSigner | None = None,
) -> None:
    """Members say that they have carried out all acts up to `count` (None: all), which fold to
    `head` (None: what the registry says now)."""
    latest = network.case_registry.latest()
    count, named = latest.count if count is None else count, Digest(head or latest.head)
    domain = CaseDomain(network.file.chain_id, network.case_registry.address)
    deadline = network.anvil.head_time() + 3600
    for member in members:
        digest = ack_digest(domain, member, count, named, deadline)
        signature = (signer or network.keys[member, Purpose.CASE]).sign_digest(digest)
        send(network, ack_calldata(member, count, named, deadline, signature))


@contextmanager
def refused_as(name: str) -> Iterator[None]:
    """The registry refuses with this error of its own, or of the Consortium that it asks."""
    with pytest.raises(TxRefused) as caught:
        yield
    payload = caught.value.payload
    found = load("CaseRegistry").refusal(payload) or load("Consortium").refusal(payload)
    assert found is not None, payload.hex()
    assert found[0].partition("_")[2] == name
