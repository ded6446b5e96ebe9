"""The tree of a log as it grows, held against the anchored roots and the hash tiles above entries.

One entry that was changed is seen in every root and in every tile above it. So it is told once:
the first anchor whose root the entries do not give, with the last one that they gave; hash tiles
that differ only because the tree does are no finding of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Protocol

from ledger.audit.altered import first_unlike
from ledger.audit.state import Anchor, Log
from ledger.audit.tiles import Fetch, tile
from ledger.audit.tree import Tree
from ledger.core.canonical import hex32
from ledger.core.tiles import HEIGHT, WIDTH, tile_path

__all__ = ["Add", "Astray", "Growth", "Uneven"]


class Add(Protocol):
    """Adds a finding about a log."""

    def __call__(self, code: str, where: str, **evidence: str | int) -> None:
        """where: below the log."""


@dataclass(slots=True)
class Astray:
    """Anchors whose roots the entries do not give. size, anchored, computed, tx: of the first one;
    since: size at which they were right; also: how many more."""

    size: int
    anchored: str
    computed: str
    tx: str
    since: int
    also: int = 0


class Uneven(NamedTuple):
    """A hash tile above entries that is not that of the tree: at which place first."""

    level: int
    n: int
    width: int
    at: int
    expected: str
    found: str

    @property
    def span(self) -> range:
        """The entries below that place."""
        first = (self.n * WIDTH + self.at) << HEIGHT * self.level
        return range(first, first + (1 << HEIGHT * self.level))


class Growth:
    """Grows by leaves. matched: size of the last anchor whose root they gave. astray: what is not
    yet told of a tree that is not the anchored one, None: it is. uneven: hash tiles that are not
    those of the tree, not yet told either."""

    def __init__(
        self, log: Log, fetch: Fetch, add: Add, told: Mapping[str, Any] | None = None
    ) -> None:
        """told: as `as_dict` gave it, to go on from there."""
        told = told or _NOTHING
        self._fetch = fetch
        self._add = add
        self._anchors = {anchor.size: anchor for anchor in log.anchors}
        self._tree = Tree((height, bytes.fromhex(node)) for height, node in told["peaks"])
        self._waiting = {level: [bytes.fromhex(one) for one in of] for level, of in told["waiting"]}
        self._done = dict(told["done"])
        self.matched: int = told["matched"]
        self.astray = Astray(**told["astray"]) if told["astray"] else None
        self.uneven = [Uneven(*one) for one in told["uneven"]]

    def as_dict(self) -> dict[str, Any]:
        """In plain values, behind a whole bundle."""
        return {
            "peaks": [[height, node.hex()] for height, node in self._tree.peaks],
            "waiting": [[level, [one.hex() for one in of]] for level, of in self._waiting.items()],
            "done": list(self._done.items()),
            "matched": self.matched,
            "astray": self.astray and asdict(self.astray),
            "uneven": [list(one) for one in self.uneven],
        }

    @property
    def size(self) -> int:
        """Leaves so far."""
        return self._tree.size

    def root(self) -> bytes:
        """Of the tree as it is."""
        return self._tree.root()

    def append(self, leaves: Sequence[bytes]) -> None:
        """More leaves; the root is compared wherever the chain has one. Raises Missing."""
        first, at = self._tree.size, 0
        for size in sorted(self._anchors.keys() & range(first + 1, first + len(leaves) + 1)):
            self._tree.append(leaves[at : size - first])
            at = size - first
            self._check_root(self._anchors[size])
        self._tree.append(leaves[at:])
        for level, hashes in self._tree.born().items():
            waiting = self._waiting.setdefault(level, [])
            waiting += hashes
            if len(waiting) >= WIDTH:
                self._compare(level, waiting[:WIDTH])
                self._waiting[level] = waiting[WIDTH:]

    def end(self) -> None:
        """No more leaves: the partial tiles at the right edge are compared. Raises Missing."""
        for level, hashes in sorted(self._waiting.items()):
            if hashes:
                self._compare(level, hashes)

    # ---- roots

    def _check_root(self, anchor: Anchor) -> None:
        computed = self._tree.root()
        if computed == anchor.root:
            self._right(anchor)
        elif self.astray is not None:
            self.astray.also += 1
        else:
            anchored = hex32(anchor.root)
            self.astray = Astray(anchor.size, anchored, hex32(computed), anchor.tx, self.matched)

    def _right(self, anchor: Anchor) -> None:
        """The entries up to here are the anchored ones: so other tiles are wrong, and roots before
        that were others."""
        self.matched = anchor.size
        if self.astray is not None:
            self.tell_astray(self.astray)
            self.astray = None
        self.tell_uneven()

    def tell_astray(self, astray: Astray, **more: str | int) -> None:
        """The finding about roots that are not those of the tree."""
        self._add(
            "root-mismatch",
            f"anchor/{astray.size}",
            anchored=astray.anchored,
            computed=astray.computed,
            tx=astray.tx,
            since=astray.since,
            also=astray.also,
            **more,
        )

    # ---- tiles of level 1 and up

    def _compare(self, level: int, hashes: Sequence[bytes]) -> None:
        n = self._done.get(level, 0)
        self._done[level] = n + 1
        width, wanted = len(hashes), b"".join(hashes)
        served = tile(self._fetch, level, n, width)
        if served != wanted:
            self.uneven.append(Uneven(level, n, width, *first_unlike(wanted, served)))

    def tell_uneven(self) -> None:
        """Findings about hash tiles, where the tree is the anchored one."""
        told, self.uneven = self.uneven, []
        for one in told:
            self._add(
                "tile-mismatch",
                tile_path(one.level, one.n, one.width),
                at=one.at,
                expected=one.expected,
                found=one.found,
            )


_NOTHING: Mapping[str, Any] = {
    **{"peaks": (), "waiting": (), "done": (), "uneven": ()},
    **{"matched": 0, "astray": None},
}
