"""What pages of a bank share: what is wrong with a form, how an interface that refuses is told, and
what of a form is passed on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from starlette.datastructures import FormData, UploadFile

from gateway.base.context import Context
from gateway.web.bank import words
from gateway.web.bank.runs import Runs
from gateway.web.visits import Refused, Visit, told_of
from ledger.core.authorisation import SUBJECT
from ledger.core.errors import InputError
from ledger.records import uscc
from ledger.records.store import Library

HEX: Final = re.compile("[0-9a-f]{64}")
MAX_TEXT: Final = 200
"""Characters of one field of a form."""
_LONG: Final = {"zh": f"不超过 {MAX_TEXT} 个字符", "en": f"a text of at most {MAX_TEXT} characters"}
WRONG_CODE: Final = {
    "zh": "须为 18 位统一社会信用代码；请与营业执照核对",
    "en": "must be a unified social credit code of 18 characters; compare it with the licence",
}
_TYPED: Final = {
    "zh": "统一社会信用代码的校验位不符，可能输错；请与营业执照核对",
    "en": "The check character of this code does not fit: it may be mistyped; compare it with the"
    " licence",
}


def runs_of(visit: Visit) -> Runs:
    """What goes on behind pages."""
    found: Runs = visit.request.app.state.bank_runs
    return found


def library_of(visit: Visit) -> Library:
    """The schemas and lists that this node has."""
    ctx: Context = visit.request.app.state.ctx
    return ctx.schemas.latest()


def who(visit: Visit) -> int:
    """Number of the token of whoever looks, who is signed in."""
    caller = visit.caller
    if caller is None:
        raise AssertionError("the page is for those who are signed in")
    return caller.id


def asker(visit: Visit) -> tuple[str, int]:
    """Address of whoever looks, as the interface is told it."""
    came = visit.request.client
    return ("local", 0) if came is None else (came.host, came.port)


def text(form: FormData, name: str) -> str:
    """A field, without blanks around it; empty where there is none. Raises InputError."""
    value = form.get(name, "")
    found = value.strip() if isinstance(value, str) else ""
    if len(found) > MAX_TEXT:
        raise InputError(name, "body-form", _LONG)
    return found


def texts(form: FormData, name: str) -> list[str]:
    """All of the fields of a name."""
    return [one for one in form.getlist(name) if isinstance(one, str)]


async def upload(form: FormData, name: str) -> tuple[str, bytes] | None:
    """A file that came with a form: its name and bytes; None: none was chosen."""
    found = form.get(name)
    if not isinstance(found, UploadFile) or not found.filename:
        return None
    return found.filename, await found.read()


def code_of(form: FormData) -> str:
    """The code of a subject. Raises InputError."""
    code = uscc.normalise(text(form, "code"))
    if not SUBJECT.fullmatch(code):
        raise InputError("code", "body-form", WRONG_CODE)
    return code


def doubt_of(code: str) -> Mapping[str, str] | None:
    """What to look at once more, though a code is taken as it is."""
    return _TYPED if uscc.check(code) is not None else None


def wrong_of(error: Refused | InputError) -> dict[str, Any]:
    """A problem for the page on which the form stands."""
    return told_of(error)[1]


def status_of(error: Refused | InputError | None) -> int:
    """The status of a page on which this is told; None: nothing is wrong."""
    return 200 if error is None else told_of(error)[0]


def base(visit: Visit, tab: str) -> dict[str, Any]:
    """What every page of a bank has. tab: which of them it is."""
    caller = visit.caller
    may = {name: caller is not None and caller.may(name) for name in ("read", "consent", "product")}
    return {
        "tab": tab,
        "may": may,
        "whole": caller is not None and caller.whole_member,
        "words": words,
        "wrong": None,
        "done": None,
    }
