"""The frame in a browser: signing in, languages, widths, without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

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
def admin(tmp_path: Path, token: str) -> str:
    """A token that issues others."""
    node = make_test_node(tmp_path, seed="server")
    found = new_token(node, "admin", department=None)
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


@pytest.mark.parametrize(("lang", "scripts"), [("en", False), ("zh", True)])
def test_what_was_typed_comes_back(
    admin: str, server: Server, look: Looks, lang: str, *, scripts: bool
) -> None:
    """Who signs out in another tab while a form is filled in here finds it as it was."""
    page = look.at(server.url, token=admin, lang=lang, scripts=scripts)
    page.goto("/desk/tokens")
    page.fill("#name", '张 "三" <b>')
    page.fill("#department", "市监局")
    page.check("input[name=scopes][value=read]")
    other = page.context.new_page()
    other.goto("/")
    other.locator(".who button").click()
    other.wait_for_selector('.who a[href$="/login"]')
    page.locator("form.narrow button").click()
    page.wait_for_selector("#token")
    look.picture(page, f"frame-ended-{lang}")
    if scripts:
        look.accessible(page)
    page.fill("#token", admin)
    page.locator("form.narrow button").click()
    page.wait_for_selector("#department")
    assert page.input_value("#name") == '张 "三" <b>'
    assert page.input_value("#department") == "市监局"
    assert page.is_checked("input[name=scopes][value=read]")
    assert not page.is_checked("input[name=scopes][value=admin]")
    look.picture(page, f"frame-again-{lang}")
    if scripts:
        look.accessible(page)
        page.set_viewport_size({"width": NARROW, "height": 800})
        look.fits(page)
    page.locator("form.narrow button").click()
    page.wait_for_selector("text=clt_")


# ---- for whoever does not see it


def test_what_comes_anew_is_said(server: Server, look: Looks) -> None:
    """By the one element that stays; the same once more says nothing."""
    page = look.at(server.url)
    page.goto("/login")
    said = page.locator("#said")
    come = """(text) => {
      const part = document.createElement("section");
      part.id = "part";
      part.innerHTML = `<p>seen alone</p><p role="status">waited for</p><p data-aloud>${text}</p>`;
      document.querySelector("main").append(part);
      part.dispatchEvent(new CustomEvent("htmx:load", { bubbles: true, detail: { elt: part } }));
      part.remove();
    }"""
    page.evaluate(come, "one has answered")
    expect(said).to_have_text("")
    page.evaluate(come, "two have answered")
    expect(said).to_have_text("two have answered")
    page.evaluate("document.querySelector('#said').textContent = ''")
    page.evaluate(come, "two have answered")
    expect(said).to_have_text("")


def test_a_link_that_is_told_as_a_button(server: Server, look: Looks) -> None:
    """The bar of space presses it too."""
    page = look.at(server.url)
    page.goto("/login")
    page.evaluate("""() => {
      for (const role of ["link", "button"])
        document.querySelector("main").insertAdjacentHTML(
          "beforeend", `<a role="${role}" href="#pressed-${role}">x</a>`);
    }""")
    page.locator("main a[role=link]").last.focus()
    page.keyboard.press("Space")
    assert "#pressed" not in page.url
    page.locator("main a[role=button]").last.focus()
    page.keyboard.press("Space")
    page.wait_for_url("**/login#pressed-button")
