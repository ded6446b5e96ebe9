"""Full tiles and bundles as files: those of the tree that the database has, whole, or none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest
import sqlalchemy as sa

from gateway.app import create_app
from gateway.base.db import begin_write
from gateway.log import tile_files
from gateway.log.models import bundles, tiles
from gateway.log.tile_files import PORTION, TilesInFolder
from gateway.log.tile_places import STATE
from gateway.node import Node
from ledger.core.errors import EvidenceError
from ledger.core.tiles import parse_path
from tests.support.asgi import Client
from tests.support.log import make_entries, promise_entries
from tests.support.node import LOG_ID, make_test_node

BASE = f"/logs/{LOG_ID.hex()}"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_test_node(tmp_path, tiles={"folder": tmp_path / "tiles"})
    yield node
    node.close()


def grow(node: Node, count: int, seed: str = "") -> None:
    promise_entries(node, make_entries(count, seed))
    while node.logs.step():
        pass


def files_of(node: Node) -> TilesInFolder:
    assert node.logs.files is not None
    return node.logs.files


def names(tmp_path: Path) -> set[str]:
    """Files of the log, as their paths are asked for."""
    folder = tmp_path / "tiles" / LOG_ID.hex()
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return found - {STATE}


def read(node: Node, path: str) -> bytes | None:
    return files_of(node).read(LOG_ID, parse_path(path))


def test_what_is_full_and_nothing_else(node: Node, tmp_path: Path) -> None:
    grow(node, 600)
    files_of(node)(Event())
    assert names(tmp_path) == {f"tile/{kind}/00{n}" for kind in ("0", "entries") for n in (0, 1)}
    assert read(node, "tile/0/002.p/88") is read(node, "tile/0/000.p/255") is None
    grow(node, 100, "more")
    assert read(node, "tile/0/002") is None, "not looked at yet"
    files_of(node)(Event())
    assert names(tmp_path) == {f"tile/{kind}/00{n}" for kind in ("0", "entries") for n in range(2)}
    grow(node, 68, "most")
    files_of(node)(Event())
    assert names(tmp_path) == {f"tile/{kind}/00{n}" for kind in ("0", "entries") for n in range(3)}


def test_they_are_what_the_database_gives(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In portions smaller than the log, begun anew by another process, and after the database has
    lost what it had."""
    monkeypatch.setattr(tile_files, "PORTION", 2)
    grow(node, 5 * 256)
    client = Client(create_app(node))
    files_of(node)(Event())
    files_of(node).leave()
    grow(node, 300, "more")
    expected = {name: client.get(f"{BASE}/{name}").content for name in names(tmp_path)}
    assert len(expected) == 10
    again = TilesInFolder(node.ctx.engine, tmp_path / "tiles")
    again(Event())
    assert len(names(tmp_path)) == 12
    assert {name: again.read(LOG_ID, parse_path(name)) for name in expected} == expected
    again.leave()
    files_of(node)(Event())
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.delete(bundles))
    assert {name: client.get(f"{BASE}/{name}").content for name in expected} == expected


def test_the_tiles_above(node: Node, tmp_path: Path) -> None:
    """A whole portion at once fills no tile of level 1; four of them do."""
    assert 4 * PORTION == 256
    for n in range(16):
        grow(node, 4096, str(n))
    grow(node, 1, "last")
    files_of(node)(Event())
    data = read(node, "tile/1/000")
    assert data == Client(create_app(node)).get(f"{BASE}/tile/1/000").content
    assert len(names(tmp_path)) == 256 + 256 + 1


@pytest.mark.parametrize("looks", [(100, 300), (300,)])
def test_a_database_that_went_back(node: Node, tmp_path: Path, looks: tuple[int, ...]) -> None:
    """Restored from before what the files hold, and grown with others: found out while it has less,
    or by its root. Nothing of the tree that was is answered."""
    grow(node, 256)
    files_of(node)(Event())
    before = read(node, "tile/0/000")
    files_of(node).leave()
    (tmp_path / "other").mkdir()
    other = make_test_node(tmp_path / "other", tiles={"folder": tmp_path / "tiles"})
    with closing(other):
        size = 0
        for look in looks:
            grow(other, look - size, str(look))
            size = look
            assert read(other, "tile/0/000") is None, "not before it was compared"
            files_of(other)(Event())
        client = Client(create_app(other))
        now = read(other, "tile/0/000")
        assert now == client.get(f"{BASE}/tile/0/000").content != before
    files_of(node)(Event())
    assert read(node, "tile/0/000") == before, "and back again"


@pytest.mark.parametrize("what", ["entries", "tiles"])
def test_what_the_disk_has_changed_is_not_written(node: Node, tmp_path: Path, what: str) -> None:
    """Entries and tiles must give one root; what was written before stands."""
    grow(node, 256)
    files_of(node)(Event())
    grow(node, 256, "more")
    with begin_write(node.ctx.engine) as connection:
        if what == "entries":
            good = sa.select(bundles.c.data).where(bundles.c.n == 0).scalar_subquery()
            change = sa.update(bundles).where(bundles.c.n == 1).values(data=good)
        else:
            change = sa.update(tiles).where(tiles.c.level == 1).values(data=bytes(64))
        connection.execute(change)
    with pytest.raises(EvidenceError):
        files_of(node)(Event())
    assert names(tmp_path) == {"tile/0/000", "tile/entries/000"}
    assert read(node, "tile/0/000") is not None
    assert read(node, "tile/0/001") is None


def test_what_was_not_brought_to_the_disk_whole(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk at any sync, then the process ends: the next one writes it all, and meanwhile the
    database answers."""
    grow(node, 512)
    real, left = os.fsync, [0]

    def full(handle: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", full)
    client = Client(create_app(node))
    tries = 0
    while True:
        left[0] = tries
        try:
            files_of(node)(Event())
            break
        except OSError:
            assert read(node, "tile/entries/001") is None
            assert client.get(f"{BASE}/tile/entries/001").status_code == 200
            files_of(node).leave()
        tries += 1
    assert tries == 10, "two states, four files, and their four folders"
    assert len(names(tmp_path)) == 4


def test_a_file_that_was_taken_away(node: Node, tmp_path: Path) -> None:
    grow(node, 256)
    files_of(node)(Event())
    client = Client(create_app(node))
    expected = client.get(f"{BASE}/tile/entries/000").content
    (tmp_path / "tiles" / LOG_ID.hex() / "tile" / "entries" / "000").unlink()
    assert read(node, "tile/entries/000") is None
    assert client.get(f"{BASE}/tile/entries/000").content == expected


def test_one_process_writes(node: Node, tmp_path: Path) -> None:
    """Another one of the same folder answers from its database until the first one is gone."""
    grow(node, 256)
    files_of(node)(Event())
    second = TilesInFolder(node.ctx.engine, tmp_path / "tiles")
    second(Event())
    assert second.read(LOG_ID, parse_path("tile/0/000")) is None
    files_of(node).leave()
    second(Event())
    assert second.read(LOG_ID, parse_path("tile/0/000")) is not None
    second.leave()


@pytest.mark.parametrize("state", [b"", b"{}", b"[]", b'{"claimed":"x","done":0,"root":""}'])
def test_a_folder_without_a_state_that_can_be_read(
    node: Node, tmp_path: Path, state: bytes
) -> None:
    grow(node, 256)
    files_of(node)(Event())
    files_of(node).leave()
    folder = tmp_path / "tiles" / LOG_ID.hex()
    (folder / STATE).write_bytes(state)
    (folder / "tile" / "0" / "000").write_bytes(b"another")
    files_of(node)(Event())
    assert (folder / "tile" / "0" / "000").read_bytes() == read(node, "tile/0/000") != b"another"


def test_it_ends_between_two_portions(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tile_files, "PORTION", 1)
    grow(node, 512)
    ended = Event()
    ended.set()
    files_of(node)(ended)
    assert read(node, "tile/0/000") is None
    files_of(node)(Event())
    assert read(node, "tile/0/001") is not None
