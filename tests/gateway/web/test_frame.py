"""What all pages have in common: language, headers, errors in words, what they load."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from gateway.web.languages import Language, choose
from gateway.web.static_files import address, files
from scripts import texts, vendor
from tests.gateway.web.visitor import Visitor


def test_both_languages(app: ASGIApp) -> None:
    """By what the browser accepts, and then by what was chosen."""
    english, chinese = Visitor(app), Visitor(app, lang="zh-CN,zh;q=0.9,en;q=0.8")
    assert 'lang="en"' in english.get("/").text
    assert 'lang="zh-CN"' in chinese.get("/").text
    assert "核验" in chinese.get("/").text
    assert 'lang="en"' in chinese.get("/?lang=en").text
    assert 'lang="en"' in chinese.get("/").text, "it is kept"
    assert 'lang="zh-CN"' in Visitor(app, lang="fr").get("/").text
    assert 'href="?a=1&amp;lang=zh"' in english.get("/?a=1&lang=en").text


@pytest.mark.parametrize(
    ("asked", "kept", "accepted", "code"),
    [
        ("en", "zh", "zh", "en"),
        ("xx", "en", "zh", "en"),
        (None, None, "en-GB,zh", "en"),
        (None, None, "de,zh;q=0.5", "zh"),
        (None, None, "", "zh"),
    ],
)
def test_which_language(asked: str | None, kept: str | None, accepted: str, code: str) -> None:
    assert choose(asked, kept, accepted).code == code


def test_every_text_has_its_chinese() -> None:
    assert texts.faults() == []


def test_one_word_for_one_thing(tmp_path: Path) -> None:
    """That of the glossary, in all that people read; what was written at its time stays."""
    assert texts.other_words() == []
    other = next(iter(texts.INSTEAD))
    for name in ("ledger/a.toml", "docs/reviews/1.md", "docs/guide.md", "gateway/b.bin"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"已{other}", "utf-8")
    assert [line.partition(":")[0] for line in texts.other_words(tmp_path)] == [
        "docs/guide.md",
        "ledger/a.toml",
    ]


def test_a_node_is_called_as_the_reader_knows_it() -> None:
    zh, en = Language("zh"), Language("en")
    assert (zh.named("天津市", "120000"), en.named("天津市", "120000")) == ("天津市", "Tianjin")
    assert en.named("Tianjin Credit Centre 天津", "120000") == "Tianjin Credit Centre 天津"
    assert en.named("示例银行", "demo-bank") == "示例银行", "there is no other name"
    assert (zh.named("", "demo-bank"), zh.named("", "120000")) == ("demo-bank", "120000")


def test_as_each_language_writes_it() -> None:
    zh, en = Language("zh"), Language("en")
    assert (zh.day("2026-12-01"), en.day(date(2026, 12, 1))) == ("2026年12月1日", "1 December 2026")
    at = datetime(2026, 11, 30, 16, 5, tzinfo=UTC)
    assert (zh.moment(at), en.moment(int(at.timestamp()))) == (
        "2026年12月1日 00:05:00",
        "1 Dec 2026, 00:05:00",
    )
    assert zh.moment("2026-11-30T16:05:00Z") == zh.moment(at)
    midnight = "2026-11-30T16:00:00Z"
    assert (zh.since(midnight), en.since(midnight)) == ("2026年12月1日", "1 December 2026")
    assert zh.since("2026-11-30T16:05:00Z") == zh.moment(at)
    assert (zh.member("120000"), en.member("120000")) == ("天津（120000）", "Tianjin (120000)")
    assert zh.member("demo-bank") == "demo-bank"
    assert zh.role("centre:token-3") == "中心，3 号令牌"
    assert en.role("unit-1f2e3d4c:token-12") == "department 1f2e3d4c, token no. 12"
    assert en.role("vote") == "vote"
    assert (zh.number(1234567), en.number(0)) == ("1,234,567", "0")
    assert zh.amount("12000.5") == "¥12,000.50"
    assert en.amount(Decimal(7)) == "CN¥7.00"
    assert (zh.share(0.983), en.share(1)) == ("98.3%", "100.0%")


def test_headers(app: ASGIApp) -> None:
    """Nothing of another host, no script in a page, kept nowhere."""
    found = Visitor(app).get("/").headers
    assert "default-src 'none'" in found["content-security-policy"]
    assert "unsafe" not in found["content-security-policy"]
    assert found["cache-control"] == "no-store"
    assert found["x-content-type-options"] == "nosniff"


def test_no_page_has_a_script_or_a_style_in_it(app: ASGIApp) -> None:
    for path in ("/", "/login", "/nothing-here"):
        text = Visitor(app).get(path).text
        assert "<script>" not in text and "<style" not in text and " style=" not in text
        assert "http://" not in text and "https://" not in text


# ---- what pages load


def test_static(app: ASGIApp) -> None:
    visitor = Visitor(app)
    kept = visitor.get(address("web.css"))
    assert kept.headers["content-type"].startswith("text/css")
    assert "immutable" in kept.headers["cache-control"]
    raw = visitor.get("/static/web.css", headers={"Accept-Encoding": "identity"})
    assert raw.content == files()["web.css"].data
    assert raw.headers["cache-control"] == "no-cache"
    assert gzip.decompress(files()["web.css"].packed) == raw.content


@pytest.mark.parametrize("path", ["../web/models.py", "%2e%2e/models.py", "x.css", "", "vendor"])
def test_nothing_else_is_given_out(app: ASGIApp, path: str) -> None:
    assert Visitor(app).get(f"/static/{path}").status_code == 404


def test_what_is_of_others_is_as_they_made_it() -> None:
    there = {one.name: one.read_bytes() for one in vendor.VENDOR.iterdir()}
    assert there == vendor.wanted()


# ---- what goes wrong


def test_errors_in_words(app: ASGIApp) -> None:
    visitor = Visitor(app)
    answer = visitor.post("/logout", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/html")
    assert "Go back, open the page again" in answer.text
    chinese = Visitor(app, lang="zh").post("/logout", headers={"Sec-Fetch-Site": "cross-site"})
    assert "重新打开页面" in chinese.text
