"""Events of `CaseRegistry`, folded one by one.

Code that ships with this software counts and chains its acts: what does not go on from the act
before was left out or changed by a node. Other code may say anything; what is wrong with that is a
finding.
"""

from __future__ import annotations

from dataclasses import replace

from ledger.audit.case_rules import act_problem, is_active, undo_problem, vote_problem
from ledger.audit.cases import Acknowledging, Cases, action_name, is_action
from ledger.audit.done import Done
from ledger.audit.findings import Findings
from ledger.audit.state import State, carry_out, missing, threshold_at
from ledger.audit.times import BlockTimes
from ledger.chain.contracts.events import Acknowledged, Acted
from ledger.chain.contracts.structs import code_word
from ledger.core.ids import Digest, KeyId
from ledger.core.status import NOTHING, Action, RecordedAct, next_head, next_state
from ledger.core.status import State as Status


class CaseReader:
    """Takes events in their order. Fills `now`, at the head, and `cases`, at the end of block
    `last`; `now` has acts up to `last` only."""

    def __init__(
        self, state: State, now: State, last: int, times: BlockTimes, findings: Findings
    ) -> None:
        """state, now: what Consortium says at `last` and at the head."""
        self.now = Cases()
        self._told: Cases | None = None
        self._state, self._now_state = state, now
        self._last = last
        self._times = times
        self._findings = findings
        self._votes: list[Acted] = []  # acts of one vote, as far as they came
        self._ours = False  # whether they are of our code

    @property
    def cases(self) -> Cases:
        """At the end of block `last`."""
        return self._told or self.now

    def take(self, event: Acted | Acknowledged, *, in_turn: bool, ours: bool) -> None:
        """One more. in_turn: the contract held the role; ours: it and all before it are what ships.
        Raises CouldNotCheck where an event before it is missing."""
        if ours and not in_turn:
            raise missing(f"{event.entry.address} had no role at block {event.entry.block}")
        if not in_turn:
            self._out_of_turn(event)
            return
        if self._told is None and event.entry.block > self._last:
            self._told = replace(
                self.now,
                states=self.now.states.copy(),
                acknowledged=dict(self.now.acknowledged),
            )
        if isinstance(event, Acted):
            self._act(event, ours=ours)
        else:
            self._acknowledge(event, ours=ours)

    def end(self) -> None:
        """No more events of this contract."""
        self._carry_out()

    @property
    def _final(self) -> bool:
        """Whether the event that is taken is in the report."""
        return self._told is None

    def _out_of_turn(self, event: Acted | Acknowledged) -> None:
        if event.entry.block > self._last:
            return
        if isinstance(event, Acted):
            where = f"record/{event.record_id.hex()}/act/{event.version}"
        else:
            where = f"member/{event.member}/acknowledged/{event.count}"
        self._findings.add("act-out-of-turn", member=event.member, where=where, tx=event.entry.tx)

    # ---- acts

    def _act(self, event: Acted, *, ours: bool) -> None:
        if self._votes and not _same_vote(self._votes[-1], event):
            self._carry_out()
        now, act = self.now, event.act
        acted = RecordedAct(
            act=act,
            member=code_word(event.member),
            signed_by=event.signed_by,
            recorded_at=self._times.at(event.entry.block),
            block=event.entry.block,
        )
        before = now.states.get(act.record, NOTHING)
        done = done_of(event, acted)
        if not is_action(act.action):  # no code of ours takes it, and nobody can fold it
            if ours:
                raise missing(f"act {done.count}: action {act.action}")
            if self._final:
                self._add("act-not-allowed", done, why="action")
            now.count, now.head = event.count, event.head
            return
        after = next_state(before, acted)
        self._continues(event, done, before, after, ours=ours)
        self._judge(done, before)
        if acted.by_vote:
            self._votes.append(event)
            self._ours = ours
        now.count, now.head, now.states[act.record] = event.count, event.head, after
        if self._final:
            now.acts.add(done)

    def _continues(
        self, event: Acted, done: Done, before: Status, after: Status, *, ours: bool
    ) -> None:
        """The event goes on from the one before, of its record and of all."""
        record = event.act.record
        for name, expected, told in (
            ("recordId", record.hex(), event.record_id.hex()),
            ("count", str(self.now.count + 1), str(event.count)),
            ("version", str(after.word.version), str(event.version)),
            ("prevBlock", str(before.word.block), str(event.prev_block)),
            ("head", next_head(self.now.head, record, after.history).hex(), event.head.hex()),
        ):
            if expected != told:
                self._broken(done, name, expected, told, ours=ours)
                return

    def _broken(self, done: Done, name: str, expected: str, told: str, *, ours: bool) -> None:
        if ours:
            raise missing(f"act {done.count}: {name} {told}, not {expected}")
        if self._final:
            self._add("act-discontinuous", done, what=name, expected=expected, told=told)

    def _judge(self, done: Done, before: Status) -> None:
        """What the contract must have looked at."""
        if not self._final:
            return
        acted = done.acted
        if acted.act.action == Action.ANNUL_STOLEN and not any(acted.member + acted.signed_by):
            last = self.now.acts.last(acted.act.record)
            why = undo_problem(self._state, before, last, acted, done.place)
            code = "undone-without-theft"
        else:
            states = self.now.states
            why = act_problem(self._state, states, acted, done.member, done.place)
            code = "act-not-allowed"
        if why is not None:
            self._add(code, done, why=why)

    def _carry_out(self) -> None:
        """A vote on the acts that were taken last."""
        acts, self._votes = self._votes, []
        if not acts:
            return
        event = acts[0]
        name = Digest(event.signed_by)
        given = [one.act for one in acts]
        final = event.entry.block <= self._last
        for state in (self._now_state, self._state) if final else (self._now_state,):
            proposal = state.proposals.get(name)
            why = vote_problem(
                proposal,
                event.entry.address,
                given,
                event.entry.place,
                threshold_at(state, event),
            )
            if proposal is not None and why is None:
                carry_out(state, proposal, event)
            elif self._ours:
                raise missing(f"vote on act {event.count}: {why}")
            elif state is self._state:
                self._findings.add(
                    "act-without-vote",
                    log=event.act.log,
                    member="",
                    where=f"record/{event.act.record.hex()}/act/{event.version}",
                    tx=event.entry.tx,
                    proposal=name.hex(),
                    why=str(why),
                )

    def _add(self, code: str, done: Done, **evidence: str | int) -> None:
        self._findings.add(
            code,
            log=done.acted.act.log,
            member=done.member or self._owner(done),
            where=done.where,
            tx=done.tx,
            action=action_name(done.acted.act.action),
            **evidence,
        )

    def _owner(self, done: Done) -> str:
        log = self._state.logs.get(done.acted.act.log)
        return "" if log is None else log.member

    # ---- acknowledgements

    def _acknowledge(self, event: Acknowledged, *, ours: bool) -> None:
        now, member = self.now, self._now_state.members.get(event.member)
        last = now.acknowledged.get(event.member, 0)
        fits = member is not None and last < event.count <= now.count
        if ours and not fits:
            raise missing(f"member {event.member} acknowledged {event.count} after {last}")
        made = Acknowledging(
            place=event.entry.place,
            member=event.member,
            count=event.count,
            head=event.head,
            key_id=KeyId(event.signed_by),
            time=self._times.at(event.entry.block),
            tx=event.entry.tx,
            contract=event.entry.address,
        )
        if self._final:
            why = "count" if member is not None else "member"
            if fits and member is not None and not is_active(member, event.entry.place):
                fits, why = False, "not-active"
            if not fits:
                self._findings.add(
                    "ack-not-allowed", member=made.member, where=made.where, tx=made.tx, why=why
                )
            now.acknowledgements.append(made)
        now.acknowledged[event.member] = event.count


def _same_vote(one: Acted, other: Acted) -> bool:
    """Whether two acts, one behind the other, are of one vote."""
    return (one.signed_by, one.entry.tx, one.entry.address) == (
        other.signed_by, other.entry.tx, other.entry.address,
    ) and not other.member  # fmt: skip


def done_of(event: Acted, acted: RecordedAct) -> Done:
    """An act as its event has it."""
    return Done(
        place=event.entry.place,
        count=event.count,
        head=event.head,
        version=event.version,
        member=event.member,
        acted=acted,
        tx=event.entry.tx,
        contract=event.entry.address,
    )
