"""A report made: what is in it, what is attached, what is stated and logged."""

from __future__ import annotations

from io import BytesIO

import pytest
from pypdf import PdfReader

from gateway.accesses.services import Wanted, newest
from gateway.base.who import Who
from ledger.core.ids import sha256
from ledger.core.report_content import check_content, parse_content, parse_number
from ledger.files.reports import parse_report
from tests.acceptance.independent import uscc
from tests.gateway.intake.material import new_token
from tests.gateway.reports.desk import (
    BEIJING,
    TODAY,
    ask,
    centre,
    code_of,
    made,
    penalties,
    printed,
)
from tests.support.peers import Network


def test_what_is_known_of_a_firm(network: Network, subject: str) -> None:
    """Its records by field, none known elsewhere, and proof of each."""
    beijing = network[BEIJING]
    ids = penalties(network, subject, 1, 2)
    pdf = made(beijing, subject)
    file = parse_report(pdf)
    content = file.content
    check_content(content, file.opening.statement, file.receipts)
    assert (content.code, content.name) == (subject, f"样例{subject}有限公司")
    assert parse_number(content.number)[0] == content.iss == BEIJING
    assert {one.field: len(one.records) for one in content.fields if one.records} == {
        "transport": 2
    }
    assert [one.leaf for one in content.items] == [beijing.leaf(one) for one in ids]
    (field,) = [one for one in content.fields if one.records]
    assert [one.through.isoformat() for one in field.sources] == [TODAY]
    states = {one.state for one in content.fields}
    assert states == {"records", "not-supplied"}
    text = printed(pdf)
    assert content.number in text
    assert all(one.hex() in text for one in ids)
    assert len(code_of(pdf)) == 8


def test_of_a_mistyped_code_nothing_is_certified(
    network: Network, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A paper that says of it that nothing is known would be taken for one of the firm."""
    beijing = network[BEIJING]
    mistyped = subject[:-1] + ("0" if subject[-1] != "0" else "1")
    answer = ask(beijing, centre(beijing), mistyped)
    assert (answer.status_code, answer.json()["code"]) == (422, "subject-invalid"), answer.text
    known = Who(exceptions=frozenset({mistyped}))
    monkeypatch.setattr(beijing.node.workers.who, "current", lambda: known)
    assert ask(beijing, centre(beijing), mistyped).status_code == 201


def test_attachments_as_another_reader_finds_them(network: Network, subject: str) -> None:
    penalties(network, subject, 3)
    pdf = made(network[BEIJING], subject)
    attached = PdfReader(BytesIO(pdf)).attachments
    assert sorted(attached) == ["opening.json", "receipt-0001.json", "report.json"]
    (data,) = attached["report.json"]
    (item,) = parse_content(data).items
    (receipt,) = attached["receipt-0001.json"]
    assert item.receipt == sha256(receipt)


def test_a_line_of_the_access_log_for_each(network: Network, subject: str) -> None:
    beijing = network[BEIJING]
    (one,) = penalties(network, subject, 4)
    made(beijing, subject)
    found = newest(beijing.node.ctx.engine, Wanted(), 1)
    assert (found[0].purpose, found[0].record) == ("credit-report", beijing.leaf(one).hex())


def test_none_known_where_a_unit_has_supplied_about_others(network: Network, subject: str) -> None:
    """A unit is placed by the name of who files for it; of another field nothing is stated."""
    beijing = network[BEIJING]
    unit = uscc(4242, start="11110000MA")
    named = "国家税务总局北京市税务局"
    new_token(beijing.node, "submit", authorities=[unit], department=named, name="tax")
    other = "91110108551385082Q"
    penalties(network, other, 5, CF_CFJGDM=unit, CF_CFJG=named)
    pdf = made(beijing, subject)
    states = {one.field: one for one in parse_report(pdf).content.fields}
    assert states["tax"].state == "none-known"
    assert [(one.unit, one.through.isoformat()) for one in states["tax"].sources] == [(unit, TODAY)]
    assert states["customs"].state == "not-supplied"
    text = printed(pdf)
    assert "未查见" in text
    assert "无单位报送" in text
    mine = made(beijing, other)
    fields = {one.field: len(one.records) for one in parse_report(mine).content.fields}
    assert fields["tax"] >= 1


def test_the_period_is_of_decisions(network: Network, subject: str) -> None:
    """What was decided before it is left out."""
    ids = penalties(network, subject, 6)
    beijing = network[BEIJING]
    (line,) = parse_report(made(beijing, subject)).content.items
    assert line.leaf == beijing.leaf(ids[0])
    later = parse_report(made(beijing, subject, **{"from": TODAY})).content
    assert later.items == ()
