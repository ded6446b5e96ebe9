"""States of records, what they close, and the position, in the database.

`closed` of a status, its rows in `closings` and the position change in one transaction, so whoever
reads the database obeys all acts up to the position and none behind it that eases.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gateway.base.db import insert_into, insert_unless_there
from gateway.log.located import Entries, Located, locate, of_row
from gateway.records.models import closings, records
from gateway.statuses import changes
from gateway.statuses.models import acknowledgements, following, statuses
from ledger.core.entry import parse_entry
from ledger.core.errors import Malformed, VersionUnknown
from ledger.core.ids import Digest, RecordId, record_id
from ledger.core.status import NOTHING, ZERO, Act, Flag, Outcome, State, Word

LOCK = "statuses"
"""Name of the lock under which statuses and closings change."""
_SOME = 512
_ONLY = 1
CLOSING = Flag.SHIELDED | Flag.ERASED
_NO_STATE: Mapping[str, Any] = {
    "flags": 0,
    "outcome": 0,
    "version": 0,
    "history": ZERO,
    "other": ZERO,
    "block": 0,
    "recorded_at": 0,
    "effective_at": 0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far the chain was followed. block: up to and with which; None: nothing of it was. count,
    head: of all acts until then. block_time, held_until: Unix seconds, as in the table."""

    block: int | None = None
    block_hash: bytes | None = None
    block_time: int = 0
    count: int = 0
    head: Digest = ZERO
    held_until: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """An acknowledgement that was signed. registry: the contract that it is for. deadline: Unix
    seconds."""

    count: int
    head: Digest
    registry: str
    deadline: int
    signature: bytes

    @property
    def key(self) -> str:
        """Of its transaction."""
        return f"ack/{self.registry}/{self.count}/{self.deadline}"


def closes(state: State) -> bool:
    """Whether the content of a record in this state is closed; a dispute alone closes nothing."""
    return state.word.outcome is not Outcome.NONE or bool(state.word.flags & CLOSING)


# ---- position


def read_position(connection: sa.Connection) -> Position:
    """How far the chain was followed."""
    row = connection.execute(sa.select(following)).one_or_none()
    if row is None:
        return Position()
    return Position(
        block=row.block,
        block_hash=row.block_hash,
        block_time=row.block_time,
        count=row.acts,
        head=Digest(row.head),
        held_until=row.held_until,
    )


def put_position(connection: sa.Connection, position: Position) -> None:
    """Go on from there; whatever was wrong is so no longer."""
    _change(
        connection,
        block=position.block,
        block_hash=position.block_hash,
        block_time=position.block_time,
        acts=position.count,
        head=position.head,
        held_until=position.held_until,
        error=None,
    )


def read_error(connection: sa.Connection) -> str | None:
    """Why it does not go on."""
    return connection.scalar(sa.select(following.c.error))


def put_error(connection: sa.Connection, code: str | None) -> None:
    """Note why it does not go on, for who looks from outside."""
    _change(connection, error=code)


def read_pending(connection: sa.Connection) -> Pending | None:
    """The acknowledgement under way."""
    row = connection.execute(sa.select(following)).one_or_none()
    if row is None or row.ack_count is None:
        return None
    return Pending(
        count=row.ack_count,
        head=Digest(row.ack_head),
        registry=row.ack_registry,
        deadline=row.ack_deadline,
        signature=row.ack_signature,
    )


def put_pending(connection: sa.Connection, pending: Pending | None) -> None:
    """Keep an acknowledgement before it is sent, or forget it."""
    names = ("count", "head", "registry", "deadline", "signature")
    _change(connection, **{f"ack_{name}": pending and getattr(pending, name) for name in names})


def _change(connection: sa.Connection, **values: Any) -> None:
    first = {"id": _ONLY, "block_time": 0, "acts": 0, "head": ZERO}
    connection.execute(insert_unless_there(connection, following).values(first))
    connection.execute(sa.update(following).values(values))


# ---- states


def states_of(connection: sa.Connection, wanted: Collection[RecordId]) -> dict[RecordId, State]:
    """The states of these records; of one without an act `NOTHING`."""
    found = dict.fromkeys(wanted, NOTHING)
    for row in _rows(connection, wanted):
        if row.version:
            found[RecordId(Digest(row.record))] = _state(row)
    return found


def acted_on(
    connection: sa.Connection, wanted: Collection[RecordId]
) -> Iterator[tuple[RecordId, State, bool]]:
    """Those of these records that were acted on, or are closed for whatever reason, each with its
    state and whether its content is closed."""
    for row in _rows(connection, wanted):
        state = _state(row) if row.version else NOTHING
        if row.version or row.closed:
            yield RecordId(Digest(row.record)), state, bool(row.closed)


def put_states(
    connection: sa.Connection,
    states: Mapping[RecordId, State],
    kept: Set[RecordId] = frozenset(),
    acts: Mapping[RecordId, Act] = changes.NO_ACTS,
) -> None:
    """Keep these states, and close or open what they close or open. kept: those of them that stay
    closed whatever the state says, since honest keys closed them. acts: the last act on each, for
    who watches."""
    rows = {row.record: row for row in _rows(connection, states)}
    changed: dict[bytes, bool] = {}
    values = []
    for record, state in states.items():
        row = rows.get(record)
        held, ahead, before = (row.held, row.ahead, row.closed) if row else (False, False, False)
        keep = record in kept
        closed = held or ahead or keep or closes(state)
        if closed is not before:
            changed[record] = closed
        reasons = {"held": held, "ahead": ahead, "kept": keep, "closed": closed}
        values.append({"record": record, **reasons, **_values(state)})
    _upsert(connection, values)
    _close(connection, changed)
    changes.note(connection, rows, values, acts)


def put_ahead(connection: sa.Connection, after: Mapping[RecordId, int]) -> None:
    """Close what acts close that are not final yet: these records, and no others any more. By
    record, the final block until which it stays so."""
    before = ahead_now(connection)
    rows = {row.record: row for row in _rows(connection, before.keys() ^ after.keys())}
    changed: dict[bytes, bool] = {}
    values = []
    for record in before.keys() ^ after.keys():
        row, ahead = rows.get(record), record in after
        state = _state(row) if row else NOTHING
        held, keep, was = (row.held, row.kept, row.closed) if row else (False, False, False)
        closed = held or ahead or keep or closes(state)
        if closed is not was:
            changed[record] = closed
        reasons = {"held": held, "ahead": ahead, "kept": keep, "closed": closed}
        values.append(
            {"record": record, "ahead_until": after.get(record), **reasons, **_values(state)}
        )
    _upsert(connection, values)
    _close(connection, changed)
    changes.note(connection, rows, values)
    _tidy(connection)


def ahead_now(connection: sa.Connection) -> dict[RecordId, int]:
    """What is closed by acts that are not final yet, with the final block until which it is."""
    query = sa.select(statuses.c.record, statuses.c.ahead_until).where(statuses.c.ahead)
    return {RecordId(Digest(row.record)): row.ahead_until or 0 for row in connection.execute(query)}


def closed_of(connection: sa.Connection, wanted: Collection[RecordId]) -> frozenset[RecordId]:
    """Those of these records whose content is closed."""
    return frozenset(
        RecordId(Digest(row.record)) for row in _rows(connection, wanted) if row.closed
    )


def closing_of(connection: sa.Connection, entries: Collection[int]) -> dict[int, list[RecordId]]:
    """By row number of an entry, the records whose states close its content; without those that
    nothing closes."""
    found: dict[int, list[RecordId]] = {}
    wanted = list(entries)
    for at in range(0, len(wanted), _SOME):
        query = sa.select(closings).where(closings.c.entry.in_(wanted[at : at + _SOME]))
        for row in connection.execute(query):
            found.setdefault(row.entry, []).append(RecordId(Digest(row.record)))
    return found


def is_closed(connection: sa.Connection, record: bytes) -> bool:
    """Whether its content is closed, whoever holds it."""
    query = sa.select(statuses.c.closed).where(statuses.c.record == record)
    return bool(connection.scalar(query))


# ---- a chain that has changed


def hold(connection: sa.Connection) -> None:
    """Follow the chain anew from the deployment: what is closed stays closed meanwhile."""
    before = read_position(connection)
    connection.execute(
        sa.update(statuses).values(
            held=statuses.c.closed,
            ahead=sa.false(),
            ahead_until=None,
            kept=sa.false(),
            **_NO_STATE,
        )
    )
    _tidy(connection)
    connection.execute(sa.delete(acknowledgements))
    put_pending(connection, None)
    if before.block is not None:
        until = max(before.held_until or 0, before.block_time)
        put_position(connection, Position(held_until=until))


def release(connection: sa.Connection) -> None:
    """Open what was only held; the chain was followed as far as the one before."""
    by_state = sa.or_(statuses.c.outcome != 0, statuses.c.flags.op("&")(int(CLOSING)) != 0)
    still = sa.or_(statuses.c.ahead, statuses.c.kept, by_state)
    opened = sa.select(statuses.c.record).where(statuses.c.held, sa.not_(still))
    connection.execute(sa.delete(closings).where(closings.c.record.in_(opened)))
    freed = connection.execute(sa.select(statuses).where(statuses.c.record.in_(opened))).all()
    changes.note(
        connection,
        {row.record: row for row in freed},
        [{**row._mapping, "closed": False} for row in freed],
    )
    held = sa.update(statuses).where(statuses.c.held)
    connection.execute(held.values(held=sa.false(), closed=still))
    _tidy(connection)


def _tidy(connection: sa.Connection) -> None:
    idle = sa.not_(sa.or_(statuses.c.held, statuses.c.ahead))
    connection.execute(sa.delete(statuses).where(statuses.c.version == 0, idle))


# ---- records of ours


def _close(connection: sa.Connection, changed: Mapping[bytes, bool]) -> None:
    for record, closed in changed.items():
        if not closed:
            connection.execute(sa.delete(closings).where(closings.c.record == record))
            continue
        # As jobs tell the time: a workbook that was made before is made anew.
        values = {"record": record, "since": int(time.time())}
        rows = [{"entry": row, **values} for row in _concerned(connection, record)]
        if rows:
            connection.execute(insert_unless_there(connection, closings), rows)


def closed_too(connection: sa.Connection, old: int, new: int) -> None:
    """What closes a record closes the one that it was logged again as, within the caller's
    transaction, which has `LOCK`."""
    by = sa.select(sa.literal(new), closings.c.record, closings.c.since)
    by = by.where(closings.c.entry == old)
    connection.execute(sa.insert(closings).from_select(["entry", "record", "since"], by))


def _concerned(connection: sa.Connection, record: bytes) -> list[int]:
    """The rows that hold the content of a record of ours: its own, and where it was logged again
    those of the whole chain, for the content is the same."""
    at, held = locate(connection, record), Entries(connection)
    if at is None:
        return []
    keys = sa.select(records.c.document_key, records.c.record_key).where(records.c.id == at.id)
    row = connection.execute(keys).one_or_none()
    if row is None:  # an entry that is no record
        return []
    same = sa.select(records.c.id).where(
        records.c.document_key == row.document_key, records.c.record_key == row.record_key
    )
    first = first_of(held, at)
    return [
        entry
        for entry in connection.scalars(same).all()
        # One that cannot be read may be of the chain.
        if entry == at.id or first_of(held, of_row(connection, entry, held)) in (first, None)
    ]


def first_of(held: Entries, at: Located) -> RecordId | None:
    """The record id of the first of the chain that a record belongs to; its own where it was never
    logged again. None: its entry does not read back."""
    try:
        data = held.get(at)
        entry = None if data is None else parse_entry(data)
    except (Malformed, VersionUnknown):
        return None
    if entry is None:
        return None
    return entry.replaces or record_id(entry.log, entry.commitment)


# ---- rows


def _rows(connection: sa.Connection, wanted: Iterable[bytes]) -> list[sa.Row[Any]]:
    ids, found = list(wanted), list[sa.Row[Any]]()
    for at in range(0, len(ids), _SOME):
        query = sa.select(statuses).where(statuses.c.record.in_(ids[at : at + _SOME]))
        found += connection.execute(query).all()
    return found


def _upsert(connection: sa.Connection, values: list[dict[str, Any]]) -> None:
    if not values:
        return
    made = insert_into(connection, statuses)
    new = {name: made.excluded[name] for name in values[0] if name != "record"}
    connection.execute(made.on_conflict_do_update(index_elements=["record"], set_=new), values)


def _state(row: sa.Row[Any]) -> State:
    return State(
        word=Word(
            flags=Flag(row.flags),
            outcome=Outcome(row.outcome),
            version=row.version,
            recorded_at=row.recorded_at,
            effective_at=row.effective_at,
            block=row.block,
        ),
        history=Digest(row.history),
        other=RecordId(Digest(row.other)),
    )


def _values(state: State) -> dict[str, Any]:
    word = state.word
    return {
        "flags": int(word.flags),
        "outcome": int(word.outcome),
        "version": word.version,
        "history": state.history,
        "other": state.other,
        "block": word.block,
        "recorded_at": word.recorded_at,
        "effective_at": word.effective_at,
    }
