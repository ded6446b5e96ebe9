"""Schema and rules files of the suite: some that ship, and small ones that exist in it alone."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ledger.core import canonical

RECORDS = Path(__file__).resolve().parents[2] / "ledger" / "records"
KINDS = ["法人及非法人组织", "自然人", "个体工商户"]


def _field(code: str, zh: str, en: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"code": code, "zh": zh, "en": en, "kind": kind, **more}


def _subject(letter: str) -> list[dict[str, Any]]:
    """The fields that say whom a record is about."""
    return [
        _field(f"{letter}_NAME", "名称", "name", "text", max=60, required=True),
        _field(f"{letter}_KIND", "类别", "kind", "choice", max=20, vocabulary=KINDS),
        _field(f"{letter}_CODE", "代码", "code", "uscc", required=True),
        _field(f"{letter}_REG", "注册号", "registration", "text", max=30),
    ]


def _schema(name: str, letter: str, fields: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A schema of the suite."""
    values = {
        "_type": "credit-ledger/schema@1",
        "name": name,
        "version": 1,
        "family": name,
        "title": {"zh": "测试用类型", "en": f"type of the conformance suite: {name}"},
        "category": {"zh": "测试", "en": "test"},
        "adverse": False,
        "period": "month",
        "decided": f"{letter}_DAY",
        "visibility": "public",
        "document": f"{letter}_DOC",
        "authority": {"name": f"{letter}_AUTH"},
        "subject": {
            "name": f"{letter}_NAME",
            "code": f"{letter}_CODE",
            "registration": f"{letter}_REG",
            "kind": f"{letter}_KIND",
        },
        "until": {"rule": "open"},
        "fields": [
            *_subject(letter),
            _field(f"{letter}_DOC", "文号", "document", "text", max=40, required=True),
            *fields,
            _field(f"{letter}_AUTH", "机关", "authority", "text", max=60, required=True),
        ],
    }
    return {**values, **more}


PENALTY = _schema(
    "sample-penalty",
    "P",
    [
        _field("P_CLASS", "处罚类别", "classes", "list", max=40, other=True, required=True,
               vocabulary=["警告", "罚款", "其他"]),
        _field("P_FINE", "罚款金额", "fine", "money"),
        _field("P_DAY", "决定日期", "day", "date", required=True),
        _field("P_END", "公示截止期", "end of publicity", "date", notBefore="P_DAY"),
        _field("P_ID", "证件号码", "identity number", "text", max=20, disclosable=False),
        _field("P_NOTE", "备注", "remarks", "text", max=60),
    ],
    family="penalty",
    adverse=True,
    until={"rule": "publicity", "field": "P_END"},
)  # fmt: skip

PERMIT = _schema(
    "sample-permit",
    "Q",
    [
        _field("Q_DAY", "决定日期", "day", "date", required=True),
        _field("Q_TO", "有效期至", "valid until", "date", notBefore="Q_DAY"),
        _field("Q_STATE", "状态", "state", "choice", max=20, other=True,
               vocabulary=["有效", "注销"]),
    ],
    family="licence",
    until={"rule": "validity", "field": "Q_TO", "open": ["2099-12-31"]},
    voidIf={"field": "Q_STATE", "values": ["注销"]},
)  # fmt: skip

NOTICE = _schema(
    "sample-notice",
    "N",
    [
        _field("N_YEAR", "年度", "year", "year", required=True),
        _field("N_DAY", "日期", "day", "date"),
        _field("N_RESULT", "结果", "result", "choice", max=20, other=True, required=True,
               vocabulary=["合格", "不合格"]),
        _field("N_LEVEL", "等级", "level", "text", max=10,
               vocabularyIf={"field": "N_RESULT", "values": ["不合格"], "vocabulary": ["D", "E"]}),
    ],
    adverseIf={"field": "N_RESULT", "values": ["不合格"]},
    decidedYear="N_YEAR",
    period="year",
    until={"rule": "publicity"},
)  # fmt: skip

PERSON = _schema(
    "sample-person",
    "T",
    [_field("T_DAY", "日期", "day", "date", required=True)],
    naturalPerson=True,
)

BARE = _schema("sample-kindless", "K", [_field("K_DAY", "日期", "day", "date", required=True)])
BARE["subject"] = {name: code for name, code in BARE["subject"].items() if name != "kind"}

WAGE = _schema(
    "sample-wage",
    "W",
    [_field("W_DAY", "日期", "day", "date", required=True)],
    family="wage",
    visibility="authorisation",
)

RULES_2 = {
    "_type": "credit-ledger/rules@1",
    "name": "publicity",
    "version": 2,
    "title": {"zh": "测试用规则", "en": "rules of the conformance suite"},
    "authorities": [{"kind": "market-supervision", "named": ["市场监督"]}],
    "rows": [
        {"families": ["penalty"], "maximumMonths": 12, "minimumMonths": 1, "source": "test"},
        {
            "authority": "market-supervision",
            "families": ["penalty"],
            "from": "2026-09-01",
            "openUntilExit": True,
            "source": "test",
        },
    ],
}


def made() -> dict[str, bytes]:
    """Every file of the library by its name."""
    own = {
        f"{one['name']}@{one['version']}.json": canonical.encode(one)
        for one in (PENALTY, PERMIT, NOTICE, PERSON, BARE, WAGE, RULES_2)
    }
    shipped = {
        name: (RECORDS / folder / name).read_bytes()
        for folder, name in (
            ("schemas", "penalty@1.json"),
            ("schemas", "licence@1.json"),
            ("rules", "publicity@1.json"),
        )
    }
    return {**own, **shipped}


FILES = made()


def names(id_: str) -> str:
    """A file as a payload names it: `name@version:sha256`."""
    return f"{id_}:{sha256(id_)}"


def sha256(id_: str) -> str:
    """Of a file of the library."""
    return hashlib.sha256(FILES[f"{id_}.json"]).hexdigest()


def slots(id_: str) -> list[str]:
    """The slots of a schema of the library."""
    fields: list[Mapping[str, Any]] = canonical.parse(FILES[f"{id_}.json"])["fields"]
    return [field["code"] for field in fields if field.get("disclosable", True)]
