"""The anchors of one log up to a final block, of every contract in its tenure, from a time on."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from ledger.audit.state import Place, within
from ledger.chain.contracts.bindings import LOG_ANCHOR
from ledger.chain.contracts.events import (
    Anchored,
    ContractRegistered,
    decode_events,
    topic,
)
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.blocks import Block
from ledger.chain.nodes.quorum import View
from ledger.core.ids import Address, Digest, LogId

__all__ = ["WINDOW", "AnchorAt", "LogAnchors"]

WINDOW: Final = 20_000
"""Blocks whose events are held at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorAt:
    """An anchor of a log. tx: of the transaction."""

    place: Place
    prev_size: int
    size: int
    root: Digest
    tx: str


class _Tenure(NamedTuple):
    address: Address
    start: Place
    end: Place | None


class LogAnchors:
    """Anchors of logs, read from a view. last: the newest final block."""

    def __init__(self, view: View, network: NetworkFile, last: Block) -> None:
        self._view = view
        self._network = network
        self._last = last
        self._held: list[_Tenure] | None = None

    def time(self, anchor: AnchorAt) -> int:
        """Unix seconds of its block. Raises CouldNotCheck."""
        return self._view.block_at(anchor.place[0]).time

    def block(self, anchor: AnchorAt) -> Block:
        """Its block. Raises CouldNotCheck."""
        return self._view.block_at(anchor.place[0])

    def since(self, log: LogId, time: int) -> list[AnchorAt]:
        """In their order: those in blocks of this time and later, with one before that where there
        is one, so that the first tells from which size they go on. Raises CouldNotCheck."""
        first = self._block_at(time)
        found = list(self._read(log, first, self._last.number))
        end = first - 1
        width = WINDOW
        while end >= self._network.deploy_block:
            start = max(self._network.deploy_block, end - width + 1)
            before = list(self._read(log, start, end))
            if before:
                return [before[-1], *found]
            end, width = start - 1, 8 * width
        return found

    def _block_at(self, time: int) -> int:
        """The first block of at least this time; the one behind the last where there is none."""
        first, last = self._network.deploy_block, self._last.number
        numbers = range(first, last + 1)
        return first + bisect_right(
            numbers, time - 1, key=lambda number: self._view.block_at(number).time
        )

    def _read(self, log: LogId, first: int, last: int) -> Iterator[AnchorAt]:
        found = [
            anchor
            for held in self._tenures()
            for anchor in self._of(held, log, first, last)
            if within((held.start, held.end), anchor.place)
        ]
        yield from sorted(found, key=lambda anchor: anchor.place)

    def _of(self, held: _Tenure, log: LogId, first: int, last: int) -> Iterator[AnchorAt]:
        first = max(first, held.start[0])
        last = last if held.end is None else min(last, held.end[0])
        for start in range(first, last + 1, WINDOW):
            entries = self._view.logs(
                held.address,
                [topic(Anchored), log],
                first=start,
                last=min(last, start + WINDOW - 1),
            )
            for event in decode_events("LogAnchor", entries):
                if isinstance(event, Anchored):
                    yield AnchorAt(
                        place=event.entry.place,
                        prev_size=event.prev_size,
                        size=event.size,
                        root=event.root,
                        tx=event.entry.tx,
                    )

    def _tenures(self) -> list[_Tenure]:
        """Contracts that held the role, and from when to when."""
        if self._held is None:
            entries = self._view.logs(
                self._network.consortium,
                [topic(ContractRegistered)],
                first=self._network.deploy_block,
                last=self._last.number,
            )
            held = [
                (event.entry.place, event.account)
                for event in decode_events("Consortium", entries)
                if isinstance(event, ContractRegistered) and event.role == LOG_ANCHOR
            ]
            self._held = [
                _Tenure(account, place, held[at + 1][0] if at + 1 < len(held) else None)
                for at, (place, account) in enumerate(held)
            ]
        return self._held
