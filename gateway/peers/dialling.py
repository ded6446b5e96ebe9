"""Where other members are reached: one look-up of the name, whose addresses are checked and then
connected to, so that no second look-up can lead elsewhere (DNS rebinding)."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from typing import Final
from urllib.parse import urlsplit

from gateway.peers.errors import PeerSilent

CONNECT_SECONDS: Final = 5.0
"""For the look-up of a name, and for connecting."""
CALL_SECONDS: Final = 30.0
"""For a whole call."""
MAX_ENDPOINT: Final = 2048
"""Characters of an endpoint; the chain bounds it less."""
_LOOKUPS: Final = 8
"""Names looked up at once. One that hangs holds a thread until the system gives up."""
_ENDING_IN_IPV4 = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
"""NAT64 (RFC 6052), and what once was IPv4-compatible (RFC 4291 2.5.5.1)."""

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

    def __init__(self, *, production: bool) -> None:
        self._production = production

    def __call__(self, host: str) -> Sequence[str]:
        """The addresses to connect to. Raises PeerSilent: `name-unknown`, or in production
        `address-private` where one of them is no public one."""
        found = resolve(host)
        if self._production and not all(map(is_public, found)):
            raise PeerSilent("address-private", host)
        return found


def resolve(host: str) -> Sequence[str]:
    """The addresses of a name, or the address that it is, each once. Raises PeerSilent
    `name-unknown`."""
    asked = _resolver.submit(socket.getaddrinfo, host, None, 0, socket.SOCK_STREAM)
    try:
        found = asked.result(CONNECT_SECONDS)
    except (OSError, UnicodeError, TimeoutError) as error:
        raise PeerSilent("name-unknown", host) from error
    return list(dict.fromkeys(str(address[4][0]) for address in found))


def is_public(text: str) -> bool:
    """Whether an address is one of the public Internet, as is what it may stand for (IPv4 within
    IPv6)."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return all(each.is_global and not each.is_multicast for each in (address, *_within(address)))


def _within(address: IPv4Address | IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses that an IPv6 address leads to."""
    if isinstance(address, IPv4Address):
        return []
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if any(address in network for network in _ENDING_IN_IPV4):
        found.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [each for each in found if each is not None]
