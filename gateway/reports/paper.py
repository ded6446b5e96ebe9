"""The special credit report as a PDF, with all that proves it as attachments.

`report.json` is the content, `opening.json` the opening of its statement, `receipt-0001.json` … the
receipts of its lines: what is printed is drawn of what they show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from gateway.base.clock import CHINA
from gateway.base.printing import FONT, broken, drawing, qr
from gateway.reports.interfaces import Collected
from gateway.reports.paper_words import (
    DISPUTED,
    FOOT,
    LABELS,
    LINE,
    NO_DOCUMENT,
    NONE_AT_ALL,
    PAGE,
    RECORD,
    RECORDS,
    SCAN,
    STATES,
    THROUGH,
    THROUGH_ONE,
    TITLE,
    Words,
)
from gateway.reports.view import whole_of
from ledger.core.report_content import Content
from ledger.files.reports import CONTENT, OPENING, receipt_name

if TYPE_CHECKING:
    from fpdf import FPDF

_MARGIN, _WIDTH, _LABEL, _QR = 18.0, 174.0, 46.0, 38.0
"""Millimetres of an A4 page."""
_BOTTOM: Final = 22.0
_BODY: Final = 9
_SMALL: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What is printed. code: for the counter. link: of the QR, with the key. opening: a file.
    issuer: name of the member."""

    collected: Collected
    code: str
    link: str
    opening: bytes
    issuer: str


@contextmanager
def blank(content: Content) -> Iterator[FPDF]:
    """What a report is drawn on, alone. Raises NotReady where too many wait for theirs."""
    title = f"{TITLE[0]} {content.number}"
    with drawing(title=title, at=content.at, margin=_MARGIN) as pdf:
        yield pdf


def draw(pdf: FPDF, paper: Paper) -> bytes:
    """The PDF."""
    content = paper.collected.content
    pdf.set_auto_page_break(auto=True, margin=_BOTTOM)
    pdf.footer = lambda: _foot_of_page(pdf, content.number)  # type: ignore[method-assign]
    pdf.add_page()
    _head(pdf, paper)
    view = whole_of(paper.collected)
    if not content.items:
        _text(pdf, NONE_AT_ALL, size=11)
        pdf.ln(2)
    for field in view["fields"]:
        _field(pdf, field)
    pdf.ln(4)
    for text in FOOT:
        _plain(pdf, text, size=_SMALL)
    for name, data in attachments(paper):
        pdf.embed_file(bytes=data, basename=name, mime_type="application/json", compress=True)
    return bytes(pdf.output())


def attachments(paper: Paper) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of what proves the report."""
    yield CONTENT, paper.collected.content.encode()
    yield OPENING, paper.opening
    for n, text in enumerate(paper.collected.receipts, start=1):
        yield receipt_name(n), text.encode()


def _head(pdf: FPDF, paper: Paper) -> None:
    top = pdf.get_y()
    pdf.image(qr(paper.link), x=_MARGIN + _WIDTH - _QR, y=top, w=_QR, h=_QR)
    pdf.set_xy(_MARGIN + _WIDTH - _QR, top + _QR)
    pdf.set_font(FONT, size=_SMALL)
    pdf.cell(_QR, 4, f"{SCAN[0]} {SCAN[1]}", align="C")
    pdf.set_xy(_MARGIN, top)
    pdf.set_font(FONT, size=20)
    pdf.cell(_WIDTH - _QR, 12, TITLE[0], new_x="LMARGIN", new_y="NEXT")
    pdf.set_font(FONT, size=_BODY)
    pdf.cell(_WIDTH - _QR, 6, TITLE[1], new_x="LMARGIN", new_y="NEXT")
    pdf.ln(2)
    for label, text in _facts(paper):
        _fact(pdf, LABELS[label], text)
    pdf.set_y(max(pdf.get_y(), top + _QR + 6) + 3)


def _facts(paper: Paper) -> Iterator[tuple[str, str]]:
    content = paper.collected.content
    made = datetime.fromtimestamp(content.at, CHINA)
    yield "number", content.number
    yield "code", f"{paper.code[:4]} {paper.code[4:]}"
    yield "subject", content.name or "—"
    yield "uscc", content.code
    yield "period", f"{content.start.isoformat()} — {content.end.isoformat()}"
    yield "made", f"{made:%Y-%m-%d %H:%M:%S} (UTC+8)"
    yield "until", content.until.isoformat()
    yield "issuer", paper.issuer


def _fact(pdf: FPDF, label: Words, text: str) -> None:
    """A label with its English, and beside it what it is about; left of the QR code."""
    pdf.set_font(FONT, size=_BODY)
    top = pdf.get_y()
    pdf.cell(_LABEL, 5, label[0], new_x="LEFT", new_y="NEXT")
    pdf.set_font(FONT, size=_SMALL - 1)
    pdf.cell(_LABEL, 3, label[1], new_x="LMARGIN", new_y="NEXT")
    below = pdf.get_y()
    pdf.set_font(FONT, size=_BODY + 1)
    pdf.set_y(top)
    for line in broken(pdf, text, _WIDTH - _QR - _LABEL - 4):
        pdf.set_x(_MARGIN + _LABEL)
        pdf.cell(_WIDTH - _QR - _LABEL, 5, line, new_x="LMARGIN", new_y="NEXT")
    pdf.set_y(max(below, pdf.get_y()) + 1)


def _field(pdf: FPDF, field: Mapping[str, Any]) -> None:
    """A field with its state and sources, and its lines."""
    if field["state"] == "records":
        state = _filled(RECORDS, count=len(field["lines"]))
    else:
        state = STATES[field["state"]]
    title, days = field["title"], field["through"]
    told = ("", "")
    if days is not None:
        words = THROUGH_ONE if days["first"] == days["last"] else THROUGH
        told = _filled(words, sources=field["sources"], **days)
    if pdf.will_page_break(9):
        pdf.add_page()
    pdf.set_font(FONT, size=_BODY)
    for width, text in ((_LABEL + 4, title["zh"]), (44, state[0]), (0, told[0])):
        pdf.cell(width, 4.5, text)
    pdf.ln(4.5)
    pdf.set_font(FONT, size=_SMALL - 1)
    for width, text in ((_LABEL + 4, title["en"]), (44, state[1]), (0, told[1])):
        pdf.cell(width, 3, text)
    pdf.ln(4)
    for line in field["lines"]:
        _line(pdf, line)


def _filled(words: Words, **values: Any) -> Words:
    return words[0].format(**values), words[1].format(**values)


def _line(pdf: FPDF, line: Mapping[str, Any]) -> None:
    """A record: what it is, who decided it when, and the number by which one objects to it."""
    head = LINE[0].format(line=line["line"])
    document = line["document"] or NO_DOCUMENT
    parts = [head, line["title"]["zh"], document, line["authority"] or "—", line["decided"]]
    parts += [f"【{DISPUTED[0]} {DISPUTED[1]}】"] if line["disputed"] else []
    _plain(pdf, "　".join(parts), size=_BODY, indent=6)
    _plain(pdf, f"{RECORD[0]} {RECORD[1]}: {line['record']}", size=_SMALL, indent=6)
    pdf.ln(1)


def _text(pdf: FPDF, words: Words, *, size: int) -> None:
    _plain(pdf, words[0], size=size)
    _plain(pdf, words[1], size=_SMALL)


def _plain(pdf: FPDF, text: str, *, size: int, indent: float = 0) -> None:
    pdf.set_font(FONT, size=size)
    for line in broken(pdf, text, _WIDTH - indent - 2):
        pdf.set_x(_MARGIN + indent)
        pdf.cell(_WIDTH - indent, size / 2, line, new_x="LMARGIN", new_y="NEXT")


def _foot_of_page(pdf: FPDF, number: str) -> None:
    pdf.set_y(-_BOTTOM + 8)
    pdf.set_font(FONT, size=_SMALL)
    pdf.cell(0, 4, PAGE.format(number=number, page=pdf.page_no()), align="C")
