"""What a hostile reader proved (review 0005), mended."""

import time

from ledger.core.status import Action
from ledger.core.verdict.facts import Question
from ledger.verify import Verifier
from tests.support.proxy import Proxy
from tests.verify.conftest import Ledger
from tests.verify.test_ahead import hold, unconfirmed
from tests.verify.test_status import (
    behind,  # noqa: F401
    do,
)
from tests.verify.test_verify import codes

ALLOWED = 4.0


def test_what_a_node_shows_is_looked_at_however_old_the_look_before_is(
    ledger: Ledger,
    behind: list[Proxy],  # noqa: F811
) -> None:
    """Both records are withdrawn in blocks that one node shows. Looking again copies the end of the
    run into the views of single nodes; when that has passed, reading through them fails at once,
    which is taken for silence."""
    hold(ledger, behind[:2])
    do(ledger, Action.WITHDRAW, index=0)
    do(ledger, Action.WITHDRAW, index=1)
    file = ledger.network.with_rpc([proxy.url for proxy in behind], 2)
    at = ledger.network.anvil.head_time()
    verifier = Verifier(file, now=lambda: at, wait=0.0, deadline=ALLOWED, elapsed=lambda: 0.0)
    assert unconfirmed(verifier.verify(ledger.beijing.receipt(0), Question()))
    ledger.network.anvil.mine()  # the node goes on, as nodes do
    assert unconfirmed(verifier.verify(ledger.beijing.receipt(0), Question()))
    time.sleep(ALLOWED + 0.5)
    found = verifier.verify(ledger.beijing.receipt(1), Question())
    verifier.close()
    assert unconfirmed(found), (found.verdict, codes(found))
