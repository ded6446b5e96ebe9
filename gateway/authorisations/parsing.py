"""The JSON of an authorisation: every member is looked at, none is taken on trust."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from gateway.authorisations.interfaces import Wanted
from gateway.cases.materials import Material
from gateway.cases.parsing import Told, fault
from gateway.http.problems import Problem
from ledger.core.authorisation import MAX_REGIONS, MAX_TYPES, REGION
from ledger.core.commitment import TYPE_NAME
from ledger.core.ids import CODE
from ledger.records import uscc

MAX_SUBJECT: Final = 64
"""Characters of a code as it is sent, with the blanks and widths that people write."""
MAX_PURPOSE: Final = 32
MAX_KEY: Final = 200
_MEMBERS: Final = "subject grantee types regions purpose from until"
_KEY: Final = re.compile(r"[!-~]{1,200}")
_WRONG_KEY: Final = {
    "zh": f"Idempotency-Key 须为 1 至 {MAX_KEY} 个可见 ASCII 字符",
    "en": f"Idempotency-Key is 1 to {MAX_KEY} visible characters of ASCII",
}


def wanted(value: Mapping[str, Any], docs: Sequence[Material]) -> Wanted:
    """What `POST /v1/authorisations` says. Raises InputError."""
    told = Told(value, _MEMBERS)
    return Wanted(
        subject=uscc.normalise(told.needed("subject", lambda name: told.text(name, MAX_SUBJECT))),
        grantee=told.needed("grantee", lambda name: told.matching(name, CODE)),
        types=_texts(value, "types", TYPE_NAME, MAX_TYPES),
        regions=_texts(value, "regions", REGION, MAX_REGIONS),
        purpose=told.needed("purpose", lambda name: told.text(name, MAX_PURPOSE)),
        start=date.fromisoformat(told.needed("from", told.day)),
        until=date.fromisoformat(told.needed("until", told.day)),
        docs=docs,
    )


def subject_of(value: Mapping[str, Any]) -> str:
    """The code by which authorisations are looked for. Raises InputError."""
    told = Told(value, "subject before limit")
    return uscc.normalise(told.needed("subject", lambda name: told.text(name, MAX_SUBJECT)))


def page_of(value: Mapping[str, Any], most: int) -> tuple[int | None, int]:
    """From below which number on, and how many. Raises InputError."""
    told = Told(value, "subject before limit")
    return told.number("before", 1, 2**53), told.number("limit", 1, most) or most


def key_of(header: str | None) -> str | None:
    """The name of a request, as its sender gave it; None: it gave none. Raises Problem."""
    if header is not None and not _KEY.fullmatch(header):
        raise Problem("idempotency-key-invalid", _WRONG_KEY)
    return header


def _texts(
    value: Mapping[str, Any], name: str, like: re.Pattern[str], most: int
) -> tuple[str, ...]:
    """A list of texts, in whatever order; ascending, each once."""
    found = value.get(name)
    if not isinstance(found, list) or not 1 <= len(found) <= most:
        raise fault(name, f"须为 1 至 {most} 项的列表", f"is no list of 1 to {most}")
    if not all(isinstance(item, str) and like.fullmatch(item) for item in found):
        raise fault(name, "有一项的格式不符", "holds what is not spelled as it must be")
    return tuple(sorted(set(found)))
