"""An outsider has the list of all firms and all that is public: the acts on the chain with their
times, the acknowledgements, the entries of every log and the sizes of the daily batches. It cannot
tell a firm's home province, which entries are a case's, or who holds a record: each classifier
below is right as often as chance, within its 99 % interval over 1,000 cases. In a world in which
batches go in unfilled and in order, papers have no salt and only those concerned acknowledge, the
same classifiers are right far more often."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from math import ceil
from random import Random
from types import SimpleNamespace

import pytest
import structlog

from gateway.log import services as log_services
from gateway.statements import batch, making
from ledger.core.ids import Digest, RecordId, doc, keccak256
from ledger.core.status import Action, Basis
from tests.acceptance.outsider_world import (
    CLOSES,
    OPENS,
    PROVINCES,
    Law,
    Public,
    SeenAck,
    SeenAct,
    World,
    make_world,
    plan,
)

LAW = Law(seed=20261130, cases=1000, days=62, background=30)
CARELESS = Law(seed=20261130, cases=100, days=60, background=0, careless=True)
BOTH_TAILS = 0.01
LAGS = range(2, 10)
"""Days from filing to decision; the outsider knows the law."""


class _InOrder:
    """Chance that leaves everything where it is."""

    def shuffle(self, _found: list[int]) -> None:
        return


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Seeded whole, its salts and the order of its batches too: what lies outside of 99 in 100 by
    chance would fail once in a hundred runs."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    with pytest.MonkeyPatch.context() as patch:
        salts = SimpleNamespace(urandom=Random(LAW.seed).randbytes)
        patch.setattr(making, "os", salts)
        patch.setattr(batch, "_CHANCE", Random(LAW.seed))
        return make_world(LAW, tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def careless(tmp_path_factory: pytest.TempPathFactory) -> World:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(making, "os", SimpleNamespace(urandom=Random(CARELESS.seed).randbytes))
        patch.setattr(batch, "MULTIPLE", 1)
        patch.setattr(batch, "_CHANCE", _InOrder())
        patch.setattr(log_services, "sorted", list, raising=False)
        return make_world(CARELESS, tmp_path_factory.mktemp("careless"))


# ---- chance


def interval(chances: Sequence[float]) -> tuple[int, int]:
    """The fewest and most hits that are within 99 % of chance: Poisson-binomial, both tails."""
    law = [1.0]
    for chance in chances:
        up = [0.0, *(p * chance for p in law)]
        law = [a + b for a, b in zip(up, [*(p * (1 - chance) for p in law), 0.0], strict=True)]
    low, total = 0, law[0]
    while total <= BOTH_TAILS / 2:
        low += 1
        total += law[low]
    high, total = len(chances), law[-1]
    while total <= BOTH_TAILS / 2:
        high -= 1
        total += law[high]
    return low, high


Guesses = Sequence[tuple[bool, float]]
"""Of each guess whether it was right, and the chance that it was by luck."""


def is_chance(guesses: Guesses) -> bool:
    hits = sum(hit for hit, _ in guesses)
    low, high = interval([chance for _, chance in guesses])
    print(f"{hits} of {len(guesses)} right, by chance {low} to {high}")
    return low <= hits <= high


def is_told(guesses: Guesses) -> bool:
    """Whether it is right more often than chance."""
    hits = sum(hit for hit, _ in guesses)
    high = interval([chance for _, chance in guesses])[1]
    print(f"{hits} of {len(guesses)} right, by chance at most {high}")
    return hits > high


def test_the_interval_is_that_of_the_binomial() -> None:
    assert interval([0.5] * 10) == (1, 9)
    assert interval([1.0] * 5 + [0.0] * 5) == (5, 5)
    low, high = interval([1 / 3] * 1000)
    assert (low, high) == (295, 372)


# ---- home province


class Sizes:
    """Home province by the sizes of batches, as well as it can be done: the likeliest of the three
    that are not the owner.

    It is given more than any outsider has: of each province the true histogram of how many
    statements it makes a day, dummies not counted; the law by which days of filing lie before those
    of decisions, and how often there are supplements. From these it takes of each day and province
    how much likelier the size of its batch is with one more statement than without.
    """

    def __init__(self, world: World, multiple: int) -> None:
        self._world, self._multiple = world, multiple
        self._often = {p: Counter[int]() for p in PROVINCES}
        for (province, _), count in world.real.items():
            self._often[province][count] += 1
        self._known: dict[tuple[str, int], float] = {}
        self._days = 1 + max(day for _, day in world.public.entries)

    def guess(self, acts: Sequence[SeenAct], rng: Random) -> str:
        """By all acts on one record."""
        candidates = [p for p in PROVINCES if p != acts[0].owner]
        rng.shuffle(candidates)
        return max(candidates, key=lambda province: self._likely(province, acts))

    def _likely(self, province: str, acts: Sequence[SeenAct]) -> float:
        decided = acts[-1].day
        opened = [acts[0].day] if len(acts) > 1 else [decided - lag for lag in LAGS]
        opened = [day for day in opened if 0 <= day < self._days]
        return sum(self._from(province, day, decided) for day in opened)

    def _from(self, province: str, opened: int, decided: int) -> float:
        """Filed on that day; half of the cases have a supplement on one of the days between."""
        between = [self._more(province, day) for day in range(opened + 1, decided)]
        later = sum(between) / len(between) if between else 1.0
        return self._more(province, opened) * (0.5 + 0.5 * later)

    def _more(self, province: str, day: int) -> float:
        """How much likelier the size is where one statement of the day is that of this case."""
        if (province, day) not in self._known:
            often, size = self._often[province], self._size(province, day)
            without = sum(n for count, n in often.items() if self._filled(count) == size)
            with_it = sum(n for count, n in often.items() if self._filled(count + 1) == size)
            self._known[province, day] = with_it / without if without else 1.0
        return self._known[province, day]

    def _size(self, province: str, day: int) -> int:
        """Of the batch; where nothing is filled up, what there really was."""
        if self._multiple == 1:
            return self._world.real[province, day]
        return self._world.public.size(province, day)

    def _filled(self, count: int) -> int:
        if self._multiple == 1:
            return count
        return max(ceil(count / self._multiple), 1) * self._multiple


def acts_of(world: World) -> dict[int, list[SeenAct]]:
    """The acts of each case in their order: those with one record id, which anybody sees."""
    found: dict[int, list[SeenAct]] = {}
    for number, act in zip(world.case_of, world.public.acts, strict=True):
        found.setdefault(number, []).append(act)
    return found


def by_sizes(world: World, multiple: int) -> Guesses:
    sizes, rng = Sizes(world, multiple), Random(1)
    return [
        (sizes.guess(acts, rng) == world.cases[number].home, 1 / 3)
        for number, acts in acts_of(world).items()
    ]


def test_home_by_the_sizes_of_batches(world: World) -> None:
    sizes = Counter(len(entries) for entries in world.public.entries.values())
    assert set(sizes) >= {16, 32, 48}, "batches vary"
    assert is_chance(by_sizes(world, batch.MULTIPLE))


def test_unfilled_batches_would_tell_it() -> None:
    """In a quiet world, of which only the numbers are needed."""
    law = Law(seed=7, cases=400, days=800, background=0)
    cases, _ = plan(law)
    real = dict.fromkeys(((p, day) for p in PROVINCES for day in range(law.days)), 0)
    world = World(cases=cases, public=Public(firms=()), real=real)
    for number, case in enumerate(cases):
        real[case.home, case.opened] += 1
        real[case.owner, case.opened] += 1
        real[case.owner, case.decided] += 1
        if case.more is not None:
            real[case.home, case.more] += 1
        days = [case.opened, case.decided] if case.objection else [case.decided]
        for day in days:
            world.case_of.append(number)
            world.public.acts.append(act_on(case.owner, day))
    world.public.entries = {where: [] for where in real}
    assert is_told(by_sizes(world, 1))


def act_on(owner: str, day: int) -> SeenAct:
    zero = Digest(bytes(32))
    return SeenAct(
        owner=owner,
        record=RecordId(zero),
        commitment=zero,
        action=Action.REPAIR,
        basis=Basis.ORDER_58,
        doc=zero,
        day=day,
        second=OPENS,
    )


def hashes_of(firms: Sequence[tuple[str, str]]) -> dict[bytes, str]:
    """Whatever one can make of a firm's code without a salt; the province of each."""
    made: dict[bytes, str] = {}
    for code, home in firms:
        for text in (code, code.lower(), code[8:17], f'"{code}"', f"{code}\n"):
            for data in (text.encode(), text.encode("utf-16-le"), text.encode("ascii")):
                plain = hashlib.sha256(data).digest()
                made |= dict.fromkeys(
                    [
                        *(plain, hashlib.sha256(plain).digest(), hashlib.sha3_256(data).digest()),
                        *(keccak256(data), hashlib.sha512(data).digest()[:32]),
                        *(doc(bytes(32), plain), doc(plain, plain), doc(b"\xff" * 32, plain)),
                    ],
                    home,
                )
    return made


def by_hashes(world: World) -> list[tuple[int, str]]:
    """Cases whose firm is found by hashing the codes of all firms against every byte string that is
    public, and the province that it says."""
    made = hashes_of(world.public.firms)
    found = []
    for number, act in zip(world.case_of, world.public.acts, strict=True):
        for data in (act.record, act.commitment, act.doc):
            if bytes(data) in made:
                found.append((number, made[bytes(data)]))
    entries = [one for batch_ in world.public.entries.values() for one in batch_]
    return found + [(-1, made[bytes(one)]) for one in entries if bytes(one) in made]


def test_home_by_hashing_all_firms(world: World) -> None:
    assert by_hashes(world) == []


def test_papers_without_salt_would_tell_it(careless: World) -> None:
    found = by_hashes(careless)
    assert {number for number, _ in found} == set(range(CARELESS.cases))
    assert all(home == careless.cases[number].home for number, home in found)


# ---- cases


class Places:
    """Which entry of the owner's batch goes with an act: guesses at its place there."""

    def __init__(self, world: World) -> None:
        self._public = world.public
        self._days: dict[tuple[str, int], list[SeenAct]] = {}
        for act in world.public.acts:
            self._days.setdefault((act.owner, act.day), []).append(act)

    def by_rank(self, act: SeenAct, size: int) -> int:
        """The n-th act of an owner's day goes with the entry that stands so far in its batch."""
        day = self._days[act.owner, act.day]
        return int((day.index(act) + 0.5) / len(day) * size)

    def by_first(self, act: SeenAct, size: int) -> int:
        """The n-th act of an owner's day goes with the n-th entry."""
        return self._days[act.owner, act.day].index(act) % size

    def by_time(self, act: SeenAct, size: int) -> int:
        """An act in the middle of the working day goes with the entry in the middle."""
        part = (act.second - OPENS) / (CLOSES - OPENS)
        return min(max(int(part * size), 0), size - 1)

    def by_bytes(self, act: SeenAct, size: int) -> int:
        """The entry that has most leading bits in common with any word of the act."""
        entries = self._public.entries[act.owner, act.day]
        words = (act.record, act.commitment, act.doc)
        return min(range(size), key=lambda at: min(apart(entries[at], word) for word in words))


def apart(one: bytes, other: bytes) -> int:
    return int.from_bytes(one, "big") ^ int.from_bytes(other, "big")


def by_place(world: World, way: str) -> Guesses:
    """Each last act of a case, by that way."""
    place = getattr(Places(world), way)
    guesses = []
    for number, acts in acts_of(world).items():
        act = acts[-1]
        entries = world.public.entries[act.owner, act.day]
        guess = entries[place(act, len(entries))]
        guesses.append((guess == world.done[number], 1 / len(entries)))
    return guesses


@pytest.mark.parametrize("way", ["by_rank", "by_first", "by_time", "by_bytes"])
def test_the_entry_of_an_act(world: World, way: str) -> None:
    assert is_chance(by_place(world, way))


@pytest.mark.parametrize("way", ["by_rank", "by_first", "by_time"])
def test_batches_in_order_would_tell_it(careless: World, way: str) -> None:
    assert is_told(by_place(careless, way))


def by_pair(world: World, way: str) -> Guesses:
    """Which entry of the home log is the filing of a case. The outsider is even told its home, its
    day, and which entry of the owner's log is the acceptance: by how far in its batch that stands,
    or by the bits that two entries have in common."""
    guesses = []
    for number, case in enumerate(world.cases):
        theirs = world.public.entries[case.home, case.opened]
        ours = world.public.entries[case.owner, case.opened]
        told = world.taken[number]
        if way == "by_place":
            guess = theirs[int((ours.index(told) + 0.5) / len(ours) * len(theirs))]
        else:
            guess = min(theirs, key=lambda entry: apart(entry, told))
        guesses.append((guess == world.filed[number], 1 / len(theirs)))
    return guesses


@pytest.mark.parametrize("way", ["by_place", "by_bytes"])
def test_two_entries_of_one_case(world: World, way: str) -> None:
    assert is_chance(by_pair(world, way))


def test_batches_in_order_would_tell_pairs(careless: World) -> None:
    assert is_told(by_pair(careless, "by_place"))


# ---- who holds a record


def by_acknowledgements(world: World, way: str) -> Guesses:
    """Who but the owner holds a record, by the acknowledgements of the day of its last act.

    first: who says so first. odd: whose count, head or seconds until its deadline fewest others
    have; where all are alike, by chance. Members that say nothing are the least likely.
    """
    days: dict[int, list[SeenAck]] = {}
    for ack in world.public.acks:
        days.setdefault(ack.day, []).append(ack)
    rng = Random(2)
    guesses = []
    for number, acts in acts_of(world).items():
        owner, said = acts[-1].owner, days.get(acts[-1].day, [])
        guess = first_of(said, owner, rng) if way == "first" else odd_of(said, owner, rng)
        guesses.append((guess == world.cases[number].home, 1 / 3))
    return guesses


def first_of(said: Sequence[SeenAck], owner: str, rng: Random) -> str:
    members = [ack.member for ack in said if ack.member != owner]
    return members[0] if members else rng.choice([p for p in PROVINCES if p != owner])


def odd_of(said: Sequence[SeenAck], owner: str, rng: Random) -> str:
    counts = Counter((ack.count, ack.head) for ack in said)
    others = {ack.member: counts[ack.count, ack.head] for ack in said if ack.member != owner}
    candidates = [p for p in PROVINCES if p != owner]
    rng.shuffle(candidates)
    return min(candidates, key=lambda province: others.get(province, len(PROVINCES) + 1))


@pytest.mark.parametrize("way", ["first", "odd"])
def test_who_holds_it_by_acknowledgements(world: World, way: str) -> None:
    assert is_chance(by_acknowledgements(world, way))


def test_all_members_say_the_same(world: World) -> None:
    """Of every day with acts each member acknowledges the same count and head, once."""
    days: dict[int, list[SeenAck]] = {}
    for ack in world.public.acks:
        days.setdefault(ack.day, []).append(ack)
    assert set(days) == {act.day for act in world.public.acts}
    for said in days.values():
        assert sorted(ack.member for ack in said) == sorted(PROVINCES)
        assert len({(ack.count, ack.head) for ack in said}) == 1


@pytest.mark.parametrize("way", ["first", "odd"])
def test_only_the_concerned_would_tell_it(careless: World, way: str) -> None:
    assert is_told(by_acknowledgements(careless, way))
