"""Read schema and rules files, or refuse those that break a rule of the text."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.second import rules, schema
from tests.second.codec import Malformed, canonical
from tests.second.making import RULES, SCHEMA

Change = Callable[[dict[str, Any]], Any]


def taken(read: Callable[[bytes], object], data: bytes, change: Change) -> bool:
    """Tell whether a file is read with something changed."""
    found = json.loads(data)
    change(found)
    try:
        read(canonical(found))
    except Malformed:
        return False
    return True


def field(found: dict[str, Any], code: str) -> dict[str, Any]:
    """Give a field of a schema."""
    return next(one for one in found["fields"] if one["code"] == code)


@pytest.mark.parametrize(
    ("change", "good"),
    [
        (lambda _: None, True),
        (lambda it: it.update(rows=[]), False),
        (lambda it: it["rows"].append(it["rows"][0]), False),
        (lambda it: it["rows"][0].update(minimumMonths=37), False),
        (lambda it: it["rows"][0].update(families=["Penalty"]), False),
        (lambda it: it.pop("areas"), False),
        (lambda it: it.pop("exits"), True),
        (lambda it: it["areas"].append(it["areas"][0]), False),
        (lambda it: it["areas"][0].update(laws=["a" * 101]), False),
        (lambda it: it["areas"][0].update(basis=[f"A{n}" for n in range(17)]), False),
        (lambda it: it["areas"][0]["fine"].update({"from": 10}), False),
        (lambda it: it["exits"][0].update(exit=it["exits"][1]["exit"]), False),
        (lambda it: it["reportable"][0].update(expired=1), False),
        (lambda it: it["reportable"].append(it["reportable"][0]), False),
        (lambda it: it["stages"][0].update(days=367), False),
        (lambda it: it["measures"][0].update(zh="a" * 201), False),
        (lambda it: it["lists"][0].update(title="a"), False),
        (lambda it: it["authorities"].append(it["authorities"][0]), True),
    ],
)
def test_rules(change: Change, good: bool) -> None:
    """Refuse a rules file that breaks a rule."""
    assert taken(rules.read, RULES, change) == good


@pytest.mark.parametrize(
    ("change", "good"),
    [
        (lambda _: None, True),
        (lambda it: it.update(adverse=False), False),
        (lambda it: it.update(decided="CF_WSH"), False),
        (lambda it: it.update(decidedYear="BZ"), False),
        (lambda it: it["authority"].update(name="X"), False),
        (lambda it: it["until"].update(field="BZ"), False),
        (lambda it: it.update(apart=["BZ"]), False),
        (lambda it: (field(it, "CF_WSH").pop("required"), it.update(apart=["BZ"])), True),
        (lambda it: (field(it, "CF_WSH").pop("required"), it.update(apart=["X"])), False),
        (lambda it: field(it, "CF_JDRQ").pop("required"), False),
        (lambda it: field(it, "CF_YXQ").update(notBefore="BZ"), False),
        (lambda it: field(it, "CL_SIMPLE").pop("vocabulary"), False),
        (lambda it: field(it, "BZ").update(requiredIf={"any": ["x"], "field": "X"}), False),
        (lambda it: it["visibilityIf"][0].update(fields=["X"]), False),
        (lambda it: it["visibilityIf"][0].update(onlyValues=["x"]), False),
    ],
)
def test_schema(change: Change, good: bool) -> None:
    """Refuse a schema file that breaks a rule."""
    assert taken(schema.read, SCHEMA, change) == good
