"""The paper that a filer takes home: one page PDF with a QR code by which any counter finds the
case again.

The same facts give the same bytes. The font is Noto Sans SC (OFL 1.1); only the characters used
are embedded.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Final

from gateway.base.errors import NotReady
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
_DRAWING = threading.Lock()
"""Reading the font takes a second of a processor and some 60 MB: one at a time."""
_WAITING = threading.BoundedSemaphore(4)
"""Places of those who wait for it or draw: each holds a thread of the gateway."""


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
_UNBROKEN = re.compile(r"(?:[!-~]{1,64} *|.)[。，、；：！？）〕》”]*")


def draw(paper: Paper) -> bytes:
    """The PDF. Raises NotReady where too many wait for theirs."""
    if not _WAITING.acquire(blocking=False):
        raise NotReady("busy-papers", retry_after=3)
    try:
        return _draw(paper)
    finally:
        _WAITING.release()


def _draw(paper: Paper) -> bytes:
    # Heavy, and of no use to whoever serves no counter.
    from fpdf import FPDF  # noqa: PLC0415

    with _DRAWING:
        pdf = FPDF(format="A4")
        pdf.set_creation_date(datetime.fromtimestamp(paper.opened, UTC))
        title_zh, title_en = TITLES[paper.kind]
        pdf.set_title(f"{title_zh} {paper.case.hex()[:16]}")
        pdf.set_lang("zh-CN")
        pdf.set_margin(_MARGIN)
        pdf.add_font("noto", fname=_font())
        pdf.add_page()
        pdf.image(_qr(paper.found_by), x=_MARGIN + _WIDTH - _QR, y=_MARGIN - 4, w=_QR, h=_QR)
        pdf.set_font("noto", size=20)
        pdf.cell(_WIDTH - _QR, 12, title_zh, new_x="LMARGIN", new_y="NEXT")
        pdf.set_font("noto", size=9)
        pdf.cell(_WIDTH - _QR, 6, title_en, new_x="LMARGIN", new_y="NEXT")
        pdf.cell(_WIDTH - _QR, 6, paper.member, new_x="LMARGIN", new_y="NEXT")
        pdf.set_y(_MARGIN + _QR + 6)
        for label, words in _rows(paper):
            _row(pdf, LABELS[label], words)
        pdf.ln(6)
        pdf.set_font("noto", size=8)
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
    pdf.set_font("noto", size=11)
    pdf.cell(_LABEL, 6, label[0], new_x="LEFT", new_y="NEXT")
    pdf.set_font("noto", size=7)
    pdf.multi_cell(_LABEL, 4, label[1], new_x="LMARGIN", new_y="NEXT")
    below = pdf.get_y()
    pdf.set_y(top)
    for size, height, text in ((_size(words[0]), 6.0, words[0]), (8, 4.5, words[1])):
        pdf.set_font("noto", size=size)
        for line in _lines(pdf, text, _WIDTH - _LABEL - 6):
            pdf.set_x(_MARGIN + _LABEL + 2)
            pdf.cell(_WIDTH - _LABEL - 2, height, line, new_x="LMARGIN", new_y="NEXT")
    pdf.set_y(max(below, pdf.get_y()) + 2)


def _size(text: str) -> int:
    """Digests fit a line."""
    return 9 if len(text) == _HEX and text.isascii() else 11


def _lines(pdf: FPDF, text: str, width: float) -> list[str]:
    """A text in lines of this width, as Chinese is broken: anywhere, but never before a mark that
    ends something, and within no word of letters."""
    lines, line = [], ""
    for part in _UNBROKEN.findall(text):
        if line and pdf.get_string_width(line + part) > width:
            lines.append(line.rstrip())
            line = ""
        line += part
    return [*lines, line] if line else lines


def _font() -> str:
    from pylopdf_fonts_zh_cn import sans_path  # noqa: PLC0415

    return str(sans_path())


def _qr(text: str) -> BytesIO:
    import segno  # noqa: PLC0415

    found = BytesIO()
    segno.make_qr(text, error="m").save(found, kind="png", scale=6, border=2)
    return found
