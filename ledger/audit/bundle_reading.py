"""Entry bundles of a log, each held against the hash tile of its entries.

Where the two differ, the anchored root says which of them is right: an entry that was changed is
one finding at its place, and the tree goes on with what was anchored. What stood there is read from
whoever keeps a copy; where nobody does, the place is left open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import groupby
from typing import NamedTuple

from ledger.audit.altered import Arbiter, first_unlike, unlike_places
from ledger.audit.entries import EntryReader
from ledger.audit.incomplete_codes import INCOMPLETE
from ledger.audit.log_account import LogAccount
from ledger.audit.noted import Noted, Wants, note
from ledger.audit.stretches import Stretches
from ledger.core.canonical import DIGEST_SIZE
from ledger.core.errors import Malformed
from ledger.core.merkle import LEAF_PREFIX
from ledger.core.tiles import WIDTH, parse_bundle, tile_path

__all__ = ["BundleReading"]


class _Piece(NamedTuple):
    """Entries, and the leaves of the tree. gone: places whose entry is not the anchored one, which
    nobody serves."""

    entries: Sequence[bytes]
    leaves: Sequence[bytes]
    gone: frozenset[int] = frozenset()


@dataclass(slots=True, kw_only=True)
class BundleReading:
    """Reads them in their order. take: is given what was read. proven: up to which size the log is
    known to be the anchored one."""

    account: LogAccount
    arbiter: Arbiter
    stretches: Stretches
    wants: Wants
    reader: EntryReader
    tail: EntryReader  # what is in no anchor counts for nothing
    take: Callable[[Noted], None]
    proven: Callable[[], int]

    def read(self, n: int, width: int, bundle: bytes, lowest: bytes) -> Sequence[bytes] | None:
        """Read one; its leaves, or None where it cannot be read, nor what is behind it. lowest: the
        hash tile that is served beside it."""
        try:
            entries = parse_bundle(bundle, width)
        except Malformed as error:
            self.account.add("bundle-malformed", f"bundle/{n}", problem=error.problem)
            found = self._copy(n, width)
            if found is None:
                self.account.lose()
                self.account.unchecked("log-unreadable", f"bundle/{n}", entries=self.account.left)
                return None
            entries = found
        piece = _Piece(entries, [sha256(LEAF_PREFIX + entry).digest() for entry in entries])
        if b"".join(piece.leaves) != lowest:
            piece = self._differs(n, piece, lowest)
        for is_gone, of in groupby(range(width), key=piece.gone.__contains__):
            places = list(of)
            if is_gone:
                self.reader.skip(len(places))
            else:
                span = slice(places[0], places[-1] + 1)
                self._read(n * WIDTH + span.start, list(piece.entries[span]))
        return piece.leaves

    def _is_anchored(self, n: int, width: int) -> bool:
        return n * WIDTH + width <= self.account.log.size

    def _copy(self, n: int, width: int) -> list[bytes] | None:
        """The anchored entries, where others keep them."""
        return self.arbiter.entries(n) if self._is_anchored(n, width) else None

    # ---- entries and hash tile are not of one log

    def _differs(self, n: int, piece: _Piece, lowest: bytes) -> _Piece:
        """What is right; where nothing proves any of the two, the entries, of which the anchors
        will tell."""
        width, shown = len(piece.leaves), b"".join(piece.leaves)
        right = self.arbiter.hashes(n, shown, lowest) if self._is_anchored(n, width) else None
        if right is None or right == shown:
            told = first_unlike(shown, lowest)
            self.account.add(
                "tile-mismatch",
                tile_path(0, n, width),
                at=told.at,
                expected=told.expected,
                found=told.found,
            )
            return piece
        return self._altered(n, shown, right, piece.entries)

    def _altered(self, n: int, shown: bytes, right: bytes, entries: Sequence[bytes]) -> _Piece:
        places, told = unlike_places(right, shown), first_unlike(right, shown)
        self.account.add(
            "entry-altered",
            f"entry/{n * WIDTH + told.at}",
            expected=told.expected,
            found=told.found,
            more=len(places) - 1,
        )
        leaves = [right[at : at + DIGEST_SIZE] for at in range(0, len(right), DIGEST_SIZE)]
        known = self.arbiter.entries(n)
        if known is not None:
            return _Piece(known, leaves)
        self.account.lose()
        where = f"entry/{n * WIDTH + places[0]}"
        self.account.unchecked("entry-not-served", where, entries=len(places))
        return _Piece(entries, leaves, frozenset(places))

    # ---- entries

    def _read(self, first: int, entries: list[bytes]) -> None:
        """Entries of a bundle, those of each anchor for themselves."""
        log, at = self.account.log.log_id, 0
        while at < len(entries):
            stretch = self.stretches.at(first + at)
            part = entries[at : stretch.end - first]
            if stretch.anchor is None:
                read = replace(self.tail.read(part), bad=[])
            else:
                read = self.reader.read(part, stretch.epoch)
                if any(item.code in INCOMPLETE for item in read.bad):
                    self.account.whole = False
            proven = self.proven()
            self.take(note(log, first + at, part, read, wants=self.wants, proven=proven))
            at += len(part)
