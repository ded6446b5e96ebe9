"""The report of a replay as a page for people: findings first, and what it all means.

`body` are the sections of one report in one language, for any page with the style `STYLE`; `page`
is a file that stands alone: no script, nothing from anywhere else, both languages with a switch
that needs none either. Whatever a report says is text (`ledger.audit.html`).
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from importlib import resources
from itertools import groupby
from typing import Any, Final

from ledger.audit.codes import CODES
from ledger.audit.html import Node, element, table, write
from ledger.audit.incomplete_codes import INCOMPLETE
from ledger.audit.page_figures import figures
from ledger.audit.page_speaker import LANGUAGES, Language, Speaker, code
from ledger.audit.page_words import SEVERITIES, TERMS
from ledger.audit.report_file import ReportFile, severity_of

__all__ = ["MAX_ALL", "MAX_CODES", "MAX_PLACES", "STYLE", "body", "page"]

MAX_PLACES: Final = 100
"""Of one code, in a page; the file of the report has all that were listed."""
MAX_CODES: Final = 300
"""Of one page: there are some hundred; a stranger's report may have any number."""
MAX_ALL: Final = 3_000
"""Places of all codes of a page, which has them in each of its languages."""
_MAX_EVIDENCE: Final = 12
"""Names in the evidence of one place: ours have nine at the most."""


def _style(name: str) -> str:
    return (resources.files("ledger.audit") / name).read_text("utf-8")


STYLE: Final = _style("page.css")
"""CSS of what `body` gives, in elements of the class `audit-page`."""
_FRAME: Final = _style("page_frame.css")


def body(report: ReportFile, language: Language, *, places: int = MAX_ALL) -> str:
    """The sections of a report, as HTML below a heading of the first level. places: of all codes,
    how many are shown; of each code one is."""
    return write(_body(report, Speaker(language), places))


def page(
    report: ReportFile, *, languages: Sequence[Language] = LANGUAGES, first: Language = "zh"
) -> bytes:
    """A file of HTML. languages: one, or both; first: the one that is shown at first."""
    shown = first if first in languages else languages[0]
    style = STYLE + _FRAME
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    speakers = [Speaker(one) for one in languages]
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element(
            "meta",
            http_equiv="Content-Security-Policy",
            content=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
            "form-action 'none'",
        ),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", " · ".join(say("title") for say in speakers)),
    )
    head.append(_sheet(style))
    whole = element(
        "html",
        head,
        element("body", element("main", _switch(shown, speakers), map(_part(report), speakers))),
        lang=Speaker(shown).tag,
    )
    return f"<!doctype html>\n{write(whole)}\n".encode()


def _sheet(style: str) -> Node:
    """Not by `element`: its text is ours, as long as it is and with line ends."""
    made = element("style")
    made.text = style
    return made


def _part(report: ReportFile) -> Any:
    def part(say: Speaker) -> Node:
        return element(
            "div",
            element("h1", say("title")),
            _body(report, say, MAX_ALL),
            class_=f"in-{say.language}",
            lang=say.tag,
        )

    return part


def _switch(shown: Language, speakers: Sequence[Speaker]) -> Iterator[Node]:
    """Two radio buttons before everything else: the style shows what belongs to the chosen one."""
    if len(speakers) == 1:
        return
    for language, words in (("zh", "中文"), ("en", "English")):
        chosen = {"checked": "checked"} if language == shown else {}
        name = f"show-{language}"
        yield element("input", type="radio", name="language", id=name, class_="switch", **chosen)
        yield element("label", words, for_=name, class_="switch", lang=language)


def _body(report: ReportFile, say: Speaker, places: int) -> Node:
    return element(
        "div",
        element("p", say("lead")),
        _about(report, say),
        _incomplete(report, say, places),
        _result(report, say),
        _findings(report, say, places),
        figures(report, say),
        _terms(say),
        _again(report, say),
        class_="audit-page",
        lang=say.tag,
    )


def _about(report: ReportFile, say: Speaker) -> Node:
    (chain, consortium), (number, hash_) = report.network, report.block
    pairs = (
        ("network", element("span", f"{chain} ", code(consortium))),
        ("block", element("span", f"{number:,} ", code(hash_))),
        ("time", say.time(report.document.get("blockTime", 0))),
        ("digest", code(report.digest)),
        ("signed", say("not-signed")),
    )
    return element(
        "dl",
        (one for name, value in pairs for one in (element("dt", say(name)), element("dd", value))),
        class_="facts",
    )


def _incomplete(report: ReportFile, say: Speaker, places: int) -> Iterator[Node]:
    gaps = report.document["incomplete"]
    if not gaps:
        return
    groups = [list(same) for _, same in groupby(sorted(gaps, key=_code), _code)]
    yield element(
        "section",
        element("h2", say("incomplete")),
        element("p", say("incomplete-lead")),
        (element("div", _gap(same, _most(groups, places), say)) for same in groups[:MAX_CODES]),
        class_="notice open",
    )


def _code(one: dict[str, Any]) -> str:
    return str(one["code"])


def _most(groups: Sequence[Any], places: int) -> int:
    """How many places of each group are shown."""
    return max(1, min(MAX_PLACES, places // len(groups)))


def _gap(places: list[dict[str, Any]], most: int, say: Speaker) -> Iterator[Node]:
    name = _code(places[0])
    known = name in INCOMPLETE
    yield element("p", element("strong", say.of(INCOMPLETE.get(name, places[0]["message"]))))
    if not known:
        yield element("p", say("unknown-code"), class_="muted")
    yield _places(places, most, len(places), say)


def _result(report: ReportFile, say: Speaker) -> Node:
    counts, gaps = report.severities(), report.document["incomplete"]
    if counts:
        text = say("found", **{name: counts[name] for name in SEVERITIES})
        tone = "bad" if counts["error"] or counts["warning"] else "open"
    else:
        text = say("clean-incomplete" if gaps else "clean")
        tone = "open" if gaps else "good"
    return element(
        "section",
        element("h2", say("result")),
        element("p", element("strong", text), class_=f"notice {tone}"),
    )


def _findings(report: ReportFile, say: Speaker, places: int) -> Iterator[Node]:
    """By code, errors first."""
    order = {name: at for at, name in enumerate(SEVERITIES)}

    def rank(one: dict[str, Any]) -> tuple[int, str]:
        return order[severity_of(one)], one["code"]

    found = sorted(report.document["findings"], key=rank)
    if not found:
        return
    counts = report.document["counts"]["findings"]
    groups = [list(same) for _, same in groupby(found, key=rank)]
    yield element(
        "section",
        element("h2", say("findings")),
        (_finding(same, _most(groups, places), counts, say) for same in groups[:MAX_CODES]),
        (element("p", say("more", count=len(groups) - MAX_CODES)) for _ in groups[MAX_CODES:][:1]),
    )


def _finding(same: list[dict[str, Any]], most: int, counts: dict[str, int], say: Speaker) -> Node:
    name, severity = same[0]["code"], severity_of(same[0])
    known = CODES.get(name)
    message = same[0]["message"] if known is None else known.message
    remedy = same[0]["remedy"] if known is None else known.remedy
    members = Counter(one["member"] for one in same)
    whose = ", ".join(f"{say.member(member)} ({n})" for member, n in members.most_common(50))
    unknown = [] if known is not None else [element("p", say("unknown-code"), class_="muted")]
    return element(
        "article",
        element(
            "h3",
            element("span", say.of(SEVERITIES[severity]), class_=f"tag {severity}"),
            say.of(message),
        ),
        unknown,
        element("p", element("strong", f"{say('whose')}: "), whose),
        element("p", element("strong", f"{say('todo')}: "), say.of(remedy)),
        _places(same, most, counts.get(name, len(same)), say),
        class_="finding",
    )


def _places(places: list[dict[str, Any]], most: int, count: int, say: Speaker) -> Node:
    """The evidence, folded: the first `most` of the listed places, of `count` in all."""
    name = _code(places[0])
    rows = (
        (code(one["where"]), say.member(one["member"]), _evidence(one["evidence"]))
        if "member" in one
        else (code(one["where"]), "-", _evidence(one["evidence"]))
        for one in places[:most]
    )
    words = "evidence" if "member" in places[0] else "places"
    left = len(places) - most
    told = [say("more", count=left)] if left > 0 else []
    if count > len(places):
        told.append(say("counted", listed=len(places), count=count))
    return element(
        "details",
        element("summary", f"{say(words)} ({count:,})"),
        element("p", f"{say('code')}: ", code(name)),
        table(f"{say(words)}: {name}", [say("where"), say("member"), say("details")], rows),
        (element("p", one, class_="muted") for one in told),
    )


def _evidence(evidence: dict[str, Any]) -> Node:
    shown = list(evidence.items())[:_MAX_EVIDENCE]
    return element(
        "span",
        (one for key, value in shown for one in (f"{key} ", code(value), " ")),
    )


def _terms(say: Speaker) -> Node:
    return element(
        "section",
        element("h2", say("terms")),
        element(
            "dl",
            (
                one
                for term, text in TERMS
                for one in (element("dt", say.of(term)), element("dd", say.of(text)))
            ),
            class_="terms",
        ),
    )


def _again(report: ReportFile, say: Speaker) -> Node:
    told = report.document
    options = [
        *(["--openings openings"] if "cases" in told else []),
        *(["--check-mirrors"] if "mirrors" in told else []),
        *(["--gas"] if "gas" in told else []),
    ]
    command = " ".join(
        [
            "credit-ledger audit replay --network network.json",
            f"--block {report.block[0]}",
            *options,
            "--out report.json --html report.html",
        ]
    )
    return element(
        "section",
        element("h2", say("again")),
        element("p", say("again-lead")),
        element("p", code(command)),
    )
