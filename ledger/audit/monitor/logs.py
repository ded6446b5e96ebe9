"""Logs as their owners show them: every new checkpoint must be the owner's, hold what was anchored,
and go on from the one that was seen before. What was signed twice over is kept as evidence."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from ledger.audit.monitor.chain import Anchors
from ledger.audit.monitor.items import Condition, Item
from ledger.audit.proven import Proven
from ledger.audit.shown_checkpoint import STOLEN, owner_signed
from ledger.audit.state import Log, State
from ledger.audit.tiles import MAX_CHECKPOINT, Fetch, Missing, Unreachable
from ledger.core import note
from ledger.core.canonical import hex32
from ledger.core.errors import EvidenceError, Malformed, VersionUnknown
from ledger.core.merkle import EMPTY_ROOT
from ledger.core.note import Checkpoint

__all__ = ["NOTHING", "LogLooked", "Shown", "look_at_log"]

NOTHING = Anchors(0, "", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A checkpoint that was seen: size, root in hex, the note with its owner's line alone. holds:
    size of the last anchor that it was proven to hold."""

    size: int
    root: str
    note: str
    holds: int = 0

    def as_dict(self) -> dict[str, Any]:
        """As it is kept."""
        return {"size": self.size, "root": self.root, "note": self.note, "holds": self.holds}


@dataclass(slots=True, kw_only=True)
class LogLooked:
    """What was seen of a log. shown: its checkpoint, None: none that could be taken. kept: the one
    that later ones have to go on from, None: as before."""

    conditions: list[Condition] = field(default_factory=list)
    facts: list[Item] = field(default_factory=list)
    shown: Shown | None = None
    kept: Shown | None = None


def look_at_log(
    state: State, log: Log, fetch: Fetch, anchored: Anchors = NOTHING, before: Shown | None = None
) -> LogLooked:
    """Look at a log. anchored: its last final anchor. before: the checkpoint that this one has to
    go on from."""
    return _Look(state, log, fetch, anchored, before).run()


@dataclass(slots=True)
class _Look:
    state: State
    log: Log
    fetch: Fetch
    anchored: Anchors
    before: Shown | None
    looked: LogLooked = field(default_factory=LogLooked)

    def run(self) -> LogLooked:
        """All of it."""
        if self.before is not None and not self._is_owners(self.before):
            self.before = None  # of a network that was founded anew, with other keys
        try:
            found = self._checkpoint()
        except Missing as gone:
            self._missing(gone)
        except VersionUnknown as error:
            self._is("checkpoint-version-unknown", "checkpoint", problem=error.message)
        else:
            if found is not None:
                self._take(found)
        return self.looked

    def _checkpoint(self) -> Checkpoint | None:
        """What the owner signed; None: it is not to be taken."""
        try:
            found = note.parse_checkpoint(self.fetch("checkpoint", MAX_CHECKPOINT).decode())
        except (Malformed, UnicodeDecodeError):
            self._is("checkpoint-invalid", "checkpoint", problem="not a checkpoint")
            return None
        if found.newer is not None:
            self._is("checkpoint-version-unknown", "checkpoint", problem=found.newer)
        if found.log != self.log.log_id:
            self._is("checkpoint-invalid", "checkpoint", problem="of another log")
        elif found.signed_by_known_type and not owner_signed(self.state, self.log, found):
            self._is("checkpoint-invalid", "checkpoint", problem="not signed by the owner")
        elif found.signed_by_known_type:
            return found
        return None

    def _take(self, found: Checkpoint) -> None:
        size = self.anchored.size
        root = self.anchored.root if size else hex32(EMPTY_ROOT)  # nothing was anchored of it
        plain = replace(found, witnesses=(), unknown=()).text
        shown = Shown(size=found.size, root=hex32(found.root), note=plain)
        self.looked.shown = self.looked.kept = shown
        if found.size < size:
            self._is("checkpoint-behind", "checkpoint", size=found.size, anchored=size)
            self.looked.kept = None
        elif found.size == size and shown.root != root:
            if self._proves(shown):
                self._is(
                    "checkpoint-differs", "checkpoint", anchored=root, shown=shown.root, note=plain
                )
        else:
            self._proven(found, shown)
            self._against_before(shown)

    def _against_before(self, shown: Shown) -> None:
        """A log only grows. A proxy may give an old answer, so a smaller one has to last; and
        whatever is shown later has to go on from the larger one."""
        before = self.before
        if before is None or (before.size, before.root) == (shown.size, shown.root):
            return
        if shown.size < before.size:
            self._is("checkpoint-shrank", "checkpoint", was=before.note, now=shown.note)
            self.looked.kept = None
        elif shown.size == before.size:
            self._two_views(before, shown)

    def _proven(self, found: Checkpoint, shown: Shown) -> None:
        """The tiles give its root, and in it those of the last anchor and of the one before."""
        size, before = self.anchored.size, self.before
        if before is not None and (before.root, before.holds) == (shown.root, size):
            self.looked.kept = before
            return
        if not found.size:
            return
        proven = Proven(self.fetch, found.size, found.root)
        try:
            if size and hex32(proven.root_at(size)) != self.anchored.root:
                if self._proves(shown):
                    where = f"checkpoint/{found.size}"
                    told = {"anchored": self.anchored.root, "note": shown.note}
                    self._fact("checkpoint-differs", where, **told)
                return
            grown = before is not None and 0 < before.size < found.size
            if before is not None and grown and hex32(proven.root_at(before.size)) != before.root:
                self._two_views(before, shown)
                return
        except Missing as gone:
            self._missing(gone)
            # What it holds is not known: it is asked for again.
            self.looked.shown = self.looked.kept = None
            return
        except EvidenceError as error:  # another hash, or what is no tile
            self._is("tile-mismatch", "tiles", problem=str(error))
            self.looked.shown = self.looked.kept = None
            return
        self.looked.kept = replace(shown, holds=size)

    def _two_views(self, before: Shown, shown: Shown) -> None:
        """The owner signed two trees of which neither holds the other."""
        if self._is_owners(before, sound=True) and self._proves(shown):
            where = f"checkpoint/{before.size}-{shown.size}"
            self._fact("checkpoint-differs", where, was=before.note, now=shown.note)

    def _proves(self, shown: Shown) -> bool:
        """Whether what is shown is the owner's word beyond doubt; else only that is told."""
        if self._is_owners(shown, sound=True):
            return True
        self._is("checkpoint-invalid", "checkpoint", problem=STOLEN)
        self.looked.kept = None
        return False

    def _is_owners(self, shown: Shown, *, sound: bool = False) -> bool:
        found = note.parse_checkpoint(shown.note)
        return owner_signed(self.state, self.log, found, sound=sound)

    def _missing(self, gone: Missing) -> None:
        """A log of which nothing was anchored owes nobody anything."""
        if self.anchored.size:
            away = isinstance(gone, Unreachable)
            self._is("tiles-unreachable" if away else "tiles-missing", gone.path)

    def _is(self, code: str, where: str, **evidence: str | int) -> None:
        self.looked.conditions.append(
            Condition(
                code=code,
                member=self.log.member,
                where=f"log/{self.log.log_id.hex()}/{where}",
                evidence=evidence,
            )
        )

    def _fact(self, code: str, where: str, **evidence: str | int) -> None:
        self.looked.facts.append(
            Item(
                code=code,
                member=self.log.member,
                where=f"log/{self.log.log_id.hex()}/{where}",
                evidence=evidence,
            )
        )
