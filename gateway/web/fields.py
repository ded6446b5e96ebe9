"""What is wrong in a form, in the words of the form: fields as pages name them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from ledger.core.texts import Text

FIELDS: Final[Mapping[str, Text]] = {
    "asOf": {"zh": "以该日为准", "en": "as of the day"},
    "audience": {"zh": "出示对象", "en": "shown to"},
    "authorisation": {"zh": "授权编号", "en": "number of the authorisation"},
    "authorities": {"zh": "机关代码", "en": "codes of its authorities"},
    "authority": {"zh": "认定单位（机关）代码", "en": "code of the authority"},
    "basis": {"zh": "依据", "en": "legal basis"},
    "channel": {"zh": "来源", "en": "how it came"},
    "class": {"zh": "失信程度", "en": "class of the breach"},
    "code": {"zh": "统一社会信用代码", "en": "unified social credit code"},
    "day": {"zh": "日期", "en": "day"},
    "department": {"zh": "部门", "en": "department"},
    "doc": {"zh": "材料", "en": "documents"},
    "document": {"zh": "决定文书号", "en": "document number"},
    "from": {"zh": "起始日期", "en": "first day"},
    "grantee": {"zh": "被授权者", "en": "member that may ask"},
    "issuer": {"zh": "出具成员", "en": "issued by"},
    "matter": {"zh": "事项", "en": "matter"},
    "measure": {"zh": "措施", "en": "measure"},
    "name": {"zh": "姓名", "en": "name"},
    "nationalNo": {"zh": "国家平台编号", "en": "number at the national platform"},
    "note": {"zh": "说明", "en": "note"},
    "opening": {"zh": "授权文件", "en": "file of the authorisation"},
    "owner": {"zh": "记录所属省市", "en": "province whose record it is"},
    "purpose": {"zh": "查询目的", "en": "purpose"},
    "pushed": {"zh": "得知原决定变更的日期", "en": "day on which the change was known"},
    "query": {"zh": "查询登记编号", "en": "number of the query"},
    "reason": {"zh": "理由", "en": "reason"},
    "received": {"zh": "收到日期", "en": "day of receipt"},
    "record": {"zh": "记录编号", "en": "record number"},
    "records": {"zh": "记录编号", "en": "record numbers"},
    "regions": {"zh": "省份", "en": "provinces"},
    "result": {"zh": "结果", "en": "result"},
    "scope": {"zh": "权限", "en": "what the person may do"},
    "subject": {"zh": "信用主体代码", "en": "code of the subject"},
    "toRecord": {"zh": "更正后记录的编号", "en": "number of the correct record"},
    "type": {"zh": "记录类别", "en": "type of record"},
    "types": {"zh": "记录类别", "en": "types of records"},
    "until": {"zh": "截止日期", "en": "last day"},
    "url": {"zh": "接收地址", "en": "address"},
    "witnesses": {"zh": "见证成员", "en": "witnesses"},
}
SCOPES: Final[Mapping[str, Text]] = {
    "submit": {"zh": "报送", "en": "hand in"},
    "read": {"zh": "查看", "en": "read"},
    "decide": {"zh": "提出决定", "en": "propose"},
    "release": {"zh": "放行", "en": "release"},
    "consent": {"zh": "授权书", "en": "authorisations"},
    "product": {"zh": "数据产品", "en": "products"},
    "admin": {"zh": "全部", "en": "all"},
}
"""What a token may do, in a word or two."""
_FORM: Final[Text] = {
    "zh": "填写有误，请更正后再提交",
    "en": "Something is not filled in as it must be: correct it and send it again",
}
_NAMES: Final = "|".join(sorted(FIELDS, key=len, reverse=True))
_IN_CHINESE: Final = re.compile(rf"“?(?<![\w.-])({_NAMES})(?![\w.=-])”?")
_QUOTED: Final = re.compile(rf"“({_NAMES})”")
_AT_FIRST: Final = re.compile(rf"({_NAMES}):? ")


def in_words(problem: Mapping[str, Any], member: str = "text") -> dict[str, Any]:
    """A problem of the interface as a page tells it. fieldName: what the page calls the field.
    member: which one is the text."""
    found = dict(problem)
    if found.get("code") == "schema-invalid":
        found["title"] = dict(_FORM)
    if (label := FIELDS.get(str(found.get("field")))) is not None:
        found["fieldName"] = label
    if text := found.get(member):
        found[member] = {"zh": _chinese(text["zh"]), "en": _english(text["en"])}
    return found


def _chinese(text: str) -> str:
    return _IN_CHINESE.sub(lambda found: f"“{FIELDS[found[1]]['zh']}”", text)


def _english(text: str) -> str:
    text = _QUOTED.sub(lambda found: f"“{FIELDS[found[1]]['en']}”", text)
    found = _AT_FIRST.match(text)
    if found is None:
        return text
    name = FIELDS[found[1]]["en"]
    colon = ":" if found[0].endswith(": ") else ""
    return f"{name[0].upper()}{name[1:]}{colon} {text[found.end() :]}"
