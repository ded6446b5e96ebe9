"""What a firm sees by number and code of its report; and that a wrong number teaches no more than a
wrong code, on the page as by the interface."""

from __future__ import annotations

from collections import Counter as Counts
from typing import Any

import pytest

from gateway.accesses.services import Wanted, newest
from gateway.app import create_app
from gateway.base.clock import Clock
from gateway.reports import counting
from ledger.core.report_content import CODE_ALPHABET, make_number, parse_number
from ledger.core.status import Action
from ledger.files.reports import parse_report
from tests.gateway.lists.test_lists import do
from tests.gateway.reports.desk import BEIJING, code_of, made, penalties, post
from tests.gateway.web.visitor import Visitor
from tests.support.peers import Member, Network

ROUTE = "/v1/report-owners"


def of(pdf: bytes) -> tuple[str, str]:
    return parse_report(pdf).content.number, code_of(pdf)


def wrong(code: str) -> str:
    return code[:-1] + next(one for one in CODE_ALPHABET if one != code[-1])


def other(number: str) -> str:
    """A number that fits, of a report that is not there."""
    issuer, _ = parse_number(number)
    return make_number(issuer, Clock().today(), "A" * 10)


def seen(member: Member, number: str, code: str, **more: Any) -> dict[str, Any]:
    answer = post(member, ROUTE, number=number, code=code, **more)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def lines(view: dict[str, Any]) -> list[dict[str, Any]]:
    return [line for field in view["fields"] for line in field["lines"]]


def test_when_and_where(network: Network, subject: str) -> None:
    """The first day of a repair as the rules give it, and their days of working."""
    beijing = network[BEIJING]
    penalties(network, subject, 61)
    view = seen(beijing, *of(made(beijing, subject)))
    [line] = lines(view)
    repair = line["repair"]
    assert (view["subject"]["code"], view["state"]) == (subject, "genuine")
    assert repair["adverse"] and not repair["over"] and not repair["possibleNow"]
    assert set(repair["byClass"]) == {"severe"}
    assert repair["possibleFrom"] > line["decided"]
    assert repair["days"]["accept"] == {"days": 3, "unit": "working"}
    assert line["applications"] == [] and view["authorisation"] is None


def test_what_is_closed_is_shown_no_more(network: Network, subject: str) -> None:
    beijing = network[BEIJING]
    ids = penalties(network, subject, 62, 63)
    number, code = of(made(beijing, subject))
    assert len(lines(seen(beijing, number, code))) == 2
    do(network, beijing, Action.REPAIR, ids[0])
    view = seen(beijing, number, code)
    assert (len(lines(view)), view["state"]) == (1, "changed-since")


def test_each_line_stands_in_the_access_log(network: Network, subject: str) -> None:
    beijing = network[BEIJING]
    penalties(network, subject, 64, 65)
    number, code = of(made(beijing, subject))
    leaves = {line["leaf"] for line in lines(seen(beijing, number, code))}
    told = newest(beijing.node.ctx.engine, Wanted(), 20)
    opened = {one.record for one in told if one.purpose == "open-credit-report"}
    assert leaves <= opened


def test_a_wrong_number_is_like_a_wrong_code(
    network: Network, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same answers in the same order, as often as one tries."""
    monkeypatch.setattr(counting, "WRONG_OF_ALL", 100)
    beijing = network[BEIJING]
    number, code = of(made(beijing, subject))

    def tried(number: str, code: str) -> list[tuple[int, str]]:
        answers = [post(beijing, ROUTE, number=number, code=code) for _ in range(5)]
        return [(one.status_code, one.json()["code"]) for one in answers]

    of_code, of_number = tried(number, wrong(code)), tried(other(number), code)
    assert of_code == of_number
    assert Counts(of_code) == {(404, "report-unknown"): 3, (429, "report-tries"): 2}
    # And the right code, once it was tried too often, is not looked at.
    assert post(beijing, ROUTE, number=number, code=code).status_code == 429


@pytest.mark.parametrize("body", [{}, {"number": "x"}, {"number": 1, "code": "x"}])
def test_what_is_no_question(network: Network, body: dict[str, Any]) -> None:
    assert post(network[BEIJING], ROUTE, **body).status_code == 422


def test_an_authorisation_of_nobody_here(network: Network, subject: str) -> None:
    beijing = network[BEIJING]
    number, code = of(made(beijing, subject))
    assert seen(beijing, number, code, authorisation="00" * 32)["authorisation"] is None
    answer = post(beijing, ROUTE, number=number, code=code, authorisation="x")
    assert (answer.status_code, answer.json()["field"]) == (422, "authorisation")


# ---- the page


def test_the_page(network: Network, subject: str) -> None:
    beijing = network[BEIJING]
    penalties(network, subject, 66)
    number, code = of(made(beijing, subject))
    for lang, word in (("en", "working days"), ("zh", "工作日")):
        visitor = Visitor(create_app(beijing.node), lang)
        assert visitor.get("/firm").status_code == 200
        page = visitor.post("/firm", {"number": f" {number} ", "code": code.lower()})
        assert page.status_code == 200 and word in page.text and subject in page.text
        sheet = visitor.post("/firm", {"number": number, "code": code, "line": "1"})
        assert 'class="blank"' in sheet.text
    visitor = Visitor(create_app(beijing.node))
    refused = visitor.post("/firm", {"number": number, "code": wrong(code)})
    assert refused.status_code == 404 and subject not in refused.text
    assert f'value="{number}"' in refused.text, "what was typed is there, but for the code"
    assert wrong(code) not in refused.text
    foreign = {"Sec-Fetch-Site": "cross-site"}
    form = {"number": number, "code": code}
    assert visitor.post("/firm", form, headers=foreign).status_code == 403


def test_the_page_of_a_member_without_reports(network: Network) -> None:
    page = Visitor(create_app(network["demo-bank"].node)).get("/firm")
    assert page.status_code == 200 and "How to get a report" in page.text
