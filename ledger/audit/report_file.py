"""A report that somebody hands over, read: its bytes are the canonical ones, and all that a page or
a comparison uses has its form. What it says may be anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, get_args

from ledger.audit.codes import CODES
from ledger.audit.document import TYPE
from ledger.audit.finding_code import Severity
from ledger.core import canonical
from ledger.core.errors import Malformed

__all__ = ["MAX_REPORT", "NotAReport", "ReportFile", "read_report", "severity_of"]

MAX_REPORT: Final = 256 << 20
"""Bytes. An act on a record takes 500: half a million acts are some decades of four provinces."""
_DEPTH: Final = 16
_ANY: Final = object()


class NotAReport(Malformed):
    """No report of `audit replay`. what: the member that is wrong, such as `findings[3].code`."""


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A report. digest: SHA-256 of its bytes; auditors with the same one have the same report."""

    document: dict[str, Any]
    digest: str

    @property
    def network(self) -> tuple[int, str]:
        """Chain and consortium."""
        return self.document["network"]["chainId"], self.document["network"]["consortium"]

    @property
    def block(self) -> tuple[int, str]:
        """Number and hash of the last one."""
        return self.document["block"]["number"], self.document["block"]["hash"]

    def severities(self) -> Counter[str]:
        """How many findings of each severity are listed."""
        return Counter(severity_of(one) for one in self.document["findings"])


@dataclass(frozen=True, slots=True)
class _Maybe:
    """A member that reports need not have."""

    shape: Any


_TEXT: Final = {"zh": str, "en": str}
_COUNTS: Final = {"": int}  # a map of names to numbers
_TIMELY: Final = {"yes": int, "no": int, "unknown": int}
_PLACE: Final = {"code": str, "where": str, "evidence": {"": (str, int)}, "message": _TEXT}
_SHAPE: Final[Mapping[str, Any]] = {
    "_type": str,
    "network": {"chainId": int, "consortium": str},
    "block": {"number": int, "hash": str},
    "blockTime": _Maybe(int),
    "incomplete": [_PLACE],
    "findings": [_PLACE | {"severity": str, "member": str, "remedy": _TEXT}],
    "threshold": int,
    "chair": str,
    "contracts": [{"": _ANY}],
    "members": [{"code": str, "region": str, "roles": int, "status": int, "endpoint": str}],
    "keys": [{"keyId": str, "member": str, "": _ANY}],
    "votes": [{"proposal": str, "": _ANY}],
    "catalogue": [{"itemId": str, "region": str, "version": int, "": _ANY}],
    "logs": [
        {
            **{"member": str, "log": str, "size": int, "root": str, "anchors": int},
            **{"entriesRead": int, "timely": _Maybe(_TIMELY), "": _ANY},
        }
    ],
    "status": {
        "count": int,
        "head": str,
        "records": [{"recordId": str, "version": int, "history": str, "": _ANY}],
        "acts": [
            {"member": str, "action": str, "count": int, "delay": {"longest": int, "mean": int}}
        ],
        "acknowledged": [{"member": str, "count": int, "behind": int, "since": int}],
    },
    "counts": {
        **{"logs": int, "anchors": int, "entries": int, "acts": int},
        **{"kinds": _COUNTS, "types": _COUNTS, "timely": _TIMELY, "findings": _COUNTS},
        **{"outcomes": _COUNTS, "flags": _COUNTS},
    },
    "statements": _Maybe({"entries": int, "opened": int}),
    "cases": _Maybe([{"state": str, "": _ANY}]),
    "stages": _Maybe(
        [
            {
                **{"member": str, "stage": str, "ended": int, "running": int, "late": int},
                **{"untold": int, "mean": int, "longest": {"days": int, "limit": int}},
            }
        ]
    ),
    "finance": _Maybe({"unseen": _COUNTS, "": _ANY}),
    "mirrors": _Maybe([{"member": str, "log": str, "copy": str, "size": int}]),
    "gas": _Maybe(
        [
            {
                **{"member": str, "transactions": int, "unread": int, "anchors": int},
                **{"acts": int, "acknowledgements": int, "products": int, "votes": int},
            }
        ]
    ),
    "service": _Maybe(
        [
            {
                **{"member": str, "untrue": {"yes": int, "no": int}},
                "anchors": {"count": int, "longestGap": int, "last": int},
                "acknowledgements": {"behind": int, "longest": int},
                "promises": _Maybe(
                    {"met": int, "late": int, "broken": int, "waiting": int, "longest": int}
                ),
                "copies": _Maybe(_COUNTS),
            }
        ]
    ),
    "": _ANY,
}
"""What members must be, by name; under "" what any other may be, nothing where there is no ""."""


def severity_of(finding: Mapping[str, Any]) -> str:
    """How severe a finding is: what its code says, for a report may say anything. Of a code that we
    do not know: what the report says, an error where that is nothing."""
    known = CODES.get(finding["code"])
    if known is not None:
        return known.severity
    return finding["severity"] if finding["severity"] in get_args(Severity) else "error"


def read_report(data: bytes, *, max_bytes: int = MAX_REPORT) -> ReportFile:
    """The report in a file of `audit replay`. One line end behind it is let pass. Raises
    NotAReport."""
    bare = data.removesuffix(b"\n")
    try:
        document = canonical.parse(bare, max_bytes=max_bytes, max_depth=_DEPTH)
    except Malformed as error:
        raise NotAReport("report", error.problem) from error
    if not isinstance(document, dict) or document.get("_type") != TYPE:
        raise NotAReport("_type", f"not {TYPE}")
    _demand(document, _SHAPE, "")
    return ReportFile(document, sha256(bare).hexdigest())


def _demand(value: Any, shape: Any, field: str) -> None:
    """Raise NotAReport where a value has not its form."""
    if shape is _ANY:
        return
    if isinstance(shape, _Maybe):
        _demand(value, shape.shape, field)
    elif isinstance(shape, dict):
        if not isinstance(value, dict):
            raise NotAReport(field, "not an object")
        _demand_members(value, shape, field)
    elif isinstance(shape, list):
        if not isinstance(value, list):
            raise NotAReport(field, "not a list")
        for at, item in enumerate(value):
            _demand(item, shape[0], f"{field}[{at}]")
    elif type(value) not in (shape if isinstance(shape, tuple) else (shape,)):
        raise NotAReport(field, "not text" if shape is str else "not a whole number")


def _demand_members(value: dict[str, Any], shape: Mapping[str, Any], field: str) -> None:
    prefix = f"{field}." if field else ""
    for name, one in shape.items():
        if name and name not in value and not isinstance(one, _Maybe):
            raise NotAReport(prefix + name, "missing")
    for name, one in value.items():
        _demand(one, shape.get(name, shape.get("", _ANY)), (prefix + name)[:100])
