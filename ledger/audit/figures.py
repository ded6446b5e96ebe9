"""The figures of a report by name and member, as two reports are compared by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from ledger.audit.gas import SORTS
from ledger.audit.report_file import ReportFile

__all__ = ["NAMES", "figures_of", "uncounted"]

NAMES = (
    *("ack-longest", "acts", "anchor-gap", "anchors", "behind", "cases", "entries", "finding"),
    *("flag", "gas", "kind", "late", "logs", "opened", "outcome", "promise-late", "stage-late"),
    *("statements", "timely", "type", "unread", "untrue"),
)
"""Names of figures. After a colon: of which code, kind, type and the like."""
_OF_PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    **{"cases": ("cases",), "gas": ("gas",), "stages": ("stage-late",)},
    "service": ("ack-longest", "anchor-gap", "promise-late", "untrue"),
    "statements": ("opened", "statements"),
}
"""What comes of the parts that a report has only where they were asked for, or where it was made by
a program that knew them."""


def uncounted(report: ReportFile) -> frozenset[str]:
    """Names of the figures that a report did not count; of all others it has what it lacks as 0."""
    told = report.document
    found = {name for part, names in _OF_PARTS.items() if part not in told for name in names}
    if any("timely" not in log for log in told["logs"]):
        found.add("late")
    if not any("promises" in one for one in told.get("service", ())):
        found.add("promise-late")
    return frozenset(found)


def figures_of(report: ReportFile) -> Counter[tuple[str, str]]:
    """By name and member ("": of all)."""
    told, counts = report.document, report.document["counts"]
    found: Counter[tuple[str, str]] = Counter()
    for name in ("acts", "anchors", "entries", "logs"):
        found[name, ""] = counts[name]
    for name, part in (
        *(("finding", "findings"), ("flag", "flags"), ("kind", "kinds")),
        *(("outcome", "outcomes"), ("timely", "timely"), ("type", "types")),
    ):
        found.update({(f"{name}:{one}", ""): count for one, count in counts[part].items()})
    for log in told["logs"]:
        member = log["member"]
        found["entries", member] += log["size"]
        found["anchors", member] += log["anchors"]
        found["unread", member] += max(0, log["size"] - log["entriesRead"])
        found["late", member] += log.get("timely", {}).get("no", 0)
    for one in told["status"]["acknowledged"]:
        found["behind", one["member"]] += one["behind"]
    for one in told.get("service", ()):
        found["anchor-gap", one["member"]] = one["anchors"]["longestGap"]
        found["ack-longest", one["member"]] = one["acknowledgements"]["longest"]
        found["untrue", one["member"]] = sum(one["untrue"].values())
        kept = one.get("promises", {})
        found["promise-late", one["member"]] = kept.get("late", 0) + kept.get("broken", 0)
    for one in told.get("stages", ()):
        found[f"stage-late:{one['stage']}", one["member"]] += one["late"]
    for one in told.get("gas", ()):
        found["gas", one["member"]] += sum(one[name] for name in SORTS)
    for one in told.get("cases", ()):
        found[f"cases:{one['state']}", ""] += 1
    for name, part in (("statements", "entries"), ("opened", "opened")):
        found[name, ""] += told.get("statements", {}).get(part, 0)
    return found
