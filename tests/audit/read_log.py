"""Logs without a chain, large enough for three levels of tiles, and what is read of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256

from ledger.audit.findings import Finding
from ledger.audit.log_account import LogAccount
from ledger.audit.log_reading import LogReading, Position
from ledger.audit.noted import Noted, Wants
from ledger.audit.state import Anchor, Log
from ledger.audit.tiles import Fetch, Missing
from ledger.core import merkle, note
from ledger.core.entry import record_entry
from ledger.core.ids import Address, Digest, KeyId, LogId
from ledger.core.note import Checkpoint
from ledger.core.tiles import encode_bundle, parse_path

LOG = LogId(sha256(b"log").digest())
NOTE_KEY, SIGNATURE = bytes([7]) * 32, bytes(64)


def entry(number: int, timely: str = "yes") -> bytes:
    """A record entry; each of them is another one."""
    return record_entry(
        commitment=sha256(b"%d" % number).digest(),
        log=LOG,
        period="2026-10",
        schema="penalty@1",
        timely=timely,
    )


@cache
def entries(count: int) -> Sequence[bytes]:
    """The first so many."""
    return tuple(entry(number) for number in range(count))


@dataclass
class Tree:
    """All hash tiles over entries."""

    entries: Sequence[bytes]
    levels: list[list[Digest]] = field(init=False)

    def __post_init__(self) -> None:
        self.levels = [[merkle.leaf_hash(one) for one in self.entries]]
        while len(below := self.levels[-1]) >= 256:
            firsts = range(0, len(below) - 255, 256)
            self.levels.append([merkle.root(below[at : at + 256]) for at in firsts])

    @property
    def size(self) -> int:
        return len(self.entries)

    def root(self, size: int) -> Digest:
        """Of the first so many entries."""
        peaks, start = list[Digest](), 0
        while start < size:
            height = (size - start).bit_length() - 1
            level, inside = divmod(height, 8)
            at = start >> 8 * level
            peaks.append(merkle.root(self.levels[level][at : at + (1 << inside)]))
            start += 1 << height
        folded = peaks.pop()
        while peaks:
            folded = merkle.node_hash(peaks.pop(), folded)
        return folded

    def piece(self, path: str) -> bytes:
        """A bundle or tile; raises Missing where there is none of this width."""
        level, n, width = parse_path(path)
        row: Sequence[bytes] = self.entries if level is None else self.levels[level]
        part = row[256 * n : 256 * n + width]
        if len(part) < width:
            raise Missing(path)
        return encode_bundle(part) if level is None else b"".join(part)

    def checkpoint(self, size: int) -> bytes:
        """Of the first so many, as `SIGNED` takes it."""
        body = note.checkpoint_body(note.origin_of(LOG), size, self.root(size))
        return note.encode_checkpoint(body, NOTE_KEY, SIGNATURE).encode()


@dataclass
class Served:
    """A tree as its owner serves it, up to `size`; `changed`: in place of the truth, None: not
    served."""

    tree: Tree
    size: int
    changed: Mapping[str, bytes | None] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __call__(self, path: str, max_bytes: int) -> bytes:
        self.asked.append(path)
        if path in self.changed:
            data = self.changed[path]
            if data is None:
                raise Missing(path)
            return data
        if path == "checkpoint":
            return self.tree.checkpoint(self.size)
        return self.tree.piece(path)


def log_of(tree: Tree, *sizes: int) -> Log:
    """A log of this tree, anchored at these sizes."""
    log, before = Log(log_id=LOG, member="110000"), 0
    for number, size in enumerate(sizes):
        log.anchors.append(
            Anchor(
                place=(number + 1, 0),
                prev_size=before,
                size=size,
                root=tree.root(size),
                key_id=KeyId(bytes(32)),
                tx=f"0x{size:064x}",
                contract=Address("0x" + "1" * 40),
            )
        )
        before = size
    return log


@dataclass
class Reader:
    """Reads a log and keeps what comes of it."""

    log: Log
    noted: list[Noted] = field(default_factory=list)
    positions: list[Position] = field(default_factory=list)

    def read(
        self,
        fetch: Fetch | None,
        copies: Fetch | None = None,
        *,
        begun: Position | None = None,
        signed: Callable[[Checkpoint], bool] = lambda found: True,
        wants: Wants | None = None,
    ) -> LogAccount:
        """Read it, from a position on."""
        return LogReading(
            log=self.log,
            signed=signed,
            fetch=fetch,
            copies=copies,
            wants=wants or Wants(),
            take=self.noted.append,
            keep=self.positions.append,
            progress=lambda log, done, size: None,
        ).run(begun)


def found(account: LogAccount) -> list[Finding]:
    """What was found, in the order of the report."""
    return account.findings.listed()


def codes(account: LogAccount) -> list[str]:
    """Codes of findings."""
    return [one.code for one in found(account)]


def gaps(account: LogAccount) -> list[str]:
    """Codes of what could not be looked at."""
    return [one.code for one in account.findings.incomplete()]
