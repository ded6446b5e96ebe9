"""Which faults come follows from the seed, and all of them do."""

from itertools import islice

from scripts.chaos_parts.plan import (
    BEHIND,
    GATEWAYS,
    LONGER,
    LONGEST_MUTE,
    ON_LINES,
    ON_PROCESSES,
    PROCESSES,
    Fault,
    draw,
)

EACH = len(ON_PROCESSES) * len(PROCESSES) + len(GATEWAYS) + len(ON_LINES) * len(BEHIND)


def test_the_same_seed_gives_the_same_faults() -> None:
    first, again, other = (list(islice(draw(seed, 9.0), 50)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_each_comes_before_any_comes_again() -> None:
    """But for one that would befall the same thing as the one beside it."""
    found = [fault for group in islice(draw(3, 9.0), 200) for fault in group]
    combinations = {(one.kind, one.end) for one in found[: EACH + 4]}
    assert len({(one.kind, one.end) for one in found}) == EACH
    assert len(combinations) >= EACH - 4


def test_bounds() -> None:
    for group in islice(draw(4, 9.0), 200):
        assert 1 <= len(group) <= 2
        assert len(group) == 1 or not group[0].meets(group[1])
        for fault in group:
            assert 1 <= fault.seconds <= (LONGEST_MUTE if fault.kind == "mute" else 9 * LONGER)
            assert 0 <= fault.after <= group[0].seconds
            lines = [target for target in fault.targets if "/" in target]
            assert (fault.kind in ON_LINES) == bool(lines)
            assert set(fault.targets) <= {
                *PROCESSES,
                *(f"{g}/{e}" for g in GATEWAYS for e in BEHIND),
            }


def test_names() -> None:
    both = Fault(kind="cut", targets=("gateway-1/chain", "gateway-2/chain"), seconds=1)
    one = Fault(kind="kill", targets=("gateway-2",), seconds=1)
    assert (both.name, one.name) == ("cut chain", "kill gateway")
    assert both.meets(Fault(kind="hold", targets=("gateway-2/chain",), seconds=1))
    assert not both.meets(one)
