"""The frame in a browser: signing in, languages, widths, without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.app.server import Server, serving
from tests.gateway.intake.material import new_token
from tests.pages.looking import NARROW, Looks
from tests.support.node import make_test_node


@pytest.fixture
def token(tmp_path: Path) -> str:
    node = make_test_node(tmp_path, seed="server")
    found = new_token(node, "submit", "read")
    node.close()
    return found


@pytest.fixture
def server(tmp_path: Path, token: str) -> Iterator[Server]:
    with serving(tmp_path) as server:
        yield server


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("path", ["/", "/login", "/nothing-here"])
def test_pages_of_the_frame(server: Server, look: Looks, lang: str, path: str) -> None:
    page = look.at(server.url, lang=lang)
    page.goto(path)
    look.accessible(page)
    look.picture(page, f"frame{path.replace('/', '-')}-{lang}")
    narrow = look.at(server.url, lang=lang, width=NARROW)
    narrow.goto(path)
    look.fits(narrow)
    look.accessible(narrow)


@pytest.mark.parametrize("scripts", [True, False])
def test_in_and_out(server: Server, look: Looks, token: str, scripts: bool) -> None:
    page = look.at(server.url, token=token, scripts=scripts)
    assert page.locator(".holder").count() == 1
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("link", name="Sign in").click()
    page.fill("#token", "clt_nobody")
    page.locator("form.narrow button").click()
    assert "unknown or revoked" in page.get_by_role("alert").inner_text()


def test_the_other_language(server: Server, look: Looks) -> None:
    page = look.at(server.url)
    page.goto("/")
    page.get_by_role("link", name="中文").click()
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    page.goto("/login")
    assert page.locator("h1").inner_text() == "登录"
