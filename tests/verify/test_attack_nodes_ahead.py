"""ATTACK: single nodes ahead of the others, and what they cost everybody."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from ledger.core.verdict.facts import Question
from ledger.verify import Verifier
from tests.support.proxy import Proxy, drop_request, lie, start_proxy
from tests.verify.conftest import Ledger
from tests.verify.test_ahead import hold, unconfirmed
from tests.verify.test_verify import codes


@pytest.fixture
def proxies(ledger: Ledger) -> Iterator[list[Proxy]]:
    """Two nodes that tests hold back, and one that goes on."""
    url = ledger.network.anvil.url
    with start_proxy(url) as one, start_proxy(url) as other, start_proxy(url) as ahead:
        yield [one, other, ahead]


def a_verifier(ledger: Ledger, proxies: list[Proxy]) -> Verifier:
    file = ledger.network.with_rpc([proxy.url for proxy in proxies], 2)
    return Verifier(file, now=ledger.network.anvil.head_time, wait=0.0, elapsed=lambda: 0.0)


def test_a_node_whose_lie_about_a_record_was_found_out_is_left_out(
    ledger: Ledger, proxies: list[Proxy]
) -> None:
    """It is a block ahead, which is true, and says of every record that it is disputed there, which
    is not. When the quorum has that block, nobody looks whether it was so: the blocks alone are
    compared (`Run.claim`), and the next lie counts again."""
    anvil, registry = ledger.network.anvil, ledger.network.deployment.case_registry
    beyond: set[str] = set()

    def disputed(params: Any, result: Any) -> Any:
        at = params[1].get("blockHash") if isinstance(params[1], dict) else None
        if params[0]["to"] != registry or at not in beyond or not isinstance(result, str):
            return result
        word = f"{1 << 16 | 1:064x}"  # version 1, DISPUTED
        return result[:130] + word + result[194:]

    def go_on() -> None:
        """The two see all there is; then comes a block that they do not see."""
        for proxy in proxies[:2]:
            proxy.clear()
        hold(ledger, proxies[:2])
        anvil.mine()
        beyond.add(anvil.call("eth_getBlockByNumber", "latest", False)["hash"])

    proxies[2].on("eth_call", lie(disputed))
    verifier = a_verifier(ledger, proxies)
    data = ledger.beijing.receipt(0)
    go_on()
    assert unconfirmed(verifier.verify(data, Question()))
    beyond.clear()
    go_on()
    found = verifier.verify(data, Question())
    verifier.close()
    assert found.verdict == "valid", codes(found)
    assert "node-disagrees" in {note.code for note in found.notes}


def test_a_node_that_is_silent_beyond_the_head_is_not_asked_for_every_receipt(
    ledger: Ledger, proxies: list[Proxy]
) -> None:
    """It shows a block and no state. What cannot be read is not kept, so it is asked anew, and
    waited for, with every receipt of a run."""
    hold(ledger, proxies[:2])
    ledger.network.anvil.mine()
    verifier = a_verifier(ledger, proxies)
    receipts = [ledger.beijing.receipt(0), ledger.beijing.receipt(1)]
    proxies[2].on("eth_call", drop_request())
    began = time.monotonic()
    verifier.verify(receipts[0], Question())
    once, took = proxies[2].count("eth_call"), time.monotonic() - began
    for turn in range(6):
        assert verifier.verify(receipts[turn % 2], Question()).verdict == "valid"
    again, all_ = proxies[2].count("eth_call"), time.monotonic() - began
    verifier.close()
    assert again <= 2 * once, f"{once} calls in {took:.1f} s, {again} in {all_:.1f} s"
