"""HTML as a tree: whatever is put in is text, so nothing that a stranger wrote becomes markup."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from xml.etree.ElementTree import Element, tostring

__all__ = ["MAX_SHOWN", "Child", "Node", "bar", "element", "plain", "table", "write"]

Node = Element
Child = Element | str | int
MAX_SHOWN: Final = 600
"""Characters of one text from somewhere else that are shown: a hash takes 64, a message 200."""
_WIDTH: Final = 100  # of a bar, in its own units


def plain(text: object) -> str:
    """Text from somewhere else without what does not print, turns the line round or never ends."""
    whole = str(text)
    cut = whole if len(whole) <= MAX_SHOWN else f"{whole[:MAX_SHOWN]}…"
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in cut)


def element(tag: str, *children: Child | Iterable[Child], **attributes: str) -> Node:
    """One element. attributes: `class_` is `class`, and other `_` are `-`."""
    made = Element(tag, {_name(key): plain(value) for key, value in attributes.items()})
    for child in children:
        for one in [child] if isinstance(child, Element | str | int) else child:
            _append(made, one)
    return made


def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _append(parent: Node, child: Child) -> None:
    if isinstance(child, Element):
        parent.append(child)
        return
    text = plain(child)
    if len(parent):
        parent[-1].tail = (parent[-1].tail or "") + text
    else:
        parent.text = (parent.text or "") + text


def table(caption: str, heads: Iterable[str], rows: Iterable[Iterable[Child]]) -> Node:
    """A table that scrolls by itself where it is wide. The first cell of a row is its head; whole
    numbers stand to the right, with their heads."""
    body, figures = [], {}
    for first, *others in rows:
        figures = {at: {"class": "figure"} for at, one in enumerate(others) if type(one) is int}
        body.append(element("tr", element("th", first, scope="row"), map(_cell, others)))
    head = [
        element("th", one, scope="col", **figures.get(at, {})) for at, one in enumerate(heads, -1)
    ]
    return element(
        "div",
        element(
            "table",
            element("caption", caption),
            element("thead", element("tr", head)),
            element("tbody", body),
        ),
        class_="wide",
        tabindex="0",
        role="region",
        aria_label=caption,
    )


def _cell(child: Child) -> Node:
    if isinstance(child, int):
        return element("td", f"{child:,}", class_="figure")
    return element("td", child)


def bar(part: int, whole: int, tone: str = "plain", limit: int | None = None) -> Node:
    """A part of a whole as a bar; the number stands beside it. limit: where a line is drawn."""
    scale = max(whole, part, limit or 0, 1)
    shapes = [
        element("rect", x="0", y="0", width=str(_WIDTH), height="10", class_="ground"),
        element("rect", x="0", y="0", width=_part(part, scale), height="10", class_=tone),
    ]
    if limit is not None:
        at = _part(limit, scale)
        shapes.append(element("line", x1=at, x2=at, y1="0", y2="10", class_="limit"))
    return element(
        "svg",
        shapes,
        viewBox=f"0 0 {_WIDTH} 10",
        preserveAspectRatio="none",
        class_="bar",
        aria_hidden="true",
        focusable="false",
    )


def _part(value: int, scale: int) -> str:
    return f"{_WIDTH * value / scale:.2f}"


def write(*nodes: Node) -> str:
    """The markup of elements."""
    return "".join(tostring(node, encoding="unicode", method="html") for node in nodes)
