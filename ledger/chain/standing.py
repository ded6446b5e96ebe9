"""What a member was at some time: its roles by the contract, whether it was ACTIVE by its events.

The contract keeps how a member stands now and no more; what a vote changed before stands in
`MemberStatusChanged`. Of each member asked for, the events up to the final block are kept.
"""

from __future__ import annotations

import threading
from typing import Final, NamedTuple

from ledger.chain.contracts.bindings import Consortium
from ledger.chain.contracts.events import MemberStatusChanged, decode_event, topic
from ledger.chain.contracts.structs import ACTIVE
from ledger.chain.errors import BlockGone
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.quorum import View
from ledger.core.ids import bytes32_ascii
from ledger.core.keys import Role

MAX_KEPT: Final = 4096
"""Members whose events are kept: as many as there can be."""


class _Change(NamedTuple):
    """A member's status from a block of this time on."""

    time: int
    status: int


class _Kept(NamedTuple):
    """All changes up to a block, in their order."""

    until: int
    changes: tuple[_Change, ...]


class Standings:
    """Safe to share between threads."""

    def __init__(self, network: NetworkFile) -> None:
        self._network = network
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}

    def roles_at(self, view: View, code: str, time: int) -> Role:
        """The roles of a member at that Unix second; none where there was none of that code.
        Raises CouldNotCheck."""
        consortium = Consortium(self._network.consortium, view.call, view.calls)
        return Role(consortium.roles_at(code, time))

    def active_at(self, view: View, final: int, code: str, time: int) -> bool:
        """Whether a member was ACTIVE at that Unix second; of two changes in it the later one
        counts. final: number of the newest final block, -1: none is. The caller MUST ask for its
        roles then: who was no member had none. Raises CouldNotCheck."""
        status = ACTIVE
        for change in self._changes(view, final, code):
            if change.time <= time:
                status = change.status
        return status == ACTIVE

    def _changes(self, view: View, final: int, code: str) -> tuple[_Change, ...]:
        with self._lock:
            kept = self._kept.get(code) or _Kept(self._network.deploy_block - 1, ())
        if final > kept.until:
            kept = _Kept(final, (*kept.changes, *self._read(view, code, kept.until + 1, final)))
            with self._lock:
                if len(self._kept) >= MAX_KEPT and code not in self._kept:
                    self._kept.clear()
                self._kept[code] = kept
        return (*kept.changes, *self._read(view, code, kept.until + 1, view.block.number))

    def _read(self, view: View, code: str, first: int, last: int) -> tuple[_Change, ...]:
        if first > last:
            return ()
        topics = [topic(MemberStatusChanged), bytes32_ascii(code)]
        found = []
        for entry in view.logs(self._network.consortium, topics, first=first, last=last):
            event = decode_event("Consortium", entry)
            if isinstance(event, MemberStatusChanged):
                block = view.block_at(entry.block)
                if block.hash != entry.block_hash:
                    raise BlockGone("events", entry.block_hash)
                found.append(_Change(block.time, event.status))
        return tuple(found)
