"""Logs as their owners show them: every new checkpoint must be the owner's, hold what was anchored,
and go on from the one that was seen before. What was signed twice over is kept as evidence."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from ledger.audit.monitor.chain import Anchors
from ledger.audit.monitor.items import Condition, Item
from ledger.audit.proven import Proven
from ledger.audit.shown_checkpoint import owner_signed
from ledger.audit.state import Log, State
from ledger.audit.tiles import MAX_CHECKPOINT, Fetch, Missing, Unreachable
from ledger.core import note
from ledger.core.canonical import hex32
from ledger.core.errors import Malformed, ProofMismatch, VersionUnknown
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
    """What was seen of a log. shown: its checkpoint, None: none that could be taken."""

    conditions: list[Condition] = field(default_factory=list)
    facts: list[Item] = field(default_factory=list)
    shown: Shown | None = None


def look_at_log(
    state: State, log: Log, fetch: Fetch, anchored: Anchors = NOTHING, before: Shown | None = None
) -> LogLooked:
    """Look at a log. anchored: its last final anchor. before: the checkpoint that was seen last."""
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
        size, root = self.anchored.size, self.anchored.root
        plain = replace(found, witnesses=(), unknown=()).text
        self.looked.shown = shown = Shown(size=found.size, root=hex32(found.root), note=plain)
        if found.size < size:
            self._is("checkpoint-behind", "checkpoint", size=found.size, anchored=size)
        elif found.size == size and shown.root != root:
            self._is(
                "checkpoint-differs", "checkpoint", anchored=root, shown=shown.root, note=plain
            )
        else:
            self._against_before(shown)
            self._proven(found, shown)

    def _against_before(self, shown: Shown) -> None:
        """A log only grows."""
        before = self.before
        if before is None or (before.size, before.root) == (shown.size, shown.root):
            return
        if shown.size < before.size:
            where = f"checkpoint/{before.size}-{shown.size}"
            self._fact("checkpoint-shrank", where, was=before.note, now=shown.note)
        elif shown.size == before.size:
            self._two_views(before, shown)

    def _proven(self, found: Checkpoint, shown: Shown) -> None:
        """The tiles give its root, and in it those of the last anchor and of the one before."""
        size, before = self.anchored.size, self.before
        if before is not None and (before.root, before.holds) == (shown.root, size):
            self.looked.shown = before
            return
        if not found.size:
            return
        proven = Proven(self.fetch, found.size, found.root)
        try:
            if size and hex32(proven.root_at(size)) != self.anchored.root:
                where = f"checkpoint/{found.size}"
                self._fact(
                    "checkpoint-differs", where, anchored=self.anchored.root, note=shown.note
                )
                return
            grown = before is not None and 0 < before.size < found.size
            if before is not None and grown and hex32(proven.root_at(before.size)) != before.root:
                self._two_views(before, shown)
                return
        except Missing as gone:
            self._missing(gone)
            # What it holds is not known: it is asked for again.
            self.looked.shown = None
            return
        except ProofMismatch as error:
            self._is("tile-mismatch", "tiles", problem=str(error))
            self.looked.shown = None
            return
        self.looked.shown = replace(shown, holds=size)

    def _two_views(self, before: Shown, shown: Shown) -> None:
        """The owner signed two trees of which neither holds the other."""
        self._fact(
            "checkpoint-differs",
            f"checkpoint/{before.size}-{shown.size}",
            was=before.note,
            now=shown.note,
        )

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
