"""Commitments of all logs: which stand there twice, and what entries say of other records.

Which of two entries came first is told by their anchors, not by the order in which logs are read:
an entry's rank is the place of its anchor among the anchors of all logs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ledger.audit.hands import RUN, Hands
from ledger.core.canonical import DIGEST_SIZE
from ledger.core.ids import keccak256

STATEMENT, REPLACES = 1, 2  # flags of an entry: no record; names one that it replaces
NEVER = (1 << 32) - 1  # rank of what is not anchored
_RANK, _LOG, _PLACE = 4, 4, 8  # bytes; the place holds index and flags
_TAIL = _RANK + _LOG + _PLACE
_FLAG_BITS = 2


@dataclass(frozen=True, slots=True)
class Seat:
    """Where an entry stands: rank of its anchor, number of the log, index; and its flags."""

    rank: int
    log: int
    index: int
    flags: int

    def encode(self) -> bytes:
        """So that bytes sort as seats do."""
        return (
            self.rank.to_bytes(_RANK, "big")
            + self.log.to_bytes(_LOG, "big")
            + (self.index << _FLAG_BITS | self.flags).to_bytes(_PLACE, "big")
        )

    @classmethod
    def decode(cls, data: bytes) -> Seat:
        """The inverse."""
        place = int.from_bytes(data[_RANK + _LOG :], "big")
        return cls(
            rank=int.from_bytes(data[:_RANK], "big"),
            log=int.from_bytes(data[_RANK : _RANK + _LOG], "big"),
            index=place >> _FLAG_BITS,
            flags=place & ((1 << _FLAG_BITS) - 1),
        )


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two entries have one commitment; `first` was anchored first."""

    first: Seat
    again: Seat


class Commitments:
    """Takes commitments as they come; `found` tells those that stand there twice."""

    def __init__(self, run: int = RUN) -> None:
        """run: as of `Hands`."""
        self._hands = Hands(_TAIL, run)

    def add(
        self, log: int, first: int, rank: int, commitments: Sequence[bytes], flags: bytes
    ) -> None:
        """Commitments in hex of the entries from index `first` on, all of one anchor; b"" is none.
        flags: a byte of each."""
        before = rank.to_bytes(_RANK, "big") + log.to_bytes(_LOG, "big")
        places = [
            before + (index << _FLAG_BITS | flag).to_bytes(_PLACE, "big")
            for index, (commitment, flag) in enumerate(zip(commitments, flags, strict=True), first)
            if commitment
        ]
        digests = bytes.fromhex(b"".join(commitments).decode())
        starts = range(0, len(digests), DIGEST_SIZE)
        self._hands.deal(
            digests[at : at + DIGEST_SIZE] + place for at, place in zip(starts, places, strict=True)
        )

    def found(self, each: Callable[[bytes, Seat], None] | None = None) -> Iterator[Duplicate]:
        """Every entry whose commitment was anchored before, by commitment. each: is told every
        commitment on the way."""
        for hand in self._hands:
            if isinstance(hand, list):
                if each is None and len({record[:DIGEST_SIZE] for record in hand}) == len(hand):
                    continue
                hand.sort()
            yield from _again(hand, each)

    def close(self) -> None:
        """Drop the temporary file."""
        self._hands.close()


def _again(
    records: Iterable[bytes], each: Callable[[bytes, Seat], None] | None
) -> Iterator[Duplicate]:
    """Of records in order, those that agree with one before."""
    first = b""
    for record in records:
        if each is not None:
            each(record[:DIGEST_SIZE], Seat.decode(record[DIGEST_SIZE:]))
        if record[:DIGEST_SIZE] == first[:DIGEST_SIZE]:
            yield Duplicate(Seat.decode(first[DIGEST_SIZE:]), Seat.decode(record[DIGEST_SIZE:]))
        else:
            first = record


# ---- what entries say of other records


class Subject(NamedTuple):
    """A log, as much as references to its records need. member: its owner. trusted: the size from
    which on its records are stranded, None where it is open; `closed`: rank at its closing."""

    log_id: bytes
    member: str
    trusted: int | None = None
    closed: int = NEVER


@dataclass(frozen=True, slots=True)
class Dangling:
    """An entry names a record that is not what it would have to be."""

    seat: Seat
    replaces: bool
    target: bytes


_DEFINES, _NAMES = b"\0", b"\1"


class References:
    """What entries name, compared with what there is. Record ids are computed only for members of
    whom an entry names one."""

    def __init__(self, logs: Sequence[Subject], run: int = RUN) -> None:
        """logs: by their numbers."""
        self._logs = list(logs)
        self._members: set[str] = set()
        self._hands = Hands(len(_NAMES) + _TAIL + 1, run)

    def add(self, seat: Seat, target: bytes, *, replaces: bool) -> None:
        """The entry at `seat` names the record `target`."""
        self._members.add(self._logs[seat.log].member)
        self._hands.deal([target + _NAMES + seat.encode() + bytes([replaces])])

    @property
    def each(self) -> Callable[[bytes, Seat], None] | None:
        """For `Commitments.found`; None where nothing is named."""
        return self._define if self._members else None

    def _define(self, commitment: bytes, seat: Seat) -> None:
        log = self._logs[seat.log]
        if log.member in self._members:
            name = keccak256(log.log_id + commitment)
            self._hands.deal([name + _DEFINES + seat.encode() + b"\0"])

    def dangling(self) -> Iterator[Dangling]:
        """By target. All commitments must have been told."""
        target, there = b"", _Target(self._logs)
        for hand in self._hands:
            for record in sorted(hand) if isinstance(hand, list) else hand:
                if record[:DIGEST_SIZE] != target:
                    target, there = record[:DIGEST_SIZE], _Target(self._logs)
                seat = Seat.decode(record[DIGEST_SIZE + 1 : -1])
                if record[DIGEST_SIZE : DIGEST_SIZE + 1] == _DEFINES:
                    there.add(seat)
                    continue
                replaces = bool(record[-1])
                if not (there.replaced_by(seat) if replaces else there.corrected_by(seat)):
                    yield Dangling(seat, replaces, target)

    def close(self) -> None:
        """Drop the temporary file."""
        self._hands.close()


class _Target:
    """The entries of one record id, which are all of one log, as much as matters of them."""

    def __init__(self, logs: Sequence[Subject]) -> None:
        self._logs = logs
        self._records: list[Seat] = []  # the first two
        self._stranded: Seat | None = None

    def add(self, seat: Seat) -> None:
        """One more entry that has this id."""
        if not seat.flags & STATEMENT and len(self._records) < 2:  # noqa: PLR2004
            self._records.append(seat)
        trusted = self._logs[seat.log].trusted
        if trusted is not None and seat.index >= trusted and not seat.flags & REPLACES:
            self._stranded = self._stranded or seat

    def corrected_by(self, seat: Seat) -> bool:
        """A record of the same member that lies before the correction: two cannot correct each
        other, and what is not anchored is before nothing."""
        return any(
            (record.rank, record.index) < (seat.rank, seat.index)
            and record.rank != NEVER
            and self._logs[record.log].member == self._logs[seat.log].member
            for record in self._records
        )

    def replaced_by(self, seat: Seat) -> bool:
        """One that was stranded when its log was closed, the first in its chain, of the same
        member; and it was replaced after that."""
        if self._stranded is None:
            return False
        log = self._logs[self._stranded.log]
        kind = self._stranded.flags & STATEMENT == seat.flags & STATEMENT
        return kind and log.member == self._logs[seat.log].member and seat.rank >= log.closed
