"""Acts on records and the statuses that they fold to, in tables: there are more of both than a
memory holds, and each is asked for by its record, or all of them in their order."""

from __future__ import annotations

import sqlite3
import struct
import weakref
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final, overload

from ledger.audit.done import Done
from ledger.chain.contracts.structs import Code
from ledger.core.canonical import DIGEST_SIZE
from ledger.core.ids import Address, Digest, KeyId, LogId, RecordId
from ledger.core.status import Act, RecordedAct, State, Word

__all__ = ["Acts", "States"]

_TABLES: Final = """
PRAGMA journal_mode=OFF;
PRAGMA synchronous=OFF;
CREATE TABLE act (seq INTEGER PRIMARY KEY, first INTEGER, record BLOB, count INTEGER, data BLOB);
CREATE INDEX act_of ON act (record, seq);
CREATE INDEX act_first ON act (first, seq);
CREATE INDEX act_count ON act (count, seq);
"""
_STATES: Final = """
PRAGMA journal_mode=OFF;
PRAGMA synchronous=OFF;
CREATE TABLE state (seq INTEGER PRIMARY KEY, record BLOB UNIQUE, data BLOB);
"""
_MOST: Final = (1 << 63) - 1
"""What a column holds; contracts of others may count beyond."""
_PAGE: Final = 256  # rows read at once
_FIXED: Final = struct.Struct(">QQQI32s32s32sBIH32sQ32s32sQ32s32sQQ")
_TEXT: Final = "\n"


class _Table:
    """A temporary database, made when it is first used, which goes with its owner."""

    _schema = ""

    @cached_property
    def _db(self) -> sqlite3.Connection:
        # On the disk where it grows, without a name. Whichever thread collects it closes it.
        made = sqlite3.connect("", check_same_thread=False)
        made.executescript(self._schema)
        weakref.finalize(self, made.close)
        return made


class Acts(_Table):
    """Acts by record, each in their order; records in the order of their first act."""

    _schema = _TABLES

    def __init__(self) -> None:
        self._count = 0

    def add(self, done: Done) -> None:
        """The next one."""
        self._count += 1
        record = done.acted.act.record
        row = self._db.execute("SELECT first FROM act WHERE record = ? LIMIT 1", (record,))
        (first,) = row.fetchone() or (self._count,)
        count = min(done.count, _MOST)
        values = (self._count, first, record, count, _encode(done))
        self._db.execute("INSERT INTO act VALUES (?, ?, ?, ?, ?)", values)

    def __len__(self) -> int:
        """How many acts there are."""
        return self._count

    def get(self, record: RecordId, default: Sequence[Done] = ()) -> Sequence[Done]:
        """Those on one record."""
        rows = self._db.execute("SELECT data FROM act WHERE record = ? ORDER BY seq", (record,))
        return [_decode(data) for (data,) in rows] or default

    def last(self, record: RecordId) -> Done | None:
        """The last one on a record."""
        query = "SELECT data FROM act WHERE record = ? ORDER BY seq DESC LIMIT 1"
        row = self._db.execute(query, (record,)).fetchone()
        return None if row is None else _decode(row[0])

    def items(self) -> Iterator[tuple[RecordId, Sequence[Done]]]:
        """Every record with its acts."""
        record, acts = None, list[Done]()
        for name, data in self._rows("record, data", "first, seq"):
            if name != record:
                if record is not None:
                    yield RecordId(record), acts
                record, acts = name, []
            acts.append(_decode(data))
        if record is not None:
            yield RecordId(record), acts

    def values(self) -> Iterator[Sequence[Done]]:
        """The acts of every record."""
        for _, acts in self.items():
            yield acts

    def ascending(self) -> Iterator[tuple[RecordId, Sequence[Done]]]:
        """As `items`, by record."""
        rows = self._db.execute("SELECT DISTINCT record FROM act ORDER BY record")
        for (record,) in rows:
            yield RecordId(record), self.get(RecordId(record))

    def in_order(self) -> Iterator[Done]:
        """All acts, as they happened."""
        for _, data in self._rows("seq, data", "seq"):
            yield _decode(data)

    def first_from(self, count: int) -> Done | None:
        """The first act whose count is at least this."""
        query = "SELECT data FROM act WHERE count >= ? ORDER BY count, seq LIMIT 1"
        row = self._db.execute(query, (min(count, _MOST),)).fetchone()
        return None if row is None else _decode(row[0])

    def _rows(self, columns: str, order: str) -> Iterator[tuple[bytes, bytes]]:
        cursor = self._db.execute(f"SELECT {columns} FROM act ORDER BY {order}")  # noqa: S608
        while rows := cursor.fetchmany(_PAGE):
            yield from rows


class States(_Table):
    """What is kept of each record, in the order of their first act."""

    _schema = _STATES

    @overload
    def get(self, record: bytes) -> State | None: ...

    @overload
    def get(self, record: bytes, default: State) -> State: ...

    def get(self, record: bytes, default: State | None = None) -> State | None:
        """That of one record."""
        row = self._db.execute("SELECT data FROM state WHERE record = ?", (record,)).fetchone()
        return default if row is None else _state(row[0])

    def __getitem__(self, record: bytes) -> State:
        found = self.get(record)
        if found is None:
            raise KeyError(record)
        return found

    def __setitem__(self, record: bytes, state: State) -> None:
        self._db.execute(
            "INSERT INTO state (record, data) VALUES (?, ?)"
            " ON CONFLICT (record) DO UPDATE SET data = excluded.data",
            (record, b"".join((state.word.encode(), state.history, state.other))),
        )

    def __iter__(self) -> Iterator[RecordId]:
        cursor = self._db.execute("SELECT record FROM state ORDER BY seq")
        while rows := cursor.fetchmany(_PAGE):
            yield from (RecordId(record) for (record,) in rows)

    def values(self) -> Iterator[State]:
        """All of them."""
        cursor = self._db.execute("SELECT data FROM state ORDER BY seq")
        while rows := cursor.fetchmany(_PAGE):
            yield from (_state(data) for (data,) in rows)

    def copy(self) -> States:
        """As they are now."""
        made = States()
        rows = self._db.execute("SELECT record, data FROM state ORDER BY seq")
        made._db.executemany("INSERT INTO state (record, data) VALUES (?, ?)", rows)
        return made


def _state(data: bytes) -> State:
    word, history, other = (data[at : at + DIGEST_SIZE] for at in range(0, 96, DIGEST_SIZE))
    return State(word=Word.decode(word), history=Digest(history), other=RecordId(other))


def _encode(done: Done) -> bytes:
    acted, act = done.acted, done.acted.act
    fixed = _FIXED.pack(
        *(*done.place, done.count, done.version, done.head, act.log, act.commitment),
        *(act.action, act.expected_version, act.basis, act.doc, act.effective_at),
        *(act.other_log, act.other_commitment, act.refiled_from),
        *(acted.member, acted.signed_by, acted.recorded_at, acted.block),
    )
    return fixed + _TEXT.join((done.member, done.tx, done.contract)).encode()


def _decode(data: bytes) -> Done:
    block, index, count, version, head, *values = _FIXED.unpack_from(data)
    log, commitment, action, expected, basis, doc, effective, *values = values
    other_log, other_commitment, refiled, by, signed_by, recorded_at, recorded_in = values
    member, tx, contract = data[_FIXED.size :].decode().split(_TEXT)
    return Done(
        place=(block, index),
        count=count,
        head=Digest(head),
        version=version,
        member=Code(member),
        acted=RecordedAct(
            act=Act(
                log=LogId(log),
                commitment=Digest(commitment),
                action=action,
                expected_version=expected,
                basis=basis,
                doc=Digest(doc),
                effective_at=effective,
                other_log=LogId(other_log),
                other_commitment=Digest(other_commitment),
                refiled_from=refiled,
            ),
            member=by,
            signed_by=KeyId(signed_by),
            recorded_at=recorded_at,
            block=recorded_in,
        ),
        tx=tx,
        contract=Address(contract),
    )
