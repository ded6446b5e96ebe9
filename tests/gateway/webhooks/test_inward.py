"""Where nothing is sent: inward, in the clear, or to a name that leads there."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.base.settings import Settings, WebhookSettings
from gateway.node import Node
from gateway.peers import dialling
from gateway.webhooks import sending, signing
from gateway.webhooks.errors import NotDelivered, WebhookRefused
from gateway.webhooks.sending import MAX_URL, Outward, is_fit
from gateway.webhooks.services import Named
from gateway.webhooks.signing import new_secret
from tests.gateway.peers.test_dialling import certificate, serving
from tests.gateway.webhooks.desk import holder
from tests.support.node import make_settings
from tests.support.receiver import Receiver

MESSAGE = signing.test(1_800_000_000)


def production(folder: Path, *networks: str) -> Settings:
    password = folder / "password"
    password.write_text("x")
    webhooks = WebhookSettings(private_networks=networks)
    return make_settings(
        folder,
        env="production",
        key_password_file=password,
        files={"processes": 1},
        webhooks=webhooks,
    )


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Outward]:
    made = Outward(production(tmp_path))
    yield made
    made.close()


@contextmanager
def leading_to(monkeypatch: pytest.MonkeyPatch, *answers: Sequence[str]) -> Iterator[list[str]]:
    """Each look-up of a name gives the next of these, the last for ever; the names asked for."""
    asked: list[str] = []

    def look_up(host: Any, *_: Any, **__: Any) -> list[Any]:
        found = answers[min(len(asked), len(answers) - 1)]
        asked.append(str(host))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in found]

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", look_up)
        yield asked


def code_of(outward: Outward, url: str) -> str:
    """Why nothing is sent there; the way in and the way out say the same."""
    codes = set()
    for ask in (outward.demand_reachable, lambda to: outward.send(to, MESSAGE, 1, [new_secret()])):
        with pytest.raises(NotDelivered) as caught:
            ask(url)
        codes.add(caught.value.code)
    (code,) = codes
    return code


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1.2.3", "2130706433", "0x7f000001", "localhost"),
        *("[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]"),
        *("169.254.169.254", "[fe80::1]", "100.100.100.200", "10.0.0.1", "192.168.1.1"),
        *("172.16.0.1", "[fc00::1]", "[64:ff9b::a00:1]", "224.0.0.1", "100.64.0.1"),
    ],
)
def test_nothing_goes_inward(strict: Outward, host: str) -> None:
    assert code_of(strict, f"https://{host}:8443/hook") == "address-private"


@pytest.mark.parametrize("inside", ["10.1.2.3", "127.0.0.1", "169.254.169.254", "::1"])
def test_nor_by_a_name(strict: Outward, monkeypatch: pytest.MonkeyPatch, inside: str) -> None:
    """Also where one of several addresses is inside."""
    with leading_to(monkeypatch, [inside]):
        assert code_of(strict, "https://hooks.bank.example/x") == "address-private"
    with leading_to(monkeypatch, ["93.184.216.34", inside]):
        assert code_of(strict, "https://hooks.bank.example/x") == "address-private"


def test_a_name_that_leads_elsewhere_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Public when it was added, inside when it is sent to (DNS rebinding)."""
    outward = Outward(production(tmp_path))
    with leading_to(monkeypatch, ["93.184.216.34"], ["10.0.0.7"]) as asked:
        outward.demand_reachable("https://hooks.bank.example/x")
        with pytest.raises(NotDelivered) as caught:
            outward.send("https://hooks.bank.example/x", MESSAGE, 1, [new_secret()])
    assert (caught.value.code, len(asked)) == ("address-private", 2)
    outward.close()


def test_a_name_that_nobody_has(strict: Outward, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any) -> None:
        raise socket.gaierror

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", unknown)
        assert code_of(strict, "https://no.such.example/") == "name-unknown"


def test_networks_that_the_operator_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no others; where clouds tell their secrets is none of them, whatever is named."""
    outward = Outward(production(tmp_path, "10.20.0.0/16", "100.64.0.0/10"))
    with leading_to(monkeypatch, ["10.20.3.4"]):
        outward.demand_reachable("https://hooks.bank.example/x")
    for inside in ("10.21.0.1", "100.100.100.200"):
        with leading_to(monkeypatch, [inside]):
            assert code_of(outward, "https://hooks.bank.example/x") == "address-private"
    outward.close()
    for never in ("127.0.0.0/8", "169.254.0.0/16", "::1/128", "0.0.0.0/0"):
        with pytest.raises(ValueError, match="no member has"):
            WebhookSettings(private_networks=(never,))


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.org/", "ftp://example.org/", "https:///x", "https://", "example.org"),
        *("https://user@example.org/", "https://user:pw@example.org/", "https://example.org/#x"),
        *("https://example.org:0/", "https://example.org:99999/", "https://exa mple.org/"),
        *("https://例子.example/", "https://example.org\\@10.0.0.1/", "https://[::1/", ""),
        *(
            "https://example.org/\n",
            "https://@example.org/",
            "https://example.org/" + "x" * MAX_URL,
        ),
    ],
)
def test_what_is_no_target(strict: Outward, url: str) -> None:
    assert code_of(strict, url) == "target-refused"


def test_what_is_one() -> None:
    for url in (
        "https://example.org/",
        "https://example.org:8443/a/b?key=secret",
        "https://[::1]/",
    ):
        assert is_fit(url, production=True), url
    assert is_fit("http://127.0.0.1:8080/x", production=False)
    assert not is_fit("ftp://127.0.0.1/x", production=False)


def test_in_development_one_s_own_machine(node: Node, receiver: Receiver) -> None:
    told = node.webhooks.webhooks.add(holder(node), receiver.url, Named())
    receiver.keys = [told["secret"]]
    assert node.webhooks.webhooks.listed(holder(node))[0]["url"] == receiver.url


def test_such_an_endpoint_is_not_made(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "production"
    folder.mkdir()
    strict, caller = Outward(production(folder)), holder(node)
    monkeypatch.setattr(node.webhooks.webhooks, "_outward", strict)
    for url in ("https://127.0.0.1/", "http://93.184.216.34/", "https://10.0.0.1/"):
        with pytest.raises(WebhookRefused) as caught:
            node.webhooks.webhooks.add(caller, url, Named())
        assert caught.value.code == "webhook-target"
    assert node.webhooks.webhooks.listed(caller) == []
    strict.close()


def test_by_tls_for_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever holds the address without the name's certificate gets nothing."""
    ca, context = certificate(tmp_path, "hooks.invalid")
    monkeypatch.setenv("SSL_CERT_FILE", str(ca))
    real, outward = socket.getaddrinfo, Outward(make_settings(tmp_path))

    def look_up(host: Any, *more: Any, **options: Any) -> Any:
        name = "127.0.0.1" if str(host).endswith(".invalid") else host
        return real(name, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with serving(context) as port:
        outward.send(f"https://hooks.invalid:{port}/", MESSAGE, 1, [new_secret()])
        with pytest.raises(NotDelivered) as caught:
            outward.send(f"https://other.invalid:{port}/", MESSAGE, 1, [new_secret()])
    assert caught.value.code == "unreachable"
    outward.close()


def test_names_that_hang_are_in_no_member_s_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All threads for look-ups of webhooks hang; members are looked up all the same."""
    release, real = threading.Event(), socket.getaddrinfo

    def look_up(host: Any, *more: Any, **options: Any) -> Any:
        if str(host).endswith(".invalid"):
            release.wait()
            return []
        return real(host, *more, **options)

    monkeypatch.setattr(sending, "LOOKUPS", 2)
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    outward = Outward(make_settings(tmp_path))
    try:
        with monkeypatch.context() as patch:
            patch.setattr(dialling, "CONNECT_SECONDS", 0.05)
            for n in range(3):
                assert code_of(outward, f"http://slow-{n}.invalid/") == "name-unknown"
        assert dialling.resolve("127.0.0.1") == ["127.0.0.1"]
    finally:
        release.set()
        outward.close()
