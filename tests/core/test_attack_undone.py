"""What a hostile reader proved (review 0005), mended."""

import pytest

from ledger.core.ids import KeyId
from ledger.core.status import (
    ZERO,
    Action,
)
from tests.core.test_verdict_acts import KEY, STOLEN, recorded, told

D, S, SH, L, RP, RS, C, W, E, EN, AN, U = (int(action) for action in Action)


@pytest.mark.parametrize(("honest", "wanted"), [(E, "ERASED"), (SH, "SHIELDED")])
def test_undoing_a_thief_s_dispute_takes_back_no_flag_of_an_honest_key(
    honest: int, wanted: str
) -> None:
    """Whoever stole a CASE key can only DISPUTE; `annulStolen` of that, which anybody may send,
    takes back what an honest DECIDE key did before."""
    before = [recorded(honest, 5, key=KEY), recorded(D, 6, key=STOLEN)]
    assert wanted in told(*before)[0]
    assert wanted in told(*before, recorded(U, 7, key=KeyId(ZERO)))[0]


@pytest.mark.parametrize("honest", [W, C, RP, EN])
def test_undoing_a_thief_s_dispute_takes_back_no_outcome_of_an_honest_key(honest: int) -> None:
    before = [recorded(honest, 5, key=KEY, other=bytes([9]) * 32), recorded(D, 6, key=STOLEN)]
    outcome = told(*before)[1]
    assert outcome != "NONE"
    assert told(*before, recorded(U, 7, key=KeyId(ZERO)))[1] == outcome
