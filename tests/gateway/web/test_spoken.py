"""On an English page Chinese texts are marked, and nothing else is touched."""

from __future__ import annotations

import pytest
from starlette.types import ASGIApp

from gateway.web.spoken import spoken
from tests.gateway.web.visitor import Visitor


def zh(text: str) -> str:
    return f'<span lang="zh-CN">{text}</span>'


@pytest.mark.parametrize(
    ("page", "told"),
    [
        (
            "<td>合成样例1100000号科技有限公司</td>",
            f"<td>{zh('合成样例1100000号科技有限公司')}</td>",
        ),
        ("<p>of 异列〔2026〕1号, in force</p>", f"<p>of {zh('异列〔2026〕1号')}, in force</p>"),
        ("<p>《条例》 says</p>", f"<p>{zh('《条例》')} says</p>"),
        ("<p>银行 and 天津</p>", f"<p>{zh('银行')} and {zh('天津')}</p>"),
        ("<p>证明.pdf was kept.</p>", f"<p>{zh('证明.pdf')} was kept.</p>"),
        ("<p>甲1, 乙 2</p>", f"<p>{zh('甲1')}, {zh('乙')} 2</p>"),
        ("天津", zh("天津")),
    ],
)
def test_chinese_is_marked(page: str, told: str) -> None:
    assert spoken(page) == told


@pytest.mark.parametrize(
    "page",
    [
        "<p>1 December 2026 – in force…</p>",
        "<a title=\"天津 > 北京\" aria-label='天津'>x</a>",
        "<title>天津</title>",
        "<select><option value='天津'>天津</option></select>",
        "<textarea>\n天津 <b></textarea>",
        "<script>天津</script>",
        "<!-- 天津 -->",
        "",
    ],
)
def test_what_holds_no_element_stays(page: str) -> None:
    assert spoken(page) == page


def test_pages(app: ASGIApp) -> None:
    assert zh("中文") in Visitor(app).get("/").text
    assert "<span lang=" not in Visitor(app, lang="zh").get("/").text
