"""The report, as an object of canonical JSON: nothing of the machine, its clock or its nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ledger.audit.case_document import case_counts, status_of_records
from ledger.audit.cases import Cases
from ledger.audit.entries import Tally
from ledger.audit.findings import Findings
from ledger.audit.state import Log, State
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.blocks import Block
from ledger.core import canonical
from ledger.core.canonical import hex32
from ledger.core.entry import RECORD

__all__ = ["TYPE", "document"]

TYPE = "credit-ledger/audit@1"


def document(
    network: NetworkFile,
    last: Block,
    state: State,
    *,
    cases: Cases,
    contracts: list[dict[str, Any]],
    votes: list[dict[str, Any]],
    logs: Sequence[tuple[Log, Tally]],
    findings: Findings,
) -> dict[str, Any]:
    """The report."""
    return {
        "_type": TYPE,
        "network": {"chainId": network.chain_id, "consortium": network.consortium},
        "block": {"number": last.number, "hash": last.hash},
        "blockTime": last.time,
        "incomplete": [item.as_dict() for item in findings.incomplete()],
        "threshold": state.threshold,
        "chair": state.chair,
        "contracts": contracts,
        "members": _members(state),
        "keys": _keys(state),
        "votes": votes,
        "catalogue": _catalogue(state),
        "logs": [_log(log, tally) for log, tally in logs],
        "status": status_of_records(state, cases),
        "counts": _counts(logs, findings) | case_counts(cases),
        "findings": [finding.as_dict() for finding in findings.listed()],
    }


def _members(state: State) -> list[dict[str, Any]]:
    return [
        {
            "code": member.code,
            "region": member.region,
            "roles": member.roles,
            "status": member.status,
            "endpoint": member.endpoint,
        }
        for member in sorted(state.members.values(), key=lambda member: member.code)
    ]


def _keys(state: State) -> list[dict[str, Any]]:
    return [
        {
            "keyId": hex32(key.key_id),
            "member": key.member,
            "purpose": key.purpose,
            "alg": key.alg,
            "publicKey": key.public_key.hex(),
            "notBefore": min(key.not_before, canonical.MAX_INTEGER),
            "notAfter": min(key.not_after, canonical.MAX_INTEGER),
            "compromisedSince": key.compromised_since,
        }
        for key in sorted(state.keys.values(), key=lambda k: (k.member, k.purpose, k.key_id))
    ]


def _catalogue(state: State) -> list[dict[str, Any]]:
    items = sorted(
        (found.item for found in state.items),
        key=lambda item: (item.item_id, item.region, item.version),
    )
    return [
        {
            "itemId": item.item_id,
            "region": item.region,
            "version": item.version,
            "kind": item.kind,
            "contentHash": hex32(item.content_hash),
            "from": min(item.since, canonical.MAX_INTEGER),
            "until": min(item.until, canonical.MAX_INTEGER),
            "visibility": item.visibility,
            "dataClass": item.data_class,
            "granularity": item.granularity,
        }
        for item in items
    ]


def _log(log: Log, tally: Tally) -> dict[str, Any]:
    return {
        "member": log.member,
        "log": hex32(log.log_id),
        "size": log.size,
        "root": hex32(log.root),
        "anchors": len(log.anchors),
        "entriesRead": tally.entries,
        "trustedSize": log.size if log.closed is None else log.closed[1],
        "closed": log.closed is not None,
        "timely": _timely(tally),
    }


def _timely(tally: Tally) -> dict[str, int]:
    """How many records say that they were shared in time, by answer."""
    found: Counter[str] = Counter({"yes": 0, "no": 0, "unknown": 0})
    for (_, (_, _, said)), count in tally.records.items():
        found[said.decode()] += count
    return dict(found)


def _counts(logs: Sequence[tuple[Log, Tally]], findings: Findings) -> dict[str, Any]:
    types: Counter[str] = Counter()
    timely: Counter[str] = Counter({"yes": 0, "no": 0, "unknown": 0})
    kinds: Counter[str] = Counter()
    for _, tally in logs:
        for (_, (_, schema, said)), count in tally.records.items():
            types[schema.decode()] += count
            timely[said.decode()] += count
            kinds[RECORD] += count
        kinds.update(tally.others)
    return {
        "logs": len(logs),
        "anchors": sum(len(log.anchors) for log, _ in logs),
        "entries": sum(tally.entries for _, tally in logs),
        "kinds": dict(kinds),
        "types": dict(types),
        "timely": dict(timely),
        "findings": findings.counts(),
    }
