"""A session ends while one types: what was typed comes back after the sign-in, and is not done."""

from __future__ import annotations

import re
from html import unescape

import pytest
import sqlalchemy as sa
from starlette.types import ASGIApp

from gateway.node import Node
from gateway.tokens.models import tokens
from gateway.web.carrying import MAX_BYTES, MAX_CARRIED, NEVER, carry
from gateway.web.models import web_sessions
from gateway.web.templates import environment
from tests.gateway.intake.material import new_token
from tests.gateway.web.visitor import Visitor

OURS = {"Sec-Fetch-Site": "same-origin"}
FORM = {"name": '张三 "<b>"', "scopes": "read", "department": "市监局", "authorities": "1\n2"}
PATH = "/desk/tokens"


@pytest.fixture
def admin(node: Node) -> str:
    return new_token(node, "admin", department=None)


def end(node: Node) -> None:
    """As when all were idle for long."""
    with node.ctx.engine.begin() as connection:
        connection.execute(sa.delete(web_sessions))


def issued(node: Node) -> int:
    with node.ctx.engine.connect() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(tokens)).scalar_one())


def hidden(text: str) -> dict[str, str]:
    """The fields of the sign-in that a browser would send along."""
    form = text[text.index('class="narrow"') :].partition("</form>")[0]
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form)
    return {unescape(name): unescape(value) for name, value in found}


def typed(visitor: Visitor, path: str = PATH) -> dict[str, str]:
    """The form of a page, filled in."""
    text = visitor.get(path).text
    stands = re.search(r'name="form-page" value="([^"]*)"', text)
    assert stands, text
    return {"csrf": visitor.csrf(), "form-page": unescape(stands[1]), **FORM}


def send(visitor: Visitor, form: dict[str, str], **headers: str) -> str:
    answer = visitor.request("POST", PATH, data=form, headers=headers or OURS)
    assert answer.status_code == 401, answer.headers
    return answer.text


def sign_in(visitor: Visitor, shown: str, text: str, **headers: str) -> str:
    form = {"token": shown, **hidden(text)}
    answer = visitor.request("POST", "/login", data=form, headers=headers or OURS)
    assert answer.status_code == 200, answer.headers
    return answer.text


def test_it_comes_back(node: Node, app: ASGIApp, admin: str) -> None:
    """In the form, with the mark of the new session, and nothing was carried out until the button
    is pressed."""
    visitor = Visitor(app).sign_in(admin)
    form = typed(visitor, f"{PATH}?lang=en")
    end(node)
    login = send(visitor, form)
    assert "Your session has ended" in login and "kept on this page" in login
    before = issued(node)
    page = sign_in(visitor, admin, login)
    assert issued(node) == before
    assert (
        'value="张三 &#34;&lt;b&gt;&#34;"' in page or 'value="张三 &quot;&lt;b&gt;&quot;"' in page
    )
    assert "市监局" in page and "<h1" in page and "nothing of it was sent" in page
    assert re.search(r'name="scopes" value="read"[^>]* checked', page)
    assert f'href="{PATH}?lang=zh"' in page, "the address shown is that of the sign-in"
    assert form["csrf"] not in page
    again = visitor.post(PATH, {**FORM, "authorities": ""}, headers=OURS)
    assert (again.status_code, issued(node)) == (200, before + 1)


def test_by_the_cookie_of_before(node: Node, app: ASGIApp, admin: str) -> None:
    """Of a browser that does not say where a form comes from."""
    visitor = Visitor(app).sign_in(admin)
    form = typed(visitor)
    end(node)
    login = send(visitor, form, **{"X-Nothing": "1"})
    assert "张三" in sign_in(visitor, admin, login, **{"X-Nothing": "1"})


def test_a_wrong_token_first(node: Node, app: ASGIApp, admin: str) -> None:
    visitor = Visitor(app).sign_in(admin)
    form = typed(visitor)
    end(node)
    wrong = {"token": "clt_wrong", **hidden(send(visitor, form))}
    answer = visitor.request("POST", "/login", data=wrong, headers=OURS)
    assert answer.status_code == 401
    assert "张三" in sign_in(visitor, admin, answer.text)


@pytest.mark.parametrize("headers", [OURS, {"X-Nothing": "1"}])
def test_the_other_language_first(
    node: Node, app: ASGIApp, admin: str, headers: dict[str, str]
) -> None:
    """By a button of the form: a link would leave behind what was typed."""
    visitor = Visitor(app).sign_in(admin)
    form = typed(visitor)
    end(node)
    login = send(visitor, form, **headers)
    head = login.partition("<main")[0]
    assert '<button form="sign-in" name="lang" value="zh" formnovalidate' in head
    assert 'hreflang="zh"' not in head
    answer = visitor.request(
        "POST", "/login", data={"token": "", "lang": "zh", **hidden(login)}, headers=headers
    )
    assert (answer.status_code, visitor.cookies["lang"]) == (200, "zh")
    assert "张三" in sign_in(visitor, admin, answer.text, **headers)


def test_signed_in_again_elsewhere(node: Node, app: ASGIApp, admin: str) -> None:
    """In another tab: the form of before is shown once more, and not carried out."""
    visitor = Visitor(app).sign_in(admin)
    form, before = typed(visitor), issued(node)
    visitor.sign_in(admin)
    answer = visitor.request("POST", PATH, data=form, headers=OURS)
    assert (answer.status_code, issued(node)) == (200, before)
    assert "张三" in answer.text and visitor.csrf() in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {},
    ],
)
def test_another_site_fills_in_nothing(
    node: Node, app: ASGIApp, admin: str, headers: dict[str, str]
) -> None:
    visitor = Visitor(app).sign_in(admin)
    form = {**typed(visitor), "csrf": "guessed"}
    live = visitor.request("POST", PATH, data=form, headers=headers)
    assert (live.status_code, "张三" in live.text) == (403, False)
    end(node)
    ended = visitor.request("POST", PATH, data=form, headers=headers)
    assert (ended.status_code, "张三" in ended.text) == (303, False)
    own = Visitor(app).sign_in(admin)
    mine = typed(own)
    end(node)
    forged = {"token": admin, **hidden(send(own, mine)), "csrf": "guessed"}
    answer = Visitor(app).request("POST", "/login", data=forged, headers=headers)
    assert (answer.status_code in (303, 403), "张三" in answer.text) == (True, False)


def test_files_are_chosen_again(node: Node, app: ASGIApp) -> None:
    """Nothing of them is held, and the page says so."""
    shown = new_token(node, "read", "consent", department=None)
    visitor = Visitor(app).sign_in(shown)
    path = "/bank/authorisations/new"
    form = {"csrf": visitor.csrf(), "form-page": path, "subject": "91110000A"}
    end(node)
    files = {"doc": ("signed.pdf", b"%PDF-" + bytes(3 << 20), "application/pdf")}
    answer = visitor.request("POST", path, data=form, files=files, headers=OURS)
    assert answer.status_code == 401 and len(answer.content) < 1 << 16
    page = sign_in(visitor, shown, answer.text)
    assert "Files have to be chosen again" in page and 'value="91110000A"' in page


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("/v1/tokens", "What you had typed"),
        ("/desk/nothing/there", "What you had typed"),
        ("//elsewhere.example/", "press its button again"),
        ("/desk/reports", "not to be had any more"),
    ],
)
def test_no_page_to_come_back_to(
    node: Node, app: ASGIApp, admin: str, page: str, words: str
) -> None:
    """What was typed is told all the same; no interface is asked in its place."""
    visitor = Visitor(app).sign_in(admin)
    form = {**typed(visitor), "form-page": page}
    end(node)
    text = sign_in(visitor, admin, send(visitor, form))
    assert words in text and "张三" in text and "elsewhere" not in text


def test_bounds() -> None:
    """And no secret goes along."""
    secret = [(name, "x") for name in NEVER]
    assert carry("/desk/tokens", secret, files=False) is None
    assert carry("/firm", [("code", "x")], files=False) is None
    long = carry("/a", [("a", "x"), ("b", "字" * MAX_BYTES), ("c", "x")], files=False)
    assert long is not None and (long.fields, long.whole) == ((("a", "x"),), False)
    many = carry("/a", [(str(n), "x") for n in range(MAX_CARRIED + 1)], files=True)
    assert many is not None and (len(many.fields), many.whole) == (MAX_CARRIED, False)


def test_no_field_of_a_secret_is_carried() -> None:
    """Each password of a page has a name that is on the list."""
    made = environment("en")
    assert made.loader is not None
    for name in made.list_templates(extensions=["html"]):
        source, _, _ = made.loader.get_source(made, name)
        for tag in re.findall("<input[^>]*>", source):
            if 'type="password"' in tag:
                found = re.search(r'name="([^"]+)"', tag)
                assert found and found[1] in NEVER, f"{name}: {tag}"
