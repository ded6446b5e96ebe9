"""What acts mean to a verifier: adverse at once, favourable once final, thieves believed in nothing
that eases."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ledger.core.ids import Digest, KeyId, LogId
from ledger.core.status import (
    NOTHING,
    ZERO,
    Act,
    Action,
    Flag,
    Outcome,
    RecordedAct,
    next_state,
    refusal,
)
from ledger.core.verdict.acts import Belief, believed, status_facts, status_of, worse_status
from ledger.core.verdict.facts import Compromise, KeyFact, Later, Status
from ledger.core.verdict.verdicts import PRECEDENCE
from tests.core.material import fuzz

LOG, COMMITMENT, DOC = (bytes([n]) * 32 for n in (1, 2, 3))
MEMBER = b"120000".ljust(32, b"\0")
KEY, STOLEN, PROPOSAL = (KeyId(bytes([n]) * 32) for n in (4, 5, 6))
HOUR = 3600


def recorded(action: int, block: int, *, key: KeyId = KEY, other: bytes = ZERO) -> RecordedAct:
    """An act in a block; blocks come hourly. By vote where the key is a proposal."""
    act = Act(
        log=LogId(LOG),
        commitment=Digest(COMMITMENT),
        action=action,
        expected_version=0,
        basis=5,
        doc=Digest(DOC),
        effective_at=(block - 24) * HOUR,
        other_log=LogId(other),
        other_commitment=Digest(other),
    )
    member = ZERO if key in (PROPOSAL, ZERO) else MEMBER
    return RecordedAct(act=act, member=member, signed_by=key, recorded_at=block * HOUR, block=block)


def doubtful(acted: RecordedAct) -> bool:
    return acted.signed_by == STOLEN


def trusting(_: int | None) -> list[Callable[[RecordedAct], bool]]:
    return [lambda _: False]


@pytest.mark.parametrize("end", [None, 5 * HOUR])
def test_without_an_act_there_is_nothing_to_work_out(end: int | None) -> None:
    """What is said at once is what is worked out."""
    slow = status_of((), final=100, doubtful=doubtful)
    found = status_facts(iter([(), ()]), final=100, end=end, doubts=trusting)
    assert (found.now, found.as_of, found.later) == (slow, slow, ())
    acted = status_facts([(), (recorded(Action.DISPUTE, 3),)], final=100, end=end, doubts=trusting)
    assert acted.now.flags == ("DISPUTED",)


def told(*acts: RecordedAct, final: int = 100) -> tuple[str, str]:
    """Flags and outcome."""
    found = status_of(acts, final=final, doubtful=doubtful)
    assert found.version == len(acts)
    return " ".join(found.flags), found.outcome


D, S, SH, L, RP, RS, C, W, E, EN, AN, U = (int(action) for action in Action)


def test_what_honest_keys_made_of_a_record() -> None:
    """A thief's act changes nothing; whether it still stands in doubt is told beside."""
    honest, thief = recorded(W, 1), recorded(RS, 2, key=STOLEN)
    assert believed([], doubtful) == Belief(Flag(0), Outcome.NONE, in_doubt=False)
    assert believed([honest], doubtful) == Belief(Flag(0), Outcome.WITHDRAWN, in_doubt=False)
    assert believed([honest, thief], doubtful) == Belief(Flag(0), Outcome.WITHDRAWN, in_doubt=True)
    undone = recorded(U, 3, key=KeyId(ZERO))
    assert believed([honest, thief, undone], doubtful) == Belief(
        Flag.DISPUTED, Outcome.WITHDRAWN, in_doubt=False
    )


@pytest.mark.parametrize(
    ("acts", "final", "wanted"),
    [
        ([], 9, ("", "NONE")),
        ([(D, 5)], 9, ("DISPUTED", "NONE")),
        ([(D, 5)], 0, ("DISPUTED", "NONE")),  # adverse at once
        ([(D, 5), (S, 6)], 9, ("", "NONE")),
        ([(D, 5), (S, 6)], 5, ("DISPUTED", "NONE")),  # favourable once final
        ([(D, 5), (S, 6)], 6, ("", "NONE")),
        ([(D, 5), (S, 6)], 4, ("DISPUTED", "NONE")),  # on its way there and back
        ([(D, 5), (S, 5)], 4, ("DISPUTED", "NONE")),  # in one block
        ([(SH, 5), (D, 6), (L, 7)], 6, ("DISPUTED SHIELDED", "NONE")),
        ([(SH, 5), (D, 6), (L, 7)], 7, ("DISPUTED", "NONE")),
        ([(RP, 5)], 0, ("", "REPAIRED")),
        ([(RP, 5), (RS, 6)], 5, ("", "REPAIRED")),  # stays until the act that took it back is
        ([(RP, 5), (RS, 6)], 6, ("", "NONE")),
        ([(RP, 5), (W, 6)], 5, ("", "WITHDRAWN")),
        ([(W, 5), (RS, 6), (RP, 7)], 5, ("", "WITHDRAWN")),
        ([(W, 5), (RS, 6), (RP, 7)], 6, ("", "REPAIRED")),
        ([(EN, 5), (E, 6)], 9, ("ERASED", "ENDED")),
        ([(SH, 4), (W, 5), (AN, 6)], 9, ("DISPUTED", "NONE")),
        ([(SH, 4), (W, 5), (AN, 6)], 5, ("DISPUTED SHIELDED", "WITHDRAWN")),
    ],
)
def test_what_is_final_and_what_is_not(
    acts: list[tuple[int, int]], final: int, wanted: tuple[str, str]
) -> None:
    assert told(*(recorded(*one) for one in acts), final=final) == wanted


@pytest.mark.parametrize(
    ("acts", "wanted"),
    [
        ([(W, STOLEN)], ("DISPUTED", "NONE")),  # names no outcome
        ([(RP, KEY), (RS, STOLEN)], ("DISPUTED", "REPAIRED")),  # takes none back
        ([(RP, STOLEN), (RS, KEY)], ("", "NONE")),  # the owner answered for it
        ([(RP, STOLEN), (W, KEY)], ("", "WITHDRAWN")),
        ([(RP, STOLEN), (D, KEY), (S, KEY)], ("DISPUTED", "NONE")),  # for something else
        ([(D, KEY), (S, STOLEN)], ("DISPUTED", "NONE")),
        ([(D, KEY), (S, STOLEN), (D, KEY), (S, KEY)], ("", "NONE")),
        ([(D, STOLEN)], ("DISPUTED", "NONE")),
        ([(D, STOLEN), (S, KEY)], ("", "NONE")),
        ([(SH, STOLEN)], ("DISPUTED", "NONE")),  # nor a flag
        ([(SH, KEY), (L, STOLEN)], ("DISPUTED SHIELDED", "NONE")),
        ([(SH, STOLEN), (L, KEY)], ("", "NONE")),
        ([(E, STOLEN)], ("DISPUTED", "NONE")),
        ([(E, STOLEN), (D, KEY), (S, KEY)], ("DISPUTED", "NONE")),
        ([(E, STOLEN), (W, STOLEN), (U, ZERO), (S, KEY)], ("", "NONE")),  # undone
        ([(SH, PROPOSAL), (W, STOLEN), (U, ZERO)], ("DISPUTED SHIELDED", "NONE")),
        ([(RP, PROPOSAL), (E, STOLEN), (U, ZERO), (S, KEY)], ("", "REPAIRED")),
        ([(W, STOLEN), (AN, PROPOSAL), (S, KEY)], ("", "NONE")),
        ([(C, STOLEN)], ("DISPUTED", "NONE")),
        # Undoing takes back nothing that an honest key did.
        ([(E, KEY), (D, STOLEN), (U, ZERO)], ("DISPUTED ERASED", "NONE")),
        ([(SH, KEY), (D, STOLEN), (U, ZERO), (S, KEY)], ("SHIELDED", "NONE")),
        ([(W, KEY), (D, STOLEN), (U, ZERO)], ("DISPUTED", "WITHDRAWN")),
        ([(EN, KEY), (D, STOLEN), (U, ZERO), (S, KEY)], ("", "ENDED")),
    ],
)
def test_thieves(acts: list[tuple[int, KeyId]], wanted: tuple[str, str]) -> None:
    found = [recorded(action, number + 5, key=key) for number, (action, key) in enumerate(acts)]
    assert told(*found) == wanted


def test_which_record_corrects_it() -> None:
    corrects = recorded(C, 5, other=LOG)
    assert status_of([corrects], final=9, doubtful=doubtful).corrected_by == corrects.act.other
    by_thief = recorded(C, 5, key=STOLEN, other=LOG)
    assert status_of([by_thief], final=9, doubtful=doubtful).corrected_by is None
    annulled = [corrects, recorded(AN, 6, key=PROPOSAL)]
    assert status_of(annulled, final=9, doubtful=doubtful).corrected_by is None
    still = status_of(annulled, final=5, doubtful=doubtful)
    assert (still.outcome, still.corrected_by) == ("CORRECTED", corrects.act.other)
    withdrawn = [recorded(RP, 5), recorded(W, 6)]
    assert status_of(withdrawn, final=0, doubtful=doubtful).corrected_by is None


def test_as_of_a_day_and_what_came_later() -> None:
    acts = [recorded(D, 30), recorded(S, 40), recorded(RP, 50), recorded(SH, 90)]
    found = status_facts([acts], final=100, end=45 * HOUR, doubts=trusting)
    assert found.as_of == Status(version=2)
    assert found.now == Status(flags=("SHIELDED",), outcome="REPAIRED", version=4)
    # Recorded later; of these only the repair took effect before that day ended.
    assert found.later == (Later(fact="repaired", recorded=50 * HOUR, effective=26 * HOUR),)
    asked_now = status_facts([acts], final=100, end=None, doubts=trusting)
    assert asked_now.now == asked_now.as_of == found.now
    assert asked_now.later == ()
    on_the_hour = status_facts([acts], final=100, end=30 * HOUR, doubts=trusting)
    assert on_the_hour.as_of == Status()  # recorded before the end, not at it


def test_what_was_known_of_a_thief_by_then() -> None:
    acts = [recorded(RP, 30, key=STOLEN)]

    def known(end: int | None) -> list[Callable[[RecordedAct], bool]]:
        return [doubtful if end is None or end > 60 * HOUR else lambda _: False]

    found = status_facts([acts], final=100, end=45 * HOUR, doubts=known)
    assert (found.as_of.outcome, found.now.flags) == ("REPAIRED", ("DISPUTED",))
    assert status_facts([acts], final=9, end=61 * HOUR, doubts=known).as_of.outcome == "NONE"


def test_a_thief_that_is_not_known_for_good_eases_nothing() -> None:
    """Known at the head it is disputed at once, but the outcome stays."""
    acts = [recorded(W, 30, key=STOLEN)]
    found = status_facts([acts], final=9, end=None, doubts=lambda _: [doubtful, lambda _: False])
    assert (found.now.flags, found.now.outcome) == (("DISPUTED",), "WITHDRAWN")
    assert status_facts([acts], final=9, end=None, doubts=lambda _: []).now == Status()


def test_what_is_known_of_a_key_for_good() -> None:
    def key(*said: Compromise) -> KeyFact:
        return KeyFact(
            key_id=STOLEN,
            member="120000",
            purpose=10,
            alg=1,
            public_key=bytes(64),
            not_before=0,
            not_after=9,
            compromises=said,
        )

    assert key().stolen_finally() is None
    told, taken_back = Compromise(5, 50), Compromise(0, 60)
    assert key(told).stolen_finally() == 5
    assert key(told, taken_back).stolen_finally() is None
    assert key(told, taken_back).stolen_finally(60) == 5  # as of before it was taken back
    assert key(told).stolen_finally(50) is None
    assert key(Compromise(5, 50, final=False)).stolen_finally() is None
    assert key(told, Compromise(3, 60, final=False)).stolen_finally() == 5


def test_the_record_that_it_replaces_counts_too() -> None:
    own, first = [recorded(D, 5)], [recorded(C, 6, other=LOG)]
    found = status_facts([own, first], final=9, end=None, doubts=trusting).now
    assert found == Status(
        flags=("DISPUTED",), outcome="CORRECTED", version=1, corrected_by=first[0].act.other
    )
    turned = status_facts([first, own], final=9, end=None, doubts=trusting).now
    assert turned == found
    assert status_facts([], final=9, end=None, doubts=trusting).now == Status()
    assert status_facts([[], []], final=9, end=None, doubts=trusting).now == Status()


# ---- properties


def _histories() -> st.SearchStrategy[list[RecordedAct]]:
    """Acts as the contract would take them."""

    def build(choices: Sequence[tuple[int, int, bool, int]]) -> list[RecordedAct]:
        state, found, block = NOTHING, [], 30
        for action, key, by_vote, step in choices:
            signer = PROPOSAL if by_vote else (KEY, STOLEN)[key]
            one = recorded(action, block, key=signer, other=LOG if action == C else ZERO)
            version = state.word.version
            checked = Act(
                **{
                    **{name: getattr(one.act, name) for name in Act.__slots__},
                    "expected_version": version,
                }
            )
            if refusal(state, checked, by_vote=by_vote) is None:
                state = next_state(state, one)
                found.append(one)
                block += step
        return found

    choice = st.tuples(st.integers(1, 11), st.integers(0, 1), st.booleans(), st.integers(0, 2))
    return st.lists(choice, max_size=14).map(build)


def badness(status: Status) -> tuple[set[str], int]:
    name = status.outcome.lower()
    return set(status.flags), PRECEDENCE.index(name) if name in PRECEDENCE else len(PRECEDENCE)


@fuzz
@given(_histories(), st.integers(30, 50), st.integers(30, 50))
def test_an_older_final_block_never_eases(acts: list[RecordedAct], one: int, other: int) -> None:
    early, late = sorted((one, other))
    flags, rank = badness(status_of(acts, final=early, doubtful=doubtful))
    later_flags, later_rank = badness(status_of(acts, final=late, doubtful=doubtful))
    assert flags >= later_flags
    assert rank <= later_rank


@fuzz
@given(_histories())
def test_without_thieves_and_final_it_is_what_the_contract_says(acts: list[RecordedAct]) -> None:
    state = NOTHING
    for one in acts:
        state = next_state(state, one)
    found = status_of(acts, final=100, doubtful=lambda _: False)
    shown = {name for name in ("DISPUTED", "SHIELDED", "ERASED") if Flag[name] in state.word.flags}
    assert (set(found.flags), found.outcome) == (shown, state.word.outcome.name)


@fuzz
@given(_histories())
def test_a_thief_never_ends_what_stood_before_him(acts: list[RecordedAct]) -> None:
    """Up to the first act in doubt and with it, nothing is better than before it."""
    assume(any(map(doubtful, acts)))
    first = next(at for at, one in enumerate(acts) if doubtful(one))
    before = status_of(acts[:first], final=100, doubtful=doubtful)
    behind = status_of(acts[: first + 1], final=100, doubtful=doubtful)
    assert set(behind.flags) >= {*before.flags, "DISPUTED"}
    assert behind.outcome == before.outcome


@fuzz
@given(_histories(), _histories())
def test_the_worse_of_two(one: list[RecordedAct], other: list[RecordedAct]) -> None:
    a, b = (status_of(acts, final=100, doubtful=doubtful) for acts in (one, other))
    flags, rank = badness(worse_status(a, b))
    assert flags == badness(a)[0] | badness(b)[0]
    assert rank == min(badness(a)[1], badness(b)[1])
