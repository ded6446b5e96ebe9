"""`/audit` and the file of `audit replay --html` in a browser, both without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page, expect

from ledger.audit.codes import CODES
from ledger.audit.compare_codes import DIVERGENCES
from ledger.audit.page import page as write_page
from ledger.audit.page_words import WORDS
from ledger.core import canonical
from tests.audit.reports import Change, finding, gap, next_day, report, setting
from tests.gateway.app.server import Server, serving
from tests.pages.looking import NARROW, PATIENCE, Looks
from tests.support.node import make_test_node

expect.set_options(timeout=PATIENCE)
FOUND: tuple[Change, ...] = (
    finding("ack-late", "130000", "member/130000/acknowledged", behind=3, since=1_795_900_000),
    finding("act-on-nothing", "110000", f"record/{'ab' * 32}/act/1", tx="0x" + "12" * 32),
    finding("key-recovered", "140000", "key/3f", keyId="3f" * 32),
    finding("same-person", "120000", "case/77"),
    gap("tiles-unreachable", f"log/{'22' * 32}", problem="timed out"),
)


def data(*changes: Change) -> bytes:
    return canonical.encode(report(*changes).document)


def public(*changes: Change) -> bytes:
    """Without what tells of cases."""

    def closed(made: dict[str, Any]) -> None:
        for name in ("statements", "cases", "stages", "finance"):
            del made[name]

    return data(*changes, closed)


@pytest.fixture
def newest(tmp_path: Path) -> Path:
    return tmp_path / "replay.json"


@pytest.fixture
def server(tmp_path: Path, newest: Path) -> Iterator[Server]:
    make_test_node(tmp_path, seed="server").close()
    with serving(tmp_path, web={"audit_report": str(newest)}) as found:
        yield found


def send(page: Page, *files: bytes) -> None:
    page.goto("/audit")
    for name, sent in zip("ab", files, strict=False):
        given: FilePayload = {"name": "r.json", "mimeType": "application/json", "buffer": sent}
        page.set_input_files(f"#{name}", given)
    page.locator("#own button").click()
    page.wait_for_load_state()


def seen(look: Looks, page: Page, name: str) -> None:
    look.accessible(page)
    look.fits(page)
    look.picture(page, name)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page(server: Server, newest: Path, look: Looks, lang: str) -> None:
    """Empty, with a report, with a report of one's own, with two, with what is none."""
    wide = look.at(server.url, lang=lang)
    narrow = look.at(server.url, lang=lang, width=NARROW)
    for page, at in ((wide, "wide"), (narrow, "narrow")):
        newest.unlink(missing_ok=True)
        page.goto("/audit")
        seen(look, page, f"audit-none-{at}-{lang}")
        newest.write_bytes(public(*FOUND))
        page.goto("/audit")
        expect(page.locator("main")).to_contain_text(CODES["ack-late"].message[lang])
        seen(look, page, f"audit-newest-{at}-{lang}")
        send(page, data(*FOUND[:2]))
        seen(look, page, f"audit-own-{at}-{lang}")
        send(page, data(*FOUND[:2]), data(next_day, *FOUND[1:4], setting("logs.0.root", "9" * 64)))
        expect(page.locator("main")).to_contain_text(DIVERGENCES["log-differs"].message[lang])
        seen(look, page, f"audit-two-{at}-{lang}")
        send(page, b"{}")
        expect(page.get_by_role("alert")).to_be_visible()
        seen(look, page, f"audit-wrong-{at}-{lang}")


def test_without_scripts(server: Server, newest: Path, look: Looks) -> None:
    newest.write_bytes(public(*FOUND))
    page = look.at(server.url, scripts=False)
    page.goto("/audit")
    evidence = page.get_by_text("tx 0x" + "12" * 32)
    expect(evidence).to_be_hidden()
    page.locator("article.finding summary").first.click()
    page.locator("article.finding summary").nth(1).click()
    expect(evidence).to_be_visible()
    send(page, data(*FOUND[:1]))
    expect(page.locator("h1")).to_have_text("A report of your own")


# ---- the file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "report.html"
    found.write_bytes(write_page(report(*FOUND)))
    return found


@pytest.mark.parametrize("width", [NARROW, 1200])
def test_the_file(file: Path, look: Looks, width: int) -> None:
    page = look.at(file.as_uri(), width=width)
    page.goto(file.as_uri())
    chinese, english = (page.locator(f".in-{lang}") for lang in ("zh", "en"))
    expect(chinese).to_be_visible()
    expect(english).to_be_hidden()
    seen(look, page, f"audit-file-{width}-zh")
    page.get_by_text("English", exact=True).click()
    expect(english).to_be_visible()
    expect(chinese).to_be_hidden()
    seen(look, page, f"audit-file-{width}-en")


def test_the_file_without_scripts_and_printed(file: Path, look: Looks) -> None:
    page = look.at(file.as_uri(), scripts=False)
    page.goto(file.as_uri())
    page.get_by_text("English", exact=True).click()
    expect(page.get_by_text(WORDS["lead"]["en"])).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator("label.switch").first).to_be_hidden()
    expect(
        page.locator(".in-en").get_by_text("timed out")
    ).to_be_visible()  # what is folded is printed
    assert page.pdf()[:5] == b"%PDF-"
    look.picture(page, "audit-file-print")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_file_of_one_language(file: Path, look: Looks, lang: str) -> None:
    chosen = "zh" if lang == "zh" else "en"
    file.write_bytes(write_page(report(), languages=[chosen]))  # type: ignore[list-item]
    page = look.at(file.as_uri())
    page.goto(file.as_uri())
    expect(page.get_by_text(WORDS["clean"][lang])).to_be_visible()
    look.accessible(page)
