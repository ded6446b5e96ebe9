"""Which addresses are called where others wrote the URL: those of the public Internet, and of
networks that an operator named. What an IPv6 address stands for counts as much as itself.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Network = IPv4Network | IPv6Network

_ENDING_IN_IPV4 = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
"""NAT64 (RFC 6052), and what once was IPv4-compatible (RFC 4291 2.5.5.1)."""
_NOT_PUBLIC = (IPv6Network("64:ff9b:1::/48"), IPv6Network("fec0::/10"))
"""A network's own translation, which may lead anywhere (RFC 8215), and what once was site-local
(RFC 3879): to the standard library they are everybody's."""
_NEVER = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("127.0.0.0/8", "169.254.0.0/16", "0.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4"),
        *("::1/128", "::/128", "fe80::/10", "ff00::/8", "::ffff:0:0/96", "64:ff9b::/96", "::/96"),
        *("64:ff9b:1::/48", "2002::/16", "2001::/32"),
    )
)
"""The machine itself, its link, groups, and translations: no operator's network."""
_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in (
        *("169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192"),
        *("fd00:ec2::254", "fe80::a9fe:a9fe"),
    )
)
"""Where clouds tell a machine its secrets. Some look public, or like a network's own."""


def network(text: str) -> Network:
    """A network that may be named. Raises ValueError where it is none, or holds what is never
    called."""
    found = ipaddress.ip_network(text)
    for never in _NEVER:
        if never.version == found.version and never.overlaps(found):
            raise ValueError(f"private network {text} holds {never}, which no member has")
    return found


def may_be_called(text: str, named: Sequence[Network] = ()) -> bool:
    """Whether an address is public, as is what it stands for, or lies in a network that was
    named."""
    address = _parsed(text)
    if address is None or not _METADATA.isdisjoint((address, *_within(address))):
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    plain = mapped or address  # `::ffff:10.0.0.1` is only a spelling
    if any(plain.version == one.version and plain in one for one in named):
        return True
    return is_public(text)


def is_public(text: str) -> bool:
    """Whether an address is one of the public Internet, as is what it may stand for (IPv4 within
    IPv6)."""
    address = _parsed(text)
    if address is None or any(address in one for one in _NOT_PUBLIC):
        return False
    return all(
        each.is_global and not each.is_multicast and each not in _METADATA
        for each in (address, *_within(address))
    )


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _within(address: IPv4Address | IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses that an IPv6 address leads to."""
    if isinstance(address, IPv4Address):
        return []
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if any(address in network for network in _ENDING_IN_IPV4):
        found.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [each for each in found if each is not None]
