"""One thing that was changed is one finding, at the place where it differs first."""

from dataclasses import replace

import pytest

from ledger.audit.state import Log
from ledger.audit.tiles import Fetch
from ledger.core.tiles import encode_bundle, entries_path, parse_path, tile_path
from tests.audit.read_log import (
    LOG,
    Reader,
    Served,
    Tree,
    codes,
    entries,
    entry,
    found,
    gaps,
    log_of,
)

SIZE = 66_000  # three levels of tiles, the last bundle and tiles of each level not full
AT = 700  # the entry that is changed
ANCHORS = (*range(200, SIZE, 2_000), SIZE)  # 33 of them, of which 32 cover it


@pytest.fixture(scope="module")
def tree() -> Tree:
    return Tree(entries(SIZE))


@pytest.fixture(scope="module")
def other() -> Tree:
    """The same but for one entry."""
    changed = [*entries(SIZE)]
    changed[AT] = entry(AT, timely="no")
    return Tree(changed)


@pytest.fixture(scope="module")
def log(tree: Tree) -> Log:
    return log_of(tree, *ANCHORS)


def where(place: str) -> str:
    return f"log/{LOG.hex()}/{place}"


def bundle_of(tree: Tree, n: int) -> bytes:
    return encode_bundle(tree.entries[256 * n : 256 * n + 256])


def changed_hash(tree: Tree, path: str, at: int) -> bytes:
    """A tile with one hash that is another."""
    data = tree.piece(path)
    return data[: 32 * at] + bytes(32) + data[32 * at + 32 :]


def test_what_is_served_as_it_was_anchored(tree: Tree, log: Log) -> None:
    reader = Reader(log)
    account = reader.read(Served(tree, SIZE))
    assert (found(account), gaps(account)) == ([], [])
    assert (account.tally.entries, account.whole, account.complete) == (SIZE, True, True)


def test_an_entry_that_was_changed(tree: Tree, other: Tree, log: Log) -> None:
    """Its bundle alone, as a mirror or a gateway might serve it: not thirty roots that differ."""
    served = Served(tree, SIZE, {entries_path(2): bundle_of(other, 2)})
    reader = Reader(log)
    account = reader.read(served)
    (one,) = found(account)
    assert (one.code, one.where) == ("entry-altered", where(f"entry/{AT}"))
    assert one.evidence == {
        "expected": tree.levels[0][AT].hex(),
        "found": other.levels[0][AT].hex(),
        "more": 0,
    }
    assert gaps(account) == ["entry-not-served"]
    assert not account.whole
    assert (account.tally.entries, sum(account.tally.records.values())) == (SIZE - 1, SIZE - 1)
    told = [c for noted in reader.noted for c in noted.commitments]
    assert len(told) == SIZE - 1
    assert {noted.first + at for noted in reader.noted for at in range(len(noted.flags))} == (
        set(range(SIZE)) - {AT}
    )


def test_an_entry_that_was_changed_is_read_from_a_copy(tree: Tree, other: Tree, log: Log) -> None:
    served = Served(tree, SIZE, {entries_path(2): bundle_of(other, 2)})
    reader = Reader(log)
    account = reader.read(served, copies_of(tree))
    assert (codes(account), gaps(account)) == (["entry-altered"], [])
    assert (account.whole, account.tally.entries) == (True, SIZE)


def copies_of(tree: Tree) -> Fetch:
    """As `Copies` gives pieces: at their width in the log, whatever width is asked for."""

    def fetch(path: str, max_bytes: int) -> bytes:
        level, n, _ = parse_path(path)
        width = min(256, (SIZE >> 8 * (level or 0)) - 256 * n)
        whole = entries_path(n, width) if level is None else tile_path(level, n, width)
        return tree.piece(whole)

    return fetch


def test_entries_that_were_changed_in_several_bundles(tree: Tree, log: Log) -> None:
    """Each bundle is one finding at its first entry, and says how many more there are."""
    changed = [*entries(SIZE)]
    for at in (3, 5, 9, 40_000):
        changed[at] = entry(at, timely="unknown")
    other = Tree(changed)
    pieces = {entries_path(n): bundle_of(other, n) for n in (0, 156)}
    account = Reader(log).read(Served(tree, SIZE, pieces))
    told = [(one.code, one.where, one.evidence["more"]) for one in found(account)]
    assert told == [
        ("entry-altered", where("entry/3"), 2),
        ("entry-altered", where("entry/40000"), 0),
    ]


LAST = SIZE // 256
PARTIAL = SIZE % 256


@pytest.mark.parametrize(
    ("path", "at"),
    [
        (tile_path(0, 2), 188),
        (tile_path(0, LAST, PARTIAL), 7),
        (tile_path(1, 0), 2),
        (tile_path(1, 1, 1), 0),
        (tile_path(2, 0, 1), 0),
    ],
)
def test_a_hash_tile_that_was_changed(tree: Tree, log: Log, path: str, at: int) -> None:
    """Of any level: the entries give all roots, so they are right, and the tiles above as well."""
    served = Served(tree, SIZE, {path: changed_hash(tree, path, at)})
    account = Reader(log).read(served)
    (one,) = found(account)
    assert (one.code, one.where) == ("tile-mismatch", where(path))
    assert (one.evidence["at"], one.evidence["found"]) == (at, bytes(32).hex())
    assert one.evidence["expected"] == tree.piece(path)[32 * at : 32 * at + 32].hex()
    assert (account.whole, gaps(account)) == (True, [])


def test_a_hash_tile_that_is_too_short(tree: Tree, log: Log) -> None:
    served = Served(tree, SIZE, {tile_path(0, 2): tree.piece(tile_path(0, 2))[:64]})
    (one,) = found(Reader(log).read(served))
    assert (one.code, one.evidence["at"], one.evidence["found"]) == ("tile-mismatch", 2, "")


def test_an_entry_in_the_last_bundle(tree: Tree, log: Log) -> None:
    changed = [*entries(SIZE)]
    changed[SIZE - 1] = entry(SIZE - 1, timely="no")
    piece = encode_bundle(changed[256 * LAST :])
    served = Served(tree, SIZE, {entries_path(LAST, PARTIAL): piece})
    (one,) = found(Reader(log).read(served))
    assert (one.code, one.where) == ("entry-altered", where(f"entry/{SIZE - 1}"))


def test_another_log_than_was_anchored(tree: Tree, other: Tree, log: Log) -> None:
    """The owner computed everything anew, and signed it. The anchors before the entry are right."""
    account = Reader(log).read(Served(other, SIZE))
    (one,) = found(account)
    assert (one.code, one.where) == ("root-mismatch", where("anchor/2200"))
    assert one.evidence == {
        "anchored": tree.root(2200).hex(),
        "computed": other.root(2200).hex(),
        "tx": log.anchors[1].tx,
        "since": 200,
        "also": len(ANCHORS) - 2,
        "from": 200,
        "until": 2199,
        "signed": other.root(SIZE).hex(),
    }
    assert (account.whole, account.complete) == (False, False)


def test_another_log_beside_a_copy(tree: Tree, other: Tree, log: Log) -> None:
    """Whoever keeps the anchored one shows where they differ first."""
    account = Reader(log).read(Served(other, SIZE), copies_of(tree))
    (one,) = found(account)
    assert one.code == "root-mismatch"
    assert {name: one.evidence[name] for name in ("entry", "expected", "found")} == {
        "entry": AT,
        "expected": tree.levels[0][AT].hex(),
        "found": other.levels[0][AT].hex(),
    }


def test_an_entry_with_its_hash_tile(tree: Tree, other: Tree, log: Log) -> None:
    """The tiles above are right: they tell the bundle, and a copy tells the entry."""
    pieces = {
        entries_path(2): bundle_of(other, 2),
        tile_path(0, 2): other.piece(tile_path(0, 2)),
    }
    (one,) = found(Reader(log).read(Served(tree, SIZE, pieces)))
    assert (one.code, one.evidence["from"], one.evidence["until"]) == ("root-mismatch", 512, 767)
    (one,) = found(Reader(log).read(Served(tree, SIZE, pieces), copies_of(tree)))
    assert (one.code, one.evidence["entry"]) == ("root-mismatch", AT)


def test_a_tail_that_was_cut_off(tree: Tree, log: Log) -> None:
    """The owner shows less than it anchored: one finding, and what could not be looked at."""
    shown = 40_100
    short = Tree(entries(shown))
    account = Reader(log).read(Served(short, shown))
    (one,) = found(account)
    assert (one.code, one.evidence) == ("checkpoint-behind", {"size": shown, "anchored": SIZE})
    (gap,) = account.findings.incomplete()
    assert (gap.code, gap.evidence) == ("tiles-missing", {"entries": SIZE - 156 * 256})


def test_a_piece_before_the_tail_is_missing_all_the_same(tree: Tree, log: Log) -> None:
    short = Served(Tree(entries(40_100)), 40_100, {entries_path(2): None})
    assert codes(Reader(log).read(short)) == ["checkpoint-behind", "tiles-missing"]


def test_an_anchor_that_is_of_no_tree(tree: Tree) -> None:
    """The one before and the one behind are right, so the entries are; it is told for itself."""
    log = log_of(tree, 300, 600, 900)
    log.anchors[1] = replace(log.anchors[1], root=tree.root(7))
    account = Reader(log).read(Served(tree, 900))
    (one,) = found(account)
    assert (one.code, one.where) == ("root-mismatch", where("anchor/600"))
    assert (one.evidence["since"], one.evidence["also"]) == (300, 0)
    assert account.whole


def test_a_bundle_that_cannot_be_read(tree: Tree, log: Log) -> None:
    served = Served(tree, SIZE, {entries_path(2): b"\xff" * 5000})
    account = Reader(log).read(served)
    assert (codes(account), gaps(account)) == (["bundle-malformed"], ["log-unreadable"])
    assert not account.complete
    account = Reader(log).read(served, copies_of(tree))
    assert (codes(account), gaps(account)) == (["bundle-malformed"], [])
    assert (account.tally.entries, account.whole) == (SIZE, True)
