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
_MANY = 10_000
_MARKING = (int(Action.DISPUTE), int(Action.SETTLE))

Row = sa.Row[Any]


def case_row(connection: sa.Connection, case: bytes) -> Row | None:
    """A case; None where there is none."""
    return connection.execute(sa.select(cases).where(cases.c.id == case)).one_or_none()


def steps_of(connection: sa.Connection, case: bytes) -> Sequence[Row]:
    """Its steps in their order."""
    query = sa.select(case_steps).where(case_steps.c.case == case).order_by(case_steps.c.step)
    return connection.execute(query).all()


def step_row(connection: sa.Connection, commitment: bytes) -> Row:
    """A step by its commitment, which must be there."""
    query = sa.select(case_steps).where(case_steps.c.commitment == commitment)
    return connection.execute(query).one()


def step_of_request(connection: sa.Connection, request: bytes) -> Row | None:
    """The step that a request became."""
    query = sa.select(case_steps).where(case_steps.c.request == request)
    return connection.execute(query).one_or_none()


def listed(
    connection: sa.Connection, state: str | None, *, running: bool, skip: int = 0
) -> Sequence[Row]:
    """A page of cases by their opening, the newest first, behind as many as `skip`. running: those
    in a stage alone, the one that has lasted longest first. state: `PROPOSED` for those of which a
    decision is proposed."""
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
    elif state is not None:
        query = query.where(cases.c.state == state)
    return connection.execute(query).all()


def open_objections(
    connection: sa.Connection, *, record: bytes | None = None, filer: str | None = None
) -> int:
    """How many objections are open that have marked a record, or how many of a filer are."""
    query = sa.select(sa.func.count()).select_from(cases)
    query = query.where(cases.c.kind == Kind.OBJECTION, cases.c.state.in_(OPEN))
    if record is not None:
        query = query.where(cases.c.record == record)
        # One that never marked the record keeps no mark.
        marks = sa.select(acts.c.id).where(acts.c.case == cases.c.id)
        query = query.where(marks.where(acts.c.action == int(Action.DISPUTE)).exists())
    if filer is not None:
        query = query.where(cases.c.filer == filer)
    return connection.scalar(query) or 0


def open_repair(connection: sa.Connection, record: bytes) -> bytes | None:
    """A repair of a record that is open; None where there is none."""
    query = sa.select(cases.c.id).where(
        cases.c.record == record, cases.c.kind == Kind.REPAIR, cases.c.state.in_(OPEN)
    )
    return connection.scalar(query.order_by(cases.c.opened).limit(1))


def lost_objections(connection: sa.Connection, record: bytes) -> Sequence[Row]:
    """Objections to a record that came to nothing."""
    lost = (CaseState.DISMISSED, CaseState.UNCONFIRMED)
    query = sa.select(cases).where(cases.c.record == record, cases.c.kind == Kind.OBJECTION)
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


def running(connection: sa.Connection) -> Sequence[Row]:
    """Stages that run, each with its `number` of cases."""
    columns = (cases.c.stage, cases.c.since, cases.c.authority_kind)
    query = sa.select(*columns, sa.func.count().label("number"))
    return connection.execute(query.where(cases.c.stage.is_not(None)).group_by(*columns)).all()


def count_in_flight(connection: sa.Connection) -> int:
    """How many acts are not done yet."""
    query = sa.select(sa.func.count()).select_from(acts).where(acts.c.state.in_(IN_FLIGHT))
    return connection.scalar(query) or 0


def count_refused(connection: sa.Connection) -> int:
    """How many cases have an act that was refused, and whose record nobody has acted on since."""
    later = acts.alias()
    since = sa.select(later.c.id).where(
        later.c.record == acts.c.record, later.c.id > acts.c.id, later.c.state == "recorded"
    )
    query = sa.select(sa.func.count(acts.c.case.distinct()))
    return connection.scalar(query.where(acts.c.state == "refused", ~since.exists())) or 0


def acts_on(connection: sa.Connection, record: bytes) -> Sequence[Row]:
    """The acts on a record that are not done yet, in their order."""
    query = sa.select(acts).where(acts.c.record == record, acts.c.state.in_(IN_FLIGHT))
    return connection.execute(query.order_by(acts.c.id)).all()


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


def acts_in_flight(connection: sa.Connection) -> Sequence[Row]:
    """The oldest act of each record that is not done yet: later ones wait for it."""
    first = sa.select(sa.func.min(acts.c.id)).where(acts.c.state.in_(IN_FLIGHT))
    query = sa.select(acts).where(acts.c.id.in_(first.group_by(acts.c.record)))
    return connection.execute(query.order_by(acts.c.id)).all()


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
    """What was proposed before about the same, and not released."""
    query = sa.select(proposals).where(proposals.c.state == PROPOSED)
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


def end_proposals(connection: sa.Connection, numbers: Sequence[int], state: str) -> None:
    """Note that proposals came to nothing; nothing of what they said stays."""
    change = sa.update(proposals).where(proposals.c.id.in_(numbers))
    connection.execute(change.values(state=state, content=b""))


def proposal_of_request(connection: sa.Connection, request: bytes) -> Row | None:
    """The proposal that a request became."""
    query = sa.select(proposals).where(proposals.c.request == request)
    return connection.execute(query).one_or_none()


def close_proposal(connection: sa.Connection, number: int, step: bytes) -> None:
    """Note that a proposal was released as this step."""
    change = sa.update(proposals).where(proposals.c.id == number)
    connection.execute(change.values(state="released", step=step))
