"""Lines that anybody can append to a checkpoint: they take away `valid`, and hide nothing."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from ledger.core import note
from ledger.core.canonical import b64_encode
from ledger.core.ids import Digest
from ledger.core.verdict.facts import Status, StatusFacts
from ledger.core.verdict.verdicts import EXITS
from tests.core.admission_cases import CASES as ADMISSION
from tests.core.admission_cases import WITNESS, cosigned
from tests.core.test_verdict import CASES
from tests.core.verdicts import World, make_world

STRANGER = f"— example.com/w {b64_encode(bytes(76))}\n"
ABOUT_LINES = {"witness-not-verified", "witnesses-too-few", "version-unknown"}


def appended(world: World) -> World:
    """With a line of a type of later days between two of a witness that nobody registered."""
    head = world.receipt.checkpoint
    junk = tuple(
        note.Cosignature(member=WITNESS, key_hash=bytes([n] * 4), time=n, signature=bytes(64))
        for n in (1, 2)
    )
    lines = (*head.witnesses, *junk)
    place = len(head.witnesses) + 1
    return world.resent(checkpoint=replace(head, witnesses=lines, unknown=((place, STRANGER),)))


def signed_otherwise(world: World) -> World:
    """The owner's signature replaced by one of a later type."""
    return world.resent(checkpoint=replace(world.receipt.checkpoint, signature=bytes(2420)))


def withdrawn(world: World) -> World:
    return world.with_facts(status=StatusFacts(now=Status(outcome="WITHDRAWN", version=1)))


@pytest.mark.parametrize("bend", [appended, signed_otherwise])
def test_a_line_takes_valid_away_and_hides_nothing(bend: Callable[[World], World]) -> None:
    found = bend(make_world()).verdict()
    assert (found.verdict, found.exit, found.standing.authentic) == ("undetermined", 4, None)
    codes = {check.code for check in found.standing.checks if check.verdict}
    assert "version-unknown" in codes <= ABOUT_LINES
    assert bend(withdrawn(make_world())).verdict().verdict == "withdrawn"
    unanchored = bend(make_world().with_facts(root=None)).verdict()
    assert unanchored.verdict == "not-anchored"
    path = (Digest(bytes(32)), *make_world().receipt.path)
    assert bend(make_world().resent(path=path)).verdict().verdict == "proof-mismatch"


@pytest.mark.parametrize("name", CASES)
def test_nothing_that_speaks_against_a_record_is_hidden(name: str) -> None:
    verdict, _, code, bend = CASES[name]
    found = appended(bend(make_world())).verdict()
    if EXITS[verdict] == 4:
        assert found.exit in (4, 3 if name in ADMISSION else 4)
    else:
        assert (found.verdict, found.exit) == (verdict, EXITS[verdict])
        assert code in {check.code for check in found.standing.checks}


def test_a_line_cut_off_hides_nothing_either() -> None:
    assert withdrawn(cosigned()).asking(witnesses=2).verdict().verdict == "withdrawn"
    assert cosigned().asking(witnesses=2).verdict().exit == 4
