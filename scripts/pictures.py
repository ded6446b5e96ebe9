"""Make the pictures of the README: pages of a real node, in a real browser.

    python scripts/pictures.py [--out DIR] [--lang zh|en]

Brings up a chain and the node of Tianjin in build/pictures, hands in a workbook of `examples/` on
the page of the desk, and stops everything. All firms in it are synthetic.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, ViewportSize, sync_playwright

from gateway.devnet import services
from gateway.devnet.layout import NODES, Layout, load_ports
from scripts.browser import OPTIONS, environment, unpacked

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "pictures"
DOCS = ROOT / "docs" / "pictures"
TIANJIN = "120000"
WORKBOOK = ROOT / "examples" / "天津_行政处罚_手工表.xlsx"
SIZE: Final[ViewportSize] = {"width": 1120, "height": 760}
PATIENCE = 300_000
"""Milliseconds for a step."""


@contextmanager
def node(folder: Path) -> Iterator[tuple[str, str]]:
    """A node with a chain: its address, and the token of its centre."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        nodes = [one for one in NODES if one.code == TIANJIN]
        services.up(folder, 0, lambda _step: None, nodes=nodes)
        token = (Layout(folder).member(TIANJIN) / "token").read_text("ascii").strip()
        yield load_ports(Layout(folder)).endpoint(TIANJIN), token
    finally:
        services.down(folder)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def browser(url: str, lang: str) -> Iterator[Page]:
    """A page of a browser before that node."""
    program = unpacked()
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=str(program), args=list(OPTIONS), env=dict(environment(program))
        )
        locale = {"zh": "zh-CN", "en": "en-GB"}[lang]
        page = found.new_page(base_url=url, locale=locale, viewport=SIZE)
        page.set_default_timeout(PATIENCE)
        yield page
        found.close()


def sign_in(page: Page, token: str) -> None:
    """As the centre."""
    page.goto("/login?next=/desk")
    page.fill("#token", token)
    page.locator("form.narrow button").click()
    page.wait_for_url("**/desk")


def hand_in(page: Page) -> None:
    """The workbook, until all of its rows are answered and what was taken is anchored."""
    page.locator("input[type=file]").first.set_input_files(WORKBOOK)
    page.locator("form[enctype='multipart/form-data'] button").first.click()
    page.locator("main a[href*='/desk/files/']").first.click()
    page.wait_for_url("**/desk/files/*")
    page.locator("[data-anchored=all]").wait_for()


def receipt(page: Page, token: str) -> Path:
    """That of the first record that was taken."""
    auth = {"Authorization": f"Bearer {token}"}
    number = page.url.partition("?")[0].rpartition("/")[2]
    answer = page.request.get(f"/v1/files/{number}", headers=auth).json()
    leaf = next(one["leaf"] for one in answer["verdicts"] if one.get("leaf"))
    target = FOLDER / f"{leaf[:16]}.receipt.json"
    target.write_bytes(page.request.get(f"/v1/records/{leaf}/receipt", headers=auth).body())
    return target


def verify(page: Page, file: Path) -> None:
    """On the page for anybody."""
    page.goto("/verify")
    page.locator("input[type=file]").first.set_input_files(file)
    page.locator("form[enctype='multipart/form-data'] button").first.click()
    page.locator(".told").first.wait_for()


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=DOCS, metavar="DIR")
    parser.add_argument("--lang", choices=("zh", "en"), default="zh")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    with node(FOLDER) as (url, token), browser(url, asked.lang) as page:
        sign_in(page, token)
        hand_in(page)
        page.screenshot(path=asked.out / "desk.png")
        verify(page, receipt(page, token))
        page.screenshot(path=asked.out / "verify.png")
        page.goto("/")
        page.screenshot(path=asked.out / "node.png")
    for path in sorted(asked.out.glob("*.png")):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
