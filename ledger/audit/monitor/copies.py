"""Copies of logs as provinces serve them, held against the anchors: the chain decides who is wrong
where owner and mirror show two trees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final

from ledger.audit.judge_mirrors import DRAWN, Copied, witnessed
from ledger.audit.monitor.chain import Anchors, RootOf
from ledger.audit.monitor.items import Condition
from ledger.audit.proven import Proven
from ledger.audit.shown_checkpoint import STOLEN, owner_signed
from ledger.audit.state import Log, State
from ledger.audit.tiles import MAX_CHECKPOINT, Fetch, Missing
from ledger.core import note
from ledger.core.canonical import hex32
from ledger.core.errors import EvidenceError, VersionUnknown
from ledger.core.ids import Digest, LogId
from ledger.core.note import Checkpoint
from ledger.core.tiles import WIDTH

__all__ = ["BEHIND_SECONDS", "CopyLooked", "look_at_copy"]

BEHIND_SECONDS: Final = 3_600
"""For so long a copy may be behind before it is told."""


@dataclass(slots=True, kw_only=True)
class CopyLooked:
    """A copy: what it is, and the size that it shows. `same` is said of an older one, too."""

    member: str
    log: LogId
    copy: Copied = "none"
    size: int = 0
    conditions: list[Condition] = field(default_factory=list)


def look_at_copy(
    state: State,
    log: Log,
    member: str,
    fetch: Fetch,
    *,
    anchored: Anchors,
    root_of: RootOf,
    drawn: int = -1,
) -> CopyLooked:
    """Look at the copy that a member serves of a log. anchored: its last final anchor. drawn: size
    at which its pieces were looked at lately, and need not be again; -1: at none. Raises
    CouldNotCheck."""
    look = _Look(state, log, member, fetch, root_of=root_of, drawn=drawn)
    look.run()
    looked = look.looked
    if looked.copy == "none":
        look.says("mirror-missing")
    elif looked.copy == "gap":
        look.says("mirror-gap", size=looked.size)
    elif looked.copy != "differs" and looked.size < anchored.size:
        look.says("mirror-behind", BEHIND_SECONDS, size=looked.size, anchored=anchored.size)
    return looked


class _Look:
    def __init__(
        self, state: State, log: Log, member: str, fetch: Fetch, *, root_of: RootOf, drawn: int
    ) -> None:
        self._state = state
        self._log = log
        self._fetch = fetch
        self._root_of = root_of
        self._drawn = drawn
        self.looked = CopyLooked(member=member, log=log.log_id)

    def run(self) -> None:
        """What it is."""
        try:
            data = self._fetch("checkpoint", MAX_CHECKPOINT)
            found = note.parse_checkpoint(data.decode())
        except Missing:
            return
        except VersionUnknown:
            self.looked.copy = "untold"
            return
        except (EvidenceError, UnicodeDecodeError):
            self._differs("not a checkpoint")
            return
        self.looked.size = found.size
        if found.log != self._log.log_id or not owner_signed(self._state, self._log, found):
            self._differs("not of this log, or not signed by its owner")
            return
        self._line(found)
        root = self._root_of(self._log.log_id, found.size)
        if root is None:
            self.looked.copy = "untold"
        elif root != found.root and not owner_signed(self._state, self._log, found, sound=True):
            self._differs(STOLEN)
        elif root != found.root:
            self._signed_twice(found, root)
        else:
            self._tiles(found)

    def _line(self, found: Checkpoint) -> None:
        """Its own line must be by a key that it had then."""
        for line in found.witnesses:
            own = line.member == self.looked.member
            if own and not witnessed(self._state, found, line):
                self.says("witness-line-false", witness=line.member)

    def _signed_twice(self, found: Checkpoint, root: Digest) -> None:
        """The owner signed another tree than it anchored; the mirror has the proof of it."""
        self.looked.copy = "differs"
        self.looked.conditions.append(
            Condition(
                code="checkpoint-differs",
                member=self._log.member,
                where=self._where,
                evidence={
                    **{"anchored": hex32(root), "shown": hex32(found.root)},
                    "note": replace(found, witnesses=(), unknown=()).text,
                },
            )
        )

    def _tiles(self, found: Checkpoint) -> None:
        if found.size in (0, self._drawn):
            self.looked.copy = "same"
            return
        proven = Proven(self._fetch, found.size, found.root)
        try:
            for n in _drawn(found.size, f"{self.looked.member}/{found.root.hex()}"):
                proven.entries(n)
        except Missing:
            self.looked.copy = "gap"
        except EvidenceError as error:
            self._differs(str(error))
        else:
            self.looked.copy = "same"

    def _differs(self, problem: str) -> None:
        self.looked.copy = "differs"
        self.says("mirror-differs", problem=problem)

    def says(self, code: str, patience: int | None = None, **evidence: str | int) -> None:
        """Something about the copy, which is its member's."""
        self.looked.conditions.append(
            Condition(
                code=code,
                member=self.looked.member,
                where=self._where,
                evidence=evidence,
                patience=patience,
            )
        )

    @property
    def _where(self) -> str:
        return f"log/{self._log.log_id.hex()}/mirror/{self.looked.member}"


def _drawn(size: int, seed: str) -> Iterator[int]:
    """Numbers of bundles: the last, and some of all, which follow from the root."""
    bundles = -(-size // WIDTH)
    yield bundles - 1
    for number in range(DRAWN):
        yield int.from_bytes(sha256(f"{seed}/{number}".encode()).digest()) % bundles
