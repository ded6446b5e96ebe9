"""Acts on records, as the chain has them: read where the state says that they are, and folded.

The word of a record names the block of its last act, and each act names the one before it. What is
read that way must fold to exactly the word and the history in the state, so no node can drop, add
or reorder an act.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ledger.chain.contracts.bindings import CaseRegistry
from ledger.chain.contracts.events import Acted, decode_event, topic
from ledger.chain.contracts.structs import code_word
from ledger.chain.nodes.quorum import View, keep
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import Address, RecordId
from ledger.core.status import NOTHING, Action, Outcome, RecordedAct, State, fold

MAX_HISTORY = 4096
"""Acts on one record that are read; whoever does more to one record is not to be followed."""
MAX_CORRECTIONS = 64
"""Steps from a record to the one that corrects it that are followed."""
_ACTIONS = frozenset(int(action) for action in Action)


class Acts:
    """States of records and their acts, at one head. Each is read once."""

    def __init__(self, view: View, registries: Sequence[Address]) -> None:
        """registries: all contracts that ever were the CaseRegistry, the oldest first."""
        self._view = view
        self._registries = tuple(registries)
        self._states: dict[RecordId, State] = {}
        self._blocks: dict[int, dict[RecordId, list[Acted]]] = {}

    def states(self, records: Iterable[RecordId]) -> dict[RecordId, State]:
        """What the newest registry keeps of each, in as few reads as it takes. Without a registry
        there are no acts. Raises CouldNotCheck."""
        wanted = list(dict.fromkeys(records))
        missing = [record for record in wanted if record not in self._states]
        if missing and self._registries:
            registry = CaseRegistry(self._registries[-1], self._view.call, self._view.calls)
            fresh = dict(zip(missing, registry.stored(missing), strict=True))
            found = {record: fresh.get(record, self._states.get(record)) for record in wanted}
            for record, state in fresh.items():
                keep(self._states, record, state)
            return {record: state or NOTHING for record, state in found.items()}
        return {record: self._states.get(record, NOTHING) for record in wanted}

    def history(self, record: RecordId) -> tuple[RecordedAct, ...]:
        """All acts on a record, the first one first. Raises CouldNotCheck where what the nodes give
        does not fold to what the state says."""
        state = self.states([record])[record]
        if not state:
            return ()
        if state.word.version > MAX_HISTORY:
            raise _unfit(record, f"{state.word.version} acts are too many to be followed")
        found: list[Acted] = []
        block = state.word.block
        while block and len(found) < state.word.version:
            events = self._acted(block).get(record, [])
            if not events:
                raise _unfit(record, f"no act in block {block}")
            found = events + found
            if block <= events[0].prev_block:
                raise _unfit(record, f"block {block} names a later one")
            block = events[0].prev_block
        if any(event.act.action not in _ACTIONS for event in found):
            raise _unfit(record, "an action that nobody knows")
        acts = tuple(self._recorded(event) for event in found)
        if fold(acts) != state:
            raise _unfit(record, f"{len(acts)} acts fold to something else")
        return acts

    def end_of_corrections(self, record: RecordId) -> RecordId:
        """The record at the end of the chain of corrections, or the last one that can be reached
        within 64 steps. Raises CouldNotCheck."""
        for _ in range(MAX_CORRECTIONS):
            state = self.states([record])[record]
            if state.word.outcome is not Outcome.CORRECTED:
                break
            record = state.other
        return record

    def _acted(self, block: int) -> dict[RecordId, list[Acted]]:
        """All acts of a block by record: acts come in sets, and whoever asks about one of them
        mostly asks about more."""
        if block not in self._blocks:
            found: dict[RecordId, list[Acted]] = {}
            for registry in self._registries:
                topics = [topic(Acted)]
                for entry in self._view.logs(registry, topics, first=block, last=block):
                    event = decode_event("CaseRegistry", entry)
                    if isinstance(event, Acted):
                        found.setdefault(event.record_id, []).append(event)
            keep(self._blocks, block, found)
            return found
        return self._blocks[block]

    def _recorded(self, event: Acted) -> RecordedAct:
        block = self._view.block_at(event.entry.block)
        return RecordedAct(
            act=event.act,
            member=code_word(event.member),
            signed_by=event.signed_by,
            recorded_at=block.time,
            block=block.number,
        )


def _unfit(record: RecordId, problem: str) -> CouldNotCheck:
    return CouldNotCheck("status-unreadable", f"record {record.hex()}: {problem}")
