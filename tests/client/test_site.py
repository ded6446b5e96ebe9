"""Whom a client talks to, as whom, and over which line."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from ledger import Client, NotAllowed, Unreachable
from ledger.client.site import MAX_TOKEN, Site
from ledger.core.errors import ConfigError
from tests.client.answers import NODE
from tests.client.conftest import Make
from tests.client.faulty import Reply, Seen, faulty, problem, told


@pytest.mark.parametrize(
    "url",
    [
        *("", "gateway.example", "ftp://gateway.example", "http://", "https:///v1", "https://[::1"),
        *("https://user@gateway.example", "https://gateway.example?x=1", "https://a.example#b"),
        "https://gateway.example:99999999",
    ],
)
def test_what_is_no_gateway(url: str) -> None:
    with pytest.raises(ConfigError, match="url"):
        Client(url)


@pytest.mark.parametrize("url", ["http://gateway.example", "http://10.0.0.1:8546", "http://[::2]"])
def test_no_token_goes_where_others_read_it(url: str, tmp_path: Path) -> None:
    ways: list[dict[str, Any]] = [{"token": "clt_x"}, {"token_file": tmp_path / "token"}]
    for given in ways:
        with pytest.raises(ConfigError, match="https"):
            Site(url=url, **given)
        assert Site(url=url, allow_http=True, **given).name == url
    assert Site(url=url).bearer() is None, "without one there is nothing to be read"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8546", "http://localhost", "http://[::1]:1", "https://a.example"]
)
def test_where_a_token_may_go(url: str) -> None:
    assert Site(url=url, token="clt_x").bearer() == "clt_x"


@pytest.mark.parametrize("token", ["", "a b", "a\nb", "a\r\nX-Evil: 1", "令牌", "x" * 600, "\0"])
def test_what_is_no_token(token: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="token"):
        Site(url="https://a.example", token=token)
    file = tmp_path / "token"
    file.write_text(token, "utf-8")
    with pytest.raises(ConfigError, match="token"):
        Site(url="https://a.example", token_file=file).bearer()


def test_one_token_or_its_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="beside token_file"):
        Site(url="https://a.example", token="x", token_file=tmp_path / "token")
    with pytest.raises(ConfigError, match="cannot be read"):
        Site(url="https://a.example", token_file=tmp_path / "none").bearer()
    assert len("x" * MAX_TOKEN) == len(
        Site(url="https://a.example", token="x" * MAX_TOKEN).token or ""
    )


def test_a_token_is_replaced_in_its_file(make: Make, tmp_path: Path) -> None:
    """While the client lives."""
    file = tmp_path / "token"
    file.write_text("clt_old\n")

    def work(seen: Seen) -> Reply:
        if seen.headers.get("authorization") == "Bearer clt_new":
            return told(NODE)
        return problem(401, "token-unknown")

    with faulty(work) as gateway:
        client = make(gateway.url, token_file=file)
        with pytest.raises(NotAllowed) as caught:
            client.node()
        assert caught.value.code == "token-unknown"
        file.write_text("clt_new\r\n")
        assert client.node().code == "110000"
        file.unlink()
        with pytest.raises(ConfigError):
            client.node()
        assert len(gateway.seen) == 2


def test_no_token_is_shown() -> None:
    """Not where a client is printed, nor in an error."""
    client = Client("http://127.0.0.1:1", token="clt_secret")
    assert "clt_secret" not in repr(client) + repr(vars(client))
    client.close()


@pytest.fixture
def authority(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's context for 127.0.0.1, and the certificate by which it is believed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    held = tmp_path / "server.pem"
    held.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + made.public_bytes(Encoding.PEM)
    )
    certificate = tmp_path / "ca.pem"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(held)
    return context, certificate


def test_certificates_are_checked(make: Make, authority: tuple[ssl.SSLContext, Path]) -> None:
    context, certificate = authority
    with faulty(lambda _: told(NODE), tls=context) as gateway:
        with pytest.raises(Unreachable, match=r"(?i)certificate"):
            make(gateway.url, token="clt_secret").node()
        assert gateway.seen == [], "nothing was sent"
        trust = ssl.create_default_context(cafile=str(certificate))
        assert make(gateway.url, token="clt_secret", tls=trust).node().code == "110000"
        with pytest.raises(Unreachable):
            make(gateway.url.replace("127.0.0.1", "localhost"), tls=trust).node()
