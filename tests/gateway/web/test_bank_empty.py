"""Pages of a bank where nothing is there yet, and for each scope."""

from __future__ import annotations

import json
import re

import pytest
import sqlalchemy as sa
from starlette.types import ASGIApp

from gateway.base.db import begin_write
from gateway.node import Node
from gateway.webhooks.models import webhook_letters
from tests.gateway.intake.material import new_token
from tests.gateway.web.visitor import Visitor

PAGES = {
    "/bank": "read",
    "/bank/queries": "read",
    "/bank/checks": "read",
    "/bank/watch": "read",
    "/bank/webhooks": "read",
    "/bank/feedback": "read",
    "/bank/authorisations": "consent",
    "/bank/authorisations/new": "consent",
    "/bank/products": "product",
}
"""With the scope that each needs."""
TABS = set(PAGES) - {"/bank/authorisations/new"}


def signed(node: Node, app: ASGIApp, *scopes: str, lang: str = "en") -> Visitor:
    return Visitor(app, lang).sign_in(new_token(node, *scopes, department=None))


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("path", PAGES)
def test_nothing_yet(node: Node, app: ASGIApp, path: str, lang: str) -> None:
    """What to do first, in both languages."""
    visitor = signed(node, app, "read", "consent", "product", lang=lang)
    answer = visitor.get(path)
    assert answer.status_code == 200, answer.text
    assert "<h1>" in answer.text and "style=" not in answer.text


@pytest.mark.parametrize("scope", ["read", "consent", "product"])
def test_what_one_may_not_is_not_shown(node: Node, app: ASGIApp, scope: str) -> None:
    """No page names another scope's pages, and none of theirs opens."""
    visitor = signed(node, app, scope)
    home = visitor.get("/bank")
    if home.status_code == 303:
        home = visitor.get(home.headers["location"])
    own = home.text.partition("<main")[2]  # above it stands the menu of the areas
    shown = {one for one in re.findall(r'href="(/bank[a-z/]*)"', own) if one in TABS}
    assert shown == {path for path, needed in PAGES.items() if needed == scope and path in TABS}
    for path, needed in PAGES.items():
        if needed != scope and path not in ("/bank", "/bank/authorisations/new"):
            answer = visitor.get(path)
            told = answer.status_code, "scope-missing" in answer.text
            assert told == (403, True) or path in ("/bank/checks", "/bank/feedback"), path


@pytest.mark.parametrize("path", [*PAGES, "/bank/uses/" + "0" * 32, "/bank/checks/" + "0" * 32])
def test_strangers_are_led_to_sign_in(app: ASGIApp, path: str) -> None:
    answer = Visitor(app).get(path)
    assert (answer.status_code, answer.headers["location"][:6]) == (303, "/login")


@pytest.mark.parametrize("form", [{"code": "x"}, {"code": ""}, {"code": "9" * 17}])
def test_a_wrong_code_comes_back(node: Node, app: ASGIApp, form: dict[str, str]) -> None:
    """On the same page, with what was typed, the field and the remedy."""
    visitor = signed(node, app, "read", "consent")
    answer = visitor.post("/bank/ask", {"purpose": "pre-loan", **form})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text and f'value="{form["code"]}"' in answer.text
    assert "18 characters" in answer.text


def test_forms_of_another_session(node: Node, app: ASGIApp) -> None:
    visitor = signed(node, app, "read", "consent", "product")
    for path in (
        *("/bank/ask", "/bank/ask/send", "/bank/queries", "/bank/authorisations", "/bank/checks"),
        *("/bank/watch/subjects", "/bank/watch/records", "/bank/webhooks", "/bank/feedback"),
        f"/bank/uses/{'0' * 32}/decision",
    ):
        assert visitor.post(path, {"csrf": "x"}).status_code == 403, path


def test_no_authorisation_no_question(node: Node, app: ASGIApp) -> None:
    """The second step says that there is none; what the chain does not tell ends in words."""
    visitor = signed(node, app, "read", "consent")
    form = {"code": "91110000600037341L", "purpose": "pre-loan"}
    answer = visitor.post("/bank/ask", form)
    assert answer.status_code == 200 and "No authorisation of this subject" in answer.text
    sent = visitor.post("/bank/ask/send", form | {"matter": "loan 7"})
    assert sent.status_code == 503 and 'role="alert"' in sent.text
    assert 'value="loan 7"' in sent.text, "what was typed is there"


def test_a_code_that_looks_mistyped(node: Node, app: ASGIApp) -> None:
    visitor = signed(node, app, "read")
    answer = visitor.post("/bank/ask", {"code": "911100006000373410", "purpose": "pre-loan"})
    assert answer.status_code == 200 and "may be mistyped" in answer.text


# ---- the watch list


RECORD = "ab" * 32


def test_records_followed_and_not(node: Node, app: ASGIApp) -> None:
    visitor = signed(node, app, "read")
    answer = visitor.post("/bank/watch/records", {"record": RECORD})
    assert answer.headers["location"] == "/bank/watch?done=record"
    assert RECORD in visitor.get("/bank/watch").text
    other = Visitor(app).sign_in(new_token(node, "read", department="other"))
    assert RECORD not in other.get("/bank/watch").text
    visitor.post(f"/bank/watch/records/{RECORD}/remove")
    assert RECORD not in visitor.get("/bank/watch").text
    assert visitor.post(f"/bank/watch/records/{RECORD}/remove").status_code == 404


def test_a_wrong_record_comes_back(node: Node, app: ASGIApp) -> None:
    answer = signed(node, app, "read").post("/bank/watch/records", {"record": "xyz"})
    assert answer.status_code == 422
    assert 'value="xyz"' in answer.text and 'aria-invalid="true"' in answer.text


def test_a_subject_needs_an_authorisation(node: Node, app: ASGIApp) -> None:
    form = {"code": "91110000600037341L", "purpose": "post-loan"}
    answer = signed(node, app, "read").post("/bank/watch/subjects", form)
    assert (answer.status_code, "authorisation-missing" in answer.text) == (403, True)
    form["purpose"] = "regulation"
    visitor = signed(node, app, "read")
    assert visitor.post("/bank/watch/subjects", form).status_code == 303
    page = visitor.get("/bank/watch")
    assert form["code"] in page.text
    [name] = set(re.findall(r"/bank/watch/subjects/([0-9a-f]{32})/remove", page.text))
    assert visitor.post(f"/bank/watch/subjects/{name}/remove").status_code == 303


# ---- webhooks


def test_an_address(node: Node, app: ASGIApp) -> None:
    """Its secret is shown on the page that answers and never again."""
    visitor = signed(node, app, "read")
    bad = visitor.post("/bank/webhooks", {"url": "ftp://x", "records": ""})
    assert bad.status_code == 422 and 'value="ftp://x"' in bad.text
    assert (
        visitor.post("/bank/webhooks", {"url": "http://127.0.0.1:9/h", "records": "x"}).status_code
        == 422
    )
    made = visitor.post("/bank/webhooks", {"url": "http://127.0.0.1:9/h", "records": RECORD})
    [secret] = re.findall(r'id="secret">([^<]+)<', made.text)
    page = visitor.get("/bank/webhooks")
    assert secret not in page.text and "http://127.0.0.1:9/h" in page.text
    [name] = set(re.findall(r"/bank/webhooks/([0-9a-f]{32})/test", page.text))
    assert visitor.get(f"/bank/webhooks/{name}").status_code == 200
    tested = visitor.post(f"/bank/webhooks/{name}/test")
    where = tested.headers["location"]
    assert where == f"/bank/webhooks?done=undelivered&why=unreachable&of={name}"
    told = visitor.get(where).text
    assert "no connection: nothing runs there" in told and "<code>unreachable" not in told
    assert visitor.get("/bank/webhooks?done=undelivered&why=http-503").text.count("HTTP 503") == 1
    rotated = visitor.post(f"/bank/webhooks/{name}/rotate")
    assert 'id="secret"' in rotated.text and secret not in rotated.text
    assert "signs too until" in rotated.text and f"rotate {name} --end-old" in rotated.text
    for shown in (made, rotated):
        assert 'data-stay="/bank/webhooks"' in shown.text, "to load it again sends nothing again"
    assert visitor.post(f"/bank/webhooks/{name}/retry").status_code == 303
    assert visitor.post(f"/bank/webhooks/{name}/remove").status_code == 303
    assert "127.0.0.1:9" not in visitor.get("/bank/webhooks").text


def lay_aside(node: Node, endpoint: str, *states: str) -> None:
    """Messages that did not come there, as after three days of tries."""
    body = json.dumps({"type": "status", "timestamp": "", "data": {"record": RECORD}}).encode()
    rows = [
        {
            **{"endpoint": endpoint, "message": f"evt_{n}", "number": n, "type": "status"},
            **{"body": body, "state": state, "tries": 16, "due": 2**40, "since": 1},
            **{"ended_at": None, "code": "http-500"},
        }
        for n, state in enumerate(states)
    ]
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.insert(webhook_letters), rows)


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ("How to mend it", "sending again", ">active<")),
        ("zh", ("如何处理", "重新发送中", ">正常<")),
    ],
)
def test_dead_letters(node: Node, app: ASGIApp, lang: str, words: tuple[str, str, str]) -> None:
    """What to do, and about what each is; sent again they are counted until they are there."""
    todo, again, active = words
    visitor = signed(node, app, "read", lang=lang)
    made = visitor.post("/bank/webhooks", {"url": "http://127.0.0.1:9/h", "records": RECORD})
    [name] = set(re.findall(r"/bank/webhooks/([0-9a-f]{32})/test", made.text))
    page = visitor.get("/bank/webhooks").text
    assert todo not in page and again not in page and active in page
    lay_aside(node, name, "dead", "dead")
    page = visitor.get("/bank/webhooks").text
    assert todo in page and again not in page
    letters = visitor.get(f"/bank/webhooks/{name}").text
    assert todo in letters and letters.count(f"/explorer/records/{RECORD}") == 2
    assert f"/bank/webhooks/{name}/retry" in letters
    visitor.post(f"/bank/webhooks/{name}/retry")
    page = visitor.get("/bank/webhooks").text
    assert again in page and todo not in page and active not in page
    assert f'href="/bank/webhooks/{name}">2</a>' in page
    assert f"/bank/webhooks/{name}/retry" not in visitor.get(f"/bank/webhooks/{name}").text


# ---- tables


@pytest.mark.parametrize("path", ["/bank/checks", "/bank/feedback"])
def test_a_table_that_is_none(node: Node, app: ASGIApp, path: str) -> None:
    visitor = signed(node, app, "read")
    answer = visitor.post(path, {"purpose": "bidding", "matter": "tender 7"})
    assert answer.status_code == 422 and "choose a" in answer.text
    files = {"file": ("x.csv", b"nothing,here\n1,2\n")}
    answer = visitor.post(path, {"purpose": "bidding", "matter": "tender 7"}, files=files)
    assert answer.status_code == 422 and 'role="alert"' in answer.text
    assert path == "/bank/feedback" or 'value="tender 7"' in answer.text


# ---- products, authorisations


def test_a_record_that_is_none(node: Node, app: ASGIApp) -> None:
    visitor = signed(node, app, "product")
    assert visitor.get("/bank/products?record=xyz").status_code == 422
    unknown = visitor.get(f"/bank/products?record={RECORD}")  # of a node that follows no chain
    assert unknown.status_code == 503 and f'value="{RECORD}"' in unknown.text


def test_an_opening_that_is_none(node: Node, app: ASGIApp) -> None:
    visitor = signed(node, app, "consent")
    answer = visitor.post("/bank/authorisations/take", files={"opening": ("o.json", b"{}")})
    assert answer.status_code == 403 and 'role="alert"' in answer.text
    assert visitor.post("/bank/authorisations", {"code": "1"}).status_code == 422
    none = visitor.post("/bank/authorisations", {"code": "91110000600037341L"})
    assert "No authorisation is here" in none.text


def test_the_log_of_the_whole_member(node: Node, app: ASGIApp) -> None:
    """Its export is for the supervisor: a department is shown none."""
    whole = signed(node, app, "read")
    assert "export.xlsx" in whole.get("/bank/queries").text
    assert whole.get("/bank/queries/export.xlsx").content[:2] == b"PK"
    assert whole.get("/bank/queries?first=x").status_code == 422
    branch = Visitor(app).sign_in(new_token(node, "read", department="branch"))
    assert "export.xlsx" not in branch.get("/bank/queries").text
    assert branch.get("/bank/queries/export.xlsx").status_code == 403
