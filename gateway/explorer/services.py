"""What the pages of the explorer are given, for anybody."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from gateway.base.context import Context
from gateway.base.metrics import TIMEOUTS
from gateway.chain.notes import tell
from gateway.explorer import catalogue, events, members
from gateway.explorer.errors import BUSY, NotRead
from gateway.explorer.held import Held, Thing
from gateway.explorer.members import Row, consortium_of
from gateway.explorer.reading import DEADLINE_SECONDS, ChainReads
from gateway.explorer.votes import Votes
from gateway.mirrors.finding import Held as MirroredRecord
from gateway.mirrors.finding import MirroredRecords
from ledger.chain.acts import Acts, Histories
from ledger.chain.contracts.bindings import CASE_REGISTRY, LOG_ANCHOR, LogAnchor
from ledger.chain.governing.motions import Motion
from ledger.chain.nodes.order import HURRY_SECONDS
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.core.ids import Digest, LogId, RecordId
from ledger.core.status import RecordedAct

HEAD_SECONDS: Final = 3.0
"""For so long a head is the newest."""
FRESH_SECONDS: Final = 15.0
"""For so long the rest is, as the facts that the gateway goes by."""
ANY_AGE: Final = 10**10
PATIENCE_SECONDS: Final = 3.0
"""For so long a call is asked again that a node refuses for the moment."""
MOST_ACTS: Final = 256
"""On one record that are read for a page."""

T = TypeVar("T")


class Explorer:
    """Answers; what needs the chain raises NotRead where that cannot be read now."""

    def __init__(self, ctx: Context, reads: ChainReads) -> None:
        self.network = ctx.network
        self.held = Held(ctx.engine)
        self._reads = reads
        self._votes = Votes(reads.reader, ctx.network)
        self._histories = Histories()
        self._mirrored = MirroredRecords(ctx.engine)
        self._looking = threading.Lock()

    def close(self) -> None:
        """End its threads and drop its connections."""
        self._reads.close()

    async def head(self) -> Row:
        """The newest block, and the nodes that have it. nodes: their names; asked, quorum: how
        many there are, and how many must agree."""

        def read(view: View) -> Row:
            final = self._reads.reader.final_block(view)
            return {
                "number": view.block.number,
                "hash": view.block.hash,
                "time": view.block.time,
                "final": None if final is None else final.number,
                "nodes": list(view.sources),
                "asked": len(self.network.rpc),
                "quorum": self.network.quorum,
            }

        return await self._reads.ask("head", read, seconds=HEAD_SECONDS)

    async def members(self) -> Row:
        """See `read_members`."""
        return await self._ask("members", lambda view: members.read_members(view, self.network))

    async def member(self, code: str, start: int) -> Row | None:
        """See `read_member`."""
        return await self._ask(
            ("member", code, start),
            lambda view: members.read_member(view, self.network, code, start),
        )

    async def logs(self, codes: Sequence[str]) -> list[Row]:
        """See `read_logs`."""
        return await self._ask(
            ("logs", *codes), lambda view: members.read_logs(view, self.network, codes)
        )

    async def log(self, log_id: bytes) -> Row | None:
        """See `read_log`."""
        return await self._ask(
            ("log", log_id), lambda view: members.read_log(view, self.network, log_id)
        )

    async def anchors(self, log_id: bytes, before: int | None) -> Row:
        """See `read_anchors`."""
        return await self._ask(
            ("anchors", log_id, before),
            lambda view: events.read_anchors(view, self.network, log_id, before),
        )

    async def block(self, number: int) -> Row | None:
        """See `read_block`."""
        reader = self._reads.reader
        return await self._ask(
            ("block", number),
            lambda view: events.read_block(view, reader, self.network, number),
        )

    async def votes(self) -> Sequence[Motion]:
        """All proposals, the newest first."""
        return await self._ask("votes", self._votes.motions)

    async def vote(self, wanted: bytes) -> Row | None:
        """One of them; see `Votes.motion`."""
        return await self._ask(("vote", wanted), lambda view: self._votes.motion(view, wanted))

    async def catalogue(self, start: int) -> Row:
        """See `read_catalogue`."""
        return await self._ask(
            ("catalogue", start),
            lambda view: catalogue.read_catalogue(view, self.network, start),
        )

    async def item(self, name: str, start: int) -> Row | None:
        """See `read_item`."""
        return await self._ask(
            ("item", name, start),
            lambda view: catalogue.read_item(view, self.network, name, start),
        )

    async def acts(self, record: RecordId) -> Sequence[RecordedAct] | None:
        """All acts on a record, in their order; None where they are too many for a page."""

        def read(view: View) -> Sequence[RecordedAct] | None:
            history = consortium_of(view, self.network).contract_history(CASE_REGISTRY)
            acts = Acts(view, [one.account for one in history], self._histories)
            if acts.states([record])[record].word.version > MOST_ACTS:
                return None
            return acts.history(record)

        return await self._ask(("acts", record), read)

    async def root(self, log_id: bytes, size: int) -> Digest | None:
        """The root that was anchored at that size of a log; None: none was."""

        def read(view: View) -> Digest | None:
            history = consortium_of(view, self.network).contract_history(LOG_ANCHOR)
            for one in reversed(history):
                contract = LogAnchor(one.account, view.call, view.calls)
                if (root := contract.root_at(log_id, size)) is not None:
                    return root
            return None

        return await self._ask(("root", log_id, size), read)

    def mirrored(self, name: bytes) -> MirroredRecord | None:
        """The record of that id or leaf that a copy of the log of another member holds; None: none
        does. It may take seconds, so one is looked for at a time. Raises NotRead, NotReady."""
        if not self._looking.acquire(blocking=False):
            raise NotRead(BUSY)
        try:
            return self._mirrored.find(name)
        finally:
            self._looking.release()

    async def find(self, name: bytes) -> tuple[Thing, int | None] | None:
        """What the chain knows by this id, and of a transaction its block; None: nothing."""

        def read(view: View) -> tuple[Thing, int | None] | None:
            consortium = consortium_of(view, self.network)
            if consortium.log(LogId(name)) is not None:
                return Thing.LOG, None
            if consortium.proposal(name) is not None:
                return Thing.VOTE, None
            history = consortium.contract_history(CASE_REGISTRY)
            acts = Acts(view, [one.account for one in history])
            if acts.states([RecordId(Digest(name))])[RecordId(Digest(name))]:
                return Thing.RECORD, None
            block = events.transaction_block(view, name)
            return None if block is None else (Thing.TRANSACTION, block)

        return await self._ask(("find", name), read)

    async def _ask(self, key: Hashable, read: Callable[[View], T]) -> T:
        return await self._reads.ask(key, read, seconds=FRESH_SECONDS)


def make_explorer(ctx: Context) -> Explorer:
    """Put it together, with a reader of its own: those of the gateway wait for nobody who looks."""
    reader = QuorumReader(
        replace(ctx.network, max_head_age=ANY_AGE),
        now=ctx.clock.of_chain,
        patience=PATIENCE_SECONDS,
        deadline=DEADLINE_SECONDS,
        on_note=tell,
        on_timeout=TIMEOUTS.labels("chain").inc,
        hurry=HURRY_SECONDS,
        max_ahead=None,
        development=ctx.settings.env == "development",
    )
    return Explorer(ctx, ChainReads(reader))
