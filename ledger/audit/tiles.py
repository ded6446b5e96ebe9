"""Public logs over HTTP, read ahead: entry bundles and hash tiles as C2SP tlog-tiles has them."""

from __future__ import annotations

import math
import re
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from ledger.audit.ahead import Ahead, Asked
from ledger.audit.patience import Patience
from ledger.chain.errors import RpcFailure
from ledger.chain.nodes.http import Http
from ledger.core import note, tiles
from ledger.core.canonical import DIGEST_SIZE
from ledger.core.entry import MAX_ENTRY
from ledger.core.errors import LedgerError

# Bundles on their way at once, and threads for them where they cannot be asked for ahead.
AHEAD = 4
_CONNECTIONS = 4
# A bundle of our entries has 263 KB; four times that is read, more is nobody's log.
MAX_BUNDLE = 4 * tiles.WIDTH * (MAX_ENTRY + 2)
MAX_CHECKPOINT = note.MAX_CHECKPOINT
_TILE = tiles.WIDTH * DIGEST_SIZE
_TIMEOUT = 30.0  # seconds for one piece
_PLAIN_URL = re.compile(
    r"https?://(?P<host>[0-9A-Za-z.-]+|\[[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){2,7}\])"
    r"(:(?P<port>[0-9]{1,5}))?(/[0-9A-Za-z._~/-]*)?"
)
_MAX_HOST, _MAX_LABEL, _MAX_PORT = 253, 63, 65_535  # RFC 1035, RFC 793
_PAUSES = (0.2, 1.0)  # seconds before it is asked for again
_OK, _NOT_FOUND, _TOO_MANY, _SERVER_ERROR = 200, 404, 429, 500


class Missing(LedgerError):
    """The log does not serve `path`."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class Unreachable(Missing):
    """Nobody knows whether the log serves `path`: its server did not answer, or not now."""


class TooSlow(Unreachable):
    """The server of the log had all the time that it gets (`patience`)."""


class NotCalled(Unreachable):
    """The server of the log has an address that is not called from here."""


class Fetch(Protocol):
    """Reads one path below a log's URL."""

    def __call__(self, path: str, max_bytes: int) -> bytes:
        """The body; raises Missing."""


class HttpFetch:
    """Reads a log at `url`. What does not come at the third time is missing, or unreachable."""

    def __init__(self, http: Http, url: str, patience: Patience | None = None) -> None:
        """patience: for all pieces together; None: each has its deadline, and that is all."""
        self._http = http
        self.url = url
        self.patience = patience or Patience(math.inf)

    def address(self, host: str, port: int) -> str:
        """As of the client. Raises OSError."""
        return self._http.address(host, port)

    def __call__(self, path: str, max_bytes: int) -> bytes:
        status = 0
        for pause in (*_PAUSES, None):
            if (left := self.patience.left) <= 0:
                raise TooSlow(path)
            with self.patience.waiting():
                status, body = self._ask(path, min(_TIMEOUT, left), max_bytes)
            if status == _OK:
                return body
            if status == _NOT_FOUND or pause is None:
                break
            time.sleep(pause)
        gone = 0 < status < _SERVER_ERROR and status != _TOO_MANY
        raise Missing(path) if gone else Unreachable(path)

    def _ask(self, path: str, timeout: float, max_bytes: int) -> tuple[int, bytes]:
        """Status and body; 0: there was no answer."""
        try:
            return self._http.request(
                "GET", f"{self.url}/{path}", timeout=timeout, max_bytes=max_bytes
            )
        except RpcFailure:
            return 0, b""


def is_plain_url(text: str) -> bool:
    """Whether a text is a URL and no more: http or https, host, port, path. Members write their
    endpoints themselves; one that no client can parse must not stop a replay, and one with other
    text in it is none."""
    match = _PLAIN_URL.fullmatch(text)
    if match is None or len(match["host"]) > _MAX_HOST:
        return False
    labels = [] if match["host"].startswith("[") else match["host"].removesuffix(".").split(".")
    return int(match["port"] or 0) <= _MAX_PORT and all(
        0 < len(label) <= _MAX_LABEL for label in labels
    )


def log_url(endpoint: str, log: bytes) -> str:
    """Where a member serves a log."""
    return f"{endpoint.rstrip('/')}/logs/{log.hex()}"


def mirror_url(endpoint: str, log: bytes) -> str:
    """Where a member serves its copy of a log of another."""
    return f"{endpoint.rstrip('/')}/mirrors/{log.hex()}"


class Bundles:
    """The bundles and lowest tiles of a log up to `size` entries, in order, read ahead. first: the
    number of the first one."""

    def __init__(self, fetch: Fetch, size: int, first: int = 0) -> None:
        self._fetch = fetch
        self._size = size
        self._first = first

    def __iter__(self) -> Iterator[tuple[int, bytes, bytes]]:
        """(n, entry bundle, tile 0/n), each of exactly the width that the size gives."""
        first = self._first
        if isinstance(self._fetch, HttpFetch):
            first = yield from self._ahead(self._fetch)
        yield from self._pooled(first)

    def _ahead(self, fetch: HttpFetch) -> Generator[tuple[int, bytes, bytes], None, int]:
        """The full ones, as long as the server's answers are plain; the first that is left."""
        numbers = iter(range(self._first, self._size // tiles.WIDTH))
        waiting: deque[tuple[int, Asked, Asked]] = deque()
        done = self._first
        with Ahead(fetch.url, fetch.patience, fetch.address) as ahead:
            while True:
                while (
                    len(waiting) < AHEAD and ahead.works and (n := next(numbers, None)) is not None
                ):
                    bundle, lowest = tiles.entries_path(n), tiles.tile_path(0, n)
                    waiting.append((n, ahead.ask(bundle), ahead.ask(lowest)))
                if not waiting:
                    return done
                yield self._take(*waiting.popleft())
                done += 1

    def _take(self, n: int, bundle: Asked, lowest: Asked) -> tuple[int, bytes, bytes]:
        """What did not come the plain way is asked for once more."""
        data, hashes = bundle.take(MAX_BUNDLE), lowest.take(_TILE)
        if data is None:
            data = self._fetch(tiles.entries_path(n), MAX_BUNDLE)
        return n, data, self._fetch(tiles.tile_path(0, n), _TILE) if hashes is None else hashes

    def _pooled(self, first: int) -> Iterator[tuple[int, bytes, bytes]]:
        """From `first` on, whatever way the pieces can be had."""
        numbers = iter(range(first, -(-self._size // tiles.WIDTH)))
        waiting: deque[Future[tuple[int, bytes, bytes]]] = deque()
        pool = ThreadPoolExecutor(_CONNECTIONS, thread_name_prefix="tiles")
        try:
            while True:
                while len(waiting) < AHEAD and (n := next(numbers, None)) is not None:
                    waiting.append(pool.submit(self._read, n))
                if not waiting:
                    return
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _read(self, n: int) -> tuple[int, bytes, bytes]:
        width = tiles.tile_width(self._size, 0, n)
        return n, entries(self._fetch, n, width), tile(self._fetch, 0, n, width)


def entries(fetch: Fetch, n: int, width: int) -> bytes:
    """The first `width` entries of bundle n, still with their lengths. Raises Missing.

    Where the log has grown the partial bundle may be gone and the full one there.
    """
    data, full = _read(fetch, tiles.entries_path, n, width, MAX_BUNDLE)
    if not full or width == tiles.WIDTH:
        return data
    try:
        return tiles.encode_bundle(tiles.parse_bundle(data, tiles.WIDTH)[:width])
    except LedgerError:
        return data  # malformed, and found to be so by whoever reads it


def tile(fetch: Fetch, level: int, n: int, width: int) -> bytes:
    """The first `width` hashes of a tile. Raises Missing."""

    def path(n: int, width: int) -> str:
        return tiles.tile_path(level, n, width)

    data, _ = _read(fetch, path, n, width, _TILE)
    return data[: width * DIGEST_SIZE]


def _read(
    fetch: Fetch, path: Callable[[int, int], str], n: int, width: int, max_bytes: int
) -> tuple[bytes, bool]:
    """The piece of this width, else the full one; and whether it is the full one."""
    try:
        return fetch(path(n, width), max_bytes), width == tiles.WIDTH
    except Missing as missing:
        if width == tiles.WIDTH:
            raise
        partial = type(missing)
    try:
        return fetch(path(n, tiles.WIDTH), max_bytes), True
    except Missing as missing:
        # What may still come is unreachable, whatever was said of the other one.
        kinds = (partial, type(missing))
        kind = next((kind for kind in (NotCalled, TooSlow, Unreachable) if kind in kinds), Missing)
        raise kind(path(n, width)) from None
