"""Special credit reports on pages: made by the centre after looking at papers, and shared."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator

import pytest

from gateway.app import create_app
from tests.acceptance.independent import uscc
from tests.gateway.reports.desk import BEIJING, TODAY, penalties, post, printed
from tests.gateway.web.cases.people import People, seen, text_of, went
from tests.gateway.web.visitor import Visitor
from tests.support.peers import Network, start_members

FIRM = uscc(4711, start="91110000MA")
LOOKED_AT = {"identity": "1", "wish": "1"}


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with start_members(tmp_path_factory.mktemp("members"), (BEIJING,)) as found:
        yield found


@pytest.fixture(scope="module")
def people(network: Network) -> People:
    node = network[BEIJING].node
    return People(node, create_app(node))


@pytest.fixture(scope="module")
def centre(people: People) -> Visitor:
    return people.centre("read", name="centre")


def wanted(**more: str) -> dict[str, str]:
    return {"code": FIRM, "from": "2024-01-01", "to": TODAY} | LOOKED_AT | more


def test_made_and_shared(network: Network, centre: Visitor) -> None:
    penalties(network, FIRM, 1, 2)
    assert "No report yet" in seen(centre, "/desk/reports")
    answer = centre.post("/desk/reports", wanted())
    assert answer.status_code == 200, text_of(answer)
    assert answer.headers["cache-control"] == "no-store"
    pdf = b64decode(re.findall(r"base64,([^\"]+)\"", answer.text)[0])
    assert pdf.startswith(b"%PDF")
    code = re.findall(r'class="code">([0-9A-Z]{8})<', answer.text)[0]
    assert code in printed(pdf)
    number = re.findall(r'download="([^"]+)\.pdf"', answer.text)[0]
    told = post(network[BEIJING], "/v1/report-checks", number=number, code=code)
    assert told.json()["state"] == "genuine"
    text = seen(centre, "/desk/reports")
    assert number in text and FIRM not in text
    assert "Nothing is shared" in seen(centre, f"/desk/reports/{number}")
    share = f"/desk/reports/{number}/shares"
    until = {"until": TODAY, "lines": "1，2"}
    made = centre.post(share, until)
    code = re.findall(r'class="code">([0-9A-Z]{8})<', made.text)[0]
    opened = post(network[BEIJING], "/v1/report-shares", number=number, code=code)
    assert opened.status_code == 200
    assert "lines: 1, 2" in seen(centre, f"/desk/reports/{number}")
    assert code not in centre.get(f"/desk/reports/{number}").text
    for lines in ("9", "x", ""):
        wrong = centre.post(share, {"until": TODAY, "lines": lines})
        assert wrong.status_code in (409, 422) and 'role="alert"' in wrong.text, lines
    end = re.findall(r'action="([^"]+/withdraw)"', centre.get(f"/desk/reports/{number}").text)[0]
    assert went(centre.post(end)) == f"/desk/reports/{number}"
    gone = post(network[BEIJING], "/v1/report-shares", number=number, code=code)
    assert gone.status_code != 200


def test_what_the_clerk_looks_at_first(centre: Visitor) -> None:
    for missing in LOOKED_AT:
        form = {name: value for name, value in wanted().items() if name != missing}
        answer = centre.post("/desk/reports", form)
        assert (answer.status_code, "Look at the identity paper" in answer.text) == (422, True)
        assert f'value="{FIRM}"' in answer.text
    wrong = centre.post("/desk/reports", wanted(code="123"))
    assert (wrong.status_code, "USCC" in wrong.text) == (422, True)
    late = centre.post("/desk/reports", wanted(to="2020-01-01"))
    assert late.status_code == 422 and 'role="alert"' in late.text
    assert 'value="123"' in wrong.text


def test_only_the_centre(people: People) -> None:
    for visitor in (people.person("read"), people.centre("submit"), people.person("release")):
        assert visitor.get("/desk/reports").status_code == 403
        assert visitor.post("/desk/reports", wanted()).status_code == 403
        assert visitor.get("/desk/reports/110000-20261201-0000000000").status_code == 403
    assert people.centre("admin").get("/desk/reports").status_code == 200
    chinese = people.centre("read", lang="zh")
    assert "专项信用报告" in seen(chinese, "/desk/reports")
    assert chinese.get("/desk/reports/nothing").status_code == 404
