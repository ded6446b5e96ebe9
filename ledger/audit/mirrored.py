"""Reading a log whose owner does not serve it from the copies that other members keep.

What a mirror serves is let through only as the anchored root proves it, so a report is the same
whoever served the tiles, and a mirror that lies makes no finding against the owner.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from ledger.audit.patience import Patience
from ledger.audit.proven import Proven
from ledger.audit.tiles import MAX_CHECKPOINT, Fetch, HttpFetch, Missing, Unreachable
from ledger.chain.nodes.http import Http
from ledger.core import note, tiles
from ledger.core.canonical import DIGEST_SIZE
from ledger.core.errors import EvidenceError, VersionUnknown
from ledger.core.note import Checkpoint

_CHECKPOINT = "checkpoint"


class Mirror(NamedTuple):
    """A member that may keep a copy, and how to read it."""

    member: str
    fetch: Fetch


class Head(NamedTuple):
    """What the chain says of a log. signed: whether a checkpoint is signed by its owner. closed:
    whether it grows no more."""

    size: int
    root: bytes
    signed: Callable[[Checkpoint], bool]
    closed: bool = False

    def shown_by(self, found: Checkpoint) -> bool:
        """Whether a checkpoint is of this tree, or of one that the owner signed after it."""
        if found.size == self.size:
            return found.root == self.root and self.signed(found)
        return found.size > self.size and not self.closed and self.signed(found)


class Copies:
    """The mirrors of one log, of which the first that serves what is proven is used until it fails.
    Safe to share between threads."""

    def __init__(self, mirrors: Sequence[Mirror], head: Head, told: Callable[[str], None]) -> None:
        """`told`: told once of each member that something was read from."""
        self._left = [(mirror, Proven(mirror.fetch, head.size, head.root)) for mirror in mirrors]
        self._head = head
        self._told = told
        self._named: set[str] = set()
        self._lock = threading.Lock()

    def __call__(self, path: str, max_bytes: int) -> bytes:
        """As `Fetch`; what is asked for at full width comes at its width in the log."""
        if not self._has(path):
            raise Missing(path)
        newer: VersionUnknown | None = None
        for mirror, proven in list(self._left):
            try:
                data = self._read(path, mirror, proven)
            except VersionUnknown as error:  # so it is only where no other mirror knows better
                newer = newer or error
                continue
            except (Missing, EvidenceError, UnicodeDecodeError):
                self._drop(mirror)
                continue
            self._name(mirror.member)
            return data
        raise newer or Missing(path)

    def _has(self, path: str) -> bool:
        """Whether the anchored tree has this piece; that it has not is no mirror's fault."""
        if path == _CHECKPOINT:
            return True
        address = tiles.parse_path(path)
        return tiles.tile_width(self._head.size, address.level or 0, address.n) > 0

    def _read(self, path: str, mirror: Mirror, proven: Proven) -> bytes:
        if path == _CHECKPOINT:
            return self._checkpoint(mirror)
        address = tiles.parse_path(path)
        if address.level is not None:
            return proven.tile(address.level, address.n)[: address.width * DIGEST_SIZE]
        data = proven.entries(address.n)
        width = tiles.tile_width(self._head.size, 0, address.n)
        if address.width >= width:
            return data
        return tiles.encode_bundle(tiles.parse_bundle(data, width)[: address.width])

    def _checkpoint(self, mirror: Mirror) -> bytes:
        """With the owner's line alone: what a mirror put behind it is signed by nobody who counts,
        and might be of a kind that whoever reads does not know."""
        data = mirror.fetch(_CHECKPOINT, MAX_CHECKPOINT)
        found = note.parse_checkpoint(data.decode())
        if not self._head.shown_by(found):
            raise Missing(_CHECKPOINT)
        return replace(found, witnesses=(), unknown=()).text.encode()

    def _drop(self, mirror: Mirror) -> None:
        with self._lock:
            self._left = [one for one in self._left if one[0] is not mirror]

    def _name(self, member: str) -> None:
        with self._lock:
            new = member not in self._named
            self._named.add(member)
        if new:
            self._told(member)


class Mirrored(HttpFetch):
    """A log at its owner's URL, and at its mirrors where the owner does not serve it."""

    def __init__(
        self, http: Http, url: str, copies: Copies, patience: Patience | None = None
    ) -> None:
        super().__init__(http, url, patience)
        self._copies = copies
        self._away: type[Unreachable] | None = None

    def __call__(self, path: str, max_bytes: int) -> bytes:
        """See `Fetch`. An owner that did not answer is not waited for again."""
        try:
            if self._away is not None:
                raise self._away(path)
            return super().__call__(path, max_bytes)
        except Missing as missing:
            if isinstance(missing, Unreachable):
                self._away = type(missing)
            # The partial piece of a log that has grown may be gone, and the full one there.
            elif ".p/" in path:
                raise
            try:
                return self._copies(path, max_bytes)
            except Missing:
                raise missing from None
