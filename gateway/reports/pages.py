"""`/r/{number}`: the page that the QR of a report leads to. It works without a script but for
unsealing; with one, which is ours alone, the key stays in the browser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from importlib import resources
from typing import Any, Final

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
}
ASSETS: Final[Mapping[str, str]] = {
    "report.js": "text/javascript; charset=utf-8",
    "report.css": "text/css; charset=utf-8",
}
"""By name their media types: what the page loads, from nowhere but here."""

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "genuine": (
        "真实：本机构出具过这份报告，其中的记录至今没有变化。",
        "Genuine: this report was made here, and its records stand as they stood.",
    ),
    "changed-since": (
        "真实，但此后有变化：有记录已修复、更正、撤销、标注异议，或有新的记录。请重新出具。",
        "Genuine, but changed since: a record was repaired, corrected, withdrawn or disputed, or"
        " another one has come. Ask for a new report.",
    ),
    "share-unknown": (
        "没有这样的分享，或已到期、已撤回。",
        "There is no such share, or it has ended or was withdrawn.",
    ),
    "unknown": (
        "无此报告，或核验码不对。",
        "There is no such report, or the code is another.",
    ),
    "tries": (
        "一小时内尝试的次数过多，请稍后再试；这不表示报告有假。",
        "Tried too often within an hour; try later. This says nothing against the report.",
    ),
    "not-ready": (
        "暂时无法核对，请稍后再试；这不表示报告有假。",
        "It cannot be checked just now; try later. This says nothing against the report.",
    ),
    "elsewhere": (
        "这份报告由成员 {issuer} 出具，请到该成员的网址核验：",
        "This report was made by member {issuer}; check it there:",
    ),
    "elsewhere-unknown": (
        "这份报告由成员 {issuer} 出具，其网址未知；持有 PDF 的可在任一省份核验。",
        "This report was made by member {issuer}, whose address is not known; with the PDF it can"
        " be verified at any province.",
    ),
}


def asset(name: str) -> bytes:
    """The bytes of what the page loads. name: of `ASSETS`."""
    return (resources.files(__package__) / "assets" / name).read_bytes()


def page(
    number: str,
    *,
    state: str | None = None,
    link: str | None = None,
    view: Mapping[str, Any] | None = None,
    **words: str,
) -> str:
    """The page of a number. state: what is said of it, of `WORDS`; link: where to ask instead;
    view: what a share shows of it."""
    told = ""
    if state is not None:
        zh, en = (text.format(**words) for text in WORDS[state])
        told = f'<p class="told" data-state="{state}">{escape(zh)}<br><small>{escape(en)}</small>'
        if link is not None:
            target = escape(link, quote=True)
            told += f'<br><a rel="noreferrer" href="{target}">{target}</a>'
        told += "</p>"
    shown = escape(number, quote=True)
    return f"""<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>专项信用报告 {shown}</title>
<link rel="stylesheet" href="assets/report.css">
<script src="assets/report.js" defer></script></head>
<body data-number="{shown}">
<h1>专项信用报告 <small>Special credit report</small></h1>
<p class="number">{shown}</p>
{told}
<form method="post" action="{shown}">
<label>核验码 <small>Code for the counter</small>
<input name="code" autocomplete="off" autocapitalize="characters" maxlength="12" required></label>
<button>核验 <small>Check</small></button></form>
<form method="post" action="{shown}">
<label>分享码 <small>Code of a share</small>
<input name="share" autocomplete="off" autocapitalize="characters" maxlength="12" required></label>
<button>查看 <small>Open</small></button></form>
{"" if view is None else _shared(view)}
<main id="report" hidden></main>
<p id="problem" class="told" hidden></p>
<p><small>二维码中的密钥只在浏览器内使用，不会发送给服务器。
The key in the QR code stays in the browser; it is sent to no server.</small></p>
</body></html>
"""


STATES: Final[Mapping[str, str]] = {
    "records": "查见 known",
    "none-known": "未查见 none known",
    "not-supplied": "无单位报送，不作结论 nobody has supplied anything",
}


def _shared(view: Mapping[str, Any]) -> str:
    """What a share shows, as tables."""
    subject, period = view["subject"], view["period"]
    facts = [
        ("信用主体 Subject", subject["name"] or "—"),
        ("统一社会信用代码 USCC", subject["code"]),
        ("所涉期间 Period", f"{period['from']} — {period['to']}"),
        ("有效期至 Until", view["until"]),
        ("出具机构 Issuer", view["issuer"]),
    ]
    rows = [row for field in view["fields"] for row in _field(field)]
    note = "仅为所分享的部分 Only what is shared"
    return (
        f"<section><h2>{note}</h2><table>{''.join(_row(*one) for one in facts)}</table>"
        f"<table>{''.join(_row(*one) for one in rows)}</table></section>"
    )


def _field(field: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    days, title = field["through"], field["title"]
    through = "—" if days is None else f"{days['first']} … {days['last']}"
    state = f"{STATES[field['state']]} · {field['sources']} · {through}"
    yield f"{title['zh']} {title['en']}", state
    for line in field["lines"]:
        mark = "【异议处理中 disputed】" if line["disputed"] else ""
        told = (line["title"]["zh"], line["document"], line["authority"], line["decided"], mark)
        words = " · ".join(one for one in told if one)
        yield str(line["line"]), f"{words} · 记录号 Record: {line['record']}"


def _row(head: str, text: str) -> str:
    return f"<tr><th>{escape(head)}</th><td>{escape(text)}</td></tr>"
