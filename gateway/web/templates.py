"""Templates, one environment a language: what is put in is escaped, what is missing is an error."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from gateway.web.languages import Code, Language, translations
from gateway.web.spoken import spoken

_FILTERS: Final = (
    *("of", "day", "moment", "since", "ago", "number", "amount", "share", "member", "role"),
)
"""Methods of `Language`."""


@cache
def environment(code: Code) -> Environment:
    """Of one language. Filters: those of `_FILTERS`, and `short` for ids and hashes."""
    made = Environment(
        loader=PackageLoader("gateway.web"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_translations(translations(code), newstyle=True)  # type: ignore[attr-defined]
    language = Language(code)
    for name in _FILTERS:
        made.filters[name] = getattr(language, name)
    made.filters["short"] = short
    made.globals["language"] = language
    return made


SHORT: Final = 10
"""Characters of an id or a hash that are shown."""


def short(value: str) -> str:
    """The beginning of an id or a hash, by which people tell them apart."""
    return value if len(value) <= SHORT + 2 else f"{value[:SHORT]}…"


def render(code: Code, name: str, /, **values: Any) -> str:
    """The text of a page."""
    text = environment(code).get_template(name).render(**values)
    return spoken(text) if code == "en" else text
