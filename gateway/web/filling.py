"""Puts what somebody typed back into a form of a page that was made anew.

The page is ours and is read with the parser of the standard library; only values, marks of what is
chosen and the contents of text areas are put in, each escaped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urlsplit

Attributes = dict[str, str | None]
Fields = Sequence[tuple[str, str]]

_TYPED: Final = frozenset({"text", "search", "date", "month", "number", "url", "email", "tel"})
"""Types of `input` that take a text. Never `password`, and no hidden one: what those hold is of the
page as it is now."""
_CHOSEN: Final = frozenset({"checkbox", "radio"})


@dataclass(slots=True)
class _Control:
    """One of a form: where its tag stands, and for a text area and an option what is in it."""

    tag: str
    attributes: Attributes
    begin: int
    end: int
    inner: int = 0
    """Where its content ends."""
    of: str = ""
    """Name of the `select` of an option."""

    @property
    def name(self) -> str:
        return self.of or self.attributes.get("name") or ""

    @property
    def kind(self) -> str:
        return (self.attributes.get("type") or "text").lower()


@dataclass(slots=True)
class _Form:
    attributes: Attributes
    controls: list[_Control] = field(default_factory=list)


class _Reader(HTMLParser):
    """Finds the forms of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=False)
        self.forms: list[_Form] = []
        self._lines = [0]
        for line in text.splitlines(keepends=True) if "\r" in text else text.split("\n"):
            ended = 0 if "\r" in text else 1
            self._lines.append(self._lines[-1] + len(line) + ended)
        self._form: _Form | None = None
        self._select = ""
        self._open: _Control | None = None
        self.feed(text)
        self.close()

    def _at(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See `HTMLParser`."""
        if tag == "form":
            self._form = _Form(dict(attrs))
            self.forms.append(self._form)
        if self._form is None or tag not in ("input", "textarea", "select", "option"):
            return
        begin = self._at()
        found = _Control(tag, dict(attrs), begin, begin + len(self.get_starttag_text() or ""))
        if tag == "select":
            self._select = found.name
        if tag == "option":
            found.of = self._select
        if tag in ("textarea", "option"):
            self._open = found
        self._form.controls.append(found)

    def handle_endtag(self, tag: str) -> None:
        """See `HTMLParser`."""
        if tag == "form":
            self._form = None
        if self._open is not None and tag == self._open.tag:
            self._open.inner = self._at()
            self._open = None


def fill(text: str, action: str, fields: Fields) -> tuple[str, list[tuple[str, str]]]:
    """The page with its form filled, and the fields for which there was no place. action: path
    that the form goes to; where none does, the form that has most of the fields is taken."""
    form = _chosen(_Reader(text).forms, action, fields)
    if form is None:
        return text, list(fields)
    left = list(fields)
    edits: list[tuple[int, int, str]] = []
    given: dict[str, list[str]] = {}
    for name, value in fields:
        given.setdefault(name, []).append(value)
    for control in form.controls:
        _put(control, text, given, left, edits)
    for begin, end, new in sorted(edits, reverse=True):
        text = text[:begin] + new + text[end:]
    hidden = {(one.name, one.attributes.get("value") or "") for one in _hidden(form)}
    return text, [one for one in left if one not in hidden]


def _put(
    control: _Control,
    text: str,
    given: dict[str, list[str]],
    left: list[tuple[str, str]],
    edits: list[tuple[int, int, str]],
) -> None:
    values = given.get(control.name)

    def take(value: str) -> None:
        if (control.name, value) in left:
            left.remove((control.name, value))

    if control.tag == "textarea" and values:
        take(values[0])
        edits.append((control.end, control.inner, "\n" + escape(values[0])))
    elif control.tag == "input" and control.kind in _TYPED and values:
        value = values.pop(0) if len(values) > 1 else values[0]
        take(value)
        edits.append(_tag(control, {**control.attributes, "value": value}))
    elif _is_choice(control):
        own = control.attributes.get("value")
        own = text[control.end : control.inner].strip() if own is None else own
        mark = "selected" if control.tag == "option" else "checked"
        chosen = values is not None and own in values
        if values is not None or control.kind == "checkbox":
            kept = {name: one for name, one in control.attributes.items() if name != mark}
            edits.append(_tag(control, {**kept, mark: None} if chosen else kept))
        if chosen:
            take(own)


def _is_choice(control: _Control) -> bool:
    if control.tag == "option":
        return bool(control.of)
    return control.tag == "input" and control.kind in _CHOSEN


def _tag(control: _Control, attributes: Attributes) -> tuple[int, int, str]:
    shown = "".join(
        f" {name}" if value is None else f' {name}="{escape(value)}"'
        for name, value in attributes.items()
    )
    return control.begin, control.end, f"<{control.tag}{shown}>"


def _hidden(form: _Form) -> list[_Control]:
    return [one for one in form.controls if one.tag == "input" and one.kind == "hidden"]


def _chosen(forms: Sequence[_Form], action: str, fields: Fields) -> _Form | None:
    posts = [one for one in forms if (one.attributes.get("method") or "").lower() == "post"]
    names = Counter(name for name, _ in fields)

    def alike(form: _Form) -> int:
        """How many of its hidden fields hold what was sent."""
        return sum((one.name, one.attributes.get("value") or "") in fields for one in _hidden(form))

    def known(form: _Form) -> int:
        return len({one.name for one in form.controls if one.tag != "option"} & names.keys())

    there = [one for one in posts if urlsplit(one.attributes.get("action") or "").path == action]
    best: Callable[[_Form], int] = alike if there else known
    found = max(there or posts, key=best, default=None)
    return found if found is not None and (there or known(found)) else None
