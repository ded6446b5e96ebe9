"""One log, replayed from its public bundles: every root at every anchored size, every entry, every
hash tile. What is read is read once, in order, and not kept."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from ledger.audit.chain import Anchor, BlockTimes, Item, Log, State
from ledger.audit.duplicates import Duplicates
from ledger.audit.entries import About, EntryReader, Tally
from ledger.audit.findings import TILES_MISSING, Findings
from ledger.audit.tiles import MAX_CHECKPOINT, Bundles, Fetch, Missing, tile
from ledger.audit.tree import Tree
from ledger.chain.structs import MONTH, NATIONAL, RECORD_TYPE
from ledger.core import note
from ledger.core.canonical import hex32
from ledger.core.errors import EvidenceError, Malformed, VersionUnknown
from ledger.core.facts import SHANGHAI_OFFSET, end_of
from ledger.core.keys import Alg, Purpose
from ledger.core.merkle import LEAF_PREFIX
from ledger.core.tiles import WIDTH, parse_bundle, tile_path

Progress = Callable[[str, int, int], None]
"""Log id, entries read, entries there are."""


@dataclass(slots=True, kw_only=True)
class LogReplay:
    """Replays one log. number: its place among the logs, for `duplicates`."""

    log: Log
    number: int
    state: State
    times: BlockTimes
    fetch: Fetch | None
    findings: Findings
    duplicates: Duplicates
    progress: Progress

    def run(self) -> Tally:
        """Everything about the log's content. What is missing ends it, and is a finding."""
        reader = EntryReader(self.log.log_id)
        if not self.log.anchors:
            return reader.tally
        if self.fetch is None:
            self.add(TILES_MISSING, "endpoint", entries=self._size)
            return reader.tally
        try:
            self._check_checkpoint(self.fetch)
            self._replay(self.fetch, reader)
        except Missing as missing:
            self.add(TILES_MISSING, missing.path, entries=self._size - reader.tally.entries)
        for about, index in sorted(reader.tally.firsts.items()):
            self._check_catalogue(about, index)
        return reader.tally

    @property
    def _size(self) -> int:
        """Where the log ends, also where its anchors are out of order."""
        return max(anchor.size for anchor in self.log.anchors)

    def add(self, code: str, where: str, **evidence: str | int) -> None:
        log = self.log
        path = f"log/{log.log_id.hex()}/{where}"
        self.findings.add(code, log=log.log_id, member=log.member, where=path, **evidence)

    # ---- the tree and its entries

    def _replay(self, fetch: Fetch, reader: EntryReader) -> None:
        anchored = {anchor.size: anchor for anchor in self.log.anchors}
        tree, uppers = Tree(), _UpperTiles(self, fetch)
        for n, bundle, lowest in Bundles(fetch, self._size):
            first = n * WIDTH
            try:
                entries = parse_bundle(bundle, min(WIDTH, self._size - first))
            except Malformed as error:
                self.add("bundle-malformed", f"bundle/{n}", problem=error.problem)
                return
            leaves = [sha256(LEAF_PREFIX + entry).digest() for entry in entries]
            if b"".join(leaves) != lowest:
                self.add("tile-mismatch", tile_path(0, n, len(leaves)))
            commitments, bad = reader.read(entries)
            for item in bad:
                self.add(item.code, f"entry/{item.index}", why=item.why)
            self.duplicates.add(self.number, first, commitments)
            self._grow(tree, leaves, anchored)
            uppers.take(tree.born())
            self.progress(self.log.log_id.hex(), tree.size, self._size)
        uppers.end()

    def _grow(self, tree: Tree, leaves: Sequence[bytes], anchored: dict[int, Anchor]) -> None:
        """Appends, and compares the root wherever the chain has one."""
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
            self.add("checkpoint-version-unknown", "checkpoint", problem=error.message)
            return
        if found.log != self.log.log_id:
            self.add("checkpoint-invalid", "checkpoint", problem="of another log")
        elif not self._signed(found):
            self.add("checkpoint-invalid", "checkpoint", problem="not signed by the owner")
        elif found.size < self._size:
            self.add("checkpoint-behind", "checkpoint", size=found.size, anchored=self._size)
        elif found.size == self._size and found.root != self.log.anchors[-1].root:
            self.add(
                "checkpoint-differs",
                "checkpoint",
                anchored=hex32(self.log.anchors[-1].root),
                shown=hex32(found.root),
            )

    def _signed(self, found: note.Checkpoint) -> bool:
        for key in self.state.keys.values():
            if (key.member, key.purpose, key.alg) == (self.log.member, Purpose.NOTE, Alg.ED25519):
                try:
                    note.verify(found, key.public_key)
                except EvidenceError:
                    continue
                return True
        return False

    # ---- the catalogue

    def _check_catalogue(self, about: About, index: int) -> None:
        """The first entry of its kind: type in force, period as exact as it should be, not of the
        future. Later ones of the same kind were anchored later."""
        period, schema = about[0].decode(), about[1].decode()
        sizes = [anchor.size for anchor in self.log.anchors]
        anchor = self.log.anchors[min(bisect_right(sizes, index), len(sizes) - 1)]
        time, where = self.times.at(anchor.place[0]), f"entry/{index}"
        item = self._item(schema)
        if item is None or item.place > anchor.place or item.item.since > time:
            self.add("type-not-in-catalogue", where, schema=schema)
        elif len(period) != (7 if item.item.granularity == MONTH else 4):
            self.add("period-granularity", where, schema=schema, period=period)
        if _start_of(period) > time:
            self.add("period-in-future", where, period=period, anchored=anchor.tx)

    def _item(self, schema: str) -> Item | None:
        """The record type of this name and version, of the nation, else of the owner's region."""
        name, _, version = schema.partition("@")
        owner = self.state.members.get(self.log.member)
        found: dict[str, Item] = {
            item.item.region: item
            for item in self.state.items
            if item.item.kind == RECORD_TYPE
            and (item.item.item_id, str(item.item.version)) == (name, version)
        }
        return found.get(NATIONAL) or found.get("" if owner is None else owner.region)


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


def _start_of(period: str) -> int:
    """The first instant of a month or year in Asia/Shanghai."""
    year, _, month = period.partition("-")
    if not 1 <= int(year):
        return -SHANGHAI_OFFSET
    return end_of(date(int(year), int(month or 1), 1)) - 86_400
