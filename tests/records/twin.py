"""Judging a row a second time, written plainly from the texts: the members of a schema file
(protocol 5), the codes of interfaces "Row answer", domain 2 for codes. Nothing here imports the
product; a schema is its JSON.
"""

import json
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).resolve().parents[2] / "ledger" / "records" / "schemas"
FILLER = "00000000000000000X"
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]
INNER = [3, 7, 9, 10, 5, 8, 4, 2]

Schema = Mapping[str, Any]
Row = Mapping[str, Any]
Told = list[tuple[str | None, str]]


class World(NamedTuple):
    """What a row is judged by beside its schema."""

    today: date
    go_live: date
    lists: frozenset[str]
    measures: frozenset[str]


def schemas() -> list[Schema]:
    """Every packaged type, by its name."""
    return [json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))]


def folded(text: str) -> str:
    """Width, brackets and white space do not count."""
    plain = {0xFF01 + n: 0x21 + n for n in range(94)}
    for one in "〔［【[":
        plain[ord(one)] = ord("(")
    for one in "〕］】]":
        plain[ord(one)] = ord(")")
    return "".join(text.translate(plain).translate(plain).split())


def check_characters(code: str) -> bool:
    """Both of them (domain 2)."""
    total = sum(ALPHABET.index(c) * w for c, w in zip(code[:17], WEIGHTS, strict=True))
    outer = ALPHABET[(31 - total % 31) % 31]
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    inner = 11 - sum(letters.index(c) * w for c, w in zip(code[8:16], INNER, strict=True)) % 11
    return code[17] == outer and code[16] == {10: "X", 11: "0"}.get(inner, str(inner))


def value(field: Mapping[str, Any], text: Any) -> tuple[Any, str | None]:
    """The canonical value, or a code; (None, None): there is none."""
    if text is None or (isinstance(text, str) and not text.strip()):
        return None, None
    if field["kind"] == "list":
        return _list(field, text)
    text = text.strip()
    return {
        "text": _text,
        "choice": _choice,
        "date": _date,
        "year": _year,
        "money": _money,
        "uscc": _uscc,
    }[field["kind"]](field, text)


def _text(field: Mapping[str, Any], text: str) -> tuple[Any, str | None]:
    if len(text) > field["max"]:
        return None, "too-long"
    if "\0" in text:
        return None, "encoding"
    if re.fullmatch(r"[0-9](\.[0-9]+)?[Ee]\+[0-9]{1,3}", text):
        return None, "number-lost-digits"
    return text, None


def _choice(field: Mapping[str, Any], text: str) -> tuple[Any, str | None]:
    if text in field["vocabulary"]:
        return text, None
    if len(text) > field["max"]:
        # Shortening helps only who may write a value of his own.
        return None, "too-long" if field.get("other") else "not-in-vocabulary"
    own = field.get("other") and re.match("其他-.", folded(text))
    if own or folded(text) in map(folded, field["vocabulary"]):
        return text, None
    return None, "not-in-vocabulary"


def _list(field: Mapping[str, Any], given: Any) -> tuple[Any, str | None]:
    given = [given] if isinstance(given, str) else given
    parts = [part for each in given for part in re.split("[;；\r\n]", each)]
    items = [part.strip() for part in parts if part.strip()]
    if len(";".join(items)) > field["max"]:
        return None, "too-long"
    one = {**field, "kind": "choice" if "vocabulary" in field else "text"}
    for item in items:
        _, code = value(one, item)
        if code:
            return None, code
    return (items or None), None


def _date(_field: Mapping[str, Any], text: str) -> tuple[Any, str | None]:
    found = re.fullmatch(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})", text) or re.fullmatch(
        r"(\d{4})(年)(\d{1,2})月(\d{1,2})日", text
    )
    try:
        day = date(int(found[1]), int(found[3]), int(found[4])) if found else None
    except ValueError:
        day = None
    known = day is not None and day.year >= 1949
    return (day.isoformat(), None) if day and known else (None, "date-invalid")


def _year(_field: Mapping[str, Any], text: str) -> tuple[Any, str | None]:
    found = re.fullmatch(r"(\d{4})(年|年度|度)?", text)
    known = found is not None and int(found[1]) >= 1949
    return (found[1], None) if found and known else (None, "year-invalid")


def _money(_field: Mapping[str, Any], text: str) -> tuple[Any, str | None]:
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        return None, "money-format"
    amount = Decimal(text)
    if amount != round(amount, 6):
        return None, "money-too-precise"
    if amount >= 10**12:
        return None, "too-long"
    plain = f"{amount:f}"
    return (plain.rstrip("0").rstrip(".") if "." in plain else plain), None


def _uscc(_field: Mapping[str, Any], text: str) -> tuple[Any, str | None]:
    code = "".join(text.split()).upper()
    if code == FILLER:
        return code, None
    if not re.fullmatch(f"[1-9ANY][1-9A-HJ-NP-RTUWXY][1-9][0-9]{{5}}[{ALPHABET}]{{10}}", code):
        return None, "uscc-format"
    if check_characters(code):
        return code, None
    first = ALPHABET[
        (31 - sum(ALPHABET.index(c) * w for c, w in zip(code, WEIGHTS, strict=False)) % 31) % 31
    ]
    return None, ("uscc-organisation-check" if code[17] == first else "uscc-check")


def has(known: Row, field: str, values: list[str]) -> bool:
    """Whether one of the values of a field is one of those."""
    given = known.get(field) or []
    given = [given] if isinstance(given, str) else given
    return bool({folded(one) for one in given} & {folded(one) for one in values})


def judge(schema: Schema, row: Row, world: World) -> tuple[Told, dict[str, Any], str | None]:
    """All errors in the order of the table, the canonical fields of a good row, and `decided`."""
    told: Told = []
    known: dict[str, Any] = {}
    subject = schema["subject"]
    if schema.get("naturalPerson"):
        return [(subject["name"], "natural-person")], {}, None
    for field in schema["fields"]:
        code, disclosable = field["code"], field.get("disclosable", True)
        if not disclosable:
            continue
        found, wrong = value(field, row.get(code))
        if wrong is None and found is None:
            wrong = _missing(schema, field, row, known, world.go_live)
        elif wrong is None:
            wrong = _against(schema, field, found, known, world)
        if wrong is not None:
            told.append((code, wrong))
        elif found is not None:
            known[code] = found
    if any(code == "natural-person" for _, code in told):
        known = {}
    return told, known, decided(schema, known)


def decided(schema: Schema, known: Row) -> str | None:
    """The day, or 1 January of the year that stands for it."""
    year = known.get(schema.get("decidedYear", ""))
    day: str | None = known.get(schema["decided"]) or (f"{year}-01-01" if year else None)
    return day


def _missing(
    schema: Schema, field: Mapping[str, Any], row: Row, known: Row, go_live: date
) -> str | None:
    code, condition = field["code"], field.get("requiredIf")
    if field.get("required"):
        day = known.get(schema["decided"])
        if field.get("lenient") and day and day < go_live.isoformat():
            return None
        return "required"
    if condition and has(known, condition["field"], condition["any"]):
        return "required"
    if code == schema["subject"]["registration"]:
        filled = known.get(schema["subject"]["code"]) == FILLER
        return "registration-number-required" if filled else None
    if code == schema["decided"] and not str(row.get(schema.get("decidedYear", ""), "")).strip():
        return "required"
    return None


def _against(
    schema: Schema, field: Mapping[str, Any], found: Any, known: Row, world: World
) -> str | None:
    rules = [_date_rules, _subject_rules, _vocabulary_rules]
    codes = (rule(schema, field, found, known, world) for rule in rules)
    return next((code for code in codes if code), None)


def _date_rules(
    schema: Schema, field: Mapping[str, Any], found: Any, known: Row, world: World
) -> str | None:
    earlier = known.get(field.get("notBefore", ""))
    if earlier and found < earlier:
        return "date-order"
    year = known.get(schema.get("decidedYear", ""))
    if year and field["code"] == schema["decided"] and int(found[:4]) < int(year) - 1:
        return "date-order"
    day = f"{found}-01-01" if field["kind"] == "year" else found
    decides = field["code"] in (schema["decided"], schema.get("decidedYear"))
    return "date-in-future" if decides and day > world.today.isoformat() else None


def _subject_rules(
    schema: Schema, field: Mapping[str, Any], found: Any, known: Row, _world: World
) -> str | None:
    code, subject = field["code"], schema["subject"]
    if field["kind"] == "uscc" and found == FILLER:
        kind = known.get(subject.get("kind", ""), "个体工商户")
        if code != subject["code"] or folded(kind) != "个体工商户":
            return "uscc-check"
    person = code == subject.get("kind") and folded(found) == "自然人"
    return "natural-person" if person else None


def _vocabulary_rules(
    _schema: Schema, field: Mapping[str, Any], found: Any, known: Row, world: World
) -> str | None:
    fewer = field.get("vocabularyIf")
    if fewer and has(known, fewer["field"], fewer["values"]):
        if folded(found) not in map(folded, fewer["vocabulary"]):
            return "not-in-vocabulary"
    allowed = {"lists": world.lists, "measures": world.measures}.get(field.get("catalogue", ""))
    given = [found] if isinstance(found, str) else found
    if allowed is not None and not {folded(one) for one in given} <= set(map(folded, allowed)):
        return {"lists": "list-unknown", "measures": "measure-unknown"}[field["catalogue"]]
    return None
