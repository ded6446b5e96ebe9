"""Mirrors held against the anchors: what a province serves of another's log must be that log.

A replay reads from mirrors only what the root proves, so one that lies changes no report. That it
lies is found here, where an auditor asks for it: the checkpoint that it shows, its own line on it,
and bundles that nobody can foretell before the block of the report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

from ledger.audit.altered import first_unlike
from ledger.audit.findings import Findings
from ledger.audit.proven import Proven
from ledger.audit.shown_checkpoint import STOLEN, owner_signed
from ledger.audit.state import Anchor, Log, Member, State
from ledger.audit.tiles import MAX_CHECKPOINT, Fetch, Missing, entries
from ledger.core import note
from ledger.core.canonical import hex32
from ledger.core.errors import EvidenceError, LedgerError, VersionUnknown
from ledger.core.keys import Alg, Purpose, Role
from ledger.core.merkle import leaf_hash
from ledger.core.note import Checkpoint
from ledger.core.tiles import WIDTH, parse_bundle, tile_width

__all__ = ["DRAWN", "Copied", "MirrorFor", "judge_mirrors", "witnessed"]

MirrorFor = Callable[[Member, Log], Fetch | None]
"""How to read the copy that a member keeps of a log; None: no way."""

Copied = Literal["same", "behind", "gap", "differs", "untold", "none"]
"""A copy: whole; of an earlier anchor; with pieces that are not served; of another tree; one of
which it cannot be told yet (it grew since); not served."""

DRAWN = 4
"""Bundles of each copy that are looked at, beside the last one."""


def judge_mirrors(
    state: State, logs: list[Log], mirror_for: MirrorFor, block: str, findings: Findings
) -> list[dict[str, Any]]:
    """Findings about the copies of all anchored logs that provinces serve; of each copy how far it
    is, as the report shows it. A copy that is not served, or not now, is none. block: hash of the
    last one, hex."""
    shown = []
    for log in logs:
        for code, member in sorted(state.members.items()):
            if code == log.member or not member.roles & Role.PROVINCE or not log.anchors:
                continue
            copy: tuple[Copied, int] = ("none", 0)
            if (fetch := mirror_for(member, log)) is not None:
                copy = _Copy(state, log, member, fetch, findings).judge(block)
            said, size = copy
            shown.append({"member": code, "log": hex32(log.log_id), "copy": said, "size": size})
    return shown


@dataclass(frozen=True, slots=True)
class _Copy:
    """One log as one member serves it."""

    state: State
    log: Log
    member: Member
    fetch: Fetch
    findings: Findings

    def judge(self, block: str) -> tuple[Copied, int]:
        """Look at it: what it is, and the size that it shows."""
        try:
            data = self.fetch("checkpoint", MAX_CHECKPOINT)
            found = note.parse_checkpoint(data.decode())
        except Missing:
            return "none", 0
        except VersionUnknown:
            return "untold", 0
        except (EvidenceError, UnicodeDecodeError):
            return self._differs("checkpoint", "not a checkpoint"), 0
        if found.log != self.log.log_id or not owner_signed(self.state, self.log, found):
            return self._differs("checkpoint", "not of this log, or not signed by its owner"), 0
        self._line(found)
        return self._held(found, block), found.size

    def _held(self, found: Checkpoint, block: str) -> Copied:
        anchor = next((one for one in self.log.anchors if one.size == found.size), None)
        if anchor is None:
            return "untold"  # grown since, or not yet anchored
        if anchor.root != found.root:
            if not owner_signed(self.state, self.log, found, sound=True):
                return self._differs("checkpoint", STOLEN)
            self._signed_twice(anchor, found)
            return "differs"
        return self._tiles(anchor, block)

    def _signed_twice(self, anchor: Anchor, found: Checkpoint) -> None:
        """The owner signed another tree than it anchored; the mirror only has the proof of it."""
        self.findings.add(
            "checkpoint-differs",
            log=self.log.log_id,
            member=self.log.member,
            where=f"log/{self.log.log_id.hex()}/mirror/{self.member.code}",
            anchored=hex32(anchor.root),
            shown=hex32(found.root),
        )

    def _tiles(self, anchor: Anchor, block: str) -> Copied:
        proven = Proven(self.fetch, anchor.size, anchor.root)
        for n in _drawn(anchor.size, f"{block}/{self.log.log_id.hex()}/{self.member.code}"):
            try:
                proven.entries(n)
            except Missing:
                return "gap"
            except EvidenceError as error:
                return self._differs("tiles", str(error), **self._first(proven, anchor, n))
        return "same" if anchor.size == self.log.size else "behind"

    def _first(self, proven: Proven, anchor: Anchor, n: int) -> dict[str, str | int]:
        """The first entry of a bundle that is another than was anchored; nothing where it cannot be
        told, for the hash tiles are not those of the root either."""
        width = tile_width(anchor.size, 0, n)
        try:
            right = proven.tile(0, n)
            served = parse_bundle(entries(self.fetch, n, width), width)
        except LedgerError:
            return {}
        shown = b"".join(leaf_hash(entry) for entry in served)
        if shown == right:
            return {}
        told = first_unlike(right, shown)
        return {"entry": n * WIDTH + told.at, "expected": told.expected, "found": told.found}

    def _line(self, found: Checkpoint) -> None:
        """Its own line must be by a key that it had then."""
        for line in found.witnesses:
            if line.member == self.member.code and not witnessed(self.state, found, line):
                self.findings.add(
                    "witness-line-false",
                    log=self.log.log_id,
                    member=self.member.code,
                    where=f"log/{self.log.log_id.hex()}/mirror/{self.member.code}",
                    witness=line.member,
                )

    def _differs(self, what: str, problem: str, **evidence: str | int) -> Copied:
        self.findings.add(
            "mirror-differs",
            log=self.log.log_id,
            member=self.member.code,
            where=f"log/{self.log.log_id.hex()}/mirror/{self.member.code}",
            what=what,
            problem=problem,
            **evidence,
        )
        return "differs"


def witnessed(state: State, checkpoint: Checkpoint, line: note.Cosignature) -> bool:
    """Whether a line is by a WITNESS key that its member had at its time."""
    for key in state.keys.values():
        if (key.member, key.purpose, key.alg) != (line.member, Purpose.WITNESS, Alg.ED25519):
            continue
        if not key.not_before <= line.time <= key.not_after:
            continue
        try:
            note.verify_cosignature(checkpoint, line, key.public_key)
        except EvidenceError:
            continue
        return True
    return False


def _drawn(size: int, seed: str) -> Iterator[int]:
    """Numbers of bundles: the last, and some of all."""
    bundles = -(-size // WIDTH)
    yield bundles - 1
    for number in range(DRAWN):
        yield int.from_bytes(sha256(f"{seed}/{number}".encode()).digest()) % bundles
