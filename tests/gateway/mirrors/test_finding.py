"""A record among the copies: by its id and its leaf, in full bundles and at the edge."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.base.db import begin_write, close_engine, open_engine
from gateway.base.errors import NotReady
from gateway.base.revision import migrate
from gateway.mirrors import finding, leaves
from gateway.mirrors import store as mirrors
from gateway.mirrors.finding import MirroredRecords
from gateway.mirrors.leaves import Leaves, note_leaves
from gateway.mirrors.models import mirror_bundles
from gateway.mirrors.prefixes import PREFIX, places
from gateway.mirrors.store import Piece
from ledger.core.errors import InputError
from ledger.core.ids import LogId, record_id
from ledger.core.merkle import leaf_hash
from ledger.core.statement import Statement
from ledger.core.tiles import WIDTH, Tile, encode_bundle
from tests.support.postgres import database_url

LOGS = {"120000": bytes([1]) * 32, "130000": bytes([2]) * 32}
FULL, EDGE = 3, 5


def entry(member: str, n: int) -> tuple[bytes, bytes]:
    """Its bytes and its record id."""
    log = LogId(LOGS[member])
    said = Statement(sort="dummy", at=n + 1, iss=member, log=log, salt=bytes(32))
    return said.entry(), record_id(log, said.commitment)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    """Copies of two logs, of three full bundles and five entries each."""
    folder: Path = tmp_path_factory.mktemp("copies")
    made = open_engine(database_url(folder))
    migrate(made)
    for member, log in LOGS.items():
        entries = [entry(member, n)[0] for n in range(FULL * WIDTH + EDGE)]
        leaves = [leaf_hash(one) for one in entries]
        with begin_write(made) as connection:
            mirrors.open_mirror(connection, log, member)
            kept = mirrors.get_mirror(connection, log)
            pieces = [
                Piece(
                    n,
                    b"".join(leaves[n * WIDTH : (n + 1) * WIDTH]),
                    encode_bundle(entries[n * WIDTH : (n + 1) * WIDTH]),
                )
                for n in range(FULL)
            ]
            assert mirrors.keep_pieces(connection, kept, pieces, ())
            mirrors.note_anchor(connection, kept, size=len(entries), root=bytes(32), scanned=1)
            kept = mirrors.get_mirror(connection, log)
            edge = [Tile(0, FULL, b"".join(leaves[FULL * WIDTH :]))]
            assert mirrors.keep_edge(connection, kept, edge, encode_bundle(entries[FULL * WIDTH :]))
    yield made
    close_engine(made)


@pytest.mark.parametrize("n", [0, 255, 256, 700, FULL * WIDTH, FULL * WIDTH + EDGE - 1])
@pytest.mark.parametrize("some", [1, 1024])
def test_wherever_it_stands(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, n: int, some: int
) -> None:
    monkeypatch.setattr(finding, "SOME", some)
    records = MirroredRecords(engine)
    for member in LOGS:
        data, record = entry(member, n)
        assert records.find(record) == (member, record)
        assert records.find(leaf_hash(data)) == (member, record)
        assert records.find(record, member) == (member, record)
        (other,) = LOGS.keys() - {member}
        assert records.find(record, other) is None


def test_what_no_copy_holds(engine: sa.Engine) -> None:
    """Nor what begins as an id that there is."""
    _, record = entry("120000", 7)
    for name in (os.urandom(32), record[:PREFIX] + os.urandom(32 - PREFIX)):
        assert MirroredRecords(engine).find(name) is None


def test_what_was_kept_before_there_were_prefixes(engine: sa.Engine) -> None:
    with begin_write(engine) as connection:
        connection.execute(sa.update(mirror_bundles).values(prefixes=None))
    data, record = entry("130000", 300)
    assert MirroredRecords(engine).find(record) == ("130000", record)
    assert MirroredRecords(engine).find(leaf_hash(data)) == ("130000", record)


def test_a_damaged_bundle_is_passed_over(engine: sa.Engine) -> None:
    with begin_write(engine) as connection:
        broken = sa.update(mirror_bundles).where(mirror_bundles.c.n == 1)
        connection.execute(broken.values(data=b"broken"))
    records = MirroredRecords(engine)
    assert records.find(entry("130000", 300)[1]) is None
    _, record = entry("130000", 10)
    assert records.find(record) == ("130000", record)


def test_a_search_that_takes_too_long(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "LONGEST", -1.0)
    with pytest.raises(NotReady) as refused:
        MirroredRecords(engine).find(os.urandom(32))
    assert refused.value.code == "busy"


def test_places() -> None:
    assert list(places(b"abcdabcd", b"abcd", 4)) == [0, 1]
    assert list(places(b"xxabcdxx", b"abcd", 4)) == [], "across two of them"


@pytest.mark.parametrize("n", [0, 255, 512, FULL * WIDTH, FULL * WIDTH + EDGE - 1])
def test_a_leaf_is_told_from_an_id(engine: sa.Engine, n: int) -> None:
    """In whichever log; what is an id, and what nobody knows, is none."""
    unknown = os.urandom(32)
    known = {leaf_hash(data): record for data, record in (entry(member, n) for member in LOGS)}
    names = [unknown, *known, *known.values()]
    assert Leaves(engine).known(names) == known
    Leaves(engine).demand_ids(dict.fromkeys([unknown, *known.values()], "record"))
    (leaf, record), *_ = known.items()
    with pytest.raises(InputError, match=f"{leaf.hex()}.*recordId. is {record.hex()}") as caught:
        Leaves(engine).demand_ids({unknown: "records[0]", leaf: "records[1]"})
    assert (caught.value.field, caught.value.code) == ("records[1]", "leaf-not-id")
    assert record.hex() in caught.value.message["zh"]


def test_leaves_that_members_told(engine: sa.Engine) -> None:
    """The same again is the same."""
    leaf, record = os.urandom(32), os.urandom(32)
    for _ in range(2):
        with begin_write(engine) as connection:
            note_leaves(connection, [(leaf, record), (leaf, record)])
    assert Leaves(engine).known([leaf, record]) == {leaf: record}


def test_a_look_that_takes_too_long_tells_nothing(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaves, "LONGEST", -1.0)
    assert Leaves(engine).known([leaf_hash(entry("120000", 7)[0])]) == {}


def test_who_comes_to_many_looks_waits(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Leaves(engine)
    monkeypatch.setattr(leaves, "LONGEST", 0.01)
    for _ in range(leaves.AT_ONCE):
        found._places.acquire()
    with pytest.raises(NotReady) as caught:
        found.known([os.urandom(32)])
    assert caught.value.code == "busy"
    for _ in range(leaves.AT_ONCE):
        found._places.release()
