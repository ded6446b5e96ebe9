"""Acts are folded in their order; whatever does not fit is refused and changes nothing."""

import copy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.statuses.errors import ActsUnclear
from gateway.statuses.folding import Fold, unread
from gateway.statuses.store import Position, closes
from ledger.chain.contracts.events import Acted
from ledger.chain.contracts.structs import Code, code_word
from ledger.chain.network import Hash32
from ledger.chain.nodes.blocks import LogEntry
from ledger.core.ids import Address, Digest, KeyId, LogId, RecordId, keccak256, record_id
from ledger.core.status import NOTHING, ZERO, Act, Flag, Outcome, RecordedAct, State, next_state
from tests.support.node import LOG_ID

KEY = KeyId(Digest(b"\x07" * 32))
TIME = 1_800_000_000


def entry_at(block: int, index: int = 0) -> LogEntry:
    return LogEntry(
        address=Address("0x" + "ca" * 20),
        topics=(),
        data=b"",
        block=block,
        block_hash=Hash32("0x" + "bb" * 32),
        tx=Hash32("0x" + "aa" * 32),
        index=index,
    )


def history(steps: list[tuple[int, int]]) -> tuple[list[Acted], dict[RecordId, State], Digest]:
    """Events as the contract would give them for (record, action) in turn, each in its own block;
    the states and the head behind them, by a plain twin."""
    states: dict[RecordId, State] = {}
    head, events = ZERO, []
    for count, (number, action) in enumerate(steps, start=1):
        commitment = Digest(bytes([number]) * 32)
        record = record_id(LogId(LOG_ID), commitment)
        before = states.get(record, NOTHING)
        act = Act(
            log=LogId(LOG_ID),
            commitment=commitment,
            action=action,
            expected_version=before.word.version,
            basis=1,
            doc=Digest(b"\x0d" * 32),
            effective_at=TIME - 1000,
        )
        acted = RecordedAct(
            act=act,
            member=code_word(Code("110000")),
            signed_by=KEY,
            recorded_at=TIME + count,
            block=count,
        )
        states[record] = next_state(before, acted)
        head = keccak256(head + record + states[record].history)
        events.append(
            Acted(
                entry=entry_at(count),
                record_id=record,
                count=count,
                member=Code("110000"),
                act=act,
                signed_by=KEY,
                version=states[record].word.version,
                prev_block=before.word.block,
                head=head,
            )
        )
    return events, states, head


steps = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 11)), min_size=1, max_size=20)


@given(steps)
def test_as_the_twin_folds(steps: list[tuple[int, int]]) -> None:
    events, states, head = history(steps)
    fold = Fold(0, ZERO)
    for event in events:
        fold.take(event, TIME + event.entry.block)
    assert (fold.count, fold.head, fold.states) == (len(events), head, states)


@given(steps, st.data())
def test_one_that_is_missing_is_noticed(steps: list[tuple[int, int]], data: st.DataObject) -> None:
    """Wherever another comes behind it."""
    events, _, head = history([*steps, (0, 1)])
    gone = data.draw(st.integers(0, len(events) - 1))
    fold = Fold(0, ZERO)
    try:
        for event in (*events[:gone], *events[gone + 1 :]):
            fold.take(event, TIME + event.entry.block)
    except ActsUnclear:
        assert fold.count == gone
    else:
        assert gone == len(events) - 1 and fold.head != head


CHANGES: list[dict[str, Any]] = [
    {"count": 3},
    {"count": 1},
    {"version": 1},
    {"version": 3},
    {"prev_block": 0},
    {"head": Digest(b"\x01" * 32)},
    {"record_id": RecordId(Digest(b"\x02" * 32))},
    {"member": Code("120000")},
    {"signed_by": KeyId(Digest(b"\x03" * 32))},
]


@pytest.mark.parametrize("change", CHANGES)
def test_what_does_not_fit_changes_nothing(change: dict[str, Any]) -> None:
    (first, second), states, _ = history([(1, 1), (1, 3)])
    fold = Fold(0, ZERO)
    fold.take(first, TIME + 1)
    before = copy.deepcopy(fold)
    with pytest.raises(ActsUnclear):
        fold.take(replace(second, **change), TIME + 2)
    assert fold == before
    with pytest.raises(ActsUnclear):
        fold.take(second, TIME + 3)  # another time than that of its block
    fold.take(second, TIME + 2)
    assert fold.states == states


def test_a_kind_that_nobody_knows() -> None:
    ((event), *_), _, _ = history([(1, 1)])
    unknown = replace(event, act=replace(event.act, action=99))
    with pytest.raises(ActsUnclear, match="unknown kind"):
        Fold(0, ZERO).take(unknown, TIME + 1)


def test_a_block_is_read_twice_and_no_other() -> None:
    events, _, head = history([(1, 1), (2, 1), (3, 1)])
    at = Position(block=2, block_hash=b"x", count=2, head=head)
    assert [event.count for event in unread(events[1:], at)] == [3]
    with pytest.raises(ActsUnclear):
        list(unread(events, at))


@given(st.sampled_from(Outcome), st.integers(0, 127))
def test_what_closes(outcome: Outcome, flags: int) -> None:
    state = replace(NOTHING, word=replace(NOTHING.word, flags=Flag(flags & 0x77), outcome=outcome))
    assert closes(state) is bool(outcome or flags & 2 or flags & 4)
