"""Work safety, fire, food, drugs and special equipment: a year before publicity may end (Order 58),
and what a record tells of whether it is about one of them."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import canonical
from ledger.core.errors import Malformed
from ledger.records import rules as rules_files
from ledger.records.publicity import Decision, EarliestEnd, earliest_end
from ledger.records.schema import all_schemas, load
from tests.records.examples import OLD_PENALTY, PENALTY, notes, penalty
from tests.records.test_rules import FILE, MARKET, RULES, changed

DECIDED = date(2025, 6, 10)
THREE_MONTHS, A_YEAR = date(2025, 9, 10), date(2026, 6, 10)
TOLD: dict[str, dict[str, Any]] = {
    "food": {"CF_YJ": "《中华人民共和国食品安全法》第一百二十四条"},
    "drugs": {"CF_YJ": "《药品管理法》第一百一十七条", "CF_CFJG": "样例市药品监督管理局"},
    "special-equipment": {"CF_YJ": "《特种设备安全法》第八十四条"},
    "work-safety": {"CF_YJ": "《安全生产法》第九十七条", "CF_NR_FK": "10"},
    "fire": {"CF_YJ": "《中华人民共和国 消防法》第六十条"},
}
DOUBTFUL: dict[str, dict[str, Any]] = {
    "food": {"CF_YJ": "《食品生产许可管理办法》第四十九条"},
    "drugs": {"CF_CFJG": "样例市药品监督管理局"},
    "special-equipment": {"CF_SY": "经查，当事人使用未经检验的电梯。"},
    "work-safety": {"CF_YJ": "《安全生产法》第九十七条", "CF_NR_FK": "9.999999"},
    "fire": {"CF_CFJG": "样例市消防救援支队"},
}


def ends(
    decided: date = DECIDED,
    class_: str = "general",
    kind: str | None = None,
    type_: str = "penalty",
    **values: Any,
) -> EarliestEnd:
    row: dict[str, Any] = {"penalty": PENALTY, "penalty-2015": OLD_PENALTY}[type_] | values
    fields = {code: text for code, text in row.items() if text is not None}
    schema = load(type_)
    decision = Decision(schema=schema, adverse=True, class_=None, decided=decided, kinds=(kind,))
    return earliest_end(RULES, decision, class_, fields)


@pytest.mark.parametrize("area", TOLD)
@pytest.mark.parametrize("kind", [None, MARKET])
def test_what_names_the_law_has_a_year(area: str, kind: str | None) -> None:
    assert ends(kind=kind, **TOLD[area]) == EarliestEnd(A_YEAR, A_YEAR, (area,))
    for class_ in ("minor", "severe"):  # Order 58 knows no classes
        assert ends(class_=class_, kind=kind, **TOLD[area]).possible == A_YEAR


@pytest.mark.parametrize("area", DOUBTFUL)
def test_what_may_be_of_an_area_has_both_days(area: str) -> None:
    found = ends(**DOUBTFUL[area])
    assert found == EarliestEnd(THREE_MONTHS, A_YEAR, (area,))
    assert not found.known


def test_what_names_none_has_three_months() -> None:
    assert ends() == EarliestEnd(THREE_MONTHS, THREE_MONTHS)
    assert ends().known
    own_name = ends(CF_XDR_MC="样例食品有限公司", CF_SY="经查，样例 食品有限公司未公示年度报告。")
    assert own_name.known  # a name of the firm says nothing of what it did
    assert not ends(CF_XDR_MC="样例食品有限公司", CF_SY="生产不合格食品").known


def test_a_field_that_is_not_known_leaves_both_days() -> None:
    for code in ("CF_YJ", "CF_WFXW", "CF_SY", "CF_CFJG"):
        unknown: dict[str, Any] = {code: None}
        found = ends(**unknown)
        assert (found.possible, found.certain) == (THREE_MONTHS, A_YEAR)
        assert set(found.areas) == set(TOLD)
    assert ends(CF_YJ=None, CF_SY="生产不合格食品").certain == A_YEAR
    assert ends(CF_SY=None, **TOLD["food"]).known  # the law is enough


def test_without_an_amount_work_safety_is_doubtful() -> None:
    law: dict[str, Any] = {"CF_YJ": "《安全生产法》第九十七条"}
    assert not ends(**law).known
    assert ends(CF_NR_FK="100", **law).known
    assert not ends(CF_NR_FK="x", **law).known
    assert not ends(type_="penalty-2015", decided=DECIDED, **law).known


def test_the_table_of_2015_has_the_same_words() -> None:
    assert ends(type_="penalty-2015").known
    assert ends(type_="penalty-2015", CF_YJ="食品安全法").possible == A_YEAR
    assert not ends(type_="penalty-2015", CF_XZJG="样例市应急管理局").known


@pytest.mark.parametrize(
    ("decided", "kind", "class_", "day"),
    [
        (date(2026, 3, 31), None, "general", date(2027, 3, 31)),
        (date(2026, 4, 1), None, "general", date(2026, 7, 1)),
        (date(2025, 12, 24), MARKET, "general", date(2026, 12, 24)),
        (date(2025, 12, 25), MARKET, "minor", date(2025, 12, 25)),
        (date(2025, 12, 25), MARKET, "severe", date(2026, 12, 25)),
        (date(2022, 1, 1), None, "minor", date(2023, 1, 1)),
    ],
)
def test_later_orders_go_by_class_alone(
    decided: date, kind: str | None, class_: str, day: date
) -> None:
    found = ends(decided, class_, kind, **TOLD["food"])
    assert found.known and found.possible == day


def test_an_end_that_is_stated_within_the_year_is_noted() -> None:
    fine = {"CF_CFLB": "罚款", "CF_NR_FK": "20", "CF_JDRQ": str(DECIDED)}
    short = ("CF_GSJZQ", "publicity-too-short")
    told, doubtful = TOLD["food"], DOUBTFUL["food"]
    assert short in notes(penalty(**fine, **told, CF_GSJZQ="2026-06-09"))
    assert short not in notes(penalty(**fine, **told, CF_GSJZQ="2026-06-10"))
    assert short not in notes(penalty(**fine, **doubtful, CF_GSJZQ="2026-06-09"))
    assert short in notes(penalty(**fine, **doubtful, CF_GSJZQ="2025-09-09"))


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(["", "x", "9", "10", "1e9"]))
def test_any_text_is_judged(basis: str, facts: str, fine: str) -> None:
    found = ends(CF_YJ=basis, CF_SY=facts, CF_NR_FK=fine)
    assert THREE_MONTHS <= found.possible <= found.certain <= A_YEAR


def test_fields_of_the_areas_are_those_of_penalties() -> None:
    codes = {field.code for schema in all_schemas() for field in schema.fields}
    for area in RULES.areas:
        assert {*area.basis, *area.texts} <= codes
        assert area.fine_field in (None, "CF_NR_FK")
    assert {area.id for area in RULES.areas} == set(TOLD)


def area(**values: Any) -> dict[str, Any]:
    first = canonical.parse(FILE)["areas"][0] | values
    return {name: value for name, value in first.items() if value is not None}


@pytest.mark.parametrize(
    ("areas", "problem"),
    [
        ([], "areas has not"),
        ([area(), area()], "two rows say the same"),
        ([area(area="X y")], "area is empty"),
        ([area(laws=None)], "no member laws"),
        ([area(laws=["　"])], "a text of nothing"),
        ([area(basis=["cf yj"])], "no code of a field"),
        ([area(fine={"field": "CF_NR_FK"})], "no member from"),
        ([area(fine={"field": "CF_NR_FK", "from": "ten"})], "from is"),
        ([area(more=1)], "unknown member"),
        ([area(words=["x"] * 2)], "twice"),
    ],
)
def test_a_wrong_table_is_malformed(areas: list[Any], problem: str) -> None:
    with pytest.raises(Malformed, match=problem):
        changed(areas=areas)


def test_a_longer_minimum_lies_between_minimum_and_maximum() -> None:
    row = {"authority": MARKET, "source": "x", "minimumMonths": 3, "maximumMonths": 12}
    for months, good in ((2, False), (3, True), (12, True), (13, False)):
        try:
            changed(row | {"areaMinimumMonths": months})
            assert good
        except Malformed as error:
            assert not good and "areaMinimumMonths" in str(error)
    tree = {name: value for name, value in canonical.parse(FILE).items() if name != "areas"}
    with pytest.raises(Malformed, match="no areas"):
        rules_files.parse(canonical.encode(tree))
