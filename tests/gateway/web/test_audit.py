"""`/audit`: the newest replay for everybody, and reports of one's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp

from gateway.app import create_app
from gateway.base.settings import of_values
from gateway.http.limits import MAX_AUDITED
from gateway.node import Node
from gateway.web.audit.newest import MAX_NEWEST, Newest
from gateway.web.audit.page import SAVED
from ledger.audit.codes import CODES
from ledger.audit.compare_codes import DIVERGENCES
from ledger.audit.page_words import WORDS
from ledger.audit.report_file import ReportFile
from ledger.core import canonical
from ledger.core.errors import ConfigError
from tests.audit.reports import Change, document, finding, gap, next_day, report, setting
from tests.gateway.intake.material import new_token
from tests.gateway.web.visitor import Visitor
from tests.support.node import make_test_node

HOSTILE = "<script>alert(1)</script>"
Look = Callable[..., Any]


@pytest.fixture
def newest(tmp_path: Path) -> Path:
    """Where the operator's timer writes."""
    return tmp_path / "replay.json"


@pytest.fixture
def shown(tmp_path: Path, newest: Path) -> Iterator[ASGIApp]:
    """A node whose settings name the file."""
    node = make_test_node(tmp_path, web={"audit_report": newest})
    yield create_app(node)
    node.close()


def data(made: ReportFile) -> bytes:
    return canonical.encode(made.document)


def send(app: ASGIApp, *files: bytes, lang: str = "en", **more: Any) -> Any:
    """One or two files, by the form."""
    sent = {name: ("r.json", file) for name, file in zip("ab", files, strict=False)}
    return Visitor(app, lang).request("POST", "/audit", files=sent, **more)


def plain(*changes: Change) -> bytes:
    return data(report(*changes, of=document))


# ---- the newest


@pytest.mark.parametrize(("lang", "told"), [("en", "No replay is shown"), ("zh", "尚无重放报告")])
def test_nothing_is_set(app: ASGIApp, lang: str, told: str) -> None:
    page = Visitor(app, lang).get("/audit")
    assert page.status_code == 200
    assert told in page.text
    assert "audit_report = " in page.text and "audit replay --network" in page.text


def test_set_and_not_made_yet(shown: ASGIApp, newest: Path) -> None:
    told = "was not made yet"
    assert told in Visitor(shown).get("/audit").text
    newest.write_bytes(plain())
    assert told not in Visitor(shown).get("/audit").text
    newest.unlink()
    assert told in Visitor(shown).get("/audit").text


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_newest(shown: ASGIApp, newest: Path, lang: str) -> None:
    made = report(finding("ack-late"), gap("tiles-unreachable"), of=document)
    newest.write_bytes(data(made))
    os.utime(newest, (1_796_090_000, 1_796_090_000))
    page = Visitor(shown, lang).get("/audit").text
    assert CODES["ack-late"].message[lang] in page
    assert WORDS["incomplete"][lang] in page
    assert made.digest in page
    assert {"en": "1 Dec 2026", "zh": "2026年12月1日"}[lang] in page
    assert "audit_report = " not in page


def test_what_tells_of_cases_is_for_the_house(tmp_path: Path, newest: Path) -> None:
    newest.write_bytes(data(report(finding("ack-late"))))
    node = make_test_node(tmp_path, web={"audit_report": newest})
    app, told = create_app(node), CODES["ack-late"].message["en"]
    for visitor, seen in (
        (Visitor(app), False),
        (Visitor(app).sign_in(new_token(node, "read", department=None)), True),
        (Visitor(app).sign_in(new_token(node, "submit", department=None)), False),
        (Visitor(app).sign_in(new_token(node, "read")), False),
    ):
        page = visitor.get("/audit").text
        assert (told in page, "not shown to everybody" in page) == (seen, not seen)
    node.close()


def test_a_newer_one_takes_its_place(shown: ASGIApp, newest: Path) -> None:
    newest.write_bytes(plain())
    assert WORDS["clean"]["en"] in Visitor(shown).get("/audit").text
    other = newest.with_name("other.json")
    other.write_bytes(plain(finding("ack-late")))
    other.replace(newest)
    assert CODES["ack-late"].message["en"] in Visitor(shown).get("/audit").text


def test_it_is_read_once(newest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    newest.write_bytes(plain())
    looks = Newest(newest)
    first = looks.look()
    monkeypatch.setattr("gateway.web.audit.newest._read", lambda path: pytest.fail("again"))
    assert looks.look() is first


@pytest.mark.parametrize("wrong", [b"", b"{}", plain()[:-1], b"\xff"])
def test_what_is_no_report(shown: ASGIApp, newest: Path, wrong: bytes) -> None:
    """Strangers are told so, and nothing of the machine."""
    newest.write_bytes(wrong)
    page = Visitor(shown).get("/audit")
    assert page.status_code == 200
    assert "cannot be read" in page.text
    assert str(newest.parent) not in page.text


def test_what_cannot_be_opened_or_is_too_large(newest: Path) -> None:
    newest.mkdir()
    assert Newest(newest).look().state == "wrong"
    newest.rmdir()
    with newest.open("wb") as file:
        file.truncate(MAX_NEWEST + 1)
    assert Newest(newest).look().state == "wrong"


def test_a_path_of_the_settings_is_taken_from_their_folder(tmp_path: Path) -> None:
    values = {"network": "n.json", "node": {"code": "110000"}, "env": "development"}
    found = of_values(values | {"web": {"audit_report": "replay.json"}}, tmp_path)
    assert found.web.audit_report == tmp_path / "replay.json"
    assert of_values(values, tmp_path).web.audit_report is None
    with pytest.raises(ConfigError, match="audit_report"):
        of_values(values | {"web": {"audit_report": 7}}, tmp_path)


# ---- one's own


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_report_of_ones_own(app: ASGIApp, lang: str) -> None:
    page = send(app, plain(finding("act-on-nothing")), lang=lang)
    assert page.status_code == 200
    assert CODES["act-on-nothing"].remedy[lang] in page.text
    assert CODES["act-on-nothing"].message[lang] not in Visitor(app, lang).get("/audit").text


def test_of_which_network_it_is(app: ASGIApp, node: Node) -> None:
    """The page computes nothing, and says so; that it is of another network it can see."""
    foreign, nothing = "This is of another network", "this page has computed nothing anew"
    _, chain, consortium = node.ctx.network.reference.split(":")
    here = [setting("network.chainId", int(chain)), setting("network.consortium", consortium)]
    other = setting("network.consortium", "0x" + "ee" * 20)
    for changes, told in ((here, False), ([*here, other], True)):
        for files in ([plain(*changes)], [plain(*changes), plain(*changes, next_day)]):
            page = send(app, *files).text
            assert (foreign in page, nothing in page) == (told, True)
            assert "data-print" in page


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_two_compared(app: ASGIApp, lang: str) -> None:
    later = plain(next_day, setting("logs.0.root", "99" * 32), finding("ack-late"))
    page = send(app, plain(), later, lang=lang).text
    assert DIVERGENCES["log-differs"].message[lang] in page
    assert CODES["ack-late"].message[lang] in page
    same = send(app, plain(), plain(), lang=lang).text
    assert DIVERGENCES["log-differs"].message[lang] not in same


@pytest.mark.parametrize(
    ("files", "told", "field"),
    [
        ([], "No report was chosen", "a"),
        ([b""], "No report was chosen", "a"),
        ([b"{}"], "The first file is not a report", "a"),
        ([plain(), b"nonsense"], "The second file is not a report", "b"),
        ([plain(), plain(setting("network.chainId", 1))], "different networks", "b"),
    ],
)
def test_what_cannot_be_looked_at(app: ASGIApp, files: list[bytes], told: str, field: str) -> None:
    if files:
        page = send(app, *files)
    else:
        page = Visitor(app).request("POST", "/audit", files={"b": ("r.json", b"")})
    assert page.status_code == 422
    assert told in page.text
    assert f'id="{field}" name="{field}" type="file"' in page.text
    invalid = page.text.split(f'id="{field}"')[1].split(">")[0]
    assert 'aria-invalid="true"' in invalid


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b'{"_type":"credit-ledger/receipt@1"}', "Receipts, bundles and credit reports"),
        (b"%PDF-1.7", "Receipts, bundles and credit reports"),
        (b"<!doctype html><html>", "Choose the .json that --out wrote"),
        (b'{"a":1}', "a report that was opened and saved again"),
        (plain()[:-9], "a report that was opened and saved again"),
        (b"", "was not written to its end"),
    ],
)
def test_what_to_do_with_another_file(app: ASGIApp, data: bytes, told: str) -> None:
    page = send(app, data).text
    assert told in page
    top, _, folded = page.partition("<summary>Evidence")
    assert "not JSON" not in top and "_type" not in top
    assert bool(folded) == bool(data), "what the parser says stands apart"


def test_where_to_begin(app: ASGIApp, node: Node) -> None:
    """A stranger finds the network file's digest, and the operator's part is folded."""
    page = Visitor(app).get("/audit").text
    assert node.ctx.network.reference in page and node.ctx.network.digest.hex() in page
    assert page.index("<details><summary>How the operator") < page.index("audit_report = ")


def test_nothing_of_strangers_is_markup(app: ASGIApp) -> None:
    made = plain(finding("ack-late", HOSTILE, HOSTILE, x=HOSTILE), setting("chair", HOSTILE))
    for page in (send(app, made), send(app, made, plain(next_day))):
        assert HOSTILE not in page.text
        assert " style=" not in page.text and "<style" not in page.text
        assert "unsafe" not in page.headers["content-security-policy"]
    wrong = send(app, b'{"_type":"credit-ledger/audit@1","' + HOSTILE.encode() + b'":1}')
    assert wrong.status_code == 422 and HOSTILE not in wrong.text


@pytest.mark.parametrize("where", ["a", "b"])
def test_a_file_that_is_too_large(app: ASGIApp, where: str) -> None:
    files = {"a": plain(), where: b" " * (MAX_AUDITED + 1)}
    page = send(app, *files.values())
    assert page.status_code == 413
    assert "may have 8 MB" in page.text
    declared = send(app, plain(), headers={"Content-Length": str(100 << 20)})
    assert (declared.status_code, "may have 8 MB" in declared.text) == (413, True)


def test_a_body_that_is_not_the_form(app: ASGIApp) -> None:
    other = Visitor(app).request("POST", "/audit", files={"c": ("r.json", plain())})
    assert other.status_code == 422
    assert "form of this page" in other.text
    text = Visitor(app).request("POST", "/audit", content=plain())
    assert text.status_code == 415


def test_who_sends_too_often_waits(app: ASGIApp) -> None:
    answers = [send(app, b"{}").status_code for _ in range(int(SAVED) + 2)]
    assert answers[0] == 422
    assert answers[-1] == 429
    assert "commands below" in send(app, b"{}").text
    assert Visitor(app).get("/audit").status_code == 200


def test_of_another_site_nothing_is_taken(tmp_path: Path) -> None:
    node = make_test_node(tmp_path)
    app = create_app(node)
    foreign = send(app, plain(), headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403
    signed = Visitor(app).sign_in(new_token(node, "read"))
    files = {"a": ("r.json", plain())}
    assert signed.request("POST", "/audit", files=files).status_code == 403
    good = signed.request("POST", "/audit", files=files, data={"csrf": signed.csrf()})
    assert good.status_code == 200
    assert 'name="csrf"' in signed.get("/audit").text
    node.close()


def test_everybody_sees_the_area(app: ASGIApp) -> None:
    assert 'href="/audit"' in Visitor(app).get("/").text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_some_hundred_findings(shown: ASGIApp, newest: Path, lang: str) -> None:
    """A page stays within 150 kB, tells each sort with what to do, and how many more there are."""
    names = sorted(CODES)[:40]
    many = [
        finding(name, "130000", f"record/{n:064x}/act/1", tx=f"0x{n:064x}", found="cd" * 32)
        for name in names
        for n in range(10)
    ]
    made = report(*many, of=document)
    newest.write_bytes(data(made))
    pages = [Visitor(shown, lang).get("/audit"), send(shown, data(made), lang=lang)]
    pages.append(send(shown, plain(), data(report(next_day, *many, of=document)), lang=lang))
    for page in pages:
        assert page.status_code == 200 and len(page.content) < 150_000
    for page in pages[:2]:
        assert page.text.count('<article class="finding">') == len(names)
        assert page.text.count(WORDS["more"][lang].format(count=7)) == len(names)
