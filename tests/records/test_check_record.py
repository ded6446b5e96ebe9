"""What a verifier holds against a record: nothing that intake accepts, everything that it never
would."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core import canonical
from ledger.core.commitment import Header, Value
from ledger.core.ids import LogId
from ledger.core.verdict.facts import RecordProblem
from ledger.records import judging, publicity
from ledger.records.check_record import DISAGREEMENTS, TEXTS, check_record, decision_of
from ledger.records.judging import Checked
from ledger.records.publicity import CLASSES
from ledger.records.schema import Schema, all_schemas, load, packaged_files, parse
from ledger.records.schema_parts import Field
from ledger.records.setting import Setting
from ledger.records.uscc import FILLER
from ledger.records.validate import check
from tests.records.examples import AUTHORITY, SUBJECT, TODAY, good, old_penalty, penalty
from tests.records.test_rules import RULES, changed

LOG = LogId(bytes(32))
TAKEN = [schema for schema in all_schemas() if not schema.natural_person]
LAWFUL = "91350203M0001QKT19"  # of the Fujian pilot: fails its check character (domain 11)


def header_of(schema: Schema, checked: Checked, **changes: Any) -> Header:
    """The payload's open part, as intake makes it."""
    assert checked.errors == (), checked.errors
    values: dict[str, Any] = {
        "class_": checked.class_,
        "decided": checked.decided,
        "iss": "110000",
        "log": LOG,
        "rules": RULES.id,
        "schema": f"{schema.id}:{schema.sha256}",
        "until": checked.until,
    }
    return Header(**values | changes)


def problems(
    raw: dict[str, object],
    *,
    type_: str | Schema = "penalty",
    class_: str | None = None,
    shown: dict[str, Value] | None = None,
    hidden: tuple[str, ...] = (),
    anchored: date | None = None,
    **changes: Any,
) -> list[tuple[str | None, str]]:
    """(field, code) of all that is wrong with a record that intake accepted.

    shown: fields as somebody changed them. hidden: fields not disclosed. changes: of the payload.
    """
    schema = load(type_) if isinstance(type_, str) else type_
    checked = check(schema, raw, Setting(today=TODAY), class_=class_)
    fields = {**checked.fields, **(shown or {})}
    for code in hidden:
        del fields[code]
    header = header_of(schema, checked, **changes)
    found = check_record(schema, RULES, header, fields, anchored=anchored)
    assert all(problem.text["zh"] and problem.text["en"] for problem in found)
    return [(problem.field, problem.code) for problem in found]


def test_a_good_record() -> None:
    for schema in TAKEN:
        assert problems(good(schema), type_=schema, anchored=TODAY) == []


# Values.


@pytest.mark.parametrize(
    ("shown", "code"),
    [
        ({"CF_XDR_SHXYM": [SUBJECT]}, "value-kind"),
        ({"CF_XDR_SHXYM": [SUBJECT, AUTHORITY]}, "value-kind"),
        ({"CF_NR": ["警告"]}, "value-kind"),
        ({"CF_CFLB": "警告"}, "value-kind"),
        ({"CF_FR_ZJHM": "x"}, "value-kind"),
        ({"CF_NO": "x"}, "value-kind"),
        ({"CF_JDRQ": "2026-5-1"}, "value-form"),
        ({"CF_YXQ": "2027/05/01"}, "value-form"),
        ({"CF_YXQ": "2027-02-30"}, "value-form"),
        ({"CF_YXQ": "长期"}, "value-form"),
        ({"CF_NR_FK": "0.20"}, "value-form"),
        ({"CF_NR_FK": "1e3"}, "value-form"),
        ({"CF_NR_FK": "0.1234567"}, "value-form"),
        ({"CF_NR_FK": "-1"}, "value-form"),
        ({"CF_NR": " 警告"}, "value-form"),
        ({"CF_NR": "警告\u3000"}, "value-form"),
        ({"CF_NR": "警\0告"}, "value-form"),
        ({"CF_XDR_SHXYM": SUBJECT.lower()}, "value-form"),
        ({"CF_XDR_SHXYM": SUBJECT[:-1]}, "value-form"),
        ({"CF_XDR_SHXYM": "91110000600037341I"}, "value-form"),
        ({"CF_XDR_SHXYM": FILLER}, "value-form"),
        ({"CF_CFJGDM": FILLER}, "value-form"),
        ({"CF_CFLB": ["警告", " 罚款"]}, "value-form"),
        ({"CF_CFLB": ["警告", ""]}, "value-form"),
        ({"CF_NR": "甲" * 4001}, "value-too-long"),
        ({"CF_NR_FK": "1000000000000"}, "value-too-long"),
        ({"CF_CFLB": ["罚款"] * 86}, "value-too-long"),
        ({"CF_CFLB": ["扣分"]}, "value-unknown"),
        ({"CL_ORIGIN": "elsewhere"}, "value-unknown"),
        ({"CF_XDR_LB": "企业"}, "value-unknown"),
        ({"CF_XDR_LB": "自然人"}, "natural-person"),
        ({"CF_XDR_LB": "自 然 人"}, "natural-person"),
        ({"CF_YXQ": "2026-04-30"}, "value-order"),
    ],
)
def test_values_not_valid_under_the_schema(shown: dict[str, Value], code: str) -> None:
    (field,) = shown
    assert (field, code) in problems(penalty(), shown=shown)


def test_a_code_is_judged_by_its_shape() -> None:
    assert problems(penalty(), shown={"CF_XDR_SHXYM": LAWFUL, "CF_CFJGDM": LAWFUL}) == []


def test_the_filler_is_for_individual_businesses() -> None:
    trader = penalty(CF_XDR_LB="个体工商户", CF_XDR_SHXYM=FILLER, CF_XDR_GSZC="1")
    assert problems(trader) == []
    assert problems(trader, hidden=("CF_XDR_LB",)) == []
    assert problems(old_penalty(CF_XDR_SHXYM=FILLER, CF_XDR_GSDJ="1"), type_="penalty-2015") == []


def test_a_type_about_natural_persons() -> None:
    schema = load("professional-title")
    header = Header(
        class_=None,
        decided=date(2026, 5, 1),
        iss="110000",
        log=LOG,
        rules=RULES.id,
        schema=f"{schema.id}:{schema.sha256}",
        until=None,
    )
    (problem,) = check_record(schema, RULES, header, {})
    assert (problem.field, problem.code) == (schema.subject.name, "natural-person")


def test_no_text_repeats_a_value() -> None:
    schema = load("penalty")
    checked = check(schema, penalty(), Setting(today=TODAY))
    fields = {code: "甲乙丙" for code in schema.slots}
    found = check_record(schema, RULES, header_of(schema, checked), fields)
    assert found and "甲乙丙" not in repr(found)


# The day of decision.


def test_decided() -> None:
    day = date(2026, 5, 1)
    assert problems(penalty(), anchored=day) == []
    assert problems(penalty(), anchored=day - timedelta(days=1)) == [(None, "decided-after-anchor")]
    moved = problems(penalty(), decided=date(2026, 5, 2))
    assert moved == [("CF_JDRQ", "decided-disagrees")]
    assert problems(penalty(), decided=date(2026, 5, 2), hidden=("CF_JDRQ",)) == []


# The end of use.

END = "CF_GSJZQ"
BEYOND, EARLY, DIFFERS = "until-beyond-rules", "until-before-minimum", "until-disagrees"


@pytest.mark.parametrize(
    ("raw", "class_", "until", "shown", "hidden"),
    [
        # (day of decision, stated end), class, until of the payload, code with END shown, without
        (("2025-05-01", None), None, "2028-05-01", None, None),
        (("2025-05-01", None), None, "2028-05-02", BEYOND, BEYOND),
        (("2025-05-01", None), None, None, BEYOND, BEYOND),
        (("2025-05-01", None), None, "2025-08-01", None, None),  # perhaps stated
        (("2025-05-01", None), None, "2025-07-31", EARLY, EARLY),
        (("2025-05-01", "2026-05-01"), None, "2026-05-01", None, None),
        (("2025-05-01", "2026-05-01"), None, "2026-05-02", DIFFERS, None),
        (("2025-05-01", "2026-05-01"), None, "2025-09-01", DIFFERS, None),
        (("2025-05-01", "2025-06-01"), None, "2025-06-01", None, EARLY),
        (("2025-05-01", "2025-06-01"), None, "2025-05-31", DIFFERS, EARLY),
        (("2025-05-01", "2099-12-31"), None, "2028-05-01", None, None),
        (("2025-05-01", "2099-12-31"), None, "2099-12-31", BEYOND, BEYOND),
        (("2026-05-01", None), None, None, None, None),
        (("2026-05-01", None), None, "2029-05-02", BEYOND, BEYOND),
        (("2026-05-01", None), "general", "2027-05-01", None, None),
        (("2026-05-01", None), "general", "2027-05-02", BEYOND, BEYOND),
        (("2026-05-01", None), "general", None, BEYOND, BEYOND),
        (("2026-05-01", None), "severe", "2027-04-30", EARLY, EARLY),
        (("2026-05-01", None), "minor", "2026-05-01", None, None),
        (("2026-05-01", None), "minor", "2026-04-30", EARLY, EARLY),
        # Between Orders 107 and 36 the kind of the authority decides, which nobody sees.
        (("2026-01-10", None), "general", "2027-01-10", None, None),
        (("2026-01-10", None), "general", "2029-01-10", None, None),
        (("2026-01-10", None), "general", "2029-01-11", BEYOND, BEYOND),
        (("2026-01-10", None), None, None, None, None),
    ],
)
def test_until_of_a_penalty(
    raw: tuple[str, str | None],
    class_: str | None,
    until: str | None,
    shown: str | None,
    hidden: str | None,
) -> None:
    record = penalty(CF_JDRQ=raw[0], CF_GSJZQ=raw[1])
    end = None if until is None else date.fromisoformat(until)
    found = problems(record, class_=class_, until=end)
    assert found == ([] if shown is None else [(END, shown)])
    covered = (END,) if raw[1] else ()
    found = problems(record, class_=class_, until=end, hidden=covered)
    assert found == ([] if hidden is None else [(END, hidden)])


def test_until_of_a_type_without_a_stated_end() -> None:
    record, type_ = old_penalty(), "penalty-2015"  # of 2024-08-01
    assert problems(record, type_=type_) == []
    assert problems(record, type_=type_, until=None) == [(None, "until-beyond-rules")]
    early = problems(record, type_=type_, until=date(2026, 8, 1))
    assert early == [(None, "until-disagrees")]


def test_until_of_a_list() -> None:
    schema = load("severe-list-entry")
    field, stated = str(schema.until.field), date(2040, 1, 1)
    record = good(schema) | {field: stated.isoformat()}
    assert problems(record, type_=schema) == []
    assert problems(record, type_=schema, hidden=(field,)) == []
    assert problems(record, type_=schema, until=None) == [(field, "until-disagrees")]
    assert problems(record, type_=schema, until=None, hidden=(field,)) == []


def test_until_of_a_licence() -> None:
    schema = load("licence")
    record = good(schema) | {"XK_YXQZI": "2029-12-31"}
    assert problems(record, type_=schema) == []
    assert problems(record, type_=schema, until=None) == [("XK_YXQZI", "until-disagrees")]
    assert problems(record, type_=schema, until=None, hidden=("XK_YXQZI",)) == []
    open_end = good(schema) | {"XK_YXQZI": "2099-12-31"}
    assert problems(open_end, type_=schema) == []
    far = problems(open_end, type_=schema, until=date(2099, 12, 31))
    assert far == [("XK_YXQZI", "until-disagrees")]


def test_what_is_open_has_no_end() -> None:
    honour = load("honour")
    end = problems(good(honour), type_=honour, until=date(2029, 1, 1))
    assert end == [(None, "until-disagrees")]


def test_a_class_is_for_adverse_types() -> None:
    honour = load("honour")
    checked = check(honour, good(honour), Setting(today=TODAY))
    header = header_of(honour, checked, class_="minor")
    (problem,) = check_record(honour, RULES, header, checked.fields)
    assert (problem.field, problem.code) == (None, "class-not-adverse")


def test_until_of_a_type_adverse_by_value() -> None:
    data = next(data for data in packaged_files() if b'"name":"compliance"' in data)
    tree = canonical.parse(data)
    tree |= {
        "adverseIf": {"field": "ZS_LB", "values": ["欠税"]},
        "until": {"rule": "publicity", "field": "ZS_SSQZI"},
    }
    schema = parse(canonical.encode(tree))
    paid = good(schema) | {"ZS_LB": "纳税"}
    debt = good(schema) | {"ZS_LB": "欠税"}
    for record in (paid, debt):
        for hidden in ((), ("ZS_LB",), ("ZS_SSQZI",), ("ZS_LB", "ZS_SSQZI")):
            assert problems(record, type_=schema, hidden=hidden) == []
    assert problems(debt, type_=schema, until=None) == [("ZS_SSQZI", "until-disagrees")]
    far = date(2090, 1, 1)
    assert problems(debt, type_=schema, until=far) == [("ZS_SSQZI", "until-beyond-rules")]
    for hidden in ((), ("ZS_SSQZI",)):
        ended = problems(paid, type_=schema, until=date(2026, 5, 1), hidden=hidden)
        assert ended == [("ZS_SSQZI", "until-disagrees")]
    assert problems(debt, type_=schema, until=None, hidden=("ZS_LB", "ZS_SSQZI")) == []


NEVER = date(2026, 4, 30)
"""The day before the decision of the examples."""
FAR = date(2030, 1, 1)


@pytest.mark.parametrize(
    ("type_", "status", "void", "valid", "stated"),
    [
        ("licence", "XK_ZT", "2", "1", "XK_YXQZI"),
        ("intellectual-property", "ZC_ZT", "注销", "有效", None),
    ],
)
def test_until_of_what_is_not_in_force(
    type_: str, status: str, void: str, valid: str, stated: str | None
) -> None:
    dead, alive = good(load(type_)) | {status: void}, good(load(type_)) | {status: valid}
    if stated is not None:
        dead[stated] = alive[stated] = FAR.isoformat()
    end, hidden = (FAR if stated else None), (status,)
    wrong = [(stated, "until-disagrees")]
    for record in (dead, alive):
        assert problems(record, type_=type_) == problems(record, type_=type_, hidden=hidden) == []
    assert problems(dead, type_=type_, until=end) == wrong  # a lie, where the status is shown
    assert problems(alive, type_=type_, until=NEVER) == wrong
    for either in (end, NEVER):
        assert problems(dead, type_=type_, until=either, hidden=hidden) == []
    assert problems(dead, type_=type_, until=date(2027, 1, 1), hidden=hidden) == wrong
    if stated is not None:
        assert problems(dead, type_=type_, hidden=(stated,)) == []
        assert problems(dead, type_=type_, until=end, hidden=(stated,)) == wrong


def test_fewer_values_where_another_field_is_shown() -> None:
    public = good(load("credit-evaluation")) | {"PJ_LB": "公共", "PJ_DJ": "A"}
    best: dict[str, Value] = {"PJ_DJ": "AAA"}
    type_ = "credit-evaluation"
    assert ("PJ_DJ", "value-unknown") in problems(public, type_=type_, shown=best)
    assert problems(public, type_=type_, shown=best, hidden=("PJ_LB",)) == []
    market: dict[str, Value] = {"PJ_LB": "市场化", **best}
    assert problems(public, type_=type_, shown=market) == []


def test_rules_are_those_that_the_payload_names() -> None:
    longer = changed(
        *[
            {"class": c, "families": ["penalty"], "from": "2026-05-01", "maximumMonths": 60}
            | {"source": "x"}
            for c in CLASSES
        ],
        version=2,
    )
    schema = load("penalty")
    checked = check(schema, penalty(), Setting(today=TODAY, rules=longer), class_="minor")
    assert checked.until == date(2031, 5, 1)
    header = header_of(schema, checked)
    assert check_record(schema, longer, header, checked.fields) == ()
    (problem,) = check_record(schema, RULES, header, checked.fields)
    assert problem.code == "until-beyond-rules"


def test_codes_are_of_the_table() -> None:
    assert DISAGREEMENTS < TEXTS.keys()
    for zh, en in TEXTS.values():
        assert zh.endswith("。") and en.endswith(".")


# Whatever intake accepts.

texts = st.text(min_size=1, max_size=12) | st.sampled_from(
    ["样例 ", "a\nb", "其他-甲", "1+1", "(一)"]
)
some_days = st.dates(date(1949, 1, 1), date(2040, 1, 1)).map(date.isoformat)


def values_of(schema: Schema, field: Field) -> st.SearchStrategy[object]:
    """Values that intake mostly takes."""
    if field.kind == "date":
        recent = st.dates(date(2021, 1, 1), TODAY).map(
            lambda day: f"{day.year}/{day.month}/{day.day}"
        )
        return recent if field.code == schema.decided else some_days | st.just("2099-12-31")
    if field.kind == "year":
        return st.integers(2020, 2026).map(lambda year: f"{year}年度")
    if field.kind == "money":
        return st.sampled_from(["0", "0.20", "00100", "999999999999.999999"])
    if field.kind == "uscc":
        codes = [SUBJECT, AUTHORITY, f" {SUBJECT.lower()} "]
        return st.sampled_from([*codes, FILLER] if field.code == schema.subject.code else codes)
    if field.vocabulary:
        one = st.sampled_from(field.vocabulary)
        own = one | st.just("其他-样例") if field.other else one
        return st.lists(own, min_size=1, max_size=4) if field.kind == "list" else own
    return st.lists(texts, min_size=1, max_size=3) if field.kind == "list" else texts


@given(st.sampled_from(TAKEN), st.sampled_from([None, *CLASSES]), st.data())
@settings(deadline=None, max_examples=400)
def test_what_intake_accepts_is_never_refused(
    schema: Schema, class_: str | None, data: st.DataObject
) -> None:
    raw = good(schema)
    for code in data.draw(st.sets(st.sampled_from(schema.slots), max_size=8)):
        raw[code] = data.draw(values_of(schema, schema.by_code[code]))
    for code in data.draw(st.sets(st.sampled_from(schema.slots), max_size=8)):
        if not schema.by_code[code].required:
            raw.pop(code, None)
    authority = st.sampled_from(["样例市市场监督管理局", "样例市交通运输局"])
    raw[schema.authority.name] = data.draw(authority)
    checked = check(
        schema, raw, Setting(today=TODAY), class_=class_ if schema.may_be_adverse else None
    )
    if checked.errors:
        return
    header = header_of(schema, checked)
    assert check_record(schema, RULES, header, checked.fields, anchored=TODAY) == ()
    shown = data.draw(st.sets(st.sampled_from(sorted(checked.fields))))
    part = {code: value for code, value in checked.fields.items() if code in shown}
    found = check_record(schema, RULES, header, part, anchored=TODAY)
    assert all(_needs_its_stated_end(schema, checked, part, problem) for problem in found), found


def _needs_its_stated_end(
    schema: Schema, checked: Checked, part: dict[str, Value], problem: RecordProblem
) -> bool:
    """The one thing held against what is not shown (design-2 18)."""
    stated = schema.until.field
    early = any(note.code == "publicity-too-short" for note in checked.notes)
    return problem.code == "until-before-minimum" and stated not in part and early


@given(st.sampled_from(TAKEN), st.data())
@settings(deadline=None)
def test_another_kind_of_value_is_always_refused(schema: Schema, data: st.DataObject) -> None:
    checked = check(schema, good(schema), Setting(today=TODAY))
    code = data.draw(st.sampled_from(sorted(checked.fields)))
    value = checked.fields[code]
    other: Value = ";".join(value) if isinstance(value, list) else [value]
    found = check_record(schema, RULES, header_of(schema, checked), {code: other})
    assert (code, "value-kind") in [(problem.field, problem.code) for problem in found]


@given(
    st.sampled_from([schema for schema in TAKEN if schema.until.rule != "validity"]),
    st.sampled_from([None, *CLASSES]),
    st.dates(date(2024, 1, 1), TODAY),
    st.none() | st.dates(date(2024, 1, 1), date(2040, 1, 1)),
)
@settings(deadline=None)
def test_any_other_end_of_use_is_refused_where_everything_is_shown(
    schema: Schema, class_: str | None, decided: date, until: date | None
) -> None:
    dates = [field.code for field in schema.fields if field.kind == "date"]
    raw = good(schema) | dict.fromkeys(dates, decided.isoformat())
    if schema.decided_year is not None:
        raw[schema.decided_year] = str(decided.year)
    if schema.until.field is not None:
        raw[schema.until.field] = date(2035, 1, 1).isoformat()
    checked = check(
        schema, raw, Setting(today=TODAY), class_=class_ if schema.may_be_adverse else None
    )
    header = header_of(schema, checked, until=until)
    codes = [problem.code for problem in check_record(schema, RULES, header, checked.fields)]
    decision = decision_of(schema, RULES, header, checked.fields)
    stated = date(2035, 1, 1) if schema.until.field else None
    if until in publicity.untils(RULES, decision, stated):
        assert codes == []
    else:
        assert len(codes) == 1 and codes[0].startswith("until-")


def test_long_values_are_not_remembered() -> None:
    before = judging._form.cache_info().currsize
    for n in range(10):
        junk = f"{n}" * 60_000
        shown: dict[str, Value] = {"CF_XDR_LB": junk, "CF_XDR_SHXYM": FILLER, "CF_CFJG": junk}
        assert ("CF_XDR_LB", "value-unknown") in problems(penalty(), shown=shown)
    assert judging._form.cache_info().currsize - before <= 2
