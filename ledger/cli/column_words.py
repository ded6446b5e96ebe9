"""Heads of tables: English names, as `--json` has them, and what they are called in Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.cli.language import language

_CHINESE: Final[Mapping[str, str]] = {
    "adverse": "不利",
    "answered": "已答复",
    "at": "时间",
    "authorisation": "授权",
    "cause": "原因",
    "code": "统一社会信用代码",
    "content": "内容摘要",
    "day": "日期",
    "decided": "作出日期",
    "decision": "决定",
    "drawn": "抽中",
    "field": "字段",
    "given": "已披露",
    "granted": "授信金额(万元)",
    "hidden": "未显示的格数",
    "households": "户数",
    "id": "编号",
    "inputs": "记录数",
    "issuer": "省份",
    "items": "记录数",
    "kind": "种类",
    "leaf": "叶值",
    "log": "日志",
    "lent": "贷款金额(万元)",
    "matter": "事项",
    "measure": "措施",
    "member": "成员",
    "members": "成员数",
    "missing": "未答复",
    "overall": "结论",
    "period": "月份",
    "problem": "未查原因",
    "product": "产品",
    "published": "发布时间",
    "purpose": "用途",
    "queries": "查询登记编号",
    "query": "查询登记编号",
    "record": "记录",
    "recorded": "记载时间",
    "records": "记录数",
    "refused": "拒绝",
    "region": "地区",
    "result": "结果",
    "row": "行",
    "seq": "序号",
    "size": "大小",
    "sort": "种类",
    "subject": "主体",
    "text": "说明",
    "times": "次数",
    "title": "名称",
    "token": "令牌",
    "type": "类型",
    "types": "类别",
    "until": "至",
    "use": "本节点的查询编号",
    "users": "使用者",
    "uses": "次数",
    "verdict": "状态",
    "version": "版本",
    "versions": "版本数",
}


def column(name: str) -> str:
    """What people read above a column; programs take `--json`."""
    return column_in(name, language())


def column_in(name: str, code: str) -> str:
    """The same in a language, `zh` or `en`."""
    return name if code == "en" else _CHINESE.get(name, name)


def columns(*names: str) -> tuple[str, ...]:
    """The same of several."""
    return tuple(map(column, names))
