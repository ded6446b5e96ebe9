"""Acts, statuses and long lists of a report, on the disk, beside plain lists and dictionaries."""

import gc
import threading
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.audit.act_table import Acts, States
from ledger.audit.done import Done
from ledger.audit.rows import Rows, pieces, plain
from ledger.chain.contracts.structs import Code
from ledger.core import canonical
from ledger.core.ids import Address, Digest, KeyId, LogId, RecordId
from ledger.core.status import Act, Flag, Outcome, RecordedAct, State, Word

LOGS = [LogId(bytes([n]) * 32) for n in (1, 2)]
COMMITMENTS = [Digest(bytes([n]) * 32) for n in range(5)]
U64, U32 = st.integers(0, 2**64 - 1), st.integers(0, 2**32 - 1)
WORD = st.binary(min_size=32, max_size=32)


@st.composite
def done(draw: st.DrawFn) -> Done:
    act = Act(
        log=draw(st.sampled_from(LOGS)),
        commitment=draw(st.sampled_from(COMMITMENTS)),
        action=draw(st.integers(0, 255)),
        expected_version=draw(U32),
        basis=draw(st.integers(0, 2**16 - 1)),
        doc=Digest(draw(WORD)),
        effective_at=draw(U64),
        other_log=LogId(Digest(draw(WORD))),
        other_commitment=Digest(draw(WORD)),
        refiled_from=draw(U64),
    )
    acted = RecordedAct(
        act=act,
        member=draw(WORD),
        signed_by=KeyId(draw(WORD)),
        recorded_at=draw(st.integers(0, 2**63)),
        block=draw(st.integers(0, 2**63)),
    )
    return Done(
        place=(draw(st.integers(0, 2**63)), draw(U32)),
        count=draw(U64),
        head=Digest(draw(WORD)),
        version=draw(U32),
        member=Code(draw(st.sampled_from(["", "110000", "demo-bank"]))),
        acted=acted,
        tx="0x" + draw(WORD).hex(),
        contract=Address("0x" + "ab" * 20),
    )


@given(st.lists(done(), max_size=12))
@settings(max_examples=100, deadline=None)
def test_acts_are_those_of_a_dictionary(made: list[Done]) -> None:
    acts, twin = Acts(), dict[RecordId, list[Done]]()
    for one in made:
        acts.add(one)
        twin.setdefault(one.acted.act.record, []).append(one)
    assert len(acts) == len(made)
    assert list(acts.in_order()) == made
    assert list(acts.items()) == list(twin.items())
    assert list(acts.values()) == list(twin.values())
    assert list(acts.ascending()) == sorted(twin.items(), key=lambda item: item[0])
    for log in LOGS:
        for commitment in COMMITMENTS:
            record = Act(**_values(log, commitment)).record
            assert acts.get(record, []) == twin.get(record, [])
            assert acts.last(record) == twin.get(record, [None])[-1]


def _values(log: LogId, commitment: Digest) -> dict[str, Any]:
    values = {"action": 1, "expected_version": 0, "basis": 1, "doc": commitment}
    return {"log": log, "commitment": commitment, "effective_at": 0, **values}


@given(st.lists(done(), min_size=1, max_size=12), st.integers(0, 2**63 - 2))
@settings(max_examples=100, deadline=None)
def test_the_first_act_from_a_count_on(made: list[Done], count: int) -> None:
    """Beyond what a column holds, counts of contracts that are not ours are all alike."""
    acts = Acts()
    for one in made:
        acts.add(one)
    fit = [one for one in made if one.count >= count]
    least = min(fit, key=lambda one: min(one.count, 2**63 - 1), default=None)
    assert acts.first_from(count) == least


STATE = st.builds(
    State,
    word=st.builds(
        Word,
        flags=st.sampled_from([Flag(0), Flag.DISPUTED, Flag.SHIELDED | Flag.ERASED]),
        outcome=st.sampled_from(list(Outcome)),
        version=U32,
        recorded_at=U64,
        effective_at=U64,
        block=U64,
    ),
    history=WORD.map(Digest),
    other=WORD.map(lambda data: RecordId(Digest(data))),
)


@given(st.lists(st.tuples(st.sampled_from(COMMITMENTS), STATE), max_size=12))
@settings(max_examples=100, deadline=None)
def test_statuses_are_those_of_a_dictionary(made: list[tuple[Digest, State]]) -> None:
    states, twin = States(), dict[bytes, State]()
    for record, state in made:
        states[record] = state
        twin[record] = state
    before = states.copy()
    assert (list(states), list(states.values())) == (list(twin), list(twin.values()))
    for record in COMMITMENTS:
        assert states.get(record) == twin.get(record)
        states[record] = State()
    assert (list(before), list(before.values())) == (list(twin), list(twin.values()))


TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
ITEM = st.dictionaries(st.text(st.characters(codec="ascii"), max_size=5), st.integers(0, 99) | TEXT)


@given(
    st.dictionaries(st.sampled_from("abcdé"[:4]), ITEM | st.lists(ITEM) | TEXT),
    st.lists(ITEM, max_size=5),
    st.lists(ITEM, max_size=5),
)
@settings(deadline=None)
def test_a_report_with_long_lists_has_the_bytes_of_one_without(
    told: dict[str, Any], first: list[dict[str, Any]], second: list[dict[str, Any]]
) -> None:
    rows = []
    for items in (first, second):
        made = Rows()
        for item in items:
            made.append(item)
        rows.append(made)
    report: dict[str, Any] = told | {"cases": rows[0], "status": {"records": rows[1], "count": 3}}
    expected = told | {"cases": first, "status": {"records": second, "count": 3}}
    assert plain(report) == expected
    assert b"".join(pieces(report)) == canonical.encode(expected)
    assert (len(rows[0]), list(rows[0]), rows[0][1:3]) == (len(first), first, first[1:3])


def test_a_long_list_waits_in_a_file_and_goes_with_it() -> None:
    rows = Rows()
    for number in range(20_000):
        rows.append({"number": number, "text": "x" * 100})
    assert rows[19_999]["number"] == rows[-1]["number"] == 19_999
    rows.append({"number": 20_000})
    assert [row["number"] for row in rows] == list(range(20_001))
    file = rows._file
    del rows
    gc.collect()
    assert file.closed


def test_another_thread_may_throw_them_away() -> None:
    acts, states = Acts(), States()
    assert (list(acts.values()), list(states.values())) == ([], [])
    held = [acts, states]
    del acts, states
    thread = threading.Thread(target=held.clear)
    thread.start()
    thread.join()
    gc.collect()
    assert held == []
