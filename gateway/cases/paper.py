"""The paper that a filer takes home: one page PDF with a QR code by which any counter finds the
case again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.base.printing import FONT, broken, drawing, qr
from gateway.cases.paper_words import (
    COUNTER,
    ELSEWHERE,
    FOOT,
    LABELS,
    NO_DOCUMENT,
    STATES,
    TITLES,
    UNKNOWN,
    Words,
    next_of,
)
from gateway.cases.stages import UNKNOWN as NO_DAY

if TYPE_CHECKING:
    from fpdf import FPDF

_MARGIN, _LABEL, _WIDTH, _QR = 20.0, 42.0, 170.0, 34.0
"""Millimetres of an A4 page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What is printed. commitment: of the first step. document: number of the record's document;
    None = its content is closed to whoever prints. abroad: the record is another member's, and its
    content is not here. deadline: ISO day, `unknown`, or None where no
    stage runs. opened: Unix seconds. unit: name or code of the authority. member: name of the
    member whose counter it is."""

    case: bytes
    commitment: bytes
    record: bytes
    kind: str
    state: str
    document: str | None
    received: str
    deadline: str | None
    unit: str
    member: str
    opened: int
    abroad: bool = False

    @property
    def found_by(self) -> str:
        """The text of the QR code: `credit-ledger case show` takes it."""
        return f"{PREFIX}{self.case.hex()}:{self.commitment.hex()}"


PREFIX: Final = "credit-ledger/case@1:"
_HEX = 64


def draw(paper: Paper) -> bytes:
    """The PDF. Raises NotReady where too many wait for theirs."""
    title_zh, title_en = TITLES[paper.kind]
    title = f"{title_zh} {paper.case.hex()[:16]}"
    with drawing(title=title, at=paper.opened, margin=_MARGIN) as pdf:
        pdf.add_page()
        pdf.image(qr(paper.found_by), x=_MARGIN + _WIDTH - _QR, y=_MARGIN - 4, w=_QR, h=_QR)
        pdf.set_font(FONT, size=20)
        pdf.cell(_WIDTH - _QR, 12, title_zh, new_x="LMARGIN", new_y="NEXT")
        pdf.set_font(FONT, size=9)
        pdf.cell(_WIDTH - _QR, 6, title_en, new_x="LMARGIN", new_y="NEXT")
        pdf.cell(_WIDTH - _QR, 6, paper.member, new_x="LMARGIN", new_y="NEXT")
        pdf.set_y(_MARGIN + _QR + 6)
        for label, words in _rows(paper):
            _row(pdf, LABELS[label], words)
        pdf.ln(6)
        pdf.set_font(FONT, size=8)
        for text in FOOT:
            pdf.multi_cell(_WIDTH, 4.5, text, new_x="LMARGIN", new_y="NEXT")
        return bytes(pdf.output())


def _rows(paper: Paper) -> list[tuple[str, Words]]:
    missing = ELSEWHERE if paper.abroad else NO_DOCUMENT
    document = missing if paper.document is None else (paper.document, "")
    rows = [
        ("case", (paper.case.hex(), "")),
        ("document", document),
        ("record", (paper.record.hex(), "")),
        ("received", (paper.received, "")),
        ("state", STATES[paper.state]),
    ]
    if paper.deadline is not None:
        rows.append(("deadline", UNKNOWN if paper.deadline == NO_DAY else (paper.deadline, "")))
    rows += [
        ("unit", (paper.unit, "")),
        ("next", next_of(paper.kind, paper.state)),
        ("ask", COUNTER),
        ("proof", (paper.commitment.hex(), "")),
    ]
    return rows


def _row(pdf: FPDF, label: Words, words: Words) -> None:
    """A label with its English below it, and beside it what it is about."""
    top = pdf.get_y()
    pdf.set_font(FONT, size=11)
    pdf.cell(_LABEL, 6, label[0], new_x="LEFT", new_y="NEXT")
    pdf.set_font(FONT, size=7)
    pdf.multi_cell(_LABEL, 4, label[1], new_x="LMARGIN", new_y="NEXT")
    below = pdf.get_y()
    pdf.set_y(top)
    for size, height, text in ((_size(words[0]), 6.0, words[0]), (8, 4.5, words[1])):
        pdf.set_font(FONT, size=size)
        for line in broken(pdf, text, _WIDTH - _LABEL - 6):
            pdf.set_x(_MARGIN + _LABEL + 2)
            pdf.cell(_WIDTH - _LABEL - 2, height, line, new_x="LMARGIN", new_y="NEXT")
    pdf.set_y(max(below, pdf.get_y()) + 2)


def _size(text: str) -> int:
    """Digests fit a line."""
    return 9 if len(text) == _HEX and text.isascii() else 11
