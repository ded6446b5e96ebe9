"""What transactions cost, by member: as the receipts of a real chain say."""

from __future__ import annotations

from collections import Counter

from ledger.audit.gas import SORTS
from ledger.audit.report_file import read_report
from tests.audit.conftest import Ledger


def test_gas_by_member(ledger: Ledger) -> None:
    document = ledger.replay(gas=True).document
    spent = {one["member"]: one for one in document["gas"]}
    anvil, used = ledger.network.anvil, Counter[str]()
    for log in (ledger.beijing, ledger.tianjin):
        for anchor in log.anchors:
            receipt = anvil.call("eth_getTransactionReceipt", anchor.tx)
            used[log.member] += int(receipt["gasUsed"], 16)
    assert {code: spent[code]["anchors"] for code in used} == dict(used)
    assert spent["110000"]["transactions"] >= 2
    assert all(one["unread"] == 0 for one in spent.values())
    assert read_report(ledger.replay(gas=True).encode()).document == document


def test_nobody_counts_what_was_not_asked_for(ledger: Ledger) -> None:
    plain, counted = ledger.replay().document, ledger.replay(gas=True).document
    assert "gas" not in plain
    assert {name: one for name, one in counted.items() if name != "gas"} == plain
    assert all(set(SORTS) <= set(one) for one in counted["gas"])
