"""The tile paths of C2SP tlog-tiles, and nothing beside them: by the route, before it, of files."""

from collections.abc import Iterator
from threading import Event

import pytest

from gateway.app import create_app
from gateway.node import Node
from tests.gateway.log.test_integrate import client_of
from tests.support.asgi import Client
from tests.support.log import make_entries, promise_entries
from tests.support.node import LOG_ID, make_test_node

SIZE = 600  # two full tiles, 88 in the third, two hashes above


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("log")
    node = make_test_node(folder, tiles={"folder": folder / "tiles"})
    promise_entries(node, make_entries(SIZE))
    node.logs.step()
    yield node
    node.close()


@pytest.fixture(scope="module", params=["route", "before it", "files"])
def client(node: Node, request: pytest.FixtureRequest) -> Client:
    if request.param == "route":
        return client_of(node)
    if request.param == "files":
        assert node.logs.files is not None
        node.logs.files(Event())
    return Client(create_app(node))


@pytest.mark.parametrize(
    ("path", "length"),
    [
        ("tile/0/000", 8192),
        ("tile/0/001", 8192),
        ("tile/0/002.p/88", 88 * 32),
        ("tile/0/002.p/1", 32),
        ("tile/0/000.p/255", 255 * 32),
        ("tile/1/000.p/2", 64),
        ("tile/1/000.p/1", 32),
    ],
)
def test_tiles(client: Client, path: str, length: int) -> None:
    response = client.get(f"/logs/{LOG_ID.hex()}/{path}")
    assert response.status_code == 200
    assert len(response.content) == length
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["content-type"] == "application/octet-stream"
    head = client.request("HEAD", f"/logs/{LOG_ID.hex()}/{path}")
    assert (head.status_code, head.headers["content-length"]) == (200, str(length))


@pytest.mark.parametrize(("path", "count"), [("000", 256), ("002.p/88", 88), ("000.p/3", 3)])
def test_entry_bundles(client: Client, path: str, count: int) -> None:
    data = client.get(f"/logs/{LOG_ID.hex()}/tile/entries/{path}").content
    found = 0
    while data:
        data = data[2 + int.from_bytes(data[:2], "big") :]
        found += 1
    assert found == count


def test_checkpoint(client: Client) -> None:
    response = client.get(f"/logs/{LOG_ID.hex()}/checkpoint")
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.text.startswith(f"credit-ledger/{LOG_ID.hex()}\n{SIZE}\n")
    head = client.request("HEAD", f"/logs/{LOG_ID.hex()}/checkpoint")
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/002",  # not full yet
        "tile/0/002.p/89",  # wider than the log
        "tile/0/003",  # behind the end
        "tile/0/003.p/1",
        "tile/1/000",
        "tile/1/000.p/3",
        "tile/2/000.p/1",
        "tile/64/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/08",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/000",
        "tile/0/-01",
        "tile/00/000",
        "tile/0/000/",
        "tile/entries/002",
        "tile/entries/003.p/1",
        "tile/entries/000.p/256",
        "tile/data/000",
        "tile/0/\u0660\u0660\u0660",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "",
        "tile/",
    ],
)
def test_no_other_path(client: Client, path: str) -> None:
    assert client.get(f"/logs/{LOG_ID.hex()}/{path}").status_code == 404


@pytest.mark.parametrize("log", ["00" * 32, LOG_ID.hex().upper(), LOG_ID.hex()[2:], "x", "0x00"])
def test_no_other_log(client: Client, log: str) -> None:
    assert client.get(f"/logs/{log}/checkpoint").status_code == 404
    assert client.get(f"/logs/{log}/tile/0/000").status_code == 404
