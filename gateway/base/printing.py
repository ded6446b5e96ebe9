"""What papers are drawn with: A4 pages in a font with Chinese characters, and QR codes.

The same facts give the same bytes. The font is Noto Sans SC (OFL 1.1); only the characters used
are embedded.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Final

from gateway.base.errors import NotReady

if TYPE_CHECKING:
    from fpdf import FPDF

FONT: Final = "noto"
_DRAWING = threading.Lock()
"""Reading the font takes a second of a processor and some 60 MB: one at a time."""
_WAITING = threading.BoundedSemaphore(4)
"""Places of those who wait for it or draw: each holds a thread of the gateway."""
_UNBROKEN = re.compile(r"(?:[!-~]{1,64} *|.)[。，、；：！？）〕》”]*")


@contextmanager
def drawing(*, title: str, at: int, margin: float) -> Iterator[FPDF]:
    """A PDF without pages, alone. at: Unix seconds that stand in it. margin: in millimetres. Raises
    NotReady where too many wait for theirs."""
    if not _WAITING.acquire(blocking=False):
        raise NotReady("busy-papers", retry_after=3)
    try:
        with _DRAWING:
            yield _new(title, at, margin)
    finally:
        _WAITING.release()


def _new(title: str, at: int, margin: float) -> FPDF:
    # Heavy, and of no use to whoever serves no counter.
    from fpdf import FPDF  # noqa: PLC0415
    from pylopdf_fonts_zh_cn import sans_path  # noqa: PLC0415

    pdf = FPDF(format="A4")
    pdf.set_creation_date(datetime.fromtimestamp(at, UTC))
    pdf.set_title(title)
    pdf.set_lang("zh-CN")
    pdf.set_margin(margin)
    pdf.add_font(FONT, fname=str(sans_path()))
    return pdf


def broken(pdf: FPDF, text: str, width: float) -> list[str]:
    """A text in lines of this width, as Chinese is broken: anywhere, but never before a mark that
    ends something, and within no word of letters."""
    lines, line = [], ""
    for part in _UNBROKEN.findall(text):
        if line and pdf.get_string_width(line + part) > width:
            lines.append(line.rstrip())
            line = ""
        line += part
    return [*lines, line] if line else lines


def qr(text: str) -> BytesIO:
    """A QR code as PNG."""
    import segno  # noqa: PLC0415

    found = BytesIO()
    segno.make_qr(text, error="m").save(found, kind="png", scale=6, border=2)
    return found
