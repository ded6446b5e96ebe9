"""A clerk of a province at the desk: hands in, corrects, sends again, finds records."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Page

from gateway.node import Node
from gateway.tokens.services import revoke_token
from tests.gateway.app.server import serving
from tests.gateway.files.conftest import NOW
from tests.gateway.files.work import work
from tests.gateway.intake.material import OTHER_SUBJECT, new_token
from tests.pages.looking import NARROW, Looks
from tests.support.anchors import put_anchor
from tests.support.node import make_test_node

EXAMPLES = Path(__file__).parents[2] / "examples"
BY_HAND = EXAMPLES / "天津_行政处罚_手工表.xlsx"
FULL = EXAMPLES / "天津_行政处罚.xlsx"
RIGHT = {"CF_NR_FK": "0.2", "CF_XDR_SHXYM": OTHER_SUBJECT}


@dataclass
class Desk:
    """A gateway in a process of its own, and its node here, which does what its workers would."""

    url: str
    node: Node
    token: str

    def work(self) -> None:
        """Read what waits, and make the workbooks that were asked for."""
        work(self.node)

    def anchor(self) -> None:
        """Put all that is promised into the log, under an anchor."""
        self.node.logs.step()
        with self.node.ctx.engine.connect() as connection:
            size = int(connection.exec_driver_sql("SELECT size FROM logs").scalar_one())
        put_anchor(self.node, 0, size)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    node = make_test_node(tmp_path, seed="server", now=NOW)
    token = new_token(node, "submit", "read", name="窗口 3")
    with serving(tmp_path, now=f"{NOW:%Y-%m-%dT%H:%M:%SZ}") as server:
        yield Desk(server.url, node, token)
    node.close()


def choose(page: Page, *files: Path) -> None:
    page.locator('input[type="file"]').last.set_input_files([str(one) for one in files])
    page.get_by_role("button", name="Hand in").last.click()


def on_a_file(page: Page, but: str = "-") -> str:
    """The address of the page of a file, once one is there that is not of `but`."""
    page.wait_for_url(re.compile(f"/desk/files/(?!{but})[0-9a-f]{{32}}"))
    return page.url.partition("#")[0]


def corrected(path: Path, to: Path, *codes: str) -> Path:
    """The workbook with the marked cells of these fields set right; the others as they are."""
    book = openpyxl.load_workbook(path)
    page = book.worksheets[0]
    marked = [str(one.value or "") for one in page[1]]
    named = marked.index("CL_FIELD 错误列")
    places = {"CF_NR_FK": "罚款金额", "CF_XDR_SHXYM": "行政相对人代码_1"}
    for row in page.iter_rows(min_row=2):
        for code in set(str(row[named].value).split()) & set(codes):
            (at,) = [n for n, head in enumerate(marked) if head.startswith(places[code])]
            row[at].value = RIGHT[code]
    book.save(to)
    return to


@pytest.mark.parametrize("scripts", [True, False])
def test_until_all_are_taken(desk: Desk, look: Looks, tmp_path: Path, scripts: bool) -> None:
    """Handed in, two rows back, one corrected, then the other."""
    page = look.at(desk.url, token=desk.token, scripts=scripts)
    page.goto("/desk")
    choose(page, BY_HAND)
    at = on_a_file(page)
    desk.work()
    if scripts:  # it is found by itself
        page.get_by_role("heading", name="What to do now").wait_for()
    else:
        page.get_by_role("link", name="Look again").click()
    assert page.get_by_role("link", name="To correct (2)").count() == 1
    page.get_by_role("link", name=re.compile("is a formula")).click()
    cell = page.locator("table.rows tbody tr")
    assert cell.count() == 1 and re.search(r"\b[A-Z]{1,2}8\b", cell.inner_text())
    for n, (code, left) in enumerate([("CF_NR_FK", 1), ("CF_XDR_SHXYM", 0)]):
        page.get_by_role("button", name="Download the workbook to correct").click()
        page.get_by_text("is being made").wait_for()
        desk.work()
        if scripts:
            page.get_by_text("It is ready.").wait_for()
        else:
            page.get_by_role("link", name="Look again").click()
        with page.expect_download() as download:
            page.get_by_role("button", name="Download the workbook to correct").click()
        back = tmp_path / f"back-{n}.xlsx"
        download.value.save_as(back)
        assert "to correct" in download.value.suggested_filename
        choose(page, corrected(back, tmp_path / f"right-{n}.xlsx", code))
        before = at.rpartition("/")[2][:32]
        at = on_a_file(page, but=before)
        desk.work()
        page.goto(at)
        assert page.get_by_role("heading", name="What has changed").count() == 1
        told = f"{left + 1} rows were to be corrected, {left} are now."
        assert page.get_by_text(told).count() == 1
    assert page.get_by_role("heading", name="What to do now").count() == 0


def test_several_with_progress(desk: Desk, look: Looks, tmp_path: Path) -> None:
    """A wrong one and an empty one stop no other."""
    wrong, empty = tmp_path / "scan.pdf", tmp_path / "empty.xlsx"
    wrong.write_bytes(b"%PDF-1.7\n")
    empty.write_bytes(b"")
    page = look.at(desk.url, token=desk.token)
    page.goto("/desk")
    choose(page, BY_HAND, wrong, empty)
    lines = page.locator(".sending li")
    lines.filter(has_text="empty.xlsx – taken, being read").wait_for()
    assert lines.count() == 3
    assert page.locator(".sending a").count() == 3
    desk.work()
    page.goto("/desk/files")
    assert page.get_by_text("not readable", exact=True).locator("visible=true").count() >= 2
    for name, told in (("scan.pdf", "no table"), ("empty.xlsx", "The file is empty")):
        page.goto("/desk/files")
        page.get_by_role("link", name=name).click()
        assert told in page.get_by_role("alert").inner_text()


def test_dropped(desk: Desk, look: Looks) -> None:
    page = look.at(desk.url, token=desk.token)
    page.goto("/desk")
    data = page.evaluate_handle(
        """() => { const data = new DataTransfer();
        data.items.add(new File(["CF_WSH,CF_CFJG\\n"], "拖入.csv")); return data; }"""
    )
    page.dispatch_event(".drop", "drop", {"dataTransfer": data})
    on_a_file(page)
    assert page.locator("h1").inner_text() == "拖入.csv"


def test_the_connection_breaks(desk: Desk, look: Looks) -> None:
    page = look.at(desk.url, token=desk.token)
    page.goto("/desk")
    page.route("**/desk/files", lambda route: route.abort())
    choose(page, BY_HAND)
    page.get_by_text("The connection broke off").wait_for()
    page.unroute("**/desk/files")
    choose(page, BY_HAND)
    on_a_file(page)


@pytest.mark.parametrize("scripts", [True, False])
def test_the_session_ends_meanwhile(desk: Desk, look: Looks, tmp_path: Path, scripts: bool) -> None:
    """However large the file is: one is told, and comes back to the page."""
    large = tmp_path / "large.csv"
    large.write_bytes(b"x" * (8 << 20))
    page = look.at(desk.url, token=desk.token, scripts=scripts)
    page.goto("/desk")
    revoke_token(desk.node.ctx.engine, 1, now=NOW)
    choose(page, large)
    if scripts:
        page.get_by_text("Your session has ended").wait_for()
        page.locator(".sending").get_by_role("link", name="Sign in").click()
    page.wait_for_url(re.compile("/login"))
    page.fill("#token", new_token(desk.node, "submit", "read"))
    page.locator("form.narrow button").click()
    page.wait_for_url(re.compile("/desk$"))


def test_a_record(desk: Desk, look: Looks, tmp_path: Path) -> None:
    page = look.at(desk.url, token=desk.token)
    page.goto("/desk")
    choose(page, BY_HAND)
    at = on_a_file(page)
    desk.work()
    desk.anchor()
    page.goto(f"{at}?show=taken")
    page.get_by_text("all anchored").wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="Receipts (.zip)").click()
    assert os.path.getsize(download.value.path()) > 10_000
    links = page.get_by_role("link", name=re.compile("^(Record|Receipt) of row [0-9]+$"))
    names = links.evaluate_all("all => all.map((one) => one.getAttribute('aria-label'))")
    assert len(set(names)) == len(names) > 2, "a list of links tells them apart"
    links.first.click()
    code = page.locator("dt", has_text="CF_XDR_SHXYM").locator("xpath=following-sibling::dd[1]")
    subject = code.inner_text()
    page.goto("/desk/records")
    page.fill('[name="subject"]', subject.lower())
    page.get_by_role("button", name="Find").click()
    assert subject not in page.url
    page.locator("section table a").first.click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the receipt").click()
    assert download.value.suggested_filename.startswith("receipt-")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_all_pages(desk: Desk, look: Looks, tmp_path: Path, lang: str) -> None:
    """Each at both widths: no rule of axe is broken, nothing stands out, pictures."""
    first = look.at(desk.url, token=desk.token, lang=lang)
    narrow = look.at(desk.url, token=desk.token, lang=lang, width=NARROW)

    def both(path: str, name: str) -> None:
        for width, page in (("wide", first), ("narrow", narrow)):
            page.goto(path)
            look.accessible(page)
            look.fits(page)
            look.picture(page, f"desk-{name}-{lang}-{width}")

    for path in ("/desk", "/desk/files", "/desk/templates", "/desk/records"):
        both(path, f"empty{path.replace('/', '-')}")
    first.goto("/desk")
    first.locator('input[type="file"]').set_input_files(str(FULL))
    first.locator("form.upload button").click()
    file = on_a_file(first).removeprefix(desk.url)
    both(file, "waiting")
    desk.work()
    both(file, "file")
    both(f"{file}?show=taken", "taken")
    both("/desk", "home")
    both("/desk/files", "files")
    both("/desk/files?since=x", "files-wrong")
    desk.anchor()
    first.goto(f"{file}?show=taken")
    link = first.locator("table.rows a").first.get_attribute("href")
    assert link
    both(link, "record")
    for page in (first, narrow):
        page.goto("/desk/records")
        page.fill('[name="subject"]', "123")
        page.locator("form.narrow button").click()
        look.accessible(page)
        look.picture(page, f"desk-records-wrong-{lang}-{page.viewport_size['width']}")  # type: ignore[index]
