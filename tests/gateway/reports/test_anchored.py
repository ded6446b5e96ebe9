"""A report after the promise of its statement: overdue by itself, anchored with the receipt that
its issuer has. Its chain runs ahead, so it has one of its own."""

from __future__ import annotations

import re
from datetime import timedelta

from gateway.app import create_app
from gateway.base.clock import Clock
from gateway.verifying.services import Verifying
from ledger.core.receipt import Receipt
from ledger.core.receipt import parse as parse_receipt
from ledger.files.report_check import ReportVerdict, verify_report
from ledger.files.reports import parse_report
from ledger.verify import Verifier
from tests.gateway.authorisations.desk import log_statements
from tests.gateway.reports.desk import BEIJING, HEBEI, centre, client, made, penalties
from tests.gateway.web.visitor import Visitor
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
    unlogged = made(beijing, subject)
    elsewhere = network[HEBEI].node.finance.reports.elsewhere
    assert elsewhere.told(number) is not None, "it knows the members from before"
    network.chain.anvil.mine(2, seconds=DAYS)
    late = judged(network, pdf)
    assert (late.verdict, late.exit) == ("undetermined", 4)
    assert [one.code for one in late.problems] == ["report-overdue"]
    assert judged(network, pdf, receipt).verdict == "genuine"
    page = dropped(beijing, pdf)
    assert 'data-tone="good"' in page and "anchored" in page, "a browser fetches it by itself"
    assert "credit-ledger report check report.pdf --network network.json --to http" in page
    asked = dropped(network[HEBEI], pdf)
    assert 'data-tone="open"' in asked and "its own page verifies this PDF" in asked
    assert re.search(r'You leave this node: <a rel="noreferrer" href="http[^"]+/verify">', asked)
    assert asked.count("credit-ledger report check") == 2, "the command, and to copy it"
    assert 'data-tone="bad"' in dropped(beijing, pdf.replace(b"/EmbeddedFile", b"/EmbeddedFial"))
    waiting = dropped(beijing, unlogged)
    assert 'data-tone="open"' in waiting and "You leave this node" not in waiting


def dropped(member: Member, pdf: bytes) -> str:
    """What `/verify` of a member says, to a stranger."""
    member.node.ctx.clock = Clock(ahead=timedelta(seconds=2 * DAYS))
    app = create_app(member.node)
    app.state.verify_desk.verifying = verifying = Verifying(member.node.ctx)
    visitor = Visitor(app)
    answer = visitor.post("/verify", {}, files={"file": ("report.pdf", pdf)})
    assert answer.status_code == 303, answer.text
    where = answer.headers["location"]
    pages = (visitor.get(where).text for _ in range(100))
    page = next(page for page in pages if "data-tone" in page)
    verifying.close()
    return page
