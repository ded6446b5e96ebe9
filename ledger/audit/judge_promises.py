"""Whether what a member signed to anchor was anchored in time (design-2 20).

The promise says which leaves and by when, the chain when each size of the log was anchored, the
tiles where a leaf stands, proven by the anchored root. The member's own signature and its own
anchors tell; nobody has to be believed. Checked in this order:

1. The leaves are those that the promise covers.
2. The log is one of this network; its owner signed, with an ANCHOR key that was valid then and is
   not held to be stolen.
3. The tiles are those of the newest final anchor, and give the roots of the last anchor up to `due`
   and of the first after it.
4. Each leaf stands below the size of the last anchor up to `due`; else it came late, or not at all.

The caller MUST still weigh what late means. Nobody is accused by what is not `broken`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from ledger.audit.leaf_search import NotRead, Tree, find
from ledger.audit.log_anchors import AnchorAt, LogAnchors
from ledger.audit.promise_files import Given
from ledger.audit.promise_result import Judged, LeafAt, Mined, PromiseAudit
from ledger.audit.tiles import Fetch
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.blocks import Block
from ledger.chain.nodes.quorum import QuorumReader
from ledger.chain.snapshot import Snapshot
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import Digest, LogId
from ledger.core.promise import Promise
from ledger.core.verdict.facts import LogFact, PromiseFacts
from ledger.core.verdict.promise_key import check_signed, promise_key

__all__ = ["Sources", "judge_promises"]

Sources = Callable[[str, LogId], Iterable[tuple[str, Fetch]]]
"""Where a log of a member may be read, its owner first: by code of whoever serves it."""


def judge_promises(
    given: Sequence[Given], reader: QuorumReader, sources: Sources, *, now: int
) -> PromiseAudit:
    """Judge all, up to the newest final block. now: Unix seconds of the local clock. Raises
    CouldNotCheck where the chain cannot be read."""
    view = reader.head()
    last = reader.final_block(view)
    network = reader.network
    if last is None or last.number < network.deploy_block:
        raise CouldNotCheck("not-final", "no block of the network is final yet")
    job = _Job(
        network=network,
        snapshot=Snapshot(network, head=view, others=(), final=last),
        anchors=LogAnchors(view, network, last),
        last=last,
        sources=sources,
        now=now,
    )
    return PromiseAudit(network=network, block=last, judged=tuple(map(job.judge, given)))


class _Around(NamedTuple):
    """The anchors of a log as a promise needs them: all from before it was issued, and of these the
    last up to `due`, the first after it, the newest; None: there is none."""

    all: Sequence[AnchorAt]
    before: AnchorAt | None
    first: AnchorAt | None
    newest: AnchorAt | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    network: NetworkFile
    snapshot: Snapshot
    anchors: LogAnchors
    last: Block
    sources: Sources
    now: int

    def judge(self, given: Given) -> Judged:
        """One promise, as the module says."""
        promise = given.promise
        if given.problem is not None:
            return Judged(given=given, code="promise-mismatch", problem=given.problem)
        facts = self.snapshot.promise_facts(promise.log)
        if facts.log is None:
            newer = promise.issued_at > facts.head.time
            code = "promise-newer-than-head" if newer else "promise-other-network"
            return Judged(given=given, code=code)
        signed = self._signed(given, facts, facts.log.member)
        if signed.code:
            return signed
        if not given.leaves:
            return replace(signed, code="promise-leaves-unknown")
        return self._in_log(signed, facts.log)

    def _signed(self, given: Given, facts: PromiseFacts, owner: str) -> Judged:
        """Its code is "" where it is the promise of the owner."""
        promise = given.promise
        key = promise_key(promise, facts, reference=self.network.reference, owner=owner)
        if key is None and promise.issued_at > facts.head.time:
            return Judged(given=given, code="promise-newer-than-head", member=owner)
        check = check_signed(promise, key, max(self.now, facts.head.time))
        return Judged(
            given=given,
            code="" if check.verdict is None else check.code,
            member=owner,
            key_id=None if key is None else key.key_id,
            problem=", ".join(f"{name} {value}" for name, value in check.values.items()),
        )

    # ---- the log

    def _in_log(self, signed: Judged, log: LogFact) -> Judged:
        promise = signed.given.promise
        around = self._around(promise)
        first = None if around.first is None else self._mined(around.first)
        found = replace(signed, first=first)
        try:
            indexes, code, size = self._find(found, around)
        except NotRead as error:
            return replace(found, code=error.code, problem=error.where)
        leaves = tuple(
            self._leaf(leaf, indexes.get(leaf), around, promise) for leaf in found.given.leaves
        )
        told = _worst(self._code(leaf, promise, log) for leaf in leaves)
        return replace(found, code=told, leaves=leaves, read_from=code, read_size=size)

    def _around(self, promise: Promise) -> _Around:
        """A leaf may have stood there before it was promised: what is older is one size to us."""
        anchors = self.anchors.since(promise.log, promise.issued_at)
        count = bisect_right(anchors, promise.due, key=self.anchors.time)
        return _Around(
            all=anchors,
            before=anchors[count - 1] if count else None,
            first=anchors[count] if count < len(anchors) else None,
            newest=anchors[-1] if anchors else None,
        )

    def _find(self, found: Judged, around: _Around) -> tuple[dict[Digest, int], str, int]:
        """Where the leaves stand, whose server told, and in a tree of which size: of the newest
        anchor, or where nobody has that one (mirrors come behind) of the first after `due`. Raises
        NotRead with what was wrong first, another tree before anything else."""
        if around.newest is None:
            return {}, "", 0
        problem: NotRead | None = None
        for tree in _trees(around):
            split = 0 if around.before is None else around.before.size
            for code, fetch in self.sources(found.member, found.given.promise.log):
                try:
                    return find(fetch, tree, found.given.leaves, split=split), code, tree.size
                except NotRead as error:
                    worse = error.code == "root-mismatch" and problem is not None
                    if problem is None or (worse and problem.code != error.code):
                        problem = error
        raise problem or NotRead("tiles-missing", "endpoint")

    def _leaf(self, leaf: Digest, index: int | None, around: _Around, promise: Promise) -> LeafAt:
        if index is None:
            return LeafAt(leaf=leaf)
        covering = next((one for one in around.all if index < one.size), None)
        if covering is None:
            return LeafAt(leaf=leaf, index=index)
        mined = self._mined(covering)
        late = max(0, mined.block.time - promise.due)
        return LeafAt(leaf=leaf, index=index, mined=mined, late=late)

    def _mined(self, anchor: AnchorAt) -> Mined:
        return Mined(anchor, self.anchors.block(anchor))

    # ---- what follows

    def _code(self, leaf: LeafAt, promise: Promise, log: LogFact) -> str:
        closed = log.trusted_size is not None
        if leaf.index is None:
            if closed and log.closed_recorded <= promise.due:
                return "promise-log-closed"
            if self.last.time <= promise.due:
                return "promise-not-due"
            # What was anchored before may still be on its way to the new chain.
            return "promise-in-rebuilt" if self._is_anew(self.last.time) else "promise-broken"
        if log.trusted_size is not None and leaf.index >= log.trusted_size:
            return "promise-log-closed"
        if not leaf.late:
            return "promise-met"
        anew = leaf.mined is not None and self._is_anew(leaf.mined.block.time)
        return "promise-in-rebuilt" if anew else "promise-late"

    def _is_anew(self, time: int) -> bool:
        """Whether a lost chain was being filled anew at that time."""
        rebuilt = self.network.rebuilt
        return rebuilt is not None and rebuilt.holds(time)


def _trees(around: _Around) -> Iterator[Tree]:
    """The newest, and the one of the first anchor after `due`; each with the roots that it must
    give."""
    near = [one for one in (around.before, around.first) if one is not None]
    tops = [one for one in (around.newest, around.first) if one is not None]
    for top in dict.fromkeys(tops):
        roots = {one.size: one.root for one in near if one.size <= top.size}
        yield Tree(size=top.size, root=top.root, roots=roots)


_ORDER = (
    *("promise-broken", "promise-late", "promise-in-rebuilt", "promise-log-closed"),
    *("promise-not-due", "promise-met"),
)


def _worst(codes: Iterable[str]) -> str:
    """What is said of a promise whose leaves have these."""
    found = set(codes)
    return next(code for code in _ORDER if code in found)
