"""Reading and writing the tables of the cases, within the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from gateway.cases.models import acts, case_steps, cases, proposals
from ledger.core.case_chain import OPEN, CaseState, Kind
from ledger.core.status import Act, Action

LOCK = "cases"
"""Name of the lock under which cases change. Whoever takes it and that of the statements takes this
one first."""

IN_FLIGHT = ("waiting", "signed", "sent")
PAGE = 500
"""Cases that are read at once."""
PROPOSED = "proposed"
"""State of a proposal that may still be released."""
SENT_BACK = "sent-back"
"""State of one that whoever releases would not."""
_MANY = 10_000
_MARKING = (int(Action.DISPUTE), int(Action.SETTLE))

Row = sa.Row[Any]


def case_row(connection: sa.Connection, case: bytes) -> Row | None:
    """A case; None where there is none."""
    return connection.execute(sa.select(cases).where(cases.c.id == case)).one_or_none()


def demand_case(connection: sa.Connection, case: bytes) -> Row:
    """A case that must be there."""
    return connection.execute(sa.select(cases).where(cases.c.id == case)).one()


def owner_of(connection: sa.Connection, record: bytes) -> str | None:
    """Whose a record is that a case was filed about before; None: none was."""
    query = sa.select(cases.c.owner).where(cases.c.record == record).limit(1)
    return connection.scalar(query)


def steps_of(connection: sa.Connection, case: bytes) -> Sequence[Row]:
    """Its steps in their order, without those that others came before."""
    query = sa.select(case_steps).where(case_steps.c.case == case, case_steps.c.step.is_not(None))
    return connection.execute(query.order_by(case_steps.c.step)).all()


def displaced_of(connection: sa.Connection, case: bytes) -> Sequence[Row]:
    """Steps of ours that steps of the owner came before: each is to be filed anew."""
    query = sa.select(case_steps).where(case_steps.c.case == case, case_steps.c.step.is_(None))
    return connection.execute(query.order_by(case_steps.c.day, case_steps.c.commitment)).all()


def has_step(connection: sa.Connection, commitment: bytes) -> bool:
    """Whether a step is here."""
    query = sa.select(case_steps.c.commitment).where(case_steps.c.commitment == commitment)
    return connection.execute(query).first() is not None


def displace(
    connection: sa.Connection, case: bytes, last: Row, *, state: CaseState, accepted: bool
) -> None:
    """Take back all steps behind `last`, with the state that stood then. Under `LOCK`."""
    behind = sa.update(case_steps).where(case_steps.c.case == case, case_steps.c.step > last.step)
    # Its request is free again: the same asked for once more is another step, behind another one.
    connection.execute(behind.values(step=None, request=None))
    change = sa.update(cases).where(cases.c.id == case)
    values = {"state": state, "accepted": accepted, "steps": last.step, "last": last.commitment}
    connection.execute(change.values(**values))


def step_row(connection: sa.Connection, commitment: bytes) -> Row:
    """A step by its commitment, which must be there."""
    query = sa.select(case_steps).where(case_steps.c.commitment == commitment)
    return connection.execute(query).one()


def filings_of(connection: sa.Connection, token: int, since: int) -> int:
    """How many cases a token has filed since a Unix second; not decisions of the owner's own."""
    query = (
        sa.select(sa.func.count())
        .select_from(cases)
        .join(case_steps, case_steps.c.case == cases.c.id)
        .where(case_steps.c.step == 1, case_steps.c.token == token)
        .where(cases.c.opened > since, cases.c.kind != Kind.OWN)
    )
    return connection.scalar(query) or 0


def step_of_request(connection: sa.Connection, request: bytes) -> Row | None:
    """The step that a request became."""
    query = sa.select(case_steps).where(case_steps.c.request == request)
    return connection.execute(query).one_or_none()


def listed(
    connection: sa.Connection, state: str | None, *, running: bool, skip: int = 0
) -> Sequence[Row]:
    """A page of cases by their opening, the newest first, behind as many as `skip`. running: those
    in a stage alone, the one that has lasted longest first. state: `PROPOSED` for those of which a
    decision is proposed, `SENT_BACK` for open ones of which the last one came back."""
    query = sa.select(cases).limit(PAGE).offset(skip)
    if running:
        query = query.where(cases.c.stage.is_not(None)).order_by(cases.c.since, cases.c.id)
    else:
        query = query.order_by(cases.c.opened.desc(), cases.c.id)
    if state == PROPOSED:
        waits = sa.select(proposals.c.id).where(
            proposals.c.case == cases.c.id, proposals.c.state == PROPOSED
        )
        query = query.where(waits.exists())
    elif state == SENT_BACK:
        back = sa.select(proposals.c.id).where(
            proposals.c.case == cases.c.id, proposals.c.state == SENT_BACK
        )
        query = query.where(back.exists(), cases.c.state.in_(OPEN))
    elif state is not None:
        query = query.where(cases.c.state == state)
    return connection.execute(query).all()


def open_objections(
    connection: sa.Connection,
    *,
    record: bytes | None = None,
    filer: str | None = None,
    owner: str | None = None,
) -> int:
    """How many objections are open that have marked a record, or how many of a filer are about
    records of an owner."""
    query = sa.select(sa.func.count()).select_from(cases)
    query = query.where(cases.c.kind == Kind.OBJECTION, cases.c.state.in_(OPEN))
    if record is not None:
        # One that never marked the record keeps no mark. By the record of the act: a case may name
        # another one of its chain.
        marks = sa.select(acts.c.id).where(acts.c.case == cases.c.id, acts.c.record == record)
        query = query.where(marks.where(acts.c.action == int(Action.DISPUTE)).exists())
    for column, value in ((cases.c.filer, filer), (cases.c.owner, owner)):
        if value is not None:
            query = query.where(column == value)
    return connection.scalar(query) or 0


def of_records(connection: sa.Connection, *records: bytes) -> Sequence[Row]:
    """All that was filed about any of these, the newest first; not what their owner decided by
    itself."""
    filed = cases.c.kind.in_([Kind.REPAIR, Kind.OBJECTION])
    query = sa.select(cases).where(cases.c.record.in_(records), filed)
    return connection.execute(query.order_by(cases.c.opened.desc(), cases.c.id)).all()


def open_repair(connection: sa.Connection, *records: bytes) -> Row | None:
    """The repair of a record that is open, the oldest of several; None where there is none. Where
    it was logged again: by what it is now, and by the first of its chain, on which acts are."""
    query = sa.select(cases).where(
        cases.c.record.in_(records), cases.c.kind == Kind.REPAIR, cases.c.state.in_(OPEN)
    )
    return connection.execute(query.order_by(cases.c.opened, cases.c.id).limit(1)).one_or_none()


def lost_objections(connection: sa.Connection, *records: bytes) -> Sequence[Row]:
    """Objections to a record, by its ids as of `open_repair`, that came to nothing; taken back or
    declined too, or filing and taking back in turns would mark it for ever."""
    lost = (
        *(CaseState.DISMISSED, CaseState.UNCONFIRMED),
        *(CaseState.DECLINED, CaseState.WITHDRAWN),
    )
    query = sa.select(cases).where(cases.c.record.in_(records), cases.c.kind == Kind.OBJECTION)
    return connection.execute(query.where(cases.c.state.in_(lost))).all()


def put_act(connection: sa.Connection, case: bytes, act: Act, after: int | None = None) -> int:
    """Have an act sent; its number. Under `LOCK`."""
    number = (connection.scalar(sa.select(sa.func.max(acts.c.id))) or 0) + 1
    values = {
        "id": number,
        "case": case,
        "record": act.record,
        "log": act.log,
        "commitment": act.commitment,
        "action": int(act.action),
        "basis": int(act.basis),
        "doc": act.doc,
        "other_log": act.other_log,
        "other_commitment": act.other_commitment,
        "effective_at": act.effective_at,
        "after": after,
        "state": "waiting",
        "attempt": 0,
    }
    connection.execute(sa.insert(acts).values(values))
    return number


def acts_of(connection: sa.Connection, case: bytes) -> Sequence[Row]:
    """What goes to the chain with a case."""
    query = sa.select(acts).where(acts.c.case == case).order_by(acts.c.id)
    return connection.execute(query).all()


def act_row(connection: sa.Connection, number: int) -> Row | None:
    """One act."""
    return connection.execute(sa.select(acts).where(acts.c.id == number)).one_or_none()


def acts_in_flight(connection: sa.Connection, record: bytes | None = None) -> Sequence[Row]:
    """All acts that are not done yet, those of each record in the order in which they go; of one
    record where it is named. What is filed again goes first, as it went before."""
    query = sa.select(acts).where(acts.c.state.in_(IN_FLIGHT))
    if record is not None:
        query = query.where(acts.c.record == record)
    rows = connection.execute(query.order_by(acts.c.id)).all()
    return sorted(rows, key=lambda row: (row.place is None, row.place or 0, row.id))


def has_acts_in_flight(connection: sa.Connection) -> bool:
    """Whether any act is not done yet."""
    query = sa.select(acts.c.id).where(acts.c.state.in_(IN_FLIGHT))
    return connection.execute(query.limit(1)).first() is not None


def newest_recorded(connection: sa.Connection) -> Row | None:
    """The act that was recorded in the latest block of which the hash is known."""
    query = sa.select(acts).where(acts.c.state == "recorded", acts.c.block_hash.is_not(None))
    return connection.execute(query.order_by(acts.c.block.desc(), acts.c.id).limit(1)).first()


def recorded_acts(connection: sa.Connection) -> Sequence[Row]:
    """All that was recorded, in the order of their blocks."""
    query = sa.select(acts).where(acts.c.state == "recorded")
    return connection.execute(query.order_by(acts.c.block, acts.c.id)).all()


def act_figures(connection: sa.Connection) -> dict[str, int]:
    """How many acts are in each state that is not the end of a good one; `held`: of those on their
    way, which the chain refused or no key could sign."""
    states = (*IN_FLIGHT, "refused")
    query = sa.select(acts.c.state, sa.func.count()).where(acts.c.state.in_(states))
    found = dict.fromkeys(states, 0)
    found |= {state: count for state, count in connection.execute(query.group_by(acts.c.state))}
    held = sa.select(sa.func.count()).where(acts.c.state.in_(IN_FLIGHT), acts.c.failures > 0)
    return {**found, "held": connection.scalar(held) or 0}


def refile(connection: sa.Connection, numbers: Sequence[int] | None = None) -> int:
    """Have acts sent again that a chain recorded which was lost; how many. numbers: None: all, with
    what was on its way there. Under `LOCK`."""
    unsent: dict[str, Any] = {"state": "waiting", "code": None, "signature": None, "version": None}
    unsent |= {"deadline": None, "registry": None, "failures": 0, "not_before": None}
    if numbers is None:
        going = sa.update(acts).where(acts.c.state.in_(IN_FLIGHT))
        connection.execute(going.values(**unsent))
    change = sa.update(acts).where(acts.c.state == "recorded")
    if numbers is not None:
        change = change.where(acts.c.id.in_(numbers))
    # Where it was lost before, the first time counts: since then it has been in force.
    first = sa.case(
        (acts.c.refiled_from == 0, sa.func.coalesce(acts.c.recorded_at, 0)),
        else_=acts.c.refiled_from,
    )
    again: dict[str, Any] = {
        "refiled_from": first,
        "place": acts.c.version,
        "attempt": acts.c.attempt + 1,
    }
    again |= {"block": None, "block_hash": None, "recorded_at": None}
    return connection.execute(change.values(**unsent, **again)).rowcount


def running(connection: sa.Connection) -> Sequence[Row]:
    """Stages that run, each with its `number` of cases."""
    columns = (cases.c.stage, cases.c.since, cases.c.authority_kind)
    query = sa.select(*columns, sa.func.count().label("number"))
    return connection.execute(query.where(cases.c.stage.is_not(None)).group_by(*columns)).all()


def count_refused(connection: sa.Connection) -> int:
    """How many cases have an act that was refused, and whose record nobody has acted on since."""
    later = acts.alias()
    since = sa.select(later.c.id).where(
        later.c.record == acts.c.record, later.c.id > acts.c.id, later.c.state == "recorded"
    )
    query = sa.select(sa.func.count(acts.c.case.distinct()))
    return connection.scalar(query.where(acts.c.state == "refused", ~since.exists())) or 0


def on_its_way(connection: sa.Connection, record: bytes, actions: Sequence[Action]) -> bool:
    """Whether one of these acts on a record is not done yet."""
    query = sa.select(acts.c.id).where(
        acts.c.record == record, acts.c.state.in_(IN_FLIGHT), acts.c.action.in_(map(int, actions))
    )
    return connection.execute(query.limit(1)).first() is not None


def named_on_its_way(connection: sa.Connection, log: bytes, commitment: bytes) -> bool:
    """Whether a correction that names a record as the one that stands is not done yet."""
    query = sa.select(acts.c.id).where(
        acts.c.state.in_(IN_FLIGHT),
        acts.c.other_log == log,
        acts.c.other_commitment == commitment,
    )
    return connection.execute(query.limit(1)).first() is not None


def mark_left(connection: sa.Connection, record: bytes) -> bool:
    """Whether a mark stands that no open objection keeps: its SETTLE was refused."""
    query = (
        sa.select(acts.c.action, acts.c.state)
        .where(acts.c.record == record, acts.c.action.in_(_MARKING))
        .order_by(acts.c.id.desc())
    )
    last = connection.execute(query.limit(1)).first()
    refused = last is not None and (last.action, last.state) == (int(Action.SETTLE), "refused")
    return refused and open_objections(connection, record=record) == 0


def change_act(connection: sa.Connection, number: int, **values: Any) -> None:
    """Note what became of an act."""
    connection.execute(sa.update(acts).where(acts.c.id == number).values(**values))


def has_dispute(connection: sa.Connection, case: bytes) -> bool:
    """Whether a case has marked its record."""
    query = sa.select(acts.c.id).where(acts.c.case == case, acts.c.action == int(Action.DISPUTE))
    return connection.execute(query.limit(1)).first() is not None


def marked_again(connection: sa.Connection, record: bytes, since: int) -> bool:
    """Whether an objection opened since has marked this record, beside the first that ever did."""
    query = (
        sa.select(cases.c.opened)
        .join(acts, cases.c.id == acts.c.case)
        .where(acts.c.record == record, acts.c.action == int(Action.DISPUTE))
        .order_by(acts.c.id)
    )
    return any(opened >= since for opened in list(connection.scalars(query))[1:])


def proposal(
    connection: sa.Connection, *, case: bytes | None = None, record: bytes | None = None
) -> Row | None:
    """The newest proposal of a case that was filed, or of the owner's own decision about a record;
    released ones too."""
    found = last_proposals(connection, case=case, record=record)
    return found[0] if found else None


def last_proposals(
    connection: sa.Connection, *, case: bytes | None = None, record: bytes | None = None
) -> Sequence[Row]:
    """The newest two."""
    query = sa.select(proposals).order_by(proposals.c.id.desc()).limit(2)
    if case is not None:
        query = query.where(proposals.c.case == case)
    if record is not None:
        query = query.where(proposals.c.record == record, proposals.c.own)
    return connection.execute(query).all()


def last_released(connection: sa.Connection, record: bytes) -> Row | None:
    """The newest of the owner's own decisions about a record that was released."""
    query = sa.select(proposals).where(
        proposals.c.record == record, proposals.c.own, proposals.c.state == "released"
    )
    return connection.execute(query.order_by(proposals.c.id.desc()).limit(1)).first()


def put_proposal(connection: sa.Connection, **values: Any) -> int:
    """Keep a proposal; its number. Under `LOCK`."""
    number = (connection.scalar(sa.select(sa.func.max(proposals.c.id))) or 0) + 1
    connection.execute(sa.insert(proposals).values(id=number, state=PROPOSED, **values))
    return number


def standing(
    connection: sa.Connection, *, own: bool, case: bytes, record: bytes, **_: Any
) -> Sequence[Row]:
    """What was proposed before about the same, and not released; what was sent back, too."""
    query = sa.select(proposals).where(proposals.c.state.in_((PROPOSED, SENT_BACK)))
    if own:
        return connection.execute(query.where(proposals.c.record == record, proposals.c.own)).all()
    return connection.execute(query.where(proposals.c.case == case)).all()


def proposed(connection: sa.Connection, *, own: bool | None = None) -> Sequence[Row]:
    """All that was not released, replaced or given up, the oldest first. own: those alone, or none
    of them."""
    query = sa.select(proposals).where(proposals.c.state == PROPOSED).order_by(proposals.c.id)
    if own is not None:
        query = query.where(proposals.c.own == own)
    return connection.execute(query.limit(_MANY)).all()


def proposed_of(connection: sa.Connection, ids: Sequence[bytes]) -> Sequence[Row]:
    """The same of these cases."""
    query = sa.select(proposals).where(proposals.c.state == PROPOSED, proposals.c.case.in_(ids))
    return connection.execute(query.order_by(proposals.c.id)).all()


def sent_back(
    connection: sa.Connection, *, own: bool = False, ids: Sequence[bytes] = ()
) -> Sequence[Row]:
    """Proposals that came back, in whose place none stands yet, the oldest first: the owner's own
    decisions, or those of these cases."""
    query = sa.select(proposals).where(proposals.c.state == SENT_BACK)
    query = query.where(proposals.c.own if own else proposals.c.case.in_(ids))
    return connection.execute(query.order_by(proposals.c.id).limit(_MANY)).all()


def end_proposals(connection: sa.Connection, numbers: Sequence[int], state: str) -> None:
    """Note that proposals came to nothing; nothing of what they said stays."""
    change = sa.update(proposals).where(proposals.c.id.in_(numbers))
    connection.execute(change.values(state=state, content=b""))


def send_back(connection: sa.Connection, number: int, *, materials: str, content: bytes) -> None:
    """Note that a proposal was not released. content: why, sealed. Under `LOCK`."""
    change = sa.update(proposals).where(proposals.c.id == number)
    connection.execute(change.values(state=SENT_BACK, materials=materials, content=content))


def proposal_of_request(connection: sa.Connection, request: bytes) -> Row | None:
    """The proposal that a request became."""
    query = sa.select(proposals).where(proposals.c.request == request)
    return connection.execute(query).one_or_none()


def close_proposal(connection: sa.Connection, number: int, step: bytes) -> None:
    """Note that a proposal was released as this step."""
    change = sa.update(proposals).where(proposals.c.id == number)
    connection.execute(change.values(state="released", step=step))
