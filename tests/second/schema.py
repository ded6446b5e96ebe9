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
_BETWEEN = re.compile(r"[;；,，、+＋\r\n]|并处|并科|以及|[并和及与]")
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


def is_own(folded: str) -> bool:
    """Tell whether a folded value is somebody's own."""
    return folded == "其他" or folded.startswith(OWN)


def parts(text: str) -> list[str]:
    """Part a text where several values may stand, and fold what is left."""
    whole = is_own(fold(text))
    folded = [fold(part) for part in ([text] if whole else _BETWEEN.split(text))]
    return [part for part in folded if part]


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
        texts = [one for value in values for one in ([value] if isinstance(value, str) else value)]
        met = [self._met(part) for text in texts for part in parts(text)]
        return bool(met) and all(met) if self.only else any(met)

    def _met(self, folded: str) -> bool:
        """Tell whether a value holds one of the words, or is an own one."""
        return is_own(folded) or any(fold(word) in folded for word in self.values)

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
    names: tuple[str, ...] = ()
    slot: bool = True
    required: bool = False
    required_if: str = ""


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
    """Read a list of texts, at least one, none of them empty, too long or there twice."""
    found = texts_of(value, None, most)
    if not found or not all(0 < len(text) <= 1000 for text in found):
        raise Malformed("an empty list, or a text empty or too long")
    if len(set(found)) != len(found):
        raise Malformed("a text twice")
    return tuple(found)


def _titles(value: Json) -> None:
    for text in members(value, "en zh").values():
        words([text])


def _condition(value: Json, extra: str = "") -> Condition:
    found = members(value, f"field values {extra}")
    listed = words(found["vocabulary"]) if extra else ()
    return Condition(text_of(found["field"], _FIELD), words(found["values"]), listed)


def _code(found: dict[str, Json], name: str) -> str:
    """Read the code of a field, empty where the member is not there."""
    return text_of(found[name], _FIELD) if name in found else ""


def _flag(found: dict[str, Json], name: str) -> bool:
    value = found.get(name, False)
    if not isinstance(value, bool):
        raise Malformed(f"{name} is no flag")
    return value


def _asides(found: dict[str, Json]) -> str:
    """Look at what only intake uses; give the field that tells whether another is required."""
    when = members(found.get("requiredIf", {"any": ["-"]}), "any", "field")
    words(when["any"])
    if "requiredIf" in found and "field" not in when:
        raise Malformed("required by no field")
    if "unusual" in found:
        for amount in members(found["unusual"], "above below").values():
            text_of(amount, _AMOUNT)
    if "catalogue" in found and found["catalogue"] not in ("lists", "measures"):
        raise Malformed("no such catalogue")
    if _flag(found, "lenient") and not _flag(found, "required"):
        raise Malformed("lenient, and not required")
    return _code(when, "field")


def _placed(kind: Json, found: dict[str, Json]) -> None:
    """Demand that members stand with the kinds that have them."""
    listed = "vocabulary" in found
    wrong = (
        (kind in _BOUNDED) != ("max" in found)
        or (kind == "choice" and not listed)
        or (listed and kind not in ("choice", "list"))
        or ("vocabularyIf" in found and kind not in ("text", "choice"))
        or ("catalogue" in found and (listed or kind not in ("text", "list")))
        or ("unusual" in found and kind != "money")
    )
    if wrong:
        raise Malformed("a member that its kind does not have, or lacks")


def _field(value: Json) -> Field:
    found = members(value, "code en kind zh", _OF_FIELD)
    kind = found["kind"]
    if kind not in _KINDS:
        raise Malformed("no such kind")
    _placed(kind, found)
    for name in ("en", "zh"):
        words([found[name]])
    aliases = words(found["aliases"]) if "aliases" in found else ()
    return Field(
        code=text_of(found["code"], _FIELD),
        kind=text_of(kind),
        max=integer_of(found["max"], 16_384, 1) if "max" in found else 0,
        vocabulary=words(found["vocabulary"]) if "vocabulary" in found else (),
        vocabulary_if=_condition(found["vocabularyIf"], "vocabulary")
        if "vocabularyIf" in found
        else None,
        other=_flag(found, "other"),
        not_before=_code(found, "notBefore"),
        names=(text_of(found["code"]), text_of(found["zh"]), *aliases),
        slot=_flag(found, "disclosable") or "disclosable" not in found,
        required=_flag(found, "required"),
        required_if=_asides(found),
    )


def _until(value: Json) -> tuple[str, str, tuple[str, ...]]:
    rule = value.get("rule") if isinstance(value, dict) else None
    if rule == "publicity":
        found = members(value, "rule", "field")
    elif rule == "validity":
        found = members(value, "field open rule")
        for item in words(found["open"], 8):
            day(item)
    else:
        found = members(value, "rule")
        if rule != "open":
            raise Malformed("no such rule")
    opened = texts_of(found.get("open", []))
    return text_of(rule), _code(found, "field"), tuple(opened)


def _stricter(value: Json) -> tuple[Strict, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= 64:
        raise Malformed("visibilityIf is a list of 1 to 64")
    found = []
    for case in value:
        one = members(case, "fields visibility", "values onlyValues")
        if ("values" in one) == ("onlyValues" in one):
            raise Malformed("values or onlyValues")
        only = "onlyValues" in one
        values = words(one["onlyValues" if only else "values"])
        visibility = text_of(one["visibility"], _VISIBILITY)
        found.append(Strict(words(one["fields"], 64), values, only, visibility))
    return tuple(found)


def _fields(value: Json) -> dict[str, Field]:
    if not isinstance(value, list) or not 0 < len(value) <= 256:
        raise Malformed("fields is a list of at most 256")
    fields = [_field(item) for item in value]
    found = {item.code: item for item in fields}
    names = [name for item in fields for name in {fold(text) for text in item.names}]
    if len(found) != len(fields) or len(set(names)) != len(names):
        raise Malformed("a field twice, or two of one name")
    return found


def _consistent(schema: Schema, found: dict[str, Json]) -> None:
    if schema.adverse and (schema.adverse_if or schema.rule != "publicity"):
        raise Malformed("adverse beside adverseIf, or by another rule")
    if schema.rule == "publicity" and not (schema.adverse or schema.adverse_if):
        raise Malformed("publicity of what is never adverse")
    number = schema.fields.get(text_of(found["document"]))
    relied = _relied(schema, found)
    if not relied | _beside(schema) <= set(schema.fields) or number is None:
        raise Malformed("a field is named that is none")
    if not relied <= set(schema.slots):
        raise Malformed("a field that is relied on and can never be shown")
    if number.required == ("apart" in found):
        raise Malformed("apart is there exactly where the number is not required")
    _dated(schema)


def _relied(schema: Schema, found: dict[str, Json]) -> set[str]:
    """Give the fields that a schema names and that are slots."""
    named = {schema.decided, schema.decided_year, schema.until_field, text_of(found["document"])}
    named |= {code for name, code in schema.subject.items() if name != "person"}
    named |= {text_of(code) for code in members(found["authority"], "name", "code").values()}
    named |= set(words(found["apart"], 64)) if "apart" in found else set()
    named |= {name for case in schema.stricter for name in case.fields}
    named |= {when.field for when in (schema.adverse_if, schema.void_if) if when}
    return named - {""}


def _beside(schema: Schema) -> set[str]:
    """Give the other fields that a schema names."""
    named = {schema.subject.get("person", "")}
    for item in schema.fields.values():
        named |= {item.not_before, item.required_if}
        named |= {item.vocabulary_if.field} if item.vocabulary_if else set()
    return named - {""}


def _dated(schema: Schema) -> None:
    """Demand that days are dates, and that one is required that no year stands for."""
    days = {schema.decided, schema.until_field}
    days |= {item.not_before for item in schema.fields.values()}
    if any(schema.fields[name].kind != "date" for name in days - {""}):
        raise Malformed("a day that is no date")
    if schema.fields[schema.subject["code"]].kind != "uscc":
        raise Malformed("a subject whose code is none")
    year = schema.decided_year
    if year and schema.fields[year].kind != "year":
        raise Malformed("a year that is none")
    if schema.fields[schema.decided].required == bool(year):
        raise Malformed("decided is required exactly where no year stands for it")


def read(data: bytes) -> Schema:
    """Read a schema file, or refuse one that is of another format."""
    found = members(parse(data, limit=262_144), _NEEDED, _OPTIONAL)
    if found["_type"] != "credit-ledger/schema@1" or found["period"] not in ("month", "year"):
        raise Malformed("no schema of version 1")
    _titles(found["title"])
    _titles(found["category"])
    subject = members(found["subject"], "code name registration", "kind person")
    rule, until_field, opened = _until(found["until"])
    schema = Schema(
        name=text_of(found["name"], NAME),
        version=integer_of(found["version"], 999_999_999, 1),
        family=text_of(found["family"], NAME),
        adverse=_flag(found, "adverse"),
        adverse_if=_condition(found["adverseIf"]) if "adverseIf" in found else None,
        void_if=_condition(found["voidIf"]) if "voidIf" in found else None,
        natural_person=_flag(found, "naturalPerson"),
        decided=_code(found, "decided"),
        decided_year=_code(found, "decidedYear"),
        rule=rule,
        until_field=until_field,
        until_open=opened,
        subject={name: _code(subject, name) for name in subject},
        visibility=text_of(found["visibility"], _VISIBILITY),
        stricter=_stricter(found["visibilityIf"]) if "visibilityIf" in found else (),
        fields=_fields(found["fields"]),
    )
    _consistent(schema, found)
    return schema
