"""Made-up reports of a replay, of the form that real ones have."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from ledger.audit.document import TYPE
from ledger.audit.findings import Findings
from ledger.audit.report_file import ReportFile, read_report
from ledger.core import canonical

PROVINCES = ("110000", "120000", "130000", "140000")
Change = Callable[[dict[str, Any]], None]


def document() -> dict[str, Any]:
    """All of it, nothing wrong."""
    return {
        "_type": TYPE,
        "network": {"chainId": 31337, "consortium": "0x" + "c0" * 20},
        "block": {"number": 120, "hash": "0x" + "ab" * 32},
        "blockTime": 1_796_000_000,
        "incomplete": [],
        "threshold": 3,
        "chair": "110000",
        "contracts": [{"role": "LogAnchor", "address": "0x" + "a1" * 20, "block": 2}],
        "members": [
            {"code": code, "region": code, "roles": 1, "status": 1, "endpoint": "https://a.example"}
            for code in PROVINCES
        ],
        "keys": [{"keyId": code * 8, "member": code, "notAfter": 9} for code in PROVINCES],
        "votes": [{"proposal": "ee" * 32, "kind": 3}],
        "catalogue": [{"itemId": "penalty", "region": "", "version": 1}],
        "logs": [_log(code, at) for at, code in enumerate(PROVINCES)],
        "status": {
            "count": 7,
            "head": "77" * 32,
            "records": [{"recordId": "aa" * 32, "version": 2, "history": "bb" * 32}],
            "acts": [
                {
                    "member": "110000",
                    "action": "REPAIR",
                    "count": 7,
                    "delay": {"longest": 90, "mean": 30},
                }
            ],
            "acknowledged": [
                {"member": code, "count": 7, "behind": 0, "since": 0} for code in PROVINCES
            ],
        },
        "counts": {
            "logs": 4,
            "anchors": 8,
            "entries": 1_234,
            "kinds": {"record": 1_234},
            "types": {"penalty@1": 1_234},
            "timely": {"yes": 1_180, "no": 40, "unknown": 14},
            "findings": {},
            "acts": 7,
            "outcomes": {"REPAIRED": 1},
            "flags": {},
        },
        "findings": [],
    }


def full() -> dict[str, Any]:
    """The same, with all that is asked for besides."""
    made = document()
    made["statements"] = {"entries": 40, "opened": 40}
    made["cases"] = [{"state": "granted", "case": "cc" * 32}]
    made["stages"] = [
        _stage("110000", "repair-accept", days=3, limit=5),
        _stage("130000", "repair-decide", days=19, limit=14, late=1),
    ]
    made["finance"] = {"unseen": {}, "queries": 0}
    made["service"] = [_service(code, at) for at, code in enumerate(PROVINCES)]
    made["mirrors"] = [
        {"member": "120000", "log": "00" * 32, "copy": "same", "size": 100},
        {"member": "130000", "log": "00" * 32, "copy": "behind", "size": 60},
        {"member": "140000", "log": "00" * 32, "copy": "none", "size": 0},
    ]
    made["gas"] = [
        {
            **{"member": code, "transactions": 30 + at, "unread": 0, "anchors": 900_000 * (at + 1)},
            **{"acts": 40_000, "acknowledgements": 60_000, "products": 0, "votes": 5},
        }
        for at, code in enumerate(PROVINCES)
    ]
    return made


def report(*changes: Change, of: Callable[[], dict[str, Any]] = full) -> ReportFile:
    """A report with changes."""
    made = copy.deepcopy(of())
    for change in changes:
        change(made)
    return read_report(canonical.encode(made))


def finding(code: str, member: str = "110000", where: str = "log/1", **evidence: Any) -> Change:
    """One more finding."""

    def change(made: dict[str, Any]) -> None:
        found = Findings()
        found.add(code, member=member, where=where, **evidence)
        made["findings"] += [copy.deepcopy(one.as_dict()) for one in found.listed()]
        counts = made["counts"]["findings"]
        counts[code] = counts.get(code, 0) + 1

    return change


def gap(code: str, where: str = "log/1", **evidence: Any) -> Change:
    """Something that could not be looked at."""

    def change(made: dict[str, Any]) -> None:
        found = Findings()
        found.unchecked(code, where, **evidence)
        made["incomplete"] += [copy.deepcopy(one.as_dict()) for one in found.incomplete()]

    return change


def setting(path: str, value: Any) -> Change:
    """Another value somewhere: `logs.0.root`."""

    def change(made: dict[str, Any]) -> None:
        *way, last = path.split(".")
        at: Any = made
        for part in way:
            at = at[int(part)] if isinstance(at, list) else at[part]
        at[int(last) if isinstance(at, list) else last] = value

    return change


def next_day(made: dict[str, Any]) -> None:
    """A day after: another block."""
    made["block"] = {"number": 240, "hash": "0x" + "cd" * 32}
    made["blockTime"] = 1_796_086_400


def _log(code: str, at: int) -> dict[str, Any]:
    return {
        "member": code,
        "log": f"{at:02d}" * 32,
        "size": 100 + 200 * at,
        "root": f"{at + 10}" * 32,
        "anchors": 2,
        "entriesRead": 100 + 200 * at,
        "trustedSize": 100 + 200 * at,
        "closed": False,
        "timely": {"yes": 90 + 190 * at, "no": 8 * at, "unknown": 2},
    }


def _stage(member: str, stage: str, *, days: int, limit: int, late: int = 0) -> dict[str, Any]:
    return {
        **{"member": member, "stage": stage, "ended": 4, "running": 1, "late": late, "untold": 0},
        **{"mean": days // 2, "longest": {"days": days, "limit": limit}},
    }


def _service(code: str, at: int) -> dict[str, Any]:
    return {
        "member": code,
        "anchors": {"count": 2, "longestGap": 90_000 * (at + 1), "last": 1_795_990_000},
        "acknowledgements": {"behind": 0, "longest": 3_660 * at},
        "untrue": {"yes": at, "no": 0},
        "promises": {"met": 40, "late": at, "broken": 0, "waiting": 1, "longest": 60 * at},
        "copies": {"same": 1, "behind": 0, "gap": 0, "differs": 0, "untold": 0, "none": 0},
    }
