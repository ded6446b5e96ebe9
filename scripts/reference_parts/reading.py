"""What a module promises to outsiders: its `__all__`, with signatures and docstrings.

Read from the sources and never imported, so that what is shown is what was written: types as they
are spelt, constants by their names, lines as they were broken.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

Function = ast.FunctionDef | ast.AsyncFunctionDef
SHOWN = ("__init__", "__call__")
"""Special methods that outsiders must know: how to make one, and how to use it."""
LONGEST_VALUE = 200
"""Characters of a constant; what is longer is data, to be read in the source."""


@dataclass(frozen=True)
class Entry:
    """One name: how it is written, what is said of it, and the public names inside it."""

    name: str
    signature: str
    doc: str
    value: bool = False
    inside: tuple["Entry", ...] = ()


@dataclass(frozen=True)
class Module:
    """A module by its dotted name. entries: its own public names, in the order of the source."""

    name: str
    doc: str
    promised: tuple[str, ...] | None
    entries: tuple[Entry, ...]


def read(root: Path, path: Path) -> Module:
    """Read one module."""
    text = path.read_text("utf-8")
    tree = ast.parse(text)
    short = path.relative_to(root).with_suffix("")
    parts = short.parent.parts if short.name == "__init__" else short.parts
    found = _Source(text).entries(tree.body)
    entries = (one for one in found if not one.name.startswith("_"))
    return Module(".".join(parts), ast.get_docstring(tree) or "", _promised(tree), tuple(entries))


def _promised(tree: ast.Module) -> tuple[str, ...] | None:
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return tuple(ast.literal_eval(node.value))
    return None


class _Source:
    """The text of a module, for what its tree does not hold: comments and line breaks."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")

    def entries(self, body: list[ast.stmt]) -> Iterator[Entry]:
        """Everything that a module or a class defines."""
        for node, after in zip(body, [*body[1:], None], strict=True):
            if isinstance(node, ast.ClassDef):
                inside = (one for one in self.entries(node.body) if _is_shown(one.name))
                doc = ast.get_docstring(node) or ""
                yield Entry(node.name, self._head(node), doc, inside=tuple(inside))
            elif isinstance(node, Function):
                yield Entry(node.name, self._head(node), ast.get_docstring(node) or "")
            elif isinstance(node, ast.AnnAssign | ast.Assign):
                yield from self._values(node, _said(after) or self._comment(node))

    def _head(self, node: Function | ast.ClassDef) -> str:
        """The lines before the body."""
        start = min([node.lineno, *(one.lineno for one in node.decorator_list)])
        first = node.body[0]
        decorators = first.decorator_list if isinstance(first, Function | ast.ClassDef) else []
        end = min([first.lineno, *(one.lineno for one in decorators)])
        lines = self._lines[start - 1 : max(end - 1, start)]
        head = "\n".join(re.sub(r"\s+# .*$", "", line) for line in lines)
        return re.sub(r":(\s*\.\.\.)?\s*$", "", dedent(head))

    def _values(self, node: ast.AnnAssign | ast.Assign, doc: str) -> Iterator[Entry]:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [
            one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)
        ]
        text = dedent(" " * node.col_offset + self._segment(node))
        if len(text) > LONGEST_VALUE:
            kind = f": {ast.unparse(node.annotation)}" if isinstance(node, ast.AnnAssign) else ""
            text = f"{', '.join(names)}{kind} = …"
        for number, name in enumerate(names):
            yield Entry(name, "" if number else text, "" if number else doc, value=True)

    def _segment(self, node: ast.stmt) -> str:
        """Its text. `ast.get_source_segment` takes the whole module apart for each."""
        lines = [line.encode() for line in self._lines[node.lineno - 1 : node.end_lineno]]
        lines[-1] = lines[-1][: node.end_col_offset]
        lines[0] = lines[0][node.col_offset :]
        return b"\n".join(lines).decode()

    def _comment(self, node: ast.stmt) -> str:
        """The comment right above."""
        lines: list[str] = []
        for line in reversed(self._lines[: node.lineno - 1]):
            if not line.strip().startswith("# ") or line.strip().startswith("# ---"):
                break
            lines.insert(0, line.strip().removeprefix("# "))
        return "\n".join(lines)


def _said(node: ast.stmt | None) -> str:
    """The docstring of a constant: the text that follows it."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return "\n".join(line.strip() for line in str(node.value.value).splitlines())
    return ""


def _is_shown(name: str) -> bool:
    return name in SHOWN or not name.startswith("_")
