"""What must hold when a soak has come to its end: of every record, every act, every case, and of
who followed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from ledger.chain.network import NetworkFile
from ledger.core.entry import RECORD
from ledger.core.tiles import WIDTH, entries_path, tile_path
from ledger.verify import Verifier, ask
from scripts.bench_parts.acts import Registry, until
from scripts.bench_parts.book import Book
from scripts.bench_parts.material import CODE
from scripts.bench_parts.soak_people import STATES, VERDICTS, People, Touched
from scripts.bench_parts.soak_site import HOME, SoakSite

LEAF: Final = 32
BUCKETS: Final = 256
SAMPLED: Final = 100
"""Tiles and bundles of the copy that are compared with those of the log."""


class Leaves:
    """Every leaf that a client was told, in a file that outlives the run."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, leaves: Iterable[str]) -> None:
        """Put down some more; one that is there already does no harm."""
        with self._path.open("ab") as file:
            file.write(b"".join(map(bytes.fromhex, leaves)))

    def read(self) -> Iterator[bytes]:
        """In pieces of whole leaves."""
        if self._path.exists():
            with self._path.open("rb") as file:
                while piece := file.read(LEAF << 15):
                    yield piece


def dealt(pieces: Iterable[bytes]) -> list[bytearray]:
    """Leaves by their first byte, so that not all of them are objects at once."""
    buckets = [bytearray() for _ in range(BUCKETS)]
    for piece in pieces:
        for at in range(0, len(piece), LEAF):
            buckets[piece[at]] += piece[at : at + LEAF]
    return buckets


def compared(told: Iterable[bytes], logged: Iterable[bytes]) -> dict[str, int]:
    """How many different leaves were told; how many of them are lost; how many stand in the log
    twice, and how many there nobody was told of."""
    found = {"told": 0, "lost": 0, "twice": 0, "others": 0}
    for ours, theirs in zip(dealt(told), dealt(logged), strict=True):
        wanted, there = set(_leaves(ours)), set(_leaves(theirs))
        found["told"] += len(wanted)
        found["lost"] += len(wanted - there)
        found["twice"] += len(theirs) // LEAF - len(there)
        found["others"] += len(there - wanted)
    return found


def _leaves(bucket: bytearray) -> Iterator[bytes]:
    return (bytes(bucket[at : at + LEAF]) for at in range(0, len(bucket), LEAF))


def logged(site: SoakSite, size: int) -> Iterator[bytes]:
    """The leaves of the public log, by its tiles; a replay has compared these with the entries."""
    url = site.log()["url"]
    for n in range(-(-size // WIDTH)):
        path = tile_path(0, n, min(WIDTH, size - n * WIDTH))
        yield site.http.get(f"{url}/{path}").raise_for_status().content


def statements(site: SoakSite) -> int:
    """Entries that are no records, by the report of the last replay."""
    kinds: dict[str, int] = json.loads((site.folder / "audit.json").read_bytes())["counts"]["kinds"]
    return sum(kinds.values()) - kinds[RECORD]


def check_records(book: Book, site: SoakSite, told: Leaves, records: int, statements: int) -> None:
    """Each record that was sent has one leaf, and the log has these and the statements, once."""
    size = site.anchored()
    found = compared(told.read(), logged(site, size))
    book.check("each record sent has a leaf", found["told"] == records, found, times=records)
    book.check("nothing that was promised is lost", not found["lost"], found, times=records)
    book.check("nothing is in the log twice", not found["twice"], found, times=size)
    fits = found["others"] == statements
    book.check("nothing is in the log that nobody sent", fits, (found, statements), times=size)


def check_people(book: Book, site: SoakSite, people: People, touched: Sequence[Touched]) -> None:
    """Each decision is on the chain, followed by both provinces, and shown by the receipt."""
    with closing(Registry(site, CODE)) as own:

        def followed() -> bool:
            contract = own.contract()
            count = contract.latest().count
            return all(contract.acknowledged(code).count >= count for code in (CODE, HOME))

        until(followed, "the acknowledgement of all acts")
    book.check("all acts followed and acknowledged by both provinces", True)
    for one in [one for one in touched if one.case]:
        for code in (CODE, HOME):
            _await_state(people, one, code)
            book.check("each case stands as it was decided, in both provinces", True)
    with closing(Verifier(NetworkFile.load(site.file))) as verifier:
        for one in touched:
            verdict = verifier.verify(people.receipt(one.leaf), ask()).verdict
            holds = verdict == VERDICTS[one.how]
            book.check("each receipt shows what was decided", holds, (one, verdict))


def _await_state(people: People, one: Touched, code: str) -> None:
    until(lambda: people.state(code, one.case) == STATES[one.how], f"case {one.case} at {code}")


def check_follower(book: Book, site: SoakSite) -> None:
    """The copy is whole: as long as the log, and the same bytes wherever it is looked at."""
    size = site.anchored()
    site.await_follower(size)
    copy = site.mirrored()
    book.check("the follower is complete", copy["error"] is None, copy, times=size)
    url = site.log()["url"]
    full = size // WIDTH
    for n in range(0, full, max(1, full // SAMPLED)):
        for path in (tile_path(0, n), entries_path(n)):
            one, two = (
                # Two refusals would be the same bytes, too.
                site.http.get(f"{at}/{path}").raise_for_status().content
                for at in (url, copy["url"])
            )
            book.check("the follower has the same bytes", one == two, path)
