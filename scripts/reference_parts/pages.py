"""The reference as Markdown: a page for each public package."""

from collections.abc import Sequence
from textwrap import dedent

from scripts.reference_parts.reading import Entry, Module

NOTE = "<!-- Written by scripts/reference.py out of the docstrings; change those. -->"


def page(title: str, modules: Sequence[Module]) -> str:
    """The page of one package."""
    parts = [NOTE, f"# {title}"]
    if len(modules) > 1:
        shown = [module for module in modules if module.promised]
        parts.append("\n".join(f"- [`{one.name}`](#{_anchor(one.name)})" for one in shown))
    for module in modules:
        if module.promised is None:
            parts.append(_text(module.doc))
        else:
            parts += [f"## {module.name}", _text(module.doc), *_constants(module)]
            parts += [_entry(entry) for entry in module.entries if not entry.value]
    return "\n\n".join(part for part in parts if part) + "\n"


def _anchor(name: str) -> str:
    """How Markdown renders a heading as an anchor."""
    return name.replace(".", "").lower()


def _constants(module: Module) -> list[str]:
    """Constants and types of a module, together."""
    values = [entry for entry in module.entries if entry.value]
    return [_code(*map(_value, values))] if values else []


def _value(entry: Entry) -> str:
    """A constant or a field, with what is said of it as a comment."""
    comment = [f"# {line}".rstrip() for line in entry.doc.splitlines()]
    return "\n".join([*comment, *filter(None, [entry.signature])])


def _entry(entry: Entry) -> str:
    """A function, or a class with its fields and methods."""
    fields = [one for one in entry.inside if one.value]
    methods = [one for one in entry.inside if not one.value]
    body = [_indented(_value(one)) for one in fields]
    parts = [f"### {entry.name}", _code(entry.signature, *body), _text(entry.doc)]
    for one in methods:
        parts += [f"#### {entry.name}.{one.name}", _code(one.signature), _text(one.doc)]
    return "\n\n".join(part for part in parts if part)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def _code(*lines: str) -> str:
    return "\n".join(["```python", *filter(None, lines), "```"])


def _text(doc: str) -> str:
    """A docstring as it stands; what is set out in columns keeps them."""
    blocks = doc.split("\n\n")
    return "\n\n".join(
        f"```text\n{dedent(one)}\n```" if _in_columns(one) else one for one in blocks
    )


def _in_columns(block: str) -> bool:
    """Whether a paragraph is a table, a drawing or indented: Markdown would run it together."""
    lines = block.splitlines()
    return any("   " in line.strip() or line.startswith(("  ", "+", "|")) for line in lines)
