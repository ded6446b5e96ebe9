"""URLs that others wrote: none of them leads into our own network."""

import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpcore
import pytest

from ledger.chain.errors import RpcUnreachable
from ledger.chain.nodes.addresses import network
from ledger.chain.nodes.http import Http
from tests.support.doors import Door, open_door

PRIVATE = [
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
    *("0.0.0.0", "224.0.0.1", "::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "2002:7f00:1::"),
    *("64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::a00:1", "::127.0.0.1", "fec0::1"),
]


@pytest.fixture
def door() -> Iterator[Door]:
    with open_door() as door:
        door.answer = lambda path: (200, b"here")
        yield door


def named(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """What host names lead to from now on; the addresses that are then called."""
    called: list[str] = []

    def lookup(host: str, port: int, *args: Any, **options: Any) -> list[Any]:
        return [(0, socket.SOCK_STREAM, 0, "", (address, port)) for address in addresses]

    def connect(self: object, host: str, *args: Any, **options: Any) -> None:
        called.append(host)
        raise httpcore.ConnectError("not in a test")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    return called


def test_who_may_call_anybody_reaches_this_machine(door: Door) -> None:
    with closing(Http()) as http:
        assert http.request("GET", door.url) == (200, b"here")
    with closing(Http(public=True)) as http, pytest.raises(RpcUnreachable):
        http.request("GET", door.url)
    assert door.asked == ["/"]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Also where the name leads to a public one beside it."""
    for addresses in ((address,), ("203.0.114.1", address)):
        called = named(monkeypatch, *addresses)
        with closing(Http(public=True)) as http, pytest.raises(RpcUnreachable):
            http.request("GET", "http://member.example/")
        assert called == []


def test_a_public_address_is_called_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that was looked at: the name may lead elsewhere a moment later."""
    for address in ("203.0.114.1", "2606:4700::1"):
        called = named(monkeypatch, address)
        with closing(Http(public=True)) as http, pytest.raises(RpcUnreachable):
            http.request("GET", "http://member.example/")
        assert called == [address]


def test_a_network_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its addresses are called, and no other that is private."""
    networks = [network("10.20.0.0/16")]
    for address, there in (("10.20.1.2", True), ("10.21.0.1", False), ("127.0.0.1", False)):
        called = named(monkeypatch, address)
        http = Http(public=True, private_networks=networks)
        with closing(http), pytest.raises(RpcUnreachable):
            http.request("GET", "http://member.example/")
        assert called == ([address] if there else [])


def test_a_name_that_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    called = named(monkeypatch)
    with closing(Http(public=True)) as http, pytest.raises(RpcUnreachable):
        http.request("GET", "http://member.example/")
    assert called == []
