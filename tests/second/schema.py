"""Read schema files (section 5)."""

import re
from dataclasses import dataclass, field

from tests.second.codec import Json, Malformed, day, integer_of, members, parse, text_of, texts_of
from tests.second.folding import fold
from tests.second.present import Value

NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_FIELD = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_AMOUNT = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?")
_VISIBILITY = re.compile(r"public|authorisation|government")
_NEEDED = (
    "_type adverse authority category decided document family fields name period subject title"
    " until version visibility"
)
_OPTIONAL = "adverseIf apart decidedYear naturalPerson visibilityIf voidIf"
_OF_FIELD = (
    "max vocabulary vocabularyIf catalogue other required requiredIf lenient notBefore unusual"
    " disclosable aliases"
)
_BOUNDED = ("text", "list", "choice")
_KINDS = (*_BOUNDED, "date", "year", "money", "uscc")
OWN = "其他-"
_NOT = ("未", "无", "不", "非", "没", "没有", "未曾", "并未")


@dataclass(frozen=True)
class Condition:
    """Hold `{field, values}`, with a vocabulary where it is one of `vocabularyIf`."""

    field: str
    values: tuple[str, ...]
    vocabulary: tuple[str, ...] = ()

    def met(self, shown: dict[str, Value]) -> bool | None:
        """Tell whether a record has one of the values; nothing where the field is hidden."""
        value = shown.get(self.field)
        if value is None:
            return None
        own = [fold(text) for text in ([value] if isinstance(value, str) else value)]
        wanted = [fold(text) for text in self.values]
        return any(text in wanted or any(says(text, word) for word in wanted) for text in own)


def says(folded: str, word: str) -> bool:
    """Tell whether an own value says a word (section 5); both are folded."""
    if not folded.startswith(OWN) or not word:
        return False
    rest = folded[len(OWN) :]
    at = rest.find(word)
    while at >= 0:
        before, after = rest[:at], rest[at + len(word) :]
        joined = word.isascii() and (_letter(before[-1:]) or _letter(after[:1]))
        if not joined and not before.endswith(_NOT):
            return True
        at = rest.find(word, at + 1)
    return False


def _letter(sign: str) -> bool:
    return sign.isascii() and sign.isalnum()


@dataclass(frozen=True)
class Strict:
    """Hold one case of `visibilityIf`."""

    fields: tuple[str, ...]
    values: tuple[str, ...]
    only: bool
    visibility: str

    def holds(self, shown: dict[str, Value]) -> bool:
        """Tell whether it holds of the fields shown: by one value, or by all there are."""
        if self.only and self.hidden(shown):
            return False
        values = [shown[name] for name in self.fields if name in shown]
        own = [one for value in values for one in ([value] if isinstance(value, str) else value)]
        wanted = {fold(text) for text in self.values}
        met = [fold(text) in wanted for text in own]
        return all(met) if self.only else any(met)

    def hidden(self, shown: dict[str, Value]) -> bool:
        """Tell whether one of its fields is not shown."""
        return not set(self.fields) <= set(shown)


@dataclass(frozen=True)
class Field:
    """Hold what a verifier needs of a field."""

    code: str
    kind: str
    max: int = 0
    vocabulary: tuple[str, ...] = ()
    vocabulary_if: Condition | None = None
    other: bool = False
    not_before: str = ""
    slot: bool = True
    required: bool = False


@dataclass(frozen=True)
class Schema:
    """Hold what a verifier needs of a schema file."""

    name: str
    version: int
    family: str
    adverse: bool
    adverse_if: Condition | None
    void_if: Condition | None
    natural_person: bool
    decided: str
    decided_year: str
    rule: str
    until_field: str
    until_open: tuple[str, ...]
    subject: dict[str, str]
    visibility: str
    stricter: tuple[Strict, ...]
    fields: dict[str, Field] = field(default_factory=dict)

    @property
    def slots(self) -> list[str]:
        """Give the slots in their order."""
        return [item.code for item in self.fields.values() if item.slot]

    def is_adverse(self, shown: dict[str, Value]) -> bool | None:
        """Tell whether a record is adverse; nothing where what is shown does not tell."""
        return self.adverse_if.met(shown) if self.adverse_if else self.adverse

    def is_void(self, shown: dict[str, Value]) -> bool | None:
        """Tell whether a record is void; nothing where what is shown does not tell."""
        return self.void_if.met(shown) if self.void_if else False


def words(value: Json, most: int = 1024) -> tuple[str, ...]:
    """Read a list of texts, none too long and at least one."""
    found = texts_of(value, None, most)
    if not found or any(len(text) > 1000 for text in found):
        raise Malformed("an empty list, or a text too long")
    return tuple(found)


def _titles(value: Json) -> None:
    found = members(value, "en zh")
    if any(len(text_of(text)) > 1000 for text in found.values()):
        raise Malformed("text too long")


def _condition(value: Json, extra: str = "") -> Condition:
    found = members(value, f"field values {extra}")
    listed = words(found["vocabulary"]) if extra else ()
    return Condition(text_of(found["field"], _FIELD), words(found["values"]), listed)


def _flag(found: dict[str, Json], name: str, only: bool | None = None) -> bool:
    value = found.get(name, False)
    if not isinstance(value, bool) or (name in found and only not in (None, value)):
        raise Malformed(f"{name} is no flag")
    return value


def _asides(found: dict[str, Json]) -> None:
    """Look at what only intake uses."""
    if "aliases" in found:
        words(found["aliases"])
    if "requiredIf" in found:
        when = members(found["requiredIf"], "any field")
        words(when["any"])
    if "unusual" in found:
        for amount in members(found["unusual"], "", "above below").values():
            text_of(amount, _AMOUNT)
    if "catalogue" in found and found["catalogue"] not in ("lists", "measures"):
        raise Malformed("no such catalogue")
    _flag(found, "lenient")


def _field(value: Json) -> Field:
    found = members(value, "code en kind zh", _OF_FIELD)
    kind = found["kind"]
    if kind not in _KINDS or (kind in _BOUNDED) != ("max" in found):
        raise Malformed("no such kind, or max out of place")
    _asides(found)
    for name in ("en", "zh"):
        words([found[name]])
    return Field(
        code=text_of(found["code"], _FIELD),
        kind=text_of(kind),
        max=integer_of(found["max"], 16_384, 1) if "max" in found else 0,
        vocabulary=words(found["vocabulary"]) if "vocabulary" in found else (),
        vocabulary_if=_condition(found["vocabularyIf"], "vocabulary")
        if "vocabularyIf" in found
        else None,
        other=_flag(found, "other"),
        not_before=text_of(found.get("notBefore", "")),
        slot=_flag(found, "disclosable", False) or "disclosable" not in found,
        required=_flag(found, "required"),
    )


def _until(value: Json) -> tuple[str, str, tuple[str, ...]]:
    rule = value.get("rule") if isinstance(value, dict) else None
    if rule == "publicity":
        found = members(value, "rule", "field")
    elif rule == "validity":
        found = members(value, "field open rule")
        for item in texts_of(found["open"], None, 8):
            day(item)
    else:
        found = members(value, "rule")
        if rule != "open":
            raise Malformed("no such rule")
    opened = texts_of(found.get("open", []))
    return text_of(rule), text_of(found.get("field", "")), tuple(opened)


def _stricter(value: Json) -> tuple[Strict, ...]:
    if not isinstance(value, list) or len(value) > 64:
        raise Malformed("visibilityIf is a list of at most 64")
    found = []
    for case in value:
        one = members(case, "fields visibility", "values onlyValues")
        if ("values" in one) == ("onlyValues" in one):
            raise Malformed("values or onlyValues")
        only = "onlyValues" in one
        values = words(one["onlyValues" if only else "values"])
        visibility = text_of(one["visibility"], _VISIBILITY)
        found.append(Strict(words(one["fields"]), values, only, visibility))
    return tuple(found)


def _fields(value: Json) -> dict[str, Field]:
    if not isinstance(value, list) or not 0 < len(value) <= 256:
        raise Malformed("fields is a list of at most 256")
    fields = [_field(item) for item in value]
    found = {item.code: item for item in fields}
    if len(found) != len(fields):
        raise Malformed("a field twice")
    return found


def _consistent(schema: Schema, found: dict[str, Json]) -> None:
    if schema.adverse and (schema.adverse_if or schema.rule != "publicity"):
        raise Malformed("adverse beside adverseIf, or by another rule")
    if schema.rule == "publicity" and not (schema.adverse or schema.adverse_if):
        raise Malformed("publicity of what is never adverse")
    named = {schema.decided, schema.decided_year, schema.until_field, text_of(found["document"])}
    named |= set(schema.subject.values()) | {item.not_before for item in schema.fields.values()}
    named |= {name for case in schema.stricter for name in case.fields}
    named |= {when.field for when in (schema.adverse_if, schema.void_if) if when}
    if not named - {""} <= set(schema.fields):
        raise Malformed("a field is named that is none")
    number = schema.fields[text_of(found["document"])]
    if number.required == ("apart" in found):
        raise Malformed("apart is there exactly where the number is not required")
    if schema.fields[schema.decided].kind != "date":
        raise Malformed("decided is a date")


def read(data: bytes) -> Schema:
    """Read a schema file, or refuse one that is of another format."""
    found = members(parse(data, limit=262_144), _NEEDED, _OPTIONAL)
    if found["_type"] != "credit-ledger/schema@1" or found["period"] not in ("month", "year"):
        raise Malformed("no schema of version 1")
    _titles(found["title"])
    _titles(found["category"])
    if "apart" in found:
        words(found["apart"], 64)
    members(found["authority"], "name", "code")
    subject = members(found["subject"], "code name registration", "kind person")
    rule, until_field, opened = _until(found["until"])
    schema = Schema(
        name=text_of(found["name"], NAME),
        version=integer_of(found["version"], 999_999_999, 1),
        family=text_of(found["family"], NAME),
        adverse=_flag(found, "adverse"),
        adverse_if=_condition(found["adverseIf"]) if "adverseIf" in found else None,
        void_if=_condition(found["voidIf"]) if "voidIf" in found else None,
        natural_person=_flag(found, "naturalPerson", True),
        decided=text_of(found["decided"]),
        decided_year=text_of(found.get("decidedYear", "")),
        rule=rule,
        until_field=until_field,
        until_open=opened,
        subject={name: text_of(code) for name, code in subject.items()},
        visibility=text_of(found["visibility"], _VISIBILITY),
        stricter=_stricter(found.get("visibilityIf", [])),
        fields=_fields(found["fields"]),
    )
    _consistent(schema, found)
    return schema
