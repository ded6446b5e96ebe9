"""One value, one spelling: widths, codes with hyphens, moments, no end, and moved characters."""

import pytest

from ledger.records.characters import MOVED, settle
from ledger.records.fold import fold
from ledger.records.schema import all_schemas, load
from ledger.records.setting import Setting
from ledger.records.validate import check
from ledger.records.values import Fault, read_date, read_money, read_uscc, reader
from tests.records.examples import TODAY, judge, old_penalty, penalty

# GB 18030: bytes of two, the code point that old codecs give, the one of Unicode.
TABLE = """
    A6D9 E78D FE10  A6DA E78E FE12  A6DB E78F FE11  A6DC E790 FE13  A6DD E791 FE14  A6DE E792 FE15
    A6DF E793 FE16  A6EC E794 FE17  A6ED E795 FE18  A6F3 E796 FE19  FE59 E81E 9FB4  FE61 E826 9FB5
    FE66 E82B 9FB6  FE67 E82C 9FB7  FE6D E832 9FB8  FE7E E843 9FB9  FE90 E854 9FBA  FEA0 E864 9FBB
    FE51 E816 20087 FE52 E817 20089 FE53 E818 200CC FE6C E831 215D7 FE76 E83B 2298F FE91 E855 241FE
    A8BC E7C7 1E3F
""".split()
ROWS = [TABLE[at : at + 3] for at in range(0, len(TABLE), 3)]


@pytest.mark.parametrize(("coded", "old", "new"), ROWS)
def test_a_character_has_one_code_point(coded: str, old: str, new: str) -> None:
    right = chr(int(new, 16))
    for text in (bytes.fromhex(coded).decode("gb18030"), chr(int(old, 16)), right):
        assert settle(f"甲{text}公司\n") == f"甲{right}公司\n"
        assert judge(penalty(CF_XDR_MC=f"甲{text}公司")).fields["CF_XDR_MC"] == f"甲{right}公司"
        assert judge(penalty(CF_CFLB=f"其他-{text}")).fields["CF_CFLB"] == [f"其他-{right}"]
        assert fold(text) == fold(right)
    assert MOVED[int(old, 16)] == int(new, 16)


def test_only_those() -> None:
    assert len(ROWS) == len(MOVED) == 25
    for text in ("⼀", "\uf900", "\ue000", "\uf8ff", "A\u0301"):
        assert settle(text) == text


@pytest.mark.parametrize(
    "text",
    ["２０２４－０３－０５", "２０２４/3/5", "2024．3．5", "2024 年 3 月 5 日", "2024 - 03 - 05",
     "２０２４年３月５日", "2024-03-05　00：00：00", "2024-03-05 00:00"],
)  # fmt: skip
def test_dates_of_any_width(text: str) -> None:
    assert read_date(text) == "2024-03-05"


@pytest.mark.parametrize("text", ["20240305", "２０２４０３０５", "19991231"])
def test_a_compact_date_is_called_one(text: str) -> None:
    found = read_date(text)
    assert isinstance(found, Fault) and found.code == "date-invalid" and found.why == "date-compact"
    errors = [error for error in judge(penalty(CF_JDRQ=text)).errors if error.field == "CF_JDRQ"]
    assert [error.code for error in errors] == ["date-invalid"]
    told = errors[0].message
    assert "八位数字" in told["zh"] and "eight digits" in told["en"]
    assert text not in told["zh"] + told["en"]


@pytest.mark.parametrize(
    "text", ["20241305", "2024030", "99991231", "2024 03 05", "2024-3", "长期"]
)
def test_other_dates_are_not(text: str) -> None:
    found = read_date(text)
    assert isinstance(found, Fault) and found.code == "date-invalid" and found.why is None


def test_money_and_codes_of_any_width() -> None:
    assert read_money("０．２") == "0.2"
    assert read_money("1 234") == Fault("money-format")
    for text in (
        "９１１１００００６０００３７３４１Ｌ",
        "91110000 6000 37341l",
        "91110000600037341Ｌ\u200b",
    ):
        assert read_uscc(text) == "91110000600037341L"


NO_END = load("licence").until.open_days[0]


@pytest.mark.parametrize("text", ["长期", " 长期有效 ", "永久", "2099/12/31", "2099-12-31"])
def test_a_validity_without_end(text: str) -> None:
    schema = load("licence")
    found = check(schema, {"XK_YXQZI": text, "XK_JDRQ": "2024-03-05"}, Setting(today=TODAY))
    assert found.fields["XK_YXQZI"] == NO_END == "2099-12-31"
    assert found.until is None


def test_no_end_is_for_validities_alone() -> None:
    for schema in all_schemas():
        for field in schema.fields:
            if field.kind == "date" and field.code != schema.until.field:
                errors = check(schema, {field.code: "长期"}, Setting(today=TODAY)).errors
                assert ("date-invalid" in [e.code for e in errors if e.field == field.code]) or (
                    schema.natural_person
                )
    assert "date-invalid" in [error.code for error in judge(penalty(CF_GSJZQ="长期")).errors]


CODES = [
    (schema.id, field)
    for schema in all_schemas()
    for field in schema.fields
    if "组织机构代码" in field.zh
]


@pytest.mark.parametrize(("schema", "field"), CODES)
@pytest.mark.parametrize(
    "text", ["MA4J7943-4", "ma4j7943-4", "ＭＡ４Ｊ７９４３－４", "MA4J 79434", "MA4J79434"]
)
def test_organisation_codes(schema: str, field: object, text: str) -> None:
    assert reader(field)(text) == "MA4J79434"  # type: ignore[arg-type]


def test_what_is_no_organisation_code_stays() -> None:
    read = reader(load("penalty").by_code["CF_XDR_ZZJG"])
    for text in ("无", "MA4J7943-44", "MA4J-79434", "x" * 32):
        assert read(text) == text
    assert isinstance(read("x" * 41), Fault)
    assert {schema for schema, _ in CODES} >= {"licence@1", "penalty@1", "penalty-2015@1"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2024/08/01 09:00:00", "2024-08-01 09:00:00"),
        ("2024-8-1 9:00", "2024-08-01 09:00:00"),
        ("2024-08-01T09:00:00.000", "2024-08-01 09:00:00"),
        ("２０２４／０８／０１　０９：００：００", "2024-08-01 09:00:00"),
        ("2024/8/1 0:00", "2024-08-01"),
        ("2024/8/1", "2024-08-01"),
        ("2024/08/32 09:00:00", "2024/08/32 09:00:00"),
        ("20240801090000", "20240801090000"),
        ("1722474000", "1722474000"),
    ],
)
def test_moments(text: str, value: str) -> None:
    assert judge(old_penalty(SJC=text), "penalty-2015").fields["SJC"] == value
    assert judge(old_penalty(SJC=value), "penalty-2015").fields["SJC"] == value
