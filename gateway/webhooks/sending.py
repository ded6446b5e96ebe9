"""Sending one message to one URL: by TLS in production, never inward, no redirect followed, and
nothing read of the answer but its status.

The name is looked up once for each connection, and what was looked up is checked and connected to
(`gateway.peers.dialling`), so what it leads to later makes no difference.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from urllib.parse import urlsplit

from gateway.base.metrics import TIMEOUTS
from gateway.base.settings import Settings
from gateway.peers.dialling import Dialler
from gateway.peers.errors import PeerSilent
from gateway.webhooks.errors import NotDelivered
from ledger.chain.nodes.http import Http
from ledger.hooks.messages import Message
from ledger.hooks.posting import MAX_URL, is_fit, post

__all__ = ["CALL_SECONDS", "CONNECTIONS", "LOOKUPS", "MAX_URL", "Outward", "is_fit"]

CALL_SECONDS: Final = 15.0
"""For a whole try, the look-up of the name included."""
CONNECTIONS: Final = 64
"""At once, to all receivers together: more than are sent to, so that none waits for another."""
LOOKUPS: Final = 64
"""Names looked up at once; one that hangs holds a thread until the system gives up. They are not
those of members: whoever points at names that hang is in no member's way."""
_AGENT: Final = "credit-ledger-webhooks/1"


class Outward:
    """Sends. Safe to share between threads."""

    def __init__(self, settings: Settings, http: Http | None = None) -> None:
        """http: in place of one that reaches public addresses and the networks that the operator
        named alone, in production."""
        self._production = settings.env == "production"
        self._lookups = ThreadPoolExecutor(LOOKUPS, thread_name_prefix="webhook-resolve")
        self._dialler = Dialler(
            production=self._production,
            private_networks=settings.webhooks.networks,
            lookups=self._lookups,
        )
        self._given = http
        self._making = threading.Lock()

    def close(self) -> None:
        """Drop the connections, and wait for no name."""
        self._lookups.shutdown(wait=False, cancel_futures=True)
        with self._making:
            if self._given is not None:
                self._given.close()

    def demand_reachable(self, url: str) -> None:
        """Raise NotDelivered where a URL may not be sent to, or its name leads nowhere or inward.
        Where it leads later is asked again with each connection."""
        if not is_fit(url, production=self._production):
            raise NotDelivered("target-refused")
        try:
            self._dialler(str(urlsplit(url).hostname))
        except PeerSilent as error:
            raise NotDelivered(error.code) from error

    def send(self, url: str, message: Message, at: int, keys: Sequence[str]) -> None:
        """Send it once. at: Unix seconds that it says. keys: as in `headers`. Raises NotDelivered
        unless the receiver took it."""
        if not is_fit(url, production=self._production):
            raise NotDelivered("target-refused")
        try:
            post(
                self._http(),
                url,
                message,
                at=at,
                keys=keys,
                agent=_AGENT,
                timeout=CALL_SECONDS,
            )
        except PeerSilent as error:  # of the look-up
            raise NotDelivered(error.code) from error
        except NotDelivered as error:
            if error.code == "too-slow":
                TIMEOUTS.labels("webhook").inc()
            raise

    def _http(self) -> Http:
        """Made with the first message: reading the certificates takes a while."""
        with self._making:
            if self._given is None:
                self._given = Http(resolve=self._dialler, connections=CONNECTIONS)
            return self._given
