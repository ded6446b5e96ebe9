"""A real nginx with the configuration that ships, before a real gateway: hostile senders, slow
readers, whose address counts. `scripts/test.py` leaves these out, aloud, where nginx is not."""

import resource
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Event

import httpx
import orjson
import pytest

from gateway.log.tile_files import TilesInFolder
from gateway.node import Node
from tests.gateway.app.server import Server, serving
from tests.gateway.intake.material import bearer, new_token, record
from tests.support.log import make_entries, promise_entries
from tests.support.nginx import NAME, Nginx, nginx_before
from tests.support.node import LOG_ID, make_test_node

NDJSON = {"Content-Type": "application/x-ndjson"}
JSON = {"Content-Type": "application/json"}
HERE = "127.0.0.1"
ELSEWHERE = "127.0.0.2"
"""Also this machine, but another address."""
HASTY = {
    "client_header_timeout 15s": "client_header_timeout 1s",
    "client_body_timeout 30s": "client_body_timeout 1s",
    "send_timeout 60s": "send_timeout 1s",
}
HTTP = {"port": 0, "trusted_proxies": ["127.0.0.1"]}


@pytest.fixture(scope="module", autouse=True)
def many_files() -> Iterator[None]:
    """As many open files as this user may have: by itself a session often gets 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("proxy")


@pytest.fixture(scope="module")
def node(folder: Path) -> Iterator[Node]:
    node = make_test_node(folder, seed="server")
    yield node
    node.close()


@pytest.fixture(scope="module")
def token(node: Node) -> dict[str, str]:
    return bearer(new_token(node, "submit"))


@pytest.fixture(scope="module")
def server(folder: Path, node: Node) -> Iterator[Server]:
    with serving(folder, http=HTTP) as server:
        yield server


@pytest.fixture(scope="module")
def nginx(server: Server, folder: Path) -> Iterator[Nginx]:
    with nginx_before(server.port, folder / "nginx") as nginx:
        yield nginx


@pytest.fixture(scope="module")
def hasty(server: Server, folder: Path) -> Iterator[Nginx]:
    """One that loses patience after a second, so that a test need not wait for a minute."""
    with nginx_before(server.port, folder / "hasty", HASTY) as nginx:
        yield nginx


@pytest.fixture
def client(nginx: Nginx) -> Iterator[httpx.Client]:
    with nginx.client() as client:
        yield client


def ended(connection: socket.socket) -> bytes:
    """What comes until the other side ends the connection."""
    found = b""
    with suppress(ConnectionResetError, ssl.SSLEOFError):
        while data := connection.recv(65536):
            found += data
    return found


def test_a_record(client: httpx.Client, token: dict[str, str]) -> None:
    answer = client.post("/v1/records", content=orjson.dumps(record(1)), headers=token | JSON)
    assert answer.status_code == 201
    assert answer.headers["strict-transport-security"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "nginx/" not in answer.headers["server"]


def test_http_2(nginx: Nginx) -> None:
    with nginx.connect(protocols=("h2", "http/1.1")) as connection:
        assert connection.selected_alpn_protocol() == "h2"


def test_answers_come_while_the_sender_pauses(nginx: Nginx, token: dict[str, str]) -> None:
    head = (
        f"POST /v1/records HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: application/x-ndjson\r\n"
        f"Authorization: {token['Authorization']}\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    with nginx.connect() as connection:
        connection.sendall(head.encode())
        answer = b""
        for number in (600, 601):
            part = orjson.dumps(record(number)) + b"\n"
            connection.sendall(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            answer = b""
            while b"promise@1" not in answer:
                answer += connection.recv(65536)
        connection.sendall(b"0\r\n\r\n")
        while b'"counts"' not in answer:
            answer += connection.recv(65536)


def test_our_name_comes_from_no_request(nginx: Nginx, client: httpx.Client) -> None:
    """Another name gets no answer; where we send people never depends on what they asked for."""
    for name in ("evil.example", "127.0.0.1"):
        context = ssl.create_default_context(cafile=str(nginx.certificate))
        context.check_hostname = False
        with (
            socket.create_connection((HERE, nginx.port), 300) as plain,
            pytest.raises((ssl.SSLError, ConnectionResetError)),
        ):
            context.wrap_socket(plain, server_hostname=name)
    with socket.create_connection((HERE, nginx.plain_port), 300) as plain:
        plain.sendall(b"GET /x HTTP/1.1\r\nHost: evil.example\r\n\r\n")
        assert ended(plain) == b""
    with socket.create_connection((HERE, nginx.plain_port), 300) as plain:
        plain.sendall(f"GET /x HTTP/1.0\r\nHost: {NAME}\r\n\r\n".encode())
        assert f"location: https://{NAME}/x".encode() in ended(plain).lower()
    honest = client.get("/v1/node").content
    for name in ("Forwarded", "X-Forwarded-Host", "X-Original-URL"):
        assert client.get("/v1/node", headers={name: "evil.example"}).content == honest


def test_what_is_not_for_everybody(nginx: Nginx, client: httpx.Client) -> None:
    assert "--pico" in client.get("/static/web.css").text
    assert "/static/web.css" in client.get("/").text
    assert client.get("/static/../fullchain.pem").status_code == 404
    assert client.get("/static/%2e%2e/key.pem").status_code in (400, 404)
    assert client.get("/metrics").status_code == 404
    assert client.post("/v1/verify?subject=x").status_code == 404, "for this machine alone"
    assert client.get("/docs").status_code == 200


def test_a_body_too_large_has_the_form_of_our_refusals(client: httpx.Client) -> None:
    answer = client.post("/v1/node", content=b"x" * (2 << 20))
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()["text"]) == {"zh", "en"}


@pytest.mark.parametrize(
    ("path", "accept", "form"),
    [
        ("/desk/files/find", "text/html,*/*", "text/html; charset=utf-8"),
        ("/desk/files/find", "*/*", "application/problem+json"),
        ("/v1/node", "text/html,*/*", "application/problem+json"),
        ("/logs/x", "text/html", "application/problem+json"),
    ],
)
def test_a_browser_is_refused_by_a_page(
    client: httpx.Client, path: str, accept: str, form: str
) -> None:
    answer = client.post(path, content=b"x" * (2 << 20), headers={"Accept": accept})
    assert (answer.status_code, answer.headers.get_list("content-type")) == (413, [form])
    assert ("<h1>文件过大" in answer.text) == ("html" in form)
    assert ('"code":"too-large"' in answer.text) == ("html" not in form)


def test_the_gateway_away(folder: Path) -> None:
    with socket.create_server((HERE, 0)) as taken:
        port = taken.getsockname()[1]
    with nginx_before(port, folder / "away") as nginx, nginx.client() as client:
        answer = client.get("/v1/node")
        page = client.get("/", headers={"Accept": "text/html"})
    assert (page.status_code, "没有应答" in page.text) == (503, True)
    assert (answer.status_code, answer.json()["code"]) == (503, "not-ready")
    assert answer.headers["retry-after"] == "5"


# ---- tiles as files

COMMENTED = {"    #location": "    location", "    #    ": "        ", "    #}": "    }"}


def test_full_tiles_are_served_without_the_gateway(
    server: Server, node: Node, folder: Path
) -> None:
    """As the gateway would answer them, under its names; it is asked for what is no file."""
    promise_entries(node, make_entries(300))
    files = TilesInFolder(node.ctx.engine, folder / "tiles")
    node.logs.step()
    files(Event())
    base = f"/logs/{LOG_ID.hex()}"
    changes = COMMENTED | {"/var/lib/credit-ledger/tiles": str(folder / "tiles")}
    with (
        httpx.Client(base_url=server.url, timeout=300) as gateway,
        nginx_before(server.port, folder / "tiled", changes) as nginx,
        nginx.client() as client,
    ):
        for path in ("tile/0/000", "tile/entries/000"):
            shown, meant = client.get(f"{base}/{path}"), gateway.get(f"{base}/{path}")
            assert shown.content == meant.content
            assert "x-request-id" not in shown.headers, "the gateway was not asked"
            for name in SAME:
                assert shown.headers[name] == meant.headers[name]
            assert shown.headers["strict-transport-security"]
            head = client.head(f"{base}/{path}")
            assert head.headers["content-length"] == str(len(meant.content))
        for path in ("tile/0/000.p/3", "tile/0/009", "state.json", "tile/0/../../state.json"):
            shown, meant = client.get(f"{base}/{path}"), gateway.get(f"{base}/{path}")
            assert (shown.status_code, shown.content) == (meant.status_code, meant.content)
            assert "x-request-id" in shown.headers


SAME = ("cache-control", "content-type", "x-content-type-options", "referrer-policy")


# ---- whose address counts

SLOW = 0.5
"""Requests a second: a guess is paid for in 25 s, however slow the machine is."""


def test_rates_are_those_of_the_client(folder: Path, tmp_path: Path) -> None:
    """One who guesses is refused; another address goes on, and the guesser cannot take a third."""
    make_test_node(tmp_path, seed="server").close()
    with ExitStack() as stack:
        http = HTTP | {"requests_per_second": SLOW}
        server = stack.enter_context(serving(tmp_path, http=http))
        nginx = stack.enter_context(nginx_before(server.port, folder / "rates"))
        guesser = stack.enter_context(nginx.client(ELSEWHERE))
        other = stack.enter_context(nginx.client(HERE))
        statuses = [
            guesser.post(
                "/v1/records",
                headers=bearer(f"clt_{n}") | {"X-Forwarded-For": f"10.0.0.{n}"},
            ).status_code
            for n in range(20)
        ]
        assert (statuses[0], statuses[-1]) == (401, 429)
        assert other.post("/v1/records", headers=bearer("clt_x")).status_code == 401


def test_a_proxy_that_is_not_trusted_is_one_address(folder: Path, tmp_path: Path) -> None:
    """What it names is not believed: anybody could say it."""
    make_test_node(tmp_path, seed="server").close()
    with ExitStack() as stack:
        http = {"port": 0, "requests_per_second": SLOW}
        server = stack.enter_context(serving(tmp_path, http=http))
        client = stack.enter_context(httpx.Client(base_url=server.url, timeout=300))
        statuses = [
            client.post(
                "/v1/records",
                headers=bearer(f"clt_{n}") | {"X-Forwarded-For": f"10.0.0.{n}"},
            ).status_code
            for n in range(20)
        ]
    assert (statuses[0], statuses[-1]) == (401, 429)


# ---- those who hold connections


def test_silent_senders(hasty: Nginx) -> None:
    """Without a byte, with half a header, with an endless one, with half a second request."""
    whole = f"GET /healthz HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode()
    for first, sent in ((b"", b""), (b"", b"GET /healthz HT"), (whole, b"GET /healthz HT")):
        with hasty.connect() as connection:
            if first:
                connection.sendall(first)
                assert b"200" in connection.recv(65536)
            connection.sendall(sent)
            ended(connection)
    with hasty.connect() as connection:
        connection.sendall(whole[:-2] + b"X-Endless: " + b"a" * 100_000)
        assert b" 400 " in ended(connection)


def test_a_sender_that_falls_silent_in_its_body(hasty: Nginx, token: dict[str, str]) -> None:
    head = (
        f"POST /v1/files HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 1000\r\n"
        f"Authorization: {token['Authorization']}\r\n\r\n"
    )
    with hasty.connect() as connection:
        connection.sendall(head.encode() + b"x")
        ended(connection)


def test_a_thousand_slow_readers(hasty: Nginx, server: Server) -> None:
    """They ask, take nothing, and come from one address: others are served all the while."""
    asking = f"GET /openapi.json HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode() * 100
    with ExitStack() as stack:
        other = stack.enter_context(hasty.client(HERE))
        for number in range(1010):
            reader = stack.enter_context(hasty.connect(ELSEWHERE))
            with suppress(OSError):
                reader.sendall(asking)
            if number % 100 == 0:
                assert other.get("/v1/node").status_code == 200
        assert other.get("/v1/node").status_code == 200
        end = time.monotonic() + 300
        while ELSEWHERE in peers(hasty):
            assert time.monotonic() < end, "they are held for ever"
            time.sleep(0.2)
    with httpx.Client(base_url=server.url, timeout=300) as direct:
        assert direct.get("/readyz").status_code == 200


def test_connections_of_one_address(nginx: Nginx, token: dict[str, str]) -> None:
    """So many at once and no more; another address is free."""
    head = (
        f"POST /v1/records HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: application/x-ndjson\r\n"
        f"Authorization: {token['Authorization']}\r\nContent-Length: 1000\r\n\r\nx"
    )
    with ExitStack() as stack:
        for _ in range(64):
            stack.enter_context(nginx.connect(ELSEWHERE)).sendall(head.encode())
        crowd = stack.enter_context(nginx.client(ELSEWHERE))
        end = time.monotonic() + 300
        while (answer := crowd.get("/v1/node")).status_code != 429:
            assert time.monotonic() < end
            time.sleep(0.1)
        assert answer.json()["code"] == "too-many-requests"
        with nginx.client(HERE) as other:
            assert other.get("/v1/node").status_code == 200


def test_connections_of_one_network(server: Server, folder: Path, token: dict[str, str]) -> None:
    """Whoever has one IPv6 address has a /64 of them: the gateway counts it as one, so does the
    proxy. This machine has one such address, so another proxy is said to be before this one."""
    believing = {
        "keepalive_timeout 30s;": "keepalive_timeout 30s;\n"
        "set_real_ip_from 127.0.0.1; real_ip_header X-Real-IP;"
    }

    def head(address: str) -> bytes:
        return (
            f"POST /v1/records HTTP/1.1\r\nHost: {NAME}\r\nX-Real-IP: {address}\r\n"
            f"Content-Type: application/x-ndjson\r\nAuthorization: {token['Authorization']}\r\n"
            "Content-Length: 1000\r\n\r\nx"
        ).encode()

    with ExitStack() as stack:
        nginx = stack.enter_context(nginx_before(server.port, folder / "network", believing))
        for number in range(64):
            # 0a is a line end in the bytes of the address, where a pattern may stop
            stack.enter_context(nginx.connect()).sendall(head(f"2001:db8:a0a::{number:x}:a"))
        client = stack.enter_context(nginx.client())

        def status(address: str) -> int:
            return client.get("/v1/node", headers={"X-Real-IP": address}).status_code

        end = time.monotonic() + 300
        while status("2001:db8:a0a::ffff") != 429:
            assert time.monotonic() < end
            time.sleep(0.1)
        for free in ("2001:db8:a0a:1::1", "2001:db8::1", "192.0.2.1"):
            assert status(free) == 200


def peers(nginx: Nginx) -> set[str]:
    """Addresses that have a connection to it."""
    found = nginx.process.net_connections("tcp4")
    return {one.raddr[0] for one in found if len(one.raddr)}
