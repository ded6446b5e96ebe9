"""Bundles: made of answers, and judged again by whoever holds one (design-2 15).

`completeness`, `verdicts` and `overall` are worked out from the answers and the chain as it was at
the block of each answer; of a bundle that says otherwise nothing counts.

    clear      every province stated every family, and nothing is adverse, disputed or undetermined
    adverse    some record is: it counts, and may be used
    open       neither: somebody is missing or contradicted, or something could not be settled
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger.core.bundle import Bundle, Completeness, parse_bundle
from ledger.core.canonical import hex32, instant
from ledger.core.day_list import Missing
from ledger.core.errors import CouldNotCheck, EvidenceError, Malformed, VersionUnknown
from ledger.core.signed import MAX_BEHIND
from ledger.core.verdict.judging import CLOCK_SKEW
from ledger.core.verdict.verdict import Standing, Verdict
from ledger.core.verdict.verdicts import (
    EXIT_DO_NOT_USE,
    EXIT_NOT_AUTHENTIC,
    EXIT_UNKNOWN,
    EXIT_VALID,
)
from ledger.files.answers import Judged, judge_answer
from ledger.files.problems import Problem, of_error
from ledger.records.schema import Schema
from ledger.verify import Verifier

__all__ = [
    "ENDED",
    "EXIT_OF",
    "Assessment",
    "BundleVerdict",
    "assess",
    "blocks_of",
    "rows_of",
    "verify_bundle",
]

ENDED: Final = frozenset(
    {"repaired", "corrected", "withdrawn", "ended", "expired", "erased", "shielded"}
)
"""Verdicts on records that do not count any more: settled, and not adverse."""
EXIT_OF: Final[Mapping[str, int]] = {
    "clear": EXIT_VALID,
    "adverse": EXIT_DO_NOT_USE,
    "open": EXIT_UNKNOWN,
}
_CLEAR, _ADVERSE, _OPEN = "clear", "adverse", "open"
_VALID = "valid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What follows from answers. judged: in the order of the answers. now: the overall result by
    the chain of today."""

    judged: tuple[Judged, ...]
    completeness: tuple[Completeness, ...]
    overall: str
    now: str

    @property
    def verdicts(self) -> tuple[Mapping[str, Any], ...]:
        """As they stand in a bundle."""
        return tuple(
            told(one.given.answer.iss, verdict, schema)
            for one in self.judged
            for verdict, schema in zip(one.verdicts, one.schemas, strict=True)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleVerdict:
    """What is said of a bundle. bundle None: it cannot be read. assessment None: what it rests on
    is not genuine, or could not be looked at."""

    bundle: Bundle | None
    problems: tuple[Problem, ...]
    assessment: Assessment | None = None

    @property
    def verdict(self) -> str:
        """`clear`, `adverse` or `open`; `false` where something speaks against it, `undetermined`
        where it could not be looked at."""
        if any(one.wrong for one in self.problems):
            return "false"
        if self.problems or self.assessment is None:
            return "undetermined"
        return self.assessment.overall

    @property
    def exit(self) -> int:
        """The exit code of `credit-ledger verify`."""
        if self.verdict == "false":
            return EXIT_NOT_AUTHENTIC
        return EXIT_OF.get(self.verdict, EXIT_UNKNOWN)

    def as_dict(self) -> dict[str, Any]:
        """The document of `verify --json`. Of what is false no record is shown."""
        told_ = self.bundle
        shown = told_ is not None and self.verdict != "false"
        now = None if self.assessment is None else self.assessment.now
        return {
            "_type": "credit-ledger/bundle-verdict@1",
            "verdict": self.verdict,
            "subject": told_ and told_.subject,
            "at": told_ and instant(told_.at),
            "overall": told_ and told_.overall,
            "now": {"overall": now if shown else None},
            "blocks": blocks_of(self.assessment) if shown and self.assessment else {},
            "completeness": [one.to_json() for one in told_.completeness] if told_ else [],
            "missing": [one.to_json() for one in told_.missing] if told_ else [],
            "records": rows_of(self.assessment) if shown and self.assessment else [],
            "problems": [one.as_dict() for one in self.problems],
        }


def assess(
    judged: Sequence[Judged], missing: Sequence[Missing], families: Sequence[str]
) -> Assessment:
    """What follows from answers that were judged. families: those that were asked for."""
    states = [*_stated(judged, families), *_unstated(missing, families)]
    states.sort(key=lambda one: (one.member, one.family))
    complete = bool(judged) and all(one.state == "stated" for one in states)
    return Assessment(
        judged=tuple(judged),
        completeness=tuple(states),
        overall=_overall(judged, complete=complete, now=False),
        now=_overall(judged, complete=complete, now=True),
    )


def verify_bundle(verifier: Verifier, data: bytes) -> BundleVerdict:
    """The verdict on the bytes of a file. Raises nothing that lies in them."""
    try:
        bundle = parse_bundle(data)
    except (Malformed, VersionUnknown) as error:
        return BundleVerdict(bundle=None, problems=(of_error(error),))
    except EvidenceError as error:
        return BundleVerdict(bundle=None, problems=(_differs(str(error)),))
    if (problem := _inconsistent(bundle)) is not None:
        return BundleVerdict(bundle=bundle, problems=(problem,))
    judged = [judge_answer(verifier, one) for one in bundle.answers]
    found = assess(judged, bundle.missing, families_of(bundle))
    problems = [problem for one in found.judged for problem in one.problems]
    if not problems:
        problems += _recomputed(bundle, found)
    # Whatever is open elsewhere: what could not be looked at hides nothing that could.
    problems += [*_dated(verifier, bundle), *_unspoken(verifier, bundle)]
    return BundleVerdict(bundle=bundle, problems=tuple(problems), assessment=found)


def families_of(bundle: Bundle) -> Sequence[str]:
    """The families that were asked for, as far as a bundle tells."""
    if bundle.answers:
        return bundle.answers[0].answer.question.types
    return sorted({one.family for one in bundle.completeness})


def told(member: str, verdict: Verdict, schema: Schema | None) -> dict[str, Any]:
    """A verdict as a bundle holds it: what stays the same for ever."""
    value = verdict.as_dict()
    kept = (
        *("verdict", "authentic", "usable", "asOf", "leaf", "recordId", "type", "class"),
        *("decided", "until", "anchoredAt", "status", "correctedBy", "receiptDigest"),
    )
    return {name: value[name] for name in kept} | {
        "adverse": _adverse(verdict, schema),
        "issuer": member,
    }


def _adverse(verdict: Verdict, schema: Schema | None) -> bool | None:
    """Whether a record speaks against its subject; None: what is shown does not say."""
    if schema is None or verdict.fields is None:
        return None
    return schema.is_adverse(dict(verdict.fields))


def _overall(judged: Sequence[Judged], *, complete: bool, now: bool) -> str:
    words = [
        _word(_adverse(verdict, schema), verdict.now if now else verdict.standing)
        for one in judged
        for verdict, schema in zip(one.verdicts, one.schemas, strict=True)
    ]
    if _ADVERSE in words and not any(one.wrong for one in judged):
        return _ADVERSE
    settled = complete and not any(one.problems for one in judged)
    return _CLEAR if settled and _OPEN not in words else _OPEN


def _word(adverse: bool | None, standing: Standing) -> str:
    """What one record leads to. adverse: as of `_adverse`."""
    if standing.verdict in ENDED:
        return _CLEAR
    if standing.verdict != _VALID or adverse is None:
        return _OPEN
    return _ADVERSE if adverse else _CLEAR


def _stated(judged: Sequence[Judged], families: Sequence[str]) -> Iterator[Completeness]:
    for one in judged:
        for family in families:
            yield Completeness(
                member=one.given.answer.iss,
                family=family,
                state="contradicted" if family in one.refuted else "stated",
            )


def _unstated(missing: Sequence[Missing], families: Sequence[str]) -> Iterator[Completeness]:
    for one in missing:
        for family in families:
            yield Completeness(member=one.member, family=family, state="missing")


# ---- what a bundle says of itself


def _inconsistent(bundle: Bundle) -> Problem | None:
    """Answers to different questions, or for different members, are no bundle."""
    answers = [one.answer for one in bundle.answers]
    if len({(one.to, one.question) for one in answers}) > 1:
        return _differs("answers to different questions, or to different members")
    if any(one.question.code != bundle.subject for one in answers):
        return _differs("an answer about another subject")
    if any(not bundle.at - MAX_BEHIND <= one.at <= bundle.at for one in answers):
        return _differs("an answer of another time")
    return None


def _recomputed(bundle: Bundle, found: Assessment) -> Iterator[Problem]:
    for name, expected, actual in (
        ("completeness", found.completeness, bundle.completeness),
        ("verdicts", found.verdicts, bundle.verdicts),
        ("overall", found.overall, bundle.overall),
    ):
        if expected != actual:
            yield Problem(code="recomputed-differs", evidence={"member": name})


def _dated(verifier: Verifier, bundle: Bundle) -> Iterator[Problem]:
    if bundle.at > verifier.now() + CLOCK_SKEW:
        yield Problem(code="time-wrong", evidence={"at": instant(bundle.at)})


def _unspoken(verifier: Verifier, bundle: Bundle) -> Iterator[Problem]:
    spoken = {one.answer.iss for one in bundle.answers} | {one.member for one in bundle.missing}
    try:
        silent = sorted(set(verifier.provinces_at(bundle.at)) - spoken)
    except CouldNotCheck as error:
        yield Problem(code="chain-unread", evidence={"problem": error.code})
        return
    for code in silent:
        yield Problem(code="province-unspoken", evidence={"member": code})


def _differs(problem: str) -> Problem:
    return Problem(code="parts-differ", evidence={"problem": problem})


def blocks_of(assessment: Assessment) -> dict[str, Any]:
    """The block of each answer; the oldest is that of the whole."""
    return {
        one.given.answer.iss: {"number": one.block.number, "time": instant(one.block.time)}
        for one in assessment.judged
        if one.block is not None
    }


def rows_of(assessment: Assessment) -> list[dict[str, Any]]:
    """Each record with how it stands today beside how it stood."""
    return [
        told(one.given.answer.iss, verdict, schema)
        | {"now": verdict.now.verdict, "record": _shown(verdict), "leaf": _leaf(verdict)}
        for one in assessment.judged
        for verdict, schema in zip(one.verdicts, one.schemas, strict=True)
    ]


def _shown(verdict: Verdict) -> Mapping[str, Any] | None:
    return None if verdict.fields is None else dict(verdict.fields)


def _leaf(verdict: Verdict) -> str | None:
    return None if verdict.receipt is None else hex32(verdict.receipt.leaf)
