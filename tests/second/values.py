"""Judge the values of a record: steps 1 to 4 of check 25."""

import re
from datetime import date

from tests.second.codec import day, is_day
from tests.second.folding import fold, is_empty, trim
from tests.second.present import Value
from tests.second.schema import OWN, Field, Schema

FILLER = "00000000000000000X"
FIRST_YEAR = 1949
_BANNED = {0, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
_CUT = re.compile(r"[0-9](\.[0-9]+)?[Ee]\+[0-9]{1,3}")
_MONEY = re.compile(r"(0|[1-9][0-9]*)(?:\.([0-9]*[1-9]))?")
_USCC = re.compile(r"[0123456789ABCDEFGHJKLMNPQRTUWXY]{18}")
_YEAR = re.compile(r"[0-9]{4}")
_SEPARATORS = set(";；\r\n")


def _banned(text: str) -> bool:
    return any(ord(sign) in _BANNED for sign in text)


def _text(item: Field, text: str) -> str | None:
    if len(text) > item.max:
        return "value-too-long"
    return "value-form" if _banned(text) or _CUT.fullmatch(text) else None


def _choice(item: Field, text: str) -> str | None:
    if text in item.vocabulary:
        return None
    folded = fold(text)
    if folded not in [fold(word) for word in item.vocabulary]:
        if not item.other or not folded.startswith(OWN) or folded == OWN:
            return "value-unknown"
        if _banned(text):
            return "value-form"
    return "value-too-long" if len(text) > item.max else None


def _list(item: Field, texts: list[str]) -> str | None:
    if sum(map(len, texts)) + len(texts) - 1 > item.max:
        return "value-too-long"
    for text in texts:
        if set(text) & _SEPARATORS or trim(text) != text or is_empty(text):
            return "value-form"
        wrong = _choice(item, text) if item.vocabulary else _text(item, text)
        if wrong:
            return wrong
    return None


def _money(text: str) -> str | None:
    found = _MONEY.fullmatch(text)
    if not found:
        return "value-form"
    if len(found.group(1)) > 12:
        return "value-too-long"
    return "value-form" if len(found.group(2) or "") > 6 else None


def _date(text: str) -> str | None:
    return None if is_day(text) and day(text).year >= FIRST_YEAR else "value-form"


def _year(text: str) -> str | None:
    return None if _YEAR.fullmatch(text) and int(text) >= FIRST_YEAR else "value-form"


def _uscc(schema: Schema, item: Field, text: str, shown: dict[str, Value]) -> str | None:
    if not _USCC.fullmatch(text):
        return "value-form"
    if text != FILLER:
        return None
    kind = shown.get(schema.subject.get("kind", ""))
    lawful = kind is None or (isinstance(kind, str) and fold(kind) == "个体工商户")
    return None if lawful and item.code == schema.subject["code"] else "value-form"


def _spelling(schema: Schema, item: Field, value: str, shown: dict[str, Value]) -> str | None:
    if trim(value) != value or is_empty(value):
        return "value-form"
    if item.kind == "uscc":
        return _uscc(schema, item, value, shown)
    simple = {"date": _date, "year": _year, "money": _money}
    if item.kind in simple:
        return simple[item.kind](value)
    return (_choice if item.kind == "choice" else _text)(item, value)


def _vocabulary_if(item: Field, value: Value, shown: dict[str, Value]) -> bool:
    """Tell whether the vocabulary that another field brings holds the value."""
    when = item.vocabulary_if
    if when is None or not when.met(shown):
        return True
    allowed = {fold(word) for word in when.vocabulary}
    return all(fold(text) in allowed for text in ([value] if isinstance(value, str) else value))


def _order(schema: Schema, item: Field, shown: dict[str, Value], decided: date) -> str | None:
    value, before = shown.get(item.code), shown.get(item.not_before)
    if item.kind == "date" and is_text_day(value) and is_text_day(before):
        return "value-order" if day(_plain(value)) < day(_plain(before)) else None
    if item.code == schema.decided_year and isinstance(value, str):
        return "value-order" if decided.year < int(value) - 1 else None
    return None


def _plain(value: Value | None) -> str:
    return value if isinstance(value, str) else ""


def is_text_day(value: Value | None) -> bool:
    """Tell whether a shown value is a day."""
    return isinstance(value, str) and is_day(value)


def _one(schema: Schema, item: Field, shown: dict[str, Value], decided: date) -> str | None:
    value = shown[item.code]
    if isinstance(value, list) != (item.kind == "list"):
        return "value-kind"
    if isinstance(value, list):
        wrong = _list(item, value)
    else:
        wrong = _spelling(schema, item, value, shown)
    if wrong is None and not _vocabulary_if(item, value, shown):
        wrong = "value-unknown"
    return wrong or _order(schema, item, shown, decided)


def first_wrong(schema: Schema, shown: dict[str, Value], decided: date) -> str | None:
    """Give the code of the first shown value that is wrong, in the order of the schema."""
    if not set(shown) <= set(schema.slots):
        return "value-kind"
    for item in schema.fields.values():
        wrong = _one(schema, item, shown, decided) if item.code in shown else None
        if wrong:
            return wrong
    return None


def natural_person(schema: Schema, shown: dict[str, Value]) -> bool:
    """Tell whether a record is about a natural person, as far as it shows."""
    kind = shown.get(schema.subject.get("kind", ""))
    return schema.natural_person or (isinstance(kind, str) and fold(kind) == "自然人")
