"""Statements of the sorts `report`, `outcome` and `feedback`: what was written from records, and
what was done with them (design-2 15 to 17).

    report   {_type:"credit-ledger/report@1", at, content, iss, log, period:{from, to}, salt,
              subject, until}
    outcome  {_type:"credit-ledger/outcome@1", at, granted, households, iss, lent, log, period,
              product, region, salt, seq, version}
    feedback {_type:"credit-ledger/feedback@1", at, day, iss, log, matter, measure, query, result,
              salt}

Amounts are in 万元 (ten thousand yuan), as decimal numbers in one spelling.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.core.authorisation import REGION, SUBJECT
from ledger.core.canonical import MAX_INTEGER, hex32
from ledger.core.errors import Malformed
from ledger.core.ids import Digest
from ledger.core.read import bounded, day, demand_members, digest, matching, optional, within

__all__ = [
    "AMOUNT",
    "MAX_MATTER",
    "MAX_MEASURE",
    "MAX_RESULT",
    "MAX_VERSION",
    "MONTH",
    "Feedback",
    "Outcome",
    "SpecialReport",
    "check_feedback",
    "check_outcome",
    "check_report",
    "feedback_from_members",
    "outcome_from_members",
    "report_from_members",
]

AMOUNT = re.compile(r"(0|[1-9][0-9]{0,11})(\.[0-9]{0,3}[1-9])?")
"""万元 down to one yuan, without what changes nothing: no zeros in front or behind."""
MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
MAX_MATTER = 200  # characters
MAX_MEASURE = 200  # characters
MAX_RESULT = 2_000  # characters
MAX_VERSION = 2**32 - 1  # uint32 on the chain

_REPORT = frozenset({"content", "period", "subject", "until"})
_PERIOD = frozenset({"from", "to"})
_OUTCOME = frozenset(
    {"granted", "households", "lent", "period", "product", "region", "seq", "version"}
)
_FEEDBACK = frozenset({"day", "matter", "measure", "query", "result"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialReport:
    """A special credit report (专项信用报告). content: SHA-256 of it as canonical JSON. start, end:
    first and last day that it speaks of. until: last day on which it is to be relied on."""

    content: Digest
    start: date
    end: date
    subject: str
    until: date

    def members(self) -> dict[str, Any]:
        """The members of its statement beside the common ones."""
        return {
            "content": hex32(self.content),
            "period": {"from": self.start.isoformat(), "to": self.end.isoformat()},
            "subject": self.subject,
            "until": self.until.isoformat(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Sums of a month that an institution reports. granted, lent: credit lines and loans, 万元.
    households: how many borrowers. product: id of the data product; None: the platform itself.
    version: of the product. seq: counts what is reported again; the highest counts."""

    granted: str
    households: int
    lent: str
    period: str
    product: Digest | None
    region: str
    seq: int
    version: int

    def members(self) -> dict[str, Any]:
        """The members of its statement beside the common ones."""
        return {
            "granted": self.granted,
            "households": self.households,
            "lent": self.lent,
            "period": self.period,
            "product": None if self.product is None else hex32(self.product),
            "region": self.region,
            "seq": self.seq,
            "version": self.version,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What was done about a subject. measure: its name in the
    vocabulary in force. query: commitment
    of the query that it rests on."""

    day: date
    matter: str
    measure: str
    query: Digest
    result: str

    def members(self) -> dict[str, Any]:
        """The members of its statement beside the common ones."""
        return {
            "day": self.day.isoformat(),
            "matter": self.matter,
            "measure": self.measure,
            "query": hex32(self.query),
            "result": self.result,
        }


def check_report(members: Mapping[str, Any]) -> None:
    """Malformed unless these are the members of a report beside the common ones."""
    report_from_members(members)


def check_outcome(members: Mapping[str, Any]) -> None:
    """Malformed unless these are the members of an outcome beside the common ones."""
    outcome_from_members(members)


def check_feedback(members: Mapping[str, Any]) -> None:
    """Malformed unless these are the members of a feedback beside the common ones."""
    feedback_from_members(members)


def report_from_members(members: Mapping[str, Any]) -> SpecialReport:
    """The report that the members of a statement tell; Malformed otherwise."""
    demand_members("report", members, _REPORT)
    period = members["period"]
    if not isinstance(period, Mapping):
        raise Malformed("period", "is not an object")
    demand_members("period", period, _PERIOD)
    found = SpecialReport(
        content=digest(members, "content"),
        start=_date(period, "from"),
        end=_date(period, "to"),
        subject=matching(members, "subject", SUBJECT),
        until=_date(members, "until"),
    )
    if found.end < found.start:
        raise Malformed("period", "ends before it begins")
    return found


def outcome_from_members(members: Mapping[str, Any]) -> Outcome:
    """The outcome that the members of a statement tell; Malformed otherwise."""
    demand_members("outcome", members, _OUTCOME)
    return Outcome(
        granted=matching(members, "granted", AMOUNT),
        households=within(members, "households", 0, MAX_INTEGER),
        lent=matching(members, "lent", AMOUNT),
        period=matching(members, "period", MONTH),
        product=optional(members, "product", digest),
        region=matching(members, "region", REGION),
        seq=within(members, "seq", 1, MAX_INTEGER),
        version=within(members, "version", 0, MAX_VERSION),
    )


def feedback_from_members(members: Mapping[str, Any]) -> Feedback:
    """The feedback that the members of a statement tell; Malformed otherwise."""
    demand_members("feedback", members, _FEEDBACK)
    return Feedback(
        day=_date(members, "day"),
        matter=bounded(members, "matter", 1, MAX_MATTER),
        measure=bounded(members, "measure", 1, MAX_MEASURE),
        query=digest(members, "query"),
        result=bounded(members, "result", 0, MAX_RESULT),
    )


def _date(members: Mapping[str, Any], name: str) -> date:
    return date.fromisoformat(day(members, name))
