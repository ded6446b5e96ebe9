"""Acts in the order in which they happened, checked as they are folded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gateway.statuses.errors import ActsUnclear
from gateway.statuses.store import Position, closes
from ledger.chain.contracts.events import Acted, decode_events, topic
from ledger.chain.contracts.structs import code_word
from ledger.chain.nodes.quorum import View
from ledger.core.ids import Address, Digest, RecordId
from ledger.core.status import NOTHING, RecordedAct, State, next_head, next_state


@dataclass(slots=True)
class Fold:
    """count, head: of all acts so far. states: of records, as far as they were acted on or put in.
    block: of the last act; 0 before the first."""

    count: int
    head: Digest
    states: dict[RecordId, State] = field(default_factory=dict)
    block: int = 0

    def take(self, event: Acted, time: int) -> None:
        """Take the next act. time: of its block, Unix seconds. Raises ActsUnclear, and is left as
        it was."""
        before = self.states.get(event.record_id, NOTHING)
        if event.record_id != event.act.record:
            raise ActsUnclear(f"act {event.count} is on another record than it says")
        if event.count != self.count + 1:
            raise ActsUnclear(f"act {event.count} follows on act {self.count}")
        if (event.version, event.prev_block) != (before.word.version + 1, before.word.block):
            raise ActsUnclear(f"act {event.count} does not follow on the state of its record")
        acted = RecordedAct(
            act=event.act,
            member=code_word(event.member),
            signed_by=event.signed_by,
            recorded_at=time,
            block=event.entry.block,
        )
        try:
            after = next_state(before, acted)
        except ValueError as error:
            raise ActsUnclear(f"act {event.count} is of an unknown kind") from error
        head = next_head(self.head, event.record_id, after.history)
        if head != event.head:
            raise ActsUnclear(f"act {event.count} does not fold to its head")
        self.count, self.head, self.block = event.count, head, event.entry.block
        self.states[event.record_id] = after


def events_in(view: View, registries: Iterable[Address], first: int, last: int) -> list[Acted]:
    """All acts in these blocks, in their order. Raises CouldNotCheck."""
    found: list[Acted] = []
    for registry in registries:
        entries = view.logs(registry, (topic(Acted),), first=first, last=last)
        found += [e for e in decode_events("CaseRegistry", entries) if isinstance(e, Acted)]
    return sorted(found, key=lambda event: event.entry.place)


def unread(events: Iterable[Acted], position: Position) -> Iterator[Acted]:
    """Those that the position does not cover: its own block is read once more, for the acts of one
    block may have been taken up in two portions."""
    for event in events:
        if event.count > position.count:
            yield event
        elif event.entry.block != position.block:
            raise ActsUnclear(f"act {event.count} comes again")


def closing(fold: Fold, events: Iterable[Acted], view: View) -> frozenset[RecordId]:
    """Take acts that are not final; the records that one of them closes, whatever comes after."""
    found = set()
    for event in events:
        fold.take(event, view.block_at(event.entry.block).time)
        if closes(fold.states[event.record_id]):
            found.add(event.record_id)
    return frozenset(found)
