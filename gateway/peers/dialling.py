"""Where other members are reached: one look-up of the name, whose addresses are checked and then
connected to, so that no second look-up can lead elsewhere (DNS rebinding)."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Final
from urllib.parse import urlsplit

from gateway.peers.errors import PeerSilent
from ledger.chain.nodes.addresses import Network, may_be_called

CONNECT_SECONDS: Final = 5.0
"""For the look-up of a name, and for connecting."""
CALL_SECONDS: Final = 30.0
"""For a whole call."""
MAX_ENDPOINT: Final = 2048
"""Characters of an endpoint; the chain bounds it less."""
_LOOKUPS: Final = 8
"""Names looked up at once. One that hangs holds a thread until the system gives up."""

_resolver = ThreadPoolExecutor(_LOOKUPS, thread_name_prefix="resolve")


def place_of(endpoint: str, member: str, *, production: bool) -> tuple[str, str]:
    """An endpoint without a slash at its end, and its path as it is sent. Raises PeerSilent
    `no-endpoint` where there is none, `endpoint-refused` where we do not go there: in production
    only by TLS, never with a user, a query or a fragment."""
    if not endpoint:
        raise PeerSilent("no-endpoint", member)
    try:
        parts = urlsplit(endpoint)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise PeerSilent("endpoint-refused", member, "not a URL") from error
    schemes = ("https",) if production else ("https", "http")
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    if parts.scheme not in schemes or not (named and plain) or len(endpoint) > MAX_ENDPOINT:
        raise PeerSilent("endpoint-refused", member, "not an https URL of a host")
    if not endpoint.isascii() or not endpoint.isprintable() or " " in endpoint:
        raise PeerSilent("endpoint-refused", member, "not a URL in ASCII")
    return endpoint.rstrip("/"), parts.path.rstrip("/")


class Dialler:
    """Looks names up, for `ledger.chain.nodes.http.Http`."""

    def __init__(
        self,
        *,
        production: bool,
        private_networks: Sequence[Network] = (),
        lookups: Executor | None = None,
    ) -> None:
        """private_networks: those where members are reached in production too. lookups: where names
        are looked up; None: with those of members."""
        self._production = production
        self._lookups = lookups or _resolver
        self._named = tuple(private_networks)

    def __call__(self, host: str) -> Sequence[str]:
        """The addresses to connect to. Raises PeerSilent: `name-unknown`, or in production
        `address-private` where one of them is no public one, nor in a network that was named."""
        found = resolve(host, self._lookups)
        if self._production and not all(may_be_called(one, self._named) for one in found):
            raise PeerSilent("address-private", host)
        return found


def resolve(host: str, lookups: Executor = _resolver) -> Sequence[str]:
    """The addresses of a name, or the address that it is, each once. Raises PeerSilent
    `name-unknown`."""
    asked = lookups.submit(socket.getaddrinfo, host, None, 0, socket.SOCK_STREAM)
    try:
        found = asked.result(CONNECT_SECONDS)
    except (OSError, UnicodeError, TimeoutError) as error:
        raise PeerSilent("name-unknown", host) from error
    return list(dict.fromkeys(str(address[4][0]) for address in found))
