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
from ledger.core.status import NOTHING, Act, Action, RecordedAct, State, fold

MAX_HISTORY = 4096
"""Acts on one record that are read; whoever does more to one record is not to be followed."""
MAX_CORRECTIONS = 64
"""Steps from a record to the one that corrects it that are followed."""
_ACTIONS: frozenset[int] = frozenset(int(action) for action in Action)


class Histories:
    """Acts on records that have folded to their state once: a history commits to all that led to
    it, so what comes later only adds to them. Shared by the heads of one verifier."""

    def __init__(self) -> None:
        self._acts: dict[RecordId, tuple[RecordedAct, ...]] = {}

    def of(self, record: RecordId) -> tuple[RecordedAct, ...]:
        """The longest that was read."""
        return self._acts.get(record, ())

    def put(self, record: RecordId, acts: tuple[RecordedAct, ...]) -> None:
        """Keep what was read."""
        keep(self._acts, record, acts)


class Acts:
    """States of records and their acts, at one head. Each is read once."""

    def __init__(
        self, view: View, registries: Sequence[Address], histories: Histories | None = None
    ) -> None:
        """registries: all contracts that ever were the CaseRegistry, the oldest first. histories:
        what was read at other heads."""
        self._view = view
        self._registries = tuple(registries)
        self._histories = histories or Histories()
        self._states: dict[RecordId, State] = {}
        self._blocks: dict[int, dict[RecordId, list[Acted]]] = {}

    def states(self, records: Iterable[RecordId]) -> dict[RecordId, State]:
        """What the registries keep of each, in as few reads as it takes. Without a registry there
        are no acts. Raises CouldNotCheck, also where a registry has forgotten what was done to a
        record before it came."""
        wanted = list(dict.fromkeys(records))
        # Taken out first: what others read meanwhile may push it out of the store.
        known = {record: self._states.get(record) for record in wanted}
        missing = [record for record, state in known.items() if state is None]
        fresh = dict(zip(missing, self._read(missing), strict=True)) if missing else {}
        for record, state in fresh.items():
            keep(self._states, record, state)
        return {record: known[record] or fresh.get(record, NOTHING) for record in wanted}

    def _read(self, records: list[RecordId]) -> Sequence[State]:
        """States of the newest registry, which goes on with what stands in those before it."""
        found: Sequence[State] = [NOTHING] * len(records)
        for account in self._registries:
            before = found
            found = CaseRegistry(account, self._view.call, self._view.calls).stored(records)
            for record, was, now in zip(records, before, found, strict=True):
                if now.word.version < was.word.version:
                    raise _unfit(record, f"registry {account} has forgotten it")
        return found

    def can_follow(self, record: RecordId) -> bool:
        """Whether the acts on a record are few enough to be read. Raises CouldNotCheck."""
        return self.states([record])[record].word.version <= MAX_HISTORY

    def history(self, record: RecordId) -> tuple[RecordedAct, ...]:
        """All acts on a record, the first one first. Raises CouldNotCheck where what the nodes give
        does not fold to what the state says."""
        state = self._states.get(record)
        if state is None:
            state = self.states([record])[record]
        if not state:
            return ()
        if state.word.version > MAX_HISTORY:
            raise _unfit(record, f"{state.word.version} acts are too many to be followed")
        known = self._histories.of(record)
        if not known or fold(known) != state:
            known = self._walk(record, state, known)
            self._histories.put(record, known)
        return known

    def numbers(self, record: RecordId, block: int) -> Sequence[tuple[Act, int]]:
        """Acts on a record in a block, each with its number among all acts on all records. Raises
        CouldNotCheck where the nodes have thrown the events of that block away."""
        return [(event.act, event.count) for event in self._acted(block).get(record, [])]

    def _walk(
        self, record: RecordId, state: State, known: tuple[RecordedAct, ...]
    ) -> tuple[RecordedAct, ...]:
        """Go back from the last act to the first, or to the last of those that are known."""
        found: list[Acted] = []
        block, join = state.word.block, known[-1].block if known else 0
        while block > join and len(found) < state.word.version:
            events = self._acted(block).get(record, [])
            if not events:
                raise _unfit(record, f"no act in block {block}")
            found = events + found
            if block <= events[0].prev_block:
                raise _unfit(record, f"block {block} names a later one")
            block = events[0].prev_block
        acts = (*known, *(self._recorded(record, event) for event in found))
        if fold(acts) == state:
            return acts
        if known:  # of a chain that was replaced, or of a block that went on
            return self._walk(record, state, ())
        raise _unfit(record, f"{len(acts)} acts fold to something else")

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

    def _recorded(self, record: RecordId, event: Acted) -> RecordedAct:
        if event.act.action not in _ACTIONS:
            raise _unfit(record, "an action that nobody knows")
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
