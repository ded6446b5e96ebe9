"""A second set of samples, made for every type of the catalogue: good rows in full and bare, and a
row for each thing that can be wrong with each field. The right answers are those of a plain twin.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from ledger.records.keys import record_key
from ledger.records.rules import newest
from ledger.records.schema import all_schemas, load
from ledger.records.setting import Setting
from ledger.records.validate import check
from tests.records import twin
from tests.records.examples import AUTHORITY, SUBJECT, TODAY

TABLES = newest().tables
LISTS = frozenset(each.id for each in TABLES.lists)
MEASURES = frozenset(each.name["zh"] for each in TABLES.measures)
GO_LIVE = date(2024, 1, 1)
WORLD = twin.World(TODAY, GO_LIVE, LISTS, MEASURES)
SCHEMAS = twin.schemas()
ENTITY, BUSINESS = "法人及非法人组织", "个体工商户"
WRONG = {
    "date": ["昨天", "2026-02-30", "2026-13-01", "1904-01-01", "26-1-1", "2026/5-1"],
    "year": ["去年", "26", "1904", "2026-27"],
    "money": ["-1", "1,000", "一", "1e3", "0.1234567", "1234567890123", "."],
    "uscc": ["x", SUBJECT[:-1] + "0", SUBJECT[:-1], twin.FILLER, "Ｘ" * 18],
}
RIGHT = {
    "date": ["2026/5/1", "2026.5.1", "2026年5月1日", " 2026-05-01 "],
    "year": ["2025", "2025年", "2025年度"],
    "money": ["0", "0.20", "00100", "999999999999.999999"],
    "uscc": [f" {SUBJECT.lower()} ", AUTHORITY],
}


def good(schema: twin.Schema, *, bare: bool = False) -> dict[str, Any]:
    """A row with every field, or with those that must be there alone."""
    row = {field["code"]: _right(schema, field) for field in schema["fields"]}
    for field in schema["fields"]:
        must = field.get("required") or "requiredIf" in field
        dropped = not field.get("disclosable", True)
        if dropped or (bare and not must and field["code"] != schema["decided"]):
            del row[field["code"]]
    return row


def _right(schema: twin.Schema, field: dict[str, Any]) -> Any:
    fewer = field.get("vocabularyIf", field)
    if fewer.get("vocabulary"):
        return fewer["vocabulary"][0]
    if field.get("catalogue"):
        return min(LISTS) if field["catalogue"] == "lists" else [min(MEASURES)]
    if field["kind"] == "uscc":
        return SUBJECT if field["code"] == schema["subject"]["code"] else AUTHORITY
    return {"date": "2026-05-01", "year": "2026", "money": "0.2"}.get(field["kind"], "样例")


def variants(schema: twin.Schema, field: dict[str, Any]) -> Iterator[Any]:
    """Values of a field, right and wrong ones; None: it is not there."""
    kind, vocabulary = field["kind"], field.get("vocabulary", [])
    yield from (None, "", " 　 ")
    yield from (*WRONG.get(kind, []), *RIGHT.get(kind, []), *vocabulary)
    if kind in ("text", "list", "choice"):
        longest = "长" * field["max"]
        yield from (longest, longest + "长", "9.2E+14", "含\0字")
    if vocabulary:
        yield from (f"{vocabulary[0]}？", f" {vocabulary[0][:1]} {vocabulary[0][1:]}", "其他-样例")
        yield from ("其他-", "其他-" + "长" * field["max"])
    if kind == "list":
        yield from (["甲", "乙；丙"], "甲;乙", vocabulary[:2], [*vocabulary[:1], "无此项"])
    if kind == "date":
        yield from ("2026-04-30", "2027-01-01", "2099-12-31")
    if field.get("catalogue"):
        yield from (sorted(LISTS)[-1], [*sorted(MEASURES)[:2]], "无此项")


def rows(schema: twin.Schema) -> Iterator[dict[str, Any]]:
    """All rows of a type."""
    for base in (good(schema), good(schema, bare=True)):
        yield base
        for field in schema["fields"]:
            if not field.get("disclosable", True):
                continue
            for value in variants(schema, field):
                if field["kind"] != "list" and isinstance(value, list):
                    continue
                row = base | {field["code"]: value}
                yield {code: one for code, one in row.items() if one is not None}
    yield from _subjects(schema)
    yield {}
    year, day = schema.get("decidedYear"), schema["decided"]
    for value in ("2024", "2024年度", "去年", "2027", "") if year else ():
        yield {k: v for k, v in good(schema).items() if k != day} | {str(year): value}
    for value in ("2023-12-31", "2024-01-01"):
        old = good(schema) | {day: value}
        for field in schema["fields"]:
            if field.get("lenient"):
                yield {k: v for k, v in old.items() if k != field["code"]}


def _subjects(schema: twin.Schema) -> Iterator[dict[str, Any]]:
    """Whom a row can be about."""
    subject = schema["subject"]
    kind, code, number = subject.get("kind"), subject["code"], subject["registration"]
    for one in (ENTITY, BUSINESS, "自然人", "个体 工商户", "") if kind else ("",):
        for value in (SUBJECT, twin.FILLER, ""):
            for registered in ("", "130200600000000"):
                row = good(schema) | {code: value, number: registered}
                yield row | ({str(kind): one} if kind else {})


@pytest.mark.parametrize("tree", SCHEMAS, ids=lambda tree: f"{tree['name']}@{tree['version']}")
def test_every_row_gets_the_answer_of_the_texts(tree: twin.Schema) -> None:
    schema = load(tree["name"], tree["version"])
    setting = Setting(today=TODAY, go_live=GO_LIVE, lists=LISTS, measures=MEASURES)
    accepted = rejected = 0
    for row in rows(tree):
        checked = check(schema, row, setting)
        told, known, decided = twin.judge(tree, row, WORLD)
        assert [(each.field, each.code) for each in checked.errors] == told, row
        accepted, rejected = accepted + (not told), rejected + bool(told)
        if told:
            continue
        assert dict(checked.fields) == known
        assert str(checked.decided) == decided
        assert record_key(schema, checked.fields)
    assert rejected > 40
    assert accepted > 40 or schema.natural_person


def test_every_type_of_the_catalogue_is_there() -> None:
    names = {f"{tree['name']}@{tree['version']}" for tree in SCHEMAS}
    assert names == {schema.id for schema in all_schemas()}
    assert len(names) == 26


@pytest.mark.parametrize("tree", SCHEMAS, ids=lambda tree: str(tree["name"]))
def test_good_rows_are_good_in_full_and_bare(tree: twin.Schema) -> None:
    if tree.get("naturalPerson"):
        return
    for row in (good(tree), good(tree, bare=True)):
        told, _, _ = twin.judge(tree, row, WORLD)
        assert told == []
