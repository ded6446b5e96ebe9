"""What finance says and does, as openings, answers and manifests show it to an auditor: held
against the chain and the logs (design-2 14, 15, 17)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ledger.audit.cases import Cases
from ledger.audit.findings import Findings
from ledger.audit.judge_openings import next_batch
from ledger.audit.judge_products import ProductJudge
from ledger.audit.judge_queries import QueryJudge
from ledger.audit.judge_sums import SumsAsked, SumsJudge
from ledger.audit.opened import Opened
from ledger.audit.opened_answers import Answers
from ledger.audit.opened_manifests import Manifests
from ledger.audit.opening_files import OpeningFiles
from ledger.audit.outcomes import Outcomes
from ledger.audit.standing import Standing
from ledger.audit.state import State
from ledger.audit.times import BlockTimes
from ledger.audit.written import Written
from ledger.core.ids import LogId
from ledger.core.keys import Role
from ledger.core.promise import MAX_PROMISE

__all__ = ["Finance"]


@dataclass(slots=True, kw_only=True)
class Finance:
    """Reads what lies beside openings, before the logs are read, and judges it afterwards. now:
    Unix seconds of the last block. asked: sums that are to be made."""

    state: State
    cases: Cases
    written: Written
    opened: Opened
    times: BlockTimes
    findings: Findings
    now: int
    asked: SumsAsked | None = None
    _answers: Answers = field(init=False)
    _manifests: Manifests = field(init=False)
    _outcomes: Outcomes = field(init=False)
    _sums: SumsJudge = field(init=False)
    _standing: Standing = field(init=False)
    _unseen: dict[str, int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._answers = Answers(self.opened, self.state, self.findings)
        self._manifests = Manifests(self.opened, self.written, self.findings)
        self._standing = Standing(self.state, self.times)
        self._outcomes = Outcomes(
            self.opened, self.state, self.written, self._standing, self.findings
        )
        self._sums = SumsJudge(
            outcomes=self._outcomes,
            findings=self.findings,
            now=self.now,
            waiting=self._waiting,
        )

    def take(self, files: OpeningFiles) -> None:
        """Read what is no opening. Raises NotOpenings."""
        for paper in files.papers:
            if paper.kind in ("answer", "bundle"):
                self._answers.take(paper)
            elif paper.kind == "manifest":
                self._manifests.take(paper)
            elif paper.kind == "sums":
                self._sums.take(paper)

    def run(self, unread: frozenset[LogId]) -> None:
        """Judge everything. unread: logs that could not be read whole. Raises CouldNotCheck."""
        sizes = [(log.log_id, log.size) for log in self.state.logs.values() if log.size]
        open_logs = self.opened.open_logs(sizes) - unread
        QueryJudge(
            state=self.state,
            written=self.written,
            opened=self.opened,
            answers=self._answers,
            standing=self._standing,
            findings=self.findings,
            now=self.now,
            unread=unread,
            open_logs=open_logs,
            all_open=all(log in open_logs for log, _ in sizes),
            unseen=self._unseen,
        ).run()
        ProductJudge(
            state=self.state,
            cases=self.cases,
            opened=self.opened,
            manifests=self._manifests,
            findings=self.findings,
            now=self.now,
            whole=not unread,
        ).run()
        self._outcomes.run()
        complete = self._institutions() <= open_logs
        if not complete and (self._sums.count or self.asked):
            self._unseen["outcomes"] = 1
        self._sums.run(complete=complete)

    def _institutions(self) -> frozenset[LogId]:
        """Logs of those that report outcomes."""
        return frozenset(
            log.log_id
            for log in self.state.logs.values()
            if log.size
            and any(roles & Role.INSTITUTION for _, roles in self.state.members[log.member].was)
        )

    def _waiting(self, at: int) -> list[str]:
        """Institutions of that time of which what they stated by then may still wait for its batch:
        none was anchored since the next one was due, and the longest promise is not over."""
        if self.now >= at + MAX_PROMISE:
            return []
        newest: dict[str, int] = {}
        for log in self.state.logs.values():
            anchored = self.times.at(log.anchors[-1].place[0]) if log.anchors else 0
            newest[log.member] = max(newest.get(log.member, 0), anchored)
        due = next_batch(at)
        return sorted(
            code
            for code, anchored in newest.items()
            if anchored < due and self._standing.roles(code, at) & Role.INSTITUTION
        )

    def sums(self) -> dict[str, Any]:
        """The sums that were asked for, once all was judged."""
        return {} if self.asked is None else {"sums": self._sums.made(self.asked)}

    def document(self) -> dict[str, Any]:
        """What the report has of it: how many there are, and of how many it could not be told."""
        sorts = self.opened.sorts()
        return {
            "authorisations": sorts.get("authorisation", 0),
            "revocations": len(self.written.revocations),
            "queries": sorts.get("query", 0),
            "uses": sorts.get("use", 0),
            "answers": self._answers.count(),
            "manifests": self._manifests.count(),
            "outcomes": sorts.get("outcome", 0),
            "sums": self._sums.count,
            "unseen": dict(sorted(self._unseen.items())),
            "products": [
                {
                    "member": made.member,
                    "product": made.product_id.hex(),
                    "kind": made.kind,
                    "versions": len(made.versions),
                    "retired": made.retired is not None,
                }
                for _, made in sorted(self.written.products.items())
            ],
        }
