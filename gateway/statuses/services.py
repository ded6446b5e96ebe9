"""What is told of the status of records, from the database of this gateway."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import sqlalchemy as sa

from gateway.base.context import Context
from gateway.base.db import begin_read
from gateway.base.errors import NotReady
from gateway.log.located import Entries, Located, locate
from gateway.records.models import closings
from gateway.statuses import changes, store
from gateway.statuses.changes import Change
from gateway.statuses.interfaces import Behind, Logged, Standing, Told
from gateway.statuses.models import acknowledgements
from ledger.core.ids import Digest, RecordId
from ledger.core.status import NOTHING, Flag, Outcome, State

MAX_CORRECTIONS: Final = 64
"""Steps from a record to the one that corrects it that are followed, as verifiers do."""

MAX_CHANGES: Final = 100
"""Of one record that are told."""


class Statuses:
    """Answers by leaf or record id. As a function of a record id it is what decides for others what
    is given of a record."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    def __call__(self, record_id: bytes) -> Standing:
        """How a record stands. Raises NotReady where nothing of the chain was read yet."""
        with begin_read(self._ctx.engine) as connection:
            if store.read_position(connection) == store.Position():
                raise NotReady("statuses-unknown")
            found = _told(connection, RecordId(Digest(record_id)), locate(connection, record_id))
        return standing(found)

    def of(self, wanted: Collection[Logged]) -> dict[bytes, Standing]:
        """How records of ours stand, by record id, in some queries for all of them. Raises as
        when it is called."""
        with begin_read(self._ctx.engine) as connection:
            return standings(connection, wanted)

    def acts(self, wanted: Collection[RecordId]) -> dict[RecordId, int]:
        """How many acts on each of these records are known, in one query for all of them."""
        with begin_read(self._ctx.engine) as connection:
            states = store.states_of(connection, wanted)
        return {record: state.word.version for record, state in states.items()}

    def told(self, name: bytes) -> Told | None:
        """What is known of an entry of ours, by leaf or record id, or of any record that was acted
        on; None where there is nothing."""
        with begin_read(self._ctx.engine) as connection:
            at = locate(connection, name)
            record = Entries(connection).record_id(at) if at else RecordId(Digest(name))
            if record is None:
                return None
            found = _told(connection, record, at)
        return found if at or found.closed or found.state else None

    def changes(self, name: bytes) -> list[Change] | None:
        """How an entry of ours changed, by leaf or record id, or any record that was acted on, the
        newest first, as far as that is kept; None where there is nothing."""
        found = self.told(name)
        if found is None:
            return None
        with begin_read(self._ctx.engine) as connection:
            return changes.of_record(connection, found.record, MAX_CHANGES)

    def acknowledged(self) -> list[Behind]:
        """How far the ACTIVE provinces have come, by code."""
        with begin_read(self._ctx.engine) as connection:
            count = store.read_position(connection).count
            rows = connection.execute(sa.select(acknowledgements)).all()
        return [
            Behind(member=row.member, count=row.acts, behind=max(0, count - row.acts))
            for row in sorted(rows, key=lambda row: row.member)
        ]


def standings(connection: sa.Connection, wanted: Collection[Logged]) -> dict[bytes, Standing]:
    """How records of ours stand, by record id, as `Statuses` says of each, in some queries for all
    of them. Raises NotReady where nothing of the chain was read yet."""
    if store.read_position(connection) == store.Position():
        raise NotReady("statuses-unknown")
    closing = store.closing_of(connection, {one.entry for one in wanted if one.entry is not None})
    of = {one.record: [one.record, one.first, *closing.get(one.entry or 0, ())] for one in wanted}
    states = store.states_of(connection, {record for ids in of.values() for record in ids})
    closed = store.closed_of(connection, list(of))
    return {
        one.record: standing(
            Told(
                record=one.record,
                state=max((states[record] for record in of[one.record]), key=_weight),
                corrected_by=None,
                closed=one.record in closed or (one.entry or 0) in closing,
            )
        )
        for one in wanted
    }


def standing(told: Told) -> Standing:
    """The worst that is so."""
    flags, outcome = told.state.word.flags, told.state.word.outcome
    if Flag.ERASED in flags:
        return Standing.ERASED
    if Flag.SHIELDED in flags:
        return Standing.SHIELDED
    if outcome is not Outcome.NONE:
        return Standing.OUTCOME
    if told.closed:  # by what is not final yet, or was on a chain that has changed
        return Standing.SHIELDED
    return Standing.DISPUTED if Flag.DISPUTED in flags else Standing.IN_FORCE


def _told(connection: sa.Connection, record: RecordId, at: Located | None) -> Told:
    """Its own state; where another of the chain in which it was logged again stands worse, that."""
    ids, closed = [record], store.is_closed(connection, record)
    if at is not None:
        first = store.first_of(Entries(connection), at)
        ids += [first] if first is not None else []
        by = connection.scalars(sa.select(closings.c.record).where(closings.c.entry == at.id)).all()
        ids += [RecordId(Digest(one)) for one in by]
        closed = closed or bool(by)
    states = store.states_of(connection, list(dict.fromkeys(ids)))
    state = max(states.values(), key=_weight)
    return Told(
        record=record,
        state=state,
        corrected_by=_end_of_corrections(connection, state),
        closed=closed,
    )


def _weight(state: State) -> tuple[int, int, int]:
    word = state.word
    severe = word.flags & (Flag.SHIELDED | Flag.ERASED)
    return int(severe), int(word.outcome is not Outcome.NONE), word.version


def _end_of_corrections(connection: sa.Connection, state: State) -> RecordId | None:
    found = None
    for _ in range(MAX_CORRECTIONS):
        if state.word.outcome is not Outcome.CORRECTED:
            break
        found = state.other
        state = store.states_of(connection, [found]).get(found, NOTHING)
    return found
