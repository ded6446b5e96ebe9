"""A comparison of two reports as a page for people, as `ledger.audit.page` does a report."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

from ledger.audit.codes import CODES
from ledger.audit.compare import Comparison, Divergence
from ledger.audit.compare_codes import DIVERGENCES
from ledger.audit.compare_words import BESIDE, COMPARED, FIGURES, RELATIONS
from ledger.audit.html import Child, Node, element, table, write
from ledger.audit.page_speaker import Language, Speaker, code
from ledger.audit.page_words import SEVERITIES
from ledger.audit.report_file import ReportFile, severity_of

__all__ = ["body", "figure_words"]

_MOST: Final = 60
"""Rows of one table; `--json` has more."""


def body(found: Comparison, language: Language) -> str:
    """The sections of a comparison, as HTML below a heading of the first level."""
    return write(_body(found, Speaker(language)))


def figure_words(figure: str, language: Language) -> str:
    """A figure in words, with what it is of."""
    name, _, of = figure.partition(":")
    words = FIGURES[name][language] if name in FIGURES else name
    return f"{words}: {of}" if of else words


def _words(say: Speaker, word: str, **values: object) -> str:
    return say.of(COMPARED[word]).format(**values)


def _body(found: Comparison, say: Speaker) -> Node:
    return element(
        "div",
        _lead(found, say),
        _reports(found, say),
        _divergences(found, say),
        *(_findings(name, getattr(found, name), say) for name in ("new", "gone", "changed")),
        element("p", _words(say, "same", count=f"{found.same:,}")),
        _figures(found, say),
        class_="audit-page",
        lang=say.tag,
    )


def _lead(found: Comparison, say: Speaker) -> Node:
    told = [element("p", element("strong", say.of(RELATIONS[found.relation])))]
    if found.swapped:
        told.append(element("p", _words(say, "swapped")))
    if found.uncertain:
        told.append(element("p", _words(say, "uncertain")))
    for name, side in found.beside.items():
        text = _words(say, "only", side=side.upper(), what=say.of(BESIDE[name]))
        told.append(element("p", text))
    tones = {0: "good", 1: "bad" if found.divergences else "open", 4: "open"}
    return element("div", told, class_=f"notice {tones[found.exit]}")


def _reports(found: Comparison, say: Speaker) -> Node:
    def row(name: str, report: ReportFile) -> list[Child]:
        number, hash_ = report.block
        return [
            name,
            element("span", f"{number:,} ", code(hash_)),
            say.time(report.document.get("blockTime", 0)),
            len(report.document["findings"]),
            len(report.document["incomplete"]),
            code(report.digest),
        ]

    heads = [_words(say, "report"), *map(say, ("block", "time", "findings"))]
    rows = [row("A", found.a), row("B", found.b)]
    return table(_words(say, "report"), [*heads, _words(say, "gaps"), "SHA-256"], rows)


def _divergences(found: Comparison, say: Speaker) -> Node:
    def by_code(one: Divergence) -> str:
        return one.code

    groups = groupby(sorted(found.divergences, key=by_code), by_code)
    return element(
        "section",
        element("h2", _words(say, "divergences")),
        (_divergence(name, list(same), say) for name, same in groups)
        if found.divergences
        else element("p", _words(say, "divergences-none")),
    )


def _divergence(name: str, same: list[Divergence], say: Speaker) -> Node:
    about = DIVERGENCES[name]
    rows = (
        (code(one.where), say.member(one.member), code(one.a), code(one.b)) for one in same[:_MOST]
    )
    return element(
        "article",
        element(
            "h3",
            element("span", say.of(SEVERITIES["error"]), class_="tag error"),
            say.of(about.message),
        ),
        element("p", element("strong", f"{say('todo')}: "), say.of(about.remedy)),
        element(
            "details",
            element("summary", f"{say('evidence')} ({len(same):,})"),
            table(f"{say('evidence')}: {name}", [say("where"), say("member"), "A", "B"], rows),
            _more(len(same), say),
        ),
        class_="finding",
    )


def _findings(name: str, listed: list[dict[str, Any]], say: Speaker) -> Node:
    heads = [say("findings"), say("member"), say("where"), say("details")]
    return element(
        "section",
        element("h2", f"{_words(say, name)} ({len(listed):,})"),
        table(_words(say, name), heads, (_row(one, say) for one in listed[:_MOST]))
        if listed
        else element("p", _words(say, "none")),
        _more(len(listed), say),
    )


def _row(one: dict[str, Any], say: Speaker) -> list[Child]:
    known = CODES.get(one["code"])
    severity = severity_of(one)
    message = element(
        "span",
        element("span", say.of(SEVERITIES[severity]), class_=f"tag {severity}"),
        say.of(one["message"] if known is None else known.message),
    )
    shown = ", ".join(f"{key} {value}" for key, value in list(one["evidence"].items())[:30])
    return [message, say.member(one["member"]), code(one["where"]), code(shown)]


def _figures(found: Comparison, say: Speaker) -> Node:
    rows = (
        [
            figure_words(one["figure"], say.language),
            say.member(one["member"]) if one["member"] else _words(say, "of-all"),
            *(one["a"], one["b"], f"{one['b'] - one['a']:+,}"),
        ]
        for one in found.figures[:_MOST]
    )
    heads = [_words(say, "figure"), say("member"), "A", "B", "±"]
    return element(
        "section",
        element("h2", f"{_words(say, 'figures')} ({len(found.figures):,})"),
        table(_words(say, "figures"), heads, rows)
        if found.figures
        else element("p", _words(say, "none")),
        _more(len(found.figures), say),
    )


def _more(count: int, say: Speaker) -> Iterator[Node]:
    if count > _MOST:
        yield element("p", _words(say, "more", count=f"{count - _MOST:,}"), class_="muted")
