"""What a statement says, in words; what a program names, and what hides it, is evidence."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from gateway.web.purposes import PURPOSES_SHOWN
from gateway.web.verify.sheets import Row, Speaker
from ledger.cli.auth_words import DECISIONS
from ledger.cli.case_words import CLASSES, STEPS
from ledger.core.texts import Text

SORTS: Final[Mapping[str, Text]] = {
    "case": {"zh": "案件的一个步骤", "en": "a step of a case"},
    "authorisation": {"zh": "授权", "en": "an authorisation"},
    "query": {"zh": "查询登记", "en": "a query that was answered"},
    "use": {"zh": "查询后的使用", "en": "what came of a query"},
    "report": {"zh": "专项信用报告", "en": "a special credit report"},
    "outcome": {"zh": "数据产品的成效", "en": "the outcome of a product"},
    "feedback": {"zh": "措施反馈", "en": "what was done about a subject"},
    "dummy": {"zh": "无内容（用于隐藏数量）", "en": "nothing (it hides how many there are)"},
}
MEMBERS: Final[Mapping[str, Text]] = {
    "at": {"zh": "作出时间", "en": "Made at"},
    "iss": {"zh": "作出成员", "en": "Made by"},
    "subject": {"zh": "信用主体", "en": "Subject"},
    "period": {"zh": "所涉期间", "en": "Period"},
    "from": {"zh": "起", "en": "From"},
    "until": {"zh": "截止", "en": "Until"},
    "day": {"zh": "日期", "en": "Day"},
    "grantee": {"zh": "被授权者", "en": "Given to"},
    "asker": {"zh": "查询方", "en": "Asked by"},
    "purpose": {"zh": "用途", "en": "Purpose"},
    "regions": {"zh": "地区", "en": "Regions"},
    "types": {"zh": "记录类别", "en": "Types of records"},
    "record": {"zh": "记录编号", "en": "Record id"},
    "authorisation": {"zh": "所依授权", "en": "Under the authorisation"},
    "decision": {"zh": "决定", "en": "Decision"},
    "product": {"zh": "数据产品", "en": "Product"},
    "version": {"zh": "版本", "en": "Version"},
    "matter": {"zh": "事项", "en": "Matter"},
    "measure": {"zh": "措施", "en": "Measure"},
    "result": {"zh": "结果", "en": "Result"},
    "region": {"zh": "地区", "en": "Region"},
    "granted": {"zh": "授信金额（万元）", "en": "Granted (10,000 yuan)"},
    "lent": {"zh": "放款金额（万元）", "en": "Lent (10,000 yuan)"},
    "reason": {"zh": "理由", "en": "Reason"},
    "note": {"zh": "说明", "en": "Note"},
    "items": {"zh": "所列记录数", "en": "Records listed"},
    "case": {"zh": "案件编号", "en": "Case number"},
    "act": {"zh": "步骤", "en": "Step"},
    "step": {"zh": "第几步", "en": "Number of the step"},
    "authority": {"zh": "认定单位", "en": "Determining authority"},
    "class": {"zh": "失信程度", "en": "Class of the breach"},
    "docs": {"zh": "材料", "en": "Documents"},
    "received": {"zh": "收到日期", "en": "Received on"},
    "role": {"zh": "经办", "en": "Done by"},
    "households": {"zh": "户数", "en": "Firms"},
}
"""Names of members that people ask for; every other one is shown by its own name."""
_EVIDENCE: Final = frozenset({"_type", "log", "salt", "content", "answer", "query", "prev"})
"""Hashes, and what hides them."""


def said(told: Mapping[str, Any], say: Speaker) -> list[Row]:
    """What it says, for people."""
    _, members = say.gettext, told["statement"] or {}
    rows: list[Row] = []
    sort = str(members.get("_type", "")).removeprefix("credit-ledger/").partition("@")[0]
    if sort in SORTS:
        rows.append((_("Kind"), say.of(SORTS[sort])))
    for name, value in members.items():
        if name not in _EVIDENCE:
            head = say.of(MEMBERS[name]) if name in MEMBERS else name
            rows.append((head, _value(name, value, say)))
    return rows


def named(told: Mapping[str, Any]) -> list[Row]:
    """The rest of it, as it stands there."""
    members = told["statement"] or {}
    return [(name, plain(members[name])) for name in members if name in _EVIDENCE]


def shown(value: Any, say: Speaker) -> str:
    """A value of a record or a statement."""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ("；" if say.language.code == "zh" else "; ").join(value)
    return plain(value)


def plain(value: Any) -> str:
    """A value as JSON has it; a text as it is."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _value(name: str, value: Any, say: Speaker) -> str:
    """In words, where it is what is known by that name: a newer sort may have something else."""
    if value is None:
        return "-"
    try:
        if isinstance(value, str) and name in _TEXTS:
            return _TEXTS[name](value, say)
        if isinstance(value, list) and name in _LISTS:
            return _LISTS[name](value, say)
        if isinstance(value, dict) and name == "period":
            return say.days(value["from"], value["to"])
    except (ValueError, KeyError, TypeError, OverflowError):
        return plain(value)
    return shown(value, say)


_TEXTS: Final[Mapping[str, Callable[[str, Speaker], str]]] = {
    "at": lambda value, say: say.moment(value),
    **dict.fromkeys(("iss", "grantee", "asker"), lambda value, say: say.member(value)),
    **dict.fromkeys(("from", "until", "day", "received"), lambda value, say: say.day(value)),
    "purpose": lambda value, say: say.of(PURPOSES_SHOWN[value]),
    "decision": lambda value, say: say.of(DECISIONS[value]),
    "act": lambda value, say: say.of(STEPS[value]),
    "class": lambda value, say: say.of(CLASSES[value]),
    "role": lambda value, say: say.language.role(value),
}
_LISTS: Final[Mapping[str, Callable[[list[Any], Speaker], str]]] = {
    "docs": lambda value, _: str(len(value)),
    "regions": lambda value, say: say.listed(map(say.member, value)),
    "types": lambda value, say: say.listed(map(say.family, value)),
}
