"""Whether a version is stale: computed from the acts that this node follows, never written.

An input makes a version stale while it is DISPUTED, SHIELDED or ERASED, or has an outcome (design-2
17). Where it was logged again behind a closed log, the acts on the first of the chain count as
well. What only an act that is not final yet has closed counts too, as it does for everything that
this node gives out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from gateway.base.errors import NotReady
from gateway.products.interfaces import Cause
from gateway.products.manifests import Held
from gateway.statuses.store import Position, acted_on, read_position
from ledger.core.ids import RecordId
from ledger.core.status import SHOWN, Outcome, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """How far the chain was followed. time: of that block, Unix seconds."""

    block: int
    time: int


def followed(connection: sa.Connection) -> Followed:
    """How far the acts are known. Raises NotReady where nothing of the chain was read yet."""
    position = read_position(connection)
    if position == Position() or position.block is None:
        raise NotReady("statuses-unknown")
    return Followed(block=position.block, time=position.block_time)


def causes_of(connection: sa.Connection, held: Held) -> Sequence[Cause]:
    """Why a version is stale, in the order of its records; none: it is not."""
    return causes_among(connection, held.manifest.record_ids, held.firsts)


def causes_among(
    connection: sa.Connection,
    records: Iterable[RecordId],
    firsts: Mapping[RecordId, RecordId],
) -> Sequence[Cause]:
    """The same of some records. firsts: of those that were logged again."""
    wanted = list(records)
    asked = dict.fromkeys((*wanted, *firsts.values()))
    states = {
        record: (state, closed)
        for record, state, closed in acted_on(connection, list(asked))
        if makes_stale(state, closed=closed)
    }
    return list(_causes(wanted, firsts, states))


def makes_stale(state: State, *, closed: bool) -> bool:
    """Whether an input in this state makes what was made of it stale."""
    word = state.word
    return closed or bool(word.flags & SHOWN) or word.outcome is not Outcome.NONE


def _causes(
    wanted: Sequence[RecordId],
    firsts: Mapping[RecordId, RecordId],
    states: Mapping[RecordId, tuple[State, bool]],
) -> Iterator[Cause]:
    for record in wanted:
        first = firsts.get(record)
        if record in states:
            state, closed = states[record]
            yield Cause(record=record, state=state, closed=closed)
        elif first is not None and first in states:
            state, closed = states[first]
            yield Cause(record=record, state=state, closed=closed, first=first)
