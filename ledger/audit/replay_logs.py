"""All logs of a replay, one after the other, and what can be told only of all of them together."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ledger.audit.commitments import NEVER, Dangling, Duplicate, Subject
from ledger.audit.entries import Tally
from ledger.audit.log_account import LogAccount
from ledger.audit.log_judge import Against, LogJudge
from ledger.audit.state import Log, Place
from ledger.core.ids import LogId

__all__ = ["LogsReplay", "ReadLogs", "subjects_of"]


class ReadLogs(Protocol):
    """Reads logs for their judges."""

    def begin(self, judges: Sequence[LogJudge]) -> None:
        """These will be asked for, in this order."""

    def __call__(self, judge: LogJudge) -> LogAccount:
        """Read one and have it judged. Raises CouldNotCheck, CannotResume."""


@dataclass(slots=True, kw_only=True)
class LogsReplay:
    """Has them read and judged. logs: in the order of the report.

    Afterwards: tallies: of each log; untrue: how many of its records say untruly that they were
    shared in time, or late; unread: those that could not be read whole.
    """

    logs: Sequence[Log]
    against: Against
    read: ReadLogs
    tallies: list[Tally] = field(default_factory=list)
    untrue: list[Counter[str]] = field(default_factory=list)
    unread: frozenset[LogId] = frozenset()

    def run(self) -> None:
        """All of them. Raises CouldNotCheck, CannotResume."""
        against, ranks = self.against, _ranks(self.logs)
        incomplete: set[str] = set()
        unread: set[int] = set()
        judges = [
            LogJudge(log=log, number=number, ranks=ranks[number], against=against)
            for number, log in enumerate(self.logs)
        ]
        self.read.begin(judges)
        for judge in judges:
            account = self.read(judge)
            judge.end(account)
            self.tallies.append(account.tally)
            self.untrue.append(judge.timely.counts())
            if not account.complete:
                incomplete.add(judge.log.member)
            if not account.whole:
                unread.add(judge.number)
        for same in against.commitments.found(against.references.each):
            self._duplicate(same)
        against.acted_on.judge(self.logs, unread, against.findings)
        for dangling in against.references.dangling():
            # What is named may stand where we could not read.
            if self.logs[dangling.seat.log].member not in incomplete:
                self._dangling(dangling)
        self.unread = frozenset(self.logs[number].log_id for number in unread)

    # ---- of all logs together

    def _where(self, log: int, index: int) -> str:
        return f"log/{self.logs[log].log_id.hex()}/entry/{index}"

    def _duplicate(self, same: Duplicate) -> None:
        if same.again.rank == NEVER:
            return
        log = self.logs[same.again.log]
        self.against.findings.add(
            "entry-duplicate",
            log=log.log_id,
            member=log.member,
            where=self._where(same.again.log, same.again.index),
            first=self._where(same.first.log, same.first.index),
        )

    def _dangling(self, dangling: Dangling) -> None:
        log = self.logs[dangling.seat.log]
        self.against.findings.add(
            "replaces-not-stranded" if dangling.replaces else "corrects-dangling",
            log=log.log_id,
            member=log.member,
            where=self._where(dangling.seat.log, dangling.seat.index),
            target=dangling.target.hex(),
        )


def _places(logs: Sequence[Log]) -> list[tuple[Place, int]]:
    """Of all anchors in order, each with the number of its log."""
    return sorted(
        (anchor.place, number) for number, log in enumerate(logs) for anchor in log.anchors
    )


def _ranks(logs: Sequence[Log]) -> list[list[int]]:
    """Of each log the ranks of its anchors among all."""
    ranks: list[list[int]] = [[] for _ in logs]
    for rank, (_, number) in enumerate(_places(logs)):
        ranks[number].append(rank)
    return ranks


def subjects_of(logs: Sequence[Log], anew: Callable[[Place], bool]) -> list[Subject]:
    """What references need of each log. anew: whether a closing was one that a chain before had,
    so that what it stranded had been logged again by then."""
    places, subjects = _places(logs), []
    for log in logs:
        if log.closed is None:
            subjects.append(Subject(log.log_id, log.member))
        else:
            place, trusted = log.closed
            closed = 0 if anew(place) else bisect_left(places, (place, 0))
            subjects.append(Subject(log.log_id, log.member, trusted, closed))
    return subjects
