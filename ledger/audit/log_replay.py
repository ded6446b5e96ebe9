"""One log, replayed from its public bundles: every root at every anchored size, every entry, every
hash tile. What is read is read once, in order, and not kept."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256

from ledger.audit.catalogue import Catalogue
from ledger.audit.commitments import NEVER, Commitments, References, Seat
from ledger.audit.entries import EntryReader, Group, Read, Tally
from ledger.audit.findings import Findings
from ledger.audit.held import ActedOn, Corrections
from ledger.audit.incomplete_codes import INCOMPLETE, TILES_MISSING
from ledger.audit.listed import ListEntries
from ledger.audit.opened import Opened
from ledger.audit.state import Anchor, Log, State
from ledger.audit.tiles import MAX_CHECKPOINT, Bundles, Fetch, Missing, Unreachable, tile
from ledger.audit.times import BlockTimes
from ledger.audit.tree import Tree
from ledger.chain.contracts.structs import MONTH
from ledger.core import note
from ledger.core.canonical import hex32
from ledger.core.errors import EvidenceError, Malformed, VersionUnknown
from ledger.core.ids import Digest, record_id
from ledger.core.keys import Alg, Purpose, Role
from ledger.core.merkle import EMPTY_ROOT, LEAF_PREFIX
from ledger.core.tiles import WIDTH, parse_bundle, tile_path
from ledger.core.verdict.facts import SHANGHAI_OFFSET, end_of

Progress = Callable[[str, int, int], None]
"""Log id, entries read, entries there are."""

# Entries of a closed log beyond its last anchor: promised, not anchored any more, and to be logged
# again. More than one anchor could have taken is nobody's promise.
MAX_TAIL = 1 << 20


@dataclass(frozen=True, slots=True)
class Stretch:
    """Entries of one anchor, up to `end`; anchor None: of none. rank: its place among the anchors
    of all logs."""

    end: int
    rank: int
    epoch: int
    anchor: Anchor | None


@dataclass(slots=True, kw_only=True)
class LogReplay:
    """Replays one log. number: its place among the logs; ranks: of its anchors."""

    log: Log
    number: int
    ranks: Sequence[int]
    state: State
    times: BlockTimes
    catalogue: Catalogue
    fetch: Fetch | None
    findings: Findings
    commitments: Commitments
    references: References
    corrections: Corrections
    acted_on: ActedOn
    opened: Opened | None = None
    listed: ListEntries | None = None
    progress: Progress
    complete: bool = True
    whole: bool = True  # every entry was read, too
    _epochs: list[int] = field(default_factory=list)  # numbers of the anchors that begin one
    _end: int = 0  # entries that are read
    _claimed: Digest | None = None  # root of the tail, as its owner signed it

    def run(self) -> Tally:
        """Everything about the log's content. What is missing ends it."""
        reader = EntryReader(self.log.log_id)
        if not self.log.anchors and self.log.closed is None:
            return reader.tally
        if self.fetch is None:
            self._missing(Missing("endpoint"), reader.tally)
            return reader.tally
        self._end, self._epochs = self._size, self._begin_epochs()
        try:
            self._check_checkpoint(self.fetch)
            self._replay(self.fetch, reader)
        except Missing as missing:
            self._missing(missing, reader.tally)
        for group, index in sorted(reader.tally.firsts.items()):
            self._check_group(group, index, reader.tally.records[group])
        return reader.tally

    @property
    def _size(self) -> int:
        """Where the log ends, also where its anchors are out of order."""
        return max((anchor.size for anchor in self.log.anchors), default=0)

    @property
    def _root(self) -> Digest:
        """At the last anchor."""
        return self.log.anchors[-1].root if self.log.anchors else EMPTY_ROOT

    def add(self, code: str, where: str, **evidence: str | int) -> None:
        log = self.log
        path = f"log/{log.log_id.hex()}/{where}"
        self.findings.add(code, log=log.log_id, member=log.member, where=path, **evidence)

    def unchecked(self, code: str, where: str, **evidence: str | int) -> None:
        self.findings.unchecked(code, f"log/{self.log.log_id.hex()}/{where}", **evidence)

    def _missing(self, missing: Missing, tally: Tally) -> None:
        """A log that is not served, or not now, is the same finding; only the reason differs. One
        of which nothing was anchored owes nobody anything."""
        if not self.log.anchors:
            self.whole = False
            return
        self.complete = False
        self.whole = False
        left = self._size - tally.entries
        self.add(TILES_MISSING, missing.path, entries=left)
        code = "tiles-unreachable" if isinstance(missing, Unreachable) else TILES_MISSING
        self.unchecked(code, missing.path, entries=left)

    # ---- the tree and its entries

    def _replay(self, fetch: Fetch, reader: EntryReader) -> None:
        anchored = {anchor.size: anchor for anchor in self.log.anchors}
        tree, uppers = Tree(), _UpperTiles(self, fetch)
        tail = EntryReader(self.log.log_id)  # what is in no anchor counts for nothing
        for n, bundle, lowest in Bundles(fetch, self._end):
            first = n * WIDTH
            try:
                entries = parse_bundle(bundle, min(WIDTH, self._end - first))
            except Malformed as error:
                self.complete = self.whole = False
                self.add("bundle-malformed", f"bundle/{n}", problem=error.problem)
                return
            leaves = [sha256(LEAF_PREFIX + entry).digest() for entry in entries]
            if b"".join(leaves) != lowest:
                self.add("tile-mismatch", tile_path(0, n, len(leaves)))
            self._read(reader, tail, first, entries)
            self._grow(tree, leaves, anchored)
            uppers.take(tree.born())
            self.progress(self.log.log_id.hex(), tree.size, self._end)
        uppers.end()
        if self._claimed is not None and self._claimed != tree.root():
            self.add("checkpoint-differs", "checkpoint", shown=hex32(self._claimed))

    def _read(
        self, reader: EntryReader, tail: EntryReader, first: int, entries: list[bytes]
    ) -> None:
        """Entries of a bundle, those of each anchor for themselves."""
        at = 0
        while at < len(entries):
            stretch = self._stretch(first + at)
            part = entries[at : stretch.end - first]
            if stretch.anchor is None:
                read = tail.read(part)
            else:
                read = reader.read(part, stretch.epoch)
                self._tell(read)
                self._name(read, first + at, stretch.rank, stretch.anchor)
                if self.listed is not None:
                    time = self.times.at(stretch.anchor.place[0])
                    self.listed.seen(self.log.log_id, part, time)
            self.acted_on.found(self.number, read.commitments)
            if self.opened is not None:
                time = 0 if stretch.anchor is None else self.times.at(stretch.anchor.place[0])
                self.opened.seen(self.log.log_id, first + at, part, read, time)
            self.commitments.add(
                self.number, first + at, stretch.rank, read.commitments, bytes(read.flags)
            )
            at += len(part)

    def _tell(self, read: Read) -> None:
        """What is wrong with entries, and what cannot be read."""
        for item in read.bad:
            known = item.code not in INCOMPLETE
            self.whole = self.whole and known
            tell = self.add if known else self.unchecked
            tell(item.code, f"entry/{item.index}", why=item.why)

    def _name(self, read: Read, first: int, rank: int, anchor: Anchor) -> None:
        """What entries from index `first` on name."""
        for named in read.names:
            seat = Seat(rank, self.number, named.index, named.flags)
            self.references.add(seat, named.target, replaces=named.replaces)
            if named.replaces:
                continue
            commitment = bytes.fromhex(read.commitments[named.index - first].decode())
            by = record_id(self.log.log_id, Digest(commitment))
            if self.corrections.is_late(named.target, by, self.times.at(anchor.place[0])):
                where = f"entry/{named.index}"
                target = named.target.hex()
                self.add("correction-without-act", where, target=target, record=by.hex())

    def _stretch(self, index: int) -> Stretch:
        """The first anchor that covers an entry. (Anchors out of order cover what they can.)"""
        anchors = self.log.anchors
        number = bisect_right(anchors, index, key=lambda anchor: anchor.size)
        if number == len(anchors) or anchors[number].size <= index:
            covering = [n for n, anchor in enumerate(anchors) if anchor.size > index]
            if not covering:
                return Stretch(self._end, NEVER, len(self._epochs), None)
            number = covering[0]
        epoch = bisect_right(self._epochs, number)
        return Stretch(anchors[number].size, self.ranks[number], epoch, anchors[number])

    def _grow(self, tree: Tree, leaves: Sequence[bytes], anchored: dict[int, Anchor]) -> None:
        """Append, and compare the root wherever the chain has one."""
        first, at = tree.size, 0
        for size in sorted(anchored.keys() & range(first + 1, first + len(leaves) + 1)):
            tree.append(leaves[at : size - first])
            at = size - first
            self._check_root(tree, anchored[size])
        tree.append(leaves[at:])

    def _check_root(self, tree: Tree, anchor: Anchor) -> None:
        computed = tree.root()
        if computed != anchor.root:
            self.add(
                "root-mismatch",
                f"anchor/{anchor.size}",
                anchored=hex32(anchor.root),
                computed=hex32(computed),
                tx=anchor.tx,
            )

    # ---- the public checkpoint

    def _check_checkpoint(self, fetch: Fetch) -> None:
        try:
            found = note.parse_checkpoint(fetch("checkpoint", MAX_CHECKPOINT).decode())
        except (Malformed, UnicodeDecodeError):
            self.add("checkpoint-invalid", "checkpoint", problem="not a checkpoint")
            return
        except VersionUnknown as error:
            self.unchecked("checkpoint-version-unknown", "checkpoint", problem=error.message)
            return
        if found.newer is not None:
            self.unchecked("checkpoint-version-unknown", "checkpoint", problem=found.newer)
        if found.log != self.log.log_id:
            self.add("checkpoint-invalid", "checkpoint", problem="of another log")
        elif not found.signed_by_known_type:
            return
        elif not self._signed(found):
            self.add("checkpoint-invalid", "checkpoint", problem="not signed by the owner")
        elif found.size < self._size:
            self.add("checkpoint-behind", "checkpoint", size=found.size, anchored=self._size)
        elif found.size == self._size and found.root != self._root:
            self.add(
                "checkpoint-differs",
                "checkpoint",
                anchored=hex32(self._root),
                shown=hex32(found.root),
            )
        elif self.log.closed is not None and self._size < found.size <= self._size + MAX_TAIL:
            self._end, self._claimed = found.size, Digest(found.root)

    def _signed(self, found: note.Checkpoint) -> bool:
        return owner_signed(self.state, self.log, found)

    # ---- what may be recorded, and by whom

    def _begin_epochs(self) -> list[int]:
        """Numbers of the anchors from which on something else was allowed: the catalogue had
        changed, or what the owner was."""
        anchors, owner = self.log.anchors, self.state.members.get(self.log.member)
        begin = {self.times.from_on(anchors, time) for time in self.catalogue.changes()}
        for place, _ in () if owner is None else owner.was:
            begin.add(bisect_left(anchors, place, key=lambda anchor: anchor.place))
        return sorted(begin - {0, len(anchors)})

    def _check_group(self, group: Group, index: int, count: int) -> None:
        """The first of the records that say the same and were anchored while the same was allowed:
        owner a province, type in the catalogue, period as exact as it should be, not of the
        future."""
        _, (period_, schema_, _) = group
        period, schema = period_.decode(), schema_.decode()
        anchor = self._stretch(index).anchor
        owner = self.state.members.get(self.log.member)
        if anchor is None or owner is None:
            return
        time, where = self.times.at(anchor.place[0]), f"entry/{index}"
        if not owner.roles_at(anchor.place) & Role.PROVINCE:
            roles = owner.roles_at(anchor.place)
            self.add("issuer-not-a-province", where, roles=roles, records=count, tx=anchor.tx)
        item = self.catalogue.find(schema, owner.region, time)
        if item is None:
            self.add("type-not-in-catalogue", where, schema=schema, records=count)
        elif len(period) != (7 if item.granularity == MONTH else 4):
            self.add("period-granularity", where, schema=schema, period=period)
        if _start_of(period) > time:
            self.add("period-in-future", where, period=period, anchored=anchor.tx)


class _UpperTiles:
    """Tiles of level 1 and up, compared as they become complete."""

    def __init__(self, replay: LogReplay, fetch: Fetch) -> None:
        self._replay = replay
        self._fetch = fetch
        self._hashes: dict[int, list[bytes]] = {}
        self._done: dict[int, int] = {}

    def take(self, born: dict[int, list[bytes]]) -> None:
        """Hashes of tiles below that became complete."""
        for level, hashes in born.items():
            waiting = self._hashes.setdefault(level, [])
            waiting += hashes
            if len(waiting) >= WIDTH:
                self._compare(level, waiting[:WIDTH])
                self._hashes[level] = waiting[WIDTH:]

    def end(self) -> None:
        """The partial tiles at the right edge."""
        for level, hashes in sorted(self._hashes.items()):
            if hashes:
                self._compare(level, hashes)

    def _compare(self, level: int, hashes: list[bytes]) -> None:
        n = self._done.get(level, 0)
        self._done[level] = n + 1
        if tile(self._fetch, level, n, len(hashes)) != b"".join(hashes):
            self._replay.add("tile-mismatch", tile_path(level, n, len(hashes)))


def owner_signed(state: State, log: Log, found: note.Checkpoint) -> bool:
    """Whether a NOTE key of the owner of the log, of whatever time, signed this checkpoint."""
    for key in state.keys.values():
        if (key.member, key.purpose, key.alg) == (log.member, Purpose.NOTE, Alg.ED25519):
            try:
                note.verify(found, key.public_key)
            except EvidenceError:
                continue
            return True
    return False


def _start_of(period: str) -> int:
    """The first instant of a month or year in Asia/Shanghai."""
    year, _, month = period.partition("-")
    if not 1 <= int(year):
        return -SHANGHAI_OFFSET
    return end_of(date(int(year), int(month or 1), 1)) - 86_400
