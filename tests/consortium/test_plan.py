"""Which faults come follows from the seed, and all of them do."""

from itertools import islice

import pytest

from scripts.consortium_parts.plan import (
    BEACOND,
    CUT,
    DECK,
    GATEWAY,
    GETH,
    KILL,
    PAUSE,
    PROVINCES,
    SHORTEST,
    SITE,
    VALIDATOR,
    Fault,
    draw,
)


def fault(kind: str, what: str, *where: str) -> Fault:
    return Fault(kind=kind, what=what, where=where, seconds=9)


def test_the_same_seed_gives_the_same_faults() -> None:
    first, again, other = (list(islice(draw(seed, 15.0), 30)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_each_comes_before_any_comes_again() -> None:
    found = [(one.kind, one.what, len(one.where)) for one in islice(draw(3, 15.0), len(DECK))]
    assert sorted(found) == sorted(DECK)


def test_bounds() -> None:
    for one in islice(draw(4, 15.0), 100):
        assert SHORTEST <= one.seconds <= 15
        assert set(one.where) <= set(PROVINCES)
        assert len(set(one.where)) == len(one.where)
    assert next(draw(4, 1.0)).seconds == SHORTEST, "shorter would not show whether blocks come"


@pytest.mark.parametrize(
    ("one", "stands"),
    [
        (fault(KILL, GETH, "110000"), False),
        (fault(PAUSE, VALIDATOR, "110000", "120000"), True),
        (fault(KILL, SITE, *PROVINCES), True),
        (fault(CUT, SITE, "110000"), False),
        (fault(CUT, SITE, "110000", "120000"), True),
        (fault(KILL, GATEWAY, *PROVINCES), False),
    ],
)
def test_the_chain_stands_where_two_validators_are_away(one: Fault, *, stands: bool) -> None:
    assert one.stands is stands


def test_a_cut_separates_those_from_the_others_and_nobody_else() -> None:
    cut = fault(CUT, SITE, "110000", "120000")
    assert cut.cuts("110000", "130000")
    assert cut.cuts("140000", "120000")
    assert not cut.cuts("110000", "120000")
    assert not cut.cuts("130000", "140000")
    assert not fault(KILL, SITE, "110000").cuts("110000", "120000")


def test_what_starts_again() -> None:
    assert fault(KILL, SITE, "110000").parts == (GETH, BEACOND, GATEWAY)
    assert fault(PAUSE, VALIDATOR, "110000").parts == (GETH, BEACOND)
    assert fault(KILL, GATEWAY, "110000").parts == (GATEWAY,)
    assert fault(CUT, SITE, "110000").parts == ()


def test_whose_own_node_is_away_while_all_goes_on() -> None:
    assert fault(KILL, GETH, "110000").away == ("110000",)
    assert fault(PAUSE, VALIDATOR, "120000").away == ("120000",)
    assert fault(PAUSE, VALIDATOR, "120000", "110000").away == (), "the chain stands"
    assert fault(KILL, SITE, "110000").away == (), "so is its gateway"
    assert fault(KILL, BEACOND, "110000").away == (), "its geth answers"


def test_names() -> None:
    assert fault(KILL, GETH, "110000").name == "kill one geth"
    assert fault(PAUSE, VALIDATOR, "110000", "140000").name == "pause two validators"
    assert fault(CUT, SITE, "110000").name == "cut off one province"
    assert len({(one.name) for one in islice(draw(3, 15.0), len(DECK))}) == len(DECK)
