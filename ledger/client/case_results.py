"""What gateways answer about cases, as values; see `results`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.client.reading import Members

__all__ = ["CaseFiled", "CaseList", "CaseRow", "CaseShown", "CaseStep", "Stage"]


def _raw() -> Any:
    return field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFiled:
    """A case that was filed. deadline: by when it must be accepted; `unknown` where the calendar
    does not say, None: nothing runs."""

    case: str
    step: int
    deadline: str | None

    @classmethod
    def of(cls, told: Members) -> CaseFiled:
        """Read it."""
        return cls(
            case=told.text("case"),
            step=told.integer("step"),
            deadline=told.text_or_none("deadline"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What runs in a case. name None: nothing does."""

    name: str | None
    deadline: str | None
    overdue: bool

    @classmethod
    def of(cls, told: Members) -> Stage:
        """Read it."""
        return cls(
            name=told.text_or_none("name"),
            deadline=told.text_or_none("deadline"),
            overdue=told.flag("overdue"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """A case in a list. proposed: the act of which the release is awaited, None: none."""

    case: str
    record: str
    kind: str
    state: str
    stage: Stage
    proposed: str | None
    raw: Mapping[str, Any] = _raw()

    @classmethod
    def of(cls, told: Members) -> CaseRow:
        """Read it."""
        return cls(
            case=told.text("case"),
            record=told.text("record"),
            kind=told.text("kind"),
            state=told.text("state"),
            stage=Stage.of(told.object("stage")),
            proposed=told.text_or_none("proposed"),
            raw=told.raw,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseList:
    """Cases, the newest first. more: whether there are more than are given."""

    cases: tuple[CaseRow, ...]
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseStep:
    """A step of a case: what, by which member, on which day; commitment: names its statement."""

    step: int
    act: str
    iss: str
    day: str
    commitment: str

    @classmethod
    def of(cls, told: Members) -> CaseStep:
        """Read it."""
        return cls(
            step=told.integer("step"),
            act=told.text("act"),
            iss=told.text("iss"),
            day=told.text("day"),
            commitment=told.text("commitment"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseShown:
    """A case with its steps. awaited: codes of the members that have not carried out its acts. More
    stands in `raw`: acts, acknowledgements, what is proposed."""

    case: str
    record: str
    kind: str
    owner: str
    filer: str
    state: str
    stage: Stage
    steps: tuple[CaseStep, ...]
    awaited: tuple[str, ...]
    raw: Mapping[str, Any] = _raw()

    @classmethod
    def of(cls, told: Members) -> CaseShown:
        """Read it."""
        return cls(
            case=told.text("case"),
            record=told.text("record"),
            kind=told.text("kind"),
            owner=told.text("owner"),
            filer=told.text("filer"),
            state=told.text("state"),
            stage=Stage.of(told.object("stage")),
            steps=tuple(CaseStep.of(one) for one in told.objects("steps")),
            awaited=tuple(told.texts("awaited")),
            raw=told.raw,
        )
