"""A report after the promise of its statement: overdue by itself, anchored with the receipt that
any node has. Its chain runs ahead, so it has one of its own."""

from __future__ import annotations

from ledger.core.receipt import Receipt
from ledger.core.receipt import parse as parse_receipt
from ledger.files.report_check import ReportVerdict, verify_report
from ledger.files.reports import parse_report
from ledger.verify import Verifier
from tests.gateway.authorisations.desk import log_statements
from tests.gateway.reports.desk import BEIJING, centre, client, made, penalties
from tests.support.peers import Member, Network

DAYS = 5 * 86_400


def judged(network: Network, pdf: bytes, receipt: Receipt | None = None) -> ReportVerdict:
    verifier = Verifier(network.chain.file, wait=0, now=network.chain.anvil.head_time)
    try:
        return verify_report(verifier, pdf, receipt=receipt)
    finally:
        verifier.close()


def receipt_of(member: Member, pdf: bytes) -> Receipt:
    """As anybody is given it, by the leaf that the opening names."""
    leaf = parse_report(pdf).opening.leaf.hex()
    answer = client(member).request("GET", f"/v1/receipts/{leaf}")
    assert answer.status_code == 200, answer.text
    return parse_receipt(answer.content)


def test_anchored_and_overdue(network: Network, subject: str) -> None:
    beijing = network[BEIJING]
    penalties(network, subject, 61)
    pdf, other = made(beijing, subject), made(beijing, subject)
    first = judged(network, pdf)
    assert (first.verdict, first.promised) == ("genuine", True)
    log_statements(beijing)
    receipt = receipt_of(beijing, pdf)
    found = judged(network, pdf, receipt)
    assert (found.verdict, found.as_dict()["anchored"]) == ("genuine", True), found.problems
    wrong = judged(network, pdf, receipt_of(beijing, other))
    assert (wrong.verdict, [one.code for one in wrong.problems]) == ("false", ["report-false"])
    number = parse_report(pdf).content.number
    path = f"/v1/reports/{number}/opening"
    opening = client(beijing).request("GET", path, headers=centre(beijing))
    assert '"receipt"' in opening.text
    network.chain.anvil.mine(2, seconds=DAYS)
    late = judged(network, pdf)
    assert (late.verdict, late.exit) == ("undetermined", 4)
    assert [one.code for one in late.problems] == ["report-overdue"]
    assert judged(network, pdf, receipt).verdict == "genuine"
