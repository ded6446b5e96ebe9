"""What a hostile reader proved (review 0005), mended."""

import pytest

from ledger.core.status import (
    NOTHING,
    Action,
    refusal,
)
from tests.core.test_verdict_acts import recorded

D, S, SH, L, RP, RS, C, W, E, EN, AN, U = (int(action) for action in Action)


@pytest.mark.parametrize("by_vote", [False, True])
def test_the_twin_refuses_act_12_as_the_contract_does(by_vote: bool) -> None:
    """Nobody can send it: CaseRegistry_ActionInvalid, by vote too."""
    assert refusal(NOTHING, recorded(U, 5).act, by_vote=by_vote) is not None
