"""Whether a decision is lawful as things stand: asked when it is proposed and when released.

What a correction names must be such that the chain takes it, also behind all that is on its way
there: a correction that is refused would leave an upheld objection without its outcome.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from gateway.base.db import begin_read
from gateway.base.policy import Caller, Status, determined_by
from gateway.cases import store
from gateway.cases.acts import act_of
from gateway.cases.deciding import (
    action_of,
    day_of,
    demand_grounds,
    demand_minimum,
    demand_version,
    pushed_on,
)
from gateway.cases.errors import CaseRefused
from gateway.cases.interfaces import Held, Wanted
from gateway.cases.looking import look
from gateway.cases.marking import TAKES_AWAY
from gateway.cases.registry import Registry
from gateway.cases.services import Cases
from ledger.core.ids import KeyId
from ledger.core.status import (
    ZERO,
    Act,
    Flag,
    Outcome,
    RecordedAct,
    State,
    next_state,
    refusal,
)
from ledger.core.texts import Text
from ledger.records.keys import same_subject

_US: Final = bytes([1]) * 32
"""Stands for whoever signs, where only what an act does is asked."""
_GONE: Final = (Outcome.CORRECTED, Outcome.WITHDRAWN)


class Judged(NamedTuple):
    """What a decision was judged by. other: the record that corrects. state: on the chain."""

    other: Held | None
    state: State


class Judging:
    """Judges decisions about records of this member."""

    def __init__(self, cases: Cases, registry: Registry) -> None:
        self._cases = cases
        self._registry = registry

    def whole(self, held: Held, wanted: Wanted, row: store.Row | None) -> Wanted:
        """A decision with what the case or the record already says: the number of a national
        result, and for one that nobody filed for the class, which such results do not state."""
        if wanted.act != "grant":
            return wanted
        if row is None:
            stated = held.content.class_ if held.content else None
            return replace(wanted, class_=wanted.class_ or stated)
        return replace(wanted, national_no=wanted.national_no or self._number(row))

    def _number(self, row: store.Row) -> str | None:
        """The newest number that a filing or a national result of a case names."""
        with begin_read(self._cases.ctx.engine) as connection:
            for step in reversed(store.steps_of(connection, row.id)):
                if step.act in ("national-result", "file-repair", "file-objection"):
                    number = self._cases.stepper.said(step, connection).national_no
                    if number is not None:
                        return number
        return None

    def grounds(self, caller: Caller, held: Held, wanted: Wanted, *, own: bool) -> None:
        """What whoever proposes must bring. Raises CaseRefused, InputError."""
        demand_grounds(wanted, determined=determined_by(caller, held.known), own=own)
        pushed_on(wanted.pushed, self._cases.ctx.clock.today())

    def lawful(self, held: Held, wanted: Wanted, row: store.Row | None) -> Judged:
        """All that may change between proposal and release. Raises CaseRefused, InputError,
        CouldNotCheck."""
        cases = self._cases
        day = day_of(wanted.day, cases.ctx.clock.today())
        demand_minimum(wanted, held, cases.rules_of(held), cases.kinds, day)
        now = self._registry.now()
        state = now.state(held.acted)
        with begin_read(cases.ctx.engine) as connection:
            other = self._other(connection, held, wanted)
            judged = Judged(other, state)
            demand_version(wanted, state)
            self.free(connection, held, wanted, judged, row)
        if other is not None:
            _demand_standing(now.state(other.acted))
        return judged

    def free(
        self,
        connection: sa.Connection,
        held: Held,
        wanted: Wanted,
        judged: Judged,
        row: store.Row | None,
    ) -> None:
        """What acts on their way and open cases leave possible; under `store.LOCK` nothing comes
        between. Raises CaseRefused."""
        other = judged.other
        if other is not None and store.on_its_way(connection, other.acted, TAKES_AWAY):
            raise CaseRefused("correction-unfit", _GOING)
        action = action_of(wanted)
        if action in TAKES_AWAY and store.named_on_its_way(connection, held.log, held.commitment):
            raise CaseRefused("case-moved", _NAMED)
        going = store.acts_in_flight(connection, held.acted)
        ahead = _ahead(judged.state, going)
        act = self._act(held, wanted, other, ahead)
        if act is not None and (code := refusal(ahead, act, by_vote=False)):
            raise CaseRefused(code, _DECIDED if going else None)
        if row is None and wanted.act == "grant":
            filed = store.open_repair(connection, held.record, held.acted)
            if filed is not None:
                raise CaseRefused("cannot-follow", _FILED, extra={"case": filed.id.hex()})

    def _other(self, connection: sa.Connection, held: Held, wanted: Wanted) -> Held | None:
        """The record that corrects, which must be fit to."""
        if wanted.to_record is None:
            return None
        other = look(connection, self._cases.vault, wanted.to_record)
        if other.acted == held.acted:
            raise CaseRefused("record-unknown", _ITSELF)
        self._demand_fit(held, other)
        return other

    def _demand_fit(self, held: Held, other: Held) -> None:
        if held.content is None or held.schema is None:
            raise CaseRefused("correction-unfit", _ERASED)
        if other.content is None or other.schema is None or other.status is Status.ERASED:
            raise CaseRefused("correction-unfit", _ERASED)
        if held.schema.family != other.schema.family:
            raise CaseRefused("correction-unfit", _OTHER_TYPE)
        mine, theirs = held.content.fields, other.content.fields
        lawful = [subject.codes for subject in self._cases.who.current().subjects]
        if not same_subject((held.schema, mine), (other.schema, theirs), lawful):
            raise CaseRefused("correction-unfit", _OTHER_SUBJECT)
        if other.status is Status.SUPERSEDED:
            raise CaseRefused("correction-unfit", _REPLACED)

    @staticmethod
    def _act(held: Held, wanted: Wanted, other: Held | None, state: State) -> Act | None:
        action = action_of(wanted)
        if action is None:
            return None
        named: dict[str, Any] = {}
        if other is not None:
            named = {"other_log": other.log, "other_commitment": other.commitment}
        return Act(
            log=held.log,
            commitment=held.commitment,
            action=action,
            expected_version=state.word.version,
            basis=wanted.basis or 0,
            doc=ZERO,
            effective_at=0,
            **named,
        )


def _ahead(state: State, rows: Sequence[store.Row]) -> State:
    """The state behind the acts on a record that are on their way, as far as they will be taken."""
    for row in rows:
        act = act_of(row, state.word.version)
        if refusal(state, act, by_vote=False) is None:
            acted = RecordedAct(act=act, member=_US, signed_by=KeyId(ZERO), recorded_at=0, block=0)
            state = next_state(state, acted)
    return state


def _demand_standing(state: State) -> None:
    """What was corrected itself would lead on, in the end back to where it began."""
    if state.word.outcome in _GONE or Flag.ERASED in state.word.flags:
        raise CaseRefused("correction-unfit", _NOT_STANDING)


_ITSELF: Final[Text] = {
    "zh": "更正后的记录须是另一条记录",
    "en": "A record is corrected by another one",
}
_ERASED: Final[Text] = {
    "zh": "其中一条记录的内容已删除，或本节点没有其模板文件，无法比对；可改为撤销",
    "en": "The content of one of the two was erased, or its schema file is not here: they cannot be"
    " compared. Withdraw the record instead",
}
_OTHER_TYPE: Final[Text] = {
    "zh": "更正后的记录须与原记录同类",
    "en": "The record that corrects is of the same type as the one corrected",
}
_OTHER_SUBJECT: Final[Text] = {
    "zh": "更正后的记录须属同一主体；若原记录记错了主体，请撤销原记录",
    "en": "The record that corrects is about the same subject; where the record names the wrong"
    " one, withdraw it",
}
_REPLACED: Final[Text] = {
    "zh": "该记录已被后来的记录取代，请指明现行的一条",
    "en": "A later record was filed in its place; name the one that stands",
}
_NOT_STANDING: Final[Text] = {
    "zh": "该记录已更正、撤销或待删除，请指明现行的一条",
    "en": "That record was corrected, withdrawn or is to be erased; name the one that stands",
}
_GOING: Final[Text] = {
    "zh": "对该记录的更正、撤销或删除正在上链，请指明现行的一条",
    "en": "That record is being corrected, withdrawn or erased; name the one that stands",
}
_NAMED: Final[Text] = {
    "zh": "一项以本记录为更正后记录的更正正在上链，请待其完成后再办",
    "en": "A correction that names this record is on its way to the chain; wait until it is there",
}
_DECIDED: Final[Text] = {
    "zh": "对该记录的另一项决定正在上链，其后不容此项决定",
    "en": "Another decision on this record is on its way to the chain, behind which this one cannot"
    " follow",
}
_FILED: Final[Text] = {
    "zh": "该记录有未办结的修复申请，请在该案件中登记国家平台结果并决定",
    "en": "A repair of this record is open: note the national result there, and decide that case",
}
