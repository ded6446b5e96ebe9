"""Members, their keys and their logs, as the chain has them at one block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ledger.chain.contracts.bindings import LOG_ANCHOR, Consortium, LogAnchor
from ledger.chain.contracts.structs import ACTIVE, OPEN, RETIRED, SUSPENDED, Key, Log, Member
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.quorum import View
from ledger.core.canonical import MAX_INSTANT
from ledger.core.eip712 import address_of
from ledger.core.ids import LogId
from ledger.core.keys import Alg, Purpose, Role

Row = Mapping[str, Any]
KEYS: Final = 50
"""On a page; a member may register any number."""
STATUSES: Final[Mapping[int, str]] = {
    ACTIVE: "active",
    SUSPENDED: "suspended",
    RETIRED: "retired",
}
_DAY: Final = 86_400


def consortium_of(view: View, network: NetworkFile) -> Consortium:
    """The contract of the members at the view's block."""
    return Consortium(network.consortium, view.call, view.calls)


def moment(seconds: int) -> int | None:
    """Unix seconds; None for what no calendar can write."""
    return seconds if 0 <= seconds <= MAX_INSTANT - _DAY else None


def role_names(roles: int) -> list[str]:
    """Names of roles, in lower case."""
    return [str(role.name).lower() for role in Role if role & roles]


def read_members(view: View, network: NetworkFile) -> Row:
    """All members in the order in which they came, the threshold of votes and the chair. Raises
    CouldNotCheck."""
    consortium = consortium_of(view, network)
    return {
        "members": [_member(one) for one in consortium.members()],
        "threshold": consortium.threshold(),
        "chair": consortium.chair(),
    }


def read_member(view: View, network: NetworkFile, code: str, start: int) -> Row | None:
    """One with its logs, the roles that it had, and its keys behind the first `start`; None where
    there is none of that code. Raises CouldNotCheck."""
    consortium = consortium_of(view, network)
    found = consortium.member(code)
    if found is None:
        return None
    keys = consortium.keys_from(code, start, KEYS)
    return {
        **_member(found),
        "roleHistory": [
            {"since": moment(span.since), "roles": role_names(span.roles)}
            for span in consortium.role_history(code)
        ],
        "logs": [_log(log) for log in consortium.logs(code)],
        "keyCount": consortium.key_count(code),
        "keys": [_key(key, view.block.time) for key in keys],
    }


def read_logs(view: View, network: NetworkFile, codes: Sequence[str]) -> list[Row]:
    """All logs of these members. Raises CouldNotCheck."""
    consortium = consortium_of(view, network)
    return [_log(log) for code in codes for log in consortium.logs(code)]


def read_log(view: View, network: NetworkFile, log_id: bytes) -> Row | None:
    """One with its newest anchor; None where nobody registered it. Raises CouldNotCheck."""
    consortium = consortium_of(view, network)
    found = consortium.log(LogId(log_id))
    if found is None:
        return None
    size, root = 0, None
    for contract in consortium.contract_history(LOG_ANCHOR):
        latest = LogAnchor(contract.account, view.call, view.calls).latest(log_id)
        if latest.size >= size:
            size, root = latest.size, latest.root
    return {**_log(found), "anchored": size, "root": None if root is None else root.hex()}


def _member(found: Member) -> Row:
    return {
        "code": found.code,
        "region": found.region,
        "roles": role_names(found.roles),
        "status": STATUSES.get(found.status, str(found.status)),
        "endpoint": found.endpoint,
    }


def _log(found: Log) -> Row:
    return {
        "log": found.log_id.hex(),
        "member": found.member,
        "seq": found.seq,
        "open": found.status == OPEN,
        "trustedSize": None if found.status == OPEN else found.trusted_size,
        "predecessor": found.predecessor and found.predecessor.hex(),
        "successor": found.successor and found.successor.hex(),
    }


def _key(key: Key, now: int) -> Row:
    known = key.purpose in tuple(Purpose)
    shown: dict[str, Any] = {
        "keyId": key.key_id.hex(),
        "purpose": Purpose(key.purpose).name if known else str(key.purpose),
        "alg": Alg(key.alg).name if key.alg in tuple(Alg) else str(key.alg),
        "notBefore": moment(key.not_before),
        "notAfter": moment(key.not_after),
        "compromisedSince": moment(key.compromised_since) if key.compromised_since else None,
        "addedAt": moment(key.added_at),
        "state": _state(key, now),
        "address": None,
    }
    if key.alg == Alg.SECP256K1:
        shown["address"] = address_of(key.public_key)
    return shown


def _state(key: Key, now: int) -> str:
    if key.compromised_since and key.compromised_since <= now:
        return "stolen"
    if now < key.not_before:
        return "to-come"
    return "valid" if key.valid_at(now) else "ended"
