"""What a hostile reader proved (review 0005), mended."""

from ledger.core.status import Action
from ledger.core.verdict.facts import Question
from ledger.verify import Verifier
from tests.support.cases import act
from tests.support.proxy import start_proxy
from tests.verify.conftest import Ledger
from tests.verify.test_status import OWNER, on, settle

TIMES = 20


def test_many_acts_cost_a_verifier_fewer_requests_than_there_are_acts(ledger: Ledger) -> None:
    """Each act in a block of its own costs every verifier four requests, in rounds one after the
    other (its events, its block), up to 4,096 acts; a receipt has 120 s for all. They are read
    again at every head, though a history says all that led to it and cannot change."""
    version = 0
    for _ in range(TIMES):
        for action in (Action.DISPUTE, Action.SETTLE):
            act(ledger.network, OWNER, on(ledger, action, expected_version=version))
            version += 1
    settle(ledger)
    with start_proxy(ledger.network.anvil.url) as proxy:
        file = ledger.network.with_rpc([proxy.url], 1)
        time = [0.0]
        verifier = Verifier(file, now=ledger.network.anvil.head_time, elapsed=lambda: time[0])
        data = ledger.beijing.receipt(0)
        assert verifier.verify(data, Question()).verdict == "valid"
        first = proxy.count("eth_getLogs") + proxy.count("eth_getBlockByNumber")
        settle(ledger)
        time[0] += 100_000
        assert verifier.verify(data, Question()).verdict == "valid"
        again = proxy.count("eth_getLogs") + proxy.count("eth_getBlockByNumber") - first
        verifier.close()
    assert again < version, f"{first} requests, at the next head {again}, for {version} acts"
