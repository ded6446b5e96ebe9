"""What came of promises that were held against chain and logs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ledger.audit.log_anchors import AnchorAt
from ledger.audit.promise_codes import PROMISES, Outcome
from ledger.audit.promise_files import Given
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.blocks import Block
from ledger.core.canonical import hex32, instant
from ledger.core.ids import Digest, KeyId

__all__ = [
    "EXIT_BROKEN",
    "EXIT_MET",
    "EXIT_UNCHECKED",
    "TYPE",
    "Judged",
    "LeafAt",
    "Mined",
    "PromiseAudit",
]

TYPE: Final = "credit-ledger/promise-audit@1"
EXIT_MET, EXIT_BROKEN, EXIT_UNCHECKED = 0, 1, 4
_EXITS: Final = {"met": EXIT_MET, "broken": EXIT_BROKEN, "unchecked": EXIT_UNCHECKED}
_WORST: Final[tuple[Outcome, ...]] = ("broken", "unchecked", "met")


@dataclass(frozen=True, slots=True)
class Mined:
    """An anchor with its block."""

    anchor: AnchorAt
    block: Block

    def as_dict(self) -> dict[str, Any]:
        """As `--json` shows it."""
        anchor, block = self.anchor, self.block
        return {
            **{"block": block.number, "hash": block.hash, "time": instant(block.time)},
            **{"size": anchor.size, "root": hex32(anchor.root), "tx": anchor.tx},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafAt:
    """A promised leaf. index: None: it is nowhere in the log. mined: the first anchor that covers
    it, or the last before the promise where it stood there already; None: none does. late: seconds
    from `due` to it, 0: it came in time."""

    leaf: Digest
    index: int | None = None
    mined: Mined | None = None
    late: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What came of one promise. code: of `PROMISES`. member: "" where the log is nobody's here.
    key_id: None where no key of the member signed. first: the first anchor after `due`; None: there
    is none yet, or it was not looked for. read_from: whose server gave the tiles, "" for none;
    read_size: of the tree that they are of. problem: what exactly is wrong, "" where the code says
    it all."""

    given: Given
    code: str
    member: str = ""
    key_id: KeyId | None = None
    first: Mined | None = None
    leaves: tuple[LeafAt, ...] = ()
    read_from: str = ""
    read_size: int = 0
    problem: str = ""

    @property
    def outcome(self) -> Outcome:
        """Met, broken, or neither."""
        return PROMISES[self.code].outcome

    @property
    def late(self) -> int:
        """Seconds from `due` to the anchor of the last leaf, of those that have one; 0: in time."""
        return max((leaf.late for leaf in self.leaves), default=0)

    def in_first(self, leaf: LeafAt) -> bool:
        """Whether a leaf stands in the first anchor after `due`."""
        return (
            self.first is not None
            and leaf.index is not None
            and leaf.index < self.first.anchor.size
        )

    def as_dict(self) -> dict[str, Any]:
        """As `--json` shows it."""
        about, promise = PROMISES[self.code], self.given.promise
        return {
            "outcome": self.outcome,
            "code": self.code,
            "message": dict(about.message),
            "remedy": dict(about.remedy),
            "problem": self.problem,
            "member": self.member,
            "log": hex32(promise.log),
            "keyId": None if self.key_id is None else hex32(self.key_id),
            "leavesRoot": hex32(promise.leaves_root),
            "count": promise.count,
            "issuedAt": instant(promise.issued_at),
            "due": instant(promise.due),
            "late": self.late,
            "readFrom": self.read_from,
            "readSize": self.read_size,
            "firstAfterDue": None if self.first is None else self.first.as_dict(),
            "leaves": [self._leaf(leaf) for leaf in self.leaves],
        }

    def _leaf(self, leaf: LeafAt) -> dict[str, Any]:
        return {
            "leaf": hex32(leaf.leaf),
            "index": leaf.index,
            "inFirstAfterDue": self.in_first(leaf),
            "anchored": None if leaf.mined is None else leaf.mined.as_dict(),
            "late": leaf.late,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseAudit:
    """All promises of a file, judged up to one final block."""

    network: NetworkFile
    block: Block
    judged: tuple[Judged, ...]

    @property
    def outcome(self) -> Outcome:
        """Broken where one is; else unchecked where one is; else met."""
        found = {one.outcome for one in self.judged}
        return next(one for one in _WORST if one in found)

    @property
    def exit(self) -> int:
        """0: all were met. 1: one was broken. 4: none was, but one could not be checked."""
        return _EXITS[self.outcome]

    def as_dict(self) -> dict[str, Any]:
        """As `--json` shows it."""
        network, block = self.network, self.block
        return {
            "_type": TYPE,
            "network": {"chainId": network.chain_id, "consortium": network.consortium},
            "block": {"number": block.number, "hash": block.hash, "time": instant(block.time)},
            "outcome": self.outcome,
            "promises": [one.as_dict() for one in self.judged],
        }
