"""Following the logs of the other provinces, a bounded turn of each at a time.

A piece is proven by the anchored root before it is kept (`ledger.audit.proven`), and the position
moves in the transaction that stores it: after a crash the next turn goes on where the last one
ended, and no copy ever holds what the chain does not vouch for.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Event

import structlog

from gateway.base.context import Context
from gateway.base.crash import crash_point
from gateway.base.db import begin_read, begin_write
from gateway.base.errors import NotReady
from gateway.chain.signing import Signing
from gateway.chain.view import ChainView
from gateway.mirrors import store
from gateway.mirrors.bounds import bounds, exceeded
from gateway.mirrors.errors import (
    DAMAGED,
    NO_ENDPOINT,
    NOTE_MISSING,
    OTHER_TREE,
    MirrorError,
    code_of,
)
from gateway.mirrors.mending import Damage, Place, damaged, mend
from gateway.mirrors.reading import (
    Peer,
    PeerFetch,
    anchor_contracts,
    newest_anchor,
    read_peers,
)
from gateway.mirrors.store import Mirror, MirrorTiles, Piece
from ledger.audit.proven import Kept, Proven
from ledger.audit.tiles import MAX_CHECKPOINT, Fetch, Missing, Unreachable
from ledger.chain.keys.signers import MessageSigner
from ledger.chain.nodes.http import Http
from ledger.chain.nodes.quorum import QuorumReader
from ledger.core import note
from ledger.core.errors import EvidenceError, LedgerError, Malformed
from ledger.core.keys import Role
from ledger.core.merkle import EMPTY_ROOT
from ledger.core.note import Checkpoint
from ledger.core.tiles import HEIGHT, WIDTH, Tile, edge, root_at

LOCK = "mirrors"
LOOK_SECONDS = 15.0
"""Between two looks at the chain for new anchors of others."""
TURN_SECONDS = 20.0
"""For which one log is read before the next one has its turn."""
CHUNK = 32
"""Full bundles of one turn, 8 MB of our entries: they are in memory together."""
CONNECTIONS = 4
"""To one owner at once."""
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 600.0
"""Seconds after which a log that failed is tried again; doubled with every failure."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Backoff:
    failures: int = 0
    until: float = 0.0

    def failed(self) -> None:
        """Wait longer than the last time."""
        self.failures += 1
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self.failures - 1, 16))
        self.until = time.monotonic() + pause


class Mirrors:
    """The copies of the logs of others. Belongs to one thread, but for `reread`."""

    def __init__(
        self, ctx: Context, *, chain: ChainView, reader: QuorumReader, signing: Signing
    ) -> None:
        self._ctx = ctx
        self._chain = chain
        self._reader = reader
        self._signing = signing
        # Endpoints are written by others: none may lead into our own network.
        self.http = Http(
            public=ctx.settings.env == "production",
            private_networks=ctx.settings.exchange.networks,
        )
        self.peers: list[Peer] | None = None
        self._looked_at = float("-inf")
        self._backoff: dict[bytes, _Backoff] = {}
        self._damage = Damage()
        self._counted: set[bytes] = set()

    def close(self) -> None:
        """Drop the connections."""
        self.http.close()

    @property
    def enabled(self) -> bool:
        """Whether this member keeps copies: by its settings, else where it is a province."""
        wanted, facts = self._ctx.settings.mirrors.enabled, self._chain.known
        return bool(facts and facts.roles & Role.PROVINCE) if wanted is None else wanted

    def mend(self, log_id: bytes, level: int | None, n: int) -> None:
        """Have a piece fetched anew that was lost or damaged, and nothing else. level: None: a
        bundle. Callable from every thread."""
        self._damage.note(log_id, level, n)

    @property
    def is_damaged(self) -> bool:
        """Whether this process knows of pieces that are to be mended."""
        return self._damage.some

    def step(self, stop: Event | None = None, *, mending: bool = False) -> bool:
        """One turn of every log that is behind; returns whether one that did not fail still is.
        stop: no turn is begun once it is set. mending: only of those with pieces to be mended.

        Raises CouldNotCheck where the chain cannot be read; what an owner does is told of its log
        and raises nothing."""
        if not self.enabled:
            return False
        if time.monotonic() - self._looked_at >= LOOK_SECONDS:
            self.look()
        with begin_read(self._ctx.engine) as connection:
            found = store.all_mirrors(connection)
        peers = {log: peer for peer in self.peers or () for log, _ in peer.logs}
        more = False
        for one in found:
            if stop is not None and stop.is_set():
                break
            if one.log_id in peers and not (mending and not self._damage.of(one.log_id)):
                more |= self._turn(one, peers[one.log_id])
        return more

    def look(self) -> None:
        """Read from the chain who is there, and up to where each log is finally anchored. Raises
        CouldNotCheck."""
        view = self._reader.head()
        final = self._reader.final_block(view)
        self.peers = read_peers(view, self._ctx.network, self._ctx.settings.node.code)
        contracts = anchor_contracts(view, self._ctx.network)
        for peer in self.peers:
            for log_id, closed in peer.logs:
                known = self._open(log_id, peer.code)
                first, shrinks = self._ctx.network.deploy_block, False
                if closed is not None and known.anchored > closed:
                    shrinks = True  # somebody anchored what does not count: the chain is read anew
                elif known.scanned is not None:
                    first = known.scanned + 1
                if final is None or final.number < first:
                    continue
                newest = newest_anchor(
                    view, contracts, log_id, first=first, last=final.number, closed=closed
                )
                size, root = newest or (0, EMPTY_ROOT)
                if shrinks:
                    self._cut_back(known, size, root)
                    continue
                if size <= known.anchored:
                    size, root = known.anchored, known.anchored_root
                with begin_write(self._ctx.engine, LOCK) as connection:
                    store.note_anchor(connection, known, size=size, root=root, scanned=final.number)
        self._looked_at = time.monotonic()

    def _cut_back(self, mirror: Mirror, size: int, root: bytes) -> None:
        with begin_write(self._ctx.engine, LOCK) as connection:
            store.cut_back(connection, mirror, size=size, root=root)
        _log.warning("mirror.cut-back", log=mirror.log_id.hex(), size=mirror.size, to=size)

    def _open(self, log_id: bytes, member: str) -> Mirror:
        with self._ctx.engine.connect() as connection:
            known = store.find_mirror(connection, log_id)
        if known is not None:
            return known
        with begin_write(self._ctx.engine, LOCK) as connection:
            store.open_mirror(connection, log_id, member)
            return store.get_mirror(connection, log_id)

    def _turn(self, mirror: Mirror, peer: Peer) -> bool:
        backoff = self._backoff.setdefault(mirror.log_id, _Backoff())
        if time.monotonic() < backoff.until:
            return False
        try:
            more = self._advance(mirror, peer)
        except LedgerError as error:
            backoff.failed()
            self._tell(mirror, code_of(error))
            return False
        backoff.failures = 0
        if mirror.error is not None:
            self._tell(mirror, None)
        return more

    def _tell(self, mirror: Mirror, code: str | None) -> None:
        if code != mirror.error:
            _log.warning("mirror.state", log=mirror.log_id.hex(), member=mirror.member, code=code)
        with begin_write(self._ctx.engine, LOCK) as connection:
            store.note_error(connection, mirror, code)

    def _advance(self, mirror: Mirror, peer: Peer) -> bool:
        """Read the next pieces, then the note of what is whole; whether there is more to do."""
        behind, lost = mirror.anchored > mirror.size, self._damage.of(mirror.log_id)
        if not (behind or lost) and not self._wants_note(mirror):
            return False
        if not peer.endpoint:
            raise MirrorError(NO_ENDPOINT)
        end = time.monotonic() + TURN_SECONDS
        fetch = PeerFetch(self.http, peer.url(mirror.log_id), end)
        if lost:
            self._mend(mirror, lost, fetch, end)
            return True
        if not behind:
            self._take_note(mirror, peer, fetch)
            return False
        self._demand_room(mirror)
        proven = Proven(fetch, mirror.anchored, mirror.anchored_root, self._kept(mirror))
        # Before anything of the old edge grows: it is served as it was for as long as it stands.
        if mirror.whole == mirror.size // WIDTH and mirror.size:
            _demand_extends(proven, mirror)
        after = self._read_full(mirror, proven)
        if after is None or after.whole < after.anchored // WIDTH:
            return True
        whole = self._read_edge(after, proven)
        if whole is not None:
            self._take_note(whole, peer, fetch)
        return whole is None

    def _mend(self, mirror: Mirror, lost: list[Place], fetch: Fetch, end: float) -> None:
        """Put back what was lost, from the owner or from who else keeps this log."""
        others = [
            PeerFetch(self.http, peer.mirror_url(mirror.log_id), end)
            for peer in self.peers or ()
            if peer.endpoint and peer.code != mirror.member
        ]
        for place in mend(self._ctx.engine, LOCK, mirror, lost, [fetch, *others]):
            self._damage.mended(mirror.log_id, place)
            _log.warning("mirror.mended", log=mirror.log_id.hex(), level=place[0], n=place[1])

    def _demand_room(self, mirror: Mirror) -> None:
        with begin_read(self._ctx.engine) as connection:
            found = store.all_mirrors(connection)
        kept = sum(one.stored for one in found)
        allowed = bounds(self._ctx.settings.mirrors, self._ctx.engine, kept)
        if (code := exceeded(found, mirror, allowed)) is not None:
            raise MirrorError(code)

    # ---- tiles and entries

    def _read_full(self, mirror: Mirror, proven: Proven) -> Mirror | None:
        """Keep the next full bundles. What came before a failure is kept before that is raised."""
        end = min(mirror.anchored // WIDTH, mirror.whole + CHUNK)
        pieces: list[Piece] = []
        failure: LedgerError | None = None
        with ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="mirror") as pool:
            try:
                for piece in pool.map(lambda n: _piece(proven, n), range(mirror.whole, end)):
                    pieces.append(piece)
            except LedgerError as error:
                failure = error
                pool.shutdown(wait=True, cancel_futures=True)
        after: Mirror | None = mirror
        if pieces:
            upper = list(_upper(proven, mirror.whole, mirror.whole + len(pieces)))
            with begin_write(self._ctx.engine, LOCK) as connection:
                after = store.keep_pieces(connection, mirror, pieces, upper)
                crash_point("mirror.kept", "before")
            crash_point("mirror.kept", "after")
        if failure is not None:
            raise failure
        return after

    def _read_edge(self, mirror: Mirror, proven: Proven) -> Mirror | None:
        """Keep the partial pieces of the anchored size and hold it whole from then on."""
        size = mirror.anchored
        tiles = [Tile(a.level or 0, a.n, proven.tile(a.level or 0, a.n)) for a in edge(size)]
        last = proven.entries(size // WIDTH) if size % WIDTH else b""
        with begin_write(self._ctx.engine, LOCK) as connection:
            after = store.keep_edge(connection, mirror, tiles, last)
        if after is not None:
            self._demand_whole(after)
        return after

    def _demand_whole(self, mirror: Mirror) -> None:
        """Read back what the root needs, and once in the life of a process that nothing is gone;
        what is not there is fetched anew."""
        with begin_read(self._ctx.engine) as connection:
            kept = MirrorTiles(connection, mirror.id)
            try:
                sound = root_at(kept, mirror.size) == mirror.root
            except Malformed:
                sound = False
            if sound and mirror.log_id not in self._counted:
                sound = kept.complete(mirror.size)
        if not sound:
            for level, n in damaged(self._ctx.engine, mirror):
                self.mend(mirror.log_id, level, n)
            raise MirrorError(DAMAGED)
        self._counted.add(mirror.log_id)

    def _kept(self, mirror: Mirror) -> Kept:
        def kept(level: int, n: int) -> bytes | None:
            if not level:  # is read once, and not kept yet
                return None
            with self._ctx.engine.connect() as connection:
                return MirrorTiles(connection, mirror.id).tile(level, n, WIDTH) or None

        return kept

    # ---- the checkpoint

    def _wants_note(self, mirror: Mirror) -> bool:
        """Whether the checkpoint of what is held is missing, or our line on it by the key that
        signs now."""
        if not mirror.size:
            return False
        if mirror.note is None or mirror.noted < mirror.size:
            return True
        key = self._key()
        if key is None:
            return False
        ours = note.witness_key_hash(self._ctx.settings.node.code, key.public_key)
        return all(line.key_hash != ours for line in note.parse_checkpoint(mirror.note).witnesses)

    def _take_note(self, mirror: Mirror, peer: Peer, fetch: PeerFetch) -> None:
        """Keep the owner's checkpoint of what is held, with our cosignature."""
        self._demand_whole(mirror)
        head = _checkpoint(mirror, peer, fetch)
        text, key = replace(head, witnesses=(), unknown=()).text, self._key()
        if key is not None:
            line = note.cosign(
                head,
                member=self._ctx.settings.node.code,
                time=self._ctx.clock.seconds(),
                public_key=key.public_key,
                sign=key.sign,
            )
            text += line.line
        with begin_write(self._ctx.engine, LOCK) as connection:
            store.keep_note(connection, mirror, text)

    def _key(self) -> MessageSigner | None:
        """The key of our cosignatures; None where there is none that is valid now."""
        try:
            return self._signing.witness_key()
        except NotReady:
            return None


def _demand_extends(proven: Proven, mirror: Mirror) -> None:
    """The contract takes no anchor that does not go on from the one before; this is to be sure."""
    if proven.root_at(mirror.size) != mirror.root:
        raise MirrorError(OTHER_TREE)


def _checkpoint(mirror: Mirror, peer: Peer, fetch: Fetch) -> Checkpoint:
    """The owner's checkpoint of exactly what is held. Raises Missing, MirrorError where it is of
    another tree or signed by nobody."""
    for path in (f"checkpoint/{mirror.size}", "checkpoint"):
        try:
            head = note.parse_checkpoint(fetch(path, MAX_CHECKPOINT).decode())
        except Unreachable:
            raise
        except (Missing, EvidenceError, UnicodeDecodeError):
            continue
        if head.log != mirror.log_id or head.size != mirror.size:
            continue
        if head.root != mirror.root:
            raise MirrorError(OTHER_TREE)
        if any(_signed(head, key) for key in peer.notes):
            return head
    raise MirrorError(NOTE_MISSING)


def _signed(head: Checkpoint, key: bytes) -> bool:
    try:
        note.verify(head, key)
    except EvidenceError:
        return False
    return True


def _piece(proven: Proven, n: int) -> Piece:
    bundle = proven.entries(n)
    return Piece(n, proven.tile(0, n), bundle)


def _upper(proven: Proven, before: int, after: int) -> Iterator[Tile]:
    """The full tiles above level 0 that are complete with `after` full ones below, and were not
    with `before`."""
    level = 1
    while after >> HEIGHT * level:
        for n in range(before >> HEIGHT * level, after >> HEIGHT * level):
            yield Tile(level, n, proven.tile(level, n))
        level += 1
