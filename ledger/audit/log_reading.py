"""One log, read from its public bundles: every root at every anchored size, every entry, every hash
tile. What is read is read once, in order, and not kept; what the rest of the replay asks of it is
told in pieces (`noted`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ledger.audit.altered import Arbiter, first_unlike_leaf
from ledger.audit.bundle_reading import BundleReading
from ledger.audit.entries import EntryReader
from ledger.audit.growth import Astray, Growth
from ledger.audit.incomplete_codes import TILES_MISSING
from ledger.audit.log_account import LogAccount
from ledger.audit.noted import Noted, Wants
from ledger.audit.shown_checkpoint import Shown, look
from ledger.audit.state import Log
from ledger.audit.stretches import Stretches
from ledger.audit.tiles import Bundles, Fetch, Missing, TooSlow, Unreachable
from ledger.core.note import Checkpoint
from ledger.core.tiles import WIDTH, parse_path, tile_width

__all__ = ["KEEP_EVERY", "MAX_ENTRIES", "LogReading", "Position", "Progress"]

Progress = Callable[[str, int, int], None]
"""Log id, entries read, entries there are."""
Position = Mapping[str, Any]
"""How far a log was read, and what was found until then, in plain values."""

KEEP_EVERY: Final = 256
"""Bundles from one position that is kept to the next: half a second of reading."""
MAX_ENTRIES: Final = 1 << 30
"""Of one log: twice what a network is planned for. An owner may anchor any size, and serve so many
entries as fast as they are read."""
_ENDPOINT: Final = "endpoint"


@dataclass(slots=True, kw_only=True)
class LogReading:
    """Reads one log. signed: whether a checkpoint is signed by the owner; sound: with a key that
    nobody holds to be stolen. fetch: None: there is no way. copies: what others keep of it, proven.
    epochs: as of `stretches`. take: is given all that is read. keep: is told now and then how far
    it came, after that was given."""

    log: Log
    signed: Callable[[Checkpoint], bool]
    sound: Callable[[Checkpoint], bool] = lambda found: True
    fetch: Fetch | None
    copies: Fetch | None = None
    epochs: Sequence[int] = ()
    wants: Wants = field(default_factory=Wants)
    take: Callable[[Noted], None]
    keep: Callable[[Position], None] = lambda position: None
    progress: Progress
    account: LogAccount = field(init=False)
    _shown: Shown = field(default_factory=Shown)

    def __post_init__(self) -> None:
        self.account = LogAccount(self.log)

    def run(self, begun: Position | None = None) -> LogAccount:
        """Read it. begun: how far it was read before. What is missing ends it."""
        if begun is not None:
            self.account = LogAccount.of(self.log, begun)
            self._shown = Shown.of(begun["shown"])
        if (begun and begun["done"]) or not (self.log.anchors or self.log.closed):
            return self.account
        if self.log.end > MAX_ENTRIES:
            self.account.lose()
            self.account.unchecked("log-too-large", "anchors", entries=self.account.left)
            return self.account
        try:
            if self.fetch is None:
                raise Missing(_ENDPOINT)
            self._read(self.fetch, begun)
        except Missing as missing:
            self._missing(missing)
        return self.account

    def _read(self, fetch: Fetch, begun: Position | None) -> None:
        account, at = self.account, 0 if begun is None else begun["at"]
        if begun is None:
            self._shown = look(self.log, fetch, self.signed, account, self.sound)
        end, log = self._shown.end, self.log
        growth = Growth(log, fetch, account.add, begun and begun["growth"])
        bundles = BundleReading(
            account=account,
            arbiter=Arbiter(fetch, self.copies, log.size, log.root),
            stretches=Stretches(log.anchors, self.epochs, end),
            wants=self.wants,
            reader=EntryReader(log.log_id, account.tally, at),
            tail=EntryReader(log.log_id),
            take=self.take,
            proven=lambda: growth.matched,
        )
        try:
            for n, bundle, lowest in Bundles(fetch, end, at // WIDTH):
                leaves = bundles.read(n, min(WIDTH, end - n * WIDTH), bundle, lowest)
                if leaves is None:
                    break
                growth.append(leaves)
                self.progress(log.log_id.hex(), growth.size, end)
                if (n + 1) % KEEP_EVERY == 0 and growth.size < end:
                    self.keep(self._position(growth))
            else:
                growth.end()
        finally:
            self._end(fetch, growth)
        if growth.size == end:
            self.keep(self._position(growth, done=True))

    def _position(self, growth: Growth, *, done: bool = False) -> Position:
        """done: the log was read to its end."""
        told = {"at": growth.size, "done": done, "shown": self._shown.as_dict()}
        return self.account.as_dict() | told | {"growth": growth.as_dict()}

    def _missing(self, missing: Missing) -> None:
        """A log that is not served, or not now, is the same finding; only the reason differs. One
        of which nothing was anchored owes nobody anything."""
        account = self.account
        if not self.log.anchors:
            account.whole = False
            return
        account.lose()
        if not self._is_behind(missing.path):
            account.add(TILES_MISSING, missing.path, entries=account.left)
        code = TILES_MISSING
        if isinstance(missing, Unreachable):
            code = "log-too-slow" if isinstance(missing, TooSlow) else "tiles-unreachable"
        account.unchecked(code, missing.path, entries=account.left)

    def _is_behind(self, path: str) -> bool:
        """Whether a piece is missing because the owner shows a smaller log than it anchored, which
        was found already."""
        behind = self._shown.behind
        if behind is None or path == _ENDPOINT:
            return False
        piece = parse_path(path)
        return tile_width(behind, piece.level or 0, piece.n) < piece.width

    # ---- what can be told only at the end

    def _end(self, fetch: Fetch, growth: Growth) -> None:
        """Of a tree that is not the anchored one where it leaves it; of what the owner signed."""
        shown, astray = self._shown, growth.astray
        if astray is not None:
            self.account.lose()
            self.account.proven = astray.since
            more = self._where_it_leaves(fetch, growth, astray)
            if growth.size == self.log.end and shown.differs == growth.root().hex():
                more["signed"] = shown.differs  # one other tree: told once
                shown.differs = None
            growth.tell_astray(astray, **more)
        else:
            growth.tell_uneven()
        shown.tell(self.account.add)
        claimed = shown.claimed
        if claimed is not None and growth.size == shown.end and claimed != growth.root().hex():
            self.account.add("checkpoint-differs", "checkpoint", shown=claimed)

    def _where_it_leaves(
        self, fetch: Fetch, growth: Growth, astray: Astray
    ) -> dict[str, str | int]:
        """The first entry that is not the anchored one: which it is, where copies show it; else
        among which it is, as narrow as the owner's own hash tiles show."""
        first, last = astray.since, astray.size - 1
        spans = (one.span for one in growth.uneven)
        near = [span for span in spans if span.start <= last and span[-1] >= first]
        if near:  # the narrowest is that of the lowest tiles
            span = min(near, key=lambda one: (len(one), one.start))
            first, last = max(first, span.start), min(last, span[-1])
        if self.copies is not None:
            within = first // WIDTH if first // WIDTH == last // WIDTH else None
            found = first_unlike_leaf(fetch, self.copies, self.log.size, within)
            if found is not None:
                return {"entry": found.at, "expected": found.expected, "found": found.found}
        return {"from": first, "until": last}
