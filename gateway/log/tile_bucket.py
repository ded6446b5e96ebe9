"""A bucket of an S3-compatible store as the place for full tiles and entry bundles, from which as
many read as the store can bear.

The gateway writes there and reads nothing but its own state. The proxy in front serves readers from
the bucket, and asks the gateway for what is not there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

import httpx
import orjson

from gateway.log.sigv4 import BucketKey, query_text, signed
from gateway.log.tile_places import STATE, Piece
from ledger.chain.keys.private import demand_private
from ledger.core.errors import ConfigError, CouldNotCheck

SECONDS: Final = 30.0
"""For one request: an object has 80 KB, a list a thousand names."""
_OK, _NO_CONTENT, _NOT_FOUND = 200, 204, 404
_URL = re.compile(r"https?://[0-9A-Za-z.:\[\]-]+(/[0-9A-Za-z._-]+)+")
_NAME = re.compile("<Key>([0-9A-Za-z._/-]+)</Key>")
_FOREVER = {
    "cache-control": "public, max-age=31536000, immutable",
    "content-type": "application/octet-stream",
}
_CHANGES = {"cache-control": "no-cache", "content-type": "application/json"}


def load_key(path: Path) -> BucketKey:
    """The access key in a file `{"id","secret","region"}` that nobody else may read. Raises
    ConfigError."""
    demand_private(path)
    try:
        value = orjson.loads(path.read_bytes())
        return BucketKey(**{name: str(value[name]) for name in ("id", "secret", "region")})
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise ConfigError(str(path), 'is no file {"id","secret","region"}') from error


class Bucket:
    """url: of the bucket by its path, and what all names in it begin with:
    `https://HOST/BUCKET/PREFIX`. mine: whether this process writes there now; of several gateways
    of a member one does."""

    def __init__(self, url: str, key: BucketKey, mine: Callable[[], bool]) -> None:
        """Open no connection yet. Raises ConfigError."""
        if _URL.fullmatch(url) is None:
            raise ConfigError("tiles.bucket", "is no https://HOST/BUCKET or …/PREFIX")
        parts = urlsplit(url)
        _, bucket, *prefix = parts.path.split("/")
        self._host = parts.netloc
        self._bucket = f"/{bucket}"
        self._prefix = "".join(f"{part}/" for part in prefix)
        self._key = key
        self._mine = mine
        self._http = httpx.Client(
            base_url=f"{parts.scheme}://{parts.netloc}", timeout=SECONDS, trust_env=False
        )

    def take(self) -> bool:
        """Whether this process is the one that writes there now."""
        return self._mine()

    def leave(self) -> None:
        """Drop the connections."""
        self._http.close()

    def state(self, log_id: bytes) -> bytes | None:
        """The object `STATE`; None: there is none."""
        answer = self._ask("GET", self._of(log_id) + STATE, (_OK, _NOT_FOUND))
        return answer.content if answer.status_code == _OK else None

    def write(self, log_id: bytes, pieces: Sequence[Piece]) -> None:
        """Objects, which are there whole or not at all."""
        for name, data in pieces:
            headers = _CHANGES if name == STATE else _FOREVER
            self._ask("PUT", self._of(log_id) + name, (_OK,), body=data, headers=headers)

    def empty(self, log_id: bytes) -> None:
        """Keep nothing of a log; `STATE` goes last."""
        gone: set[str] = set()
        while names := self._names(log_id):
            if gone >= names:
                raise CouldNotCheck("bucket-keeps", "what was deleted is listed still")
            for name in sorted(names):
                self._ask("DELETE", name, (_OK, _NO_CONTENT, _NOT_FOUND))
            gone |= names
        self._ask("DELETE", self._of(log_id) + STATE, (_OK, _NO_CONTENT, _NOT_FOUND))

    def _of(self, log_id: bytes) -> str:
        return f"{self._prefix}{log_id.hex()}/"

    def _names(self, log_id: bytes) -> set[str]:
        """Some of a log, but `STATE`; empty where there are no more."""
        query = {"list-type": "2", "prefix": self._of(log_id) + "tile/"}
        return set(_NAME.findall(self._ask("GET", "", (_OK,), query=query).text))

    def _ask(
        self,
        method: str,
        name: str,
        statuses: Sequence[int],
        *,
        query: Mapping[str, str] | None = None,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        path = f"{self._bucket}/{name}" if name else self._bucket
        sent = signed(
            self._key,
            method,
            path,
            host=self._host,
            query=query or {},
            body=body,
            headers=headers or {},
            now=datetime.now(UTC),
        )
        url = quote(path) + (f"?{query_text(query)}" if query else "")
        try:
            answer = self._http.request(method, url, content=body, headers=sent)
        except httpx.HTTPError as error:
            raise CouldNotCheck("bucket-unreachable", type(error).__name__) from error
        if answer.status_code not in statuses:
            raise CouldNotCheck("bucket-refuses", f"HTTP {answer.status_code}")
        return answer
