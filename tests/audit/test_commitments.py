"""What stands in the logs twice, and what entries name, each beside its plain twin."""

import random
from collections.abc import Iterator

import pytest

from ledger.audit import hands
from ledger.audit.commitments import (
    NEVER,
    REPLACES,
    STATEMENT,
    Commitments,
    Dangling,
    Duplicate,
    References,
    Seat,
    Subject,
)
from ledger.core.ids import keccak256

SMALL = [(1, 0), (7, 3), (1000, 1 << 20)]


@pytest.fixture(params=SMALL, ids=["merged", "mixed", "held"])
def run(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Records held in memory; hands are merged, or not, as is said beside."""
    held, most = request.param
    monkeypatch.setattr(hands, "_MOST", most)
    monkeypatch.setattr(hands, "_CHUNK", 3)
    yield held


@pytest.mark.parametrize("shift", [200, 249])  # one hand, several
def test_what_is_anchored_later_is_the_duplicate(run: int, shift: int) -> None:
    order = random.Random(7)
    found, plain = Commitments(run), dict[bytes, list[Seat]]()
    for number in range(20):
        log, first, rank = number % 3, number * 5, order.randrange(100)
        names = [b"%064x" % (order.randrange(60) << shift) for _ in range(5)]
        names[order.randrange(5)] = b""
        found.add(log, first, rank, names, bytes(5))
        for index, name in enumerate(names, first):
            if name:
                plain.setdefault(name, []).append(Seat(rank, log, index, 0))
    expected = set()
    for seats in plain.values():
        first_, *later = sorted(seats, key=lambda seat: (seat.rank, seat.log, seat.index))
        expected |= {Duplicate(first_, again) for again in later}
    again = list(found.found())
    assert set(again) == expected
    assert len(again) == len(expected) > 10
    found.close()
    assert list(found.found()) == []


def test_the_same_prefix_is_not_the_same_commitment() -> None:
    found = Commitments()
    found.add(0, 0, 0, [b"ab" * 31 + b"00", b"ab" * 31 + b"01"], bytes(2))
    assert list(found.found()) == []


def test_seats_sort_as_their_bytes_do() -> None:
    order = random.Random(3)
    seats = [
        Seat(order.randrange(4), order.randrange(3), order.randrange(1 << 40), order.randrange(4))
        for _ in range(200)
    ]
    assert [Seat.decode(seat.encode()) for seat in seats] == seats
    keyed = sorted(seats, key=lambda s: (s.rank, s.log, s.index, s.flags))
    assert sorted(seats, key=Seat.encode) == keyed


# Log 0 was closed at size 10, before rank 50; log 1 follows it; log 2 is another member's.
LOGS = [
    Subject(bytes([1]) * 32, "a", trusted=10, closed=50),
    Subject(bytes([2]) * 32, "a"),
    Subject(bytes([3]) * 32, "b"),
]


def name(log: int, commitment: int) -> bytes:
    return keccak256(LOGS[log].log_id + commitment.to_bytes(32, "big"))


def dangling(
    there: list[tuple[int, Seat]], named: list[tuple[Seat, bytes, bool]], run: int = 1 << 18
) -> list[Dangling]:
    """there: commitments and where they stand. named: by whom, what, and whether as replaced."""
    commitments, references = Commitments(run), References(LOGS, run)
    for number, seat in there:
        hexed = number.to_bytes(32, "big").hex().encode()
        commitments.add(seat.log, seat.index, seat.rank, [hexed], bytes([seat.flags]))
    for seat, target, replaces in named:
        references.add(seat, target, replaces=replaces)
    list(commitments.found(references.each))
    found = list(references.dangling())
    commitments.close()
    references.close()
    return found


BY = Seat(60, 1, 0, 0)


@pytest.mark.parametrize(
    ("there", "target", "replaces", "good"),
    [
        (Seat(1, 1, 9, 0), name(1, 5), False, True),
        (Seat(1, 0, 9, 0), name(0, 5), False, True),  # in another log of the member
        (Seat(1, 2, 9, 0), name(2, 5), False, False),  # of another member
        (Seat(1, 1, 9, STATEMENT), name(1, 5), False, False),
        (Seat(60, 1, 0, 0), name(1, 5), False, False),  # itself
        (Seat(60, 1, 1, 0), name(1, 5), False, False),  # behind it, in the same anchor
        (Seat(61, 0, 9, 0), name(0, 5), False, False),  # anchored later
        (Seat(NEVER, 1, 9, 0), name(1, 5), False, False),  # in no anchor
        (Seat(1, 1, 9, 0), name(1, 6), False, False),  # nowhere
        (Seat(1, 0, 10, 0), name(0, 5), True, True),
        (Seat(NEVER, 0, 12, 0), name(0, 5), True, True),  # stranded before it was anchored
        (Seat(1, 0, 9, 0), name(0, 5), True, False),  # below the trusted size
        (Seat(1, 0, 10, REPLACES), name(0, 5), True, False),  # not the first in its chain
        (Seat(1, 0, 10, STATEMENT), name(0, 5), True, False),  # no record
        (Seat(1, 1, 10, 0), name(1, 5), True, False),  # its log is open
        (Seat(1, 2, 10, 0), name(2, 5), True, False),
        (Seat(1, 0, 10, 0), name(0, 6), True, False),
    ],
)
def test_what_an_entry_names_must_be_what_it_says(
    there: Seat, target: bytes, replaces: bool, good: bool
) -> None:
    found = dangling([(5, there)], [(BY, target, replaces)])
    assert found == ([] if good else [Dangling(BY, replaces, target)])


def test_nothing_is_replaced_before_its_log_is_closed() -> None:
    early = Seat(49, 1, 0, 0)
    assert dangling([(5, Seat(1, 0, 10, 0))], [(early, name(0, 5), True)])


def test_a_statement_replaces_a_statement() -> None:
    by = Seat(60, 1, 0, STATEMENT)
    assert not dangling([(5, Seat(1, 0, 10, STATEMENT))], [(by, name(0, 5), True)])
    assert dangling([(5, Seat(1, 0, 10, 0))], [(by, name(0, 5), True)])


def test_the_same_commitment_again_makes_no_correction_of_itself() -> None:
    twice = [(5, Seat(60, 1, 0, 0)), (5, Seat(61, 1, 3, 0))]
    assert dangling(twice, [(BY, name(1, 5), False)])
    assert not dangling(twice, [(Seat(61, 1, 3, 0), name(1, 5), False)])


def test_two_records_cannot_correct_each_other() -> None:
    one, two = Seat(60, 1, 0, 0), Seat(60, 1, 1, 0)
    named = [(one, name(1, 6), False), (two, name(1, 5), False)]
    assert dangling([(5, one), (6, two)], named) == [Dangling(one, False, name(1, 6))]


def test_many_references_are_resolved_in_pieces(run: int) -> None:
    order = random.Random(5)
    there = [(n, Seat(n, n % 2, 1000 + n, 0)) for n in range(100)]
    wanted = [order.randrange(200) for _ in range(300)]
    named = [(Seat(500, 1, n, 0), name(w % 2, w), False) for n, w in enumerate(wanted)]
    found = dangling(there, named, run)
    assert {one.seat.index for one in found} == {n for n, w in enumerate(wanted) if w >= 100}
    assert [one.target for one in found] == sorted(one.target for one in found)


def test_nothing_is_computed_where_nothing_is_named() -> None:
    references = References(LOGS)
    assert references.each is None
    assert list(references.dangling()) == []
    references.add(Seat(1, 2, 0, 0), name(0, 1), replaces=False)
    assert references.each is not None
    references.each(bytes(32), Seat(1, 0, 0, 0))  # another member's: not looked at
    assert len(references._hands._hands[name(0, 1)[0]]) == 1
    references.close()
