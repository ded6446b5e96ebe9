"""What was said of a file, as a PDF for whoever keeps one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.base.printing import FONT, broken, drawing
from gateway.verifying.desk import Judged
from gateway.web.verify.sheets import Facts, Line, Sheet, Speaker, Table

if TYPE_CHECKING:
    from fpdf import FPDF

_MARGIN, _WIDTH, _LABEL = 18.0, 174.0, 42.0
"""Millimetres of an A4 page."""
_HEAD, _BODY, _SMALL = 13, 10, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What is printed. network, digest: reference and SHA-256 of the network file by which it was
    judged. node: name of the member that ran the page. command: what to run in its place."""

    judged: Judged
    sheet: Sheet
    network: str
    digest: str
    node: str
    command: str


def draw(paper: Paper, say: Speaker) -> bytes:
    """The PDF. Raises NotReady where too many wait for theirs."""
    _, judged, sheet = say.gettext, paper.judged, paper.sheet
    with drawing(title=_("Verification"), at=judged.at, margin=_MARGIN) as pdf:
        pdf.add_page()
        _text(pdf, _("Verification"), 18, 10)
        _text(pdf, sheet.line, _HEAD, 7)
        for text in (*sheet.more, *sheet.warnings):
            _text(pdf, text, _BODY, 5.5)
        pdf.ln(2)
        _facts(pdf, Facts(_("The file"), about(judged, say)))
        for part in sheet.parts:
            _part(pdf, part, say)
        if sheet.checks:
            _heading(pdf, _("The checks"))
        for one in sheet.made:
            _row(pdf, f"{one.n}. {one.result}", one.text)
        if sheet.not_made:
            numbers = _(", ").join(str(one.n) for one in sheet.not_made)
            _row(pdf, numbers, sheet.not_made[0].text)
        if sheet.evidence:
            _facts(pdf, Facts(_("Evidence"), sheet.evidence))
        _trustless(pdf, paper, say)
        return bytes(pdf.output())


def about(judged: Judged, say: Speaker) -> list[tuple[str, str]]:
    """What was judged, and when."""
    _ = say.gettext
    return [
        (_("File"), judged.name),
        (_("Size"), _("%(count)s bytes") % {"count": say.language.number(judged.size)}),
        ("SHA-256", judged.digest),
        (_("Verified at"), say.language.moment(judged.at)),
    ]


def _trustless(pdf: FPDF, paper: Paper, say: Speaker) -> None:
    _ = say.gettext
    _heading(pdf, _("Without trust in this node"))
    _text(pdf, convenience(paper.node, say), _BODY, 5.5)
    _text(pdf, paper.command, _SMALL, 5)
    _row(pdf, _("Network"), paper.network)
    _row(pdf, _("SHA-256 of network.json"), paper.digest)


def convenience(node: str, say: Speaker) -> str:
    """What this is worth."""
    _ = say.gettext
    text = _(
        "This was judged by the node of %(node)s, for convenience: whoever relies on it trusts"
        " that node. The following command judges the same file on your own computer, by the chain"
        " alone."
    )
    return text % {"node": node}


def _part(pdf: FPDF, part: Facts | Table | Line, say: Speaker) -> None:
    if isinstance(part, Facts):
        _facts(pdf, part)
        return
    _heading(pdf, part.title)
    if isinstance(part, Line):
        for point in part.points:
            more = f" ({point.more})" if point.more else ""
            _row(pdf, point.when, f"{point.what}{more}")
        if part.note:
            _text(pdf, part.note, _BODY, 5.5)
        return
    for row in part.rows:
        pairs = (f"{head}: {text}" for head, text in zip(part.head[1:], row[1:], strict=True))
        _row(pdf, row[0], " · ".join(pairs))
    if part.more:
        _ = say.gettext
        _text(pdf, _("and %(count)s more") % {"count": part.more}, _BODY, 5.5)


def _facts(pdf: FPDF, part: Facts) -> None:
    rows: Sequence[tuple[str, str]] = part.rows
    if rows:
        _heading(pdf, part.title)
    for head, text in rows:
        _row(pdf, head, text)


def _heading(pdf: FPDF, text: str) -> None:
    pdf.ln(3)
    _text(pdf, text, _HEAD, 7)


def _text(pdf: FPDF, text: str, size: int, height: float) -> None:
    pdf.set_font(FONT, size=size)
    for line in broken(pdf, _plain(text), _WIDTH):
        pdf.cell(_WIDTH, height, line, new_x="LMARGIN", new_y="NEXT")


def _row(pdf: FPDF, head: str, text: str) -> None:
    """A head, and beside it a text, on as many lines as they need."""
    pdf.set_font(FONT, size=_BODY)
    heads = broken(pdf, _plain(head), _LABEL - 3) or [""]
    texts = broken(pdf, _plain(text), _WIDTH - _LABEL) or [""]
    for at in range(max(len(heads), len(texts))):
        pdf.cell(_LABEL, 5.5, heads[at] if at < len(heads) else "")
        shown = texts[at] if at < len(texts) else ""
        pdf.cell(_WIDTH - _LABEL, 5.5, shown, new_x="LMARGIN", new_y="NEXT")


def _plain(text: str) -> str:
    """Of what others wrote, nothing that does not print."""
    return "".join(one if one.isprintable() else " " for one in text)
