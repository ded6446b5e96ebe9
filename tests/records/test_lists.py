"""Who is on a list on a day: beside a plain twin that lives through the days one by one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.ids import Digest, KeyId, LogId
from ledger.core.status import Act, Action, RecordedAct
from ledger.core.verdict.facts import end_of
from ledger.records.lists import (
    ACTED,
    EXITED,
    EXPIRED,
    LISTS,
    NOT_YET,
    Entry,
    Exit,
    absent,
    exit_of,
    find,
)
from ledger.records.rules import newest
from ledger.records.schema import load

START = date(2026, 5, 1)
DAYS = 12
NOON = 12 * 3600
BEFORE = timedelta(days=1)


def day(n: int) -> date:
    return START + timedelta(days=n)


def noon(n: int) -> int:
    return end_of(day(n) - BEFORE) + NOON


def recorded(action: Action, n: int) -> RecordedAct:
    """An act of noon on day n."""
    act = Act(
        log=LogId(Digest(b"\x01" * 32)),
        commitment=Digest(b"\x02" * 32),
        action=action,
        expected_version=0,
        basis=1,
        doc=Digest(b"\x03" * 32),
        effective_at=noon(n) - NOON,
    )
    signer, key = b"\x04" * 32, KeyId(Digest(b"\x05" * 32))
    return RecordedAct(act=act, member=signer, signed_by=key, recorded_at=noon(n), block=n)


def entry(decided: int = 0, anchored: int = 0, to: int | None = None, **changes: object) -> Entry:
    values: dict[str, object] = {"document": "a1", "called": "x"} | changes
    usable_to = None if to is None else day(to)
    return Entry(
        decided=day(decided),
        usable_to=usable_to,
        anchored=noon(anchored),
        **values,  # type: ignore[arg-type]
    )


# ---- the twin


@dataclass
class Plain:
    """One entry, lived through. Flags as a person would keep them on paper."""

    decided: int
    anchored: int
    to: int | None
    there: bool = False
    outcome: str = ""
    hidden: bool = False
    gone: bool = False
    left: bool = False

    def live(self, now: int, acts: list[tuple[Action, int]], exits: list[int]) -> None:
        """A day goes by."""
        if now == self.anchored:
            self.there = True
        for action, when in acts:
            if when == now:
                self.do(action)
        if any(when == now for when in exits if when >= self.decided):
            self.left = True

    def do(self, action: Action) -> None:
        if action in (Action.REPAIR, Action.WITHDRAW, Action.END, Action.CORRECT):
            self.outcome = action.name
        elif action is Action.RESCIND:
            self.outcome = ""
        elif action in (Action.SHIELD, Action.LIFT):
            self.hidden = action is Action.SHIELD
        elif action is Action.ERASE:
            self.gone = True
        elif action is Action.ANNUL:
            self.outcome, self.hidden = "", False

    def on_list(self, now: int) -> bool:
        in_time = self.decided <= now and (self.to is None or now <= self.to)
        closed = bool(self.outcome) or self.hidden or self.gone
        return self.there and in_time and not closed and not self.left


_ACTIONS = [action for action in Action if action is not Action.ANNUL_STOLEN]
_when = st.integers(0, DAYS - 1)


@given(
    decided=_when,
    anchored=_when,
    to=st.none() | _when,
    acts=st.lists(st.tuples(st.sampled_from(_ACTIONS), _when), max_size=6),
    exits=st.lists(_when, max_size=2),
    split=st.booleans(),
)
def test_members_are_those_of_the_plain_twin(
    *,
    decided: int,
    anchored: int,
    to: int | None,
    acts: list[tuple[Action, int]],
    exits: list[int],
    split: bool,
) -> None:
    """Of every day, by what was recorded by its end. split: half of the acts are on the record that
    it was logged again for; then either alone takes it off."""
    acts.sort(key=lambda one: one[1])
    parts = [acts[::2], acts[1::2]] if split else [acts]
    histories = [[recorded(action, n) for action, n in part] for part in parts]
    one = entry(decided, anchored, to, histories=histories)
    offs = [Exit(names="a1", called="x", entered=None, decided=day(n)) for n in exits]
    twins = [Plain(decided, anchored, to) for _ in parts]
    for now in range(DAYS):
        for twin, part in zip(twins, parts, strict=True):
            twin.live(now, part, exits)
        # An exit before the decision is of an earlier entry; one of an earlier day takes effect
        # then, whenever somebody looks.
        wanted = all(twin.on_list(now) for twin in twins)
        assert (absent(one, offs, day(now), end_of(day(now))) is None) is wanted


# ---- one thing at a time


def test_why() -> None:
    end = end_of(day(5))
    assert absent(entry(), [], day(5), end) is None
    assert absent(entry(6, 0), [], day(5), end) == NOT_YET
    assert absent(entry(0, 6), [], day(5), end) == NOT_YET
    assert absent(entry(to=4), [], day(5), end) == EXPIRED
    assert absent(entry(to=5), [], day(5), end) is None
    acted = entry(histories=[[recorded(Action.END, 3)]])
    assert absent(acted, [], day(5), end) == ACTED
    assert absent(acted, [], day(2), end_of(day(2))) is None
    disputed = entry(histories=[[recorded(Action.DISPUTE, 3)]])
    assert absent(disputed, [], day(5), end) is None


def exits(**changes: object) -> list[Exit]:
    values: dict[str, object] = {"names": "a1", "called": "x", "entered": None, "decided": day(3)}
    return [Exit(**(values | changes))]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("off", "one", "gone"),
    [
        (exits(), entry(), True),
        (exits(names="a2"), entry(), False),
        (exits(names=None), entry(), True),
        (exits(names=None, called="y"), entry(), False),
        (exits(names=None, entered=day(0)), entry(), True),
        (exits(names=None, entered=day(1)), entry(), False),
        (exits(), entry(document=None), True),
        (exits(called="y"), entry(document=None), False),
        (exits(decided=day(6)), entry(), False),
        (exits(), entry(decided=4), False),
    ],
)
def test_which_entry_an_exit_names(off: list[Exit], one: Entry, gone: bool) -> None:
    assert (absent(one, off, day(5), end_of(day(5))) == EXITED) is gone


def test_an_exit_as_it_is_filed() -> None:
    kind = find("经营异常名录")
    assert kind is not None
    fields = {"YM_LRWSH": "异列(2026)1号", "YM_MC": " 经营异常名录 ", "YM_LRRQ": "2026-05-01"}
    found = exit_of(kind, fields, day(3))
    assert found.entered == START
    assert found.names is not None and found.called == "经营异常名录"
    bare = exit_of(LISTS[0], {}, day(3))
    assert (bare.names, bare.called, bare.entered) == (None, "", None)


def test_names_of_lists() -> None:
    assert [find(one.entry) for one in LISTS] == list(LISTS)
    assert find("Severe List") is LISTS[0]
    assert find("守信激励名单") is LISTS[2]
    assert find("penalty") is None


def test_lists_are_those_of_schemas_and_rules() -> None:
    """Every field named is one of its type, and entry and exit go together as the rules say."""
    pairs = {(one.entry, one.exit) for one in newest().tables.exits}
    assert {(one.entry, one.exit) for one in LISTS} == pairs
    for one in LISTS:
        entered, left = load(one.entry).slots, load(one.exit).slots
        assert one.called in entered
        named = {one.exit_called, one.names, one.entered} - {None}
        assert named <= set(left)
