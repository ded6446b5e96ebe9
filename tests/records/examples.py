"""Good records to start from, and valid codes."""

from datetime import date

from ledger.records import uscc
from ledger.records.judging import Checked
from ledger.records.rules import newest
from ledger.records.schema import Schema, load
from ledger.records.schema_parts import Field
from ledger.records.setting import Setting
from ledger.records.validate import check

TODAY = date(2026, 11, 23)
SUBJECT = "91110000600037341L"
AUTHORITY = "11120101MA0E6ABXXJ"

PENALTY: dict[str, object] = {
    "CF_XDR_MC": "合成样例有限公司",
    "CF_XDR_LB": "法人及非法人组织",
    "CF_XDR_SHXYM": SUBJECT,
    "CF_FRDB": "样例人",
    "CF_WSH": "样市监罚〔2026〕1号",
    "CF_WFXW": "未按规定公示年度报告",
    "CF_SY": "经查,当事人于2026年存在未按规定公示年度报告的行为。",
    "CF_YJ": "《企业信息公示暂行条例》第十七条",
    "CF_CFLB": "警告",
    "CF_NR": "警告",
    "CF_JDRQ": "2026-05-01",
    "CF_YXQ": "2027-05-01",
    "CF_CFJG": "天津市120101交通运输局",
    "CF_CFJGDM": AUTHORITY,
    "CF_SJLY": "天津市120101交通运输局",
    "CF_SJLYDM": AUTHORITY,
}

OLD_PENALTY: dict[str, object] = {
    "CF_WSH": "旧〔2024〕1号",
    "CF_CFLB1": "罚款",
    "CF_SY": "经查,当事人未按规定公示年度报告。",
    "CF_YJ": "《企业信息公示暂行条例》第十七条",
    "CF_XDR_MC": "合成样例有限公司",
    "CF_XDR_SHXYM": SUBJECT,
    "CF_JG": "罚款",
    "CF_JDRQ": "2024/08/01",
    "CF_XZJG": "山西省140105住房和城乡建设局",
}


def code(first_8: str, subject_8: str) -> str:
    """A valid USCC of authority, class and division, and the 8 characters of the subject."""
    body = first_8 + subject_8 + uscc.organisation_character(subject_8)
    return body + uscc.check_character(body)


def good(schema: Schema) -> dict[str, object]:
    """A record with every field of the schema that is not about a person."""
    return {field.code: _value(schema, field) for field in schema.fields if field.disclosable}


def _value(schema: Schema, field: Field) -> object:
    if field.catalogue == "lists":
        return newest().tables.lists[0].id
    if field.catalogue == "measures":
        return [newest().tables.measures[0].name["zh"]]
    if field.kind == "uscc":
        return SUBJECT if field.code == schema.subject.code else AUTHORITY
    if field.kind == "list":
        return [field.vocabulary[0] if field.vocabulary else "甲"]
    few = field.vocabulary or (field.vocabulary_if.vocabulary if field.vocabulary_if else ())
    if few:
        return few[0]
    return {"date": "2026-05-01", "year": "2026", "money": "0.2"}.get(field.kind, "样例")


def judge(raw: dict[str, object], schema: str = "penalty", **options: object) -> Checked:
    """By default of today; options: members of the setting, and arguments of `check`."""
    own = {name: options.pop(name) for name in ("class_", "cell_errors") if name in options}
    return check(load(schema), raw, Setting(**{"today": TODAY} | options), **own)  # type: ignore[arg-type]


def codes(raw: dict[str, object], schema: str = "penalty", **options: object) -> list[tuple]:  # type: ignore[type-arg]
    """(field, code) of every error, in order."""
    return [(error.field, error.code) for error in judge(raw, schema, **options).errors]


def notes(raw: dict[str, object], schema: str = "penalty", **options: object) -> list[tuple]:  # type: ignore[type-arg]
    return [(note.field, note.code) for note in judge(raw, schema, **options).notes]


def penalty(**changes: object) -> dict[str, object]:
    """The example with changes; None removes a field."""
    return {key: value for key, value in (PENALTY | changes).items() if value is not None}


def old_penalty(**changes: object) -> dict[str, object]:
    return {key: value for key, value in (OLD_PENALTY | changes).items() if value is not None}
