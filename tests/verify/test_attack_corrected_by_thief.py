"""What a hostile reader proved (review 0005), mended."""

from ledger.core.ids import record_id
from ledger.core.keys import Purpose
from ledger.core.status import Action
from tests.support.cases import act
from tests.support.votes import compromise
from tests.verify.conftest import Ledger
from tests.verify.test_status import (
    OWNER,
    behind,  # noqa: F401
    commitment,
    on,
    settle,
)
from tests.verify.test_verify import verify

ALLOWED = 4.0


def test_a_thief_names_no_record_that_corrects_another(ledger: Ledger) -> None:
    """Record 0 was corrected by record 1. Then a thief had record 1 corrected by one of his choice:
    that act names no outcome of record 1, and yet readers of record 0 are sent there."""
    network, log = ledger.network, ledger.beijing
    act(network, OWNER, on(ledger, Action.CORRECT, 0, other=(log.log_id, commitment(log, 1))))
    network.anvil.mine(1, seconds=3600)
    chosen = (log.log_id, b"\x66" * 32)
    act(network, OWNER, on(ledger, Action.CORRECT, 1, other=chosen))
    since = network.anvil.head_time() - 60
    compromise(network, network.keys[OWNER, Purpose.DECIDE].key_id, since)
    settle(ledger)
    assert verify(ledger, log.receipt(1)).verdict == "disputed"
    found = verify(ledger, log.receipt(0))
    assert found.verdict == "corrected"
    wanted = record_id(log.log_id, commitment(log, 1)).hex()
    assert found.as_dict()["correctedBy"] == wanted
