"""The gateways of members, by what they say of themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from ledger.audit.monitor.items import Condition
from ledger.audit.tiles import Fetch, Missing

__all__ = ["MAX_NODE", "GatewayLooked", "look_at_gateway"]

MAX_NODE: Final = 1 << 20
"""Bytes of what a gateway says of itself: some kilobytes, with 64 logs and a key each."""
_MOST_LOGS: Final = 1_000


@dataclass(slots=True, kw_only=True)
class GatewayLooked:
    """A gateway. promised: by log (hex), how large it will be once everything promised stands in
    it."""

    member: str
    conditions: list[Condition] = field(default_factory=list)
    promised: Mapping[str, int] = field(default_factory=dict)


def look_at_gateway(member: str, network: str, fetch: Fetch) -> GatewayLooked:
    """Ask the gateway of a member who it is. network: reference."""
    looked = GatewayLooked(member=member)
    try:
        told = _parsed(fetch("v1/node", MAX_NODE))
    except Missing:
        told = None
    if told is None:
        looked.conditions.append(_is("endpoint-down", member))
        return looked
    code, reference = told.get("code"), told.get("network")
    if (code, reference) != (member, network):
        evidence = {"code": str(code)[:100], "network": str(reference)[:100]}
        looked.conditions.append(_is("endpoint-of-another", member, evidence))
        return looked
    looked.promised = _promised(told.get("logs"))
    return looked


def _parsed(data: bytes) -> dict[str, Any] | None:
    """The object; None where it is none."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _promised(logs: object) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in logs[:_MOST_LOGS] if isinstance(logs, list) else ():
        if not isinstance(one, dict):
            continue
        log, size = one.get("log"), one.get("promisedSize")
        if isinstance(log, str) and type(size) is int and size >= 0:
            found[log] = size
    return found


def _is(code: str, member: str, evidence: Mapping[str, str | int] | None = None) -> Condition:
    where = f"member/{member}/endpoint"
    return Condition(code=code, member=member, where=where, evidence=evidence or {})
