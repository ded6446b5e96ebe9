"""ATTACK: each test here fails, and shows a fault in the status of records."""

import pytest

from ledger.core.status import (
    ANY_VERSION,
    ZERO,
    Action,
    Flag,
    RecordedAct,
    State,
    fold,
    next_state,
    refusal,
)
from tests.core.test_verdict_acts import KEY, PROPOSAL, STOLEN, recorded

D, S, SH, L, RP, RS, C, W, E, EN, AN, U = (int(action) for action in Action)


def test_a_thief_s_erasure_can_be_undone_by_vote() -> None:
    """Decision 40: what stands on a thief's act needs a vote. Here the owner's own DISPUTE, which
    goes out by itself with any objection, stands on the thief's ERASE: `annulStolen` looks at the
    last act only, and no vote clears the flag."""
    state: State = fold([recorded(E, 5, key=STOLEN), recorded(D, 6, key=KEY)])
    for action in Action:
        if action is Action.ANNUL_STOLEN:
            continue  # the last act is the owner's
        acted = recorded(action, 7, key=PROPOSAL)
        act = RecordedAct(
            act=acted.act, member=ZERO, signed_by=PROPOSAL, recorded_at=0, block=7
        ).act
        any_ = type(act)(
            **{name: getattr(act, name) for name in act.__slots__}
            | {"expected_version": ANY_VERSION}
        )
        if refusal(state, any_, by_vote=True) is None:
            if not next_state(state, acted).word.flags & Flag.ERASED:
                return
    pytest.fail("no vote takes back a thief's ERASE")
