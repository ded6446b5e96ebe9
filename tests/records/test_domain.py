"""The tables of the domain, line by line: when a record stops counting and who may see it (3.6),
and the types as practitioners know them (11). Each true case stands beside its flipped one.
"""

from datetime import date, timedelta
from itertools import combinations
from typing import Any

import pytest

from ledger.records import publicity
from ledger.records.check_record import decision_of
from ledger.records.judging import Checked, too_early
from ledger.records.keys import keys, record_key
from ledger.records.publicity import Decision, EarliestEnd, earliest_end
from ledger.records.rules import newest
from ledger.records.schema import all_schemas, load
from ledger.records.setting import Setting
from ledger.records.validate import check
from ledger.records.visibility import least_possible, strictest, strictest_possible, visibility
from tests.records.examples import TODAY, good

RULES = newest()
GO_LIVE = date(2024, 1, 1)
BEFORE, UNDER_58, UNDER_107 = date(2022, 5, 1), date(2025, 12, 24), date(2026, 1, 10)
UNDER_36 = date(2026, 4, 1)
MARKET, OTHER = "样例市市场监督管理局", "样例市交通运输局"


def row(type_: str, *without: str, **values: Any) -> dict[str, object]:
    """A good record of a type with values changed and fields taken out."""
    full = good(load(type_)) | values
    return {code: value for code, value in full.items() if code not in without}


def taken(type_: str, *without: str, **values: Any) -> Checked:
    return judged(row(type_, *without, **values), type_)


def judged(raw: dict[str, object], type_: str, class_: str | None = None, **more: Any) -> Checked:
    setting = Setting(today=TODAY, go_live=GO_LIVE, **more)
    return check(load(type_), raw, setting, class_=class_)


def errors(type_: str, *without: str, **values: Any) -> list[tuple[str | None, str]]:
    return [(each.field, each.code) for each in taken(type_, *without, **values).errors]


def notes(type_: str, *without: str, **values: Any) -> list[tuple[str | None, str]]:
    return [(each.field, each.code) for each in taken(type_, *without, **values).notes]


def until(type_: str, decided: date, class_: str | None = None, **values: Any) -> date | None:
    """The payload's `until` of a record that states no end of publicity."""
    schema = load(type_)
    stated = schema.until.field if schema.until.rule == "publicity" else None
    without = {stated} | {f.code for f in schema.fields if f.kind == "date"} - {schema.decided}
    raw = row(type_, *(code for code in without if code), **{schema.decided: str(decided)})
    checked = judged(raw | values, type_, class_)
    assert checked.errors == ()
    return checked.until


# 3.6: penalties, by class and authority.


@pytest.mark.parametrize(
    ("decided", "authority", "class_", "end"),
    [
        (UNDER_58, OTHER, None, date(2028, 12, 24)),
        (UNDER_58, OTHER, "minor", date(2028, 12, 24)),
        (UNDER_58, MARKET, "general", date(2028, 12, 24)),
        (UNDER_107, MARKET, "minor", date(2026, 4, 10)),
        (UNDER_107, MARKET, "general", date(2027, 1, 10)),
        (UNDER_107, MARKET, "severe", date(2029, 1, 10)),
        (UNDER_107, MARKET, None, None),
        (UNDER_107, OTHER, "general", date(2029, 1, 10)),
        (UNDER_36, OTHER, "minor", date(2026, 7, 1)),
        (UNDER_36, OTHER, "general", date(2027, 4, 1)),
        (UNDER_36, OTHER, "severe", date(2029, 4, 1)),
        (UNDER_36, OTHER, None, None),
    ],
)
def test_penalties_end_by_class_and_authority(
    decided: date, authority: str, class_: str | None, end: date | None
) -> None:
    effect = {"CF_YXQ": str(decided), "CF_CFJG": authority}
    assert until("penalty", decided, class_, **effect) == end


@pytest.mark.parametrize(
    ("decided", "kind", "class_", "day"),
    [
        (UNDER_58, None, "minor", date(2026, 3, 24)),
        (UNDER_107, "market-supervision", "minor", UNDER_107),
        (UNDER_107, "market-supervision", "general", date(2026, 4, 10)),
        (UNDER_107, "market-supervision", "severe", date(2027, 1, 10)),
        (UNDER_36, None, "minor", UNDER_36),
        (UNDER_36, None, "general", date(2026, 7, 1)),
        (UNDER_36, None, "severe", date(2027, 4, 1)),
    ],
)
def test_the_class_stated_with_a_repair_gives_the_minimum(
    decided: date, kind: str | None, class_: str, day: date
) -> None:
    known = _decision("penalty", decided, (kind,))
    # Nothing of the record is known, so what is about food may not end before a year.
    found = earliest_end(RULES, known, class_)
    assert (found.possible, found.known) == (day, decided > UNDER_58)
    lists = _decision("severe-list-entry", decided, (kind,))
    # Nothing but the exit ends it.
    assert earliest_end(RULES, lists, class_) == EarliestEnd(decided, decided)


def test_where_the_authority_is_not_known_both_minima_are_told() -> None:
    known = _decision("penalty", UNDER_107, RULES.kinds)
    found = earliest_end(RULES, known, "minor", taken("penalty").fields)
    assert (found.possible, found.certain) == (UNDER_107, date(2026, 4, 10))  # that of Order 58
    assert earliest_end(RULES, known, "minor").certain == date(2027, 1, 10)


def _decision(type_: str, decided: date, kinds: tuple[str | None, ...]) -> Decision:
    return Decision(schema=load(type_), adverse=True, class_=None, decided=decided, kinds=kinds)


@pytest.mark.parametrize("type_", ["judicial-enforcement", "abnormal-list", "severe-list-entry"])
@pytest.mark.parametrize("decided", [BEFORE, UNDER_58, UNDER_36])
def test_court_enforcement_and_lists_are_open_until_exit_or_a_stated_end(
    type_: str, decided: date
) -> None:
    assert until(type_, decided) is None
    schema = load(type_)
    assert schema.until.field is not None
    stated = {schema.decided: str(decided), schema.until.field: "2040-01-01"}
    assert taken(type_, "YZ_YXQ", **stated).until == date(2040, 1, 1)
    window = publicity.use_window(RULES, _decision(type_, decided, RULES.kinds), None)
    assert window == publicity.UseWindow(None, None)


# 3.6: adverse by value.

ADVERSE = [
    ("commitment-fulfilment", "LX_ZT", "未履行", True),
    ("commitment-fulfilment", "LX_ZT", "全部履行", False),
    ("commitment-fulfilment", "LX_ZT", "部分履行", False),
    ("contract-performance", "HT_ZT", "违约", True),
    ("contract-performance", "HT_ZT", "已履行", False),
    ("compliance", "ZS_LB", "欠税", True),
    ("compliance", "ZS_LB", "欠费", True),
    ("compliance", "ZS_LB", "欠缴", True),
    ("compliance", "ZS_LB", "社会保险欠费", True),
    ("compliance", "ZS_LB", "医疗保险欠费", True),
    ("compliance", "ZS_LB", "住房公积金欠缴", True),
    ("compliance", "ZS_LB", "公用事业欠费", True),
    ("compliance", "ZS_LB", "纳税", False),
    ("compliance", "ZS_LB", "其他-欠税", True),
    ("compliance", "ZS_LB", "其他－欠 缴水费", True),
    ("compliance", "ZS_LB", "其他-无欠税", False),
    ("contract-performance", "HT_ZT", "其他-部分违约", True),
    ("contract-performance", "HT_ZT", "其他-未违约", False),
    ("contract-performance", "HT_ZT", "未履行", False),  # decision 33: it may not be due
    ("commitment-fulfilment", "LX_ZT", "其他-尚未履行", True),
    ("administrative-inspection", "JC_JCJG", "其他-发现问题", True),
    ("administrative-inspection", "JC_JCJG", "其他-未发现问题", False),
    ("administrative-inspection", "JC_JCJG", "不配合检查", False),
    ("compliance", "ZS_LB", "住房公积金缴存", False),
    ("administrative-inspection", "JC_JCJG", "发现问题", True),
    ("administrative-inspection", "JC_JCJG", "未发现问题", False),
    ("credit-evaluation", "PJ_DJ", "D", True),
    ("credit-evaluation", "PJ_DJ", "Ｄ", True),
    ("credit-evaluation", "PJ_DJ", "C", False),
]


@pytest.mark.parametrize(("type_", "field", "value", "adverse"), ADVERSE)
def test_adverse_by_value(type_: str, field: str, value: str, adverse: bool) -> None:
    schema = load(type_)
    assert errors(type_, **{field: value}) == []
    assert schema.is_adverse(taken(type_, **{field: value}).fields) is adverse
    end = until(type_, UNDER_36, "general", **{field: value})
    assert end == (date(2027, 4, 1) if adverse else None)
    assert until(type_, UNDER_36, None, **{field: value}) is None


def test_no_other_type_is_adverse_by_value() -> None:
    by_value = {schema.name for schema in all_schemas() if schema.adverse_if}
    assert by_value == {type_ for type_, *_ in ADVERSE}


# 3.6: not in force.


@pytest.mark.parametrize(
    ("type_", "field", "void", "valid"),
    [
        ("licence", "XK_ZT", "2", "1"),
        ("intellectual-property", "ZC_ZT", "无效", "有效"),
        ("intellectual-property", "ZC_ZT", "注销", "有效"),
        ("intellectual-property", "ZC_ZT", "终止", "其他"),
        ("intellectual-property", "ZC_ZT", "其他-已注销", "其他-未注销"),
    ],
)
def test_what_is_not_in_force_has_no_day_of_use(
    type_: str, field: str, void: str, valid: str
) -> None:
    schema = load(type_)
    checked = taken(type_, **{field: void})
    assert checked.errors == ()
    assert (field, "status-not-in-force") in [(each.field, each.code) for each in checked.notes]
    assert checked.decided is not None
    assert checked.until == checked.decided - timedelta(days=1)
    assert (field, "status-not-in-force") not in notes(type_, **{field: valid})
    assert taken(type_, **{field: valid}).until != checked.until
    hidden = {code: value for code, value in checked.fields.items() if code != field}
    assert schema.is_void(checked.fields) is True
    assert schema.is_void(hidden) is None


# 3.6: visibility.


@pytest.mark.parametrize(
    ("type_", "values", "class_", "seen_by"),
    [
        ("compliance", {}, None, "authorisation"),
        ("contract-performance", {}, None, "authorisation"),
        ("voluntary", {}, None, "authorisation"),
        ("professional-title", {}, None, "government"),
        ("judicial-decision", {"CP_WSLX": "调解书"}, None, "authorisation"),
        ("judicial-decision", {"CP_WSLX": " 调 解 书 "}, None, "authorisation"),
        ("judicial-decision", {"CP_WSLX": "判决书"}, None, "public"),
        ("judicial-decision", {"CP_WSLX": "民事调解书"}, None, "authorisation"),
        ("judicial-decision", {"CP_WSLX": "其他-民事调解书"}, None, "authorisation"),
        ("judicial-decision", {"CP_WSLX": "其他-不详"}, None, "authorisation"),
        ("judicial-decision", {"CP_WSLX": "其他"}, None, "authorisation"),
        ("penalty", {"CF_CFLB": ["其他-警告"]}, None, "authorisation"),
        ("penalty", {"CF_CFLB": ["其他-口头警告、教育"]}, None, "authorisation"),
        ("penalty", {"CF_CFLB": ["其他-口头警告", "罚款"]}, None, "public"),
        ("penalty-2015", {"CF_CFLB1": "给予警告"}, None, "authorisation"),
        ("penalty-2015", {"CF_CFLB1": "行政警告和通报批评"}, None, "authorisation"),
        ("penalty-2015", {"CF_CFLB1": "警告并处罚款"}, None, "public"),
        ("penalty", {"CF_CFLB": ["罚款"]}, None, "public"),
        ("penalty", {"CF_CFLB": ["罚款"]}, "general", "public"),
        ("penalty", {"CF_CFLB": ["罚款"]}, "severe", "public"),
        ("penalty", {"CF_CFLB": ["罚款"]}, "minor", "authorisation"),
        ("penalty", {"CF_CFLB": ["警告"]}, None, "authorisation"),
        ("penalty", {"CF_CFLB": ["通报批评", "警告"]}, None, "authorisation"),
        ("penalty", {"CF_CFLB": ["警告", "罚款"]}, None, "public"),
        ("penalty", {"CF_CFLB": ["罚款"], "CL_PUBLISH": "否"}, None, "authorisation"),
        ("penalty", {"CF_CFLB": ["罚款"], "CL_PUBLISH": "是"}, None, "public"),
        ("penalty", {"CF_CFLB": ["罚款"], "CL_SIMPLE": "是"}, None, "authorisation"),
        ("penalty", {"CF_CFLB": ["罚款"], "CL_SIMPLE": "否"}, None, "public"),
        ("penalty-2015", {"CF_CFLB1": "警告"}, None, "authorisation"),
        ("penalty-2015", {"CF_CFLB1": "警告、通报批评"}, None, "authorisation"),
        ("penalty-2015", {"CF_CFLB1": "警告", "CF_CFLB2": "罚款"}, None, "public"),
        ("penalty-2015", {"CF_CFLB1": "罚款"}, None, "public"),
        ("penalty-2015", {"CF_CFLB1": "罚款"}, "minor", "authorisation"),
        ("licence", {}, None, "public"),
    ],
)
def test_who_may_see_a_record(
    type_: str, values: dict[str, Any], class_: str | None, seen_by: str
) -> None:
    schema = load(type_)
    assert visibility(schema, values, class_) == seen_by
    for count in range(len(values) + 1):  # of what only some fields are shown
        for names in combinations(values, count):
            shown = {name: values[name] for name in names}
            least = least_possible(schema, shown, class_)
            most = strictest_possible(schema, shown, class_)
            assert strictest(least, seen_by) == seen_by
            assert strictest(most, seen_by) == most


def test_every_other_type_is_public() -> None:
    kept = {schema.name for schema in all_schemas() if schema.visibility != "public"}
    assert kept == {"compliance", "contract-performance", "voluntary", "professional-title"}


# 11: types.


def test_enforcement_as_the_courts_publish_it() -> None:
    real = row("judicial-enforcement", "ZX_JDRQ", "ZX_JGDM", "ZX_CS", "ZX_GSJZQ")
    schema = load("judicial-enforcement")
    shown = {schema.by_code[code].zh for code in real}
    assert {"立案时间", "发布时间", "已履行部分", "未履行部分", "省份"} <= shown
    checked = judged(real, "judicial-enforcement")
    assert (checked.errors, str(checked.decided)) == ((), real["ZX_FBRQ"])
    assert errors("judicial-enforcement", "ZX_FBRQ") == [("ZX_FBRQ", "required")]


@pytest.mark.parametrize(
    ("type_", "optional"),
    [
        ("judicial-enforcement", ["ZX_JGDM", "ZX_JDRQ"]),
        ("abnormal-list", ["YC_WSH", "YC_YJ", "YC_JGDM"]),
        ("abnormal-list-exit", ["YM_WSH", "YM_YJ", "YM_JGDM"]),
        ("commitment", ["CN_BH", "CN_JGDM"]),
        ("honour", ["RY_WSH", "RY_RDRQ", "RY_DJ"]),
        ("credit-evaluation", ["PJ_BH"]),
        ("registration", ["DJ_WSH", "DJ_SX"]),
        ("penalty", ["CL_SIMPLE", "CL_PUBLISH", "CL_ORIGIN"]),
    ],
)
def test_what_real_rows_lack_is_optional(type_: str, optional: list[str]) -> None:
    for code in optional:
        assert errors(type_, code) == []
    assert errors(type_, *optional) == []
    required = [field.code for field in load(type_).fields if field.required]
    for code in required:
        assert (code, "required") in errors(type_, code)


@pytest.mark.parametrize(
    ("entry", "exit_"),
    [
        ("abnormal-list", "abnormal-list-exit"),
        ("severe-list-entry", "severe-list-exit"),
        ("incentive-list-entry", "incentive-list-exit"),
    ],
)
def test_lists_have_entries_and_exits(entry: str, exit_: str) -> None:
    for type_ in (entry, exit_):
        assert errors(type_) == []
    assert load(entry).category == load(exit_).category
    assert until(exit_, UNDER_36) is None


LISTS, MEASURES = frozenset({"tax", "wages"}), frozenset({"限制消费", "限制出境"})


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"YZ_LX": "tax", "YZ_CS": "限制消费"}, []),
        ({"YZ_LX": "tax", "YZ_CS": ["限制出境", "限制 消费"]}, []),
        ({"YZ_LX": "其他", "YZ_CS": "限制消费"}, [("YZ_LX", "list-unknown")]),
        ({"YZ_LX": "tax", "YZ_CS": ["限制消费", "罚站"]}, [("YZ_CS", "measure-unknown")]),
    ],
)
def test_severe_lists_and_measures_are_those_of_the_catalogue(
    values: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    raw = row("severe-list-entry", **values)
    checked = judged(raw, "severe-list-entry", lists=LISTS, measures=MEASURES)
    assert [(each.field, each.code) for each in checked.errors] == found
    nothing = judged(raw, "severe-list-entry", lists=frozenset(), measures=frozenset())
    assert [each.code for each in nothing.errors] == ["list-unknown", "measure-unknown"]
    assert judged(raw, "severe-list-entry").errors == ()  # nobody looked


def test_commitments_of_ones_own_accord() -> None:
    real = taken("commitment", "CN_BH", "CN_JGDM", CN_LX="主动型", CN_ZT="全部履行")
    assert real.errors == ()
    assert errors("commitment", CN_ZT="未履行") == [("CN_ZT", "not-in-vocabulary")]


@pytest.mark.parametrize("year", ["2024", "2024年", "2024年度", " 2024 "])
def test_an_honour_of_a_year(year: str) -> None:
    checked = taken("honour", "RY_RDRQ", "RY_WSH", "RY_YXQZI", RY_ND=year, RY_DJ="A")
    assert checked.errors == ()
    assert (checked.decided, checked.fields["RY_ND"]) == (date(2024, 1, 1), "2024")
    assert load("honour").period == "year"
    assert taken("honour", RY_ND=year, RY_RDRQ="2024-05-06").decided == date(2024, 5, 6)


@pytest.mark.parametrize(
    ("without", "values", "found"),
    [
        (["RY_RDRQ", "RY_ND"], {}, [("RY_RDRQ", "required")]),
        (["RY_RDRQ"], {"RY_ND": "\u200b"}, [("RY_RDRQ", "required")]),
        (["RY_RDRQ"], {"RY_ND": "去年"}, [("RY_ND", "year-invalid")]),
        (["RY_RDRQ"], {"RY_ND": "1904"}, [("RY_ND", "year-invalid")]),
        (["RY_RDRQ"], {"RY_ND": "2027"}, [("RY_ND", "date-in-future")]),
        (["RY_ND"], {"RY_RDRQ": "2027-01-01"}, [("RY_RDRQ", "date-in-future")]),
    ],
)
def test_an_honour_without_a_day(
    without: list[str], values: dict[str, str], found: list[tuple[str, str]]
) -> None:
    assert errors("honour", *without, "RY_YXQZI", **values) == found


@pytest.mark.parametrize(
    ("year", "day", "right"),
    [
        ("2025", "2025-12-31", True),
        ("2025", "2026-04-01", True),
        ("2025", "2024-12-31", True),  # 2025 年度, given at the end of the year before
        ("2025", "2023-12-31", False),
    ],
)
def test_an_honour_is_not_given_long_before_its_year(year: str, day: str, right: bool) -> None:
    values = {"RY_ND": year, "RY_RDRQ": day}
    assert errors("honour", "RY_YXQZI", **values) == ([] if right else [("RY_RDRQ", "date-order")])
    schema = load("honour")
    assert too_early(schema, values, day) is not right
    assert not too_early(schema, {**values, "RY_ND": "二"}, day)


@pytest.mark.parametrize(
    ("kind", "grade", "found"),
    [
        ("公共", "A", []),
        ("公共", "D", []),
        ("公共", "AAA", [("PJ_DJ", "not-in-vocabulary")]),
        ("公共", "优秀", [("PJ_DJ", "not-in-vocabulary")]),
        ("行业", "AAA", []),
        ("市场化", "BBB-", []),
        ("其他", "A", [("PJ_LB", "not-in-vocabulary")]),
    ],
)
def test_grades(kind: str, grade: str, found: list[tuple[str, str]]) -> None:
    assert errors("credit-evaluation", PJ_LB=kind, PJ_DJ=grade) == found


@pytest.mark.parametrize("code", ["XK_YXQZ", "XK_YXQZI"])
def test_older_licences_may_lack_their_validity(code: str) -> None:
    old = {"XK_JDRQ": "2023-12-31", "XK_YXQZ": "2024-01-01", "XK_YXQZI": "2029-01-01"}
    assert errors("licence", code, **old) == []
    assert notes("licence", code, **old) == [(code, "missing-before-go-live")]
    new = old | {"XK_JDRQ": "2024-01-01"}
    assert errors("licence", code, **new) == [(code, "required")]
    assert errors("licence", code, "XK_JDRQ", **new)[0] == ("XK_JDRQ", "required")


@pytest.mark.parametrize("day", ["2099-12-31", "2099-01-31", "2099/1/31"])
def test_open_ends_of_licences(day: str) -> None:
    assert taken("licence", XK_YXQZI=day).until is None
    assert taken("licence", XK_YXQZI="2099-01-30").until == date(2099, 1, 30)


def test_columns_of_our_own_come_last() -> None:
    assert load("penalty").slots[-3:] == ("CL_SIMPLE", "CL_PUBLISH", "CL_ORIGIN")
    for schema in all_schemas():
        assert schema.slots[-1] == "CL_ORIGIN"
        assert schema.by_code["CL_ORIGIN"].vocabulary == ("national", "vertical", "local")
        assert not schema.by_code["CL_ORIGIN"].required


BUSINESS, COMPANY = "92130200MA0000007K", "91110000600037341L"


@pytest.mark.parametrize(
    ("code", "kind", "unusual"),
    [
        (BUSINESS, "法人及非法人组织", True),
        (BUSINESS, "个体工商户", False),
        (COMPANY, "法人及非法人组织", False),
    ],
)
def test_a_business_named_an_entity_is_noted(code: str, kind: str, unusual: bool) -> None:
    excepted = frozenset({BUSINESS})
    raw = row("penalty", CF_XDR_SHXYM=code, CF_XDR_LB=kind)
    found = [(n.field, n.code) for n in judged(raw, "penalty", exceptions=excepted).notes]
    assert (("CF_XDR_LB", "subject-kind-unusual") in found) is unusual


# Records without a number or a code of their authority are still told apart.


def test_records_without_a_number_are_told_apart() -> None:
    schema = load("abnormal-list")
    one = taken("abnormal-list", "YC_WSH", "YC_JGDM").fields
    again = taken("abnormal-list", "YC_WSH", "YC_JGDM", BZ="改").fields
    other = taken("abnormal-list", "YC_WSH", "YC_JGDM", YC_SY="另一原因").fields
    elsewhere = taken("abnormal-list", "YC_WSH", "YC_JGDM", YC_JG="另一机关").fields
    numbered = taken("abnormal-list", "YC_JGDM").fields
    assert record_key(schema, one) == record_key(schema, again)
    different = {record_key(schema, each) for each in (one, other, elsewhere, numbered)}
    assert len(different) == 4


def test_records_without_a_number_share_no_document() -> None:
    schema = load("abnormal-list")
    one = taken("abnormal-list", "YC_WSH").fields
    neighbour = taken("abnormal-list", "YC_WSH", YC_XDR_SHXYM="91110108551385082Q").fields
    assert keys(schema, one).document != keys(schema, neighbour).document
    numbered = [taken("abnormal-list", YC_XDR_SHXYM=code).fields for code in _TWO]
    assert len({keys(schema, each).document for each in numbered}) == 1


_TWO = ("91110000600037341L", "91110108551385082Q")


def test_a_verifier_knows_as_much_as_it_is_shown() -> None:
    schema = load("licence")
    fields = taken("licence", XK_ZT="2").fields
    header: Any = type("Header", (), {"class_": None, "decided": UNDER_36, "until": None})()
    assert decision_of(schema, RULES, header, fields).void is True
    assert decision_of(schema, RULES, header, {}).void is None
    assert decision_of(load("honour"), RULES, header, {}).void is False


def test_lists_and_measures_in_force_are_named() -> None:
    """A clerk cannot know the ids of lists."""
    setting = Setting(today=TODAY, lists=frozenset({"list-tax", "list-new"}), measures=frozenset())
    raw = {"YZ_LX": "重大税收违法失信主体"}
    (found,) = [
        error for error in check(load("severe-list-entry"), raw, setting).errors
        if error.code == "list-unknown"
    ]  # fmt: skip
    assert "list-new；list-tax（" in found.message["zh"]
