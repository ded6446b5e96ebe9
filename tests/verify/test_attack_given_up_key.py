"""What a hostile reader proved (review 0005), mended."""

from ledger.chain.acts import Acts
from ledger.chain.governing import requests
from ledger.chain.nodes.quorum import QuorumReader
from ledger.core.ids import record_id
from ledger.core.keys import Purpose
from ledger.core.status import Action, fold
from tests.support.cases import undo
from tests.support.votes import _deadline, _domain, _govern, _seq, send
from tests.verify.conftest import Ledger
from tests.verify.test_status import (
    OWNER,
    behind,  # noqa: F401
    commitment,
    do,
    settle,
    standing,
)
from tests.verify.test_verify import codes, verify

ALLOWED = 4.0


def test_an_owner_takes_back_an_erasure_with_a_key_that_it_gives_up(ledger: Ledger) -> None:
    """There is no act that takes ERASE back, nor CORRECT by the owner, and LIFT needs a court. An
    owner that disputes the record, says that its CASE key was stolen and has the dispute undone
    gets rid of all three; then it settles, and the record may be used again."""
    network, log = ledger.network, ledger.beijing
    do(ledger, Action.ERASE)
    settle(ledger)
    assert standing(ledger)[0] == "erased"
    do(ledger, Action.DISPUTE)
    network.anvil.mine()
    record = record_id(log.log_id, commitment(log, 0))
    reader = QuorumReader(network.file, now=network.anvil.head_time, max_ahead=None)
    history = Acts(reader.head(), [network.deployment.case_registry]).history(record)
    reader.close()
    request = requests.revoke_key(
        member=OWNER,
        key_id=network.keys[OWNER, Purpose.CASE].key_id,
        compromised_since=history[-1].recorded_at,
        seq=_seq(network, OWNER),
        deadline=_deadline(network),
    )
    send(network, request, request.signed(_domain(network), _govern(network, OWNER)))
    undo(network, (fold(history[:-1]).history, history[-1]))
    do(ledger, Action.SETTLE)
    settle(ledger)
    found = verify(ledger, log.receipt(0))
    assert found.verdict == "erased", codes(found)
