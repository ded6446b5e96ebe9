"""What gateways answer to questions about subjects, as values; see `results`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.client.errors import AnswerMalformed
from ledger.client.reading import Members
from ledger.client.wire import Answer
from ledger.core.bundle import Bundle, Completeness, parse_bundle
from ledger.core.errors import EvidenceError, VersionUnknown
from ledger.core.texts import Text

__all__ = [
    "CheckAnswer",
    "FeedbackAnswer",
    "RecordFound",
    "Usage",
    "Use",
    "UseList",
    "UseRow",
    "records_of",
]


def _raw() -> Any:
    return field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFound:
    """A record in an answer, as it was judged. issuer: the member that gave it. adverse: whether it
    speaks against the subject, None: what is shown does not say. More stands in `raw`: class,
    status, days."""

    issuer: str
    record: str | None
    leaf: str | None
    type: str | None
    verdict: str
    adverse: bool | None
    raw: Mapping[str, Any] = _raw()

    @classmethod
    def of(cls, told: Members) -> RecordFound:
        """Read it."""
        return cls(
            issuer=told.text("issuer"),
            record=told.text_or_none("recordId"),
            leaf=told.text_or_none("leaf"),
            type=told.text_or_none("type"),
            verdict=told.text("verdict"),
            adverse=None if told.raw.get("adverse") is None else told.flag("adverse"),
            raw=told.raw,
        )


def records_of(bundle: Bundle, url: str) -> tuple[RecordFound, ...]:
    """The records in a bundle. Raises AnswerMalformed."""
    return tuple(RecordFound.of(Members(url, "verdict", dict(one))) for one in bundle.verdicts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """All that the provinces state of a subject. id: under which it is kept at the gateway.
    overall: clear, adverse or open, then; now: today, None: that is not told. answered: how many
    records each member gave. queries: commitment of the query at each, for feedback. missing: why
    a member gave no answer. data: the bundle, byte for byte as it is to be kept; what it is worth
    `ledger.judge_file` says."""

    id: str
    subject: str
    overall: str
    now: str | None
    answered: Mapping[str, int]
    queries: Mapping[str, str]
    missing: Mapping[str, str]
    completeness: tuple[Completeness, ...]
    records: tuple[RecordFound, ...]
    data: bytes = field(repr=False)

    @classmethod
    def of(cls, answer: Answer, id_: str | None) -> Use:
        """Read it. id_: where it is known; None: a header tells. Raises AnswerMalformed."""
        try:
            bundle = parse_bundle(answer.body)
        except (EvidenceError, VersionUnknown) as error:
            raise AnswerMalformed(answer.url, str(error)) from error
        name = id_ or answer.headers.get("credit-ledger-use")
        if name is None:
            raise AnswerMalformed(answer.url, "a bundle without its number")
        given = {one.answer.iss: one for one in bundle.answers}
        return cls(
            id=name,
            subject=bundle.subject,
            overall=bundle.overall,
            now=answer.headers.get("credit-ledger-now"),
            answered={code: len(one.answer.items) for code, one in given.items()},
            queries={code: one.opening.statement.commitment.hex() for code, one in given.items()},
            missing={one.member: one.reason for one in bundle.missing},
            completeness=bundle.completeness,
            records=records_of(bundle, answer.url),
            data=answer.body,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UseRow:
    """A question in the log of the gateway. answered: members; missing: why others gave no answer.
    items: records that came. kept: whether its bundle still is, None: that is not told here."""

    id: str
    at: str
    subject: str
    purpose: str
    matter: str
    types: tuple[str, ...]
    authorisation: str | None
    items: int
    overall: str
    decision: str
    kept: bool | None
    raw: Mapping[str, Any] = _raw()

    @classmethod
    def of(cls, told: Members) -> UseRow:
        """Read it."""
        return cls(
            id=told.text("id"),
            at=told.text("at"),
            subject=told.text("subject"),
            purpose=told.text("purpose"),
            matter=told.text("matter"),
            types=told.texts("types"),
            authorisation=told.text_or_none("authorisation"),
            items=told.integer("items"),
            overall=told.text("overall"),
            decision=told.text("decision"),
            kept=told.flag("kept") if "kept" in told.raw else None,
            raw=told.raw,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UseList:
    """Questions, the newest first. next: what to ask on with as `before`; None: that is all."""

    uses: tuple[UseRow, ...]
    next: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How others used answers of this member, as they reported it: uses by member, purpose and
    decision, measures by member. unrelated: what rests on no answer that they were given."""

    uses: tuple[Mapping[str, Any], ...]
    measures: tuple[Mapping[str, Any], ...]
    unrelated: tuple[Mapping[str, Any], ...]

    @classmethod
    def of(cls, told: Members) -> Usage:
        """Read it."""
        names = ("uses", "measures", "unrelated")
        return cls(**{name: tuple(one.raw for one in told.objects(name)) for name in names})


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckAnswer:
    """One of many. n: its place among those that were asked about, from 0. code, message: why it
    could not be asked about, None: it was. Otherwise as of `Use`, None or empty where it was
    not."""

    n: int
    subject: str
    use: str | None
    overall: str | None
    now: str | None
    queries: Mapping[str, str]
    missing: Mapping[str, str]
    records: tuple[RecordFound, ...]
    code: str | None
    message: Text | None
    raw: Mapping[str, Any] = _raw()

    @classmethod
    def of(cls, told: Members, n: int) -> CheckAnswer:
        """Read it."""
        use = told.text_or_none("use")
        failed = None if told.raw.get("problem") is None else told.object("problem")
        queries = told.object("queries") if use else None
        return cls(
            n=n,
            subject=told.text("code"),
            use=use,
            overall=told.text("overall") if use else None,
            now=told.text_or_none("now"),
            queries={} if queries is None else {one: queries.text(one) for one in queries.raw},
            missing={one.text("member"): one.text("reason") for one in told.objects("missing")},
            records=tuple(RecordFound.of(one) for one in told.objects("records")),
            code=None if failed is None else failed.text("code"),
            message=None if failed is None else failed.languages("message"),
            raw=told.raw,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackAnswer:
    """What became of a row of feedback. n: its place, from 0. statement: its commitment, None: it
    was not taken. errors: why; `field`, `code` and `message` each."""

    n: int
    statement: str | None
    errors: tuple[Mapping[str, Any], ...]

    @classmethod
    def of(cls, told: Members, n: int) -> FeedbackAnswer:
        """Read it."""
        return cls(
            n=n,
            statement=told.text_or_none("statement"),
            errors=tuple(one.raw for one in told.objects("errors")),
        )
