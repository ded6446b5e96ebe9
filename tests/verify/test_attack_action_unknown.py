"""What a hostile reader proved (review 0005), mended."""

from typing import Any

from ledger.core.status import Action
from tests.support.proxy import start_proxy
from tests.verify.conftest import Ledger
from tests.verify.test_status import (
    _events,
    _is_act,
    behind,  # noqa: F401
    do,
    settle,
    through,
)
from tests.verify.test_verify import codes

ALLOWED = 4.0


def test_an_action_that_is_none_is_no_fault_of_the_verifier(ledger: Ledger) -> None:
    """A node gives an act with a number that there is not. Acts that do not fold to the word are
    `status-unreadable` (protocol 16, check 19); here a ValueError of an enum gets out."""

    def changed(event: dict[str, Any]) -> dict[str, Any]:
        data = event["data"]
        return {**event, "data": data[:193] + "f" + data[194:]} if _is_act(event) else event

    do(ledger, Action.WITHDRAW)
    settle(ledger)
    with start_proxy(ledger.network.anvil.url) as proxy:
        proxy.on("eth_getLogs", _events(lambda found: [changed(event) for event in found]))
        found = through(ledger, proxy)
    assert (found.verdict, codes(found)) == ("undetermined", ["status-unreadable"])


def test_a_member_that_is_none_is_no_fault_of_the_verifier(ledger: Ledger) -> None:
    """The same with a member whose code begins with 0x: `code_word` takes it for hex."""
    word = "0x" + b"0xzz".ljust(32, b"\0").hex()

    def changed(event: dict[str, Any]) -> dict[str, Any]:
        topics = event["topics"]
        return {**event, "topics": [*topics[:3], word]} if _is_act(event) else event

    do(ledger, Action.WITHDRAW)
    settle(ledger)
    with start_proxy(ledger.network.anvil.url) as proxy:
        proxy.on("eth_getLogs", _events(lambda found: [changed(event) for event in found]))
        found = through(ledger, proxy)
    assert (found.verdict, codes(found)) == ("undetermined", ["status-unreadable"])
