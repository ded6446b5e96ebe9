"""Keys, votes and acts behind the verdicts of an archive, for people and programs to read.

All of it follows from what the archive proves, and is made anew where an archive is checked. Acts
are proven: the history of a record is a hash of all of them, and stands in the state. So are votes
on them and on contracts: a proposal's id is a hash of what was proposed, and ballots stand in the
state. That no proposal is left out is not proven, for which there were is told by events.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from ledger.chain.contracts.bindings import CASE_REGISTRY, CATALOGUE, LOG_ANCHOR, Consortium
from ledger.chain.contracts.events import (
    ChainEvent,
    ContractRegistered,
    Executed,
    KeyAdded,
    KeyCompromised,
    LogClosed,
    Proposed,
    Voted,
    decode_events,
    topic,
)
from ledger.chain.contracts.structs import Key, Log
from ledger.chain.network import NetworkFile
from ledger.core import canonical
from ledger.core.canonical import hex0x, hex32, instant
from ledger.core.errors import ProofMismatch
from ledger.core.history import act_json
from ledger.core.ids import (
    Digest,
    LogId,
    RecordId,
    address_bytes,
    bytes32_ascii,
    keccak256,
    record_id,
    word,
)
from ledger.core.receipt import Receipt
from ledger.core.status import RecordedAct
from ledger.evidence.view import ProvenView
from ledger.verify import Verifier

HISTORIES_TYPE: Final = "credit-ledger/evidence-histories@1"
ROLES: Final = (LOG_ANCHOR, CATALOGUE, CASE_REGISTRY)
"""Roles whose contracts a verdict reads."""


def histories_of(
    view: ProvenView, network: NetworkFile, verifier: Verifier, receipts: Sequence[Receipt]
) -> bytes:
    """The member that tells them. Raises CouldNotCheck and ProofMismatch."""
    made = _Histories(view, network, verifier)
    records = list(dict.fromkeys(record for one in receipts for record in _records(one)))
    acts = {record: verifier.acts(record) for record in records}
    logs = [made.log(log) for log in dict.fromkeys(one.log for one in receipts)]
    owners = list(dict.fromkeys(log.member for log in logs if log is not None))
    return canonical.encode(
        {
            "_type": HISTORIES_TYPE,
            "contracts": [made.contracts(role) for role in ROLES],
            "logs": [_log(log) for log in logs if log is not None],
            "members": [made.member(code) for code in owners],
            "records": [
                {"acts": [act_json(act) for act in found], "record": hex32(record)}
                for record, found in acts.items()
            ],
            "votes": list(made.votes(made.proposals(acts.values(), owners, logs))),
        },
        allow_null=True,
    )


class _Histories:
    """What one view tells."""

    def __init__(self, view: ProvenView, network: NetworkFile, verifier: Verifier) -> None:
        self._view = view
        self._network = network
        self._consortium = Consortium(network.consortium, view.call, view.calls)

    def log(self, log_id: LogId) -> Log | None:
        """A log; None where there is none."""
        return self._consortium.log(log_id)

    def member(self, code: str) -> dict[str, Any]:
        """A member, what it was, and every key that it ever had."""
        found = self._consortium.member(code)
        roles = self._consortium.role_history(code)
        keys = self._consortium.keys(code)
        if found is not None and found.recovered_from:
            self._demand_added(code, keys)
        return {
            "code": code,
            "keys": [_key(key) for key in keys],
            "region": "" if found is None else found.region,
            "roles": [{"roles": one.roles, "since": instant(one.since)} for one in roles],
            "status": 0 if found is None else found.status,
        }

    def _demand_added(self, code: str, keys: Sequence[Key]) -> None:
        """Where a vote gave a member a key, verdicts say which keys go back to it, by their events:
        none may lack."""
        added = self._events([topic(KeyAdded), bytes32_ascii(code)])
        told = {one.key_id for one in added if isinstance(one, KeyAdded)}
        for key in keys:
            if key.key_id not in told:
                raise ProofMismatch(
                    "event of a key", expected=key.key_id, actual=None, code="proof-missing"
                )

    def contracts(self, role: str) -> dict[str, Any]:
        """The contracts that held a role, the first one first."""
        held = self._consortium.contract_history(role)
        return {
            "held": [
                {
                    "address": one.account,
                    "codeHash": hex32(keccak256(self._view.code(one.account))),
                    "since": instant(one.since),
                }
                for one in held
            ],
            "role": role,
        }

    def proposals(
        self,
        acts: Iterable[Sequence[RecordedAct]],
        owners: Sequence[str],
        logs: Sequence[Log | None],
    ) -> list[Digest]:
        """Ids of what was voted on: acts on the records, contracts of the roles, keys of the owners
        held to be stolen, logs that were closed."""
        found = [Digest(one.signed_by) for several in acts for one in several if one.by_vote]
        events = [
            event
            for topics in (
                *([topic(ContractRegistered), bytes32_ascii(role)] for role in ROLES),
                *([topic(KeyCompromised), bytes32_ascii(code)] for code in owners),
                *([topic(LogClosed), log.log_id] for log in logs if log is not None),
            )
            for event in self._events(topics)
        ]
        in_order = sorted(events, key=lambda one: one.entry.place)
        blocks = dict.fromkeys(event.entry.block for event in in_order)
        carried_out = {block: self._carried_out(block) for block in blocks}
        for event in in_order:
            found += carried_out[event.entry.block].get(event.entry.tx, ())
        return list(dict.fromkeys(found))

    def _carried_out(self, block: int) -> Mapping[str, Sequence[Digest]]:
        """Ids of what was carried out in a block, by transaction."""
        found: dict[str, list[Digest]] = {}
        for one in self._events([topic(Executed)], first=block, last=block):
            if isinstance(one, Executed):
                found.setdefault(one.entry.tx, []).append(one.proposal_id)
        return found

    def votes(self, proposals: Sequence[Digest]) -> Iterator[dict[str, Any]]:
        """What was proposed, and the ballots on it."""
        for proposal in proposals:
            proposed = self._events([topic(Proposed), proposal])
            for one in proposed:
                if isinstance(one, Proposed):
                    yield self._vote(one)

    def _vote(self, proposed: Proposed) -> dict[str, Any]:
        self._demand_id(proposed)
        voted = self._events([topic(Voted), proposed.proposal_id])
        members = sorted({one.member for one in voted if isinstance(one, Voted)})
        ballots = {code: self._consortium.ballot(proposed.proposal_id, code) for code in members}
        return {
            "block": proposed.entry.block,
            "data": hex0x(proposed.data),
            "kind": proposed.kind,
            "proposal": hex32(proposed.proposal_id),
            "proposer": proposed.member,
            "tx": proposed.entry.tx,
            "votes": [
                {
                    "castAt": instant(ballot.cast_at),
                    "choice": ballot.choice,
                    "keyId": None if ballot.key_id is None else hex32(ballot.key_id),
                    "member": code,
                }
                for code, ballot in ballots.items()
            ],
        }

    def _demand_id(self, proposed: Proposed) -> None:
        """Its id is the hash of what was proposed (design-2 18)."""
        actual = keccak256(
            word(self._network.chain_id)
            + bytes(12)
            + address_bytes(self._network.consortium)
            + bytes32_ascii(proposed.member)
            + word(proposed.kind)
            + keccak256(proposed.data)
            + proposed.salt
        )
        if actual != proposed.proposal_id:
            raise ProofMismatch(
                "proposal", expected=proposed.proposal_id, actual=actual, code="proof-differs"
            )

    def _events(
        self, topics: Sequence[bytes], *, first: int | None = None, last: int | None = None
    ) -> list[ChainEvent]:
        start = self._network.deploy_block if first is None else first
        entries = self._view.logs(self._network.consortium, topics, first=start, last=last)
        return list(decode_events("Consortium", entries))


def _records(receipt: Receipt) -> list[RecordId]:
    """The record of a receipt, and the first one that it replaces."""
    own = record_id(receipt.log, receipt.entry.commitment)
    first = receipt.entry.replaces
    return [own] if first is None else [own, first]


def _log(log: Log) -> dict[str, Any]:
    return {
        "log": hex32(log.log_id),
        "member": log.member,
        "predecessor": None if log.predecessor is None else hex32(log.predecessor),
        "status": log.status,
        "successor": None if log.successor is None else hex32(log.successor),
        "trustedSize": log.trusted_size,
    }


def _key(key: Key) -> dict[str, Any]:
    return {
        "addedAt": instant(key.added_at),
        "alg": key.alg,
        "compromisedSince": instant(key.compromised_since) if key.compromised_since else None,
        "keyId": hex32(key.key_id),
        "notAfter": _time(key.not_after),
        "notBefore": _time(key.not_before),
        "publicKey": key.public_key.hex(),
        "purpose": key.purpose,
    }


def _time(seconds: int) -> str | None:
    """An instant; None: beyond all that can be written, which is for ever."""
    return instant(seconds) if seconds <= canonical.MAX_INSTANT else None
