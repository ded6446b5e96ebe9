"""One round of a monitor: nodes, chain, gateways, logs, copies."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

from ledger.audit.incomplete_codes import INCOMPLETE
from ledger.audit.monitor.chain import WENT_BACK, Follower, Place
from ledger.audit.monitor.copies import CopyLooked, look_at_copy
from ledger.audit.monitor.gateways import GatewayLooked, look_at_gateway
from ledger.audit.monitor.items import Condition
from ledger.audit.monitor.logs import NOTHING, LogLooked, look_at_log
from ledger.audit.monitor.memory import Memory
from ledger.audit.monitor.nodes import Looked, Nodes, conditions
from ledger.audit.monitor.reading import LOOK_SECONDS, Once
from ledger.audit.monitor.store import Store
from ledger.audit.monitor.telling import Teller
from ledger.audit.state import Log
from ledger.audit.tiles import is_plain_url, log_url, mirror_url
from ledger.audit.times import BlockTimes
from ledger.chain.contracts.structs import ACTIVE
from ledger.chain.errors import BadHead
from ledger.chain.nodes.blocks import Block
from ledger.chain.nodes.deadlines import until
from ledger.chain.nodes.http import Http
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import LogId
from ledger.core.keys import Role

__all__ = ["AT_ONCE", "CHAIN_SECONDS", "DRAW_SECONDS", "Round", "Rounds", "Terms"]

AT_ONCE: Final = 8
"""Gateways, logs and copies that are read at once: one that hangs holds up none of the others."""
CHAIN_SECONDS: Final = 300.0
"""For what is read of the chain in one step; a step has some thousands of blocks."""
_OWN: Final = frozenset({"head", "nodes", "chain", "replay", "replay-made"})
DRAW_SECONDS: Final = 3_600.0
"""For so long the pieces of a copy that has not grown are not looked at again."""
_T = TypeVar("_T")
_Looking = Callable[[], _T]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """stopped_after: seconds for which a log may have more than was anchored."""

    stopped_after: int


@dataclass(slots=True, kw_only=True)
class Round:
    """What a round saw, for figures. began, ended: Unix seconds. block, final: heads; None: the
    chain could not be read."""

    began: int
    ended: int = 0
    block: Block | None = None
    final: Block | None = None
    problem: str = ""
    nodes: list[Looked] = field(default_factory=list)
    gateways: list[GatewayLooked] = field(default_factory=list)
    logs: dict[LogId, LogLooked] = field(default_factory=dict)
    copies: list[CopyLooked] = field(default_factory=list)


class Rounds:
    """Makes rounds. Each part is written down when it is through; `stop` ends it between two."""

    def __init__(
        self,
        *,
        reader: QuorumReader,
        nodes: Nodes,
        http: Http,
        store: Store,
        teller: Teller,
        terms: Terms,
        now: Callable[[], float],
        stop: threading.Event,
    ) -> None:
        self.follower = Follower(reader.network)
        self._reader = reader
        self._nodes = nodes
        self._http = http
        self._store = store
        self._teller = teller
        self._terms = terms
        self._now = now
        self._stop = stop
        self._drawn: dict[str, tuple[int, float]] = {}
        self._memory = Memory(store)
        network = reader.network
        with store.round():
            self._memory.begin(f"{network.reference} {network.deploy_block_hash}")
        self._memory.recall(self.follower)

    def run(self) -> Round:
        """One round, whatever cannot be read."""
        made = Round(began=int(self._now()))
        view: View | None = None
        try:
            view = self._reader.head()
            made.block = view.block
            made.final = self._reader.final_block(view)
            self._tell("head", [])
        except CouldNotCheck as error:
            made.problem = error.code
            self._tell("head", [_unreadable(error)])
        made.nodes = self._nodes.look(view)
        self._tell("nodes", conditions(made.nodes))
        if view is not None and made.final is not None:
            self._chain(view, made.final, made)
            if not self._stop.is_set() and not made.problem:
                self._members(view, made)
        made.ended = int(self._now())
        return made

    # ---- the chain

    def _chain(self, view: View, last: Block, made: Round) -> None:
        try:
            self._follow(view, last)
            late = self.follower.behind(last, BlockTimes(view))
        except CouldNotCheck as error:  # half of a step may have been done
            self._memory.recall(self.follower)
            made.problem = error.code
            self._tell("chain", [_unreadable(error)])
        else:
            self._tell("chain", late)

    def _follow(self, view: View, last: Block) -> None:
        place, follower = self._memory.place(), self.follower
        if place is not None and (other := follower.rewritten(view, place)) is not None:
            before = dict(follower.anchored)
            follower.reset()
            past = follower.begin(view, last, None)
            found = [other, *follower.differing(view, before), *past]
            with self._store.round():
                self._memory.forget_chain()
                self._teller.facts(found, int(self._now()))
                self._memory.keep(follower, Place(last.number, last.hash))
            return
        view.run.extend(CHAIN_SECONDS)
        past = follower.begin(view, last, place)
        with self._store.round():
            self._teller.facts(past, int(self._now()))
            if place is None:
                self._memory.keep(follower, Place(last.number, last.hash))
        for step in follower.steps(view, last):
            with self._store.round():
                self._teller.facts(step.items, int(self._now()))
                for name, count in step.events.items():
                    self._store.count(f"event/{name}", count)
                self._memory.keep(follower, step.place)
            view.run.extend(CHAIN_SECONDS)
            if self._stop.is_set():
                return

    # ---- what members serve

    def _members(self, view: View, made: Round) -> None:
        logs = {f"log/{log.log_id.hex()}": log for log in self._logs()}
        gateways = dict(self._gateways())
        owners = {source: self._owner(log) for source, log in logs.items()}
        copies = dict(self._copies(view, logs.values()))
        told = self._look(gateways)
        looked = self._look(owners)
        copied = self._look(copies)
        if self._stop.is_set():
            return
        self._note_drawn(copied)
        made.gateways, made.copies = list(told.values()), list(copied.values())
        made.logs = {logs[source].log_id: one for source, one in looked.items()}
        # Of its own logs alone: what a member says of another's would be taken for that one's word.
        promised = {one.member: one.promised for one in told.values()}
        asked = {*_OWN, *gateways, *owners, *copies}
        with self._store.round():
            for source, log in logs.items():
                if source in looked:
                    size = promised.get(log.member, {}).get(log.log_id.hex(), 0)
                    self._tell_log(source, log, looked[source], size)
            for source, gateway in told.items():
                self._tell(source, gateway.conditions)
            for source, copy in copied.items():
                self._tell(source, copy.conditions)
            for source in self._store.sources() - asked:  # of members that are not there any more
                self._tell(source, [])

    def _look(self, jobs: Mapping[str, _Looking[_T]]) -> dict[str, _T]:
        """Run them, several at once, each for no longer than `LOOK_SECONDS`. Those that had not
        begun when the monitor was stopped, and those for which the chain could not be read, are
        left out."""

        def within(job: _Looking[_T]) -> _T | None:
            if self._stop.is_set():
                return None
            with until(time.monotonic() + LOOK_SECONDS), suppress(CouldNotCheck):
                return job()
            return None

        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="look") as pool:
            found = zip(jobs, pool.map(within, jobs.values()), strict=True)
            return {source: one for source, one in found if one is not None}

    def _gateways(self) -> Iterator[tuple[str, _Looking[GatewayLooked]]]:
        network = self._reader.network.reference
        for code, member in sorted(self.follower.state.members.items()):
            if member.status == ACTIVE and is_plain_url(member.endpoint):
                fetch = Once(self._http, member.endpoint.rstrip("/"))
                yield f"member/{code}", partial(look_at_gateway, code, network, fetch)

    def _logs(self) -> Iterator[Log]:
        """Those that somebody must serve: anchored, or of an ACTIVE province."""
        state, provinces = self.follower.state, set(self.follower.provinces())
        for log_id, log in sorted(state.logs.items()):
            is_open = log.member in provinces and log.closed is None
            if log_id in self.follower.anchored or is_open:
                yield log

    def _owner(self, log: Log) -> _Looking[LogLooked]:
        state = self.follower.state
        member = state.members.get(log.member)
        base = "" if member is None else member.endpoint
        if not is_plain_url(base):
            return LogLooked  # told by its endpoint, which is none
        anchored = self.follower.anchored.get(log.log_id, NOTHING)
        fetch = Once(self._http, log_url(base, log.log_id))
        before = self._memory.shown(log.log_id)
        return partial(look_at_log, state, log, fetch, anchored, before)

    def _copies(
        self, view: View, logs: Iterable[Log]
    ) -> Iterator[tuple[str, _Looking[CopyLooked]]]:
        state, root_of = self.follower.state, self.follower.roots(view)
        for log in logs:
            anchored = self.follower.anchored.get(log.log_id)
            for code, member in sorted(state.members.items()):
                keeps = member.status == ACTIVE and member.roles & Role.PROVINCE
                if anchored is None or code == log.member or not keeps:
                    continue
                if is_plain_url(member.endpoint):
                    fetch = Once(self._http, mirror_url(member.endpoint, log.log_id))
                    source = f"mirror/{code}/{log.log_id.hex()}"
                    look = partial(
                        look_at_copy, state, log, code, fetch, drawn=self._lately(source)
                    )
                    yield source, partial(look, anchored=anchored, root_of=root_of)

    def _lately(self, source: str) -> int:
        """At which size the pieces of a copy were looked at in this hour; -1: at none."""
        size, at = self._drawn.get(source, (-1, 0.0))
        return size if time.monotonic() - at < DRAW_SECONDS else -1

    def _note_drawn(self, copied: Mapping[str, CopyLooked]) -> None:
        for source, one in copied.items():
            if one.copy != "same":
                self._drawn.pop(source, None)
            elif self._lately(source) != one.size:
                self._drawn[source] = (one.size, time.monotonic())

    # ---- telling

    def _tell(self, source: str, found: Iterable[Condition]) -> None:
        with self._store.round():
            self._teller.conditions(source, found, int(self._now()))

    def _tell_log(self, source: str, log: Log, looked: LogLooked, promised: int) -> None:
        now = int(self._now())
        anchored = self.follower.anchored.get(log.log_id, NOTHING)
        with self._store.round():
            self._teller.facts(looked.facts, now)
            if looked.kept is not None:
                self._memory.keep_shown(log.log_id, looked.kept)
            size = max(promised, 0 if looked.shown is None else looked.shown.size)
            found = [*looked.conditions, *self._stopped(log, anchored.size, size, now)]
            self._teller.conditions(source, found, now)

    def _stopped(self, log: Log, anchored: int, size: int, now: int) -> Iterator[Condition]:
        """A log that goes on, and is not anchored."""
        if log.closed is not None or size <= anchored:
            self._memory.not_ahead(log.log_id)
            return
        since = self._memory.ahead_since(log.log_id, anchored, now)
        if now - since >= self._terms.stopped_after:
            yield Condition(
                code="log-stopped",
                member=log.member,
                where=f"log/{log.log_id.hex()}/anchors",
                evidence={"anchored": anchored, "size": size, "since": since},
                patience=0,
            )


def _unreadable(error: CouldNotCheck) -> Condition:
    """Why the chain could not be read. A head of a wrong time has lasted, or lasts, by itself."""
    known = isinstance(error, BadHead) or error.code in {*INCOMPLETE, WENT_BACK}
    code = error.code if known else "chain-unreadable"
    evidence = {"code": error.code, "problem": error.message[:200]}
    patience = 0 if isinstance(error, BadHead) else None
    return Condition(code=code, member="", where="chain", evidence=evidence, patience=patience)
