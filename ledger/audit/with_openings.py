"""Replay with openings at hand: every statement opened, every case rebuilt (design-2 10 to 13)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ledger.audit.cases import Cases
from ledger.audit.finance import Finance
from ledger.audit.findings import Findings
from ledger.audit.judge_clocks import ClockJudge
from ledger.audit.judge_openings import Judge, take
from ledger.audit.judge_steps import StepJudge
from ledger.audit.judge_sums import SumsAsked
from ledger.audit.opened import Opened
from ledger.audit.opening_files import OpeningFiles
from ledger.audit.rows import Rows
from ledger.audit.state import State
from ledger.audit.times import BlockTimes
from ledger.audit.written import Written
from ledger.core.ids import LogId
from ledger.records.calendar import Calendar

__all__ = ["WithOpenings"]


@dataclass(slots=True)
class WithOpenings:
    """Openings, from before the logs are read until after. Close it."""

    opened: Opened
    judge: Judge
    cases: Cases
    finance: Finance
    _shown: dict[str, Any]

    @classmethod
    def begin(
        cls,
        files: OpeningFiles,
        *,
        state: State,
        cases: Cases,
        written: Written,
        times: BlockTimes,
        findings: Findings,
        chain_id: int,
        now: int,
        sums: SumsAsked | None = None,
    ) -> WithOpenings:
        """Read all of them. now: Unix seconds of the last block. sums: to be made of the outcomes.
        Raises NotOpenings."""
        opened = Opened()
        judge = Judge(state=state, findings=findings, chain_id=chain_id, now=now)
        try:
            finance = Finance(
                state=state,
                cases=cases,
                written=written,
                opened=opened,
                times=times,
                findings=findings,
                now=now,
                asked=sums,
            )
            take(files, opened, judge)
            finance.take(files)
        except BaseException:
            opened.close()
            raise
        return cls(opened, judge, cases, finance, {})

    def run(self, unread: frozenset[LogId], calendar: Calendar | None = None) -> None:
        """Judge everything, once all logs were read. unread: those that could not be whole.
        calendar: of working days, None: the packaged one."""
        opened, judge = self.opened, self.judge
        opened.end()
        for held in opened.each():
            judge.opening(held, opened, unread)
        judge.batches(opened, unread)
        judge.unopened(opened)
        steps = StepJudge(
            state=judge.state,
            cases=self.cases,
            opened=opened,
            findings=judge.findings,
            now=judge.now,
            unread=unread,
            asked=frozenset(
                log.log_id
                for log in judge.state.logs.values()
                if opened.covers(log.log_id, log.size)
            ),
        )
        clocks = ClockJudge(steps, calendar)
        shown, seen = Rows(), set()
        for found in steps.records():
            seen.add(found.record)
            steps.note_objections(found)
            steps.acts(found)
            steps.steps(found)
            steps.voted(found)
            steps.persons(found)
            clocks.run(found)
            for case in found.cases:  # both come in their order
                shown.append(case.as_dict())
        steps.others(seen)
        for found in steps.objected():
            steps.unmarked(found)
            steps.settled(found)
        self.finance.run(unread)
        entries, opened_ = opened.counts()
        self._shown = {
            "statements": {"entries": entries, "opened": opened_},
            "cases": shown,
            "stages": clocks.stages(),
            "finance": self.finance.document(),
            **self.finance.sums(),
        }

    def document(self) -> dict[str, Any]:
        """What the report has beside everything else."""
        return self._shown

    def close(self) -> None:
        """Drop the temporary file."""
        self.opened.close()
