"""Records whose repair is due, as a table to keep: a workbook, or CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.web.cases.words import words
from gateway.web.languages import Language, translations
from ledger.cli.sheets import Sheet, sheets

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for a formula: a mark in front makes it a text."""
_BOM: Final = "\ufeff"
"""By which spreadsheets know UTF-8."""

Rows = Sequence[Mapping[str, Any]]


def workbook(items: Rows, language: Language) -> bytes:
    """As a workbook."""
    _ = translations(language.code).gettext
    rows = [_row(one, language) for one in items]
    return sheets([Sheet(name=_("Repairs due"), head=_head(language), rows=rows)])


def text(items: Rows, language: Language) -> bytes:
    """As CSV."""
    out = io.StringIO()
    write = csv.writer(out).writerow
    write(_head(language))
    for one in items:
        write([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in _row(one, language)])
    return (_BOM + out.getvalue()).encode()


def _head(language: Language) -> list[str]:
    _ = translations(language.code).gettext
    return [
        _("Document number"),
        _("Determining authority"),
        _("Subject"),
        _("Unified social credit code"),
        _("Day of the decision"),
        _("Class of the breach"),
        _("Possible from"),
        _("Record number"),
    ]


def _row(one: Mapping[str, Any], language: Language) -> list[str]:
    _ = translations(language.code).gettext
    kind = language.of(words("class", one["class"])) if one["class"] else _("not stated")
    subject = one["subject"]
    told = (one["document"], one["authority"], subject["name"], subject["code"], one["decided"])
    return [*(value or "" for value in told), kind, one["possibleFrom"], one["record"]]
