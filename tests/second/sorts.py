"""Hold the members of every sort of statement, and their forms (section 23)."""

import re
from collections.abc import Callable

from tests.second.codec import (
    CODE,
    HEX,
    MAX_INTEGER,
    Json,
    Malformed,
    b64url_strict,
    day,
    integer_of,
    members,
    text_of,
    texts_of,
)

FAMILY = re.compile(r"[a-z][a-z0-9-]{0,31}")
SUBJECT = re.compile(r"[0-9A-Z]{18}")
OF_GOVERNMENT = "regulation relocation procurement funding listing approval bidding".split()
PURPOSES = ["pre-loan", "in-loan", "post-loan", "guarantee", "own", *OF_GOVERNMENT]
MOST_FAMILIES = 64
_ACTS = (
    "file-repair file-objection supplement withdraw-filing national-result accept decline"
    " ask-supplement grant refuse uphold dismiss unconfirmed shield lift rescind correct withdraw"
    " end erase"
)
_REGION = re.compile(r"[0-9]{6}")
_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,11})(\.[0-9]{0,3}[1-9])?")
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_ROLE = re.compile(r"[0-9A-Za-z._-]{1,64}:[0-9A-Za-z._-]{1,64}")
_UINT32 = 4_294_967_295

Form = Callable[[Json], object]


def salt(value: Json) -> None:
    """Demand a salt of 32 bytes."""
    if len(b64url_strict(text_of(value))) != 32:
        raise Malformed("a salt has 32 bytes")


def purpose(value: Json) -> str:
    """Demand a purpose."""
    if value not in PURPOSES:
        raise Malformed("no such purpose")
    return text_of(value)


def ascending(value: Json, form: re.Pattern[str], most: int) -> list[str]:
    """Demand a list of texts that ascend by code points, not empty and nothing twice."""
    found = texts_of(value, form, most)
    if not found or found != sorted(set(found)):
        raise Malformed("a list that is empty, does not ascend or holds one twice")
    return found


def families(value: Json) -> list[str]:
    """Demand a list of families."""
    return ascending(value, FAMILY, MOST_FAMILIES)


def _of(form: re.Pattern[str]) -> Form:
    return lambda value: text_of(value, form)


def _one_of(words: str) -> Form:
    def demand(value: Json) -> None:
        if value not in words.split():
            raise Malformed("no such word")

    return demand


def _number(least: int = 0, most: int = MAX_INTEGER) -> Form:
    return lambda value: integer_of(value, most, least)


def _text(least: int, most: int) -> Form:
    def demand(value: Json) -> None:
        if not least <= len(text_of(value)) <= most:
            raise Malformed("a text too short or too long")

    return demand


def _or_null(form: Form) -> Form:
    return lambda value: None if value is None else form(value)


_DOCUMENT: dict[str, Form] = {
    "name": _text(1, 200),
    "salt": salt,
    "sha256": _of(HEX),
    "size": _number(),
}


def _exactly(value: Json, forms: dict[str, Form]) -> None:
    found = members(value, " ".join(forms))
    for name, form in forms.items():
        form(found[name])


def _documents(least: int) -> Form:
    def demand(value: Json) -> None:
        if not isinstance(value, list) or not least <= len(value) <= 16:
            raise Malformed("docs is a list within its bounds")
        for item in value:
            _exactly(item, _DOCUMENT)

    return demand


def _in_order(first: Json, last: Json) -> None:
    if day(last) < day(first):
        raise Malformed("it ends before it begins")


def _span(value: Json) -> None:
    found = members(value, "from to")
    _in_order(found["from"], found["to"])


_DIGEST = _of(HEX)
FORMS: dict[str, dict[str, Form]] = {
    "dummy": {},
    "case": {
        "act": _one_of(_ACTS),
        "authority": _of(SUBJECT),
        "basis": _or_null(_number(1, 65_535)),
        "case": _DIGEST,
        "channel": _one_of("national portal desk court own"),
        "class": _or_null(_one_of("minor general severe")),
        "day": _or_null(day),
        "docs": _documents(0),
        "nationalNo": _or_null(_text(1, 64)),
        "note": _text(0, 2000),
        "prev": _or_null(_DIGEST),
        "pushed": _or_null(day),
        "received": _or_null(day),
        "record": _DIGEST,
        "role": _of(_ROLE),
        "step": _number(1),
    },
    "authorisation": {
        "docs": _documents(1),
        "from": day,
        "grantee": _of(CODE),
        "purpose": purpose,
        "regions": lambda value: ascending(value, _REGION, 64),
        "subject": _of(SUBJECT),
        "types": families,
        "until": day,
    },
    "query": {
        "answer": _DIGEST,
        "asker": _of(CODE),
        "authorisation": _or_null(_DIGEST),
        "items": _number(),
        "purpose": purpose,
        "subject": _of(SUBJECT),
    },
    "use": {
        "answer": _DIGEST,
        "decision": _one_of("approved declined none"),
        "product": _or_null(_DIGEST),
        "purpose": purpose,
    },
    "report": {"content": _DIGEST, "period": _span, "subject": _of(SUBJECT), "until": day},
    "outcome": {
        "granted": _of(_AMOUNT),
        "households": _number(),
        "lent": _of(_AMOUNT),
        "period": _of(_MONTH),
        "product": _or_null(_DIGEST),
        "region": _of(_REGION),
        "seq": _number(1),
        "version": _number(0, _UINT32),
    },
    "feedback": {
        "day": day,
        "matter": _text(1, 200),
        "measure": _text(1, 200),
        "query": _DIGEST,
        "result": _text(0, 2000),
    },
}


def demand(sort: str, content: dict[str, Json]) -> None:
    """Demand exactly the members of a sort, each of its form."""
    if sort not in FORMS:
        raise Malformed("no such sort")
    _exactly(content, FORMS[sort])
    if sort == "authorisation":
        _in_order(content["from"], content["until"])
    if sort == "case" and (content["step"] == 1) != (content["prev"] is None):
        raise Malformed("prev is null at step 1 and nowhere else")
