"""What a hostile reader proved (review 0005), mended."""

import time
from collections.abc import Iterator

import pytest

from ledger.chain import snapshot
from ledger.core.verdict.facts import Question
from ledger.verify import Verifier
from tests.support.proxy import Proxy, drop_request, start_proxy
from tests.verify.conftest import Ledger
from tests.verify.test_ahead import hold


@pytest.fixture
def proxies(ledger: Ledger) -> Iterator[list[Proxy]]:
    """Two nodes that tests hold back, and one that goes on."""
    url = ledger.network.anvil.url
    with start_proxy(url) as one, start_proxy(url) as other, start_proxy(url) as ahead:
        yield [one, other, ahead]


def a_verifier(ledger: Ledger, proxies: list[Proxy]) -> Verifier:
    file = ledger.network.with_rpc([proxy.url for proxy in proxies], 2)
    return Verifier(file, now=ledger.network.anvil.head_time, wait=0.0, elapsed=lambda: 0.0)


def test_a_node_that_is_silent_beyond_the_head_is_not_asked_for_every_receipt(
    ledger: Ledger, proxies: list[Proxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It shows a block and no state. What cannot be read is not kept, so it is asked anew, and
    waited for, with every receipt of a run."""
    monkeypatch.setattr(snapshot, "QUICK_SECONDS", 0.0)  # whatever the machine's speed
    monkeypatch.setattr(snapshot, "ALONE", 1e6)
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
