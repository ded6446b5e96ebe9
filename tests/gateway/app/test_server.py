"""A real server: hostile senders, slow readers, a graceful end."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import orjson
import psutil
import pytest

from gateway.devnet import plain
from gateway.node import Node
from gateway.records.models import records
from tests.gateway.app.server import Server, serving
from tests.gateway.intake.material import bearer, count, new_token, record
from tests.support.node import make_test_node

MEGABYTE = b"x" * (1 << 20)
JSON = {"Content-Type": "application/json"}
NDJSON = {"Content-Type": "application/x-ndjson"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def node(folder: Path) -> Iterator[Node]:
    """The same database, for looking into it."""
    node = make_test_node(folder, seed="server")
    yield node
    node.close()


@pytest.fixture(scope="module")
def token(node: Node) -> dict[str, str]:
    return bearer(new_token(node, "submit"))


@pytest.fixture(scope="module")
def server(folder: Path, node: Node) -> Iterator[Server]:
    with serving(folder) as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=300) as client:
        yield client


def hundred_megabytes() -> Iterator[bytes]:
    for _ in range(100):
        yield MEGABYTE


def test_a_record(client: httpx.Client, token: dict[str, str]) -> None:
    response = client.post("/v1/records", content=orjson.dumps(record(1)), headers=token | JSON)
    assert response.status_code == 201
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "server" not in response.headers


def test_a_body_declared_too_large(server: Server, token: dict[str, str]) -> None:
    """Refused by its header alone: nothing of it is sent."""
    head = (
        "POST /v1/records HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: {token['Authorization']}\r\nContent-Length: {100 << 20}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), 300) as connection:
        connection.sendall(head.encode())
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"too-large" in answer or b"application/problem+json" in answer


@pytest.mark.parametrize("length", [True, False])
def test_a_hundred_megabytes(client: httpx.Client, token: dict[str, str], length: bool) -> None:
    body: Any = b"x" * (100 << 20) if length else hundred_megabytes()
    response = client.post("/v1/records", content=body, headers=token | JSON)
    assert (response.status_code, response.json()["code"]) == (413, "too-large")


def test_a_hundred_megabytes_without_a_token(client: httpx.Client) -> None:
    response = client.post("/v1/records", content=hundred_megabytes(), headers=NDJSON)
    assert response.status_code == 401


@pytest.mark.parametrize(
    ("path", "part", "status"), [("/v1/records", 1 << 20, 413), ("/nothing/here", 300_000, 404)]
)
def test_a_refusal_reaches_a_busy_sender(
    server: Server, token: dict[str, str], path: str, part: int, status: int
) -> None:
    """The connection is not reset under one who sends his whole body before he reads."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: {token['Authorization']}\r\nContent-Length: {3 * part}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), 300) as connection:
        connection.sendall(head.encode())
        for _ in range(3):
            time.sleep(0.2)
            connection.sendall(b"x" * part)
        answer = b""
        while not answer.endswith(b"}"):
            answer += connection.recv(65536)
    assert answer.startswith(f"HTTP/1.1 {status}".encode())


def test_an_endless_line(client: httpx.Client, token: dict[str, str], server: Server) -> None:
    """It is answered, the next line is taken, and memory does not grow with it."""
    before = memory(server)

    def body() -> Iterator[bytes]:
        yield from hundred_megabytes()
        yield b"\n" + orjson.dumps(record(77)) + b"\n"

    response = client.post("/v1/records", content=body(), headers=token | NDJSON)
    answers = [orjson.loads(line) for line in response.content.splitlines()]
    assert [answer.get("code") for answer in answers[:2]] == ["too-large", None]
    assert answers[1]["verdict"] == "accepted"
    assert memory(server) - before < 60 << 20


def test_garbage_instead_of_http(server: Server, client: httpx.Client) -> None:
    for garbage in (b"\x16\x03\x01" + bytes(300), b"GET /" + b"a" * 200_000, b"\r\n" * 1000):
        connection = socket.create_connection(("127.0.0.1", server.port), 300)
        with connection, suppress(OSError):
            connection.sendall(garbage)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/healthz?" + "a" * 5000, {}, 414),
        ("/healthz", {"X-Big": "a" * 17_000}, 431),
        ("/healthz", {f"X-{n}": "a" * 100 for n in range(170)}, 431),
    ],
)
def test_headers_are_bounded(
    client: httpx.Client, path: str, headers: dict[str, str], status: int
) -> None:
    response = client.get(path, headers=headers)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


def test_a_client_that_leaves_in_the_middle(
    server: Server, token: dict[str, str], node: Node, client: httpx.Client
) -> None:
    """What it was promised stands; the server goes on."""
    before = count(node, records)
    head = (
        "POST /v1/records HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
        f"Authorization: {token['Authorization']}\r\nContent-Length: 1000000\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), 300) as connection:
        connection.sendall(head.encode() + orjson.dumps(record(500)) + b"\n")
        answer = b""
        while b"promise@1" not in answer:
            answer += connection.recv(65536)
        connection.sendall(orjson.dumps(record(501))[:100])
    time.sleep(0.3)
    assert count(node, records) == before + 1
    assert client.get("/healthz").status_code == 200


def test_a_client_that_sends_before_it_reads(
    server: Server, token: dict[str, str], client: httpx.Client
) -> None:
    """As httpx does: 36,000 answers wait for it, more than any socket buffer holds."""
    body = b"".join(orjson.dumps(record(n, CF_SY=None)) + b"\n" for n in range(36_000))
    response = client.post("/v1/records", content=body, headers=token | NDJSON)
    assert len(response.content) > 14 << 20
    assert orjson.loads(response.content.splitlines()[-1])["counts"]["rejected"] == 36_000


def test_answers_come_while_the_sender_pauses(
    server: Server, token: dict[str, str], client: httpx.Client
) -> None:
    """Full duplex: each record is answered before the next one is sent."""
    sent = threading.Event()

    def body() -> Iterator[bytes]:
        yield orjson.dumps(record(600)) + b"\n"
        assert sent.wait(300)
        yield orjson.dumps(record(601)) + b"\n"

    head = (
        "POST /v1/records HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
        f"Authorization: {token['Authorization']}\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), 300) as connection:
        connection.sendall(head.encode())
        answer = b""
        for part in body():
            connection.sendall(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            answer = b""
            while b"promise@1" not in answer:
                answer += connection.recv(65536)
            sent.set()
        connection.sendall(b"0\r\n\r\n")
        while b'"counts"' not in answer:
            answer += connection.recv(65536)


def test_slow_readers_are_cut_off(tmp_path: Path) -> None:
    """They ask for more than any buffer holds and take nothing; in the end their lines are cut,
    also those whose last answer was written and never read, and there is room for others."""
    make_test_node(tmp_path, seed="server").close()
    bounds: dict[str, float] = {"SEND_SECONDS": 2, "MAX_CONNECTIONS": 20}
    asking = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 400
    with ExitStack() as stack:
        server = stack.enter_context(serving(tmp_path, bounds=bounds))
        readers = set()
        for _ in range(30):
            reader = stack.enter_context(socket.socket())
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.connect(("127.0.0.1", server.port))
            readers.add(reader.getsockname())
            with suppress(ConnectionError):
                reader.sendall(asking)
        plain.get(f"{server.url}/healthz", timeout=300)  # all that came before are taken by now
        end = time.monotonic() + 300
        while held := readers & peers(server):
            assert time.monotonic() < end, f"{len(held)} are held for ever"
            time.sleep(0.2)
        assert plain.get(f"{server.url}/healthz", timeout=300).status_code == 200


def peers(server: Server) -> set[tuple[str, int]]:
    """Who has a connection to the server."""
    found = psutil.Process(server.process.pid).net_connections("tcp4")
    return {(one.raddr[0], one.raddr[1]) for one in found if len(one.raddr)}


def test_too_many_requests(tmp_path: Path) -> None:
    node = make_test_node(tmp_path, seed="server")
    token = bearer(new_token(node, "submit"))
    node.close()
    with (
        serving(tmp_path, http={"port": 0, "requests_per_second": 1.5}) as server,
        httpx.Client(base_url=server.url, timeout=300) as client,
    ):
        answers: list[httpx.Response] = []
        while not answers or (answers[-1].status_code != 429 and len(answers) < 500):
            answers.append(client.post("/v1/records", content=b"{}", headers=token | JSON))
        assert [answer.status_code for answer in answers[:3]] == [422] * 3
        refused = answers[-1]
        assert refused.status_code == 429
        assert refused.json()["code"] == "too-many-requests"
        assert int(refused.headers["retry-after"]) >= 1
        assert client.get("/healthz").status_code == 200  # another bucket


def test_guessing_tokens_is_slow(tmp_path: Path) -> None:
    """For the guesser alone: others behind its address, and whoever watches, are served."""
    node = make_test_node(tmp_path, seed="server")
    token = bearer(new_token(node, "read"))
    node.close()
    with (
        serving(tmp_path, http={"port": 0, "requests_per_second": 4}) as server,
        httpx.Client(base_url=server.url, timeout=300) as client,
    ):
        unknown = f"/v1/records/{'0' * 64}"
        assert client.get(unknown, headers=token).status_code == 404
        assert [client.post("/v1/records").status_code for _ in range(5)] == [401] * 5
        statuses = [
            client.post("/v1/records", headers=bearer(f"clt_{n}")).status_code for n in range(10)
        ]
        assert statuses[0] == 401
        assert statuses[-1] == 429
        assert client.get(unknown, headers=token).status_code == 404
        assert client.get("/v1/node").status_code == 200
        assert {client.get("/healthz").status_code for _ in range(300)} == {200}


def test_a_graceful_end(tmp_path: Path) -> None:
    """A request under way is answered; the process ends with status 0."""
    node = make_test_node(tmp_path, seed="server")
    token = bearer(new_token(node, "submit"))
    answers: list[bytes] = []
    with serving(tmp_path) as server:

        def body() -> Iterator[bytes]:
            for n in range(20):
                yield orjson.dumps(record(n)) + b"\n"
                time.sleep(0.05)

        def send() -> None:
            response = plain.post(
                f"{server.url}/v1/records", content=body(), headers=token | NDJSON, timeout=300
            )
            answers.append(response.content)

        sender = threading.Thread(target=send)
        sender.start()
        while count(node, records) == 0 and sender.is_alive():
            time.sleep(0.05)
        assert server.stop() == 0
        sender.join()
    assert orjson.loads(answers[0].splitlines()[-1])["counts"]["accepted"] == 20
    assert count(node, records) == 20
    node.close()


def memory(server: Server) -> int:
    """Resident bytes of the server process."""
    return psutil.Process(server.process.pid).memory_info().rss
