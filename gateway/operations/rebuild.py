"""A log that was lost, rebuilt from the copies that the other provinces keep of it.

Each piece is proven by the newest final anchor before it is put back, so no mirror is trusted.
What nobody else keeps stays lost: the sealed content, and entries that were never anchored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import sqlalchemy as sa

from gateway.anchoring.sync import forget
from gateway.base.context import Context
from gateway.base.db import begin_read, begin_write
from gateway.chain.interfaces import MemberFacts, OwnLog
from gateway.chain.signing import Signing
from gateway.intake.promises import insert_promise, make_promise
from gateway.log import store
from gateway.log.regrowing import CannotRegrow, Run, put_back, runs
from gateway.log.services import LOCK, Logs
from gateway.log.store import LogState
from gateway.mirrors.reading import anchor_contracts, newest_anchor, read_peers
from ledger.audit.mirrored import Copies, Head, Mirror
from ledger.audit.proven import Proven
from ledger.audit.tiles import HttpFetch, Missing
from ledger.chain.nodes.blocks import Block
from ledger.chain.nodes.http import Http
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.core.tiles import WIDTH, bundle_entries

ENTRIES = 16_384
"""Of one transaction, about; a run is never parted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What became of one log. before, size: entries held. wanted: finally anchored. promised:
    entries of which nothing was known here. sources: members whose copies were read. code: why it
    was not rebuilt: `no-mirror` `other-tree` `waiting-differs`; None: it is whole."""

    log: str
    before: int
    size: int
    wanted: int
    promised: int = 0
    sources: tuple[str, ...] = ()
    code: str | None = None


@dataclass(slots=True)
class Rebuild:
    """The work on all logs of this member. No gateway may run on the database meanwhile."""

    ctx: Context
    reader: QuorumReader
    signing: Signing
    logs: Logs
    http: Http
    progress: Callable[[int], None] = lambda count: None
    _promised: int = field(default=0, init=False)

    def run(self, facts: MemberFacts) -> list[Rebuilt]:
        """Rebuild every log of which less is held than is finally anchored. Repeated it goes on
        where it stopped. Raises CouldNotCheck, NotReady where no key may sign now."""
        view = self.reader.head()
        final = self.reader.final_block(view)
        return [self._log(view, final, facts, fact) for fact in facts.logs]

    def _log(self, view: View, final: Block | None, facts: MemberFacts, fact: OwnLog) -> Rebuilt:
        log_id = bytes.fromhex(fact.log_id)
        size, root = (0, b"") if final is None else self._anchor(view, final, fact, log_id)
        log = self._settled(log_id)
        held = (log.published or 0) if log else 0
        told = Rebuilt(log=fact.log_id, before=held, size=held, wanted=size)
        if log is None or size <= held:
            return told
        copies, named = self._copies(view, log_id, Head(size, root, lambda _: True))
        proven = Proven(copies, size, root)
        try:
            if held and proven.root_at(held) != log.root:
                return _ended(told, "other-tree")
            self._promised, code = 0, None
            self._grow(facts, log, proven, size)
        except Missing:
            code = "no-mirror"
        except CannotRegrow:
            code = "waiting-differs"
        with begin_write(self.ctx.engine, LOCK) as connection:
            forget(connection, log.id)  # its anchors are read from the chain anew
            now = store.state(connection, log.id)
        return Rebuilt(
            log=fact.log_id,
            before=held,
            size=now.published or 0,
            wanted=size,
            promised=self._promised,
            sources=tuple(sorted(named)),
            code=code,
        )

    def _anchor(self, view: View, final: Block, fact: OwnLog, log_id: bytes) -> tuple[int, bytes]:
        """The newest final anchor that counts; size 0 where there is none."""
        found = newest_anchor(
            view,
            anchor_contracts(view, self.ctx.network),
            log_id,
            first=self.ctx.network.deploy_block,
            last=final.number,
            closed=None if fact.open else fact.trusted_size,
        )
        return found or (0, b"")

    def _settled(self, log_id: bytes) -> LogState | None:
        """The log with nothing behind its last checkpoint: what a run that was cut off had put back
        is published first."""
        with begin_read(self.ctx.engine) as connection:
            found = store.find(connection, log_id)
        if found is None or found.size == (found.published or 0):
            return found
        self.logs.publish(found.id)
        with begin_read(self.ctx.engine) as connection:
            return store.state(connection, found.id)

    def _copies(self, view: View, log_id: bytes, head: Head) -> tuple[Copies, set[str]]:
        named: set[str] = set()
        mirrors = [
            Mirror(peer.code, HttpFetch(self.http, peer.mirror_url(log_id)))
            for peer in read_peers(view, self.ctx.network, self.ctx.settings.node.code)
            if peer.endpoint
        ]
        return Copies(mirrors, head, named.add), named

    def _grow(self, facts: MemberFacts, log: LogState, proven: Proven, size: int) -> None:
        held = log.published or 0
        found = runs(_entries(proven, held, size))
        while some := _portion(found):
            with begin_write(self.ctx.engine, LOCK) as connection:
                self._promised += put_back(
                    connection, log.id, log.log_id, some, self._promising(facts, log)
                )
            self.logs.publish(log.id)
            self.progress(sum(len(run.entries) for run in some))

    def _promising(self, facts: MemberFacts, log: LogState) -> Callable[..., int]:
        def promising(connection: sa.Connection, leaves: Sequence[bytes]) -> int:
            at = self.ctx.clock.seconds()
            signer = self.signing.promise_key(facts, at)
            due_in = self.ctx.settings.log.promise_due
            made = make_promise(facts, log.log_id, leaves, at, due_in=due_in, signer=signer)
            return insert_promise(connection, made, log=log.id, key_id=signer.key_id)

        return promising


def _ended(told: Rebuilt, code: str) -> Rebuilt:
    return Rebuilt(log=told.log, before=told.before, size=told.size, wanted=told.wanted, code=code)


def _entries(proven: Proven, start: int, end: int) -> Iterator[bytes]:
    """The entries start … end - 1, each proven. Raises Missing, EvidenceError."""
    for n in range(start // WIDTH, -(-end // WIDTH)):
        found = bundle_entries(proven.entries(n))
        yield from found[max(0, start - n * WIDTH) :]


def _portion(found: Iterator[Run]) -> list[Run]:
    some: list[Run] = []
    count = 0
    for run in islice(found, ENTRIES):
        some.append(run)
        count += len(run.entries)
        if count >= ENTRIES:
            break
    return some
