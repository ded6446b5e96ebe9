"""Sixteen tries within three days, whatever the jitter."""

import random

import pytest

from gateway.webhooks.schedule import (
    DAY,
    LIFE,
    LONGEST_ASKED,
    PATIENCE,
    PAUSES,
    TRIES,
    Schedule,
    is_over,
)


@pytest.mark.parametrize("drawn", [0.0, 0.5, 0.999999])
def test_all_tries_lie_within_three_days(drawn: float) -> None:
    pauses = [Schedule(lambda: drawn).pause_after(n) for n in range(1, TRIES)]
    assert TRIES == 16 and len(pauses) == 15
    assert pauses == sorted(pauses) and pauses[0] < pauses[-1], "they grow"
    assert 2 * DAY < sum(pauses) < LIFE == 3 * DAY


def test_drawn_by_its_own_source() -> None:
    """The same seed gives the same pauses, another gives others."""
    first, same, other = (random.Random(seed).random for seed in (1, 1, 2))
    pauses = [[Schedule(of).pause_after(n) for n in range(1, TRIES)] for of in (first, same, other)]
    assert pauses[0] == pauses[1] != pauses[2]
    for base, drawn in zip(PAUSES, pauses[0], strict=True):
        assert 0.8 * base <= drawn <= 1.2 * base


def test_as_late_as_the_receiver_asks_within_bounds() -> None:
    schedule = Schedule(lambda: 0.5)
    assert schedule.pause_after(1) == 5
    assert schedule.pause_after(1, asked=60.0) == 60
    assert schedule.pause_after(1, asked=0.5) == 5, "never sooner"
    assert schedule.pause_after(1, asked=10.0 * DAY) == LONGEST_ASKED
    assert schedule.pause_after(10**6) == PAUSES[-1]


def test_given_up_by_tries_or_by_age() -> None:
    assert not is_over(TRIES - 1, 0, LIFE - 1)
    assert is_over(TRIES, 0, 1)
    assert is_over(1, 0, LIFE)
    assert PATIENCE > LIFE, "a receiver that is down loses no event before it is told of"
