"""Lists: which types put somebody on one, which take somebody off, and who is on it on a day.

A list is named by the type of its entries. An entry is in force on a day when by then it was
decided and anchored, is not expired, no exit that names it had taken effect, and no act on the
chain had ended it. What an act recorded later says of an earlier day is for the verifier to tell
(`later`): a list says what was known when it was made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from ledger.core.status import RecordedAct
from ledger.core.verdict.acts import status_of
from ledger.records.fold import fold

__all__ = [
    "ACTED",
    "EXITED",
    "EXPIRED",
    "LISTS",
    "NOT_YET",
    "Entry",
    "Exit",
    "Fields",
    "ListType",
    "absent",
    "exit_of",
    "find",
]

NOT_YET: Final = "not-yet"
"""Decided or anchored after that day."""
EXPIRED: Final = "expired"
"""Its time was over, or it may have been."""
EXITED: Final = "exited"
"""A record of an exit had taken it off."""
ACTED: Final = "ended"
"""By an act on the chain: repaired, corrected, withdrawn, ended, shielded or erased."""

Fields = Mapping[str, str | list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListType:
    """A list. entry, exit: types of record. title: of the list. called, exit_called: field with the
    name of the single list. names, entered: fields of the exit with the number of the decision that
    put the subject on it, and with the day; None: it has none."""

    entry: str
    exit: str
    title: Mapping[str, str]
    called: str
    exit_called: str
    names: str
    entered: str | None


LISTS: Final[tuple[ListType, ...]] = (
    ListType(
        entry="severe-list-entry",
        exit="severe-list-exit",
        title={"zh": "严重失信主体名单", "en": "severe list"},
        called="YZ_MC",
        exit_called="YY_MC",
        names="YY_LRWSH",
        entered=None,
    ),
    ListType(
        entry="abnormal-list",
        exit="abnormal-list-exit",
        title={"zh": "经营异常名录", "en": "list of abnormal operations"},
        called="YC_MC",
        exit_called="YM_MC",
        names="YM_LRWSH",
        entered="YM_LRRQ",
    ),
    ListType(
        entry="incentive-list-entry",
        exit="incentive-list-exit",
        title={"zh": "守信激励名单", "en": "incentive list"},
        called="SX_MC",
        exit_called="SY_MC",
        names="SY_LRWSH",
        entered="SY_LRRQ",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry of one subject. document: its number, folded; None: it has none. called: the single
    list, folded. usable_to: the last day on which use is certain, None: there is no end. anchored:
    Unix seconds. histories: acts on it, and on what it was logged again for."""

    document: str | None
    called: str
    decided: date
    usable_to: date | None
    anchored: int
    histories: Sequence[Sequence[RecordedAct]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """An exit of the same subject. names: number of the decision that it takes back, folded.
    entered: the day of that, where it says so."""

    names: str | None
    called: str
    entered: date | None
    decided: date

    def takes_off(self, entry: Entry) -> bool:
        """Whether it names this entry: by the number of its decision where both have one, else by
        the single list and the day of the entry."""
        if self.decided < entry.decided:
            return False
        if self.names is not None and entry.document is not None:
            return self.names == entry.document
        return self.called == entry.called and self.entered in (None, entry.decided)


def find(name: str) -> ListType | None:
    """The list of this name, or of this title in either language; None: there is none."""
    wanted = fold(name).lower()
    for one in LISTS:
        if wanted in {fold(text).lower() for text in (one.entry, *one.title.values())}:
            return one
    return None


def absent(entry: Entry, exits: Iterable[Exit], day: date, end: int) -> str | None:
    """Why an entry is not on its list on a day; None: it is. end: instant before which counts what
    the chain has, anchors and acts. exits: all those of its subject."""
    if entry.decided > day or entry.anchored >= end:
        return NOT_YET
    if any(_closed(acts, end) for acts in entry.histories):
        return ACTED
    if any(one.decided <= day and one.takes_off(entry) for one in exits):
        return EXITED
    if entry.usable_to is not None and entry.usable_to < day:
        return EXPIRED
    return None


def exit_of(kind: ListType, fields: Fields, decided: date) -> Exit:
    """The exit that a record with these fields is."""
    entered = fields.get(kind.entered) if kind.entered else None
    return Exit(
        names=_folded(fields.get(kind.names)),
        called=_folded(fields.get(kind.exit_called)) or "",
        entered=date.fromisoformat(entered) if isinstance(entered, str) else None,
        decided=decided,
    )


def _closed(acts: Sequence[RecordedAct], end: int) -> bool:
    """Whether what was recorded before `end` ends use; a dispute alone does not."""
    known = [one for one in acts if one.recorded_at < end]
    status = status_of(known, final=_ALL_FINAL, doubtful=lambda _: False)
    return status.outcome != "NONE" or bool({"SHIELDED", "ERASED"} & set(status.flags))


_ALL_FINAL = 2**63
"""Number of a block behind all: whoever asks has read final acts only."""


def _folded(value: object) -> str | None:
    return fold(value) if isinstance(value, str) else None
