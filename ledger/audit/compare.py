"""Two reports held against each other: of two days, or of two auditors.

What stands on the chain is the same for everybody, and never changes afterwards; where two reports
do not agree in that, one of them was shown another chain or another log. That is a divergence, the
one thing here that somebody must answer for. What is read beside it (openings, mirrors, files) may
differ by what an auditor was given, and is told as what is new, gone, changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from ledger.audit.compare_codes import DIVERGENCES
from ledger.audit.figures import figures_of, uncounted
from ledger.audit.incomplete_codes import EVENTS_MISSING
from ledger.audit.report_file import ReportFile
from ledger.core.errors import LedgerError

__all__ = [
    "EXIT_DIFFERENT",
    "EXIT_SAME",
    "EXIT_UNCERTAIN",
    "MOST",
    "TYPE",
    "Comparison",
    "Divergence",
    "OtherNetwork",
    "Relation",
    "compare",
]

TYPE: Final = "credit-ledger/audit-comparison@1"
EXIT_SAME, EXIT_DIFFERENT, EXIT_UNCERTAIN = 0, 1, 4
MOST: Final = 1_000
"""Differences of one sort that are listed; `counts` tells how many there are."""
Relation = Literal["same-bytes", "same-block", "other-hash", "later"]
_BESIDE: Final = ("cases", "mirrors", "gas", "sums")
"""What a report has only where it was asked for."""


class OtherNetwork(LedgerError):
    """The reports are of two networks, of which nothing can be compared."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """Something that everybody sees alike, and two reports do not. a, b: as each has it; "" where
    it has nothing."""

    code: str
    member: str
    where: str
    a: str
    b: str

    def as_dict(self) -> dict[str, Any]:
        """As the comparison shows it."""
        about = DIVERGENCES[self.code]
        return {
            **{"code": self.code, "member": self.member, "where": self.where},
            **{"a": self.a, "b": self.b, "message": about.message, "remedy": about.remedy},
        }


@dataclass(slots=True, kw_only=True)
class Comparison:
    """What two reports have in common, a being the earlier one. swapped: whether it was given
    second. beside: what only one of them was asked for. uncertain: whether one could not look at
    all, so that what is new or gone may only have been unread."""

    a: ReportFile
    b: ReportFile
    swapped: bool
    relation: Relation
    beside: dict[str, str]
    divergences: list[Divergence] = field(default_factory=list)
    new: list[dict[str, Any]] = field(default_factory=list)
    gone: list[dict[str, Any]] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)
    same: int = 0
    figures: list[dict[str, Any]] = field(default_factory=list)

    @property
    def uncertain(self) -> bool:
        """Whether one of them is incomplete, and they are not the same."""
        gaps = self.a.document["incomplete"] or self.b.document["incomplete"]
        return self.relation != "same-bytes" and bool(gaps)

    @property
    def differs(self) -> bool:
        """Whether anything is told in which they differ. Reports of one block that are not the same
        bytes do, if only in their words."""
        told = self.divergences or self.new or self.gone or self.changed or self.figures
        return self.relation == "same-block" or bool(told)

    @property
    def exit(self) -> int:
        """0: the same. 1: they differ. 4: they differ or seem the same, but one is incomplete. What
        diverges does so whatever was not read, except where events are missing."""
        blind = any(
            gap["code"] == EVENTS_MISSING
            for report in (self.a, self.b)
            for gap in report.document["incomplete"]
        )
        if self.relation == "same-bytes":
            return EXIT_SAME
        if self.divergences and not blind:
            return EXIT_DIFFERENT
        if self.uncertain:
            return EXIT_UNCERTAIN
        return EXIT_DIFFERENT if self.differs else EXIT_SAME

    def as_dict(self) -> dict[str, Any]:
        """As `--json` shows it."""
        return {
            "_type": TYPE,
            "a": _told(self.a),
            "b": _told(self.b),
            "swapped": self.swapped,
            "relation": self.relation,
            "uncertain": self.uncertain,
            "beside": self.beside,
            "counts": {
                **{"divergences": len(self.divergences), "new": len(self.new)},
                **{"gone": len(self.gone), "changed": len(self.changed), "same": self.same},
                "figures": len(self.figures),
            },
            "divergences": [one.as_dict() for one in self.divergences[:MOST]],
            "findings": {
                **{"new": self.new[:MOST], "gone": self.gone[:MOST]},
                "changed": self.changed[:MOST],
            },
            "figures": self.figures[:MOST],
        }


def _told(report: ReportFile) -> dict[str, Any]:
    return {
        **{"network": report.document["network"], "block": report.document["block"]},
        **{"sha256": report.digest, "incomplete": len(report.document["incomplete"])},
        "findings": len(report.document["findings"]),
    }


def compare(first: ReportFile, second: ReportFile) -> Comparison:
    """Hold two reports against each other, the one of the lower block as the earlier. Raises
    OtherNetwork."""
    if first.network != second.network:
        names = " / ".join(f"{chain} {consortium}" for chain, consortium in
                           (first.network, second.network))  # fmt: skip
        raise OtherNetwork(names)
    swapped = second.block[0] < first.block[0]
    a, b = (second, first) if swapped else (first, second)
    beside = {
        name: "a" if name in a.document else "b"
        for name in _BESIDE
        if (name in a.document) != (name in b.document)
    }
    found = Comparison(a=a, b=b, swapped=swapped, relation=_relation(a, b), beside=beside)
    if found.relation == "same-bytes":
        found.same = len(a.document["findings"])
        return found
    found.divergences += _divergences(a, b)
    _findings(found)
    told = figures_of(a), figures_of(b)
    unknown = uncounted(a) | uncounted(b)
    for key in sorted(told[0].keys() | told[1].keys()):
        if key[0].partition(":")[0] in unknown:
            continue  # what one of them did not count is not none
        was, now = (one.get(key, 0) for one in told)
        if was != now:
            found.figures.append({"figure": key[0], "member": key[1], "a": was, "b": now})
    return found


def _relation(a: ReportFile, b: ReportFile) -> Relation:
    if a.digest == b.digest:
        return "same-bytes"
    if a.block[0] != b.block[0]:
        return "later"
    return "same-block" if a.block == b.block else "other-hash"


# ---- what everybody sees alike


def _divergences(a: ReportFile, b: ReportFile) -> Iterator[Divergence]:
    (number, was), (_, now) = a.block, b.block
    if a.block[0] == b.block[0] and was != now:
        yield Divergence("block-differs", "", f"block/{number}", was, now)
    yield from _logs(a, b)
    yield from _status(a, b)
    for part, names in _LASTING.items():
        yield from _lasting(a, b, part, names)
    if a.block == b.block:
        yield from _at_one_block(a, b)


def _logs(a: ReportFile, b: ReportFile) -> Iterator[Divergence]:
    """Of a log a later report has the same root at the same size, and no smaller one."""
    later = {log["log"]: log for log in b.document["logs"]}
    for log in a.document["logs"]:
        was, found = f"{log['size']} {log['root']}", later.get(log["log"])
        where = f"log/{log['log']}"
        if found is None:
            yield Divergence("part-gone", log["member"], where, was, "")
            continue
        now = f"{found['size']} {found['root']}"
        if found["size"] < log["size"]:
            yield Divergence("log-shrank", log["member"], where, was, now)
        elif found["size"] == log["size"] and found["root"] != log["root"]:
            yield Divergence("log-differs", log["member"], where, was, now)


def _status(a: ReportFile, b: ReportFile) -> Iterator[Divergence]:
    """Acts are only added: to all of them, and to those of each record."""
    was, now = a.document["status"], b.document["status"]
    if now["count"] < was["count"] or (now["count"] == was["count"] and now["head"] != was["head"]):
        told = (f"{one['count']} {one['head']}" for one in (was, now))
        yield Divergence("acts-differ", "", "status", *told)
    later = {one["recordId"]: one for one in now["records"]}
    for one in was["records"]:
        found, where = later.get(one["recordId"]), f"record/{one['recordId']}"
        told_was = f"{one['version']} {one['history']}"
        if found is None:
            yield Divergence("record-differs", "", where, told_was, "")
        elif found["version"] < one["version"] or (
            found["version"] == one["version"] and found["history"] != one["history"]
        ):
            told_now = f"{found['version']} {found['history']}"
            yield Divergence("record-differs", "", where, told_was, told_now)


_LASTING: Final = {
    "members": ("code",),
    "keys": ("member", "keyId"),
    "votes": ("proposal",),
    "catalogue": ("itemId", "region", "version"),
}
"""Lists from which nothing ever goes, and what names one of theirs."""


def _lasting(
    a: ReportFile, b: ReportFile, part: str, names: tuple[str, ...]
) -> Iterator[Divergence]:
    there = {tuple(one[name] for name in names) for one in b.document[part]}
    for one in a.document[part]:
        key = tuple(one[name] for name in names)
        if key not in there:
            where = "/".join([part, *map(str, key)])
            yield Divergence("part-gone", one.get("member", one.get("code", "")), where, "+", "")


_OF_FILES: Final = ("list-", "draw", "record-left-out")
"""How codes begin of what is found in lists of a day and draws."""
_ON_CHAIN: Final = ("threshold", "chair", "members", "keys", "votes", "catalogue", "contracts")


def _at_one_block(a: ReportFile, b: ReportFile) -> Iterator[Divergence]:
    """At one block the chain says one thing, and who looked at the same finds the same."""
    for part in _ON_CHAIN:
        if a.document[part] != b.document[part]:
            yield Divergence("chain-differs", "", part, *_first_other(a, b, part))
    if any(one.document["incomplete"] or _asked(one) for one in (a, b)):
        return  # what was found follows from what was read and given
    told = [sorted(map(_key, filter(_of_all, one.document["findings"]))) for one in (a, b)]
    if told[0] != told[1]:
        yield Divergence("findings-differ", "", "findings", *(str(len(one)) for one in told))


def _asked(report: ReportFile) -> bool:
    """Whether more was looked at than the chain and the logs."""
    return any(name in report.document for name in _BESIDE if name != "gas")


def _of_all(finding: dict[str, Any]) -> bool:
    """Whether it is found by whoever replays, whatever files he has beside."""
    return not finding["code"].startswith(_OF_FILES)


def _first_other(a: ReportFile, b: ReportFile, part: str) -> tuple[str, str]:
    """The first that differs in a part, as each has it."""
    was, now = a.document[part], b.document[part]
    if not isinstance(was, list):
        return str(was), str(now)
    for one, other in zip(was, now, strict=False):
        if one != other:
            return str(one), str(other)
    return str(len(was)), str(len(now))


# ---- findings


def _key(finding: dict[str, Any]) -> tuple[str, str, str]:
    return finding["code"], finding["member"], finding["where"]


def _findings(found: Comparison) -> None:
    """What is the same, what has other evidence, what came and went."""
    left: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for one in found.b.document["findings"]:
        left.setdefault(_key(one), []).append(one)
    unmatched = []
    for one in found.a.document["findings"]:
        there = left.get(_key(one), [])
        again = next((other for other in there if other["evidence"] == one["evidence"]), None)
        if again is None:
            unmatched.append(one)
        else:
            there.remove(again)
            found.same += 1
    for one in unmatched:
        if there := left.get(_key(one), []):
            now = there.pop(0)
            found.changed.append({**now, "evidence": {"a": one["evidence"], "b": now["evidence"]}})
        else:
            found.gone.append(one)
    found.new += [one for there in left.values() for one in there]
