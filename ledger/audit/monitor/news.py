"""Events of the chain as news: who came, what was decided, which keys there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ledger.audit.monitor.items import Item
from ledger.chain.contracts.events import (
    ChainEvent,
    ChairSet,
    ContractRegistered,
    EndpointSet,
    Executed,
    ItemPut,
    KeyAdded,
    KeyCompromised,
    KeyRevoked,
    LogClosed,
    LogOpened,
    MemberAdded,
    MemberRolesChanged,
    MemberStatusChanged,
    ProductRegistered,
    ProductRetired,
    Proposed,
    ThresholdSet,
    Voted,
)
from ledger.chain.contracts.structs import ACTIVE, RETIRED, SUSPENDED
from ledger.core.canonical import MAX_INTEGER

__all__ = ["news_of"]

_STATUS: Final = {ACTIVE: "active", SUSPENDED: "suspended", RETIRED: "retired"}
_Told = tuple[str, str, str, dict[str, str | int]]
"""Code, member, what it is about, evidence."""


def news_of(event: ChainEvent) -> Item | None:
    """What an event tells; None: it is only counted."""
    tell = _TELLS.get(type(event))
    if tell is None:
        return None
    code, member, what, evidence = tell(event)
    block, index = event.entry.place
    return Item(
        code=code,
        member=member,
        # Things happen again: a member may be suspended twice.
        where=f"{what}/block/{block}.{index}",
        evidence={**evidence, "block": block, "tx": event.entry.tx},
    )


def _number(value: int) -> int:
    """As JSON can have it."""
    return min(value, MAX_INTEGER)


def _member_added(event: Any) -> _Told:
    told = {"region": event.region, "roles": event.roles, "endpoint": event.endpoint}
    return "member-added", event.member, f"member/{event.member}", told


def _status(event: Any) -> _Told:
    where, status = f"member/{event.member}/status", _STATUS.get(event.status, "unknown")
    return "member-status", event.member, where, {"status": status}


def _roles(event: Any) -> _Told:
    return "member-roles", event.member, f"member/{event.member}/roles", {"roles": event.roles}


def _endpoint(event: Any) -> _Told:
    where = f"member/{event.member}/endpoint"
    return "endpoint-changed", event.member, where, {"endpoint": event.endpoint}


def _key(event: Any) -> str:
    return f"member/{event.member}/key/{event.key_id.hex()}"


def _key_added(event: Any) -> _Told:
    told: dict[str, str | int] = {
        **{"purpose": event.purpose, "alg": event.alg, "notBefore": _number(event.not_before)},
        **{"notAfter": _number(event.not_after), "byVote": str(event.signed_by is None).lower()},
    }
    return "key-added", event.member, _key(event), told


def _key_ended(event: Any) -> _Told:
    return "key-ended", event.member, _key(event), {"notAfter": _number(event.not_after)}


def _key_compromised(event: Any) -> _Told:
    return "key-compromised", event.member, _key(event), {"since": _number(event.since)}


def _log_opened(event: Any) -> _Told:
    told: dict[str, str | int] = (
        {} if event.predecessor is None else {"predecessor": event.predecessor.hex()}
    )
    return "log-opened", event.member, f"log/{event.log_id.hex()}", told


def _log_closed(event: Any) -> _Told:
    where, size = f"log/{event.log_id.hex()}", _number(event.trusted_size)
    return "log-closed", event.member, where, {"trustedSize": size}


def _contract(event: Any) -> _Told:
    where = f"contract/{event.role}/{event.account}"
    return "contract-registered", "", where, {"role": event.role}


def _proposed(event: Any) -> _Told:
    told = {"kind": event.kind, "expiresAt": _number(event.expires_at)}
    return "proposal-made", event.member, f"proposal/{event.proposal_id.hex()}", told


def _voted(event: Any) -> _Told:
    where = f"proposal/{event.proposal_id.hex()}/vote/{event.member}"
    return "vote-cast", event.member, where, {"choice": event.choice}


def _executed(event: Any) -> _Told:
    where = f"proposal/{event.proposal_id.hex()}"
    return "proposal-carried-out", "", where, {"kind": event.kind}


def _threshold(event: Any) -> _Told:
    return "threshold-set", "", "threshold", {"threshold": event.threshold}


def _chair(event: Any) -> _Told:
    return "chair-set", event.member, "chair", {}


def _item(event: Any) -> _Told:
    told = {"region": event.region, "version": event.version}
    return "catalogue-changed", event.member, f"catalogue/{event.item_id}", told


def _product(event: Any) -> _Told:
    where = f"product/{event.product_id.hex()}"
    return "product-registered", event.member, where, {"kind": event.kind}


def _product_retired(event: Any) -> _Told:
    return "product-retired", event.member, f"product/{event.product_id.hex()}", {}


_TELLS: Final[Mapping[type[ChainEvent], Callable[[Any], _Told]]] = {
    MemberAdded: _member_added,
    MemberStatusChanged: _status,
    MemberRolesChanged: _roles,
    EndpointSet: _endpoint,
    KeyAdded: _key_added,
    KeyRevoked: _key_ended,
    KeyCompromised: _key_compromised,
    LogOpened: _log_opened,
    LogClosed: _log_closed,
    ContractRegistered: _contract,
    Proposed: _proposed,
    Voted: _voted,
    Executed: _executed,
    ThresholdSet: _threshold,
    ChairSet: _chair,
    ItemPut: _item,
    ProductRegistered: _product,
    ProductRetired: _product_retired,
}
