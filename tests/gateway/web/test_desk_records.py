"""Finding records, and looking at one, by the pages of the desk."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.types import ASGIApp

from gateway.base.db import begin_write
from gateway.node import Node
from gateway.records.models import records
from ledger.core.status import Action, Flag
from tests.gateway.intake.material import OF_BEIJING, new_token, number
from tests.gateway.statuses.test_changes import note
from tests.gateway.web.visitor import Visitor
from tests.gateway.worklists.test_searching import SUBJECT, close, submit
from tests.support.anchors import put_anchor
from tests.support.archiving import archive


def signed(app: ASGIApp, node: Node, *scopes: str, lang: str = "en", **token: Any) -> Visitor:
    return Visitor(app, lang).sign_in(new_token(node, *(scopes or ("submit", "read")), **token))


def test_found_without_a_trace_in_the_address(app: ASGIApp, node: Node) -> None:
    one, two = submit(node, 1, 2)
    clerk = signed(app, node)
    assert clerk.get("/desk/records").status_code == 200
    found = clerk.post("/desk/records", {"subject": SUBJECT})
    assert found.status_code == 200
    assert set(re.findall('href="/desk/records/([0-9a-f]{64})"', found.text)) == {one, two}
    assert not re.search(f'(?:href|action|hx-get)="[^"]*{SUBJECT}', found.text)
    assert number(1) in found.text
    nothing = clerk.post("/desk/records", {"subject": "91110000100006485B"})
    assert "Nothing was found" in nothing.text
    assert clerk.get(f"/desk/records?subject={SUBJECT}").text.count(number(1)) == 0


def test_by_number(app: ASGIApp, node: Node) -> None:
    (leaf,) = submit(node, 1)
    clerk = signed(app, node)
    found = clerk.post("/desk/records", {"document": number(1), "authority": OF_BEIJING})
    assert leaf in found.text
    missing = clerk.post("/desk/records", {"document": number(1)})
    assert missing.status_code == 422
    assert f'value="{number(1)}"' in missing.text, "what was typed is there"
    assert "USCC of the authority: give" in missing.text
    own = signed(app, node, authorities=[OF_BEIJING])
    assert leaf in own.post("/desk/records", {"document": number(1)}).text


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({}, "Give the code of a subject"),
        ({"subject": "123"}, "it has 18 characters"),
        ({"subject": SUBJECT, "document": "x"}, "leave one of the two fields empty"),
        ({"authority": OF_BEIJING}, "Give the code of a subject"),
    ],
)
def test_wrong(app: ASGIApp, node: Node, form: dict[str, str], told: str) -> None:
    answer = signed(app, node).post("/desk/records", form)
    assert (answer.status_code, told in answer.text) == (422, True)


def test_page_by_page(app: ASGIApp, node: Node) -> None:
    submit(node, *range(1, 56))
    clerk = signed(app, node)
    first = clerk.post("/desk/records", {"subject": SUBJECT}).text
    before = re.search('name="before" value="([0-9]+)"', first)
    assert before
    second = clerk.post("/desk/records", {"subject": SUBJECT, "before": before[1]}).text
    assert second.count('scope="row"') == 5 and 'name="before"' not in second


def test_one(app: ASGIApp, node: Node) -> None:
    (leaf,) = submit(node, 1)
    clerk = signed(app, node)
    early = clerk.get(f"/desk/records/{leaf}").text
    assert number(1) in early and "Taken in and promised" in early
    assert "Download the receipt" not in early
    assert clerk.get(f"/desk/records/{leaf}/receipt").status_code == 202
    node.logs.step()
    put_anchor(node, 0, 1)
    note(node, 1, bytes.fromhex(leaf), Flag.DISPUTED, Action.DISPUTE)
    late = clerk.get(f"/desk/records/{leaf}").text
    assert "Anchored, block" in late and "Objection marked" in late
    assert "/desk/cases/new?record=" in late
    got = clerk.get(f"/desk/records/{leaf}/receipt")
    assert "attachment" in got.headers["content-disposition"]
    assert got.json()["presentation"]
    assert "/desk/cases/new" not in signed(app, node, "read").get(f"/desk/records/{leaf}").text
    assert "行政相对人" in signed(app, node, lang="zh").get(f"/desk/records/{leaf}").text


def test_what_one_may_not_see(app: ASGIApp, node: Node) -> None:
    """As if it were not there; of what is closed the status alone."""
    leaf, closed = submit(node, 1, 2)
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.update(records).values(visibility=3))
    close(node, 2)
    other = signed(app, node, department="税务局")
    for name in (leaf, closed, "0" * 64, "x"):
        assert other.get(f"/desk/records/{name}").status_code == 404
    assert "Nothing was found" in other.post("/desk/records", {"subject": SUBJECT}).text
    page = signed(app, node).get(f"/desk/records/{closed}")
    assert page.status_code == 200 and "content-closed" in page.text
    assert number(2) not in page.text


def test_content_in_the_archive(app: ASGIApp, node: Node) -> None:
    """It says so, with the status; the receipt is the bare one."""
    (leaf,) = submit(node, 1)
    node.logs.step()
    put_anchor(node, 0, 1)
    with begin_write(node.ctx.engine) as connection:
        archive(connection, bytes.fromhex(leaf))
    clerk = signed(app, node)
    page = clerk.get(f"/desk/records/{leaf}")
    assert page.status_code == 200 and "taken into the archive" in page.text
    assert "Status over time" in page.text and number(1) not in page.text
    got = clerk.get(f"/desk/records/{leaf}/receipt")
    assert got.status_code == 200 and "presentation" not in got.json()
    assert leaf in clerk.post("/desk/records", {"subject": SUBJECT}).text
    assert signed(app, node, "submit").get("/desk/records").status_code == 403
