"""Cases: what may follow on what, and whose step counts where two stand at one place."""

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import case
from ledger.core.case_chain import (
    ACTIONS,
    FIRST,
    OPEN,
    Case,
    CaseBroken,
    CaseState,
    Kind,
    chain_of,
    first_of,
    fold,
    may_follow,
)
from ledger.core.entry import parse_entry
from ledger.core.errors import Malformed
from ledger.core.ids import Digest, LogId, RecordId, record_id
from ledger.core.statement import Statement
from tests.core.material import ROOT, fuzz
from tests.core.statements import statement, step

OWNER, FILER = "120000", "130000"
NATIONAL = 4


def said(act: str, before: Statement | None = None, **changes: Any) -> Statement:
    """A step behind another one, by whoever takes it."""
    iss = changes.pop("iss", FILER if act in case.ACTS_OF_FILER else OWNER)
    at = changes.pop("at", 1_800_000_000)
    number = 1 if before is None else before.step().step + 1
    values = {
        "act": act,
        "step": number,
        "prev": None if before is None else before.commitment,
        "basis": NATIONAL,
        "note": str(changes.pop("note", "")),
        **changes,
    }
    return statement(iss=iss, at=at, members=step(**values).members())


def steps(*acts: str) -> list[Statement]:
    """A chain of these acts."""
    found: list[Statement] = []
    for act in acts:
        found.append(said(act, found[-1] if found else None))
    return found


def folded(*acts: str) -> Case:
    return fold(steps(*acts), owner=OWNER)


# ---- what follows on what: the whole table, written out

REACHED: dict[tuple[Kind, CaseState], tuple[str, ...]] = {
    (Kind.REPAIR, CaseState.FILED): ("file-repair",),
    (Kind.REPAIR, CaseState.ACCEPTED): ("file-repair", "accept"),
    (Kind.REPAIR, CaseState.AWAITING_SUPPLEMENT): ("file-repair", "accept", "ask-supplement"),
    (Kind.REPAIR, CaseState.DECLINED): ("file-repair", "decline"),
    (Kind.REPAIR, CaseState.GRANTED): ("file-repair", "accept", "grant"),
    (Kind.REPAIR, CaseState.REFUSED): ("file-repair", "accept", "refuse"),
    (Kind.REPAIR, CaseState.WITHDRAWN): ("file-repair", "withdraw-filing"),
    (Kind.OBJECTION, CaseState.FILED): ("file-objection",),
    (Kind.OBJECTION, CaseState.ACCEPTED): ("file-objection", "accept"),
    (Kind.OBJECTION, CaseState.AWAITING_SUPPLEMENT): ("file-objection", "ask-supplement"),
    (Kind.OBJECTION, CaseState.DECLINED): ("file-objection", "decline"),
    (Kind.OBJECTION, CaseState.UPHELD): ("file-objection", "uphold"),
    (Kind.OBJECTION, CaseState.DISMISSED): ("file-objection", "accept", "dismiss"),
    (Kind.OBJECTION, CaseState.UNCONFIRMED): ("file-objection", "accept", "unconfirmed"),
    (Kind.OBJECTION, CaseState.WITHDRAWN): ("file-objection", "accept", "withdraw-filing"),
    (Kind.OWN, CaseState.DECIDED): ("shield",),
}
FOLLOWS = {
    "filed": "accept decline ask-supplement withdraw-filing national-result",
    "accepted": "ask-supplement withdraw-filing national-result",
    "awaiting-supplement": "supplement decline withdraw-filing national-result",
}
DECIDES = {
    ("repair", "accepted"): "grant refuse",
    ("objection", "filed"): "uphold dismiss unconfirmed",
    ("objection", "accepted"): "uphold dismiss unconfirmed",
    ("objection", "awaiting-supplement"): "unconfirmed",
}


@pytest.mark.parametrize(("kind", "state"), REACHED)
def test_every_step_on_every_state(kind: Kind, state: CaseState) -> None:
    before = steps(*REACHED[kind, state])
    stands = fold(before, owner=OWNER)
    assert (stands.kind, stands.state) == (kind, state)
    assert stands.is_open is (state in OPEN)
    allowed = set(FOLLOWS.get(state, "").split()) | set(DECIDES.get((kind, state), "").split())
    for act in case.ACTS:
        behind = [*before, said(act, before[-1], iss=stands.author(act))]
        assert (may_follow(stands, act) is not None) is (act in allowed), act
        if act in allowed:
            assert fold(behind, owner=OWNER).state is may_follow(stands, act)
        else:
            with pytest.raises(CaseBroken) as caught:
                fold(behind, owner=OWNER)
            assert (caught.value.code, caught.value.at) == ("cannot-follow", len(behind))


def test_a_supplement_leads_back_to_where_it_was_asked_for() -> None:
    assert folded("file-repair", "ask-supplement", "supplement").state is CaseState.FILED
    accepted = folded("file-repair", "accept", "ask-supplement", "supplement")
    assert (accepted.state, accepted.accepted) == (CaseState.ACCEPTED, True)
    assert folded("file-repair", "accept", "national-result").state is CaseState.ACCEPTED


@pytest.mark.parametrize("act", sorted(case.ACTS))
def test_what_a_case_begins_with(act: str) -> None:
    if act not in FIRST:
        with pytest.raises(CaseBroken, match="not-first"):
            folded(act)
        return
    stands = folded(act)
    assert stands.kind is FIRST[act]
    assert stands.filer == (FILER if stands.kind is not Kind.OWN else OWNER)


def test_every_act_on_the_chain_has_its_steps() -> None:
    """Nothing but SETTLE follows by itself, and ANNUL and ANNUL_STOLEN are no decisions."""
    named = {int(action) for actions in ACTIONS.values() for action in actions}
    assert named == {1, 3, 4, 5, 6, 7, 8, 9, 10}
    assert set(ACTIONS) <= case.ACTS


# ---- what is no case


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("other-case", {"case": b"\7" * 32}),
        ("other-record", {"record": RecordId(b"\7" * 32)}),
        ("out-of-order", {"step": 3}),
        ("out-of-order", {"prev": Digest(b"\7" * 32)}),
        ("not-the-author", {"iss": FILER}),
        ("not-the-author", {"iss": "140000"}),
    ],
)
def test_steps_that_do_not_fit(code: str, changes: dict[str, Any]) -> None:
    first = said("file-repair")
    with pytest.raises(CaseBroken) as caught:
        fold([first, said("accept", first, **changes)], owner=OWNER)
    assert (caught.value.code, caught.value.at) == (code, 2)


def test_beginnings_that_are_none() -> None:
    first = said("file-repair")
    for wrong, code in (
        ([], "empty"),
        ([said("accept", first)], "not-first"),
        ([said("withdraw", iss=FILER)], "not-the-author"),
        ([said("grant", basis=1)], "basis-missing"),
        ([first, first], "out-of-order"),
    ):
        with pytest.raises(CaseBroken) as caught:
            fold(wrong, owner=OWNER)
        assert caught.value.code == code
    with pytest.raises(Malformed):
        fold([statement(sort="query", members={})], owner=OWNER)


def test_the_filer_s_steps_are_the_filer_s() -> None:
    """Not even the owner supplements or withdraws what another filed."""
    first = said("file-repair")
    for act in ("withdraw-filing", "national-result"):
        with pytest.raises(CaseBroken, match="not-the-author"):
            fold([first, said(act, first, iss=OWNER)], owner=OWNER)
    stands = fold([first, said("withdraw-filing", first)], owner=OWNER)
    assert stands.author("supplement") == FILER
    assert stands.author("grant") == OWNER


# ---- two at one place


def test_of_two_steps_the_owner_s_counts() -> None:
    first = said("file-repair")
    accepted = said("accept", first, at=1_900_000_000)
    withdrawn = said("withdraw-filing", first)
    chain, others = chain_of([withdrawn, accepted, first], owner=OWNER)
    assert chain == [first, accepted]
    assert others == {withdrawn.commitment}


def test_of_two_of_one_author_the_older_one_counts() -> None:
    first = said("file-repair")
    one, other = (said("withdraw-filing", first, at=at) for at in (1_800_000_005, 1_800_000_009))
    behind = said("accept", other)
    chain, others = chain_of([behind, other, one, first], owner=OWNER)
    assert chain == [first, one]
    assert others == {other.commitment, behind.commitment}


@fuzz
@given(st.data())
def test_the_order_in_which_they_come_is_nothing(data: st.DataObject) -> None:
    acts = data.draw(st.sampled_from([*REACHED.values()]))
    true = steps(*acts)
    stray = [
        said(data.draw(st.sampled_from(["supplement", "withdraw-filing"])), one, note=str(number))
        for number, one in enumerate(true[:-1])
    ]
    mixed = data.draw(st.permutations([*true, *stray, *true[:1]]))
    chain, others = chain_of(mixed, owner=OWNER)
    again, others_again = chain_of(sorted(mixed, key=lambda one: one.commitment), owner=OWNER)
    assert (chain, others) == (again, others_again)
    assert len(chain) + len(others) == len({one.commitment for one in mixed})
    assert chain[0] == true[0]
    # Where the owner has spoken it is the true chain that goes on.
    for number, one in enumerate(true[1:], start=1):
        if one.iss != OWNER:
            break
        assert chain[number] == one


def test_states_are_those_of_the_interfaces() -> None:
    """Where `case show` is described; `decided` is of the owner's own decisions."""
    text = (ROOT / "docs" / "design" / f"interfaces-{2}.md").read_text("utf-8")
    listed = re.search(r"States: `([a-z -]+)`", text)
    assert listed is not None
    assert set(listed[1].split()) | {"decided"} == set(CaseState)


# ---- a filing is nobody else's to take away


@pytest.mark.parametrize("act", ["grant", "file-repair"])
def test_no_first_step_of_the_owner_displaces_a_filing(act: str) -> None:
    """Whoever owns the record would make what was filed against it vanish."""
    filed = said("file-objection", at=1_900_000_000)
    accepted = said("accept", filed)
    own = said(act, iss=OWNER, at=1_800_000_000)
    chain, others = chain_of([own, accepted, filed], owner=OWNER)
    assert chain == [filed, accepted]
    assert others == {own.commitment}


# ---- steps that were logged again


def relogged(old: Statement) -> Statement:
    """The same in another log, with another commitment."""
    return replace(old, log=LogId(bytes([9]) * 32), salt=bytes([9]) * 32)


def test_a_step_that_was_logged_again_stands_where_it_stood() -> None:
    """What follows names the commitment that it had first."""
    filed = said("file-repair")
    accepted = said("accept", filed)
    granted = said("grant", accepted)
    again = {relogged(one).commitment: one.commitment for one in (filed, accepted)}
    anew = [relogged(filed), relogged(accepted), granted]
    with pytest.raises(CaseBroken):
        fold(anew, owner=OWNER)
    found = fold(anew, owner=OWNER, first=again)
    assert (found.state, found.last) == (CaseState.GRANTED, granted.commitment)
    assert fold(anew[:2], owner=OWNER, first=again).last == accepted.commitment
    chain, others = chain_of([granted, *reversed(anew[:2])], owner=OWNER, first=again)
    assert (chain, others) == (anew, set())


def test_both_of_a_step_that_was_logged_again_are_one() -> None:
    filed = said("file-repair")
    accepted = said("accept", filed)
    again = {relogged(filed).commitment: filed.commitment}
    chain, others = chain_of([relogged(filed), accepted, filed], owner=OWNER, first=again)
    assert chain == [filed, accepted]
    assert others == {relogged(filed).commitment}


def test_which_step_an_entry_replaces() -> None:
    filed = said("file-repair")
    old, other = filed.log, LogId(bytes([7]) * 32)
    entry = parse_entry(relogged(filed).entry(record_id(old, filed.commitment)))
    named = [Digest(bytes(32)), filed.commitment]
    assert first_of(entry, named, [other, old]) == filed.commitment
    assert first_of(entry, named, [other]) is None
    assert first_of(entry, named[:1], [old]) is None
    assert first_of(parse_entry(filed.entry()), named, [old]) is None
