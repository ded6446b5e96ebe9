"""Schema and rules files of the suite: some that ship, and small ones that exist in it alone."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ledger.core import canonical
from scripts.conformance_parts import refused
from scripts.conformance_parts.shapes import field, schema

RECORDS = Path(__file__).resolve().parents[2] / "ledger" / "records"
PENALTY = schema(
    "sample-penalty",
    "P",
    [
        field("P_CLASS", "处罚类别", "classes", "list", max=40, other=True, required=True,
               vocabulary=["警告", "罚款", "其他"]),
        field("P_FINE", "罚款金额", "fine", "money"),
        field("P_DAY", "决定日期", "day", "date", required=True),
        field("P_END", "公示截止期", "end of publicity", "date", notBefore="P_DAY"),
        field("P_ID", "证件号码", "identity number", "text", max=20, disclosable=False),
        field("P_NOTE", "备注", "remarks", "text", max=60),
    ],
    family="penalty",
    adverse=True,
    until={"rule": "publicity", "field": "P_END"},
)  # fmt: skip

PERMIT = schema(
    "sample-permit",
    "Q",
    [
        field("Q_DAY", "决定日期", "day", "date", required=True),
        field("Q_TO", "有效期至", "valid until", "date", notBefore="Q_DAY"),
        field("Q_STATE", "状态", "state", "choice", max=20, other=True,
               vocabulary=["有效", "注销"]),
    ],
    family="licence",
    until={"rule": "validity", "field": "Q_TO", "open": ["2099-12-31"]},
    voidIf={"field": "Q_STATE", "values": ["注销"]},
)  # fmt: skip

NOTICE = schema(
    "sample-notice",
    "N",
    [
        field("N_YEAR", "年度", "year", "year", required=True),
        field("N_DAY", "日期", "day", "date"),
        field("N_RESULT", "结果", "result", "choice", max=20, other=True, required=True,
               vocabulary=["合格", "不合格"]),
        field("N_LEVEL", "等级", "level", "text", max=10,
               vocabularyIf={"field": "N_RESULT", "values": ["不合格"], "vocabulary": ["D", "E"]}),
    ],
    adverseIf={"field": "N_RESULT", "values": ["不合格"]},
    decidedYear="N_YEAR",
    period="year",
    until={"rule": "publicity"},
)  # fmt: skip

PERSON = schema(
    "sample-person",
    "T",
    [field("T_DAY", "日期", "day", "date", required=True)],
    naturalPerson=True,
)

BARE = schema("sample-kindless", "K", [field("K_DAY", "日期", "day", "date", required=True)])
BARE["subject"] = {name: code for name, code in BARE["subject"].items() if name != "kind"}

SEEN = schema(
    "sample-seen",
    "S",
    [
        field("S_DAY", "决定日期", "day", "date", required=True),
        field("S_WORDS", "结论", "words", "text", max=60),
        field("S_ABOUT", "事项", "matter", "list", max=60),
    ],
    family="seen",
    visibilityIf=[
        {"fields": ["S_WORDS"], "onlyValues": ["警告", "通报"], "visibility": "authorisation"},
        {"fields": ["S_ABOUT"], "values": ["保密"], "visibility": "government"},
    ],
)

WAGE = schema(
    "sample-wage",
    "W",
    [field("W_DAY", "日期", "day", "date", required=True)],
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
    plain = (PENALTY, PERMIT, NOTICE, PERSON, BARE, WAGE, SEEN, RULES_2)
    own = {
        f"{one['name']}@{one['version']}.json": canonical.encode(one)
        for one in (*plain, *refused.all_files())
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
    return [one["code"] for one in fields if one.get("disclosable", True)]
