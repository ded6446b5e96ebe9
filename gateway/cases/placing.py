"""Rows of a step and of its case, whoever made it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from gateway.cases import stages, store
from gateway.cases.models import case_steps, cases
from ledger.core.case import Step
from ledger.core.case_chain import CaseState
from ledger.core.ids import Digest

ABROAD = b""
"""`leaf` of a record that is another member's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A step with its place in a case.

    state: of the case behind it. since: ISO day on which the stage behind it begins. day: that it
    is shown with. begun: values of a case that begins with it: kind, owner, department,
    authority_kind, leaf. request, token: None for a step of another member. kept: set of its
    documents, None: it has none here.
    """

    commitment: Digest
    iss: str
    step: Step
    state: CaseState
    day: str
    since: str
    begun: Mapping[str, Any] | None = None
    request: bytes | None = None
    token: int | None = None
    released_by: int | None = None
    kept: str | None = None


def place(connection: sa.Connection, placed: Placed, now: int) -> None:
    """Store it behind the last step of its case. now: Unix seconds. Under `store.LOCK`."""
    if placed.begun is not None:
        connection.execute(sa.insert(cases).values(_begun(placed, placed.begun, now)))
    else:
        _go_on(connection, placed)
    step = placed.step
    values = {
        "commitment": placed.commitment,
        "case": step.case,
        "step": step.step,
        "prev": step.prev,
        "act": step.act,
        "iss": placed.iss,
        "day": placed.day,
        "request": placed.request,
        "token": placed.token,
        "released_by": placed.released_by,
        "materials": placed.kept,
    }
    connection.execute(sa.insert(case_steps).values(values))


def _begun(placed: Placed, begun: Mapping[str, Any], now: int) -> dict[str, Any]:
    stage = stages.stage_of(begun["kind"], placed.state)
    return {
        **begun,
        "id": placed.step.case,
        "record": placed.step.record,
        "filer": placed.iss,
        "state": placed.state,
        "accepted": False,
        "steps": 1,
        "last": placed.commitment,
        "opened": now,
        "stage": stage,
        "since": placed.since if stage else None,
    }


def _go_on(connection: sa.Connection, placed: Placed) -> None:
    row = store.case_row(connection, placed.step.case)
    assert row is not None  # noqa: S101 - whoever places it found it under the same lock
    stage = stages.stage_behind(
        row.kind, row.stage, placed.state, placed.step.act, ran_out=_ran_out(row, placed)
    )
    since = row.since
    if stage is not None and not stages.keeps_running(row.kind, row.stage, stage):
        since = placed.since
    values = {
        "state": placed.state,
        "accepted": row.accepted or placed.state is CaseState.ACCEPTED,
        "steps": placed.step.step,
        "last": placed.commitment,
        "stage": stage,
        "since": since,
    }
    connection.execute(sa.update(cases).where(cases.c.id == placed.step.case).values(values))


def _ran_out(row: store.Row, placed: Placed) -> bool:
    """Whether the stage until then was over for sure when that of a step begins. No calendar is
    asked, so that every gateway finds the same."""
    if row.since is None:
        return False
    ran = date.fromisoformat(placed.since) - date.fromisoformat(row.since)
    return ran.days > stages.LONGEST
