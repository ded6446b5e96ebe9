"""Where members are reached: by the address that was checked, and nowhere else."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from gateway.base.settings import of_values
from gateway.peers import dialling
from gateway.peers.client import Peers
from gateway.peers.dialling import Dialler, place_of
from gateway.peers.errors import PeerSilent
from ledger.chain.errors import RpcUnreachable
from ledger.chain.nodes.addresses import is_public, may_be_called
from ledger.chain.nodes.addresses import network as named_network
from ledger.chain.nodes.http import Http
from ledger.core.errors import ConfigError
from tests.gateway.peers.conftest import BEIJING, TIANJIN
from tests.support.node import make_test_node
from tests.support.peers import Network

PRIVATE = [
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1"),
    *("0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "240.0.0.1"),
    *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "2001:db8::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1"),
    *("64:ff9b:1::808:808", "64:ff9b:1:7f00:1::", "fec0::1"),
    *("2002:7f00:1::", "2002:a00:1::1", "::127.0.0.1", "not an address", ""),
]
METADATA = ["100.100.100.200", "168.63.129.16", "::ffff:168.63.129.16", "64:ff9b::a83f:8110"]
PUBLIC = ["8.8.8.8", "1.1.1.1", "114.114.114.114", "2400:3200::1", "64:ff9b::808:808"]


def test_addresses() -> None:
    assert [address for address in PRIVATE if is_public(address)] == []
    assert [address for address in PUBLIC if not is_public(address)] == []


def test_networks_that_are_named() -> None:
    """These addresses and no others, in each spelling that is only one."""
    named = [named_network(text) for text in ("10.20.0.0/16", "fd12::/16", "100.64.0.0/10")]
    for text in ("10.20.1.2", "::ffff:10.20.1.2", "fd12::1", "100.64.0.1", *PUBLIC):
        assert may_be_called(text, named), text
    for text in ("10.21.0.1", "192.168.0.1", "fd13::1", "64:ff9b::a14:102", "2002:a14:102::1"):
        assert not may_be_called(text, named), text
    for text in (*METADATA, "127.0.0.1", "169.254.169.254", "::1", "fe80::1", "not an address"):
        assert not may_be_called(text, named), text
    assert [text for text in PRIVATE if may_be_called(text)] == []
    everywhere = [ip_network("0.0.0.0/0"), ip_network("::/0")]
    assert may_be_called("127.0.0.1", everywhere)
    for text in (*METADATA, "169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1"):
        assert not may_be_called(text, everywhere), text


@pytest.mark.parametrize(
    "text",
    [
        *("0.0.0.0/0", "127.0.0.0/24", "127.0.0.0/7", "169.254.0.0/16", "169.254.169.254/32"),
        *("::/0", "::1/128", "fe80::/64", "::ffff:10.0.0.0/104", "64:ff9b::/96", "224.0.0.0/8"),
        *("10.0.0.1/8", "10.0.0.0/33", "example", ""),
    ],
)
def test_networks_that_cannot_be_named(text: str) -> None:
    with pytest.raises(ValueError):
        named_network(text)


@given(st.ip_addresses(v=4))
def test_what_stands_for_an_address_is_no_better(address: object) -> None:
    """A private IPv4 address is private in each of its spellings as IPv6."""
    number = int(address)  # type: ignore[call-overload]
    if is_public(str(address)):
        return
    for text in (f"::ffff:{address}", f"2002:{number >> 16:x}:{number & 0xFFFF:x}::1"):
        assert not is_public(text)


@pytest.mark.parametrize(
    ("endpoint", "path"),
    [
        ("https://a.example", ""),
        ("https://a.example/", ""),
        ("https://a.example:8443/ledger/", "/ledger"),
        ("https://[2400:3200::1]:8443", ""),
    ],
)
def test_good_endpoints(endpoint: str, path: str) -> None:
    assert place_of(endpoint, "m", production=True) == (endpoint.rstrip("/"), path)


@pytest.mark.parametrize(
    "endpoint",
    [
        *("http://a.example", "ftp://a.example", "a.example", "https://", "https:///x"),
        *("https://u:p@a.example", "https://a.example?q=1", "https://a.example#f"),
        *("https://a.example:0", "https://a.example:99999", "https://[::1", "https://a b.example"),
        *("https://例子.example", "https://a.example/" + "x" * 3000, "https://a.example/\n"),
    ],
)
def test_endpoints_that_are_refused(endpoint: str) -> None:
    with pytest.raises(PeerSilent) as caught:
        place_of(endpoint, "m", production=True)
    assert caught.value.code == "endpoint-refused"


def test_no_endpoint() -> None:
    with pytest.raises(PeerSilent) as caught:
        place_of("", "m", production=True)
    assert caught.value.code == "no-endpoint"


def test_without_tls_only_in_development() -> None:
    assert place_of("http://a.example", "m", production=False) == ("http://a.example", "")


def answers(*addresses: str) -> list[tuple[object, ...]]:
    return [(2, 1, 6, "", (address, 0)) for address in addresses]


def test_one_private_address_spoils_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """In production; else a name that leads to both could be made to lead to one."""
    for found in (["127.0.0.1"], ["8.8.8.8", "10.0.0.1"]):
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, f=found: answers(*f))
        with pytest.raises(PeerSilent) as caught:
            Dialler(production=True)("a.example")
        assert caught.value.code == "address-private"
        assert Dialler(production=False)("a.example") == found


def test_members_on_an_extranet(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the settings name is called in production, and nothing beside it."""
    named = [named_network("10.0.0.0/8")]
    dial = Dialler(production=True, private_networks=named)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: answers("10.1.2.3"))
    assert dial("member.example") == ["10.1.2.3"]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: answers("10.1.2.3", "192.168.0.1"))
    with pytest.raises(PeerSilent) as caught:
        dial("member.example")
    assert caught.value.code == "address-private"


def test_a_gateway_goes_where_its_settings_say(tmp_path: Path) -> None:
    node = make_test_node(tmp_path, exchange={"private_networks": ["10.0.0.0/8"]})
    try:
        assert node.peers.asking._named == node.ctx.settings.exchange.networks
        assert [str(one) for one in node.ctx.settings.exchange.networks] == ["10.0.0.0/8"]
    finally:
        node.close()


@pytest.mark.parametrize("text", ["10.0.0.0/33", "0.0.0.0/0", "127.0.0.0/8"])
def test_settings_that_name_what_no_member_has(tmp_path: Path, text: str) -> None:
    values = {"network": "n.json", "node": {"code": "110000"}, "env": "development"}
    with pytest.raises(ConfigError) as caught:
        of_values(values | {"exchange": {"private_networks": [text]}}, tmp_path)
    assert "exchange.private_networks" in str(caught.value)


def test_a_literal_address_is_checked_too() -> None:
    for host in ("127.0.0.1", "::1", "0x7f000001", "2130706433"):
        with pytest.raises(PeerSilent):
            Dialler(production=True)(host)


def test_a_name_that_is_not_there() -> None:
    for host in ("nobody.invalid", "x" * 300, "a..b"):
        with pytest.raises(PeerSilent) as caught:
            Dialler(production=False)(host)
        assert caught.value.code == "name-unknown"


def test_a_look_up_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(dialling, "CONNECT_SECONDS", 0.05)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: release.wait() and [])
    with pytest.raises(PeerSilent) as caught:
        dialling.resolve("slow.example")
    release.set()
    assert caught.value.code == "name-unknown"


class _Hello(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(200)
        self.send_header("content-length", "5")
        self.end_headers()
        self.wfile.write(self.headers["host"].encode()[:5])

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), _Hello)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_checked_address_is_connected_to() -> None:
    """The name is looked up once for a connection, by us, and what would be found the second time
    is not asked for: it leads elsewhere (DNS rebinding)."""
    asked: list[str] = []

    def resolve(host: str) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.99"]

    with serving() as port:
        http = Http(verify=False, resolve=resolve)
        answer = http.ask("POST", f"http://rebind.invalid:{port}/x", content=b"")
        assert (answer.status, answer.body) == (200, b"rebin")
        http.close()
    assert asked == ["rebind.invalid"]


def test_the_next_address_where_one_does_not_answer() -> None:
    with serving() as port:
        http = Http(verify=False, resolve=lambda _: ["127.0.0.77", "127.0.0.1"])
        url = f"http://two.invalid:{port}/"
        assert http.ask("POST", url, content=b"", timeout=30).status == 200
        http.close()
        none = Http(verify=False, resolve=lambda _: ["127.0.0.77"])
        with pytest.raises(RpcUnreachable):
            none.ask("POST", url, content=b"", timeout=30)
        nowhere = Http(verify=False, resolve=lambda _: [])
        with pytest.raises(RpcUnreachable):
            nowhere.ask("POST", url, content=b"", timeout=30)
        none.close()
        nowhere.close()


def certificate(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate for a name that vouches for itself, and a server that has it."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "ca.pem").write_bytes(pem)
    (folder / "both.pem").write_bytes(secret + pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    return folder / "ca.pem", context


def test_tls_is_for_the_name_and_not_for_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever holds the address without the name's certificate is not talked to."""
    ca, context = certificate(tmp_path, "member.invalid")
    monkeypatch.setenv("SSL_CERT_FILE", str(ca))
    with serving(context) as port:
        http = Http(resolve=lambda _: ["127.0.0.1"])
        url = f"https://member.invalid:{port}/"
        assert http.ask("POST", url, content=b"").body == b"membe"
        with pytest.raises(RpcUnreachable):
            http.ask("POST", f"https://other.invalid:{port}/", content=b"")
        http.close()


def test_production_goes_to_no_private_address(network: Network) -> None:
    """The whole way: a member whose endpoint is inside is not asked."""
    asker = network[TIANJIN]
    before = asker.peers
    strict = Peers(
        code=TIANJIN,
        clock=asker.node.ctx.clock,
        signing=asker.node.signing,
        directory=asker.node.peers.directory,
        judge=before._judge,
        production=True,
        http=Http(verify=False, resolve=Dialler(production=True)),
    )
    with pytest.raises(PeerSilent) as caught:
        strict.record(BEIJING, bytes(32))
    assert caught.value.code == "endpoint-refused"  # http in the clear
    http = Http(verify=False, resolve=Dialler(production=True))
    port = socket.socket()
    port.bind(("127.0.0.1", 0))
    with port, pytest.raises(PeerSilent) as caught:
        http.ask("POST", f"https://127.0.0.1:{port.getsockname()[1]}/", content=b"")
    assert caught.value.code == "address-private"
    http.close()
    strict._given = None
