"""Judging whole records: what one field asks of another, order of errors, notes, payload days."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.records.schema import load
from ledger.records.setting import Setting
from ledger.records.texts import ERROR_CODES, NOTE_CODES
from ledger.records.uscc import FILLER
from ledger.records.validate import check
from tests.records.examples import (
    PENALTY,
    TODAY,
    codes,
    good,
    judge,
    notes,
    old_penalty,
    penalty,
)

TRADER = {"CF_XDR_LB": "个体工商户", "CF_XDR_SHXYM": FILLER}


def test_a_good_record() -> None:
    checked = judge(penalty(CF_CFLB="警告;罚款", CF_NR_FK="0.20"))
    assert checked.errors == ()
    assert checked.notes == ()
    assert checked.fields["CF_CFLB"] == ["警告", "罚款"]
    assert checked.fields["CF_NR_FK"] == "0.2"
    assert checked.decided == date(2026, 5, 1)
    assert checked.until is None
    assert checked.class_ is None


def test_fields_come_out_in_the_order_of_the_table() -> None:
    shuffled = dict(sorted(penalty().items(), reverse=True))
    fields = judge(shuffled).fields
    assert list(fields) == [code for code in load("penalty").slots if code in PENALTY]


def test_nothing_at_all_lists_everything_required() -> None:
    found = codes({})
    schema = load("penalty")
    assert found == [(f.code, "required") for f in schema.fields if f.required]
    assert judge({}).decided is None
    assert judge({}).until is None


def test_errors_come_in_the_order_of_the_table() -> None:
    record = penalty(CF_SJLYDM="x", CF_JDRQ="昨天", CF_XDR_MC=" ", CF_NR_FK="-1")
    assert codes(dict(reversed(record.items()))) == [
        ("CF_XDR_MC", "required"),
        ("CF_NR_FK", "money-format"),
        ("CF_JDRQ", "date-invalid"),
        ("CF_SJLYDM", "uscc-format"),
    ]


# What the subject's type asks for.


@pytest.mark.parametrize("kind", ["法人及非法人组织", "个体工商户"])
def test_code_and_legal_representative_of_entities_and_businesses(kind: str) -> None:
    record = penalty(CF_XDR_LB=kind)
    assert codes(record) == []
    del record["CF_XDR_SHXYM"], record["CF_FRDB"]
    assert codes(record) == [("CF_XDR_SHXYM", "required"), ("CF_FRDB", "required")]


def test_what_makes_a_field_required_is_said() -> None:
    message = judge(penalty(CF_CFLB="警告;罚款")).errors[0].message
    assert "处罚类别[CF_CFLB]为“罚款”时必填" in message["zh"]
    assert "required where classes of penalty [CF_CFLB] is “罚款”" in message["en"]


def test_a_natural_person_is_refused_and_forgotten() -> None:
    record = penalty(
        CF_XDR_LB="自然人",
        CF_XDR_SHXYM=None,
        CF_XDR_ZJLX="身份证",
        CF_XDR_ZJHM="11010519491231002X",
    )
    checked = judge(record)
    assert [(e.field, e.code) for e in checked.errors] == [("CF_XDR_LB", "natural-person")]
    assert checked.fields == {}
    assert checked.decided is None
    assert "11010519491231002X" not in repr(checked)


def test_the_subject_type_decides_what_is_missing_only_when_it_is_right() -> None:
    assert codes(penalty(CF_XDR_LB="企业", CF_XDR_SHXYM=None)) == [
        ("CF_XDR_LB", "not-in-vocabulary")
    ]


# The filler of individual businesses.


def test_the_filler_needs_a_registration_number() -> None:
    assert codes(penalty(**TRADER)) == [("CF_XDR_GSZC", "registration-number-required")]
    assert codes(penalty(**TRADER, CF_XDR_GSZC="  ")) == [
        ("CF_XDR_GSZC", "registration-number-required")
    ]
    assert codes(penalty(**TRADER, CF_XDR_GSZC="921200000090000")) == []


def test_the_filler_may_be_typed_in_any_way() -> None:
    record = penalty(**TRADER | {"CF_XDR_SHXYM": " 000000000 00000000x"}, CF_XDR_GSZC="1")
    assert judge(record).fields["CF_XDR_SHXYM"] == FILLER


def test_the_subject_type_may_be_spaced_out() -> None:
    spaced = TRADER | {"CF_XDR_LB": "个体 工商户", "CF_XDR_GSZC": "1"}
    assert judge(penalty(**spaced)).fields["CF_XDR_LB"] == "个体 工商户"
    assert codes(penalty(CF_XDR_LB="自 然 人")) == [("CF_XDR_LB", "natural-person")]


def test_the_filler_is_nobody_elses_code() -> None:
    assert codes(penalty(CF_XDR_SHXYM=FILLER, CF_XDR_GSZC="1")) == [("CF_XDR_SHXYM", "uscc-check")]
    record = penalty(**TRADER, CF_XDR_GSZC="1", CF_CFJGDM=FILLER, CF_SJLYDM=FILLER)
    assert codes(record) == [("CF_CFJGDM", "uscc-check"), ("CF_SJLYDM", "uscc-check")]


# Lawful codes that fail their check characters (domain 11).

LAWFUL = "91350203M0001QKT19"  # the pilot of Fujian


def test_a_code_of_the_exceptions_is_taken_with_a_note() -> None:
    record = penalty(CF_XDR_SHXYM=f" {LAWFUL.lower()} ")
    assert [code for _, code in codes(record)] == ["uscc-check"]
    checked = judge(record, exceptions=frozenset({LAWFUL}))
    assert checked.errors == ()
    assert checked.fields["CF_XDR_SHXYM"] == LAWFUL
    assert [(note.field, note.code) for note in checked.notes] == [
        ("CF_XDR_SHXYM", "uscc-excepted")
    ]
    assert notes(penalty(), exceptions=frozenset({LAWFUL})) == []


@pytest.mark.parametrize("other", ["91350203M0001QKT18", "x", FILLER, "=1+1"])
def test_no_other_code_is_excepted(other: str) -> None:
    assert codes(penalty(CF_CFJGDM=other), exceptions=frozenset({LAWFUL})) == [
        ("CF_CFJGDM", code) for _, code in codes(penalty(CF_CFJGDM=other))
    ]
    assert codes(penalty(CF_CFJGDM=other))


def test_the_remedy_of_a_lawful_code_is_told() -> None:
    message = judge(penalty(CF_XDR_SHXYM=LAWFUL)).errors[0].message
    assert "例外文件" in message["zh"]
    assert "the file of exceptions" in message["en"]


def test_a_business_with_a_code_of_its_own_needs_no_number() -> None:
    assert codes(penalty(CF_XDR_LB="个体工商户")) == []


def test_codes_are_stored_in_capitals_without_spaces() -> None:
    record = penalty(CF_XDR_SHXYM=" 9111 0000 6000 3734 1l ")
    assert judge(record).fields["CF_XDR_SHXYM"] == "91110000600037341L"


# What the classes of penalty ask for.


@pytest.mark.parametrize(
    ("classes", "field"),
    [
        ("罚款", "CF_NR_FK"),
        ("警告；罚款", "CF_NR_FK"),
        ("没收违法所得、没收非法财物", "CF_NR_WFFF"),
        ("没收非法财物", "CF_NR_WFFF"),
        ("暂扣或者吊销许可证/执照", "CF_NR_ZKDX"),
        ("暂扣或者吊销许可证／执照", "CF_NR_ZKDX"),
        ("吊销许可证件", "CF_NR_ZKDX"),
    ],
)
def test_required_if(classes: str, field: str) -> None:
    assert codes(penalty(CF_CFLB=classes)) == [(field, "required")]
    assert codes(penalty(CF_CFLB=classes, **{field: "1"})) == []


def test_required_if_is_not_only_if() -> None:
    record = penalty(CF_CFLB="警告", CF_NR_FK="1", CF_NR_WFFF="2", CF_NR_ZKDX="某证")
    checked = judge(record)
    assert checked.errors == ()
    assert checked.fields["CF_NR_WFFF"] == "2"


def test_all_that_the_classes_ask_for_is_listed() -> None:
    assert codes(penalty(CF_CFLB="罚款;没收违法所得;暂扣许可证件;降低资质等级")) == [
        ("CF_NR_FK", "required"),
        ("CF_NR_WFFF", "required"),
        ("CF_NR_ZKDX", "required"),
    ]
    assert codes(penalty(CF_CFLB="其他-罚款改为警告")) == []


def test_both_vocabularies() -> None:
    old = ["警告", "责令停产停业", "行政拘留", "其他"]
    new = ["通报批评", "降低资质等级", "限制开展生产经营活动", "责令关闭", "限制从业"]
    assert judge(penalty(CF_CFLB=old + new)).fields["CF_CFLB"] == old + new


def test_limits_are_named_in_the_message() -> None:
    def message(**changes: object) -> str:
        return judge(penalty(**changes)).errors[0].message["en"]

    assert "more than 5000 characters" in message(CF_SY="甲" * 5001)
    assert "more than 12 digits before the point" in message(CF_NR_FK="1" * 13)
    assert "警告; 通报批评;" in message(CF_CFLB="扣分")


# Dates.


def test_decisions_in_the_future_are_refused() -> None:
    assert codes(penalty(CF_JDRQ="2026-11-23", CF_YXQ="2027-11-23")) == []
    assert codes(penalty(CF_JDRQ="2026-11-24", CF_YXQ="2027-11-23")) == [
        ("CF_JDRQ", "date-in-future")
    ]
    assert judge(penalty(CF_JDRQ="2026-11-24")).decided is None


def test_dates_are_in_order() -> None:
    record = penalty(CF_YXQ="2026-04-30", CF_GSJZQ="2026-04-30")
    assert codes(record) == [("CF_YXQ", "date-order"), ("CF_GSJZQ", "date-order")]
    assert codes(penalty(CF_YXQ="2026-05-01", CF_GSJZQ="2026-05-01")) == []
    assert codes(penalty(CF_YXQ="2099/12/31")) == []


def test_order_is_not_judged_against_a_date_that_is_wrong() -> None:
    assert codes(penalty(CF_JDRQ="2024/02/30", CF_YXQ="2020-01-01")) == [
        ("CF_JDRQ", "date-invalid")
    ]


def test_validity_of_licences() -> None:
    record = good(load("licence"))
    assert codes(record | {"XK_YXQZ": "2024-05-01", "XK_YXQZI": "2024-04-30"}, "licence") == [
        ("XK_YXQZI", "date-order")
    ]
    # It may begin before the decision.
    checked = judge(record | {"XK_YXQZ": "2024-05-01", "XK_YXQZI": "2099/12/31"}, "licence")
    assert checked.errors == ()
    assert checked.until is None
    checked = judge(record | {"XK_YXQZI": "2029.12.31"}, "licence")
    assert checked.until == date(2029, 12, 31)


# Class and publicity.


def test_class_and_until() -> None:
    checked = judge(penalty(), class_="general")
    assert (checked.errors, checked.class_, checked.until) == ((), "general", date(2027, 5, 1))
    assert judge(penalty(CF_GSJZQ="2026-12-01"), class_="general").until == date(2026, 12, 1)
    assert judge(penalty(CF_GSJZQ="2026-12-01")).until == date(2026, 12, 1)
    assert judge(old_penalty(), "penalty-2015").until == date(2027, 8, 1)  # known without class


@pytest.mark.parametrize("class_", ["Minor", "", "一般", 5, ["minor"]])
def test_only_three_classes(class_: object) -> None:
    assert codes(penalty(), class_=class_) == [("class", "not-in-vocabulary")]


def test_the_kind_of_the_authority_decides_between_two_orders() -> None:
    record = penalty(CF_JDRQ="2026-01-10")
    office = record | {"CF_CFJG": "样例市市场监督管理局"}
    assert judge(record, class_="general").until == date(2029, 1, 10)  # still Order 58
    assert judge(office, class_="general").until == date(2027, 1, 10)  # Order 107
    assert judge(office).until is None
    table = {str(record["CF_CFJGDM"]): "market-supervision"}
    assert judge(record, class_="general", authorities=table).until == date(2027, 1, 10)
    nobody = dict.fromkeys(table)
    assert judge(office, class_="general", authorities=nobody).until == date(2029, 1, 10)


def test_a_class_is_for_adverse_types() -> None:
    assert codes(good(load("licence")), "licence", class_="minor") == [("class", "schema-invalid")]


def test_publicity_is_noted_never_refused() -> None:
    assert notes(penalty(CF_GSJZQ="2026-06-01"), class_="general") == [
        ("CF_GSJZQ", "publicity-too-short")
    ]
    assert notes(penalty(CF_GSJZQ="2099-12-31")) == [("CF_GSJZQ", "publicity-too-long")]
    assert judge(penalty(CF_GSJZQ="2099-12-31")).until == date(2029, 5, 1)


# Notes.


@pytest.mark.parametrize(
    ("amount", "unusual"),
    [("0", True), ("0.000999", True), ("0.001", False), ("10000", False), ("10000.1", True)],
)
def test_unusual_amounts_are_noted(amount: str, unusual: bool) -> None:
    expected = [("CF_NR_FK", "amount-unusual")] if unusual else []
    assert notes(penalty(CF_CFLB="罚款", CF_NR_FK=amount)) == expected


def test_identity_documents_are_dropped() -> None:
    secret = "11010519491231002X"
    checked = judge(penalty(CF_FR_ZJLX="身份证", CF_FR_ZJHM=secret, CF_XDR_ZJHM="\u3000"))
    assert checked.errors == ()
    assert [(note.field, note.code) for note in checked.notes] == [
        ("CF_FR_ZJLX", "person-id-dropped"),
        ("CF_FR_ZJHM", "person-id-dropped"),
    ]
    assert secret not in repr(checked)


def test_an_identity_document_of_any_shape_is_dropped() -> None:
    for value in (110105194912310021, ["1"], {"a": 1}, "甲" * 1000):
        assert notes(penalty(CF_FR_ZJHM=value)) == [("CF_FR_ZJHM", "person-id-dropped")]
        assert codes(penalty(CF_FR_ZJHM=value)) == []


def test_the_older_name_of_a_field_is_known() -> None:
    assert notes(penalty(CF_FR_SFZH="11010519491231002X")) == [("CF_FR_ZJHM", "person-id-dropped")]


def test_unknown_fields_are_ignored_with_a_note() -> None:
    record = penalty() | {"备用列": "x", "a" * 100: {"b": 1}, "\ud800": "x"}
    checked = judge(record)
    assert checked.errors == ()
    assert checked.fields == judge(penalty()).fields
    assert [(note.field, note.code) for note in checked.notes] == [
        ("备用列", "column-unknown"),
        ("a" * 64, "column-unknown"),
        ("?", "column-unknown"),
    ]


def test_a_field_under_two_names_counts_once() -> None:
    assert judge(penalty() | {"备注": "一", "BZ": " 一"}).fields["BZ"] == "一"
    assert judge(penalty() | {"备注": "一", "BZ": " "}).fields["BZ"] == "一"
    assert judge(penalty() | {"备注": "一"}).fields["BZ"] == "一"


@pytest.mark.parametrize("names", [("备注", "BZ"), ("BZ", "备注"), ("备注", "备 注")])
def test_a_field_under_two_names_says_one_thing(names: tuple[str, str]) -> None:
    record = penalty() | dict(zip(names, ("一", "二"), strict=True))
    assert codes(record) == [("BZ", "schema-invalid")]
    assert "several names" in judge(record).errors[0].message["en"]
    assert "BZ" not in judge(record).fields


# Cells that could not be read.


def test_cell_errors_stand_in_their_place() -> None:
    record = penalty(CF_CFLB="罚款", CF_XDR_MC=None)
    found = codes(record, cell_errors={"CF_NR_FK": "formula-cell", "BZ": "date-cell"})
    assert found == [
        ("CF_XDR_MC", "required"),
        ("CF_NR_FK", "formula-cell"),
        ("BZ", "date-cell"),
    ]


def test_nothing_follows_from_a_cell_that_could_not_be_read() -> None:
    assert codes(penalty(CF_CFLB=None), cell_errors={"CF_CFLB": "formula-cell"}) == [
        ("CF_CFLB", "formula-cell")
    ]
    assert codes(penalty(**TRADER), cell_errors={"CF_XDR_GSZC": "number-lost-digits"}) == [
        ("CF_XDR_GSZC", "number-lost-digits")
    ]
    record = penalty(CF_XDR_SHXYM="91110000600037341L")
    assert codes(record, cell_errors={"CF_XDR_SHXYM": "number-lost-digits"}) == [
        ("CF_XDR_SHXYM", "number-lost-digits")
    ]


# The template of 2015.


def test_the_2015_template() -> None:
    checked = judge(
        old_penalty(CF_JG="罚款;警告", CF_ZT="0", SJC="2024/08/01 09:00:00"), "penalty-2015"
    )
    assert checked.errors == ()
    assert checked.fields["CF_JG"] == "罚款;警告"
    assert checked.fields["CF_CFLB1"] == "罚款"
    assert checked.decided == date(2024, 8, 1)


@pytest.mark.parametrize("field", [*old_penalty()])
def test_what_the_2015_template_requires(field: str) -> None:
    assert codes(old_penalty(**{field: None}), "penalty-2015") == [(field, "required")]


def test_an_identity_number_instead_of_a_code_is_a_person() -> None:
    record = old_penalty(CF_XDR_SHXYM=None, CF_XDR_SFZ="11010519491231002X")
    assert codes(record, "penalty-2015") == [("CF_XDR_SFZ", "natural-person")]
    assert judge(record, "penalty-2015").fields == {}
    assert notes(record, "penalty-2015") == []
    lost = {"CF_XDR_SFZ": "number-lost-digits"}
    assert codes(old_penalty(CF_XDR_SHXYM=None), "penalty-2015", cell_errors=lost) == [
        ("CF_XDR_SFZ", "number-lost-digits")
    ]
    lost = {"CF_XDR_SHXYM": "number-lost-digits"}
    assert codes(record, "penalty-2015", cell_errors=lost) == [
        ("CF_XDR_SHXYM", "number-lost-digits")
    ]
    beside = old_penalty(CF_XDR_SFZ="11010519491231002X")
    assert codes(beside, "penalty-2015") == []
    assert notes(beside, "penalty-2015") == [("CF_XDR_SFZ", "person-id-dropped")]


def test_the_filler_in_the_2015_template() -> None:
    record = old_penalty(CF_XDR_SHXYM=FILLER)
    assert codes(record, "penalty-2015") == [("CF_XDR_GSDJ", "registration-number-required")]
    assert codes(record | {"CF_XDR_GSDJ": "921400000090000"}, "penalty-2015") == []


# Whatever comes in.

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
plausible = st.sampled_from(
    [*PENALTY.values(), "自然人", "个体工商户", FILLER, "罚款", "2020-01-01", "1e3", "", ["罚款"]]
)


@given(
    st.sampled_from(["penalty", "penalty-2015", "licence", "honour", "professional-title"]),
    st.data(),
)
@settings(deadline=None)
def test_bad_data_never_raises(name: str, data: st.DataObject) -> None:
    schema = load(name)
    names = st.sampled_from([field.code for field in schema.fields]) | st.text(max_size=5)
    record: dict[str, Any] = data.draw(st.dictionaries(names, anything | plausible))
    checked = check(schema, record, Setting(today=TODAY))
    assert {error.code for error in checked.errors} <= ERROR_CODES
    assert {note.code for note in checked.notes} <= NOTE_CODES
    places = {field.code: place for place, field in enumerate(schema.fields)}
    order = [places[error.field] for error in checked.errors if error.field]
    assert order == sorted(order)
    assert set(checked.fields) <= set(schema.slots)
    assert set(checked.fields).isdisjoint(error.field for error in checked.errors)


@given(st.dictionaries(st.sampled_from(sorted(PENALTY)), plausible))
@settings(deadline=None)
def test_what_is_canonical_stays_as_it_is(changes: dict[str, object]) -> None:
    once = judge(penalty(**changes))
    again = judge(dict(once.fields))
    if not once.errors:
        assert again.errors == ()
        assert again.fields == once.fields
