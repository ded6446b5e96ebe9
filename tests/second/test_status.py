"""Fold what was done to a record."""

from typing import Any

import pytest

from tests.second.changes import act, after, both, judged, set_key, stolen
from tests.second.making import ANCHORED, HEAD


@pytest.mark.parametrize(
    ("actions", "verdict"),
    [
        ((1,), "disputed"),
        ((1, 2), "valid"),
        ((3,), "shielded"),
        ((3, 4), "valid"),
        ((5,), "repaired"),
        ((5, 6), "valid"),
        ((8,), "withdrawn"),
        ((9, 1, 8), "erased"),
        ((10,), "ended"),
        ((8, 11), "disputed"),
    ],
)
def test_status(actions: tuple[int, ...], verdict: str) -> None:
    """Fold what was done to a record, all of it final."""
    done = [act(6, 0) | {"block": 4 + n, "action": a} for n, a in enumerate(actions)]
    assert judged(change=after(*done))[0] == verdict


def test_favours_count_once_final() -> None:
    """Keep a flag until what takes it back is final."""
    assert judged(change=after(act(5, 1), act(9, 2)))[0] == "valid"
    assert judged(change=after(act(5, 1), act(10, 2)))[0] == "disputed"


def test_acts_in_doubt() -> None:
    """Believe no act of a key that is stolen, and count the record as disputed instead."""
    theft = stolen(0, ANCHORED + 1)
    assert judged(change=both(theft, after(act(5, 8))))[0] == "disputed"
    undone = after(act(5, 8), act(6, 12, "", basis=0))
    assert judged(change=both(theft, undone))[0] == "disputed"
    kept = after(act(5, 5, signedBy="cc" * 32), act(6, 6), act(7, 12, "", basis=0))
    assert judged(change=both(theft, kept))[0] == "repaired"


def test_acts_must_fold_to_the_state() -> None:
    """Conclude nothing where acts do not give the state."""

    def lost(facts: dict[str, Any]) -> None:
        facts["acts"].pop(0)

    def loop(facts: dict[str, Any]) -> None:
        facts["acts"][0]["prevBlock"] = 6

    for broken in (lost, loop):
        change = both(after(act(5, 1), act(6, 2)), broken)
        assert judged(change=change)[0] == "undetermined"


def test_a_theft_that_is_not_final_favours_nobody() -> None:
    """Let a theft that is not final dispute an act, and take nothing away that it restricts."""
    told = stolen(0, ANCHORED + 1, block=10)
    assert judged(change=both(told, after(act(5, 8))))[0] == "withdrawn"
    honest = after(act(5, 3, signedBy="cc" * 32), act(6, 4))
    assert judged(change=both(told, honest))[0] == "shielded"
    assert judged(change=honest)[0] == "valid"


def test_the_state_without_its_event() -> None:
    """Dispute what a key did that is held to be stolen, though nobody sees who said so."""
    missing = set_key(0, compromisedSince=ANCHORED + 1)
    assert judged(change=both(missing, after(act(5, 4))))[0] == "disputed"
    assert judged(change=both(set_key(0, compromisedSince=HEAD), after(act(5, 4))))[0] == "valid"


def test_a_registry_that_does_not_answer() -> None:
    """Conclude nothing where a registry is silent, or knows more than the one after it."""

    def silent(facts: dict[str, Any]) -> None:
        facts["contracts"]["CaseRegistry"][0]["silent"] = True

    def followed(facts: dict[str, Any]) -> None:
        new = {"address": "0x" + "d1" * 20, "since": HEAD - 10}
        facts["contracts"]["CaseRegistry"].append(new)

    def continued(facts: dict[str, Any]) -> None:
        facts["states"].append({**facts["states"][0], "contract": "0x" + "d1" * 20})

    assert judged(change=silent)[0] == "undetermined"
    assert judged(change=both(after(act(5, 1)), followed))[0] == "undetermined"
    assert judged(change=both(after(act(5, 1)), followed, continued))[0] == "disputed"
