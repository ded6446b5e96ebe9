"""Schema and rules files that break one rule of sections 5 and 6 each, beside one of each that
breaks none: of all others nobody may have any."""

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from scripts.conformance_parts.shapes import field, schema

File = dict[str, Any]
Edit = Callable[[File], object]
GOOD = "good"


def _permit(what: str) -> File:
    """A schema with all that a schema may have."""
    return schema(
        f"odd-{what}",
        "Q",
        [
            field("Q_DAY", "决定日期", "day", "date", required=True, lenient=True),
            field("Q_TO", "有效期至", "valid until", "date", notBefore="Q_DAY"),
            field("Q_STATE", "状态", "state", "choice", max=20, other=True,
                  vocabulary=["有效", "注销"], aliases=["当前状态", "证照状态"]),
            field("Q_LIST", "名录", "list", "list", max=40, catalogue="lists",
                  requiredIf={"field": "Q_STATE", "any": ["注销"]}),
            field("Q_GRADE", "等级", "grade", "text", max=10,
                  vocabularyIf={"field": "Q_STATE", "values": ["注销"], "vocabulary": ["D"]}),
            field("Q_FEE", "费用", "fee", "money", unusual={"below": "0.5", "above": "100"}),
            field("Q_ID", "证件号码", "identity number", "text", max=20, disclosable=False),
        ],
        family="odd",
        until={"rule": "validity", "field": "Q_TO", "open": ["2099-12-31"]},
        voidIf={"field": "Q_STATE", "values": ["注销"]},
        visibilityIf=[{"fields": ["Q_STATE"], "values": ["涉密"], "visibility": "government"}],
    )  # fmt: skip


def _publicity(version: int) -> File:
    """A rules file with all that a rules file may have."""
    source = "test"
    months = {"maximumMonths": 12, "source": source}
    flags = {"expired": False, "unpublished": True, "repaired": False, "source": source}
    stage = {"stage": "repair-accept", "days": 3, "unit": "working", "source": source}
    return {
        "_type": "credit-ledger/rules@1",
        "name": "publicity",
        "version": version,
        "title": {"zh": "测试用规则", "en": "rules of the conformance suite"},
        "authorities": [
            {"kind": "market-supervision", "named": ["市场监督", "工商行政"]},
            {"kind": "transport", "named": ["交通运输"]},
        ],
        "rows": [
            {**months, "families": ["penalty"], "minimumMonths": 1, "areaMinimumMonths": 12},
            {**months, "families": ["penalty"], "from": "2026-12-01", "authority": "transport"},
        ],
        "areas": [
            {
                **{"area": "fire", "title": {"zh": "消防", "en": "fire"}, "source": source},
                **{"basis": ["CF_YJ"], "texts": ["CF_SY"], "laws": ["消防法"], "words": ["消防"]},
                **{"authorities": ["消防救援"], "fine": {"field": "CF_JE", "from": "10"}},
            }
        ],
        "exits": [
            {"entry": "severe-list-entry", "exit": "severe-list-exit", "source": source},
            {"entry": "abnormal-list", "exit": "abnormal-exit", "source": source},
        ],
        "reportable": [
            {**flags, "families": ["licence", "penalty"], "from": "2026-01-01"},
            {**flags, "families": ["licence", "penalty"], "region": "910000"},
            flags,
        ],
        "stages": [stage, {**stage, "authority": "transport", "region": "910000"}],
        "measures": [{"kind": "advises", "zh": "提示", "en": "reminder", "source": source}],
        "lists": [{"id": "severe-tax", "title": {"zh": "税", "en": "tax"}, "source": source}],
    }


def _field(file: File, code: str) -> File:
    found: File = next(one for one in file["fields"] if one["code"] == code)
    return found


def _put(*path: Any) -> Edit:
    """Put the last of these where the others lead; a code leads to the field."""
    *way, name, value = path

    def edit(file: File) -> None:
        place: Any = file
        for step in way:
            place = _field(file, step) if str(step).startswith("Q_") else place[step]
        place[name] = value

    return edit


def _add(table: str, row: Callable[[list[File]], File]) -> Edit:
    """One row more, made of those there."""
    return lambda file: file[table].append(row(file[table]))


SCHEMAS: Mapping[str, Edit] = {
    GOOD: lambda _: None,
    "title-of-nothing": _put("title", "zh", ""),
    "field-without-a-name": _put("Q_DAY", "en", ""),
    "no-case": _put("visibilityIf", []),
    "value-of-nothing": _put("voidIf", "values", ["注销", ""]),
    "vocabulary-of-nothing": _put("Q_STATE", "vocabulary", []),
    "word-twice": _put("Q_STATE", "vocabulary", ["有效", "注销", "有效"]),
    "alias-twice": _put("Q_STATE", "aliases", ["证照状态", "证照状态"]),
    "any-of-nothing": _put("Q_LIST", "requiredIf", "any", []),
    "open-on-no-day": _put("until", "open", []),
    "open-twice": _put("until", "open", ["2099-12-31", "2099-12-31"]),
    "two-of-one-name": _put("Q_GRADE", "zh", "名称"),
    "two-of-one-name-folded": _put("Q_STATE", "aliases", ["状 态", "名　称"]),
    "vocabulary-of-a-text": _put("Q_GRADE", "vocabulary", ["D", "E"]),
    "vocabulary-if-of-a-list": _put(
        *("Q_LIST", "vocabularyIf"),
        {"field": "Q_STATE", "values": ["注销"], "vocabulary": ["D"]},
    ),
    "catalogue-of-a-choice": _put("Q_STATE", "catalogue", "lists"),
    "unusual-text": _put("Q_GRADE", "unusual", {"below": "0.5", "above": "100"}),
    "unusual-on-one-side": _put("Q_FEE", "unusual", {"below": "0.5"}),
    "lenient-and-not-required": _put("Q_TO", "lenient", True),
    "named-and-not-there": _put("Q_LIST", "requiredIf", "field", "Q_GONE"),
    "void-by-what-is-never-shown": _put("voidIf", "field", "Q_ID"),
    "seen-by-what-is-never-shown": _put("visibilityIf", 0, "fields", ["Q_ID"]),
    "subject-that-is-never-shown": _put("Q_REG", "disclosable", False),
    "code-of-another-kind": lambda file: _field(file, "Q_CODE").update(kind="text", max=18),
    "decided-and-not-required": lambda file: _field(file, "Q_DAY").update(
        required=False, lenient=False
    ),
}
"""By name: what breaks a rule of section 5."""

RULES: Mapping[str, Edit] = {
    GOOD: lambda _: None,
    "source-of-nothing": _put("rows", 0, "source", ""),
    "no-exits": _put("exits", []),
    "no-areas": lambda file: file.pop("areas"),
    "named-twice": _put("authorities", 0, "named", ["市场监督", "市场监督"]),
    "named-by-nothing": _put("authorities", 0, "named", ["　"]),
    "name-of-two-kinds": _put("authorities", 1, "named", ["市 场监督"]),
    "law-of-nothing": _put("areas", 0, "laws", [" "]),
    "word-twice": _put("areas", 0, "words", ["消防", "消防"]),
    "family-twice": _put("rows", 0, "families", ["penalty", "penalty"]),
    "for-ever-and-from-the-first-day": _add("rows", lambda rows: {**rows[0], "from": "0001-01-01"}),
    "two-ends": _put("rows", 0, "openUntilExit", True),
    "stage-of-no-name": _put("stages", 0, "stage", "repair-forget"),
    "stage-twice": _add("stages", lambda rows: rows[0]),
    "authority-of-no-kind": _put("stages", 1, "authority", "customs"),
    "list-in-capitals": _put("lists", 0, "id", "SEVERE-TAX"),
    "list-with-a-dot": _put("lists", 0, "id", "severe.tax"),
    "report-of-one-family-twice": _add(
        "reportable", lambda rows: {**rows[0], "families": ["penalty", "wage"]}
    ),
    "report-of-all-twice": _add("reportable", lambda rows: {**rows[-1], "expired": True}),
    "exit-of-itself": _put("exits", 0, "exit", "severe-list-entry"),
    "exit-of-two": _put("exits", 1, "exit", "severe-list-exit"),
    "measure-twice": _add("measures", lambda rows: {**rows[0], "kind": "manages"}),
}
"""By name: what breaks a rule of section 6."""
FIRST_VERSION = 11


def schema_of(what: str) -> str:
    """How an entry names a schema."""
    return f"odd-{what}@1"


def rules_of(what: str) -> str:
    """Name and version of a rules file."""
    return f"publicity@{FIRST_VERSION + list(RULES).index(what)}"


def all_files() -> Iterator[File]:
    """Every one of these files."""
    for what, edit in SCHEMAS.items():
        yield _edited(_permit(what), edit)
    for number, edit in enumerate(RULES.values()):
        yield _edited(_publicity(FIRST_VERSION + number), edit)


def _edited(file: File, edit: Edit) -> File:
    made = copy.deepcopy(file)
    edit(made)
    return made
