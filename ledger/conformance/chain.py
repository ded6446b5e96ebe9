"""A chain that says what the facts say: our verifier reads it as it reads any other.

So what is put to the test is the verifier that people run, and not a twin of it. Only section 15 of
docs/protocol.md, how nodes are asked, has no part in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ledger.chain.network import Hash32
from ledger.chain.nodes.blocks import Block, LogEntry
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.chain.nodes.runs import Run
from ledger.chain.nodes.view import Reading
from ledger.conformance.calls import Contracts, events
from ledger.conformance.world import World, block_of, made_hash
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import Address

__all__ = ["WorldReader", "WorldView"]


class WorldView(View):
    """The chain of a world, as of its head."""

    def __init__(self, world: World) -> None:
        blocks = world.blocks()
        head = blocks[world.values["head"]["number"]]
        super().__init__(head, [], Reading(quorum=1, grace=0, page=1), Run())
        final = blocks.get(world.final, head)
        self._contracts = Contracts(world, added_at=final.time)
        told = list(events(world, blocks))
        self._told = [
            replace(entry, index=place, block_hash=entry.block_hash or _hash(blocks, entry.block))
            for place, entry in enumerate(told)
        ]
        self._by_number = blocks

    def calls(self, wanted: Sequence[tuple[Address, bytes]]) -> list[bytes]:
        """What the contracts answer. Raises Reverted."""
        return [self._contracts.call(to, data) for to, data in wanted]

    def code(self, address: Address) -> bytes:
        """None that we know: every event is read, whatever wrote it."""
        return b""

    def block_at(self, number: int) -> Block:
        """A block; of one of which nothing is said the time is that of the head."""
        return self._by_number.get(number) or block_of(number, made_hash(number), self.block.time)

    def logs(
        self,
        address: Address,
        topics: Sequence[bytes | None] = (),
        *,
        first: int,
        last: int | None = None,
    ) -> tuple[LogEntry, ...]:
        """Events, as they happened."""
        end = self.block.number if last is None else last
        found = [
            entry
            for entry in self._told
            if entry.address == address and first <= entry.block <= end
            if all(
                place < len(entry.topics) and topic in (None, entry.topics[place])
                for place, topic in enumerate(topics)
            )
        ]
        return tuple(sorted(found, key=lambda entry: entry.place))


class WorldReader(QuorumReader):
    """Reads a world in place of nodes."""

    def __init__(self, world: World) -> None:
        self.network = world.network
        self._world = world

    def close(self) -> None:
        """Nothing is open."""

    def heads(self, run: Run | None = None) -> tuple[View, tuple[View, ...]]:
        """The head, and nobody beyond it. Raises CouldNotCheck where the facts say so."""
        if self._world.unread is not None:
            raise CouldNotCheck(self._world.unread, "the facts say so")
        return WorldView(self._world), ()

    def final_block(self, head: View) -> Block | None:
        """The newest final block; None: there is none."""
        return None if self._world.final < 0 else head.block_at(self._world.final)


def _hash(blocks: dict[int, Block], number: int) -> Hash32:
    return blocks[number].hash if number in blocks else made_hash(number)
