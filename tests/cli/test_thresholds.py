"""The threshold that is proposed first, where the present one would not fit."""

import pytest

from ledger.cli.thresholds import nearest_threshold


@pytest.mark.parametrize(
    ("present", "before", "after", "wanted"),
    [
        (31, 31, 30, 30),  # unanimity stays unanimity
        (4, 4, 3, 3),
        (3, 3, 2, 2),
        (3, 4, 6, 4),
        (2, 3, 4, 3),
        (16, 31, 32, 17),
        (1, 1, 2, None),
        (2, 2, 1, None),
    ],
)
def test_the_nearest_that_fits(present: int, before: int, after: int, wanted: int | None) -> None:
    assert nearest_threshold(present, before, after) == wanted


def test_it_fits_before_and_after() -> None:
    for before in range(1, 40):
        for after in (before - 1, before + 1):
            fitting = [
                t for t in range(1, 41) if t <= before < 2 * t and t <= after < 2 * t and after
            ]
            for present in range(before // 2 + 1, before + 1):
                found = nearest_threshold(present, before, after)
                assert (found is None) is (not fitting)
                if found is not None:
                    assert abs(found - present) == min(abs(t - present) for t in fitting)
                    assert found in fitting
