"""The node's own page and the explorer in a browser, over a real chain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import expect

from gateway.base.db import begin_write
from gateway.serve import listen
from tests.gateway.web.test_node_page import count, repair
from tests.pages.looking import NARROW, PATIENCE, Looks
from tests.support.explored import Place, explored
from tests.support.peers import serving


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder: Path = tmp_path_factory.mktemp("explored")
    with explored(folder) as found:
        today = found.node.ctx.clock.today()
        for back in range(6):
            month = today.replace(day=1).toordinal() - 28 * back
            day = today.fromordinal(month).isoformat()
            for kind, number in (("penalty", 40), ("licence", 70), ("judicial-decision", 9)):
                count(found.node, day, "accepted", number + 3 * back, kind)
            count(found.node, day, "timely/yes", 90 + back)
            count(found.node, day, "timely/no", 6)
        repair(found.node, [3, 5, 6.5, 8, 11, 4])
        yield found


@pytest.fixture(scope="module")
def url(place: Place) -> Iterator[str]:
    with closing(listen("127.0.0.1", 0)) as listener, serving(place.node, listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def paths(place: Place) -> dict[str, str]:
    """Every page by a name for its picture."""
    vote = place.node.explorer._votes._final.proposed[-1].proposal_id.hex()
    anchor = place.node.explorer.held.anchors(bytes.fromhex(place.log), None)["anchors"][0]
    return {
        "node": "/",
        "overview": "/explorer",
        "logs": "/explorer/logs",
        "log": f"/explorer/logs/{place.log}",
        "log-of-another": f"/explorer/logs/{place.network.log_id('120000').hex()}",
        "anchor": f"/explorer/logs/{place.log}/anchors/{anchor['size']}",
        "tiles": f"/explorer/logs/{place.log}/tiles",
        "members": "/explorer/members",
        "member": "/explorer/members/demo-bank",
        "votes": "/explorer/votes",
        "vote": f"/explorer/votes/{vote}",
        "catalogue": "/explorer/catalogue",
        "item": "/explorer/catalogue/penalty",
        "block": f"/explorer/blocks/{anchor['block']}",
        "record": f"/explorer/records/{place.records[0]}",
        "unknown-record": f"/explorer/records/{'ab' * 32}",
        "documents": "/explorer/documents",
        "acknowledgements": "/explorer/acknowledgements",
        "lists": "/explorer/lists",
        "search": f"/explorer/search?q={'ab' * 32}",
    }


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page(place: Place, url: str, look: Looks, lang: str) -> None:
    """Accessible, and nothing stands out on a telephone."""
    page, narrow = look.at(url, lang=lang), look.at(url, lang=lang, width=NARROW)
    page.goto("/explorer/votes")
    for name, path in paths(place).items():
        for one in (page, narrow):
            one.goto(path)
            look.accessible(one)
        look.fits(narrow)
        look.picture(page, f"explorer-{name}-{lang}")
        look.picture(narrow, f"explorer-{name}-{lang}-narrow")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_clerk_follows_a_receipt(place: Place, url: str, look: Looks, scripts: bool) -> None:
    """From a leaf to the record, its log, the anchor and its block."""
    page = look.at(url, token=place.read, scripts=scripts)
    page.goto("/")
    page.get_by_role("link", name="I want to see what the chain has").click()
    page.get_by_label("Look for").fill(place.leaves[1])
    page.get_by_role("button", name="Search").click()
    assert page.url.endswith(f"/explorer/records/{place.leaves[1]}")
    look.picture(page, "explorer-record-signed-in")
    if scripts:
        look.accessible(page)
    page.locator("dl.facts a").first.click()
    assert page.url.endswith(f"/explorer/logs/{place.log}")
    page.locator("tbody tr a").first.click()
    assert "The chain has this root" in page.locator("main").inner_text()
    page.locator("dl.facts dd a").nth(1).click()
    assert "anchor" in page.locator("main tbody").inner_text()


def test_by_document_number(place: Place, url: str, look: Looks) -> None:
    page = look.at(url, token=place.read)
    page.goto("/explorer/documents")
    page.get_by_label("Document number").fill("X1")
    page.get_by_label("Authority that made it").fill("123")
    page.locator("main form.narrow button").click()
    assert "X1" not in page.url
    look.accessible(page)
    look.picture(page, "explorer-documents-wrong")
    assert page.get_by_label("Document number").input_value() == "X1"


def test_the_log_grows_before_ones_eyes(place: Place, url: str, look: Looks) -> None:
    page = look.at(url)
    page.goto("/")
    expect(page.locator("#live .figure").first).to_have_text("2")
    expect(page.locator("figure.chart.drawn").first).to_be_visible()
    with begin_write(place.node.ctx.engine) as connection:
        connection.exec_driver_sql("UPDATE logs SET size = 2, published = 3")
    try:
        expect(page.locator("#live .figure").first).to_have_text("3", timeout=PATIENCE)
    finally:
        with begin_write(place.node.ctx.engine) as connection:
            connection.exec_driver_sql("UPDATE logs SET size = 2, published = 2")
