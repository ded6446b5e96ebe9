"""Markdown tables and the sources that they are made from."""

from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def source(path: str) -> str:
    """The text of a file of ours."""
    return (ROOT / path).read_text("utf-8")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; a bar in a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def code(text: object) -> str:
    """As code."""
    return f"`{text}`"


def _cell(cell: object) -> str:
    return str(cell).replace("|", "\\|")
