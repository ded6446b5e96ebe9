"""What a monitor tells: facts that happened once, and conditions that last for a while."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final, Literal, NamedTuple

from ledger.audit.codes import CODES
from ledger.audit.compare_codes import DIVERGENCES
from ledger.audit.finding_code import FindingCode
from ledger.audit.findings import Finding, Findings
from ledger.audit.incomplete_codes import INCOMPLETE
from ledger.audit.monitor.codes import MONITOR_CODES
from ledger.core.texts import Text

__all__ = ["Condition", "Item", "Kind", "Name", "about", "facts_of", "item_id"]

Kind = Literal["finding", "news", "over"]
"""Something is wrong; something happened that is not wrong; a condition has ended."""

_AGAIN: Final[Text] = {
    "zh": "稍后会再次查看；持续不消失的，用 audit replay 查明。",
    "en": "It is looked at again; where it stays, `audit replay` tells more.",
}


class Name(NamedTuple):
    """What makes two findings the same one."""

    code: str
    member: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something to be told once. member: code, "" where it is nobody's. where: what it is about.
    evidence: texts and numbers."""

    code: str
    member: str
    where: str
    evidence: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def name(self) -> Name:
        """What it is told once by."""
        return Name(self.code, self.member, self.where)

    @property
    def kind(self) -> Kind:
        """A note is news: nothing is wrong."""
        return "news" if about(self.code).severity == "note" else "finding"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition(Item):
    """Something that is so until it is not any more. patience: seconds for which it must have been
    so before it is told; None: as the monitor was asked."""

    patience: int | None = None


def about(code: str) -> FindingCode:
    """What a code means: of a replay, of a comparison, or of a monitor."""
    if code in MONITOR_CODES:
        return MONITOR_CODES[code]
    if code in CODES:
        return CODES[code]
    if code in DIVERGENCES:
        diverging = DIVERGENCES[code]
        return FindingCode("error", diverging.message, diverging.remedy)
    return FindingCode("warning", INCOMPLETE[code], _AGAIN)


def item_id(network: str, name: Name, since: int) -> str:
    """The same for the same thing of the same network, whoever finds it. since: Unix seconds since
    when a condition is so; 0: it is none."""
    told = "\0".join((network, *name, str(since)))
    return f"aud_{sha256(told.encode()).hexdigest()[:32]}"


def facts_of(findings: Findings) -> list[Item]:
    """All that a judge of a replay found."""
    return [_item(one) for one in findings.listed()]


def _item(found: Finding) -> Item:
    told: dict[str, Any] = {"code": found.code, "member": found.member, "where": found.where}
    return Item(**told, evidence=dict(found.evidence))
