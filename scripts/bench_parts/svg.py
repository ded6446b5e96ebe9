"""Line charts as SVG: values over sizes, both axes logarithmic, the aim as a dashed line."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 80, 20, 46, 50
_STYLE = (
    "text{font:13px sans-serif;fill:#333}.t{font-size:15px;font-weight:600}"
    ".g{stroke:#ddd}.a{stroke:#c33;stroke-dasharray:6 4}.l{fill:none;stroke:#246;stroke-width:2}"
    ".p{fill:#246}.e{text-anchor:end}.m{text-anchor:middle}.r{fill:#c33}"
)


def line_chart(
    title: str, unit: str, values: Mapping[int, float], aim: float, across: str = "records in log"
) -> str:
    """The chart of one row. values: by size, at least one, all above 0."""
    xs, ys = _decades(values), _decades([*values.values(), aim])
    canvas = _Canvas(xs, ys)
    points = [(canvas.x(size), canvas.y(value)) for size, value in sorted(values.items())]
    level = canvas.y(aim)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text class="t" x="{LEFT}" y="22">{escape(title)} ({escape(unit)})</text>',
        *(canvas.row(10**power) for power in range(ys[0], ys[1] + 1)),
        *(canvas.column(10**power) for power in range(xs[0], xs[1] + 1)),
        f'<text class="m" x="{WIDTH / 2}" y="{HEIGHT - 8}">{escape(across)}</text>',
        f'<line class="a" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{level:.1f}" y2="{level:.1f}"/>',
        f'<text class="e r" x="{WIDTH - RIGHT}" y="{level - 5:.1f}">aim {_number(aim)}</text>',
        f'<polyline class="l" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>',
    ]
    for (x, y), value in zip(points, (value for _, value in sorted(values.items())), strict=True):
        parts.append(f'<circle class="p" cx="{x:.1f}" cy="{y:.1f}" r="4"/>')
        parts.append(f'<text class="m" x="{x:.1f}" y="{y - 9:.1f}">{_number(value)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


class _Canvas:
    """Where values stand. xs, ys: lowest and highest power of ten."""

    def __init__(self, xs: tuple[int, int], ys: tuple[int, int]) -> None:
        self._xs, self._ys = xs, ys

    def x(self, value: float) -> float:
        low, high = self._xs
        return LEFT + (WIDTH - LEFT - RIGHT) * (math.log10(value) - low) / (high - low)

    def y(self, value: float) -> float:
        low, high = self._ys
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (math.log10(value) - low) / (high - low)

    def row(self, value: float) -> str:
        y = self.y(value)
        return (
            f'<line class="g" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="e" x="{LEFT - 8}" y="{y + 4:.1f}">{_number(value)}</text>'
        )

    def column(self, value: float) -> str:
        x = self.x(value)
        return (
            f'<line class="g" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
            f'<text class="m" x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}">{_number(value)}</text>'
        )


def _decades(values: Sequence[float] | Mapping[int, float]) -> tuple[int, int]:
    """The powers of ten around all values; never the same one twice."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004
