"""Cases held against the acts on the chain: every act has its step, every step its act, in their
order (design-2 11, 12)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ledger.audit.cases import Cases, action_name
from ledger.audit.done import Done
from ledger.audit.findings import Findings
from ledger.audit.opened import Opened
from ledger.audit.opened_cases import ENDS, MAX_STEPS, OpenedCase, rebuild
from ledger.audit.state import State, is_anew, is_overdue
from ledger.core.canonical import hex32, instant
from ledger.core.case import ACTS_OF_OWNER, Step
from ledger.core.case_chain import ACTIONS, CaseState, Kind
from ledger.core.ids import LogId, RecordId
from ledger.core.promise import MAX_PROMISE
from ledger.core.statement import Statement
from ledger.core.status import Action, Basis, Flag, Outcome
from ledger.core.status import State as Status
from ledger.core.verdict.facts import DAY, end_of

__all__ = ["MAX_MARKING", "Open", "StepJudge", "known_since"]

MAX_MARKING = 20
"""Open objections of a filer with an owner that mark by themselves (design-2 12)."""

_STANDS: Mapping[Action, Outcome] = {
    Action.REPAIR: Outcome.REPAIRED,
    Action.CORRECT: Outcome.CORRECTED,
    Action.WITHDRAW: Outcome.WITHDRAWN,
    Action.END: Outcome.ENDED,
    Action.RESCIND: Outcome.NONE,
}
_FLAGS: Mapping[Action, tuple[Flag, bool]] = {
    Action.SHIELD: (Flag.SHIELDED, True),
    Action.LIFT: (Flag.SHIELDED, False),
    Action.ERASE: (Flag.ERASED, True),
}
_MARKING = (Action.DISPUTE, Action.ANNUL, Action.ANNUL_STOLEN)
_BESIDE = {
    "accept": (Action.DISPUTE,),
    **dict.fromkeys(ENDS, (Action.SETTLE,)),
}
"""What goes with a step beside its act: the mark of what is accepted, and the end of it."""
_OUTCOMES = (Action.CORRECT, Action.WITHDRAW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """All about one record: who owns it, the cases, the steps, whichever case they count in, and
    what was done on the chain."""

    record: RecordId
    owner: str
    log: LogId
    cases: Sequence[OpenedCase]
    steps: Sequence[tuple[Statement, Step]]
    acts: Sequence[Done]
    status: Status | None

    def disputed(self, state: State) -> Iterator[tuple[int, int | None]]:
        """When it was marked, in Unix seconds from and to; None: it is."""
        since: int | None = None
        for done in self.acts:
            action = done.acted.act.action
            if action in _MARKING and since is None:
                since = known_since(done, state)
            elif action == Action.SETTLE and since is not None:
                yield since, known_since(done, state)
                since = None
        if since is not None:
            yield since, None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepJudge:
    """now: Unix seconds of the last block. unread: logs that could not be read whole.
    asked: those of which the owner has answered for every leaf."""

    state: State
    cases: Cases
    opened: Opened
    findings: Findings
    now: int
    unread: frozenset[LogId]
    asked: frozenset[LogId]

    @property
    def all_asked(self) -> bool:
        """Whether everybody was asked for everything: else what is not here may be elsewhere."""
        return len(self.asked) == len(self.state.logs)

    def records(self) -> Iterator[Open]:
        """Every record that steps are about and that stands somewhere, with its cases; findings
        about what stands nowhere, and about what is no case."""
        yield from self._of(self.opened.records(), tell=True)

    def objected(self) -> Iterator[Open]:
        """Those of which an objection was noted, again."""
        yield from self._of(self.opened.objected(), tell=False)

    def _of(self, records: Iterable[RecordId], *, tell: bool) -> Iterator[Open]:
        for record in records:
            statements = self.opened.steps(record, MAX_STEPS + 1)
            acts = self.cases.acts.get(record, [])
            log = self._log_of(record, acts)
            if log is None:
                if tell:
                    self._nowhere(record, statements[0])
                continue
            owner = self.state.logs[log].member
            if tell and len(statements) > MAX_STEPS:
                self.findings.unchecked("case-too-long", f"record/{record.hex()}")
            statements = statements[:MAX_STEPS]
            found = Open(
                record=record,
                owner=owner,
                log=log,
                cases=rebuild(statements, owner=owner),
                steps=[(made, made.step()) for made in statements],
                acts=acts,
                status=self.cases.states.get(record),
            )
            for case in found.cases if tell else ():
                self._broken(found, case)
            yield found

    def _log_of(self, record: RecordId, acts: Sequence[Done]) -> LogId | None:
        """The log in which it stands, or which the acts on it name."""
        place = self.opened.place(record)
        log = place.log if place is not None else (acts[0].acted.act.log if acts else None)
        return log if log in self.state.logs else None

    def _nowhere(self, record: RecordId, first: Statement) -> None:
        if not self.unread and is_overdue(self.state, first.at, self.now):
            self.add("case-on-nothing", first.log, first.iss, first, record=record.hex())

    def _broken(self, found: Open, case: OpenedCase) -> None:
        if case.broken is not None:
            why, made = case.broken
            code = "step-not-the-author" if why == "not-the-author" else "case-broken"
            self.add(code, made.log, made.iss, made, why=why, case=hex32(case.id))
        for made in case.loose:
            if is_overdue(self.state, made.at, self.now) and self.all_asked:
                step = made.step()
                self.add("case-broken", made.log, made.iss, made, why="prev", case=hex32(step.case))

    def add(
        self, code: str, log: LogId, member: str, made: Statement, **evidence: str | int
    ) -> None:
        """A finding about a statement."""
        self.findings.add(
            code, log=log, member=member, where=f"opening/{made.commitment.hex()}", **evidence
        )

    # ---- acts and steps

    def acts(self, found: Open) -> None:
        """Every act of a member has its step, and is what the step says."""
        by_doc: dict[bytes, list[tuple[Statement, Step]]] = {}
        for made, step in found.steps:
            by_doc.setdefault(made.doc(), []).append((made, step))
        for done in found.acts:
            if not done.member or done.acted.act.action == Action.ANNUL_STOLEN:
                continue
            steps = by_doc.get(done.acted.act.doc)
            if steps:
                self._tied(found, done, steps)
            else:
                self.without_step(done)

    def without_step(self, done: Done) -> None:
        """An act for which nobody opened a step, where all had to."""
        act = done.acted.act
        by_others = act.action == Action.DISPUTE  # the step may be another member's
        late = is_overdue(self.state, done.acted.recorded_at, self.now)
        if late and (self.all_asked if by_others else act.log in self.asked):
            self._act("act-without-step", done)

    def others(self, opened: set[RecordId]) -> None:
        """Acts on records of which no step was opened."""
        for record, acts in self.cases.acts.items():
            if record not in opened:
                for done in acts:
                    if done.member and done.acted.act.action != Action.ANNUL_STOLEN:
                        self.without_step(done)

    def _tied(self, found: Open, done: Done, steps: list[tuple[Statement, Step]]) -> None:
        problems = [_difference(done, step) for _, step in steps]
        if all(problems):
            self._act("act-differs-from-step", done, what=str(problems[0]))
            return
        good = [made for (made, _), problem in zip(steps, problems, strict=True) if not problem]
        made = min(good, key=lambda one: one.at)
        if made.at > known_since(done, self.state) + MAX_PROMISE:
            self._act("act-without-step", done, step=instant(made.at))

    def _act(self, code: str, done: Done, **evidence: str | int) -> None:
        act = done.acted.act
        self.findings.add(
            code,
            log=act.log,
            member=done.member,
            where=done.where,
            tx=done.tx,
            action=action_name(act.action),
            **evidence,
        )

    def steps(self, found: Open) -> None:
        """Every decision that goes to the chain is there after 72 hours."""
        for case in found.cases:
            for made, step in case.steps:
                actions = ACTIONS.get(step.act)
                if step.act not in ACTS_OF_OWNER or actions is None:
                    continue
                late = is_overdue(self.state, made.at, self.now)
                if late and not _carried_out(found, actions):
                    self.add("step-without-act", found.log, found.owner, made, act=step.act)

    # ---- objections

    def note_objections(self, found: Open) -> None:
        """Remember how long each was open: which mark by themselves depends on all of a filer."""
        for case in found.cases:
            if case.is_(Kind.OBJECTION) and case.case is not None:
                ended = case.ended
                span = (case.filed, None if ended is None else ended[0].at)
                filer = case.case.filer
                self.opened.note_objection(found.record, filer, found.owner, span, lost=case.lost)

    def unmarked(self, found: Open) -> None:
        """An objection marks its record within 72 hours, beyond the twentieth of a filer and what
        came to nothing before."""
        if not self.all_asked:
            return
        marked = list(found.disputed(self.state))
        for case in found.cases:
            if not case.is_(Kind.OBJECTION) or case.case is None:
                continue
            filed, until = case.filed, case.filed + MAX_PROMISE
            ended = case.ended
            if until >= self.now or (ended is not None and ended[0].at <= until):
                continue
            if any(since <= until and (to is None or to >= filed) for since, to in marked):
                continue
            if self._marks(found, case):
                made = case.steps[0][0]
                self.add("objection-unmarked", found.log, found.owner, made, filed=instant(filed))

    def _marks(self, found: Open, case: OpenedCase) -> bool:
        """Whether an objection had to mark by itself; one that did not keeps no mark either."""
        filer = "" if case.case is None else case.case.filer
        return self.opened.marks(found.record, filer, found.owner, case.filed, MAX_MARKING)

    def settled(self, found: Open) -> None:
        """The mark goes with the end of the last open objection, and after the outcome."""
        for done in found.acts:
            if done.acted.act.action == Action.SETTLE and done.member:
                problem = self._early(found, done)
                if problem:
                    self._act("settle-before-outcome", done, why=problem)

    def _early(self, found: Open, done: Done) -> str | None:
        """Why a mark was taken away too early; None: it was not."""
        time = known_since(done, self.state)
        for case in found.cases:
            if not case.is_(Kind.OBJECTION):
                continue
            known = case.filed + MAX_PROMISE if case.answered is None else case.answered
            ended = case.ended
            is_open = self.all_asked if ended is None else ended[0].at > time
            if known <= time and is_open and self._marks(found, case):
                return "open"
            if ended is None or ended[0].doc() != done.acted.act.doc or ended[1].act != "uphold":
                continue
            before = (one for one in found.acts if one.version < done.version)
            if not any(_is_outcome(one, ended[0]) for one in before):
                return "outcome"
        return None

    def voted(self, found: Open) -> None:
        """A vote marks where the owner left an objection unanswered, and nowhere else."""
        for done in found.acts:
            act = done.acted.act
            if done.member or act.action != Action.DISPUTE or act.basis != Basis.OBJECTION_UPHELD:
                continue
            filed = [
                case
                for case in found.cases
                if case.is_(Kind.OBJECTION) and case.filed <= known_since(done, self.state)
            ]
            time = known_since(done, self.state)
            if filed and not any(_unanswered(case, time) for case in filed):
                self._act("vote-despite-answer", done, owner=found.owner)

    # ---- persons

    def persons(self, found: Open) -> None:
        """Where one member files and decides, two persons do."""
        for case in found.cases:
            if case.case is None or case.case.filer != found.owner or case.is_(Kind.OWN):
                continue
            first = case.steps[0][1]
            for made, step in case.steps[1:]:
                decides = step.act in ACTIONS or step.act in ENDS
                if decides and step.act in ACTS_OF_OWNER and step.role == first.role:
                    self.add("same-person", found.log, found.owner, made, act=step.act)


def known_since(done: Done, state: State) -> int:
    """When an act was recorded first, in Unix seconds. What one that is filed again says of that
    counts while a chain was filled anew, and else for nothing."""
    recorded, first = done.acted.recorded_at, done.acted.act.refiled_from
    return first if 0 < first < recorded and is_anew(state, recorded) else recorded


def _difference(done: Done, step: Step) -> str | None:
    """In what an act is not what its step says."""
    act = done.acted.act
    beside = _BESIDE.get(step.act, ())
    if act.action not in (*ACTIONS.get(step.act, ()), *beside):
        return "action"
    if act.action not in beside and step.act in ACTS_OF_OWNER and act.basis != (step.basis or 0):
        return "basis"
    if step.day is not None and act.effective_at != end_of(date.fromisoformat(step.day)) - DAY:
        return "day"
    return None


def _carried_out(found: Open, actions: Sequence[Action]) -> bool:
    """Whether a decision shows on the chain: by an act, or because it was so already."""
    if any(done.acted.act.action in actions for done in found.acts):
        return True
    status = found.status
    flags = Flag(0) if status is None else status.word.flags
    outcome = Outcome.NONE if status is None else status.word.outcome
    for action in actions:
        if action in _STANDS and _STANDS[action] is outcome:
            return True
        flag, is_set = _FLAGS.get(action, (Flag(0), True))
        if flag and bool(flags & flag) is is_set:
            return True
    return False


def _is_outcome(done: Done, ended: Statement) -> bool:
    act = done.acted.act
    return act.action in _OUTCOMES and act.doc == ended.doc()


def _unanswered(case: OpenedCase, time: int) -> bool:
    """Whether by then the owner had left an objection without an answer for 72 hours."""
    until, answered = case.filed + MAX_PROMISE, case.answered
    if case.case is not None and case.case.state is CaseState.WITHDRAWN:
        return False
    return until <= time and (answered is None or answered > until)
