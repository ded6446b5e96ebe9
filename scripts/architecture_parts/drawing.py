"""The picture as SVG."""

from collections.abc import Callable
from html import escape
from textwrap import wrap

from scripts.architecture_parts.placing import ROOM_WIDTH, Place, Way

STOREY, ROOM_HEIGHT, MARGIN = 116, 74, 24
LINE_OF_TEXT, TEXT_WIDTH = 14, 29
COLOURS = {"ledger": ("#e8f0fb", "#2f5d9b"), "gateway": ("#eaf5ec", "#2f7d46")}
"""Fill and frame by package."""
LINES = ("#5b6b7f", "#a2556b", "#4f7f8f", "#8a6d2f", "#6a5aa0", "#3f7f5f")
"""Arrows of one importer have one colour, so that the eye can follow them."""


def svg(storeys: list[list[Place]], ways: list[Way], purpose: Callable[[str], str]) -> str:
    """Arrows first, rooms over them."""
    right = max(place.x + place.width / 2 for storey in storeys for place in storey)
    width, height = round(right) + 2 * MARGIN, len(storeys) * STOREY + MARGIN
    importers = sorted({way[0].name for way in ways})
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="12">',
        "<title>Rooms of credit-ledger and what they import</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *(
            f'<marker id="a{number}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
            f'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="{colour}"/></marker>'
            for number, colour in enumerate(LINES)
        ),
        *(_arrow(way, len(storeys), importers.index(way[0].name) % len(LINES)) for way in ways),
        *(
            _room(place, len(storeys), purpose(place.room))
            for storey in storeys
            for place in sorted(storey, key=lambda place: place.x)
            if place.room
        ),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _top(place: Place, storeys: int) -> int:
    return MARGIN + (storeys - 1 - place.floor) * STOREY


def _arrow(way: Way, storeys: int, colour: int) -> str:
    """Straight past each floor, curved between two."""
    x, y = MARGIN + way[0].x, _top(way[0], storeys) + ROOM_HEIGHT
    path = [f"M{x:.1f} {y}"]
    for place in way[1:]:
        to_x, to_y = MARGIN + place.x, _top(place, storeys)
        middle = (y + to_y) / 2
        path.append(f"C{x:.1f} {middle:.0f} {to_x:.1f} {middle:.0f} {to_x:.1f} {to_y}")
        x, y = to_x, to_y + ROOM_HEIGHT
        if not place.room:
            path.append(f"V{y}")
    return (
        f'<path d="{"".join(path)}" fill="none" stroke="{LINES[colour]}" '
        f'marker-end="url(#a{colour})"><title>{way[0].name} imports {way[-1].name}</title></path>'
    )


def _room(place: Place, storeys: int, purpose: str) -> str:
    fill, frame = COLOURS[place.room.split("/")[0]]
    x, y = MARGIN + place.x, _top(place, storeys)
    lines = wrap(purpose, TEXT_WIDTH, max_lines=3, placeholder=" …")
    texts = [
        f'<text x="{x:.1f}" y="{y + 34 + LINE_OF_TEXT * number}" font-size="11" fill="#444444">'
        f"{escape(line)}</text>"
        for number, line in enumerate(lines)
    ]
    return (
        f'<rect x="{x - ROOM_WIDTH / 2:.1f}" y="{y}" width="{ROOM_WIDTH:.0f}" '
        f'height="{ROOM_HEIGHT}" rx="6" fill="{fill}" stroke="{frame}"/>'
        f'<g text-anchor="middle"><text x="{x:.1f}" y="{y + 18}" font-weight="bold">'
        f"{escape(place.room)}</text>{''.join(texts)}</g>"
    )
