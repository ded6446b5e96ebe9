"""Taking entries in, integrating them into the tree, publishing its checkpoint.

integrate: pending entries → tiles, bundles, indexes and size, in one transaction.
publish: everything added since the last checkpoint is read back and hashed again; only a root
that comes out the same is signed. One flipped bit ended a log of Certificate Transparency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat

import sqlalchemy as sa
import structlog

from gateway.base.context import Context
from gateway.base.crash import crash_point
from gateway.base.db import begin_read, begin_write, insert_rows, insert_unless_there
from gateway.base.lease import Lease
from gateway.base.threads import Step
from gateway.chain.signing import Signing
from gateway.log import store
from gateway.log.models import PREFIX, entries, logs, pending, promises
from gateway.log.numbers import reserve
from gateway.log.store import LogState, TileStore, Waiting
from gateway.log.tile_bucket import Bucket, load_key
from gateway.log.tile_files import TileFiles, TilesInFolder
from ledger.core.canonical import DIGEST_SIZE
from ledger.core.entry import MAX_ENTRY
from ledger.core.errors import EvidenceError, LedgerError, Malformed, ProofMismatch
from ledger.core.ids import sha256
from ledger.core.merkle import EMPTY_ROOT, leaf_hash
from ledger.core.note import checkpoint_body, encode_checkpoint, origin_of, parse_checkpoint
from ledger.core.tiles import WIDTH, append, root_at

LOCK = "log"
"""Name of the lock under which the tree grows."""

_log = structlog.get_logger(__name__)


class LogDamaged(LedgerError):
    """What was published does not read back any more. Nothing here can mend it."""


class LogMended(LedgerError):
    """What was to be published did not read back; it was dropped and will be integrated anew."""


def log_row(connection: sa.Connection, log_id: bytes, *, unproven: bool = False) -> int:
    """The small number of a log; makes the row where there is none (within a write)."""
    found = store.number(connection, log_id)
    if found is not None:
        return found
    row = {"log_id": log_id, "size": 0, "root": EMPTY_ROOT, "unproven": unproven}
    connection.execute(insert_unless_there(connection, logs).values(row))
    return int(connection.execute(sa.select(logs.c.id).where(logs.c.log_id == log_id)).scalar_one())


_BEGINS = (
    sa.update(promises)
    .where(promises.c.id == sa.bindparam("promise"))
    .values(first_entry=sa.bindparam("first"))
)


def enqueue(
    connection: sa.Connection,
    *,
    log: int,
    promise: int,
    leaves: Sequence[bytes],
    record_ids: Sequence[bytes],
    entry_bytes: Sequence[bytes],
) -> range:
    """Store promised entries, to be integrated later; returns their row numbers in order.

    leaves: in the order of the promise, at least one. record_ids: theirs, by which they are found
    too. Raises Malformed where an entry could never be integrated.
    """
    if not leaves:
        raise Malformed("entries", "none")
    for leaf, entry in zip(leaves, entry_bytes, strict=True):
        if leaf_hash(entry) != leaf or len(entry) > MAX_ENTRY or b"\n" in entry:
            raise Malformed("entry", "too long, not canonical, or another than its leaf")
    ids = reserve(connection, len(leaves))
    connection.execute(_BEGINS, {"promise": promise, "first": ids.start})
    records = [record_id[:PREFIX] for record_id in record_ids]
    rows = zip(ids, repeat(log, len(ids)), leaves, records, strict=True)
    insert_rows(connection, entries, ("id", "log", "leaf", "record"), rows)
    store.put_pending(connection, log=log, promise=promise, leaves=leaves, lines=entry_bytes)
    return ids


class Logs:
    """The logs of this member, as they grow. files: where full tiles are beside the database; None:
    nowhere."""

    def __init__(self, ctx: Context, signing: Signing) -> None:
        self._ctx = ctx
        self._signing = signing
        self._tiles = ctx.settings.tiles
        folder = self._tiles.folder
        self.files = None if folder is None else TilesInFolder(ctx.engine, folder)
        self._bucket: TileFiles | None = None

    def steps(self, lease: Lease) -> list[tuple[str, Step]]:
        """What threads do again and again beside the integrator. Raises ConfigError."""
        found: list[tuple[str, Step]] = []
        if self.files is not None:
            found.append(("tile-files", self.files))
        if self._tiles.bucket is not None and self._tiles.bucket_key is not None:
            bucket = Bucket(self._tiles.bucket, load_key(self._tiles.bucket_key), lease.take)
            self._bucket = TileFiles(self._ctx.engine, bucket)
            found.append(("tile-bucket", self._bucket))
        return found

    def leave_files(self) -> None:
        """Leave them to another process."""
        for one in (self.files, self._bucket):
            if one is not None:
                one.leave()

    def step(self, lease: Lease | None = None) -> int:
        """One batch of every log integrated and published; returns how many entries went in.

        lease: without which nothing is written; it is looked at once nobody else can write, so that
        a process that was stopped before adds nothing when it goes on. Also finishes what a crash
        left between the two. A log that the chain has otherwise, or may
        have, is left as it is: what were added to it would be a second tree with our signature.
        One that fails does not keep the others from growing. Raises LogDamaged, or what else
        failed first.
        """
        with self._ctx.engine.connect() as connection:
            found = store.states(connection)
        done = 0
        failures: list[LedgerError] = []
        for log in found:
            if log.unproven or not self._ctx.health.grows(log.log_id):
                continue
            try:
                done += self.integrate(log.id, lease)
                self.publish(log.id, lease)
            except (LogDamaged, EvidenceError) as error:
                self._ctx.health.note_damage(log.log_id, log.published or 0)
                failures.append(error)
        if failures:
            raise failures[0]
        return done

    def unfinished(self) -> bool:
        """Whether there is something to integrate or publish; costs next to nothing."""
        with self._ctx.engine.connect() as connection:
            return connection.scalar(_UNFINISHED) or False

    def open(self, log_ids: Sequence[bytes]) -> None:
        """Have a row for each log, so that an empty one has a checkpoint too. The chain may have
        more of one that is new to us: the database may be new, not the log."""
        with self._ctx.engine.connect() as connection:
            missing = [log_id for log_id in log_ids if store.find(connection, log_id) is None]
        if missing:
            with begin_write(self._ctx.engine, LOCK) as connection:
                for log_id in missing:
                    log_row(connection, log_id, unproven=True)

    def prove(self, log_id: bytes) -> None:
        """The chain has nothing of this log that we lack: it may grow."""
        with self._ctx.engine.connect() as connection:
            if not store.is_unproven(connection, log_id):
                return
        with begin_write(self._ctx.engine, LOCK) as connection:
            change = sa.update(logs).where(logs.c.log_id == log_id).values(unproven=False)
            connection.execute(change)
        self._ctx.signals.promised.set()

    def close(self, closed: Mapping[bytes, int | None]) -> None:
        """Note up to which size each log counts, as the chain has it; None: it is open. Where a
        network was founded anew every log begins open: one that we know as closed stays so, for
        what it stranded was logged again."""
        anew = bool(self._ctx.network.formerly) or self._ctx.network.rebuilt is not None
        with self._ctx.engine.connect() as connection:
            known = {log.log_id: log.closed for log in store.states(connection)}
        changed = {
            log_id: size
            for log_id, size in closed.items()
            if known.get(log_id, size) != size and not (anew and size is None)
        }
        if changed:
            with begin_write(self._ctx.engine, LOCK) as connection:
                for log_id, size in changed.items():
                    change = sa.update(logs).where(logs.c.log_id == log_id).values(closed=size)
                    connection.execute(change)

    def integrate(self, log: int, lease: Lease | None = None) -> int:
        """Append one batch of pending entries to the tree; returns how many. lease: see `step`."""
        with begin_write(self._ctx.engine, LOCK) as connection:
            if not _may(lease):
                return 0
            batch = store.next_batch(connection, log, self._ctx.settings.log.batch_size)
            sound = _sound(connection, batch)
            if not batch:
                return 0
            size = store.state(connection, log).size
            store.place(connection, [item.promise for item in batch], start=size, width=len(sound))
            if sound:
                _grow(connection, log, size, sound)
            crash_point("log.integrated", "before")
        crash_point("log.integrated", "after")
        return len(sound)

    def publish(self, log: int, lease: Lease | None = None) -> int | None:
        """Verify what was added since the last checkpoint and sign a new one; returns its size.

        None: nothing new, or another process has gone on meanwhile or holds the lease. What does
        not verify is cut back, to be integrated anew from the pending rows: raises LogMended, or
        LogDamaged where the last checkpoint itself cannot be reached any more.
        """
        with begin_read(self._ctx.engine) as connection:
            now = store.state(connection, log)
            if now.size == now.published:
                return None
            try:
                _verify_growth(TileStore(connection, log), now)
                problem: EvidenceError | None = None
            except EvidenceError as error:
                problem = error
        if problem is not None:
            self._mend(now)
            raise LogMended("dropped entries that did not read back") from problem
        note = self.sign_note(now.log_id, now.size, now.root)
        with begin_write(self._ctx.engine, LOCK) as connection:
            if not _may(lease):
                return None
            same = (logs.c.id == log) & (logs.c.size == now.size) & (logs.c.root == now.root)
            change = sa.update(logs).where(same).values(published=now.size, note=note)
            if connection.execute(change).rowcount != 1:
                return None
            store.forget_pending(connection, log, now.size)
        self._ctx.signals.published.set()
        return now.size

    def sign_note(self, log_id: bytes, size: int, root: bytes) -> str:
        """The signed checkpoint of a tree head that was verified; always the same bytes for a key.

        Raises NotReady where no key may sign it now."""
        body = checkpoint_body(origin_of(log_id), size, root)
        key = self._signing.note_key()
        return encode_checkpoint(body, key.public_key, key.sign(body))

    def _mend(self, bad: LogState) -> None:
        """Go back to the last checkpoint, from which pending entries are integrated anew."""
        with begin_write(self._ctx.engine, LOCK) as connection:
            now = store.state(connection, bad.id)
            if now.size != bad.size or now.published != bad.published:
                return  # another process has gone on
            size = now.published or 0
            root = parse_checkpoint(now.note).root if now.note else EMPTY_ROOT
            try:
                store.cut_back(connection, bad.id, size)
                _verify_edge(TileStore(connection, bad.id), size, size=size, root=root)
            except EvidenceError as error:
                raise LogDamaged(f"checkpoint of size {size} does not read back") from error


def _may(lease: Lease | None) -> bool:
    """Whether a write of who holds it may go on."""
    return lease is None or lease.held


_UNFINISHED = sa.select(
    sa.or_(
        sa.exists().where(pending.c.error.is_(None)),
        sa.exists().where(logs.c.size != sa.func.coalesce(logs.c.published, -1)),
    )
)


def _grow(connection: sa.Connection, log: int, size: int, sound: Mapping[bytes, bytes]) -> None:
    """Append them in the order of their leaf hash."""
    leaves = sorted(sound)
    grown = append(TileStore(connection, log), size, leaves)
    store.write_tiles(connection, log, size, grown.tiles)
    store.write_entries(connection, log, size, [sound[leaf] for leaf in leaves])
    change = sa.update(logs).where(logs.c.id == log).values(size=grown.size, root=grown.root)
    connection.execute(change)


def _sound(connection: sa.Connection, batch: Sequence[Waiting]) -> dict[bytes, bytes]:
    """leaf -> entry of the batch; those that the disk has changed are set aside."""
    together: dict[bytes, bytes] = {}
    for item in batch:
        sound = item.sound()
        missing = len(item.leaves) // DIGEST_SIZE - len(sound)
        if missing:
            store.set_aside(connection, item.promise, "damaged")
            _log.error("log.set-aside", promise=item.promise, entries=missing, reason="damaged")
        together |= sound
    return together


def _verify_growth(source: TileStore, now: LogState) -> None:
    """The last checkpoint and everything behind it; raises ProofMismatch or Malformed."""
    published = now.published or 0
    expected = parse_checkpoint(now.note).root if now.note else EMPTY_ROOT
    _demand("published root", expected=expected, actual=root_at(source, published))
    _verify_edge(source, published, size=now.size, root=now.root)


def _verify_edge(source: TileStore, start: int, *, size: int, root: bytes) -> None:
    """Hash the entries from `start` on again and compare with what is stored.

    Goes back to the start of a bundle, since old entries are written again beside new ones.
    1 leaf hashes of the entries · 2 root from them · 3 root from the stored tiles.
    """
    start -= start % WIDTH
    leaves = [leaf_hash(entry) for entry in source.entries(start, size)]
    stored = b"".join(source.tile(0, n, WIDTH) for n in range(start // WIDTH, -(-size // WIDTH)))
    _demand("leaves", expected=b"".join(leaves), actual=stored)  # 1
    if leaves:
        _demand("root", expected=root, actual=append(source, start, leaves).root)  # 2
    _demand("root from tiles", expected=root, actual=root_at(source, size))  # 3


def _demand(what: str, *, expected: bytes, actual: bytes) -> None:
    if expected != actual:
        raise ProofMismatch(what, expected=sha256(expected), actual=sha256(actual))
