"""Queries and uses of answers judged: whether an authorisation was in force, whether what was used
had been given, and whether what was given was stated (design-2 14, 15).

An auditor sees a query, not always its answer. What it does not see is taken in favour of the
member: types of which nobody has the answer may have been public ones, which need no
authorisation; clocks may have been off by minutes; and what no log shows was left out only where
every statement was opened in which it could stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from ledger.audit.findings import Findings
from ledger.audit.judge_written import WRITERS
from ledger.audit.opened import Opened, Said
from ledger.audit.opened_answers import Answers, HeldAnswer
from ledger.audit.standing import SLACK, Standing
from ledger.audit.state import State, is_overdue
from ledger.audit.written import Written
from ledger.chain.contracts.structs import GOVERNMENT, PUBLIC
from ledger.chain.visibility import most_seen, widest_of_families
from ledger.core.authorisation import Authorisation, fault_of
from ledger.core.authorisation import from_members as authorisation_from_members
from ledger.core.ids import LogId
from ledger.core.query import Query, Use, query_from_members, use_from_members
from ledger.core.statement import Statement
from ledger.core.verdict.facts import date_of

__all__ = ["QueryJudge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryJudge:
    """What they are held against. now: Unix seconds of the last block. unread: logs that could not
    be read whole. open_logs: those of which every statement is open; all_open: that is so of all.
    unseen: of how many it could not be told, for want of which sort."""

    state: State
    written: Written
    opened: Opened
    answers: Answers
    standing: Standing
    findings: Findings
    now: int
    unread: frozenset[LogId]
    open_logs: frozenset[LogId]
    all_open: bool
    unseen: dict[str, int] = field(default_factory=dict)

    def run(self) -> None:
        """Judge all of them. Raises CouldNotCheck."""
        for said in self.opened.said("query"):
            self._query(said)
        for said in self.opened.said("use"):
            self._use(said)
        for held in self.answers.each():
            self._answer(held)

    # ---- queries

    def _query(self, said: Said) -> None:
        made, query = said.statement, query_from_members(said.statement.members)
        why = self._unauthorised(query, made.iss, made.at)
        if why is not None:
            self._add("query-without-authorisation", made, why=why, asker=query.asker)
        overdue = self._overdue(made.at) and made.log not in self.unread
        if not said.anchored and overdue and self.state.logs[made.log].closed is None:
            self._add("answer-without-query", made, why="not-anchored")

    def _unauthorised(self, query: Query, answerer: str, at: int) -> str | None:
        """Say in a word why nothing allowed this question, at that time; None: something may
        have."""
        if query.asker == answerer:
            return None
        roles = self.standing.roles(query.asker, at)
        if not roles:
            return "asker"
        needs_none = most_seen(roles, query.purpose, authorised=False) == GOVERNMENT
        return None if needs_none else self._not_authorised(query, answerer, at)

    def _not_authorised(self, query: Query, answerer: str, at: int) -> str | None:
        held = self.answers.of(query.answer)
        types = () if held is None else held.answer.question.types
        if query.authorisation is None:
            widest = widest_of_families()
            return "missing" if any(widest.get(one, PUBLIC) > PUBLIC for one in types) else None
        found = self.opened.statement(query.authorisation)
        if found is not None:
            return self._not_in_force(found, query, answerer, types, at)
        if self.all_open and self._overdue(at):
            return "unknown"
        self._not_seen("authorisations")
        return None

    def _not_in_force(
        self, found: Said, query: Query, answerer: str, types: Sequence[str], at: int
    ) -> str | None:
        made = found.statement
        if made.sort != "authorisation":
            return "unknown"
        given = authorisation_from_members(made.members)
        if made.iss == given.grantee or not self.standing.roles(made.iss, made.at) & WRITERS:
            return "custodian"
        if found.counts_from > at + SLACK:
            return "later"
        if why := self._fault(given, query, answerer, types, at):
            return why
        revoked = self.written.revocations.get((made.iss, made.commitment))
        return "revoked" if revoked is not None and revoked.time + SLACK < at else None

    def _fault(
        self, given: Authorisation, query: Query, answerer: str, types: Sequence[str], at: int
    ) -> str | None:
        """What it does not cover, whichever of two days it was that lie minutes apart."""
        region = self.state.members[answerer].region or given.regions[0]
        found = [
            fault_of(
                given,
                grantee=query.asker,
                subject=query.subject,
                purpose=query.purpose,
                region=region,
                types=types,
                on=date.fromisoformat(date_of(time)),
            )
            for time in (at - SLACK, at + SLACK)
        ]
        if None in found:
            return None
        if found[0] == "out-of-scope":
            return "other-region" if region not in given.regions else "other-type"
        return found[0]

    # ---- uses

    def _use(self, said: Said) -> None:
        made, use = said.statement, use_from_members(said.statement.members)
        queries = self.opened.queries(use.answer)
        if queries:
            self._use_of(made, use, queries)
        elif self.all_open and self._overdue(made.at):
            self._add("use-without-answer", made, why="never-given")
        else:
            self._not_seen("answers")
        if use.product is not None:
            self._product(made, use.product)

    def _use_of(self, made: Statement, use: Use, queries: Sequence[Said]) -> None:
        """A use of an answer that these queries state; the one that suits it best counts."""
        problems = [self._use_problem(made, use, one.statement) for one in queries]
        if None not in problems:
            code, why = next(one for one in problems if one is not None)
            self._add(code, made, why=why)

    def _use_problem(self, made: Statement, use: Use, stated: Statement) -> tuple[str, str] | None:
        query = query_from_members(stated.members)
        if query.asker != made.iss:
            return "use-without-answer", "other-asker"
        if stated.at > made.at + SLACK:
            return "use-without-answer", "later"
        if query.purpose != use.purpose:
            return "use-without-authorisation", "other-purpose"
        why = self._unauthorised(query, stated.iss, made.at)
        return None if why is None else ("use-without-authorisation", why)

    def _product(self, made: Statement, product: bytes) -> None:
        """Whose product it is the statement does not say: one in force of any member will do."""
        known = self.written.of_id(product)
        if any(one.in_force(made.at, SLACK) for one in known):
            return
        retired = any(one.retired is not None for one in known)
        why = "unknown" if not known else "retired" if retired else "not-published"
        self._add("use-of-no-product", made, why=why, product=product.hex())

    # ---- answers

    def _answer(self, held: HeldAnswer) -> None:
        """What a member signed must be what it stated in its log."""
        answer = held.answer
        queries = [
            one for one in self.opened.queries(held.digest) if one.statement.iss == answer.iss
        ]
        if queries:
            differences = [_difference(_answer_query(held), one.statement) for one in queries]
            if None not in differences:
                self._tell("answer-differs-from-query", held, why=str(differences[0]))
            return
        logs = {log.log_id for log in self.state.logs.values() if log.member == answer.iss}
        if not logs <= self.open_logs or not self._overdue(answer.at):
            self._not_seen("queries")
            return
        beside = None if held.query is None else self.opened.statement(held.query)
        if beside is not None and beside.statement.iss == answer.iss:
            self._tell("answer-differs-from-query", held, why="answer")
        else:
            self._tell("answer-without-query", held, why="not-stated")

    def _overdue(self, since: int) -> bool:
        return is_overdue(self.state, since, self.now)

    # ---- findings

    def _not_seen(self, what: str) -> None:
        self.unseen[what] = self.unseen.get(what, 0) + 1

    def _add(self, code: str, made: Statement, **evidence: str) -> None:
        where = f"opening/{made.commitment.hex()}"
        self.findings.add(code, log=made.log, member=made.iss, where=where, **evidence)

    def _tell(self, code: str, held: HeldAnswer, **evidence: str) -> None:
        where = f"answer/{held.digest.hex()}"
        self.findings.add(code, log=b"", member=held.answer.iss, where=where, **evidence)


def _answer_query(held: HeldAnswer) -> Query:
    """The query that an answer is to be stated by."""
    answer = held.answer
    return Query(
        answer=held.digest,
        asker=answer.to,
        authorisation=answer.authorisation,
        items=len(answer.items),
        purpose=answer.question.purpose,
        subject=answer.question.code,
    )


def _difference(expected: Query, made: Statement) -> str | None:
    """The first member in which a statement differs; None: in none."""
    told, stated = expected.members(), made.members
    return next((name for name, value in told.items() if stated[name] != value), None)
