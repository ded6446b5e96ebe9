"""Whether an authorisation lets a member ask: each true case beside its flipped ones."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.gateway.authorisations.desk import (
    BANK,
    BEIJING,
    BUREAU,
    OTHER,
    SUBJECT,
    TIANJIN,
    granted,
    judge,
    log_statements,
    opening,
    refusal,
)
from tests.support.peers import Network


@pytest.mark.parametrize("custodian", [BUREAU, BEIJING])
def test_promised_and_anchored(network: Network, custodian: str) -> None:
    held = granted(network, custodian)
    assert held.receipt is None
    found = judge(network, held)
    assert found.commitment == held.statement.commitment
    assert (found.custodian, found.authorisation.subject) == (custodian, SUBJECT)
    log_statements(network[custodian])
    anchored = opening(network[custodian], found.commitment)
    assert anchored.receipt is not None
    assert judge(network, anchored) == found


def test_each_question_that_it_is_not_for(network: Network) -> None:
    held = granted(network, types=("licence", "penalty"), regions=(TIANJIN,))
    on = network[TIANJIN].node.ctx.clock.today()
    judge(network, held)
    judge(network, held, types=("licence",))
    judge(network, held, purpose=None)
    judge(network, held, on=on + timedelta(days=30))
    assert refusal(network, held, asker=BEIJING) == "authorisation-unknown"
    assert refusal(network, held, subject=OTHER) == "authorisation-other-subject"
    assert refusal(network, held, purpose="in-loan") == "authorisation-other-purpose"
    assert refusal(network, held, purpose="regulation") == "authorisation-other-purpose"
    assert refusal(network, held, types=("penalty", "honour")) == "not-granted"
    assert refusal(network, held, types=()) == "not-granted"
    assert refusal(network, held, at=BEIJING) == "not-granted", "Beijing is not among its regions"
    assert refusal(network, held, on=on - timedelta(days=1)) == "authorisation-expired"
    assert refusal(network, held, on=on + timedelta(days=31)) == "authorisation-expired"


def test_which_fault_is_told_first(network: Network) -> None:
    """Whoever holds the wrong paper is told so, and not how it stands."""
    held = granted(network, regions=(TIANJIN,))
    late = network[TIANJIN].node.ctx.clock.today() + timedelta(days=31)
    wrong = {"asker": BEIJING, "subject": OTHER, "purpose": "own", "types": ("x",), "on": late}
    told = []
    for name in ("asker", "subject", "purpose", "types", "on"):
        told.append(refusal(network, held, **wrong))
        del wrong[name]
    assert told == [
        "authorisation-unknown",
        "authorisation-other-subject",
        "authorisation-other-purpose",
        "not-granted",
        "authorisation-expired",
    ]
    judge(network, held)
    assert BANK == held.statement.members["grantee"]
