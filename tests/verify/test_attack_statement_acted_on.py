"""What a hostile reader proved (review 0005), mended."""

from ledger.core.opening import of_receipt
from ledger.core.receipt import parse as parse_receipt
from ledger.core.status import Action
from ledger.core.verdict.facts import Question
from ledger.verify import Verifier
from tests.support.cases import act, make_act
from tests.support.proxy import Exchange, Reply, drop_request, honest, start_proxy
from tests.verify.conftest import Ledger
from tests.verify.test_statements import put, said_in
from tests.verify.test_status import OWNER, settle
from tests.verify.test_verify import codes


def test_acts_on_a_statement_say_nothing_of_it(ledger: Ledger) -> None:
    """A statement has no status: check 19 is not made of it. Its acts are read all the same, and
    where they cannot be, nothing is said of it. So who would have what it stated forgotten acts on
    the statement, 4,096 times; the contract does not look into the log. Here the node has no
    events of the registry."""
    made = said_in(ledger.beijing)
    [receipt] = put(ledger.beijing, made)
    data = of_receipt(made, parse_receipt(receipt)).encode()
    log = ledger.beijing.log_id
    act(ledger.network, OWNER, make_act(ledger.network, Action.DISPUTE, log, made.commitment))
    settle(ledger)
    registry = ledger.network.deployment.case_registry
    refuse = drop_request()
    with start_proxy(ledger.network.anvil.url) as proxy:

        def fault(exchange: Exchange) -> Reply:
            of_registry = exchange.params[0].get("address") == registry
            return (refuse if of_registry else honest())(exchange)

        proxy.on("eth_getLogs", fault)
        file = ledger.network.with_rpc([proxy.url], 1)
        verifier = Verifier(file, now=ledger.network.anvil.head_time, deadline=10.0)
        found = verifier.verify(data, Question())
        alone = verifier.verify(receipt, Question())
        verifier.close()
    assert found.verdict == "valid", codes(found)
    assert "no-node" in codes(alone)


def test_acts_count_where_nobody_says_that_it_is_a_statement(ledger: Ledger) -> None:
    """Of a receipt alone every check is made, for whatever its entry is of."""
    made = said_in(ledger.beijing)
    [receipt] = put(ledger.beijing, made)
    verifier = Verifier(ledger.network.file, now=ledger.network.anvil.head_time)
    assert verifier.verify(receipt, Question()).verdict == "anchored"
    log = ledger.beijing.log_id
    act(ledger.network, OWNER, make_act(ledger.network, Action.DISPUTE, log, made.commitment))
    settle(ledger)
    verifier.close()
    verifier = Verifier(ledger.network.file, now=ledger.network.anvil.head_time)
    assert verifier.verify(receipt, Question()).verdict == "disputed"
    data = of_receipt(made, parse_receipt(receipt)).encode()
    assert verifier.verify(data, Question()).verdict == "valid"
    verifier.close()
