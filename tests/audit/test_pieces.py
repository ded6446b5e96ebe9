"""The parts of replay that need no chain, each beside its plain twin."""

import hashlib
from dataclasses import replace
from typing import get_args

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.audit import tiles
from ledger.audit.codes import CODES
from ledger.audit.commitments import REPLACES, STATEMENT
from ledger.audit.entries import Bad, EntryReader, Naming, Read, Tally, record_pattern
from ledger.audit.finding_code import Severity
from ledger.audit.findings import MOST, Findings
from ledger.audit.incomplete_codes import EVENTS_MISSING, INCOMPLETE, TILES_MISSING
from ledger.audit.tiles import Bundles, Missing
from ledger.audit.tree import Tree
from ledger.core import merkle
from ledger.core.entry import TIMELY, parse_entry, record_entry, statement_entry
from ledger.core.errors import Malformed, VersionUnknown
from ledger.core.tiles import encode_bundle, parse_path

LOG = bytes([7]) * 32
digests = st.binary(min_size=32, max_size=32)


@st.composite
def records(draw: st.DrawFn) -> bytes:
    """Any record entry of our log."""
    year, month = draw(st.integers(1, 9999)), draw(st.integers(1, 12))
    name = draw(st.from_regex(r"[a-z][a-z0-9-]{0,31}", fullmatch=True))
    return record_entry(
        commitment=draw(digests),
        log=LOG,
        period=draw(st.sampled_from([f"{year:04d}", f"{year:04d}-{month:02d}"])),
        schema=f"{name}@{draw(st.integers(1, 999_999_999))}",
        timely=draw(st.sampled_from(TIMELY)),
        corrects=draw(st.none() | digests),
        replaces=draw(st.none() | digests),
    )


@given(records())
def test_the_pattern_takes_every_record_of_the_log(entry: bytes) -> None:
    match = record_pattern(LOG).fullmatch(entry)
    assert match is not None
    parsed = parse_entry(entry)
    assert [None if part is None else part.decode() for part in match.groups()] == [
        parsed.commitment.hex(), parsed.corrects and parsed.corrects.hex(), parsed.period,
        parsed.replaces and parsed.replaces.hex(), parsed.schema, parsed.timely,
    ]  # fmt: skip


@given(records(), st.data())
def test_the_pattern_takes_nothing_that_the_parser_does_not(
    entry: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(entry) - 1))
    change = data.draw(st.sampled_from(["flip", "drop", "double", "insert"]))
    piece = data.draw(st.binary(min_size=1, max_size=1))
    changed = {
        "flip": entry[:at] + piece + entry[at + 1 :],
        "drop": entry[:at] + entry[at + 1 :],
        "double": entry[:at] + entry[at : at + 1] + entry[at:],
        "insert": entry[:at] + piece + entry[at:],
    }[change]
    if record_pattern(LOG).fullmatch(changed):
        parsed = parse_entry(changed)
        assert (parsed.encode(), parsed.log) == (changed, LOG)


class PlainReader:
    """What a reader does, entry by entry and by the parser alone."""

    def __init__(self) -> None:
        self.tally = Tally()

    def read(self, entries: list[bytes], epoch: int = 0) -> Read:
        read = Read([b""] * len(entries), bytearray(len(entries)))
        for at, data in enumerate(entries):
            index = self.tally.entries + at
            try:
                entry = parse_entry(data)
            except Malformed as error:
                read.bad.append(Bad(index, "entry-malformed", str(error)))
                continue
            except VersionUnknown as error:
                read.bad.append(Bad(index, "entry-version-unknown", error.message))
                continue
            if entry.log != LOG:
                read.bad.append(Bad(index, "entry-foreign-log", entry.log.hex()))
                continue
            read.commitments[at] = entry.commitment.hex().encode()
            read.flags[at] = (entry.kind != "record") * STATEMENT
            read.flags[at] |= (entry.replaces is not None) * REPLACES
            for target in (entry.corrects, entry.replaces):
                if target is not None:
                    replaced = target is entry.replaces
                    read.names.append(Naming(index, read.flags[at], target, replaced))
            if entry.period and entry.schema and entry.timely:
                about = (entry.period.encode(), entry.schema.encode(), entry.timely.encode())
                self.tally.records[epoch, about] += 1
                self.tally.firsts.setdefault((epoch, about), index)
                read.said[about] += entry.replaces is None
            else:
                self.tally.others[entry.kind] += 1
        self.tally.entries += len(entries)
        return read


@st.composite
def bundles(draw: st.DrawFn) -> list[bytes]:
    """Entries much like each other, of every kind, some of them changed in a byte."""
    kinds = [
        *draw(st.lists(records(), min_size=1, max_size=2)),
        statement_entry(commitment=bytes(32), log=LOG),
        statement_entry(commitment=bytes(32), log=LOG, replaces=draw(digests)),
        statement_entry(commitment=bytes(32), log=bytes(32)),
    ]
    made = []
    for _ in range(draw(st.integers(1, 8))):
        entry = draw(st.sampled_from(kinds))
        entry = entry[:47] + draw(digests).hex().encode() + entry[111:]
        if draw(st.integers(0, 5)) == 0:
            at = draw(st.integers(0, len(entry) - 1))
            size = draw(st.integers(0, 2))
            entry = entry[:at] + draw(st.binary(max_size=2)) + entry[at + size :]
        made.append(entry)
    return made


@given(st.lists(bundles(), min_size=1, max_size=4))
def test_reading_set_wise_is_reading_one_by_one(read: list[list[bytes]]) -> None:
    fast, plain = EntryReader(LOG), PlainReader()
    for epoch, entries in enumerate([*read, *read, *read]):  # the second time all is known
        told, expected = fast.read(entries, epoch // 2), plain.read(entries, epoch // 2)
        assert _told(told) == _told(expected)
        assert +told.said == +expected.said
    assert fast.tally == plain.tally


def _told(read: Read) -> Read:
    """Flags of what has no commitment mean nothing."""
    flags = bytearray(
        flag if commitment else 0
        for flag, commitment in zip(read.flags, read.commitments, strict=True)
    )
    return replace(read, flags=flags)


def test_every_change_of_a_byte_is_seen_though_its_like_is_known() -> None:
    for good in (
        record_entry(commitment=b"a" * 32, log=LOG, period="2026", schema="t@1", timely="no"),
        statement_entry(commitment=b"a" * 32, log=LOG),
    ):
        fast, plain = EntryReader(LOG), PlainReader()
        assert _told(fast.read([good])) == _told(plain.read([good]))
        for at in range(len(good)):
            for new in {good[at] ^ 32, good[at] ^ 1, good[at] ^ 128}:
                entries = [good, good[:at] + bytes([new]) + good[at + 1 :]]
                assert _told(fast.read(entries)) == _told(plain.read(entries))
        assert fast.tally == plain.tally


def test_what_is_known_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.audit.entries.MAX_KNOWN", 1)
    fast, plain = EntryReader(LOG), PlainReader()
    entries = [
        record_entry(commitment=bytes(32), log=LOG, period=year, schema="t@1", timely="no")
        for year in ("2024", "2025", "2025", "2024")
    ]
    assert fast.read(entries) == plain.read(entries)
    assert fast.read(entries) == plain.read(entries)
    assert fast.tally == plain.tally
    assert len(fast._known) == 1


def test_a_reader_tells_good_entries_from_bad() -> None:
    good = record_entry(
        commitment=bytes(32), log=LOG, period="2026-11", schema="penalty@1", timely="no"
    )
    statement = statement_entry(commitment=bytes([1]) * 32, log=LOG)
    foreign = statement_entry(commitment=bytes([2]) * 32, log=bytes(32))
    newer = statement.replace(b"entry@1", b"entry@2")
    reader = EntryReader(LOG)

    read = reader.read([good, statement, good + b" ", foreign, b"x" * 1025, newer])
    more = reader.read([good])

    bad = read.bad
    assert list(read.flags)[:2] == [0, STATEMENT]
    assert read.commitments == [b"00" * 32, b"01" * 32, b"", b"", b"", b""]
    assert [(item.index, item.code) for item in bad] == [
        (2, "entry-malformed"), (3, "entry-foreign-log"), (4, "entry-malformed"),
        (5, "entry-version-unknown"),
    ]  # fmt: skip
    assert bad[2].why == "1025 bytes"
    assert more == Read([b"00" * 32], bytearray(1))
    tally = reader.tally
    assert tally.entries == 7
    assert dict(tally.records) == {(0, (b"2026-11", b"penalty@1", b"no")): 2}
    assert tally.firsts == {(0, (b"2026-11", b"penalty@1", b"no")): 0}
    assert dict(tally.others) == {"statement": 1}


def test_a_log_cannot_fill_our_memory_with_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.audit.entries.MAX_ABOUT", 2)
    reader = EntryReader(LOG)
    records_ = [
        record_entry(
            commitment=bytes([i]) * 32, log=LOG, period="2026-11", schema=f"t@{i}", timely="no"
        )
        for i in (1, 2, 1, 3, 4)
    ]
    read = reader.read(records_)
    assert all(read.commitments)
    assert [(item.index, item.code) for item in read.bad] == [
        (3, "type-not-in-catalogue"), (4, "type-not-in-catalogue"),
    ]  # fmt: skip
    assert len(reader.tally.firsts) == 2
    assert sum(reader.tally.records.values()) == 5


@given(st.lists(st.integers(0, 300), max_size=12))
def test_a_tree_grown_in_pieces_is_the_tree(sizes: list[int]) -> None:
    tree = Tree()
    leaves: list[bytes] = []
    born: dict[int, list[bytes]] = {}
    for size in sizes:
        new = [merkle.leaf_hash(str(len(leaves) + i).encode()) for i in range(size)]
        leaves += new
        tree.append(new)
        for level, hashes in tree.born().items():
            born.setdefault(level, []).extend(hashes)
        assert tree.size == len(leaves)
        assert tree.root() == (merkle.root(leaves) if leaves else merkle.EMPTY_ROOT)
    assert born.get(1, []) == [
        merkle.root(leaves[at : at + 256]) for at in range(0, len(leaves) - 255, 256)
    ]


def test_a_tree_bears_the_hashes_of_upper_tiles_in_one_go() -> None:
    leaves = [merkle.leaf_hash(b"%d" % i) for i in range(65_536)]
    tree = Tree()
    tree.append(leaves)
    born = tree.born()
    assert len(born[1]) == 256
    assert born[2] == [tree.root()]
    assert tree.born() == {}


def test_findings_are_bounded_sorted_and_counted() -> None:
    found = Findings()
    for index in range(MOST + 5):
        found.add("entry-malformed", log=LOG, member="b", where=f"entry/{index:04d}", why="x")
    found.add("entry-malformed", log=bytes(32), member="a", where="entry/1", why="x")
    found.add("root-mismatch", member="a", where="anchor/1", size=1)
    listed = found.listed()
    assert len(listed) == MOST + 2
    assert [item.member for item in listed[:2]] == ["a", "a"]
    assert found.counts() == {"entry-malformed": MOST + 6, "root-mismatch": 1}
    told = listed[0].as_dict()
    assert told["severity"] == "error"
    assert set(told) == {
        "code", "severity", "member", "where", "evidence", "message", "remedy",
    }  # fmt: skip


def test_what_could_not_be_looked_at_is_bounded_and_sorted() -> None:
    found = Findings()
    for index in reversed(range(MOST + 5)):
        found.unchecked("tiles-unreachable", f"tile/{index:04d}", entries=1)
    found.unchecked("events-missing", "threshold", state="3", events="2")
    listed = found.incomplete()
    assert (len(listed), listed[0].code, listed[1].where) == (
        MOST + 1,
        "events-missing",
        "tile/0005",
    )
    assert set(listed[0].as_dict()) == {"code", "where", "evidence", "message"}


def test_every_code_has_its_words_in_both_languages() -> None:
    for code in CODES.values():
        for text in (code.message, code.remedy):
            assert set(text) == {"zh", "en"}
            assert text["zh"].endswith("。") and text["en"].endswith(".")
        assert code.severity in get_args(Severity)
    for text in INCOMPLETE.values():
        assert text["zh"].endswith("。") and text["en"].endswith(".")
    assert TILES_MISSING in CODES
    assert EVENTS_MISSING in INCOMPLETE


# ---- reading tiles


class Served:
    """A log in memory, as a mirror keeps it; `gone` are paths it does not serve."""

    def __init__(self, entries: list[bytes], *, full_only: bool = False) -> None:
        self.entries = entries
        self.full_only = full_only
        self.gone: set[str] = set()
        self.asked: list[str] = []

    def __call__(self, path: str, max_bytes: int) -> bytes:
        self.asked.append(path)
        address = parse_path(path)
        part = self.entries[address.n * 256 : address.n * 256 + address.width]
        if path in self.gone or len(part) < address.width:
            raise Missing(path)
        if self.full_only and address.width < 256:
            raise Missing(path)
        if address.level is None:
            return encode_bundle(part)
        return b"".join(merkle.leaf_hash(entry) for entry in part)


def make_log(count: int) -> list[bytes]:
    """Entries of any kind."""
    return [hashlib.sha256(b"%d" % i).digest() for i in range(count)]


@pytest.mark.parametrize("size", [1, 255, 256, 257, 600])
@pytest.mark.parametrize("full_only", [False, True])
def test_bundles_come_in_order_and_of_the_size_asked_for(size: int, full_only: bool) -> None:
    served = Served(make_log(1024), full_only=full_only)
    read = list(Bundles(served, size))
    assert [n for n, _, _ in read] == list(range(-(-size // 256)))
    assert b"".join(data for _, data, _ in read) == encode_bundle(served.entries[:size])
    hashes = b"".join(merkle.leaf_hash(entry) for entry in served.entries[:size])
    assert b"".join(lowest for _, _, lowest in read) == hashes


def test_what_is_missing_is_named() -> None:
    served = Served(make_log(600))
    served.gone = {"tile/entries/001"}
    with pytest.raises(Missing) as caught:
        list(Bundles(served, 600))
    assert caught.value.path == "tile/entries/001"
    short = Served(make_log(600))
    with pytest.raises(Missing) as caught:
        list(Bundles(short, 700))
    assert caught.value.path == "tile/entries/002.p/188"


def test_a_malformed_full_bundle_is_handed_on_as_it_is() -> None:
    def fetch(path: str, max_bytes: int) -> bytes:
        if ".p/" in path:
            raise Missing(path)
        return b"\0\0\0"

    assert tiles.entries(fetch, 0, 5) == b"\0\0\0"


def test_the_url_of_a_log() -> None:
    assert tiles.log_url("http://a/b/", LOG) == f"http://a/b/logs/{LOG.hex()}"


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("http://127.0.0.1:8546", True),
        ("https://node.example/ledger/", True),
        ("https://node.example.:443", True),
        ("http://[::1]:80/x", True),
        ("http://[::1", False),
        ("not a url", False),
        ("", False),
        ("ftp://node.example", False),
        ("http://", False),
        ("http://a..example", False),
        ("http://" + "a" * 64 + ".example", False),
        ("http://" + "a." * 127 + "example", False),
        ("http://a.example:65536", False),
        ("http://user:secret@a.example", False),
        ("http://a.example/?name", False),
        ("http://a.example/#name", False),
        ("http://a.example/张三", False),
        ("http://张三.example", False),
        ("http://a.example\r\nHost: b", False),
        ("http://a.example/\n", False),
    ],
)
def test_a_url_and_no_more(url: str, plain: bool) -> None:
    assert tiles.is_plain_url(url) == plain
    if plain:
        httpx.URL(url)


def test_reading_stops_when_nobody_wants_more() -> None:
    served = Served(make_log(256 * 64))
    for n, _, _ in Bundles(served, 256 * 64):
        if n == 1:
            break
    assert len(served.asked) < 2 * 30
