"""The explorer, over a real chain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from gateway.app import create_app
from gateway.node import Node
from tests.gateway.intake.material import OF_BEIJING, number
from tests.gateway.web.visitor import Visitor
from tests.support.explored import Place, explored
from tests.support.log import make_entries, promise_entries
from tests.support.node import LOG_ID

TABS = ("", "/logs", "/members", "/votes", "/catalogue", "/acknowledgements", "/lists")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder: Path = tmp_path_factory.mktemp("explored")
    with explored(folder) as found:
        yield found


@pytest.fixture(scope="module")
def there(place: Place) -> ASGIApp:
    return create_app(place.node)


def text(app: ASGIApp, path: str, lang: str = "en", status: int = 200) -> str:
    answer = Visitor(app, lang=lang).get(path)
    assert answer.status_code == status, (path, answer.status_code, answer.text[-2000:])
    return answer.text


def led_to(app: ASGIApp, query: str) -> str:
    """Where a search leads straight away."""
    answer = Visitor(app).post("/explorer/search", {"q": query})
    assert answer.status_code == 303, answer.text[-2000:]
    return answer.headers["location"]


# ---- the chain


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_in_both_languages(there: ASGIApp, tab: str) -> None:
    english, chinese = text(there, f"/explorer{tab}"), text(there, f"/explorer{tab}", "zh")
    assert 'aria-current="page"' in english and "could not be read" not in english
    assert "查找" in chinese


def test_the_head(place: Place, there: ASGIApp) -> None:
    page = text(there, "/explorer")
    head = place.network.anvil.call("eth_getBlockByNumber", "latest", False)
    assert head["hash"] in page and "1 of 1 nodes have it; 1 must agree" in page
    assert place.node.ctx.network.reference in page
    host = place.network.anvil.url
    assert host not in page, "where the nodes are is no matter of strangers"
    assert host in Visitor(there).sign_in(place.read).get("/explorer").text


def test_members(there: ASGIApp) -> None:
    page = text(there, "/explorer/members")
    assert "provincial credit authority" in page and "demo-auditor" in page
    assert page.index("120000") < page.index(">chair<") < page.index("130000")


def test_a_member(place: Place, there: ASGIApp) -> None:
    page = text(there, "/explorer/members/110000")
    assert place.log in page and "anchors and promises" in page and "http://110000.test" in page
    bank = text(there, "/explorer/members/demo-bank")
    assert "held to be stolen" in bank and "认定失窃" in text(
        there, "/explorer/members/demo-bank", "zh"
    )
    assert ">ended<" in text(there, "/explorer/members/demo-auditor")
    assert ">ended<" not in bank
    text(there, "/explorer/members/nobody", status=404)
    text(there, "/explorer/members/a b", status=404)
    beyond = text(there, "/explorer/members/110000?page=2")
    assert "Previous page" in beyond and "anchors and promises" not in beyond


def test_votes(there: ASGIApp) -> None:
    page = text(there, "/explorer/votes")
    assert "suspend demo-bank: it writes nothing" in page and "120000 takes the chair" in page
    assert "put into the national catalogue" in page
    assert "open for votes" in page and "carried out" in page
    chinese = text(there, "/explorer/votes", "zh")
    assert "中止成员 demo-bank" in chinese and "可表决" in chinese


def test_a_vote(there: ASGIApp) -> None:
    found = re.search(r"/explorer/votes/([0-9a-f]{64})\">suspend", text(there, "/explorer/votes"))
    assert found is not None
    page = text(there, f"/explorer/votes/{found[1]}")
    assert "1 / 3" in page and ">in favour<" in page and "not yet" in page
    assert "kind: 1 (suspend)" in page and "member: demo-bank" in page
    text(there, f"/explorer/votes/{'0' * 64}", status=404)
    text(there, "/explorer/votes/xyz", status=404)
    assert led_to(there, found[1]) == f"/explorer/votes/{found[1]}"


def test_the_catalogue(there: ASGIApp) -> None:
    pages = text(there, "/explorer/catalogue") + text(there, "/explorer/catalogue?page=2")
    assert "/explorer/catalogue/penalty" in pages and "nationwide" in pages
    assert "Next page" in pages
    item = text(there, "/explorer/catalogue/penalty")
    assert "/v1/schemas/" in item and ">in force<" in item
    assert "行政处罚" in text(there, "/explorer/catalogue/penalty", "zh")
    assert "/v1/rules/" in text(there, "/explorer/catalogue/publicity")
    text(there, "/explorer/catalogue/nothing", status=404)


# ---- logs


def test_logs(place: Place, there: ASGIApp) -> None:
    page = text(there, "/explorer/logs")
    for member in ("110000", "140000", "demo-bank"):
        assert place.network.log_id(member).hex() in page


def test_a_log_of_ours(place: Place, there: ASGIApp) -> None:
    page = text(there, f"/explorer/logs/{place.log}")
    assert f"/logs/{place.log}/checkpoint" in page and "final" in page
    [anchor] = place.node.explorer.held.anchors(bytes.fromhex(place.log), None)["anchors"]
    assert anchor["tx"][:10] in page and anchor["root"][:10] in page
    one = text(there, f"/explorer/logs/{place.log}/anchors/2")
    assert anchor["tx"] in one and anchor["root"] in one
    assert "The chain has this root" in one
    text(there, f"/explorer/logs/{place.log}/anchors/3", status=404)
    tiles = text(there, f"/explorer/logs/{place.log}/tiles")
    [tile] = re.findall(r'href="(/logs/[^"]*tile/0/[^"]*)"', tiles)
    [bundle] = re.findall(r'href="(/logs/[^"]*tile/entries/[^"]*)"', tiles)
    for path in (tile, bundle, f"/logs/{place.log}/checkpoint/2"):
        assert Visitor(there).get(path).status_code == 200


def test_a_log_of_another(place: Place, there: ASGIApp) -> None:
    """Of which this node has nothing: the chain tells."""
    log = place.network.log_id("130000").hex()
    assert "No anchor in blocks" in text(there, f"/explorer/logs/{log}")
    text(there, f"/explorer/logs/{log}/tiles", status=404)
    place.network.sender.send(
        "anchor-of-another",
        place.network.log_anchor.address,
        place.network.anchor_calldata("130000", prev_size=0, size=7, root=b"r" * 32),
    )
    place.network.sender.wait("anchor-of-another")
    place.network.anvil.mine()
    app = create_app(place.node)
    place.node.explorer._reads._held.clear()
    page = text(app, f"/explorer/logs/{log}")
    assert (b"r" * 32).hex()[:10] in page and "on the chain" in page
    assert (b"r" * 32).hex() in text(app, f"/explorer/logs/{log}/anchors/7")
    assert "No anchor in blocks" in text(app, f"/explorer/logs/{log}?before=3")


@pytest.mark.parametrize("path", ["x", "0" * 64, "0" * 63, "A" * 64])
def test_no_such_log(there: ASGIApp, path: str) -> None:
    text(there, f"/explorer/logs/{path}", status=404)


def test_tiles_by_page_and_level(node: Node, app: ASGIApp) -> None:
    promise_entries(node, make_entries(300))
    while node.logs.step():
        pass
    page = text(app, f"/explorer/logs/{LOG_ID.hex()}/tiles")
    assert "256 – 299" in page and "0 – 255" in page and "Level 1" in page
    upper = text(app, f"/explorer/logs/{LOG_ID.hex()}/tiles?level=1")
    assert "tile/1/000.p/1" in upper and "entries/" not in upper
    text(app, f"/explorer/logs/{LOG_ID.hex()}/tiles?level=64", status=422)


# ---- blocks


def test_blocks(place: Place, there: ASGIApp) -> None:
    [anchor] = place.node.explorer.held.anchors(bytes.fromhex(place.log), None)["anchors"]
    page = text(there, f"/explorer/blocks/{anchor['block']}")
    assert "size 2" in page and ">final<" in page and place.log in page
    text(there, "/explorer/blocks/99999999", status=404)
    text(there, "/explorer/blocks/x", status=422)
    first = place.network.file.deploy_block
    assert "member admitted" in text(there, f"/explorer/blocks/{first}")


# ---- records


def test_a_record_over_time(place: Place, there: ASGIApp) -> None:
    for name in (place.records[0], place.leaves[0]):
        page = text(there, f"/explorer/records/{name}")
        assert place.records[0] in page and ">repaired<" in page
        assert page.index("anchored, block") < page.index("mark as disputed")
        assert page.index("mark as disputed") < page.index("grant the repair")
        assert "Order 58" in page and f"/v1/receipts/{name}" in page
        assert "Who may read it shows a token" in page
    assert "准予信用修复" in text(there, f"/explorer/records/{place.records[0]}", "zh")
    other = text(there, f"/explorer/records/{place.records[1]}")
    assert ">in force<" in other and "Nothing was done to it since" in other


def test_content_as_the_policy_point_gives_it(place: Place, there: ASGIApp) -> None:
    """To nobody without a token; to the centre, but not of what is closed."""
    path = f"/explorer/records/{place.records[1]}"
    assert number(2) not in text(there, path)
    assert number(2) in Visitor(there).sign_in(place.read).get(path).text
    assert "scope" in Visitor(there).sign_in(place.submit).get(path).text
    closed = Visitor(there).sign_in(place.read).get(f"/explorer/records/{place.records[0]}").text
    assert number(1) not in closed and "content-closed" in closed


def test_a_record_nobody_knows(place: Place, there: ASGIApp) -> None:
    page = text(there, f"/explorer/records/{'ab' * 32}", status=404)
    assert "Nothing is known of this record here" in page
    text(there, "/explorer/records/12", status=404)
    answer = Visitor(there).sign_in(place.read).get(f"/explorer/records/{'ab' * 32}")
    assert answer.status_code == 404


def test_by_document_number(place: Place, there: ASGIApp) -> None:
    """By a form alone: no address holds what is looked for."""
    path, wanted = "/explorer/documents", {"document": number(2), "authority": OF_BEIJING}
    assert "Sign in to look for a document number" in text(there, path)
    signed = Visitor(there).sign_in(place.read)
    assert signed.post(path, {**wanted, "csrf": "x"}).status_code == 403
    assert f'value="{number(2)}"' in signed.post(path, {"document": number(2)}).text
    found = signed.post(path, wanted).text
    assert f"/explorer/records/{place.records[1]}" in found
    assert place.records[0] not in found
    none = signed.post(path, {**wanted, "document": "x"}).text
    assert "No record of this number" in none
    wrong = signed.post(path, {**wanted, "authority": "123"})
    assert (wrong.status_code, "This is no unified social credit code" in wrong.text) == (422, True)
    assert 'value="123"' in wrong.text and 'aria-invalid="true"' in wrong.text
    refused = Visitor(there).sign_in(place.submit).post(path, wanted)
    assert place.records[1] not in refused.text


def test_acknowledgements(there: ASGIApp) -> None:
    page = text(there, "/explorer/acknowledgements")
    assert "110000" in page and "acts behind: " in page


def test_lists_are_for_holders_of_a_token(place: Place, there: ASGIApp) -> None:
    assert "Sign in to see who is on a list" in text(there, "/explorer/lists?on=2026-12-01")
    path = "/explorer/lists/severe-list-entry?on=2026-12-01"
    assert "Sign in to see who is on a list" in text(there, path)
    assert Visitor(there).get("/explorer/lists/severe-list-entry/file").status_code == 401
    signed = Visitor(there).sign_in(place.read)
    assert (
        "/explorer/lists/severe-list-entry?on=2026-12-01"
        in signed.get("/explorer/lists?on=2026-12-01").text
    )
    assert signed.get("/explorer/lists/no-such-list").status_code == 404
    refused = Visitor(there).sign_in(place.submit).get(path)
    assert refused.status_code == 403


# ---- search


def test_search_goes_there(place: Place, there: ASGIApp) -> None:
    [anchor] = place.node.explorer.held.anchors(bytes.fromhex(place.log), None)["anchors"]
    other = place.network.log_id("140000").hex()
    assert led_to(there, place.log) == f"/explorer/logs/{place.log}"
    assert led_to(there, f"credit-ledger/{place.log}") == f"/explorer/logs/{place.log}"
    assert led_to(there, f" 0x{other.upper()} ".replace("0X", "0x")) == f"/explorer/logs/{other}"
    assert led_to(there, place.leaves[0]) == f"/explorer/records/{place.leaves[0]}"
    assert led_to(there, place.records[1]) == f"/explorer/records/{place.records[1]}"
    assert led_to(there, anchor["tx"]) == f"/explorer/blocks/{anchor['block']}"
    assert led_to(there, "demo-bank") == "/explorer/members/demo-bank"
    assert led_to(there, "110000") == "/explorer/members/110000"
    for name in ("北京", "北京市", "beijing"):
        assert led_to(there, name) == "/explorer/members/110000", "as people call it"
    assert led_to(there, "penalty@1") == "/explorer/catalogue/penalty"
    assert led_to(there, "3") == "/explorer/blocks/3"
    for day in ("2026-12-01", "2026年12月1日", "2026/12/1"):
        assert led_to(there, day) == "/explorer/lists?on=2026-12-01"
    for name in ("行政处罚", "administrative penalty", "Administrative Penalty"):
        assert led_to(there, name) == "/explorer/catalogue/penalty"
    report = "120000-20261201-SC9MRRF45HM"
    assert led_to(there, report) == led_to(there, report.lower()) == f"/r/{report}"
    for part in (place.log[:10], f"{place.log[:10]}…", f"0x{place.log[:12].upper()}"):
        assert led_to(there, part) == f"/explorer/logs/{place.log}"
    page = Visitor(there).sign_in(place.read).post("/explorer/search", {"q": number(2)})
    assert (page.status_code, f'value="{number(2)}"' in page.text) == (200, True)


def test_search_says_what_it_could_be(there: ASGIApp) -> None:
    assert "None of these is in the logs" in text(there, f"/explorer/search?q={'ab' * 32}")
    assert "This is the code of a firm" in text(there, f"/explorer/search?q={OF_BEIJING}")
    assert "Nothing found" in text(there, "/explorer/search?q=99999999")
    assert "Nothing was entered" in text(there, "/explorer/search?q=")
    assert "没有输入内容" in text(there, "/explorer/search", "zh")
    text(there, f"/explorer/search?q={'x' * 201}", status=422)
    assert "<script>" not in text(there, "/explorer/search?q=99999999%3Cscript%3E")
    typed = Visitor(there).post("/explorer/search", {"q": OF_BEIJING})
    assert "This is the code of a firm" in typed.text and 'method="post"' in typed.text
    several = Visitor(there, lang="zh").post("/explorer/search", {"q": "严重失信主体"}).text
    for name in ("severe-list-entry", "severe-list-exit"):
        assert f'href="/explorer/catalogue/{name}"' in several
    assert "目录项：列入严重失信主体名单" in several
    none = Visitor(there).post("/explorer/search", {"q": "abcdef0123"}).text
    assert "No log and no proposal begins like this" in none
    firm = Visitor(there).post("/explorer/search", {"q": "样例一有限公司"}).text
    assert "firms are not looked for by name" in firm


# ---- what fails


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/logs",
        "/members",
        "/votes",
        "/catalogue",
        "/members/110000",
        "/blocks/1",
        "/search?q=7",
    ],
)
def test_a_chain_that_is_away(app: ASGIApp, path: str) -> None:
    """Is told in words; what the node knows by itself is shown."""
    page = text(app, f"/explorer{path}")
    assert "This could not be read now" in page and "load the page again" in page
    assert "此刻无法读取" in text(app, f"/explorer{path}", "zh")
    if path in ("", "/logs"):
        assert LOG_ID.hex() in page


def test_what_the_node_knows_without_the_chain(app: ASGIApp) -> None:
    page = text(app, f"/explorer/logs/{LOG_ID.hex()}")
    assert "This could not be read now" in page and "No anchor yet" in page
    record = text(app, f"/explorer/records/{'ab' * 32}")
    assert "This could not be read now" in record and "Nothing is known" not in record
