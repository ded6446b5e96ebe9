"""Line charts as SVG: values over sizes, both axes logarithmic, an aim as a dashed line."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 80, 20, 46, 50
_STYLE = (
    "text{font:13px sans-serif;fill:#333}.t{font-size:15px;font-weight:600}"
    ".g{stroke:#ddd}.a{stroke:#c33;stroke-dasharray:6 4}.l{fill:none;stroke:#246;stroke-width:2}"
    ".p{fill:#246}.e{text-anchor:end}.m{text-anchor:middle}.r{fill:#c33}.n{font-size:11px}"
)
COLOURS = (
    "#c60",
    "#283",
    "#84b",
    "#a22",
    "#08a",
    "#770",
    "#558",
    "#b38",
    "#363",
    "#863",
    "#06c",
    "#666",
)
"""Of lines beside the first."""


def line_chart(
    title: str,
    unit: str,
    values: Mapping[int, float],
    aim: float | None,
    *,
    across: str = "records in log",
    others: Mapping[str, Mapping[int, float]] | None = None,
) -> str:
    """The chart of one row. values: by size, at least one, all above 0. others: the same of others,
    by what they are called."""
    beside = {name: found for name, found in (others or {}).items() if found}
    every = [value for found in (values, *beside.values()) for value in found.values()]
    sizes = [size for found in (values, *beside.values()) for size in found]
    canvas = _Canvas(_decades(sizes), _decades(every if aim is None else [*every, aim]))
    parts = [*_frame(title, unit, across, canvas), *_series(canvas, values)]
    if aim is not None:
        level = canvas.y(aim)
        x = f'x1="{LEFT}" x2="{WIDTH - RIGHT}"'
        parts += [
            f'<line class="a" {x} y1="{level:.1f}" y2="{level:.1f}"/>',
            f'<text class="e r" x="{WIDTH - RIGHT}" y="{level - 5:.1f}">aim {_number(aim)}</text>',
        ]
    for n, (name, found) in enumerate(beside.items()):
        parts += _named(canvas, name, found, n)
    parts += [_value(canvas, size, value) for size, value in sorted(values.items())]
    return "\n".join([*parts, "</svg>"]) + "\n"


def many_lines(
    title: str, unit: str, series: Mapping[str, Mapping[int, float]], across: str = "records in log"
) -> str:
    """Several rows in one chart, by their names; each has at least one value, all above 0."""
    every = [value for found in series.values() for value in found.values()]
    canvas = _Canvas(_decades([size for one in series.values() for size in one]), _decades(every))
    parts = _frame(title, unit, across, canvas)
    for n, (name, found) in enumerate(series.items()):
        parts += _named(canvas, name, found, n)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _frame(title: str, unit: str, across: str, canvas: _Canvas) -> list[str]:
    xs, ys = canvas.xs, canvas.ys
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text class="t" x="{LEFT}" y="22">{escape(title)} ({escape(unit)})</text>',
        *(canvas.row(10**power) for power in range(ys[0], ys[1] + 1)),
        *(canvas.column(10**power) for power in range(xs[0], xs[1] + 1)),
        f'<text class="m" x="{WIDTH / 2}" y="{HEIGHT - 8}">{escape(across)}</text>',
    ]


def _series(canvas: _Canvas, values: Mapping[int, float], style: str = "") -> list[str]:
    points = [(canvas.x(size), canvas.y(value)) for size, value in sorted(values.items())]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = [f'<circle class="p"{style} cx="{x:.1f}" cy="{y:.1f}" r="4"/>' for x, y in points]
    return [f'<polyline class="l"{style} points="{line}"/>', *dots]


def _named(canvas: _Canvas, name: str, values: Mapping[int, float], n: int) -> list[str]:
    """One of several, in a colour of its own, with its name at its side."""
    colour = COLOURS[n % len(COLOURS)]
    y = TOP + 12 + 14 * n
    return [
        *_series(canvas, values, f' style="stroke:{colour};fill:none"'),
        f'<text class="n" x="{LEFT + 8}" y="{y}" style="fill:{colour}">{escape(name)}</text>',
    ]


def _value(canvas: _Canvas, size: int, value: float) -> str:
    x, y = canvas.x(size), canvas.y(value) - 9
    return f'<text class="m" x="{x:.1f}" y="{y:.1f}">{_number(value)}</text>'


class _Canvas:
    """Where values stand. xs, ys: lowest and highest power of ten."""

    def __init__(self, xs: tuple[int, int], ys: tuple[int, int]) -> None:
        self.xs, self.ys = xs, ys

    def x(self, value: float) -> float:
        low, high = self.xs
        return LEFT + (WIDTH - LEFT - RIGHT) * (math.log10(value) - low) / (high - low)

    def y(self, value: float) -> float:
        low, high = self.ys
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
